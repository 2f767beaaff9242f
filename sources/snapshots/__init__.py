"""The snapshot store: bytes by their sha256, the manifest of events, atomic writes."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    atomic="replacing sync write_atomic write_sidecar",
    cache_record="file_sha256 read_record write_record",
    garbage="needed_snapshots unnamed_objects unneeded_lines",
    journal="Journal",
    manifest="Manifest",
    objects="Objects StoreDamaged",
    store="Store",
)
