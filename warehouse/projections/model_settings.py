"""The settings of the projection, read from settings.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from schemas.definitions.yaml_file import load_yaml

SETTINGS = Path(__file__).with_name("settings.yaml")


@dataclass(frozen=True)
class Settings:
    """The content of settings.yaml, where each number has its reason."""

    model: str
    points_min: int
    horizon_year: int
    offset: float
    window: float
    half_life: float
    pool_years: int
    damping: Mapping[str, float]
    persistence_years: int
    persistence_prior: float
    persistence_weight: float
    own_weight: float
    region_weight: float
    level_ridge: float
    volatility_weight: float
    blends: list[list[float]]
    blend_smoothing: float
    blend_weight: float
    blend_years: int
    blend_errors: float
    blend_spread: float
    blend_spread_weight: float
    recency_years: int
    recency_share: float
    probability_cap: float
    probability_spread: float
    volatility_share: float
    volatility_series: int


@cache
def settings(path: Path = SETTINGS) -> Settings:
    """Load the settings; a missing or unknown one is a TypeError."""
    return Settings(**load_yaml(path).data)
