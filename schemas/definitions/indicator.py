"""Pydantic models of an indicator's YAML file.

They validate one file by itself. indicators/validation.py validates references and formulas; the fields about
targets and verdicts are in verdicts.py.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from schemas.definitions.base import Direction, Identifier, Line, Model
from schemas.definitions.verdicts import Link, Noise, Plausible, Splice, Target, VerdictKind

__all__ = ["Indicator", "Input", "Removed", "RemovedFile"]

AggregateMethod = Literal["weighted_mean", "sum", "gap_filled_total", "median", "unweighted", "none"]
Pinned = Literal["sex", "age", "urbanisation", "quantile", "education", "other_dims"]
Gap = Literal["sex", "age", "urbanisation", "quantile", "education", "disability"]


class Input(Model):
    """A series of a source, or another indicator."""

    source: Identifier | None = Field(default=None, description="a folder of sources/; needs series")
    series: Line | None = Field(
        default=None, description="the agency's own code, as in sources/agencies/<id>/series.csv"
    )
    indicator: Identifier | None = Field(
        default=None, description="another indicator's id, instead of source and series"
    )
    where: dict[Pinned, str] = Field(
        default={}, description="pins a dimension to one code, which then counts as the total; sex: F"
    )
    part: dict[Gap, str] = Field(
        default={},
        description="the series is of one part alone, and its rows get that part's code; sex: F for a series "
        "of women; needs the dimension among the gaps",
    )
    unit: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")] | None = Field(
        default=None,
        description="the unit that the series states, where it is another word for the same quantity",
    )
    scale: float = Field(default=1.0, description="factor that brings the series to the indicator's unit")
    carries: Identifier | None = Field(
        default=None,
        description="custodian whose figures the series has; by default as series.csv or source.yaml says",
    )
    concept: Identifier | None = Field(
        default=None,
        description="what is measured, where inputs differ: consumption or income. One area has one concept",
    )
    use: Literal["extend", "inside", "alone"] = Field(
        default="extend",
        description="how far it fills in beside the first input of the same custodian and concept. extend: "
        "any year, where the nearest common years of the area agree; inside: years within the span of that "
        "input; alone: areas that no other input has",
    )
    splice: Splice | None = Field(
        default=None, description="leave to extend the input before it, beyond its span"
    )
    optional: Line | None = Field(
        default=None,
        description="why the agency may answer that it has no such series: the input is then left out, "
        "said so, and the run goes on",
    )
    note: str = Field(default="", description="how this series differs from the ones before it")


class Bounds(Model):
    """The ends of the scale for scores."""

    worst: float = Field(description="value that scores 0")
    best: float = Field(description="value that scores 100")
    reason: Line = Field(description="why these")


class Aggregate(Model):
    """How a group's value is computed."""

    method: AggregateMethod = Field(
        description="none where a mean of countries means nothing, such as a Gini index"
    )
    weight: Identifier | None = Field(
        default=None,
        description="indicator that weighs: the values of a weighted_mean, the missing share of a sum or "
        "gap_filled_total",
    )
    min_weight_share: float = Field(
        default=0.5, ge=0, le=1, description="share of the group's weight below which no value is published"
    )
    min_low_income_share: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="for the world: share of the weight of low and lower middle income countries below "
        "which no value is published; the World Bank asks for 0.5 of its poverty figures",
    )
    reason: str = Field(default="", description="why this method")


class YearlyChange(Model):
    """The largest plausible step."""

    max: float = Field(gt=0, description="between two successive years, in the indicator's unit, either way")
    reason: Line = Field(description="why this limit")


class Disagreement(Model):
    """The difference between two sources in one cell above which a warning is reported. With both limits,
    only a difference beyond both counts.
    """

    relative: float | None = Field(
        default=None, gt=0, description="share of the larger of the two values; 0.05 is five per cent"
    )
    absolute: float | None = Field(default=None, gt=0, description="in the indicator's unit")
    reason: Line = Field(description="why so far: rounding, revisions, another model")

    @model_validator(mode="after")
    def _some_limit(self) -> Disagreement:
        if self.relative is None and self.absolute is None:
            raise ValueError("a limit: relative, absolute, or both")
        return self


class AreasLost(Model):
    """The share of its coverage that an indicator may lose from one release to the next."""

    share: float = Field(
        ge=0, le=1, description="part of the areas, or of the values, that may be gone; 0.05 is five per cent"
    )
    severity: Literal["warn", "error"] = Field(
        default="warn", description="error: more than that stops a release"
    )
    reason: Line = Field(description="why so much")


class FirstArrival(Model):
    """The severity of a new series that looks odd: all its values in per cent from 0 to 1, a median a
    hundred times from another source's, another unit.
    """

    severity: Literal["warn", "error"] = Field(
        description="error: the new series is held, and no release is made"
    )
    reason: Line = Field(description="why values that look so are right")


class Expect(Model):
    """Checks of the values. range and areas_min stop a release; yearly_change is reported."""

    range: list[float] = Field(min_length=2, max_length=2, description="lowest and highest possible value")
    yearly_change: YearlyChange | None = Field(default=None, description="reported where exceeded")
    areas_lost: AreasLost | None = Field(
        default=None,
        description="how much coverage may shrink against the release before; without it a tenth, reported",
    )
    first_arrival: FirstArrival | None = Field(
        default=None, description="how a series is judged when it is new; without it an odd one is held"
    )
    plausible: Plausible | None = Field(
        default=None, description="values that are judged; the others are published and flagged"
    )
    areas_expected: int | None = Field(
        default=None, ge=1, description="areas with a value, below which the run warns"
    )
    areas_min: int = Field(
        default=1,
        ge=0,
        description="fewest areas with a value, once a preferred source is there; 0 where there may be none",
    )


class Break(Model):
    """A change in how the series is made, across which years are not comparable."""

    time_period: int = Field(description="first year on the new side")
    ref_area: str = Field(default="all", description="ISO3 of the country concerned, or all")
    reason: Line = Field(description="what changed, and where that stands")


def _shape(value: object) -> str:
    return "named" if isinstance(value, dict) else "list"


class Indicator(Model):
    """One indicator file: everything a statistician writes."""

    id: Identifier = Field(description="the name of the file")
    former_ids: list[Identifier] = Field(
        default=[], description="ids under which it was published; they stay as aliases for one release"
    )
    title: Line = Field(description="short, without the unit")
    description: str = Field(
        min_length=1, description="what is measured, in the words of the agency's definition"
    )
    frameworks: dict[str, str | int] = Field(
        description="where it belongs: compact_brief A to H, compact_adopted 1 to 5, sdg 17.8.1, umc, esg; "
        "see indicators/catalogue/frameworks/frameworks.yaml"
    )
    links: dict[Literal["compact_brief", "compact_adopted"], Link] = Field(
        default={}, description="how it speaks to the objective that frameworks names, one by one"
    )
    unit: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")] = Field(
        description="a code of schemas/codelists/units.yaml"
    )
    direction: Direction = Field(description="which way is better; required, never guessed")
    assessed: bool = Field(
        default=True,
        description="false for a quantity that only describes, such as population: no progress is assessed",
    )
    verdict_kind: VerdictKind | None = Field(
        default=None,
        description="what may be said: likelihood of meeting the target, parity within a band on both sides, "
        "yes_no, level (met or not by the latest value, without a trend), direction of change, or none. By "
        "default likelihood or parity with a target, direction without, none where assessed is false",
    )
    group_verdict_kind: VerdictKind | None = Field(
        default=None, description="the kind for groups of areas, where it is another"
    )
    verdict_reason: Line | None = Field(
        default=None, description="why this kind; required where it is not the default"
    )
    stale_after: int = Field(
        default=5, ge=1, le=15, description="age in years from which the latest value bears no verdict"
    )
    min_span: int = Field(
        default=3, ge=1, le=15, description="fewest years between two values for a verdict of change"
    )
    noise: Noise | None = Field(default=None, description="changes of which nothing is said")
    inputs: Annotated[
        Annotated[list[Input], Field(min_length=1), Tag("list")]
        | Annotated[dict[Identifier, list[Input]], Field(min_length=1), Tag("named")],
        Discriminator(_shape),
    ] = Field(
        description="in order of preference: the first that has a value for an area and year wins; "
        "or several named inputs, each with its order of preference"
    )
    formula: str = Field(
        default="value", description="SQL expression over the named inputs; omit for a plain series"
    )
    target: Target | None = Field(default=None, description="omit where nobody set a number")
    bounds: Bounds | None = Field(default=None, description="the ends of the scale for scores")
    aggregate: Aggregate = Field(description="how a group's value is made")
    gaps: list[Gap] = Field(default=[], description="dimensions whose parts are kept and compared")
    expect: Expect = Field(description="what must hold of the values")
    breaks: list[Break] = Field(default=[], description="changes in how the series is made")
    disagreement: Disagreement | None = Field(
        default=None,
        description="how far inputs may differ where several have a value; without it every difference is "
        "listed, and none is a warning",
    )
    fallback_when_held: Line | None = Field(
        default=None,
        description="why the inputs after a held one may stand in for it while nothing of it was ever "
        "accepted; without it their values are not used meanwhile",
    )
    aliases: list[str] = Field(default=[], description="further words by which it may be searched")
    notes: str = Field(default="", description="what a reader must know")

    def named_inputs(self) -> dict[str, list[Input]]:
        """Return the inputs by name; a plain list is the one input `value`."""
        return self.inputs if isinstance(self.inputs, dict) else {"value": self.inputs}

    @property
    def default_verdict_kind(self) -> VerdictKind:
        """Return the kind of verdict that follows from the rest of the file."""
        if not self.assessed:
            return "none"
        if self.target is None or (self.target.value is None and self.target.relative is None):
            return "direction"
        return "parity" if self.direction == "closer_to_one" else "likelihood"

    @property
    def kind_of_verdict(self) -> VerdictKind:
        """Return the kind of verdict on an area."""
        return self.verdict_kind or self.default_verdict_kind

    @property
    def kind_of_group_verdict(self) -> VerdictKind:
        """Return the kind of verdict on a group of areas."""
        return self.group_verdict_kind or self.kind_of_verdict


class Removed(Model):
    """An indicator that is no longer published."""

    id: Identifier
    replaced_by: Identifier | None = Field(
        default=None, description="the indicator to read instead; another measure, never the same"
    )
    reason: Line = Field(description="why it was removed")


class RemovedFile(Model):
    """indicators/catalogue/removed.yaml."""

    removed: list[Removed] = Field(min_length=1)
