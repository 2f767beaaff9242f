"""The Model Context Protocol server: answers from a release for an assistant."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    server="serve",
)
