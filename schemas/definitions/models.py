"""What may stand in a definition file: source.yaml, corrections.yaml and an indicator's YAML, as Pydantic
models.

Only the shape of one file is judged here. What needs other files (does the series exist, does a formula
parse) is judged in sources/registry/sources.py and indicators/registry.py.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from schemas.definitions.parsing import parse

__all__ = ["Correction", "Indicator", "Input", "Source", "parse"]

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Line = Annotated[str, Field(min_length=1, pattern=r"^[^\r\n]+$")]
Address = Annotated[str, Field(pattern=r"^https?://[^\s<>\"]+$")]  # it becomes a link
Direction = Literal["higher_is_better", "lower_is_better", "closer_to_one"]
AggregateMethod = Literal["weighted_mean", "sum", "gap_filled_total", "median", "unweighted", "none"]
Cadence = Literal["daily", "weekly", "monthly", "quarterly", "yearly", "irregular", "discontinued"]


class Model(BaseModel):
    """No unknown fields, no silent conversion of types, not changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


# --- sources
# -----------------------------------------------------------------------------------------------------
class Licence(Model):
    name: Line
    url: str = ""
    commercial_use: bool
    redistribution: bool
    exceptions: dict[str, Line] = Field(
        default={},
        description="series under terms of their own, which may not be passed on freely: the terms",
    )
    note: str = ""

    def is_redistributable(self, series: str = "") -> bool:
        """Whether anyone may pass the data on, for any purpose."""
        return self.commercial_use and self.redistribution and series not in self.exceptions


class Rate(Model):
    """How often an agency may be asked: its own rule where it has one, else ours, with the reason."""

    requests_per_second: float = Field(gt=0, le=50)
    parallel: int = Field(default=1, ge=1, le=8)
    reason: Line


class Limits(Model):
    timeout_seconds: float = Field(default=60, gt=0, le=600)
    response_bytes: int = Field(default=256 * 1024 * 1024, gt=0)
    attempts: int = Field(default=4, ge=1, le=10)


class Freshness(Model):
    """The cheapest question whose answer changes when the data do: a path and where the answer's release
    stands."""

    path: str
    pointer: Line = Field(description="JSON pointer into the answer, e.g. /1/0/lastupdated")


class Threshold(Model):
    limit: float
    reason: Line


class Acceptance(Model):
    """How far a new snapshot may differ from the last accepted one before it is held for a person to look
    at."""

    rows_lost_share: Threshold
    areas_lost: Threshold
    median_ratio: Threshold = Field(
        description="largest factor between the medians of new over old, either way"
    )
    years_back: Threshold = Field(description="years by which the latest year may go back")


class AreaRule(Model):
    """How a source names areas. scheme: the code list of its codes; aliases: its code to ours; not_carried:
    code to reason."""

    scheme: Literal["iso3", "iso2", "m49", "worldbank", "gec", "name", "iso3166_2"]
    aliases: dict[str, str] = {}
    not_carried: dict[str, Line] = {}


class DimensionRule(Model):
    """How one of the agency's dimensions becomes one of ours (or a key of other_dims, if `to` is upper
    case)."""

    to: Annotated[str, Field(pattern=r"^(sex|age|urbanisation|quantile|education|[A-Z][A-Z0-9_]*)$")]
    codes: dict[str, str] = Field(
        default={}, description="the agency's code to ours; a code not listed is kept as it is"
    )


class Source(Model):
    """One source.yaml."""

    id: Identifier
    title: Line
    agency: Line
    homepage: Address
    description: str
    licence: Licence
    citation: Line
    cadence: Cadence
    contract_verified: bool = Field(
        description="whether the wire contract was read from a recorded live answer"
    )
    contract_note: str = ""
    reader: Identifier
    base_url: str
    hosts: list[str] = Field(
        default=[], description="hosts that may be asked; a redirect elsewhere is refused"
    )
    rate: Rate | None = None
    limits: Limits = Limits()
    freshness: Freshness | None = None
    ask_for: Literal["used", "all"] = Field(
        default="used", description="used: the series that an indicator names; all: the source is one table"
    )
    key_variable: str = Field(
        default="",
        pattern=r"^([A-Z][A-Z0-9_]*)?$",
        description="environment variable that holds the access key, where the agency asks for one",
    )
    switch_variable: str = Field(
        default="",
        pattern=r"^([A-Z][A-Z0-9_]*)?$",
        description="environment variable without which the source is not asked: it costs gigabytes",
    )
    probe: str = Field(
        default="",
        description="series by which `compact contracts` asks the agency: one whose answer is small; "
        "by default the first in use",
    )
    validators: bool = Field(
        default=False, description="whether ETag and Last-Modified mean what HTTP says they mean"
    )
    options: dict[str, Any] = Field(default={}, description="read by the reader; documented in its module")
    areas: AreaRule
    dimensions: dict[str, DimensionRule] = {}
    units: dict[str, str] = Field(default={}, description="the agency's unit code to ours")
    statuses: dict[str, str] = Field(
        default={}, description="the agency's nature or flag to an SDMX obs_status"
    )
    missing: dict[str, str] = Field(
        default={}, description="text that stands for no value, to the obs_status it means"
    )
    counted_only: dict[str, Line] = Field(
        default={}, description="reject reasons counted but not listed, with why"
    )
    acceptance: Acceptance
    notes: str = ""


class Correction(Model):
    """One known mistake of an agency, put right until the agency does."""

    series: Line
    ref_area: str
    time_period: int
    expect: float = Field(
        description="the wrong value; when it is gone, the correction fails and is to be removed"
    )
    value: float | None = Field(description="the right value, or null to withhold it")
    reason: Line
    source: Line
    date: date

    @field_validator("date", mode="before")
    @classmethod
    def _date(cls, value: object) -> object:
        return date.fromisoformat(value) if isinstance(value, str) else value


# --- indicators
# --------------------------------------------------------------------------------------------------
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
    optional: Line | None = Field(
        default=None,
        description="why the agency may answer that it has no such series: the input is then left out, "
        "said so, and the run goes on",
    )
    note: str = Field(default="", description="how this series differs from the ones before it")


class Target(Model):
    """What is to be reached, and who said so."""

    value: float | None = Field(description="in the indicator's unit; null where the text sets no number")
    year: int = Field(
        ge=1990, le=2100, description="deadline; a past one is reported met or missed, never projected"
    )
    baseline_year: int = Field(
        default=2015, ge=1990, le=2100, description="year from which progress is measured"
    )
    origin: Line = Field(description="who set the number, and where it stands")
    met_from: float | None = Field(
        default=None,
        description="value from which the owner counts the target as met, where that is not the target: "
        "ITU counts a universal target as met from 95 per cent, and 0.98 to 1.02 as parity",
    )


class Bounds(Model):
    """The ends of the scale for scores."""

    worst: float = Field(description="value that scores 0")
    best: float = Field(description="value that scores 100")
    reason: Line = Field(description="why these")


class Aggregate(Model):
    """How a group's value is made."""

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
    """How far two sources may differ in one cell before it is reported as a warning. Where both limits are
    given, only a difference beyond both of them counts."""

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
    """How much of its coverage an indicator may lose from one release to the next."""

    share: float = Field(
        ge=0, le=1, description="part of the areas, or of the values, that may be gone; 0.05 is five per cent"
    )
    severity: Literal["warn", "error"] = Field(
        default="warn", description="error: more than that stops a release"
    )
    reason: Line = Field(description="why so much")


class Expect(Model):
    """What must hold of the values. range and areas_min stop a release; yearly_change is reported."""

    range: list[float] = Field(min_length=2, max_length=2, description="lowest and highest possible value")
    yearly_change: YearlyChange | None = Field(default=None, description="reported where exceeded")
    areas_lost: AreasLost | None = Field(
        default=None,
        description="how much coverage may shrink against the release before; without it a tenth, reported",
    )
    areas_min: int = Field(
        default=1,
        ge=0,
        description="fewest areas with a value, once a preferred source is there; 0 where there may be none",
    )


class Break(Model):
    """A change in how the series is made, across which years must not be compared."""

    time_period: int = Field(description="first year on the new side")
    ref_area: str = Field(default="all", description="ISO3 of the country concerned, or all")
    reason: Line = Field(description="what changed, and where that stands")


def _shape(value: object) -> str:
    return "named" if isinstance(value, dict) else "list"


class Indicator(Model):
    """One indicator file: everything a statistician writes."""

    id: Identifier = Field(description="the name of the file")
    title: Line = Field(description="short, without the unit")
    description: str = Field(
        min_length=1, description="what is measured, in the words of the agency's definition"
    )
    frameworks: dict[str, str | int] = Field(
        description="where it belongs: compact_brief A to H, compact_adopted 1 to 5, sdg 17.8.1, umc, esg; "
        "see indicators/catalogue/frameworks/frameworks.yaml"
    )
    unit: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")] = Field(
        description="a code of schemas/codelists/units.yaml"
    )
    direction: Direction = Field(description="which way is better; required, never guessed")
    assessed: bool = Field(
        default=True,
        description="false for a quantity that only describes, such as population: no progress is assessed",
    )
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
        """The inputs by name; a plain list is the one input `value`."""
        return self.inputs if isinstance(self.inputs, dict) else {"value": self.inputs}
