"""Custodians, the owners of a series' figures: the codes of custodians.yaml with their names.

source.yaml and series.csv declare the custodian of a series; nothing is inferred here.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from schemas.definitions.yaml_file import load_yaml

CUSTODIANS_FILE = Path(__file__).with_name("custodians.yaml")


@cache
def custodians() -> dict[str, str]:
    """Return the name of every custodian by its code, in the order of the file."""
    return {code: str(entry["name"]) for code, entry in load_yaml(CUSTODIANS_FILE).data.items()}
