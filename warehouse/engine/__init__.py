"""The DuckDB engine: connections, model files, batches, the one function that writes a table."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    batching="in_batches",
    duckdb_engine=(
        "code_fingerprint engine literal load_models model_sql parquet run_sql sealed_engine "
        "sort_by_key stream_sql write_table"
    ),
    read_only="connect",
)
