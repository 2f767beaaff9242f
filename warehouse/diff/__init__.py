"""The differences between two releases: rows, thresholds, and sentences."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    document="compare",
    notes="number numbers",
)
