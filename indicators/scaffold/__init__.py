"""`compact new indicator`: drafts of a definition, and candidate series of an agency."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    draft="load_draft",
    indicator="Wanted scaffold",
    sdmx_lookup="series_of_dataflow",
)
