"""Requests to agencies: rate limits, retries, deadlines, and checks of the bytes that arrive."""

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
