"""docs/questions.md: every command, line of Python and SQL statement reproduces the page."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.command import CHECKOUT, Finished, in_process
from tests.e2e.test_first_indicator import as_on_the_page
from warehouse import Release

PAGE = (CHECKOUT / "docs" / "questions.md").read_text(encoding="utf-8")
SECTIONS = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
TITLES = [section.splitlines()[0] for section in SECTIONS]


def block(section: str, language: str) -> str:
    result = re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert len(result) == 1, language
    return str(result[0])


def test_there_are_eight_questions() -> None:
    assert len(SECTIONS) == 8


@pytest.mark.parametrize("section", SECTIONS, ids=TITLES)
def test_a_question_is_answered_in_three_ways(first_run: tuple[Path, Finished], section: str) -> None:
    command, _, shown = block(section, "console").removeprefix("$ ").partition("\n")
    done = in_process(*shlex.split(command)[1:], home=first_run[0])
    assert done.code == 0, done.err
    assert as_on_the_page(done.out, shown), done.out

    release = Release.latest(first_run[0])
    line, _, value = block(section, "python").removeprefix(">>> ").partition("\n")
    assert repr(eval(line, {"release": release})) == value.strip()  # noqa: S307 (the line is the page's)

    result = release.sql(block(section, "sql"))
    table = [line for line in section.splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    assert rows[0] == list(result.columns)
    assert rows[2:] == [[shown_cell(value) for value in row.values()] for row in result]


def shown_cell(value: object) -> str:
    return "" if value is None else f"{value:,.10g}" if isinstance(value, float) else str(value)
