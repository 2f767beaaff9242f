"""What may stand in a definition file: source.yaml, corrections.yaml and an indicator's YAML, as Pydantic
models.

Only the shape of one file is judged here. What needs other files (does the series exist, does a formula
parse) is judged in sources/registry.py and indicators/catalogue.py.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from schemas.errors import DefinitionError, Problem
from schemas.yaml_file import YamlFile

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Line = Annotated[str, Field(min_length=1, pattern=r"^[^\r\n]+$")]
Direction = Literal["higher_is_better", "lower_is_better", "closer_to_one"]
AggregateMethod = Literal["weighted_mean", "sum", "median", "unweighted", "none"]
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
    note: str = ""


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

    scheme: Literal["iso3", "iso2", "m49", "worldbank", "gec"]
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
    homepage: Line
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
class Input(Model):
    """A series of a source, or another indicator. where pins a dimension to one code, which then counts as
    the total."""

    source: Identifier | None = None
    series: Line | None = None
    indicator: Identifier | None = None
    where: dict[Literal["sex", "age", "urbanisation", "quantile", "education", "other_dims"], str] = {}
    scale: float = Field(default=1.0, description="factor that brings the series to the indicator's unit")
    note: str = ""


class Target(Model):
    value: float | None
    year: int = Field(ge=1990, le=2100)
    baseline_year: int = Field(default=2015, ge=1990, le=2100)
    origin: Line = Field(description="who set the number, and where it stands")


class Bounds(Model):
    worst: float
    best: float
    reason: Line


class Aggregate(Model):
    method: AggregateMethod
    weight: Identifier | None = Field(default=None, description="indicator that weighs, for weighted_mean")
    min_weight_share: float = Field(default=0.5, ge=0, le=1)
    reason: str = ""


class YearlyChange(Model):
    max: float = Field(gt=0)
    reason: Line


class Expect(Model):
    """What must hold of the values. range and areas_min stop a release; yearly_change is reported."""

    range: list[float] = Field(min_length=2, max_length=2)
    yearly_change: YearlyChange | None = None
    areas_min: int = Field(
        default=1, ge=1, description="fewest areas with a value, once a preferred source is there"
    )


class Break(Model):
    time_period: int
    ref_area: str = "all"
    reason: Line


class Indicator(Model):
    """One indicator file: everything a statistician writes."""

    id: Identifier
    title: Line
    description: str
    frameworks: dict[str, str | int]
    unit: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")] = Field(
        description="a code of schemas/codelists/units.yaml"
    )
    direction: Direction
    inputs: list[Input] | dict[Identifier, list[Input]] = Field(
        description="in order of preference; or several named inputs, each with its order of preference"
    )
    formula: str = "value"
    target: Target | None = None
    bounds: Bounds | None = None
    aggregate: Aggregate
    gaps: list[Literal["sex", "age", "urbanisation", "quantile", "education"]] = []
    expect: Expect
    breaks: list[Break] = []
    aliases: list[str] = []
    notes: str = ""

    def named_inputs(self) -> dict[str, list[Input]]:
        """The inputs by name; a plain list is the one input `value`."""
        return self.inputs if isinstance(self.inputs, dict) else {"value": self.inputs}


M = TypeVar("M", bound=Model)


def parse(model: type[M], file: YamlFile) -> M:
    """The model of a file, or DefinitionError with file, line, field, what is allowed and what to do, for
    every fault."""
    try:
        return model.model_validate(file.data)
    except ValidationError as error:
        raise DefinitionError([_problem(model, file, dict(e)) for e in error.errors()]) from None


def _problem(model: type[Model], file: YamlFile, error: dict[str, Any]) -> Problem:
    place = tuple(
        p for p in error["loc"] if isinstance(p, int) or p in _words(file.data) or error["type"] == "missing"
    )
    field = ".".join(map(str, place)) or "(file)"
    what, allowed, step = str(error["msg"]), "", "mend the field, then run `compact check`"
    if error["type"] == "extra_forbidden":
        what, allowed = "unknown field", ", ".join(_siblings(model, place))
        step = f"remove `{place[-1]}` or use one of the fields above"
    elif error["type"] == "missing":
        what, allowed = "is missing and is required", _describe(place)
        step = f"add `{place[-1]}: ...`"
    else:
        what += f" (found {str(error.get('input'))[:60]!r})"
        allowed = str(
            (error.get("ctx") or {}).get("expected") or (error.get("ctx") or {}).get("pattern") or ""
        )
    return Problem(str(file.path), file.line(place), field, what, allowed, step)


def _words(data: Any) -> set[str]:
    """Every key in the document: pydantic's `loc` also names union branches, which are no fields."""
    if isinstance(data, dict):
        return set(map(str, data)).union(*(_words(v) for v in data.values())) if data else set()
    return set().union(*(_words(v) for v in data)) if isinstance(data, list) and data else set()


def _siblings(model: type[Model], place: tuple[str | int, ...]) -> list[str]:
    found: type[BaseModel] | None = model
    for part in place[:-1]:
        if isinstance(part, int) or found is None:
            continue
        found = _model_of(found.model_fields[part].annotation) if part in found.model_fields else found
    return sorted((found or model).model_fields)


def _describe(place: tuple[str | int, ...]) -> str:
    if place and place[-1] == "direction":
        return "higher_is_better, lower_is_better, closer_to_one: never guessed, so it must be written"
    return "a value; see docs/definitions.md for the field"


def _model_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for a in getattr(annotation, "__args__", ()) if (m := _model_of(a))), None)
