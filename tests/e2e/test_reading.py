"""The Python of docs/reading.md, run as a reader would, on an offline release."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from indicators.dimension_codes import LISTED
from schemas.codelists.reader import read_codelist
from tests.command import CHECKOUT, Finished
from warehouse import Release

PAGE = (CHECKOUT / "docs" / "reading.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, flags=re.S)


@pytest.fixture
def run(first_run: tuple[Path, Finished], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the n-th block in a folder whose `data` is the home; what it defined."""
    (tmp_path / "data").symlink_to(first_run[0], target_is_directory=True)
    monkeypatch.chdir(tmp_path)

    def block(n: int) -> dict[str, Any]:
        defined: dict[str, Any] = {}
        exec(compile(BLOCKS[n], f"docs/reading.md, block {n + 1}", "exec"), defined)  # noqa: S102  our own page
        return defined

    return block


def test_the_page_has_these_blocks() -> None:
    assert len(BLOCKS) == 6


def test_release_answers_by_names_of_areas(run: Any) -> None:
    defined = run(0)
    assert len(defined["kenya"]) > 0
    assert len(defined["behind"]) == 3
    assert len(defined["verdicts"]) == 1
    assert len(defined["units"]) > 10


def test_duckdb_reads_the_files_as_they_lie(run: Any) -> None:
    newest = run(1)["newest"]
    assert len(newest) == 5
    assert [row[2] for row in newest] == sorted((row[2] for row in newest), reverse=True)


def test_the_warehouse_opens_read_only(run: Any) -> None:
    assert dict(run(2)["categories"])["insufficient_data"] > 0


def test_pandas_pivots_only_because_no_key_stands_twice(run: Any) -> None:
    defined = run(3)
    assert len(defined["totals"]) == defined["wide"].notna().sum().sum() > 200
    assert "KEN" in defined["wide"].columns


def test_columns_say_what_they_are(run: Any) -> None:
    meaning = run(4)["meaning"]
    assert all(meaning[name] for name in ("indicator", "ref_area", "method", "category"))


def test_the_data_package_names_the_keys(run: Any) -> None:
    assert run(5)["keys"]["latest"] == ["indicator", "ref_area"]


def test_no_observation_has_a_code_that_a_definition_could_not_name(first_run: tuple[Path, Finished]) -> None:
    used = {
        (dimension, row[dimension])
        for dimension in LISTED
        for row in Release.latest(first_run[0]).sql(f"select distinct {dimension} from observation")
    }
    known = {(row["codelist"], row["code"]) for row in read_codelist("code_names")}
    assert used - known == set()
