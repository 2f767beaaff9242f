"""`compact new indicator`: the written file passes the check, nothing is guessed, and no file is
overwritten.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from indicators.registry import FOLDER, check_files
from indicators.scaffold.indicator import SCHEMA, Wanted, scaffold
from indicators.scaffold.sdmx_lookup import series_of_dataflow
from indicators.search import candidates
from pipelines.cli.extend.answers import wanted_breaks, wanted_target
from schemas.errors import CompactError, DefinitionError
from tests.command import in_process

SERIES = "worldbank_wdi:SE.ADT.1524.LT.ZS"
WANTED = Wanted(
    "youth_literacy_new",
    "skills",
    {"value": (SERIES,)},
    "higher_is_better",
    {"compact_brief": "A", "compact_adopted": "1"},
    0,
    100,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(
        shutil.copytree(FOLDER, tmp_path / "indicators", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    )


@pytest.mark.slow
def test_what_is_written_passes_the_check_and_names_its_schema(folder: Path) -> None:
    path = scaffold(WANTED, folder=folder)
    assert path == folder / "skills" / "youth_literacy_new.yaml"
    assert check_files([path], folder=folder).problems == []
    text = path.read_text(encoding="utf-8")
    assert text.splitlines()[0] == SCHEMA
    assert 'title: "Literacy rate, youth total (% of people ages 15-24)"' in text
    assert "unit: PT" in text
    assert 'compact_adopted: "1"' in text


def test_named_inputs_with_fallbacks_and_a_formula(folder: Path) -> None:
    inputs = {"part": (SERIES, "unesco_uis:LR.AG15T24"), "whole": ("internet_use",)}
    given = {"title": "T: of something", "description": "Words.", "unit": "RATIO", "formula": "part / whole"}
    text = scaffold(replace(WANTED, inputs=inputs, **given), folder=folder).read_text(encoding="utf-8")
    assert "    - {source: unesco_uis, series: LR.AG15T24}" in text
    assert "    - {indicator: internet_use}" in text
    assert "formula: part / whole" in text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("95:2030", "target:\n  value: 95\n  year: 2030\n  origin: ITU 2022\n"),
        ("1.5x2015:2030", "  relative: {base_year: 2015, factor: 1.5, reason: ITU 2022}\n"),
    ],
)
def test_a_target_parts_and_breaks_are_written(folder: Path, text: str, written: str) -> None:
    more = replace(
        WANTED,
        target=wanted_target(text, "ITU 2022"),
        gaps=("sex", "age"),
        breaks=wanted_breaks(["2018=New questions.", "KEN:2019=A census."]),
    )
    made = scaffold(more, folder=folder).read_text(encoding="utf-8")
    assert written in made
    assert "gaps: [sex, age]\n" in made
    assert "  - {time_period: 2018, ref_area: all, reason: New questions.}\n" in made
    assert "  - {time_period: 2019, ref_area: KEN, reason: A census.}\n" in made


@pytest.mark.parametrize("text", ["95", "x2015:2030", "95:30", "halve:2030"])
def test_what_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(CompactError, match="is no target"):
        wanted_target(text, "ITU")
    with pytest.raises(CompactError, match="needs an owner"):
        wanted_target("95:2030", "")
    with pytest.raises(CompactError, match="is no break"):
        wanted_breaks(["18=New questions."])


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"id": "Youth"}, "cannot be an id"),
        ({"id": "internet_use"}, "there is an indicator internet_use"),
        ({"group": "frameworks"}, "cannot be a group"),
        ({"group": "../elsewhere"}, "cannot be a group"),
        ({"inputs": {"value": ("worldbank_wdj:X",)}}, "there is no source worldbank_wdj"),
        ({"inputs": {"value": ("worldbank_wdi:SE.ADT.1524.LT.ZT",)}}, "has no series"),
        ({"inputs": {"a": ("internet_use",)}, "formula": "a"}, "--title is missing"),
    ],
)
def test_wrong_answers_are_refused_and_leave_nothing(
    folder: Path, change: dict[str, object], what: str
) -> None:
    before = sorted(folder.rglob("*"))
    with pytest.raises(CompactError, match=what):
        scaffold(replace(WANTED, **change), folder=folder)  # type: ignore[arg-type]
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"direction": "up"}, "direction"),
        ({"frameworks": {"sdgs": "4.1.1"}}, "frameworks.sdgs"),
        ({"low": 100.0, "high": 0.0}, "expect.range"),
        ({"aggregate": "weighted_mean"}, "aggregate"),
        ({"unit": "RATIO"}, "inputs.0.series"),
    ],
)
def test_what_the_check_refuses_is_said_and_not_left(
    folder: Path, change: dict[str, object], field: str
) -> None:
    with pytest.raises(DefinitionError) as raised:
        scaffold(replace(WANTED, **change), folder=folder)  # type: ignore[arg-type]
    assert field in {problem.field for problem in raised.value.problems}
    assert not (folder / "skills" / f"{WANTED.id}.yaml").exists()


def test_candidates_are_found_by_words_or_code_the_exact_code_first() -> None:
    rows = candidates("literacy youth total")
    assert SERIES in {row["series"] for row in rows}
    assert all({"series", "title", "unit"} == set(row) for row in rows)
    assert candidates("SE.ADT.1524.LT.ZS")[0]["series"] == SERIES
    assert candidates("zzzz") == candidates("") == []
    assert len(candidates("population")) == 10


@pytest.mark.parametrize(
    "reference",
    [
        "OECD.WISE.INE:DSD_WISE_IDD@DF_IDD(1.0)/.A.INC_DISP_GINI......",
        "OECD.WISE.INE,DSD_WISE_IDD@DF_IDD,1.0/.A.INC_DISP_GINI......",
        "urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow=OECD.WISE.INE:DSD_WISE_IDD@DF_IDD(1.0)/.A.INC_DISP_GINI......",
    ],
)
def test_a_dataflow_reference_is_the_series_that_reads_it(reference: str) -> None:
    assert series_of_dataflow(reference) == ["oecd:INC_DISP_GINI"]


def test_a_dataflow_that_nobody_reads_is_refused_with_those_that_are_read() -> None:
    assert {"oecd:INC_DISP_GINI", "oecd:INC_MRKT_GINI"} <= set(
        series_of_dataflow("OECD.WISE.INE:DSD_WISE_IDD@DF_IDD")
    )
    for wrong, what in (
        ("ESTAT:NAMA_10(1.0)", "no source here reads"),
        ("OECD.WISE.INE:DSD_WISE_IDD@DF_IDD/A.B", "has the key"),
        ("not a reference", "is no reference"),
    ):
        with pytest.raises(CompactError, match=what) as raised:
            series_of_dataflow(wrong)
        assert raised.value.allowed


def test_without_answers_and_without_a_terminal_the_option_is_named(tmp_path: Path) -> None:
    done = in_process("new", "indicator", "x", "--series", SERIES, home=tmp_path)
    assert done.code == 2
    assert "--range is missing" in done.err
    done = in_process("new", "indicator", "x", "--find", "literacy youth", home=tmp_path)
    assert (done.code, "SE.ADT.1524.LT.ZS" in done.out) == (0, True)
