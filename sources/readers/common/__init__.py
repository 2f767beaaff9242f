"""Parts shared by several readers: paging, archives, rows made in Python, tables read by DuckDB."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    archive="ArchiveRules gunzip members open_members packed_on",
    paging="Sheet canonical check_rows check_series check_unique content_of follow refuse sheet whole",
    python_rows="number_rows number_text write_raw_rows",
    raw_table="batches make_pages make_wire",
    routes="route_among",
)
