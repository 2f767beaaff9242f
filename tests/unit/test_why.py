"""`compact why`: each reason by its name; changed words recompute nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from indicators.fingerprint import FIELDS, field_fingerprints, kind_of, numbers_fingerprint
from schemas.definitions.indicator import Indicator
from schemas.errors import CompactError
from tests.unit.make import SNAP, indicator, observation, stage
from warehouse.evaluation import invalidation as module
from warehouse.evaluation.cache import expected_paths
from warehouse.evaluation.evaluate import evaluate_cached
from warehouse.evaluation.invalidation import depends_on, why

ROWS = [observation("one", "S", "KEN", 2020, 40.0), observation("one", "S", "UGA", 2020, 30.0)]


@pytest.fixture
def staged(tmp_path: Path) -> dict[str, Path]:
    return stage(tmp_path / "before", ROWS)


def released(tmp_path: Path, staged: dict[str, Path], *definitions: Indicator) -> Path:
    """A release as far as the question goes."""
    folder = tmp_path / "release-1"
    folder.mkdir()
    paths = expected_paths({one.id: one for one in definitions}, staged)
    recorded = [json.dumps(depends_on(one, staged, paths)) for one in definitions]
    ids = [one.id for one in definitions]
    pq.write_table(pa.table({"indicator": ids, "depends_on": recorded}), folder / "indicator_meta.parquet")
    shutil.copy(staged["one"], folder / "observation.parquet")
    return folder


def reasons(found: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    return {(row["reason"], row["what"], row["makes_new"]) for row in found}


def test_nothing_changed_is_no_reason(tmp_path: Path, staged: dict[str, Path]) -> None:
    assert why(indicator(), staged, {}, released(tmp_path, staged, indicator())) == []


@pytest.mark.parametrize(
    ("change", "reason", "what", "effect"),
    [
        ({"unit": "PT"}, "definition", "field unit", "values and assessment"),
        ({"formula": "value / 2"}, "definition", "field formula", "values and assessment"),
        ({"gaps": ["sex"]}, "definition", "field gaps", "values and assessment"),
        ({"direction": "lower_is_better"}, "method", "field direction", "assessment"),
        ({"bounds": {"worst": 0, "best": 9, "reason": "x"}}, "method", "field bounds", "assessment"),
        ({"expect": {"range": [0, 99]}}, "checks", "field expect", "checks"),
        ({"title": "Another"}, "prose", "field title", "words alone"),
        ({"notes": "New."}, "prose", "field notes", "words alone"),
        (
            {"inputs": [{"source": "one", "series": "S", "note": "Words."}]},
            "prose",
            "field inputs (words)",
            "words alone",
        ),
    ],
)
def test_a_changed_field_is_named_with_what_it_makes_new(
    tmp_path: Path, staged: dict[str, Path], change: dict[str, Any], reason: str, what: str, effect: str
) -> None:
    differences = why(indicator(**change), staged, {}, released(tmp_path, staged, indicator()))
    assert reasons(differences) == {(reason, what, effect)}


def test_other_rows_are_told_with_their_snapshots(tmp_path: Path, staged: dict[str, Path]) -> None:
    release = released(tmp_path, staged, indicator())
    rows = [row | {"snapshot": SNAP["b"]} for row in ROWS]
    now = stage(tmp_path / "now", [*rows, observation("one", "S", "TZA", 2020, 1.0, snapshot=SNAP["b"])])
    (row,) = why(indicator(), now, {}, release)
    assert (row["reason"], row["what"]) == ("input", "series one S")
    assert row["before"] == f"2 rows of snapshot {'a' * 12}"
    assert row["now"] == f"3 rows of snapshot {'b' * 12}"
    (gone,) = why(indicator(), {}, {}, release)
    assert gone["now"] == "the source has nothing"


def test_an_input_that_is_an_indicator_passes_its_change_on(tmp_path: Path, staged: dict[str, Path]) -> None:
    derived = indicator("derived", inputs=[{"indicator": "use"}])
    release = released(tmp_path, staged, indicator(), derived)
    now = stage(tmp_path / "now", [observation("one", "S", "KEN", 2020, 41.0)])
    paths = expected_paths({"use": indicator(), "derived": derived}, now)
    assert reasons(why(derived, now, paths, release)) == {
        ("input", "indicator use", "values and assessment"),
    }


def test_code_and_models_are_reasons_of_their_own(
    tmp_path: Path, staged: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    release = released(tmp_path, staged, indicator())
    monkeypatch.setattr("warehouse.evaluation.evaluate.code_fingerprint", lambda *_: "f" * 64)
    monkeypatch.setattr(module, "code_fingerprint", lambda *_: "f" * 64)
    differences = why(indicator(), staged, {}, release)
    assert [(row["reason"], row["makes_new"]) for row in differences] == [
        ("code", "values and assessment"),
        ("models", "assessment"),
    ]


def test_what_the_release_cannot_say_is_said(tmp_path: Path, staged: dict[str, Path]) -> None:
    release = released(tmp_path, staged, indicator())
    (row,) = why(indicator("newcomer"), staged, {}, release)
    assert (row["reason"], row["before"]) == ("new", "not in release release-1")
    pq.write_table(pa.table({"indicator": ["use"]}), release / "indicator_meta.parquet")
    with pytest.raises(CompactError, match="does not record"):
        why(indicator(), staged, {}, release)


def test_words_make_new_words_and_no_numbers(tmp_path: Path, staged: dict[str, Path]) -> None:
    """The evaluated file of before is used again, byte for byte."""
    before = evaluate_cached(indicator(), staged, {}, tmp_path / "evaluated")
    words = {"title": "T", "description": "D", "notes": "N", "aliases": ["a"]}
    reworded = indicator(**words, inputs=[{"source": "one", "series": "S", "note": "Rounded."}])
    after = evaluate_cached(reworded, staged, {}, tmp_path / "evaluated")
    assert (after.path, after.made) == (before.path, False)
    computed = evaluate_cached(indicator(formula="value / 2"), staged, {}, tmp_path / "evaluated")
    assert computed.made


def test_every_field_of_a_definition_has_its_kind() -> None:
    """A field that nobody sorted would count as the method's: sort it in indicators/fingerprint.py."""
    assert set(Indicator.model_fields) == {name for names in FIELDS.values() for name in names}
    assert kind_of("inputs (words)") == "prose"
    assert kind_of("unheard_of") == "method"


def test_fields_and_numbers_agree_on_what_computes() -> None:
    changes: list[dict[str, Any]] = [
        {"unit": "PT"},
        {"formula": "value * 2"},
        {"gaps": ["sex"]},
        {"breaks": [{"time_period": 2018, "reason": "x"}]},
        {"inputs": [{"source": "one", "series": "S", "scale": 2.0}]},
        {"title": "T"},
        {"notes": "N"},
        {"aliases": ["a"]},
        {"direction": "lower_is_better"},
    ]
    plain = indicator()
    for change in changes:
        changed = indicator(**change)
        before, now = field_fingerprints(plain), field_fingerprints(changed)
        named = {name for name in before.keys() | now.keys() if before.get(name) != now.get(name)}
        computes = any(kind_of(name) == "numbers" for name in named)
        assert named
        assert computes == (numbers_fingerprint(plain) != numbers_fingerprint(changed)), change
