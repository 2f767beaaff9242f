"""The documentation: generated files are current, the site builds in strict mode, and its pictures exist."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from docs.generate.__main__ import generated, main, orphans, stale
from tests.command import CHECKOUT

DOCS = CHECKOUT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))


@pytest.mark.slow
def test_generated_files_are_current() -> None:
    files = generated()
    assert stale(files) == [], "run `python -m docs.generate`"
    assert orphans(files) == []


def test_check_names_a_stale_file(capsys: pytest.CaptureFixture[str]) -> None:
    page = Path("docs/reference/cli.md")
    assert main(["--check"], [lambda: {page: "another text"}]) == 1
    assert str(page) in capsys.readouterr().err


@pytest.mark.slow
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    shutil.copytree(DOCS, tmp_path / "docs", ignore=shutil.ignore_patterns("site", "__pycache__"))
    shutil.copy(CHECKOUT / "mkdocs.yml", tmp_path)
    built = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--strict"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    site = tmp_path / "docs" / "site"
    for page in PAGES:
        name = page.relative_to(DOCS).with_suffix(".html").as_posix().replace("README", "index")
        assert (site / name).is_file(), name
    index = (site / "index.html").read_text(encoding="utf-8")
    loaded = re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=\"(https?:[^\"]+)", index)
    assert loaded == []  # nothing is loaded from the network


def test_every_page_is_in_the_navigation() -> None:
    config = yaml.safe_load((CHECKOUT / "mkdocs.yml").read_text(encoding="utf-8"))
    text = str(config["nav"])
    assert [page for page in PAGES if f"'{page.relative_to(DOCS).as_posix()}'" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_pictures_of_a_page_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
    assert [name for name in pictures if not (page.parent / name).is_file()] == []
