"""Which HTTP statuses are transient, and how many attempts each is worth:
sources/http/transient_statuses.yaml.

How long is waited between attempts is in retry.py.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from schemas.definitions.yaml_file import load_yaml

FILE = Path(__file__).with_name("transient_statuses.yaml")


@cache
def _statuses() -> dict[int, int]:
    """Status to attempts; 0 where the source's own limit holds."""
    return {int(status): int(rule.get("attempts", 0)) for status, rule in load_yaml(FILE).data.items()}


def transient_attempts(status: int) -> int | None:
    """How many attempts a status is worth: 0 for as many as the source allows, None if it is not
    transient."""
    return _statuses().get(status)
