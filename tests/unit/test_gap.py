"""The table gap by hand: the pairs compared, difference, ratio, parity bands and years to parity."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codelists.reader import read_codelist
from schemas.tables.gaps import GAP, GAP_DIMENSIONS
from tests.unit.make import indicator, value
from tests.unit.modelled import Rows, run_models

GAPS: dict[str, Any] = {"gaps": list(GAP_DIMENSIONS), "expect": {"range": [0, 1e6]}}


def gaps(folder: Path, rows: Rows) -> Rows:
    return run_models(folder, rows, [indicator(**GAPS)], GAP, areas=[], members=[])["gap"]


def women_and_men(series: dict[int, tuple[float, float]]) -> Rows:
    return [
        value("use", "KEN", year, number, sex=sex)
        for year, pair in series.items()
        for sex, number in zip("FM", pair, strict=True)
    ]


def test_a_pair_by_hand(tmp_path: Path) -> None:
    (row,) = gaps(tmp_path, [*women_and_men({2020: (30.0, 40.0)}), value("use", "KEN", 2020, 35.0)])
    assert (row["dimension"], row["group_a"], row["group_b"]) == ("sex", "F", "M")
    assert (row["value_a"], row["value_b"], row["difference"], row["ratio"]) == (30.0, 40.0, -10.0, 0.75)
    assert (row["parity_itu"], row["parity_unesco"], row["latest"]) == (False, False, True)
    assert (row["annual_change"], row["years_to_parity"]) == (None, None)  # one year is no pace
    assert (row["label_a"], row["label_b"], row["source"]) == ("women", "men", "one")


@pytest.mark.parametrize(
    ("dims", "pair"),
    [
        (({"urbanisation": "R"}, {"urbanisation": "U"}), ("urbanisation", "R", "U")),
        (({"quantile": "B40"}, {"quantile": "R60"}), ("quantile", "B40", "R60")),
        (({"quantile": "Q1"}, {"quantile": "Q5"}), ("quantile", "Q1", "Q5")),
        (({"age": "Y_GE25"}, {"age": "Y15T24"}), ("age", "Y_GE25", "Y15T24")),
        (
            ({"other_dims": "EDUCATION=PRIMARY_OR_LESS"}, {"other_dims": "EDUCATION=SECONDARY_OR_MORE"}),
            ("education", "PRIMARY_OR_LESS", "SECONDARY_OR_MORE"),
        ),
        (
            ({"other_dims": "DISABILITY_STATUS=PD"}, {"other_dims": "DISABILITY_STATUS=PWD"}),
            ("disability", "PD", "PWD"),
        ),
    ],
)
def test_every_dimension_has_its_pair(
    tmp_path: Path, dims: tuple[dict[str, Any], dict[str, Any]], pair: tuple[str, str, str]
) -> None:
    one, other = dims
    rows = [value("use", "KEN", 2020, 10.0, **one), value("use", "KEN", 2020, 20.0, **other)]
    (row,) = gaps(tmp_path, rows)
    assert (row["dimension"], row["group_a"], row["group_b"], row["ratio"]) == (*pair, 0.5)


def test_only_what_differs_in_one_thing_is_compared(tmp_path: Path) -> None:
    rows = [
        value("use", "KEN", 2020, 10.0, sex="F", age="Y15T24"),
        value("use", "KEN", 2020, 20.0, sex="M", age="Y15T24"),
        value("use", "KEN", 2020, 20.0, sex="M"),
        value("use", "KEN", 2019, 20.0, sex="F"),
        value("use", "UGA", 2020, 20.0, sex="F"),
    ]
    assert gaps(tmp_path, rows) == []


@pytest.mark.parametrize(
    ("ratio", "itu", "unesco"),
    [
        (0.98, True, True),
        (1.02, True, True),
        (0.9799, False, True),
        (0.97, False, True),
        (1.0301, False, False),
    ],
)
def test_the_ends_belong_to_the_bands(tmp_path: Path, ratio: float, itu: bool, unesco: bool) -> None:
    (row,) = gaps(tmp_path, women_and_men({2020: (ratio, 1.0)}))
    assert (row["parity_itu"], row["parity_unesco"]) == (itu, unesco)
    assert (row["years_to_parity"] == 0.0) == itu


def test_nobody_divides_by_zero(tmp_path: Path) -> None:
    (row,) = gaps(tmp_path, women_and_men({2020: (3.0, 0.0)}))
    assert (row["difference"], row["ratio"], row["parity_itu"], row["years_to_parity"]) == (
        3.0,
        None,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("series", "change", "years", "closing"),
    [
        (
            {2016: (30.0, 40.0), 2020: (38.0, 40.0)},
            2.0,
            1.0,
            "closing",
        ),  # from -10 to -2 in four years: one more
        ({2016: (38.0, 40.0), 2020: (30.0, 40.0)}, -2.0, None, "widening"),  # grows
        (
            {2016: (30.0, 40.0), 2020: (45.0, 40.0)},
            3.75,
            None,
            "widening",
        ),  # has changed sides and grows there
        ({2016: (30.0, 40.0), 2020: (30.0, 40.0)}, 0.0, None, "not_at_this_pace"),  # stands still
        ({2018: (30.0, 40.0), 2020: (38.0, 40.0)}, None, None, "not_known"),  # two years are no pace
        (
            {2009: (10.0, 90.0), 2012: (30.0, 40.0), 2020: (38.0, 40.0)},
            1.0,
            2.0,
            "closing",
        ),  # 2009 is too long ago
        ({2010: (30.0, 40.0), 2020: (30.5, 40.0)}, 0.05, None, "not_at_this_pace"),  # 190 years
    ],
)
def test_years_to_parity(
    tmp_path: Path,
    series: dict[int, tuple[float, float]],
    change: float | None,
    years: float | None,
    closing: str,
) -> None:
    newest = gaps(tmp_path, women_and_men(series))[-1]
    assert newest["latest"]
    assert newest["annual_change"] == (None if change is None else pytest.approx(change))
    assert newest["years_to_parity"] == (None if years is None else pytest.approx(years))
    assert newest["closing"] == closing


def test_the_lists_say_why(tmp_path: Path) -> None:
    pairs, bands = read_codelist("gap_pairs"), read_codelist("parity_bands")
    assert all(row["reason"] and row["dimension"] in GAP_DIMENSIONS for row in pairs)
    assert len({(row["dimension"], row["group_a"], row["group_b"]) for row in pairs}) == len(pairs)
    assert [(row["convention"], row["lowest"], row["highest"]) for row in bands] == [
        ("itu", "0.98", "1.02"),
        ("unesco", "0.97", "1.03"),
    ]
    assert all(row["reason"] for row in bands)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(
    series=st.dictionaries(
        st.integers(2010, 2024), st.tuples(st.floats(0.1, 100), st.floats(0.1, 100)), min_size=1, max_size=5
    ),
    factor=st.floats(0.01, 100),
)
def test_ratio_parity_and_years_do_not_depend_on_the_unit(
    tmp_path_factory: pytest.TempPathFactory, series: dict[int, tuple[float, float]], factor: float
) -> None:
    folder = tmp_path_factory.mktemp("unit")
    plain = gaps(folder, women_and_men(series))
    scaled = gaps(folder, women_and_men({y: (a * factor, b * factor) for y, (a, b) in series.items()}))
    for one, other in zip(plain, scaled, strict=True):
        assert other["ratio"] == pytest.approx(one["ratio"])
        assert other["difference"] == pytest.approx(one["difference"] * factor)
        if abs(one["difference"]) > 1e-6 and abs(one["annual_change"] or 1) > 1e-6:
            near_edge = min(abs(one["ratio"] - edge) for edge in (0.98, 1.02)) < 1e-9
            assert near_edge or other["years_to_parity"] == (
                None if one["years_to_parity"] is None else pytest.approx(one["years_to_parity"], rel=1e-6)
            )
