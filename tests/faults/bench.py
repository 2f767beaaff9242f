"""Shared parts of the fault tests: routes of a series, a workspace of a few real indicators, and checks of
a home after a run.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from indicators.registry import FOLDER, Entry
from schemas.definitions.indicator import Indicator
from schemas.definitions.parsing import parse
from schemas.definitions.source import Source
from schemas.definitions.yaml_file import load_yaml
from sources.registry.sources import SOURCES, load_source
from tests.conftest import StandIn
from tests.faults.table import saw
from tests.steps import Steps, steps_of
from warehouse.store.publish import latest_release
from warehouse.verification.verify import verify_release

OPTIONS = {"worldbank_wdi": {"per_page": 4000}, "unsd_sdg": {"page_size": 1000}}  # five pages a series
INDICATORS = {
    "worldbank_wdi": ("gini", "population"),
    "unsd_sdg": ("internet_use", "oda_given"),
    "itu_datahub": ("ict_skills_safety", "internet_use"),
}


@dataclass(frozen=True)
class Way:
    """How one series comes in. resource: what the store calls it; asks: a pattern of the requests for it;
    areas: the agency's codes of two areas that have values in the same years."""

    source: str
    series: str
    resource: str
    asks: str
    areas: tuple[str, str]
    route: str = ""

    def __str__(self) -> str:
        return f"{self.source}-{self.route}" if self.route else self.source


WORLDBANK = Way("worldbank_wdi", "SP.POP.TOTL", "SP.POP.TOTL", r"indicator/SP\.POP\.TOTL", ("KEN", "UGA"))
UNSD_JSON = Way(
    "unsd_sdg", "IT_USE_ii99", "IT_USE_ii99", r"Series/Data\?.*IT_USE_ii99", ("404", "800"), "data"
)
UNSD_CSV = Way("unsd_sdg", "IT_USE_ii99", "IT_USE_ii99", r"Series/DataCSV", ("404", "800"), "csv")
ITU_JSON = Way("itu_datahub", "i99H", "i99H", r"data/bycode", ("KEN", "UGA"), "json")
ITU_CSV = Way(
    "itu_datahub",
    "HHU781SF1_HHTotalIndividual",
    "ict_skills_by_level",
    r"data/download",
    ("CHE", "SWE"),
    "csv",
)


def hurried(source: Source, **limits: Any) -> Source:
    """The source asked as fast as it answers, and tried twice, so that no test waits."""
    rate = source.rate and source.rate.model_copy(update={"requests_per_second": 100.0})
    changed = source.limits.model_copy(update={"attempts": 2} | limits)
    options = source.options | OPTIONS.get(source.id, {})
    return source.model_copy(update={"rate": rate, "limits": changed, "options": options})


def entry(indicator_id: str) -> Entry:
    """An indicator as its file defines it."""
    file = load_yaml(next(FOLDER.glob(f"*/{indicator_id}.yaml")))
    return Entry(parse(Indicator, file), file)


def workspace(home: Path, sources: Iterable[Source], entries: Iterable[Entry], **flags: Any) -> Steps:
    """A run on these sources and indicators alone. The agencies' own vintages revise much at once,
    which a person has looked at; what is damaged is to be found before that."""
    return steps_of(home, sources, entries, **{"acknowledge": "vintages of the agencies' own"} | flags)


def of(home: Path, *source_ids: str, **limits: Any) -> Steps:
    """A run on real sources and two real indicators of each."""
    sources = [hurried(load_source(SOURCES / name / "source.yaml"), **limits) for name in source_ids]
    return workspace(home, sources, map(entry, {i for name in source_ids for i in INDICATORS[name]}))


def sound(agency: StandIn, source_ids: Iterable[str], *, later: bool = True) -> None:
    """No fault any more. later: these agencies have published again: revised values and another year at the
    World Bank, the next vintage at UNSD; ITU stays as it is."""
    agency.reset()
    if "worldbank_wdi" in source_ids and later:
        agency.revise(source="worldbank_wdi")
    if "unsd_sdg" in source_ids:
        agency.vintage("2020-10" if later else "2019Q3")


def copied(home: Path, to: Path) -> Path:
    return shutil.copytree(home, to, symlinks=True)


# --- what can be proved ---
def must_succeed(made: Steps) -> Steps:
    outcome = made.run()
    assert made.problems == [], [str(problem) for problem in made.problems]
    assert outcome.succeeded
    for report in made.reports.values():
        if report.state in ("stored", "absent"):
            saw(report.note)
    return made


def must_be_red(made: Steps) -> str:
    """Run; the text of the first problem. Nothing is published, neither a release nor half of one, and the
    latest release is the same and whole."""
    before = releases(made.home)
    outcome = made.run()
    assert not outcome.succeeded
    assert outcome.release is None
    assert releases(made.home) == before
    release = latest_release(made.home)
    assert release is None or verify_release(release) == []
    saw(made.problems[0].what)
    return str(made.problems[0])


def releases(home: Path) -> tuple[list[str], Path | None]:
    """Everything in the folder of releases but its lock, and which one is the latest."""
    folder = home / "releases"
    there = sorted(path.name for path in folder.iterdir() if path.name != ".lock") if folder.exists() else []
    return there, latest_release(home)


def values(home: Path) -> pa.Table:
    """The values of the latest release, without the names of the bytes: ITU orders JSON keys at random."""
    release = latest_release(home)
    assert release is not None
    result = pq.read_table(release / "indicator.parquet").drop_columns(["snapshot"])
    assert result.num_rows
    return result


def kept_bytes(made: Steps, source_id: str, resource: str, event: str) -> list[bytes]:
    """The pages of which the last event of the resource speaks, each proved to be what its name says."""
    last = [e for e in made.store.events(source_id) if e["resource"] == resource][-1]
    assert last["event"] == event
    assert last["reason"]
    pages: Sequence[Mapping[str, Any]] = last.get("pages") or [
        {"sha256": page.sha256}
        for snapshot in made.store.find(last.get("snapshot", "-"))
        if snapshot.resource == resource
        for page in snapshot.pages
    ]
    bodies = [made.store.objects.path(page["sha256"]).read_bytes() for page in pages]
    assert bodies
    assert [hashlib.sha256(body).hexdigest() for body in bodies] == [page["sha256"] for page in pages]
    assert made.store.verify() == []
    return bodies
