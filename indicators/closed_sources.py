"""Direct measures with terms that forbid redistribution: pages name them instead of showing a value."""

from __future__ import annotations

from functools import cache

from pydantic import Field

from indicators.validation import FRAMEWORKS
from schemas.definitions.base import Line, Model
from schemas.definitions.yaml_file import load_yaml

FILE = FRAMEWORKS.with_name("closed_sources.yaml")


class ClosedSource(Model):
    """A source that is named but not carried."""

    source: Line
    by: Line
    homepage: str = Field(pattern="^https://")
    measures: Line
    objectives: list[str] = Field(min_length=1, description="codes of compact_brief and compact_adopted")
    instead: Line = Field(description="indicators here that come nearest")
    reason: Line = Field(description="why it is not carried")


@cache
def closed_sources() -> tuple[ClosedSource, ...]:
    """Return all of them, in the order of the file."""
    return tuple(ClosedSource.model_validate(entry) for entry in load_yaml(FILE).data["sources"])


def closed_for(objective: str) -> list[ClosedSource]:
    """Return those that measure an objective: A to H of the policy brief, 1 to 5 of the adopted Compact."""
    return [one for one in closed_sources() if objective in one.objectives]
