"""Status, logs and alerts of runs. They hold no data values."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    alerts="Message alert_when_overdue receivers send send_news",
    run_log="RunLog fetch_facts",
    status="facts",
)
