"""Output on the terminal: tables, JSON, notes on stderr, text that any encoding can print."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    output="can_print emit emit_one line_width note say use_any_encoding",
)
