"""The result of one check. The checks are in indicator_checks.py and release_comparison.py."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass, field
from typing import Literal

from schemas.display import counted

Severity = Literal["error", "warn"]
EXAMPLES = 5
Rows = list[tuple[object, ...]]


@dataclass(frozen=True)
class CheckResult:
    """One check result. A failed error stops a release; a failed warning is reported in it. subject: the
    indicator; snapshots: those of the refused values, if known.
    """

    name: str
    severity: Severity
    passed: bool
    message: str
    numbers: dict[str, float] = field(default_factory=dict)
    subject: str = ""
    snapshots: frozenset[str] = frozenset()


def values_that(rows: Sized, indicator: str, verb: str) -> str:
    """Count the values of an indicator that do something: 1 value of use lies, 2 values of use lie."""
    return f"{counted(len(rows), 'value')} of {indicator} {verb}{'s' if len(rows) == 1 else ''}"


def examples(rows: Rows, total: int) -> str:
    """Format the first rows in one line, and the number of others."""
    shown = ", ".join(" ".join(str(part) for part in row) for row in rows)
    return shown + (f" and {total - len(rows)} more" if total > len(rows) else "")
