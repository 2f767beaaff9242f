"""Models of composite scores: components, weights, and the minimum data for a score.

Targets, the crosswalk and claims are in targets.py.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.definitions.base import Identifier, Line, Model


class Weighted(Model):
    """An indicator in a component."""

    indicator: Identifier
    weight: float = Field(default=1, gt=0, description="only the proportions matter")
    reason: str = Field(default="", description="why this indicator, and why this weight if it is not 1")


class Component(Model):
    """One score: its indicators, in the order in which random weights are drawn."""

    title: Line
    indicators: list[Weighted] = Field(min_length=2)


class ScoreFile(Model):
    """indicators/catalogue/scores/<framework>.yaml: the composites of a framework's parts, never one over
    all."""

    framework: Identifier
    reason: Line = Field(description="why these indicators and weights, and who chose them")
    normalisation: Literal["min_max"] = Field(default="min_max", description="by each indicator's bounds")
    aggregation: Literal["arithmetic", "geometric"]
    least_coverage: float = Field(ge=0, le=1, description="share of the weight below which no score is given")
    least_indicators: int = Field(
        default=4, ge=2, description="indicators with a value below which no score is given"
    )
    oldest: int = Field(ge=0, le=30, description="years by which a value may be older than the score")
    years: list[int] = Field(default=[], description="years scored besides the latest")
    draws: int = Field(ge=1000, le=100_000, description="draws of the uncertainty analysis")
    seed: int = Field(ge=0, description="so that the same inputs give the same ranks")
    components: dict[str, Component] = Field(min_length=1)
    not_scored: dict[str, Line] = Field(default={}, description="parts without a score: code to reason")
