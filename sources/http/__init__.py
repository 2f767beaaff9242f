"""HTTP requests to agencies: rate limits, retries, deadlines, and validation of the received bytes."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    api_key="not_configured",
    content="bad check_text excerpt expect_header parse_json parse_text",
    deadline="Deadline within",
    exact_length="ExactLengthAdapter",
    file_kind="text_encoding",
    session="Session",
)
