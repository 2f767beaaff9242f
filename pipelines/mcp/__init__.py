"""The Model Context Protocol server: reads a release for AI assistants."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    server="serve",
)
