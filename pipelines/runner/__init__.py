"""`compact run`: executes the Dagster jobs in this process, and records runs without changes."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    run="Outcome",
)
