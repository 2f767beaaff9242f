"""Rate limiting and retry policy for agency requests: interval, number of attempts, waits. Opens no
connection.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

from tenacity import RetryCallState, wait_exponential_jitter

from sources.http.response_body import TransientHTTPError

CONNECT_SECONDS = 4.0  # a host that takes longer to connect is unavailable for this run
CONNECT_ATTEMPTS, CONNECT_BUDGET = 3, 5.0  # no new attempt after so many, or so many seconds
FIRST_ANSWER_ATTEMPTS = 2  # for an agency that has not responded in this session yet
RETRY_AFTER_CAP = 30.0  # a longer Retry-After is left to a later run

_soon = wait_exponential_jitter(multiplier=0.2, max=1, jitter=0.2)
_patient = wait_exponential_jitter(multiplier=0.5, max=16, jitter=0.5)


class Pacer:
    """Assigns starting times, one per interval, to all threads of a session."""

    def __init__(self, interval: float, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._interval, self._clock, self._sleep = interval, clock, sleep
        self._next, self._lock = clock(), threading.Lock()

    def wait(self) -> None:
        with self._lock:
            now = self._clock()
            start = max(now, self._next)
            self._next = start + self._interval
        if start > now:
            self._sleep(start - now)

    def hold(self, seconds: float) -> None:
        """Delay every start by so many seconds."""
        with self._lock:
            self._next = max(self._next, self._clock() + seconds)


def should_stop(state: RetryCallState, elapsed: float, attempts: int, answered: bool) -> bool:
    """Return whether to give up; the number of attempts depends on the fault. attempts: the most that the
    source allows; answered: whether the agency has responded at all.
    """
    fault = fault_of(state)
    if fault.kind == "tls" or (fault.retry_after or 0) > RETRY_AFTER_CAP:
        return True
    if fault.kind in ("connect", "proxy"):
        return state.attempt_number >= min(attempts, CONNECT_ATTEMPTS) or elapsed >= CONNECT_BUDGET
    if fault.kind == "timeout" and not answered:
        attempts = min(attempts, FIRST_ANSWER_ATTEMPTS)
    if fault.most is not None:
        attempts = min(attempts, fault.most)
    return state.attempt_number >= attempts


def pause(state: RetryCallState) -> float:
    """Return the seconds before the next attempt: exponential with jitter, and never below the agency's
    Retry-After.
    """
    fault = fault_of(state)
    return max((_soon if fault.kind in ("connect", "proxy") else _patient)(state), fault.retry_after or 0)


def fault_of(state: RetryCallState) -> TransientHTTPError:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, TransientHTTPError):
        raise TypeError(f"no fault to judge: {error!r}")
    return error


def retry_after(text: str | None) -> float | None:
    """Parse Retry-After, a number or a date, to seconds; None if it is neither."""
    if not text:
        return None
    if text.strip().isascii() and text.strip().isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None
