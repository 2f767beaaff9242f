"""Releases on disk: publishing, the pointer `latest`, history, retention, past moments."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    as_of="StoreAsOf reaches_back_to",
    history="was_withdrawn withdrawn",
    latest="latest_release move",
    listing="moment open_release release_as_of releases",
    publish=(
        "ReleaseRefused ReleaseResult building file_sha256 next_release_id not_before publishing "
        "read_release_metadata snapshots_of write_sums"
    ),
    retention="kept",
)
