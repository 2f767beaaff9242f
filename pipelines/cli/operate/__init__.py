"""The verbs for operators: they inspect and maintain a home. Each calls one function and prints."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    words="candidates",
)
