"""Data acquisition: a folder per source, readers by wire format, the HTTP session and the snapshot store.

This package has no indicators, computes no statistic and imports no dagster.
"""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    locks="Locked file_lock home_lock lock_holder",
    model="SourceUnavailable",
    origins="is_loopback",
    readers_protocol="Reader",
    settings="compact_home debug_is_on load_settings pass_home_on switch_debug_on switch_insecure_on",
)
