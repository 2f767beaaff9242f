"""`compact new source`: scaffolds a source's files from a response or a file."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    source="SourceRequest scaffold",
    yaml_writer="scalar",
)
