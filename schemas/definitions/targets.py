"""Pydantic models of the files of targets, claims and the crosswalk of frameworks.

They validate one file by itself. indicators/targets.py checks that indicators and framework codes exist;
warehouse/models computes the numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from schemas.definitions.base import Direction, Identifier, Line, Model
from schemas.definitions.scores import ScoreFile

TargetId = Annotated[str, Field(pattern=r"^[A-Z0-9]+-[A-Za-z0-9./]+$")]
UnitCode = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
Area = Annotated[str, Field(pattern=r"^([A-Z]{3}|M49:[0-9]{3}|WB:[A-Z0-9]{3})$")]
Status = Literal["measured", "proxy", "milestone", "not_measurable"]
Comparison = Literal["at_least", "more_than", "at_most", "less_than", "within"]
PublicData = Literal["most_countries", "some_countries", "global", "none"]
Fit = Literal["good", "fair", "weak", "none"]


# --- targets
# -----------------------------------------------------------------------------------------------------
class Test(Model):
    """One numeric test of a target: of a group's value, or of the share of countries that reach a value."""

    __test__ = False  # not a test for pytest
    indicator: Identifier
    group: Area | None = Field(
        default=None, description="group whose value is tested; without it the UN members are counted"
    )
    countries: float = Field(
        default=100,
        gt=0,
        le=100,
        description="share of the UN members that must reach it, where no group is named",
    )
    comparison: Comparison = Field(description="how a value is held against the number")
    value: float = Field(description="the number; with change_from, per cent of change since that year")
    upper: float | None = Field(default=None, description="upper end, for within")
    accepted: float | None = Field(
        default=None, description="looser number from which the owner counts the target as met (ITU: 95)"
    )
    change_from: int | None = Field(
        default=None, ge=1990, le=2100, description="year from which change counts"
    )

    @model_validator(mode="after")
    def _whole(self) -> Test:
        if (self.comparison == "within") != (self.upper is not None):
            raise ValueError("`upper` together with `comparison: within`, and only then")
        if self.change_from is not None and self.group is None:
            raise ValueError("a change is tested of a group: name one")
        return self


class Milestone(Model):
    """An event rather than a series: done or not only if a source says so."""

    state: Literal["done", "not_done", "not_known"]
    date: Annotated[str, Field(pattern=r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$")] = Field(
        description="when it was done; otherwise the day, month or year of which the source speaks"
    )
    source: Line = Field(description="what says so")


class Commitment(Model):
    """One target, claim or commitment of a document."""

    id: TargetId = Field(description="stays as it is for good; other tables refer to it")
    reference: Line = Field(description="where it stands in the owner's document")
    text: Line
    quoted: bool = Field(description="true: the words of the document; false: ours")
    status: Status
    indicators: list[Identifier] = Field(default=[], description="what measures it or stands in for it")
    reason: str = Field(description="why this status: what is missing, or how far the proxy carries")
    value: float | None = Field(default=None, description="the number of the text; null where it sets none")
    unit: UnitCode | None = Field(default=None, description="a code of schemas/codelists/units.yaml")
    year: int | None = Field(default=None, ge=1990, le=2100, description="deadline")
    direction: Direction | None = Field(default=None, description="which way is better, where there is a way")
    baseline: str = Field(default="", description="where things stood, with year and source")
    compact_brief: list[str] = Field(default=[], description="objectives A to H of the policy brief")
    compact_adopted: list[str] = Field(default=[], description="objectives 1 to 5 of the adopted Compact")
    public_data: PublicData = Field(description="whether public country data exist at all")
    tests: list[Test] = Field(default=[], description="what is held against the number at the deadline")
    milestone: Milestone | None = None
    verified: Line = Field(description="how this entry was checked")

    @model_validator(mode="after")
    def _whole(self) -> Commitment:
        if problem := next(_problems(self), None):
            raise ValueError(problem)
        return self


def _problems(entry: Commitment) -> Iterator[str]:
    if entry.status in ("measured", "proxy") and not entry.indicators:
        yield f"{entry.status} names at least one of `indicators`"
    if entry.status == "not_measurable" and entry.indicators:
        yield "not_measurable has no `indicators`; what stands in makes it a proxy"
    if entry.status != "measured" and not entry.reason.strip():
        yield f"{entry.status} says its `reason`"
    if (entry.status == "milestone") != (entry.milestone is not None):
        yield "`milestone` with its date and source, together with `status: milestone`"
    if entry.value is not None and entry.unit is None:
        yield "a `value` has a `unit`"
    if extra := {test.indicator for test in entry.tests} - set(entry.indicators):
        yield f"`tests` use indicators that `indicators` names, not {', '.join(sorted(extra))}"


class CommitmentFile(Model):
    """The targets of one owner: indicators/catalogue/targets/<owner>.yaml."""

    owner: Line
    document: Line = Field(description="title and year of the document")
    targets: list[Commitment] = Field(min_length=1)


# --- crosswalk
# ---------------------------------------------------------------------------------------------------
class Link(Model):
    """The relation of a part of one framework to a part of another."""

    from_framework: Identifier
    from_code: Line
    to_framework: Identifier
    to_code: Line = Field(description="none: the other framework has no part that corresponds")
    fit: Fit
    indicators: list[Identifier] = Field(default=[], description="ours that stand for the link, if any")
    reason: Line = Field(description="why this fit")


class CrosswalkFile(Model):
    """indicators/catalogue/frameworks/crosswalk.yaml. Links from an indicator to frameworks are made from
    its file.
    """

    links: list[Link] = Field(min_length=1)


Measured = Literal["direct", "indirect", "none"]


class FieldPart(Model):
    """One requirement or measurement of a framework of the field."""

    code: Line = Field(description="the owner's code; one that begins with ~ is ours")
    title: Line = Field(description="what it asks, in the owner's words")
    level: Literal["dimension", "indicator", "action_line", "request"]
    parent: str = Field(default="", description="code of the part that it belongs to")
    measured: Measured = Field(description="how well the indicators measure it; none: not measured here")
    indicators: list[Identifier] = Field(default=[], description="ours that measure it or stand in for it")
    compact_brief: list[str] = Field(default=[], description="objectives of the policy brief; our proposal")
    compact_adopted: list[str] = Field(default=[], description="objectives of the Compact; our proposal")
    source: Line = Field(description="where it was seen")
    year: int = Field(ge=1990, le=2100, description="year of that source")

    @model_validator(mode="after")
    def _whole(self) -> FieldPart:
        if (self.measured == "none") != (not self.indicators):
            raise ValueError("`measured: none` without `indicators`, and only then")
        return self


class FieldFile(Model):
    """indicators/catalogue/frameworks/field/<framework>.yaml: a measurement framework of the field, with
    the parts that were seen in a source.
    """

    framework: Identifier
    title: Line
    owner: Line
    note: Line = Field(description="which parts are here, and which were not seen")
    parts: list[FieldPart] = Field(min_length=1)


# --- claims
# ------------------------------------------------------------------------------------------------------
class Part(Model):
    """One number that a claim's formula needs, taken from the release."""

    indicator: Identifier | None = Field(default=None, description="which; none where a universe is named")
    universe: Literal["environment", "unsd"] | None = Field(
        default=None, description="of the SDG database: see the table availability"
    )
    or_of: list[Identifier] = Field(
        default=[], description="for count with since: an area counts if any of these has a value as well"
    )
    take: Literal["value", "count", "sum", "indicators", "measured"] = Field(
        default="value",
        description="value of one area or group; count or sum over countries; of a universe, its indicators "
        "or those measured in at least half of the area's countries",
    )
    area: Area | None = Field(default=None, description="for value and a universe: a country or a group")
    areas: list[Area] = Field(default=[], description="for count and sum: these areas; else all UN members")
    year: int | None = Field(default=None, ge=1990, le=2100)
    since: int | None = Field(
        default=None, ge=1990, le=2100, description="for count: areas with any value from this year on"
    )
    below: float | None = Field(default=None, description="for count: only values below this")
    above: float | None = Field(default=None, description="for count: only values above this")

    @model_validator(mode="after")
    def _whole(self) -> Part:
        of_universe = self.take in ("indicators", "measured")
        if (self.indicator is None) != of_universe or (self.universe is not None) != of_universe:
            raise ValueError("`indicator`; or `universe` with `take: indicators` or `take: measured`")
        if (self.take == "value" or of_universe) != (self.area is not None):
            raise ValueError("`area` together with `take: value` or a universe, and only then")
        if of_universe and (self.year, self.since) != (None, None):
            raise ValueError("`year` and `since` have no meaning for a universe")
        if not of_universe and (self.year is None) == (self.since is None):
            raise ValueError("one of `year` and `since`")
        if self.since is not None and self.take != "count":
            raise ValueError("`since` with `take: count` only")
        if self.or_of and self.since is None:
            raise ValueError("`or_of` with `since` only")
        return self


class Claim(Model):
    """One figure of a document, and the formula that recomputes it."""

    id: Identifier
    target: TargetId = Field(description="the entry of indicators/catalogue/targets in which the text stands")
    claim: Line = Field(description="what is claimed, in one sentence with its number")
    quoted: float = Field(description="the number as printed")
    year: int | None = Field(default=None, ge=1990, le=2100, description="the year that the number is about")
    unit: UnitCode
    document: Line
    says: Literal["equal", "above", "below"] = Field(
        description="equal: the number itself; above, below: the statement holds on that side of it"
    )
    tolerance: float | None = Field(
        default=None, ge=0, description="for equal: half a unit of the last digit that is printed"
    )
    parts: dict[Identifier, Part] = Field(
        default={}, description="without parts nothing of ours can compute it"
    )
    formula: str = Field(default="", description="an expression over the parts, as in an indicator file")
    least_coverage: float = Field(
        default=0.5, ge=0, le=1, description="share of its group's weight below which a part is not used"
    )
    reason: Line = Field(description="how it is computed, or why it cannot be; what a reader must know")

    @model_validator(mode="after")
    def _whole(self) -> Claim:
        if bool(self.parts) != bool(self.formula):
            raise ValueError("`formula` together with `parts`")
        if (self.says == "equal") != (self.tolerance is not None):
            raise ValueError("`tolerance` together with `says: equal`, and only then")
        return self


class ClaimFile(Model):
    """indicators/catalogue/claims.yaml."""

    claims: list[Claim] = Field(min_length=1)


# --- all of it
# --------------------------------------------------------------------------------------------------
class Targets(Model):
    """The content of all these files, as the input of a release; empty where there are none."""

    targets: list[CommitmentFile] = Field(default=[])
    links: list[Link] = Field(default=[])
    field: list[FieldFile] = Field(default=[])
    claims: list[Claim] = Field(default=[])
    scores: list[ScoreFile] = Field(default=[])
    frameworks: dict[str, dict[str, str]] = Field(
        default={}, description="titles of the parts of frameworks: framework to code to title"
    )
