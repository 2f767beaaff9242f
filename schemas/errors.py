"""The errors this project raises on purpose: each says what happened, where, what is allowed and what to do
next.

Programming mistakes are not wrapped here: they surface as themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


class CompactError(Exception):
    """A problem that a person can act on.

    what: what happened, in one sentence. where: file, line, field, URL or table. allowed: what would have
    been right. next_step: what to run or edit. retriable: whether the same call may succeed later without a
    change.
    """

    retriable = False

    def __init__(self, what: str, *, where: str = "", allowed: str = "", next_step: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.allowed, self.next_step = what, where, allowed, next_step

    def __str__(self) -> str:
        lines = [f"{self.where}: {self.what}" if self.where else self.what]
        if self.allowed:
            lines.append(f"  allowed: {self.allowed}")
        if self.next_step:
            lines.append(f"  next: {self.next_step}")
        return "\n".join(lines)


@dataclass(frozen=True, order=True)
class Problem:
    """One finding of a check on a definition file; `compact check` prints them sorted by file and line."""

    file: str
    line: int
    field: str
    what: str
    allowed: str = ""
    next_step: str = ""
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        word = "warning: " if self.severity == "warning" else ""
        text = f"{self.file}:{self.line}: {self.field}: {word}{self.what}"
        text += f"\n    allowed: {self.allowed}" if self.allowed else ""
        return text + (f"\n    next: {self.next_step}" if self.next_step else "")


class DefinitionError(CompactError):
    """One or more definition files are not valid."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems)
        count = f"{len(problems)} problem" + ("s" if len(problems) != 1 else "")
        super().__init__(
            f"{count} in the definitions\n" + "\n".join(map(str, self.problems)),
            next_step="fix the files named above, then run `compact check`",
        )
