"""The registry: every source of the checkout loads, and every fault has file, line and field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.errors import DefinitionError, Problem
from sources.registry.sources import load_series, load_source, load_sources, reader_of
from tests.unit.wired import DEFINITION


def definition(folder: Path, **changes: Any) -> Path:
    path = folder / "made_up" / "source.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(DEFINITION | changes, sort_keys=False))
    return path


def problems(path: Path) -> list[Problem]:
    with pytest.raises(DefinitionError) as error:
        load_source(path)
    return error.value.problems


def test_every_source_of_the_checkout_loads() -> None:
    sources = load_sources()
    assert "world_factbook" in sources
    for name, source in sources.items():
        assert source.id == name
        assert callable(reader_of(source).raw_rows)


def test_a_source_loads(tmp_path: Path) -> None:
    definition(tmp_path)
    assert load_sources(tmp_path)["made_up"].areas.not_carried == {"SUN": "dissolved in 1991"}


@pytest.mark.parametrize(
    ("changes", "field", "what"),
    [
        ({"id": "other"}, "id", "the folder is made_up"),
        ({"reader": "telepathy"}, "reader", "there is no reader telepathy"),
        ({"units": {"KILO": "STONE"}}, "units.KILO", "unknown unit 'STONE'"),
        ({"units": {"KILO": "PERCENT"}}, "units.KILO", "unknown unit 'PERCENT'"),
        ({"statuses": {"est": "Z"}}, "statuses.est", "no observation status"),
        ({"missing": {"N": "C"}}, "missing.N", "no observation status"),
        (
            {"dimensions": {"Zone": {"to": "ZONE", "codes": {"a": "A=B"}}}},
            "dimensions.Zone.codes.a",
            "cannot be a code",
        ),
        ({"dimensions": {"Zone": {"to": "zone"}}}, "dimensions.Zone.to", "'zone'"),
        (
            {"areas": {"scheme": "iso3", "aliases": {"KSV": "KOS"}}},
            "areas.aliases.KSV",
            "no area of the code lists",
        ),
        (
            {"areas": {"scheme": "iso3", "aliases": {"KSV": "XKX"}, "not_carried": {"KSV": "why"}}},
            "areas.aliases.KSV",
            "also stands in not_carried",
        ),
        ({"homepage": "javascript:alert(1)"}, "homepage", "cannot stand here"),
        ({"colour": "red"}, "colour", "unknown field"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, changes: dict[str, Any], field: str, what: str) -> None:
    path = definition(tmp_path, **changes)
    (problem,) = problems(path)
    assert (problem.file, problem.field) == (str(path), field)
    assert what in problem.what
    line = path.read_text().splitlines()[problem.line - 1]
    assert field.split(".")[-1] in line


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    path = definition(tmp_path, units={"KILO": "STONE"}, statuses={"est": "Z"})
    (path.parent.parent / "broken").mkdir()
    (path.parent.parent / "broken" / "source.yaml").write_text("id: [")
    with pytest.raises(DefinitionError) as error:
        load_sources(tmp_path)
    assert {p.field for p in error.value.problems} == {"(syntax)", "statuses.est", "units.KILO"}


def series(folder: Path, text: str) -> Path:
    path = folder / "made_up" / "series.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_series_keep_their_text_and_further_columns(tmp_path: Path) -> None:
    series(tmp_path, '\ufeffcode,title,unit,topic\nNA,"Not, NaN",PT,null\n007,Bond,NOT_STATED,\n')
    result = load_series("made_up", tmp_path)
    assert list(result) == ["NA", "007"]
    assert (result["NA"].title, result["NA"].unit, result["NA"].more) == ("Not, NaN", "PT", {"topic": "null"})
    assert result["007"].more == {"topic": ""}


def test_no_file_no_series(tmp_path: Path) -> None:
    assert load_series("made_up", tmp_path) == {}


@pytest.mark.parametrize(
    ("text", "line", "field", "what"),
    [
        ("title,code,unit\n", 1, "(header)", "begins with title"),
        ("", 1, "(header)", "begins with nothing"),
        ("code,title,unit,unit\n", 1, "(header)", "begins with code"),
        ("code,title,unit\nA,First,PT\nA,Again,PT\n", 3, "code", "appears twice"),
        ("code,title,unit\nA;B,First,PT\n", 2, "code", "cannot be a code"),
        ("code,title,unit\nA,First,PERCENT\n", 2, "unit", "unknown unit 'PERCENT'"),
        ("code,title,unit\nA, ,PT\n", 2, "title", "is empty"),
        ("code,title,unit\nA,First\n", 2, "(line)", "more or fewer fields"),
        ("code,title,unit\nA,First,PT,more\n", 2, "(line)", "more or fewer fields"),
        ('code,title,unit\nA,"First"x,PT\n', 2, "(file)", "cannot be read"),
    ],
)
def test_a_fault_of_a_series_is_named(tmp_path: Path, text: str, line: int, field: str, what: str) -> None:
    path = series(tmp_path, text)
    with pytest.raises(DefinitionError) as error:
        load_series("made_up", tmp_path)
    (problem,) = error.value.problems
    assert (problem.file, problem.line, problem.field) == (str(path), line, field)
    assert what in problem.what
