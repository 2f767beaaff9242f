"""Descriptors of tables: Column, Table, shared columns, and the canonical observation."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    model="Column Table",
    shared="count number text year",
)
