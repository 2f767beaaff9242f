"""The tutorial docs/first-indicator.md, command by command in a copy of the checkout; one indicator file
reaches every published product.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from reports.site.build import build
from tests.command import CHECKOUT, Finished
from tests.e2e.conftest import copied_home

COPIED = ("schemas", "sources", "indicators", "pipelines", "warehouse", "reports", "docs")
PAGE = (CHECKOUT / "docs" / "first-indicator.md").read_text(encoding="utf-8")
FILE = Path("indicators/catalogue/inequality/income_tenth_ratio.yaml")
ID = FILE.stem


@dataclass(frozen=True)
class Step:
    """A command with what it prints, or a file with its text."""

    command: str
    output: str


def steps() -> list[Step]:
    results = []
    for kind, block in re.findall(r"```(console|yaml)\n(.*?)```", PAGE, re.DOTALL):
        if kind == "yaml":
            results.append(Step("", block))
            continue
        for part in re.split(r"^\$ ", re.sub(r"\\\n\s*", "", block), flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            results.append(Step(command, output))
    return results


def as_on_the_page(said: str, page: str) -> bool:
    """Whether what was printed is what stands there: `…` is any text, widths of columns do not count."""

    def plain(text: str) -> str:
        lines = [" ".join(line.split()) for line in text.splitlines()]
        return "\n".join(line for line in lines if line.strip(" -"))

    return re.fullmatch(re.escape(plain(page)).replace("…", ".*"), plain(said), re.DOTALL) is not None


@dataclass(frozen=True)
class Followed:
    """The checkout and home in which the tutorial was followed, and how each command ended."""

    checkout: Path
    home: Path
    files_before: dict[str, bytes]
    ended: list[tuple[Step, int, str]]


def every_file(checkout: Path) -> dict[str, bytes]:
    return {
        path.relative_to(checkout).as_posix(): path.read_bytes()
        for path in checkout.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def followed(first_run: tuple[Path, Finished], tmp_path_factory: pytest.TempPathFactory) -> Followed:
    folder = tmp_path_factory.mktemp("tutorial")
    checkout, home, bin_folder = folder / "checkout", folder / "home", folder / "bin"
    for name in COPIED:
        shutil.copytree(CHECKOUT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CHECKOUT / "pyproject.toml", checkout)
    copied_home(first_run[0], home)
    bin_folder.mkdir()
    (bin_folder / "compact").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pipelines.cli "$@"\n')
    (bin_folder / "compact").chmod(0o755)
    env = {name: text for name, text in os.environ.items() if not name.startswith("COMPACT_")} | {
        "PATH": f"{bin_folder}:{os.environ['PATH']}",
        "COMPACT_HOME": str(home),
        "COMPACT_REPORTS": "none",  # a test below makes the site
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
    }
    before, ended = every_file(checkout), []
    for step in steps():
        if not step.command:
            (checkout / FILE).write_text(step.output, encoding="utf-8")
            continue
        done = subprocess.run(
            ["/bin/sh", "-c", step.command],
            cwd=checkout, env=env, capture_output=True, text=True, timeout=240, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        said = done.stdout + ("" if "|" in step.command else done.stderr)
        ended.append((step, done.returncode, said))
    return Followed(checkout, home, before, ended)


def test_the_tutorial_does_what_it_says(followed: Followed) -> None:
    assert [step.command.split(" ")[:2] for step, _, _ in followed.ended] == [
        ["compact", "new"], ["compact", "new"], ["compact", "preview"], ["compact", "check"],
        ["compact", "run"],
        ["compact", "show"], ["compact", "why"], ["sed", "-i.before"], ["compact", "why"],
    ]  # fmt: skip
    for step, code, said in followed.ended:
        assert as_on_the_page(said, step.output), f"{step.command}\n{said}"
        assert code == ("\n  error " in step.output), step.command


def test_adding_an_indicator_touches_one_file(followed: Followed) -> None:
    after = every_file(followed.checkout)
    changed = {name for name in after if after[name] != followed.files_before.get(name)}
    assert changed - {f"{FILE}.before"} == {FILE.as_posix()}
    assert not followed.files_before.keys() - after.keys()


def test_the_indicator_is_in_the_tables_and_in_the_data_package(followed: Followed) -> None:
    latest = followed.home / "releases" / "latest"
    package = json.loads((latest / "datapackage.json").read_text(encoding="utf-8"))
    paths = {resource["name"]: resource["path"] for resource in package["resources"]}
    for table in ("indicator", "latest", "progress", "coverage", "indicator_meta"):
        rows = duckdb.sql(
            f"select count(*) from '{latest / paths[table]}' where indicator = '{ID}'"
        ).fetchall()
        assert rows[0][0] > 0, table
    observed = duckdb.sql(f"""
        select count(distinct series) from '{latest / paths["observation"]}'
        where series like '%lowest 10%' or series like '%highest 10%'""").fetchall()
    assert observed == [(2,)]
    with duckdb.connect(str(latest / "warehouse.duckdb"), read_only=True) as con:
        records = con.execute("select title, notes from indicator_meta where indicator = ?", [ID]).fetchall()
    assert records[0][0] == "Income of the richest tenth against the poorest"
    assert "Kosovo" in records[0][1]


def test_the_schema_named_in_the_first_line_is_there(followed: Followed) -> None:
    first = (followed.checkout / FILE).read_text(encoding="utf-8").splitlines()[0]
    schema = (followed.checkout / FILE).parent / first.partition("$schema=")[2]
    assert json.loads(schema.read_text(encoding="utf-8"))["title"] == "indicator.yaml"


def test_the_indicator_has_its_page_on_the_site_and_is_found(followed: Followed, tmp_path: Path) -> None:
    build(followed.home / "releases" / "latest", tmp_path)
    results = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob(f"{ID}.html")}
    assert results == {f"{language}indicator/{ID}.html" for language in ("", "fr/", "es/")}
    for page in results:
        text = (tmp_path / page).read_text(encoding="utf-8")
        assert "Income of the richest tenth against the poorest" in text
    for file in ("objective/A.html", "data/indicators.js"):  # the second is what search looks through
        assert ID in (tmp_path / file).read_text(encoding="utf-8"), file
