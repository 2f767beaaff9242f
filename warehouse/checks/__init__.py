"""Checks of indicator values and the ledger, alone and against the previous release."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    cache="cached_checks",
    indicator_checks="ledger_check staged_series",
)
