"""The commands of README.md, run on the first release of a machine without a network."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.command import CHECKOUT, Finished, compact
from tests.e2e.test_first_indicator import as_on_the_page

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
SCREENS, LINES, WIDTH = 2, 50, 200  # a screen of a developer's editor


def steps() -> list[tuple[str, str]]:
    """Each command of a console block with the output below it."""
    blocks = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    parts = [part for block in blocks for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return [(command, output) for command, _, output in (part.partition("\n") for part in parts)]


@pytest.mark.parametrize(("command", "output"), steps(), ids=[command for command, _ in steps()])
def test_a_command_prints_what_the_readme_shows(
    first_run: tuple[Path, Finished], command: str, output: str
) -> None:
    program, *arguments = shlex.split(command)
    assert program == "compact"
    finished = compact(*arguments, home=first_run[0])
    assert finished.code == 0, finished.err
    assert as_on_the_page(finished.out, output), finished.out


def test_the_readme_fits_two_screens() -> None:
    lines = README.splitlines()
    assert len(lines) <= SCREENS * LINES
    assert max(map(len, lines)) <= WIDTH


def test_every_make_target_in_the_readme_exists() -> None:
    targets = re.findall(r"^([a-z]+):", (CHECKOUT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    named = set(re.findall(r"make ([a-z]+)", README)) | set(re.findall(r"`make ([a-z]+)`", README))
    assert {"report", "test", "docs"} <= named
    assert named & set(targets) == named - {"a", "an", "the"}


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#]+)", README))))
def test_a_link_of_the_readme_leads_somewhere(link: str) -> None:
    assert link.startswith("https://") or (CHECKOUT / link).exists()
