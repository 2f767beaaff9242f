"""The errors that this project raises on purpose: each states what happened, where, what is expected and what
to do next.

Programming errors are not wrapped: they propagate unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


class CompactError(Exception):
    """A problem that the user can solve.

    what: what happened, in one sentence. where: file, line, field, URL or table. allowed: what is expected.
    next_step: what to run or edit. retriable: whether the same call may succeed later without a change.
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
    """One finding in a definition file; `compact check` prints them sorted by file and line."""

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
    """One or more invalid definition files."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems)
        count = f"{len(problems)} problem" + ("s" if len(problems) != 1 else "")
        super().__init__(
            f"{count} in the definitions\n" + "\n".join(map(str, self.problems)),
            next_step="fix the files named above, then run `compact check`",
        )
