"""The `compact` command line: one module per noun; `app` registers them."""
