"""The sources of the objectives without data, read from the agencies' own files, and their invariants.

Each file goes through its reader and staging as a run would bring it; the figures held to are counts and
identities that the publishers state or that follow from their methods. Nothing of the files is kept here.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import mean
from typing import Any

import pyarrow.parquet as pq
import pytest

from sources.model import InvalidResponse, SnapshotFiles
from sources.registry.sources import SOURCES, load_series, load_source, reader_of
from sources.staging.stage import stage_source
from tests.ledger import reconciles
from tests.specimen_files import Replay

Row = dict[str, Any]
Read = Callable[..., tuple[list[Row], Counter[str]]]
OBJECTIVES = Path("data") / "objectives"
MAP = Path("data") / "contracts" / "new_sources" / "dpi_map"


@pytest.fixture
def read(shared: Path, tmp_path: Path) -> Read:
    """The staged rows of a source's files, by resource, and how many rows were rejected for which reason."""

    def staged(source_id: str, **resources: Path) -> tuple[list[Row], Counter[str]]:
        source = load_source(SOURCES / source_id / "source.yaml")
        reader = reader_of(source)
        plan = {r.key: r for r in reader.plan(source, list(load_series(source_id)))}
        files = []
        for key, path in resources.items():
            body = (shared / path).read_bytes()
            answer = reader.fetch(source, plan[key], Replay([body]))  # type: ignore[arg-type]
            assert answer.rows > 0
            page = tmp_path / f"{source_id}-{key}"
            page.write_bytes(body)
            digest = hashlib.sha256(key.encode() + body).hexdigest()
            files.append(SnapshotFiles(digest, key, (page,), ("specimen:",), "2026-11-30"))
        result = stage_source(source, files, tmp_path / "home")
        assert all(reconciles(counts) for counts in result.ledger())
        return pq.read_table(result.observation).to_pylist(), Counter(result.reasons)

    return staged


def by_area(rows: list[Row], series: str, year: int | None = None) -> dict[str, float]:
    """Area to value of the rows with one, of a series."""
    return {
        row["ref_area"]: row["obs_value"]
        for row in rows
        if row["series"] == series
        and row["obs_value"] is not None
        and (year is None or row["time_period"] == year)
    }


def test_the_cyberlaw_tracker_counts_laws_in_force(read: Read) -> None:
    rows, rejected = read("unctad_cyberlaw", laws=OBJECTIVES / "unctad_cyberlaw" / "data.csv")
    assert not rejected
    counted = {
        series: Counter(row["footnote"] or row["obs_status"] for row in rows if row["series"] == series)
        for series in load_series("unctad_cyberlaw")
    }
    words = ("Legislation", "Draft Legislation", "No Legislation", "O")
    assert {series: tuple(n[word] for word in words) for series, n in counted.items()} == {
        "CONSUMER": (119, 3, 55, 18),
        "CYBERCRIME": (175, 5, 14, 1),
        "ETRANSACTIONS": (176, 4, 14, 1),
        "PRIVACY": (155, 5, 33, 2),
        "TAXATION": (98, 0, 97, 0),
    }
    assert sum(by_area(rows, "PRIVACY").values()) == 155  # a draft is no law
    assert len(by_area(rows, "PRIVACY")) == 193  # "No Data" is missing and not no


def test_the_shape_of_two_weeks_before_gives_the_same_values(read: Read) -> None:
    folder = OBJECTIVES / "unctad_cyberlaw"
    now, _ = read("unctad_cyberlaw", laws=folder / "data.csv")
    before, _ = read("unctad_cyberlaw", laws=folder / "data_2026-02-24.csv")

    def bare(rows: list[Row]) -> list[Row]:
        return [row | {"snapshot": ""} for row in rows]

    assert bare(now) == bare(before)


def test_the_next_change_of_shape_is_refused_by_name(shared: Path) -> None:
    source = load_source(SOURCES / "unctad_cyberlaw" / "source.yaml")
    reader = reader_of(source)
    (resource,) = reader.plan(source, list(load_series(source.id)))
    lines = (shared / OBJECTIVES / "unctad_cyberlaw" / "data.csv").read_text(encoding="utf-8").splitlines()
    wider = "\r\n".join([f"{lines[0]},Data Localisation", *(f"{line},0" for line in lines[1:])])
    with pytest.raises(InvalidResponse, match="Data Localisation"):
        reader.fetch(source, resource, Replay([wider.encode()]))  # type: ignore[arg-type]


def test_the_penalty_makes_the_score_of_responsible_ai(read: Read) -> None:
    folder = OBJECTIVES / "girai"
    rows, rejected = read(
        "girai",
        indicators_2026=folder / "GIRAI_2026_all_indicators.csv",
        scores_2026=folder / "GIRAI_2026_ranking_and_scores.csv",
        scores_2024=folder / "GIRAI_2024_rankings_and_scores.csv",
    )
    score, raw, penalty = (by_area(rows, f"{name}_2026") for name in ("SCORE", "RAW", "URAI"))
    assert len(score) == len(raw) == 135
    assert all(score[area] == pytest.approx(raw[area] * penalty[area], abs=0.01) for area in score)
    below = [value for value in penalty.values() if value < 1]
    assert (len(below), min(below)) == (35, 0.9)
    assert len(by_area(rows, "SCORE_2024", 2024)) == 138
    assert {row["time_period"] for row in rows if row["series"] == "SCORE_2026"} == {2026}
    assert set(rejected) == {"no_country"}


def test_frameworks_for_privacy_agree_with_the_list_of_laws(read: Read) -> None:
    laws, _ = read("unctad_cyberlaw", laws=OBJECTIVES / "unctad_cyberlaw" / "data.csv")
    scores, _ = read("girai", indicators_2026=OBJECTIVES / "girai" / "GIRAI_2026_all_indicators.csv")
    framework = by_area(scores, "DATA_PROTECTION_AND_PRIVACY_2026")
    groups: dict[str, list[float]] = {}
    for row in laws:
        if row["series"] == "PRIVACY" and row["footnote"] and row["ref_area"] in framework:
            groups.setdefault(row["footnote"], []).append(framework[row["ref_area"]])
    assert {word: (len(values), round(mean(values), 1)) for word, values in groups.items()} == {
        "Legislation": (119, 65.5),
        "Draft Legislation": (3, 41.7),
        "No Legislation": (11, 18.3),
    }


def test_the_maturity_index_is_the_mean_of_its_parts(read: Read) -> None:
    rows, rejected = read("gtmi", waves=OBJECTIVES / "gtmi" / "gtmi_2020_2022_2025.csv")
    parts: dict[tuple[str, int], dict[str, float]] = {}
    for row in rows:
        parts.setdefault((row["ref_area"], row["time_period"]), {})[row["series"]] = row["obs_value"]
    assert (len(parts), not rejected) == (593, True)
    for values in parts.values():
        whole = values.pop("GTMI")
        assert whole == pytest.approx(mean(values.values()), abs=1e-12)


def test_the_codes_of_the_democracy_index_that_are_no_country_are_left_out(read: Read) -> None:
    rows, rejected = read("vdem", media_privacy=OBJECTIVES / "vdem" / "vdem_v14_media_privacy_2000_2023.csv")
    areas = {row["ref_area"] for row in rows}
    assert (len(areas), {"PSE", "PSG", "SML", "ZZB"} & areas) == (175, set())
    assert set(rejected) == {"area_not_carried"}
    freer = by_area(rows, "v2mecenefi", 2023)  # the codebook's sign: higher is less censored
    assert freer["EST"] > 0 > freer["CHN"]


def test_namibia_is_an_economy_and_the_european_union_none(read: Read) -> None:
    folder = OBJECTIVES / "github_innovation_graph"
    names = ("developers", "repositories", "organizations", "git_pushes", "licenses")
    rows, rejected = read("github_innovation_graph", **{name: folder / f"{name}.csv" for name in names})
    assert rejected == {"area_not_carried": 620}
    assert all("QUARTER=" in row["other_dims"] for row in rows)
    assert any(row["ref_area"] == "NAM" for row in rows)
    assert len({row["ref_area"] for row in rows if row["series"] == "DEVELOPERS"}) == 228


def test_systems_that_count_as_infrastructure_are_counted(read: Read) -> None:
    rows, rejected = read(
        "dpi_map", **{name: MAP / f"{name}.csv" for name in ("identity", "payment", "exchange")}
    )
    totals = {name: sum(by_area(rows, name).values()) for name in ("identity", "payment", "exchange")}
    assert totals == {"identity": 70, "payment": 105, "exchange": 103}  # one payment system is regional
    assert 0 in by_area(rows, "identity").values()  # looked at, and none found
    assert set(rejected) == {"area_not_carried", "counted_in_total"}
