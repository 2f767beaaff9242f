"""The catalogue: every fault is one problem with file, line, field, what is allowed and the next step."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from indicators.fingerprint import numbers_fingerprint
from indicators.registry import Catalogue, check_files, load_catalogue
from indicators.search import search
from schemas.definitions.indicator import Indicator
from schemas.errors import DefinitionError, Problem

FIXTURE = Path(__file__).resolve().parent.parent / "fixtures" / "indicators"


class Folder:
    """A copy of the small catalogue, to break."""

    def __init__(self, root: Path) -> None:
        shutil.copytree(FIXTURE, root, dirs_exist_ok=True)
        self.indicators, self.sources = root / "indicators", root / "sources"

    def file(self, name: str) -> Path:
        return self.indicators / "digital" / f"{name}.yaml"

    def edit(self, name: str, old: str, new: str) -> None:
        text = self.file(name).read_text(encoding="utf-8")
        assert old in text
        self.file(name).write_text(text.replace(old, new, 1), encoding="utf-8")

    def load(self) -> Catalogue:
        return load_catalogue(self.indicators, sources_folder=self.sources)

    def problems(self) -> list[Problem]:
        """What load_catalogue raises."""
        with pytest.raises(DefinitionError) as raised:
            self.load()
        return raised.value.problems


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_a_sound_folder_is_loaded_in_the_order_of_its_inputs(folder: Folder) -> None:
    catalogue = folder.load()
    assert list(catalogue) == ["online", "people", "offline"]
    assert catalogue.in_order(["offline"]) == ["online", "people", "offline"]
    assert catalogue.in_order(["people"]) == ["people"]
    assert catalogue.indicators_of("offline") == ["online", "people"]
    assert catalogue.sources_of("online") == ["agency"]
    assert catalogue.sources_of("offline") == []
    assert catalogue.series_of("agency") == {"ONLINE", "PEOPLE"}
    assert catalogue.group_of("online") == "digital"
    assert catalogue.file_of("online") == folder.file("online")


# Each fault: which file, what is replaced by what, and the problem that must follow: field, line, words.
FAULTS: dict[str, tuple[str, str, str, str, int, str, str]] = {
    "unknown key": (
        "online",
        "direction:",
        "colour: red\ndirection:",
        "colour",
        6,
        "unknown field",
        "direction",
    ),
    "misspelt key": (
        "online",
        "direction:",
        "directon:",
        "directon",
        6,
        "unknown field",
        "direction",
    ),
    "wrong type": (
        "online",
        "value: 100",
        "value: many",
        "target.value",
        9,
        "'many' cannot stand here",
        "number",
    ),
    "wrong type in an input": (
        "online",
        "series: ONLINE}",
        "series: 5}",
        "inputs.0.series",
        8,
        "'5' cannot stand here",
        "string",
    ),
    "unknown key in an input": (
        "online",
        "series: ONLINE}",
        "series: ONLINE, factor: 2}",
        "inputs.0.factor",
        8,
        "unknown field",
        "scale",
    ),
    "unknown source": (
        "online",
        "source: agency",
        "source: agancy",
        "inputs.0.source",
        8,
        "no source agancy",
        "agency",
    ),
    "unknown series": (
        "online",
        "series: ONLINE}",
        "series: ONLIN}",
        "inputs.0.series",
        8,
        "no series ONLIN",
        "series.csv",
    ),
    "unknown indicator": (
        "offline",
        "indicator: online",
        "indicator: onlin",
        "inputs.online.0.indicator",
        8,
        "no indicator onlin",
        "id",
    ),
    "syntax error in a formula": (
        "offline",
        "100 - online)",
        "100 - online",
        "formula",
        10,
        "syntax error",
        "names of the inputs",
    ),
    "unknown column": (
        "offline",
        "100 - online)",
        "100 - onlin)",
        "formula",
        10,
        "unknown column `onlin`",
        "online, people",
    ),
    "forbidden function": (
        "offline",
        "people *",
        "random() *",
        "formula",
        10,
        "function `random` is not allowed",
        "coalesce",
    ),
    "unused input": (
        "offline",
        "people * (100 - online) / 100",
        "online",
        "inputs.people",
        9,
        "does not use `people`",
        "inputs",
    ),
    "missing direction": (
        "online",
        "direction: higher_is_better\n",
        "",
        "direction",
        1,
        "missing",
        "higher_is_better",
    ),
    "wrong direction": (
        "online",
        "direction: higher_is_better",
        "direction: up",
        "direction",
        6,
        "'up'",
        "higher_is_better",
    ),
    "id that is not the file's name": (
        "offline",
        "id: offline",
        "id: off_line",
        "id",
        1,
        "the file is named offline.yaml",
        "the file's name",
    ),
    "unknown unit": (
        "online",
        "unit: PT",
        "unit: PERCENTAGE",
        "unit",
        5,
        "unknown unit PERCENTAGE",
        "units.yaml",
    ),
    "unit of the series": (
        "online",
        "series: ONLINE}",
        "series: LINES}",
        "inputs.0.series",
        8,
        "is in PER_100_POP, not in PT",
        "PT",
    ),
    "neither series nor indicator": (
        "online",
        "{source: agency, series: ONLINE}",
        "{source: agency}",
        "inputs.0",
        8,
        "either a series",
        "indicator",
    ),
    "no input": (
        "offline",
        "online: [{indicator: online}]",
        "online: []",
        "inputs.online",
        8,
        "names no series",
        "one input",
    ),
    "unknown weight": (
        "online",
        "weight: people",
        "weight: peple",
        "aggregate.weight",
        10,
        "no indicator peple",
        "id",
    ),
    "weighted mean without weight": (
        "online",
        ", weight: people",
        "",
        "aggregate",
        10,
        "has no weight",
        "weight",
    ),
    "weight that nothing uses": (
        "online",
        "method: weighted_mean",
        "method: none",
        "aggregate.weight",
        10,
        "uses no weight",
        "weighted_mean",
    ),
    "range the wrong way": (
        "online",
        "range: [0, 100]",
        "range: [100, 0]",
        "expect.range",
        11,
        "runs from 100 to 0",
        "lowest",
    ),
    "target outside the range": (
        "online",
        "value: 100",
        "value: 101",
        "target.value",
        9,
        "outside expect.range",
        "0 to 100",
    ),
    "target before its baseline": (
        "online",
        "year: 2030",
        "year: 2015",
        "target.year",
        9,
        "not after the baseline",
        "baseline_year",
    ),
    "bounds the wrong way": (
        "online",
        "target:",
        "bounds: {worst: 100, best: 0, reason: x}\ntarget:",
        "bounds",
        9,
        "do not fit",
        "best",
    ),
    "unknown framework": (
        "online",
        "sdg: 17.8.1",
        "sgd: 17.8.1",
        "frameworks.sgd",
        4,
        "unknown framework",
        "sdg",
    ),
    "unknown part of a framework": (
        "online",
        "compact_brief: A",
        "compact_brief: Z",
        "frameworks.compact_brief",
        4,
        "no part Z",
        "A, B",
    ),
    "key that appears twice": (
        "online",
        "unit: PT",
        "unit: PT\nunit: PS",
        "unit",
        6,
        "appears twice",
        "once",
    ),
    "not YAML": (
        "online",
        "title: People online",
        "title: [People online",
        "(syntax)",
        3,
        "is not YAML",
        "YAML",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_problem_with_its_place_and_the_way_out(folder: Folder, fault: str) -> None:
    name, old, new, field, line, what, allowed = FAULTS[fault]
    folder.edit(name, old, new)
    problems = folder.problems()
    assert len(problems) == 1, "\n".join(map(str, problems))
    (problem,) = problems
    assert Path(problem.file).resolve() == folder.file(name).resolve()
    assert (problem.field, problem.line) == (field, line)
    assert what in problem.what
    assert allowed in problem.allowed
    assert problem.next_step


def test_a_duplicate_id_is_one_problem_at_the_second_file(folder: Folder) -> None:
    other = folder.indicators / "other" / "online.yaml"
    other.parent.mkdir()
    shutil.copy(folder.file("online"), other)
    (problem,) = folder.problems()
    assert Path(problem.file).resolve() == other.resolve()
    assert (problem.field, problem.line, problem.allowed) == ("id", 1, "each id once")
    assert str(folder.file("online")) in problem.what
    assert problem.next_step


def test_a_copy_under_another_name_is_a_duplicate_and_nothing_else(folder: Folder) -> None:
    shutil.copy(folder.file("online"), folder.file("online_copy"))
    assert [(p.field, p.allowed) for p in folder.problems()] == [("id", "each id once")]


def test_a_circle_is_one_problem_that_names_the_way_round(folder: Folder) -> None:
    folder.edit("online", "{source: agency, series: ONLINE}", "{indicator: offline}")
    (problem,) = folder.problems()
    assert problem.field == "inputs"
    assert "offline -> online -> offline" in problem.what or "online -> offline -> online" in problem.what


def test_the_right_name_is_suggested(folder: Folder) -> None:
    folder.edit("online", "series: ONLINE}", "series: ONLNE}")
    assert "did you mean ONLINE" in folder.problems()[0].next_step
    folder.edit("online", "series: ONLNE}", "series: ONLINE}")
    folder.edit("online", "unit: PT", "units: PT")
    (problem,) = folder.problems()
    assert problem.next_step == "did you mean `unit`?"


def test_an_unreadable_file_makes_no_problems_in_the_files_that_name_it(folder: Folder) -> None:
    folder.edit("people", "direction: higher_is_better\n", "")
    assert [Path(p.file).name for p in folder.problems()] == ["people.yaml"]


def test_problems_of_several_files_are_told_together_and_in_order(folder: Folder) -> None:
    folder.edit("people", "unit: PS", "unit: HEADS")
    folder.edit("online", "range: [0, 100]", "range: [9, 1]")
    checked = check_files(folder=folder.indicators, sources_folder=folder.sources)
    mine = [p for p in checked.problems if p.file.endswith(("people.yaml", "online.yaml"))]
    assert [Path(p.file).name for p in mine] == ["online.yaml", "people.yaml"]


def test_only_the_named_files_are_reported(folder: Folder) -> None:
    folder.edit("people", "unit: PS", "unit: HEADS")
    checked = check_files([folder.file("online")], folder=folder.indicators, sources_folder=folder.sources)
    assert (checked.files, checked.problems) == (1, [])
    checked = check_files([folder.file("people")], folder=folder.indicators, sources_folder=folder.sources)
    assert [p.field for p in checked.problems] == ["unit"]


def test_a_file_outside_the_folder_is_judged_with_the_folder_around_it(
    folder: Folder, tmp_path: Path
) -> None:
    text = folder.file("offline").read_text(encoding="utf-8").replace("id: offline", "id: draft")
    draft = tmp_path / "drafts" / "draft.yaml"
    draft.parent.mkdir()
    draft.write_text(text.replace("100 - online", "100 - onlin"), encoding="utf-8")
    checked = check_files([draft], folder=folder.indicators, sources_folder=folder.sources)
    assert [(p.field, p.line) for p in checked.problems] == [("formula", 10)]


def test_a_path_that_is_not_there_is_a_problem(folder: Folder) -> None:
    missing = folder.file("nowhere")
    checked = check_files([missing], folder=folder.indicators, sources_folder=folder.sources)
    assert "cannot be read" in checked.problems[0].what


def test_another_ending_is_not_passed_over(folder: Folder) -> None:
    folder.file("online").rename(folder.file("online").with_suffix(".yml"))
    assert "ends in .yml" in folder.problems()[0].what


def test_optional_series_are_told_apart(folder: Folder) -> None:
    folder.edit(
        "online",
        "- {source: agency, series: ONLINE}",
        "- {source: agency, series: ONLINE}\n  - {source: agency, series: ONLINE_F, optional: a reason}",
    )
    catalogue = folder.load()
    assert catalogue.series_of("agency") == {"ONLINE", "ONLINE_F", "PEOPLE"}
    assert catalogue.series_of("agency", optional=False) == {"ONLINE", "PEOPLE"}


# --- fingerprints
def _changed(indicator: Indicator, **fields: object) -> Indicator:
    return Indicator.model_validate({**indicator.model_dump(exclude_unset=True), **fields})


@pytest.mark.parametrize(
    ("change", "numbers"),
    [
        ({"notes": "new"}, False),
        ({"title": "new"}, False),
        ({"aliases": ["new"]}, False),
        ({"formula": "value * 2"}, True),
        ({"unit": "RATIO"}, True),
        ({"gaps": ["sex"]}, True),
        ({"inputs": [{"source": "agency", "series": "ONLINE", "scale": 2.0}]}, True),
        ({"inputs": [{"source": "agency", "series": "ONLINE", "where": {"sex": "F"}}]}, True),
        ({"inputs": [{"source": "agency", "series": "ONLINE", "note": "new"}]}, False),
        ({"breaks": [{"time_period": 2020, "reason": "new"}]}, True),
        ({"formula": "  value "}, False),
        ({"expect": {"range": [0, 90]}}, False),
    ],
)
def test_the_fingerprint_of_numbers_ignores_prose(
    folder: Folder, change: dict[str, object], numbers: bool
) -> None:
    before = folder.load()["online"]
    after = _changed(before, **change)
    assert (numbers_fingerprint(before) != numbers_fingerprint(after)) is numbers


def test_the_order_of_inputs_is_part_of_the_numbers(folder: Folder) -> None:
    items = [{"source": "agency", "series": "ONLINE"}, {"source": "agency", "series": "LINES"}]
    one, other = (_changed(folder.load()["online"], inputs=x) for x in (items, items[::-1]))
    assert numbers_fingerprint(one) != numbers_fingerprint(other)


# --- search
def test_search_finds_by_code_by_word_and_what_no_indicator_uses(folder: Folder) -> None:
    def find(text: str) -> list[dict[str, str]]:
        return search(text, folder=folder.indicators, sources_folder=folder.sources)

    first = find("PEOPLE")[0]
    assert (first["kind"], first["id"], first["found_by"]) == ("indicator", "people", "id")
    assert find("lines") == [
        {
            "kind": "series",
            "id": "agency",
            "title": "Fixed lines per 100 inhabitants",
            "series": "agency: LINES",
            "found_by": "code",
        }
    ]
    assert find("do not use")[0]["id"] == "offline"
    assert find("no such thing") == []
    assert find("  ") == []
