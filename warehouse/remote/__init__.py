"""Releases in an object store: publish and pull, with signatures and rules for what may replace what."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    transfer="brought publish_to pull_from",
)
