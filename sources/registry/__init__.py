"""The catalogue of sources: source.yaml and series.csv, checked, with the reader of each."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    renames="renamed",
    sources="SeriesInfo is_unit load_series load_source load_sources reader_of",
)
