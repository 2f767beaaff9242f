"""Faults of a formula: the problem, its place, and the expected form."""

from __future__ import annotations

from dataclasses import dataclass

from indicators.formula.functions import FUNCTIONS

ALLOWED = (
    "names of the inputs, numbers, + - * / ( ), = <> < <= > >=, and or not, is null, between, "
    "case when ... then ... else ... end, cast(... as double), " + ", ".join(FUNCTIONS)
)
CHECK = "fix the formula, then run `compact check`"
SPLIT = "make a part of it an indicator of its own, and name that as an input"


@dataclass(frozen=True)
class FormulaFault:
    """A fault of a formula. line and column count from 1 within the formula's text."""

    what: str
    allowed: str = ALLOWED
    next_step: str = CHECK
    line: int = 1
    column: int = 1

    @property
    def place(self) -> str:
        return f"line {self.line}, column {self.column}" if self.line > 1 else f"column {self.column}"


class Refused(Exception):
    """Ends the walk at the first fault: an exception between the two formula modules, never seen outside."""

    def __init__(self, fault: FormulaFault) -> None:
        super().__init__(fault.what)
        self.fault = fault


def too_deep() -> Refused:
    return Refused(FormulaFault("is nested too deeply", "a formula that a reader can follow", SPLIT))
