"""The published tables, their Arrow schemas, and the Pandera contracts made from them."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    arrow="arrow_schema read_columns row_groups",
    validation="ContractViolation validate validate_file",
)
