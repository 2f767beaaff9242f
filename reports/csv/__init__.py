"""Published tables as CSV files that are safe to open in a spreadsheet."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    tables="build",
)
