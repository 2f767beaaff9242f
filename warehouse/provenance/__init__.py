"""`compact explain`: traces a published value to the bytes of its agency."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    bulk="Explanations",
    group="agrees group_value",
    trace="Tracer",
    value="disagreements explain tables",
)
