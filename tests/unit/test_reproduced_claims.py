"""Every figure marked as reproduced on a method page names the command that repeats it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PAGES = sorted((CHECKOUT / "docs" / "methods").glob("*.md"))
HEAD = r"^## (?:What was reproduced[^\n]*|Reproduced)\n"
SECTION = re.compile(HEAD + r"(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
SECTIONS = [
    pytest.param(page, text, id=page.stem)
    for page in PAGES
    for text in SECTION.findall(page.read_text(encoding="utf-8"))
]


def test_the_pages_have_such_sections() -> None:
    assert len(SECTIONS) >= 12


@pytest.mark.parametrize(("page", "text"), SECTIONS)
def test_a_reproduced_figure_names_its_command(page: Path, text: str) -> None:
    if text.strip().startswith("Nothing"):
        assert not re.search(r"\d[\d,]+ of", text), f"{page.name} claims nothing and gives a figure"
        return
    files = re.findall(r"tests/[\w/]+\.py", " ".join(re.findall(r"`pytest ([^`]+)`", text)))
    assert files, f"{page.name} names no command"
    for name in files:
        assert (CHECKOUT / name).is_file(), name
