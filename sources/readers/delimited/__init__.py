"""Delimited text of any declared layout, and lists of events counted by country and year."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    parser="Layout",
)
