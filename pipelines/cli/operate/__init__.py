"""The verbs that keep a machine in order. Each calls one function and prints."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    words="candidates",
)
