"""The main job against the stand-in server: real figures, with every row traced to its bytes.

Two runs serve all tests: a first one of everything, and one after the World Bank published a revision. Each
test that runs again does so on a copy. How faults are met is not here but in tests/faults.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sources.registry.sources import load_sources
from tests.command import Finished, compact
from tests.conftest import StandIn
from tests.e2e.conftest import copied_home

VINTAGE = "2026-07"
# Values of the last three years move by up to 5 per cent. With most seeds, and with a year added, some share
# near 100 per cent moves beyond it, which is refused, and rightly; not with this one.
REVISION = {"source": "worldbank_wdi", "percent": 1, "seed": 5, "add_year": False}
AGENCIES = {"itu_datahub", "unsd_sdg", "worldbank_wdi"}  # looked at closely here
SERVED = AGENCIES | {
    *("egdi", "gci", "ilostat", "keepiton", "oecd", "un_data_commons", "unesco_uis", "wid"),
    *("worldbank_esg", "worldbank_pip"),
}
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Ran:
    """A home, how `compact run` ended in it, and what it asked the agencies."""

    home: Path
    done: Finished
    asked: list[dict[str, Any]]

    @property
    def latest(self) -> Path:
        return (self.home / "releases" / "latest").resolve()

    def ask(self, sql: str) -> Rows:
        """Rows of the latest release; {table} is one of its tables, {source} what is staged of a source."""
        tables: dict[str, Any] = {p.stem: f"'{p}'" for p in self.latest.glob("*.parquet")}
        for source in AGENCIES:
            tables[source] = f"'{self.home}/staged/{source}/*/observation.parquet'"
        return duckdb.execute(sql.format_map(tables)).fetchall()


def _run(server: StandIn, home: Path, *arguments: str) -> Ran:
    before = len(server.log())
    done = compact("run", *arguments, home=home, env=server.env)
    return Ran(home, done, server.log()[before:])


@pytest.fixture(scope="module")
def first(_running_stand_in: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The first run of all: nothing is stored yet."""
    _running_stand_in.reset()
    _running_stand_in.vintage(VINTAGE)
    return _run(_running_stand_in, tmp_path_factory.mktemp("first"))


@pytest.fixture(scope="module")
def revised(
    first: Ran, _running_stand_in: StandIn, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ran]:
    """A run that asks the World Bank alone, after it revised some of its values."""
    home = copied_home(first.home, tmp_path_factory.mktemp("revised"))
    _running_stand_in.reset()
    _running_stand_in.vintage(VINTAGE)
    _running_stand_in.revise(**REVISION)
    yield _run(_running_stand_in, home, "--source", "worldbank_wdi")
    _running_stand_in.reset()


def test_the_run_ends_with_a_release_from_all_sources(first: Ran) -> None:
    assert first.done.code == 0, first.done.err
    assert "Release " in first.done.out
    assert "Traceback" not in first.done.err
    card = json.loads((first.latest / "release.json").read_text())
    states = {name: facts["state"] for name, facts in card["sources"].items()}
    assert {name for name, state in states.items() if state == "live"} == SERVED | {"world_factbook"}
    assert {state for name, state in states.items() if name not in SERVED | {"world_factbook"}} == {"absent"}
    asked = {"un_data_commons" if e["source"] == "undata" else e["source"] for e in first.asked}
    assert asked == SERVED
    assert compact("verify", home=first.home).code == 0


def test_every_row_traces_to_a_snapshot_whose_bytes_are_in_the_store(first: Ran) -> None:
    used = {
        snapshot
        for table in ("observation", "indicator", "latest")
        for (snapshot,) in first.ask(f"select distinct unnest(string_split(snapshot, ';')) from {{{table}}}")
    }
    known = dict(first.ask("select snapshot, bytes from {snapshot}"))
    assert len(used) > 40
    assert used <= known.keys()
    pages = _pages(first.home)
    for snapshot, length in known.items():
        bodies = [_body(first.home, page) for page in pages[snapshot]]
        assert hashlib.sha256(b"".join(bodies)).hexdigest() == snapshot
        assert sum(map(len, bodies)) == length


def test_every_value_without_a_formula_stands_in_observation(first: Ran) -> None:
    """Source, series, snapshot, area and year of a row lead to the staged value it was taken from."""
    ((rows, result),) = first.ask("""
        select count(*), count(o.source)
        from {indicator} as i
        left join (select distinct source, series, snapshot, ref_area, time_period from {observation}) as o
            using (source, series, snapshot, ref_area, time_period)
        where not contains(i.series, ';')""")
    assert rows > 10_000
    assert result == rows


def test_the_ledger_reconciles_every_row_of_every_snapshot(first: Ran) -> None:
    ledger = first.ask("select source, snapshot, rows_in, rows_out, rows_rejected, reasons from {ledger}")
    assert {(row[0], row[1]) for row in ledger} == set(first.ask("select source, snapshot from {snapshot}"))
    for _, snapshot, rows_in, rows_out, rejected, reasons in ledger:
        assert rows_in == rows_out + rejected, snapshot
        assert sum(json.loads(reasons).values()) == rejected, snapshot
    announced = {
        line["snapshot"]: line["rows"] for line in _manifest(first.home) if line["event"] == "fetched"
    }
    for source, snapshot, rows_in, *_ in ledger:
        if source in AGENCIES:  # elsewhere a line or a text may hold several values
            assert rows_in == announced[snapshot], source


def test_the_value_shown_is_the_one_in_the_bytes_of_the_agency(first: Ran) -> None:
    shown = compact("show", "internet_use", "--area", "KEN", "--json", home=first.home)
    assert shown.code == 0, shown.err
    row = shown.json
    assert (row["source"], row["series"], row["ref_area"]) == ("itu_datahub", "i99H", "KEN")
    (page,) = _pages(first.home)[row["snapshot"]]
    values = {
        entry["dataYear"]: entry["answer"][0]["value"]
        for entry in json.loads(_body(first.home, page))
        if entry["isoCode"] == "KEN" and entry["answer"][0]["value"]
    }
    assert row["time_period"] == max(values)
    assert row["value"] == float(values[row["time_period"]])
    assert row["method"] == "likelihood-2026"
    assert row["category"] in {
        "very_unlikely",
        "unlikely",
        "about_as_likely_as_not",
        "likely",
        "very_likely",
        "met",
    }
    assert row["target_value"] == 100
    plain = compact("show", "internet_use", "--area", "KEN", "--verbose", home=first.home).out
    assert all(str(part) in plain for part in (row["time_period"], "itu_datahub", row["snapshot"]))


def test_a_value_comes_from_the_first_source_that_has_one(first: Ran) -> None:
    """Computed again in plain SQL for two indicators with three agencies or two."""
    ranks = {
        "internet_use": {"itu_datahub": "i99H", "unsd_sdg": "IT_USE_ii99", "worldbank_wdi": "IT.NET.USER.ZS"},
        "electricity": {"unsd_sdg": "EG_ACS_ELEC", "worldbank_wdi": "EG.ELC.ACCS.ZS"},
    }
    for indicator, series in ranks.items():
        parts = [
            f"""select {rank} as rank, source, ref_area, time_period, obs_value from {{{source}}}
            where series = '{code}' and obs_value is not null and sex = '_T' and age = '_T'
                and urbanisation = '_T' and other_dims = '_T'"""
            for rank, (source, code) in enumerate(series.items())
        ]
        expected = f"""
            select ref_area, time_period, arg_min(source, rank) as source, arg_min(obs_value, rank) as value
            from ({" union all ".join(parts)}) group by all"""
        chosen = f"""select ref_area, time_period, source, value from {{indicator}}
            where indicator = '{indicator}' and urbanisation = '_T' and sex = '_T'
                and source <> 'world_factbook'"""
        assert first.ask(f"({chosen}) except ({expected})") == []
        assert first.ask(f"({expected}) except ({chosen})") == []


@pytest.mark.parametrize(
    ("indicator", "area", "year", "source"),
    [
        ("internet_use", "KEN", 2023, "itu_datahub"),  # all three agencies have it
        ("internet_use", "TUN", 2023, "unsd_sdg"),  # ITU has none for this year
        ("internet_use", "PRK", None, None),
        ("electricity", "CIV", 2022, "unsd_sdg"),  # the World Bank has another value
        ("electricity", "CIV", 1998, "worldbank_wdi"),  # before UNSD begins
        ("electricity", "WB:SAS", 2020, "worldbank_wdi"),  # a group that UNSD does not have
    ],
)
def test_preference_in_cases_that_can_be_looked_up(
    first: Ran, indicator: str, area: str, year: int | None, source: str | None
) -> None:
    result = first.ask(f"""
        select source from {{indicator}}
        where indicator = '{indicator}' and ref_area = '{area}' and time_period = {year or 0}
            and sex = '_T' and urbanisation = '_T'""")
    assert result == ([(source,)] if source else [])


def test_our_regional_electricity_is_the_world_banks(first: Ran) -> None:
    """Where the members' values are the Bank's own, so is the mean. In 2022 UNSD has others for some."""
    rows = first.ask("""
        select "group", time_period, value, official_value, official_source
        from {aggregate}
        where indicator = 'electricity'
            and "group" in ('WB:SSF', 'WB:SAS')
            and value is not null
            and official_value is not null""")
    assert {row[4] for row in rows} == {"worldbank_wdi"}
    apart = {(group, year) for group, year, ours, official, _ in rows if abs(ours - official) >= 0.01}
    assert Counter(row[0] for row in rows) == {"WB:SSF": 28, "WB:SAS": 31}
    assert apart == {("WB:SSF", 2022)}
    differing = first.ask("""
        select distinct unsd.time_period
        from {unsd_sdg} as unsd
        join {worldbank_wdi} as bank using (ref_area, time_period)
        join {area_group} as member using (ref_area)
        where unsd.series = 'EG_ACS_ELEC'
            and unsd.urbanisation = '_T'
            and bank.series = 'EG.ELC.ACCS.ZS'
            and member."group" = 'WB:SSF'
            and abs(unsd.obs_value - bank.obs_value) > 0.1""")
    assert differing == [(2022,)]


def test_no_agency_is_asked_faster_than_its_source_says(first: Ran) -> None:
    sources = load_sources()
    for name in AGENCIES:
        rate = sources[name].rate
        assert rate is not None
        times = [entry["time"] for entry in first.asked if entry["source"] == name]
        least = (len(times) - 1) / rate.requests_per_second
        assert times[-1] - times[0] >= least * 0.9, f"{name}: {len(times)} requests"


def test_a_second_run_asks_whether_anything_is_new_and_makes_no_release(
    first: Ran, stand_in: StandIn, tmp_path: Path
) -> None:
    stand_in.vintage(VINTAGE)
    second = _run(stand_in, copied_home(first.home, tmp_path / "home"))
    assert second.done.code == 0, second.done.err
    assert "Nothing changed" in second.done.out
    assert second.latest.name == first.latest.name
    assert len(list((second.home / "releases").glob("20*"))) == 1
    for source in load_sources().values():
        paths = [entry["path"] for entry in second.asked if entry["source"] == source.id]
        if source.freshness is None or source.id not in AGENCIES:
            continue
        assert paths.pop(0).endswith(source.freshness.path.partition("?")[0])
        asked = " ".join(f"{e['path']} {e['query']}" for e in second.asked if e["source"] == source.id)
        stored = [s for line in _manifest(first.home) if line["event"] == "fetched" for s in line["series"]]
        assert [series for series in stored if f"'{series}'" in asked or f"/{series} " in asked] == []


def test_offline_asks_nobody(first: Ran, stand_in: StandIn, tmp_path: Path) -> None:
    offline = _run(stand_in, copied_home(first.home, tmp_path / "home"), "--offline")
    assert offline.done.code == 0, offline.done.err
    assert offline.asked == []
    assert "Nothing changed" in offline.done.out
    states = dict(line.split()[:2] for line in offline.done.out.splitlines() if len(line.split()) > 2)
    assert {name for name, state in states.items() if state == "stored"} == SERVED


def test_a_redistributable_release_leaves_out_what_may_not_be_passed_on(first: Ran, tmp_path: Path) -> None:
    home = copied_home(first.home, tmp_path)
    done = compact("run", "--offline", "--redistributable", home=home)
    assert done.code == 0, done.err
    folder = home / "redistributable" / "releases" / "latest"
    for table in ("observation", "snapshot", "source", "ledger", "quarantine"):
        column = "distinct source" if table != "source" else "source"
        rows = {
            row[0] for row in duckdb.execute(f"select {column} from '{folder}/{table}.parquet'").fetchall()
        }
        assert "itu_datahub" not in rows, table
    values = duckdb.execute(f"select distinct source, series from '{folder}/indicator.parquet'").fetchall()
    assert not [row for row in values if "itu_datahub" in row[0]]
    assert not [row for row in values if "worldbank_wdi" in row[0] and "IT.NET.USER.ZS" in row[1]]
    assert [row for row in values if row == ("unsd_sdg", "IT_USE_ii99")]
    assert (home / "releases" / "latest").resolve().name == first.latest.name
    assert compact("verify", home=home / "redistributable").code == 0


def test_a_revision_of_one_agency_is_fetched_from_it_alone(first: Ran, revised: Ran) -> None:
    assert revised.done.code == 0, revised.done.err
    assert {entry["source"] for entry in revised.asked} == {"worldbank_wdi"}
    before, after = _snapshots(first), _snapshots(revised)
    assert {name for name in AGENCIES if before[name] != after[name]} == {"worldbank_wdi"}
    asked = {entry["path"].rpartition("/")[2] for entry in revised.asked}
    stored = [line for line in _manifest(first.home) if line["event"] == "fetched"]
    assert asked >= {s for line in stored if line["source"] == "worldbank_wdi" for s in line["series"]}
    # a series of which the agency revised nothing keeps its snapshot, whatever date its answer carries
    assert before["worldbank_wdi"] & after["worldbank_wdi"]
    assert len(before["worldbank_wdi"]) == len(after["worldbank_wdi"])


def test_a_revision_makes_a_release_that_lists_what_was_revised(first: Ran, revised: Ran) -> None:
    assert revised.latest.name != first.latest.name
    card = json.loads((revised.latest / "release.json").read_text())
    assert card["previous"] == first.latest.name
    rows = revised.ask("select indicator, ref_area, time_period, old_value, new_value from {revision}")
    changed = [row for row in rows if row[3] is not None and row[4] is not None]
    assert len(changed) > 50
    key = "where sex = '_T' and age = '_T' and urbanisation = '_T' and quantile = '_T' and other_dims = '_T'"
    cells = f"select indicator, ref_area, time_period, value from {{indicator}} {key}"
    old, new = ({tuple(r[:3]): r[3] for r in ran.ask(cells)} for ran in (first, revised))
    for indicator, area, year, old_value, new_value in changed:
        assert old_value != new_value
        if (indicator, area, year) in new:
            assert (old[indicator, area, year], new[indicator, area, year]) == (old_value, new_value)
    origin = "select distinct ref_area, time_period, snapshot from {indicator} where indicator = 'population'"
    traced = {row[:2]: row[2] for row in revised.ask(origin)}
    moved = [traced[row[1:3]] for row in changed if row[0] == "population"]
    assert moved
    assert _snapshots(first)["worldbank_wdi"].isdisjoint(moved)
    plain = ("population", "gni_per_capita", "life_expectancy")  # one agency, no formula
    assert {row[2] for row in changed if row[0] in plain} <= {2022, 2023, 2024, 2025}
    ratios = [row[4] / row[3] for row in changed if row[0] in plain]
    assert ratios
    assert all(0.949 < ratio < 1.051 for ratio in ratios)


def test_what_the_revision_does_not_touch_is_not_computed_again(revised: Ran) -> None:
    made = Counter(path.parent.name for path in (revised.home / "evaluated").rglob("*.parquet"))
    assert made["population"] == 2  # the World Bank's
    assert made["people_offline"] == 2  # made of it
    assert made["mobile_ownership"] == 1  # UNSD's alone
    assert made["ict_skills_email"] == 1  # ITU's and UNSD's


def test_the_release_before_is_as_it_was(first: Ran, revised: Ran) -> None:
    old = revised.home / "releases" / first.latest.name
    assert compact("verify", old.name, home=revised.home).code == 0
    assert compact("verify", home=revised.home).code == 0
    assert (old / "SHA256SUMS").read_bytes() == (first.latest / "SHA256SUMS").read_bytes()
    listed = compact("releases", "--json", home=revised.home).json
    assert [row["id"] for row in listed] == [revised.latest.name, old.name]
    shown = compact("show", "population", "--area", "KEN", "--release", old.name, "--json", home=revised.home)
    assert shown.json == compact("show", "population", "--area", "KEN", "--json", home=first.home).json


def _manifest(home: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (home / "snapshots" / "manifest.jsonl").read_text().splitlines()]


def _pages(home: Path) -> dict[str, list[str]]:
    """Snapshot to the names of its pages in the store."""
    lines = [line for line in _manifest(home) if line["event"] == "fetched"]
    return {line["snapshot"]: [page["sha256"] for page in line["pages"]] for line in lines}


def _body(home: Path, page: str) -> bytes:
    return (home / "snapshots" / "objects" / page[:2] / page).read_bytes()


def _snapshots(ran: Ran) -> dict[str, set[str]]:
    results: dict[str, set[str]] = {}
    for source, snapshot in ran.ask("select source, snapshot from {snapshot}"):
        results.setdefault(source, set()).add(snapshot)
    return results
