"""`compact new source`: proposes a source's files from an answer or a file."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    source="SourceRequest scaffold",
    yaml_writer="scalar",
)
