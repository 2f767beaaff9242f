"""The key indicators of a country, by objective of the adopted Compact, for briefs and profiles.

key_indicators.yaml lists them with reasons.
"""

from __future__ import annotations

from collections.abc import Container
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("key_indicators.yaml")


@cache
def _chosen() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return loaded


def key_indicators(known: Container[str]) -> dict[str, list[str]]:
    """Return objective to the ids of its key indicators that a release has."""
    return {code: [i for i in ids if i in known] for code, ids in _chosen()["objectives"].items()}


def peer_indicators(known: Container[str]) -> list[str]:
    """Return the indicators that show a country among its peers."""
    return [i for i in _chosen()["peers"] if i in known]
