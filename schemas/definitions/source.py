"""Pydantic models of source.yaml and corrections.yaml.

They validate one file by itself; sources/registry/sources.py validates it with the reader and the code lists.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from schemas.definitions.base import Address, Identifier, Line, Model

__all__ = ["Cadence", "Correction", "Limits", "Rate", "Source", "Threshold"]

Cadence = Literal["daily", "weekly", "monthly", "quarterly", "yearly", "irregular", "discontinued"]


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
        """Return whether anyone may redistribute the data, for any purpose."""
        return self.commercial_use and self.redistribution and series not in self.exceptions


class Rate(Model):
    """Rate limit of an agency: its own rule if it has one, else ours, with the reason."""

    requests_per_second: float = Field(gt=0, le=50)
    parallel: int = Field(default=1, ge=1, le=8)
    reason: Line


class Limits(Model):
    timeout_seconds: float = Field(default=60, gt=0, le=600)
    response_bytes: int = Field(default=256 * 1024 * 1024, gt=0)
    attempts: int = Field(default=4, ge=1, le=10)


class Freshness(Model):
    """The cheapest request with a response that changes when the data do: a path and the place of the
    release in the response.
    """

    path: str
    pointer: Line = Field(description="JSON pointer into the answer, e.g. /1/0/lastupdated")


class Threshold(Model):
    limit: float
    reason: Line


class Acceptance(Model):
    """Thresholds for the difference between a new snapshot and the last accepted one, beyond which it is
    held for review.
    """

    rows_lost_share: Threshold
    areas_lost: Threshold
    median_ratio: Threshold = Field(
        description="largest factor between the medians of new over old, either way"
    )
    years_back: Threshold = Field(description="years by which the latest year may go back")


class AreaRule(Model):
    """The names of areas in a source. scheme: the code list of its codes; aliases: its code to ours;
    not_carried: code to reason.
    """

    scheme: Literal["iso3", "iso2", "m49", "worldbank", "gec", "name", "iso3166_2"]
    aliases: dict[str, str] = Field(default={})
    not_carried: dict[str, Line] = Field(default={})


class DimensionRule(Model):
    """The mapping of one of the agency's dimensions to one of ours (or a key of other_dims, if `to` is
    upper case).
    """

    to: Annotated[str, Field(pattern=r"^(sex|age|urbanisation|quantile|education|[A-Z][A-Z0-9_]*)$")]
    codes: dict[str, str] = Field(
        default={},
        description="the agency's code to ours; one that is not listed must be a code of "
        "dimension_codes.yaml, or is kept as the agency's own where `to` is in upper case",
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
    verified_against: str = Field(default="", description="what the wire contract was read from")
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
    carries: Identifier | None = Field(
        default=None,
        description="custodian whose figures these are, a code of schemas/codelists/custodians.yaml; copies "
        "of the same figures carry the same one. series.csv may say otherwise of a series",
    )
    validators: bool = Field(
        default=False, description="whether ETag and Last-Modified mean what HTTP says they mean"
    )
    options: dict[str, Any] = Field(default={}, description="read by the reader; documented in its module")
    areas: AreaRule
    dimensions: dict[str, DimensionRule] = Field(default={})
    units: dict[str, str] = Field(default={}, description="the agency's unit code to ours")
    statuses: dict[str, str] = Field(
        default={}, description="the agency's nature or flag to an SDMX obs_status"
    )
    periods: dict[Literal["fiscal", "range", "quarter"], Literal["first", "last", "leave_out"]] = Field(
        default={},
        description="which year a period stands for that is no calendar year: of a fiscal year (2019/20) "
        "or a range (2015-2017) its first or last, of quarters (2020Q1) the first or last of the year; or "
        "leave_out. "
        "FY2020 is the year that it names. Without a rule such a period is refused",
    )
    status_precedence: list[str] = Field(
        default=[],
        description="flags that may be written together, such as `be`, the one that counts before the others "
        "first; each is a key of statuses",
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
    """One known error of an agency, corrected until the agency fixes it."""

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
