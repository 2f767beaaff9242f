"""The commonest slips in a definition, each told in its own words; and what could hang or crash a reader."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from indicators.registry import check_files
from schemas.definitions.yaml_file import load_yaml
from schemas.errors import DefinitionError, Problem

FIXTURE = Path(__file__).resolve().parent.parent / "fixtures" / "indicators"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(FIXTURE, tmp_path, dirs_exist_ok=True)
    return tmp_path


def told(folder: Path, old: str, new: str | bytes, name: str = "online") -> list[Problem]:
    file = folder / "indicators" / "digital" / f"{name}.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    changed = text.encode().replace(old.encode(), new if isinstance(new, bytes) else new.encode(), 1)
    file.write_bytes(changed)
    return check_files([file], folder=folder / "indicators", sources_folder=folder / "sources").problems


# What is written for what, and the field, line, words and remedy that must follow.
SLIPS = {
    "a tab": ("unit: PT", "\tunit: PT", "(syntax)", 5, "a tab", "blanks"),
    "per cent as a sign": ("unit: PT", "unit: %", "(syntax)", 5, "sign that YAML reserves", "write PT"),
    "per cent as a word": ("unit: PT", "unit: percent", "unit", 5, "'percent' is not a code", "write PT"),
    "a decimal comma": ("value: 100", "value: '2,5'", "target.value", 9, "decimal comma", "write 2.5"),
    "a quoted year": ("year: 2030", "year: '2030'", "target.year", 9, "in quotes", "write 2030"),
    "a number with its sign": (
        "value: 100",
        "value: 95 %",
        "target.value",
        9,
        "sign of its unit",
        "write 95",
    ),
    "an unquoted reference": (
        "title: People online",
        "title: 8.5",
        "title",
        2,
        "8.5 is read as a number",
        'write "8.5"',
    ),
    "a colon in a title": (
        "title: People online",
        "title: People: online",
        "(syntax)",
        2,
        "a colon and a blank",
        "in quotes",
    ),
    "Latin-1": ("People online", b"Acc\xe8s", "(file)", 2, "is not UTF-8", "save the file as UTF-8"),
    "a leading equals sign": (
        "aggregate:",
        "formula: =value\naggregate:",
        "formula",
        10,
        "as in a spreadsheet",
        "remove the leading =",
    ),
    "a power sign": (
        "aggregate:",
        "formula: value ^ 2\naggregate:",
        "formula",
        10,
        "^ is not a power",
        "power(x, 2)",
    ),
    "a mean": (
        "aggregate:",
        "formula: avg(value)\naggregate:",
        "formula",
        10,
        "a mean over",
        "moving_average",
    ),
    "a division by zero": (
        "aggregate:",
        "formula: value / 0\naggregate:",
        "formula",
        10,
        "divides by zero",
        "mend the divisor",
    ),
    "a factor of nothing": (
        "series: ONLINE}",
        "series: ONLINE, scale: 0.0}",
        "inputs.0.scale",
        8,
        "makes every value 0",
        "mend the factor",
    ),
    "a break nowhere": (
        "aggregate:",
        "breaks: [{time_period: 2020, ref_area: KNY, reason: new}]\naggregate:",
        "breaks.0.ref_area",
        10,
        "there is no country KNY",
        "ISO3",
    ),
    "a break never": (
        "aggregate:",
        "breaks: [{time_period: 20200, reason: new}]\naggregate:",
        "breaks.0.time_period",
        10,
        "20200 is no year",
        "first year on the new side",
    ),
    "more areas than there are": (
        "expect: {range: [0, 100]}",
        "expect: {range: [0, 100], areas_min: 400}",
        "expect.areas_min",
        11,
        "400 is more than the 250",
        "mend the number",
    ),
    "a leading zero": ("year: 2030", "year: 02030", "target.year", 9, "begins with a zero", "2030"),
    "a leading zero that is no octal number": (
        "year: 2030",
        "year: 0128",
        "target.year",
        9,
        "begins with a zero",
        "128",
    ),
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_told_in_its_own_words(folder: Path, name: str) -> None:
    old, new, field, line, words, remedy = SLIPS[name]
    found = [p for p in told(folder, old, new) if p.field == field]
    assert [(p.line, words in p.what) for p in found] == [(line, True)], found
    assert remedy in found[0].next_step
    assert found[0].allowed


HOSTILE = {
    "aliases that grow beyond bounds": "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
    + "".join(
        f"{b}: &{b} [{','.join(['*' + a] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    ),
    "an alias of itself": "a: &a {b: *a}\n",
    "brackets without end": "a: " + "[" * 100_000 + "\n",
    "brackets that close": "a: " + "[" * 5_000 + "]" * 5_000 + "\n",
    "levels without end": "".join("  " * depth + "a:\n" for depth in range(60)) + "  " * 60 + "b: 1\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_at_once(tmp_path: Path, name: str) -> None:
    path = tmp_path / "hostile.yaml"
    path.write_text(HOSTILE[name], encoding="utf-8")
    start = time.monotonic()
    with pytest.raises(DefinitionError) as raised:
        load_yaml(path)
    assert time.monotonic() - start < 2  # 0.1 s on an idle machine; the bound is for busy ones
    (problem,) = raised.value.problems
    assert problem.file.endswith("hostile.yaml")
    assert problem.next_step


def test_a_fault_of_syntax_beside_an_anchor_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "faulty.yaml"
    path.write_text("a: &a 1\nb: c: d\n", encoding="utf-8")
    with pytest.raises(DefinitionError) as raised:
        load_yaml(path)
    assert [(p.line, p.what) for p in raised.value.problems] == [(2, "a colon and a blank inside a text")]


def test_aliases_of_a_sound_file_are_read(tmp_path: Path) -> None:
    path = tmp_path / "sound.yaml"
    path.write_text("a: &a {x: 1, y: [1, 2]}\nb: *a\nc: [*a, *a]\n", encoding="utf-8")
    assert load_yaml(path).data["c"] == [{"x": 1, "y": [1, 2]}] * 2
