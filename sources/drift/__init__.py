"""`compact contracts`: compares the schema of current responses with the recorded one."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    check="check_contracts record_contract record_new",
    results="failed_contracts remember_contracts",
)
