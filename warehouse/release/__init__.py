"""Builds a release: inputs, tables, metadata, checks, and the folder that is published."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    build="build_release",
    inputs="ReleaseInputs SourceState inputs_fingerprint",
    tables="WrittenTable build_tables",
)
