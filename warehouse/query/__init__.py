"""Queries on a release: indicators, series, comparison of methods, history of a value."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    areas="Area find_area find_areas is_aggregated listed_members members",
    indicators="check_indicator",
    methods="show_methods",
    sparkline="parted spark thinned",
    tables="ask database_query has_table query records",
    units="unit_words verdict_words with_unit",
)
