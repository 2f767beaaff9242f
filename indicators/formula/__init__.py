"""The formula language: parsed, checked against an allow-list, and compiled to SQL."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    parser="check_formula formula_frames formula_names formula_sql",
)
