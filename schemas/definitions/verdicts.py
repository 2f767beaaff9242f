"""The fields of an indicator that determine its verdict: target, kind of verdict, noise, links.

Each field is validated by itself. indicators/verdict_checks.py validates them together with the rest of the
file; warehouse/models computes the verdict.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from schemas.definitions.base import AreaCode, Line, Model, Year

__all__ = ["Link", "Noise", "Plausible", "Relative", "Scope", "Splice", "Target", "VerdictKind"]

VerdictKind = Literal["likelihood", "parity", "yes_no", "level", "direction", "none"]
Seen = Literal["original", "quoted", "data", "project", "remembered"]
OwnerKind = Literal["compact", "sdg", "itu", "other", "ours"]


class Scope(Model):
    """Addressees of a target, if it is not for every area."""

    groups: list[AreaCode] = Field(
        min_length=1,
        description="groups whose members have the target; no other area has it: M49:199 are the least "
        "developed countries, OWN:DAC the donors of the committee",
    )
    reason: Line = Field(description="where the text says so")


class Relative(Model):
    """A target that depends on each area's value in a base year.

    With `factor` the target is that share of the base value, with `step` the base value plus so much for
    each year from the base year to the target's year. The base value is that of the base year, else the
    nearest within two years, the earlier first.
    """

    base_year: Year
    factor: float | None = Field(
        default=None, gt=0, description="share of the base value that is to be reached; 0.5 halves it"
    )
    step: float | None = Field(
        default=None, description="change a year from the base year on, in the indicator's unit"
    )
    cap: float | None = Field(
        default=None,
        description="the number that no area's target may be worse than; with step, the number at which it "
        "ends",
    )
    reason: Line = Field(description="who asks for it, and how the base year was chosen")

    @model_validator(mode="after")
    def _one_rule(self) -> Relative:
        if (self.factor is None) == (self.step is None):
            raise ValueError("one of `factor` and `step`")
        if self.step == 0:
            raise ValueError("a `step` other than 0")
        return self


class Target(Model):
    """The value to reach, and its owner."""

    value: float | None = Field(
        description="in the indicator's unit; null where the text sets no number, or with relative"
    )
    year: Year = Field(description="deadline; a past one is reported met or missed, never projected")
    year_kind: Literal["owner", "ours"] = Field(
        default="owner", description="ours: the owner's text names no year"
    )
    baseline_year: Year = Field(default=2015, description="year from which progress is measured")
    origin: Line = Field(description="who set the number, and where it is")
    owner_kind: OwnerKind = Field(
        default="other", description="ours: nobody else set the number, so that it makes no headline"
    )
    met_from: float | None = Field(
        default=None,
        description="value from which the target counts as met, on the better side: 95 for a universal "
        "target of ITU, 3 for extreme poverty. With closer_to_one one end of a band on both sides: 0.98 "
        "is 0.98 to 1.02. Equal to value where the owner grants no tolerance",
    )
    met_from_source: Line | None = Field(
        default=None, description="who grants that tolerance, and where; required with met_from"
    )
    met_from_seen: Seen = Field(
        default="remembered",
        description="where it was read: in the owner's text, in one that quotes it, in the data, on a page "
        "of this project, or nowhere yet",
    )
    strict: bool = Field(default=False, description="true: met beyond met_from only, not at it")
    scope: Scope | None = Field(default=None, description="whom the target addresses; omit for every area")
    relative: Relative | None = Field(
        default=None, description="a number for each area by its value in a base year, instead of value"
    )
    group_value: float | None = Field(
        default=None,
        description="the number for the world and other groups, where the countries' is another",
    )


class Noise(Model):
    """Changes without a verdict: neither improving nor worsening."""

    beyond: float | None = Field(
        default=None, description="value on whose better side differences say nothing"
    )
    step: float | None = Field(
        default=None, gt=0, description="smallest change that counts, in the indicator's unit"
    )
    relative_step: float | None = Field(
        default=None, gt=0, lt=1, description="smallest change that counts, as a share of the earlier value"
    )
    reason: Line = Field(description="why: sampling error, rounding, a reporting limit")
    source: Line | None = Field(default=None, description="where that is written")

    @model_validator(mode="after")
    def _some_limit(self) -> Noise:
        if self.beyond is None and self.step is None and self.relative_step is None:
            raise ValueError("a limit: beyond, step or relative_step")
        return self


class Plausible(Model):
    """Values that are published and assessed; those outside are published and flagged, and enter no
    verdict, projection, score or aggregate.
    """

    range: list[float] = Field(min_length=2, max_length=2, description="lowest and highest credible value")
    reason: Line = Field(description="why values outside are errors of the source")


class Link(Model):
    """The relation of an indicator to an objective."""

    direct: bool = Field(
        description="true where the objective's text speaks of what is measured; a condition, a consequence "
        "or background is indirect"
    )
    reason: Line = Field(description="the words or the paragraph, or what is missing")


class Splice(Model):
    """Permission for an input to extend the previous one beyond its span."""

    reason: Line
    overlap: int = Field(default=3, ge=1, description="fewest common years of an area")
    tolerance: float = Field(
        default=0.05, ge=0, description="how far they may differ there, as a share of the larger"
    )
    absolute: float = Field(default=0.0, ge=0, description="or in the indicator's unit, whichever is more")
