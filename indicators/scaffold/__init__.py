"""`compact new indicator`: drafts of a definition, and series of an agency to choose from."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    draft="load_draft",
    indicator="Wanted scaffold",
    sdmx_lookup="series_of_dataflow",
)
