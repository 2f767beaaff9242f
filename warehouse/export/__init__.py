"""Other formats of a release: SDMX, a partitioned lake, the models as plain SQL."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    partitioned_parquet="write_lake",
    sdmx="export",
    sql_models="export_sql",
)
