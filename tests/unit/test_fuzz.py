"""A short version of the long search for responses that break a reader, and findings of the long one."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.fuzz import EMBEDDED, damaged, embedded, fuzz, goes_well
from tests.specimen_files import find_specimens, load_specimen
from tests.unit.canned import FIXTURES

pytestmark = pytest.mark.slow

FOUND = find_specimens()
ANSWERS = 25  # each; the long form makes thousands


@pytest.mark.parametrize("path", FOUND, ids=[f"{path.parent.name}/{path.stem}" for path in FOUND])
def test_a_damaged_answer_is_taken_whole_or_refused_with_words(path: Path, tmp_path: Path) -> None:
    specimen, pages = load_specimen(path)
    assert goes_well(specimen, path.parent.name, pages, tmp_path) == "taken"
    draw = random.Random(20261123)  # noqa: S311
    outcomes = {goes_well(specimen, path.parent.name, damaged(pages, draw), tmp_path) for _ in range(ANSWERS)}
    assert outcomes & {"InvalidResponse", "NoSuchSeries"}


def test_damaged_pages_of_the_embedded_source_too(tmp_path: Path) -> None:
    specimen, pages = embedded()
    assert goes_well(specimen, EMBEDDED, pages, tmp_path / "whole") == "taken"
    draw = random.Random(20261123)  # noqa: S311
    outcomes = {
        goes_well(specimen, EMBEDDED, damaged(pages, draw), tmp_path / str(at)) for at in range(ANSWERS)
    }
    assert outcomes & {"InvalidResponse"}


def test_the_long_form_keeps_what_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> str:
        raise KeyError("a reader that forgot something")

    monkeypatch.setattr("tests.fuzz.goes_well", breaks)
    seen = fuzz(FOUND[0], 0.0005, 1, tmp_path)
    assert set(seen) == {"FAILED KeyError"}
    kept = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(kept) == ["1.bin", "traceback.txt"]  # one place in the code, whatever the bytes


def specimen_of(source_id: str, name: str = "") -> Path:
    return next(path for path in FOUND if path.parent.name == source_id and name in path.name)


@pytest.mark.parametrize(
    ("source_id", "old", "new"),
    [
        ("itu_datahub", b'"isoCode": "KEN"', b'"isoCode": ["KEN"]'),  # a list where a key is wanted
        ("un_data_commons", b'{"data": {', b'{"data": "a", "x": {'),
        ("un_data_commons", b'"unit": "Percent"', b'"unit": {"a": 1}'),
        # a header that goes on longer than it is looked for when it is staged
        ("worldbank_findex", b'"page": 1', b'"more": "' + b"x" * 5000 + b'", "page": 1'),
    ],
)
def test_what_the_long_form_found_in_json(source_id: str, old: bytes, new: bytes, tmp_path: Path) -> None:
    specimen, pages = load_specimen(specimen_of(source_id))
    assert any(old in page for page in pages)
    changed = [page.replace(old, new) for page in pages]
    assert goes_well(specimen, source_id, changed, tmp_path) == "InvalidResponse"


def test_a_carriage_return_in_a_header_is_refused(tmp_path: Path) -> None:
    path = specimen_of("itu_datahub", "csv")
    specimen, _ = load_specimen(path)
    body = (FIXTURES / "itu_datahub" / "family.csv").read_bytes().replace(b"SeriesID", b"Series\rID", 1)
    assert goes_well(specimen, "itu_datahub", [body], tmp_path) == "InvalidResponse"


def test_a_page_of_the_embedded_source_that_is_too_deep_is_refused(tmp_path: Path) -> None:
    specimen, pages = embedded()
    deep = [b'{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}", *pages[1:]]
    assert goes_well(specimen, EMBEDDED, deep, tmp_path) == "InvalidResponse"
