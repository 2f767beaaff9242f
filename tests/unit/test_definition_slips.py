"""Common mistakes in a definition, each with its own message; and input that could hang or crash a reader."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from indicators.registry import check_files
from schemas.definitions.yaml_file import load_yaml
from schemas.errors import DefinitionError, Problem
from tests.faults.table import saw

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
        "fix the divisor",
    ),
    "a factor of nothing": (
        "series: ONLINE}",
        "series: ONLINE, scale: 0.0}",
        "inputs.0.scale",
        8,
        "makes every value 0",
        "fix the factor",
    ),
    "a code that no input has": (
        "series: ONLINE}",
        "series: ONLINE, where: {sex: W}}",
        "inputs.0.where.sex",
        8,
        "no input has a code W of sex",
        "write one of these codes",
    ),
    "an age that no input has": (
        "series: ONLINE}",
        "series: ONLINE, where: {age: Y_GE_15}}",
        "inputs.0.where.age",
        8,
        "no input has a code Y_GE_15 of age",
        "did you mean Y_GE15",
    ),
    "an age written freely": (
        "series: ONLINE}",
        "series: ONLINE, where: {age: 15-24}}",
        "inputs.0.where.age",
        8,
        "no input has a code 15-24 of age",
        "schemas/codelists/code_names.csv",
    ),
    "a quantile that no input has": (
        "series: ONLINE}",
        "series: ONLINE, where: {quantile: Q7}}",
        "inputs.0.where.quantile",
        8,
        "no input has a code Q7 of quantile",
        "write one of these codes",
    ),
    "a level of education that no input has": (
        "series: ONLINE}",
        "series: ONLINE, where: {education: school}}",
        "inputs.0.where.education",
        8,
        "no input has a code school of education",
        "write a code of that form",
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
        "fix the number",
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


def test_a_target_on_the_wrong_side_is_a_warning(folder: Path) -> None:
    file = folder / "indicators" / "digital" / "online.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("value: 100", "value: 0"), encoding="utf-8")
    problems = check_files([file], folder=folder / "indicators", sources_folder=folder / "sources")
    assert any("on the wrong side of higher_is_better" in one.what for one in problems.warnings)


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_told_in_its_own_words(folder: Path, name: str) -> None:
    old, new, field, line, words, remedy = SLIPS[name]
    results = [p for p in told(folder, old, new) if p.field == field]
    assert [(p.line, words in p.what) for p in results] == [(line, True)], results
    assert remedy in results[0].next_step
    assert results[0].allowed


SECONDS = 0.1  # of processor time until a hostile file is refused
# What a file holds, the line that must be named, and words of the reason.
HOSTILE: dict[str, tuple[str, int, str]] = {
    "aliases that grow beyond bounds": (
        "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        + "".join(
            f"{b}: &{b} [{','.join(['*' + a] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        5,
        "more than 20,000 values",
    ),
    "many aliases of a large list": (f"a: &a [{'x,' * 900}]\nb: [{'*a,' * 40_000}]\n", 2, "more than 20,000"),
    "many values": (f"a: [{'b,' * 140_000}]\n", 1, "more than 20,000 values"),
    "many anchors": ("".join(f"a{n}: &{n} x\n" for n in range(12_000)), 10_000, "more than 20,000 values"),
    "an alias of itself": ("a: &a {b: *a}\n", 1, "inside what it names"),
    "a list in itself": ("x: 1\na: &a [*a]\n", 2, "inside what it names"),
    "a key in itself": ("x: 1\n? &a [*a]\n: 1\n", 2, "inside what it names"),
    "an alias of nothing": ("x: 1\na: *b\n", 2, "names nothing"),
    "brackets without end": ("a: " + "[" * 100_000 + "\n", 1, "nested more than 40"),
    "brackets that close": ("a: " + "[" * 5_000 + "]" * 5_000 + "\n", 1, "nested more than 40"),
    "braces without end": ("x: 1\na: " + "{b: " * 50_000 + "\n", 2, "nested more than 40"),
    "dashes without end": (
        "x: 1\na:\n" + "- " * 100_000 + "x\n",
        3,
        "nested more than 40",
    ),  # a crash of libyaml
    "question marks without end": ("? " * 100_000 + "x\n", 1, "nested more than 40"),
    "levels without end": (
        "".join("  " * depth + "a:\n" for depth in range(60)) + "  " * 60 + "b: 1\n",
        41,
        "nested more than 40",
    ),
    "a file that is too large": ("a: " + "b" * 300_000 + "\n", 1, "300,004 bytes"),
    "a number of many digits": ("x: 1\na: " + "9" * 5_000 + "\n", 2, "5,000 digits"),
    "a number beyond all numbers": ("x: 1\na: 1e999\n", 2, "larger than any number"),
    "a program": ("x: 1\na: !!python/object/apply:os.system [ls]\n", 2, "has the tag"),
    "a number by its tag": ("x: 1\na: !!int abc\n", 2, "has the tag"),
    "bytes": ("x: 1\na: !!binary zzz=\n", 2, "has the tag"),
    "a date by its tag": ("x: 1\na: !!timestamp 2020\n", 2, "has the tag"),
    "a set": ("x: 1\na: !!set {b, c}\n", 2, "has the tag"),
    "a list as a name": ("x: 1\n? [a, b]\n: 1\n", 2, "as the name of a field"),
    "nothing as a name": ("x: 1\n~: 1\n", 2, "without a name"),
    "a zero byte": ("x: 1\na: b\0c\n", 2, "unacceptable character"),
    "a terminal command": ("x: 1\na: \x1b[31m\n", 2, "unacceptable character"),
    "half of a character": ('x: 1\na: "\\ud800"\n', 2, "invalid Unicode"),
    "two documents": ("a: 1\n---\nb: 2\n", 2, "another document"),
    "another version of YAML": ("%YAML 9.9\n---\na: 1\n", 1, "incompatible YAML"),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.fault("a hostile YAML file")
def test_a_hostile_file_is_refused_at_once(tmp_path: Path, name: str) -> None:
    """Measured in processor time: within 0.1 s, on a machine where others work too."""
    text, line, words = HOSTILE[name]
    path = tmp_path / "hostile.yaml"
    path.write_text(text, encoding="utf-8")
    start = time.process_time()
    with pytest.raises(DefinitionError) as raised:
        load_yaml(path)
    seconds = time.process_time() - start
    (problem,) = raised.value.problems
    saw(problem.what)
    assert (problem.file, problem.line) == (str(path), line)
    assert words in problem.what
    assert problem.allowed
    assert problem.next_step
    assert seconds < SECONDS


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a: .nan\n", {"a": ".nan"}),
        ("a: 1:20\n", {"a": "1:20"}),
        ("a: 0x1F\n", {"a": "0x1F"}),
        ("a: 1_000\n", {"a": "1_000"}),
        ("a: 2026-01-01\n", {"a": "2026-01-01"}),
        ("a: NO\nb: yes\n", {"a": "NO", "b": "yes"}),
        ("a: {<<: {b: 1}}\n", {"a": {"<<": {"b": 1}}}),
        ("\ufeffa: 1\n", {"a": 1}),
    ],
)
def test_what_another_reader_would_make_a_number_or_a_date_stays_text(
    tmp_path: Path, text: str, data: object
) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(text, encoding="utf-8")
    assert load_yaml(path).data == data


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
