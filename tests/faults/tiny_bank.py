"""A World Bank with nine synthetic figures on the loopback address, for machines without the stand-in."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from indicators.registry import Entry
from sources.registry.sources import SOURCES, load_source
from tests.faults.bench import entry, hurried, workspace
from tests.steps import Steps
from tests.unit.local_agency import Asked, LocalAgency, Reply

SERIES, PER_PAGE = "SI.POV.GINI", 4
AREAS = {"KEN": ("KE", "Kenya"), "UGA": ("UG", "Uganda"), "TZA": ("TZ", "Tanzania")}
YEARS = (2018, 2020, 2022)
Damage = Callable[[Reply], Reply]


class TinyBank(LocalAgency):
    """released: the date it names; figures: (area, year) to value; damage: what happens to pages from the
    second on."""

    def __init__(self) -> None:
        super().__init__()
        self.released = "2026-07-01"
        self.figures = {
            (area, year): 30.0 + 5 * i + j / 2 for i, area in enumerate(AREAS) for j, year in enumerate(YEARS)
        }
        self.damage: Damage = sound
        self.answer = self._answer

    def next_release(self) -> None:
        """Another year and a small revision."""
        self.released = "2026-10-01"
        self.figures |= {("KEN", 2022): 31.5} | {(area, 2023): 33.0 for area in AREAS}

    def _answer(self, asked: Asked) -> Reply:
        parts = urlsplit(asked.path)
        if parts.path.endswith("/source/2"):
            return reply([{"page": 1, "pages": 1, "total": 1}, [{"id": "2", "lastupdated": self.released}]])
        number = int(parse_qs(parts.query)["page"][0])
        made = reply(self.page(number))
        return made if number == 1 else self.damage(made)

    def page(self, number: int) -> list[Any]:
        rows = [
            {
                "indicator": {"id": SERIES, "value": "Gini index"},
                "country": {"id": AREAS[area][0], "value": AREAS[area][1]},
                "countryiso3code": area,
                "date": str(year),
                "value": value,
                "unit": "",
                "obs_status": "",
                "decimal": 1,
            }
            for (area, year), value in sorted(self.figures.items())
        ]
        header = {
            "page": number,
            "pages": -(-len(rows) // PER_PAGE),
            "per_page": PER_PAGE,
            "total": len(rows),
            "sourceid": "2",
            "lastupdated": self.released,
        }
        return [header, rows[(number - 1) * PER_PAGE : number * PER_PAGE]]


def reply(content: object) -> Reply:
    return Reply(json.dumps(content).encode())


def sound(made: Reply) -> Reply:
    return made


def replaced(old: str, new: str) -> Damage:
    """The same answer with a text replaced, on every page where it stands."""
    return lambda made: replace(made, body=made.body.replace(old.encode(), new.encode()))


def times_1000(made: Reply) -> Reply:
    header, rows = json.loads(made.body)
    return reply([header, [row | {"value": row["value"] * 1000} for row in rows]])


def of_bank(home: Path, *, median_ratio: float | None = None, acknowledge: str = "") -> Steps:
    """A run on this bank alone, with the real indicator but for the number of areas it must have."""
    source = hurried(load_source(SOURCES / "worldbank_wdi" / "source.yaml"))
    source = source.model_copy(update={"options": source.options | {"per_page": PER_PAGE}})
    if median_ratio is not None:
        limit = source.acceptance.median_ratio.model_copy(update={"limit": median_ratio})
        acceptance = source.acceptance.model_copy(update={"median_ratio": limit})
        source = source.model_copy(update={"acceptance": acceptance})
    gini = entry("gini")
    few = gini.indicator.expect.model_copy(update={"areas_min": len(AREAS)})
    entries = [Entry(gini.indicator.model_copy(update={"expect": few}), gini.file)]
    return workspace(home, [source], entries, acknowledge=acknowledge)
