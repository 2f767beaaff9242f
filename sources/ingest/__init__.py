"""One fetch of one source: due resources, their requests, and the age of the stored data."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    cadence="Freshness cadences freshness_status next_due standing_facts",
    fetch="fetch_source",
    freshness="UpdateCheck at_pointer check_for_update has_question",
    report="FetchReport",
)
