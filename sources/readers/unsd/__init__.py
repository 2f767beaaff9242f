"""The UNSD SDG API by JSON pages or CSV download."""
