"""The transient HTTP statuses and their number of attempts, from sources/http/transient_statuses.yaml.

The waits between attempts are in retry.py.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from schemas.definitions.yaml_file import load_yaml

FILE = Path(__file__).with_name("transient_statuses.yaml")


@cache
def _statuses() -> dict[int, int]:
    """Return status to attempts; 0 where the source's own limit applies."""
    return {int(status): int(rule.get("attempts", 0)) for status, rule in load_yaml(FILE).data.items()}


def transient_attempts(status: int) -> int | None:
    """Return the number of attempts for a status: 0 for as many as the source allows, None if it is not
    transient.
    """
    return _statuses().get(status)
