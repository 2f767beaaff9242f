"""Lorenz curves and their measures, against manual and published numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables.assessment import AGGREGATE
from schemas.tables.gaps import INEQUALITY, LORENZ
from tests.unit.make import indicator, observation, stage, value
from tests.unit.modelled import Rows, run_models
from warehouse.engine.duckdb_engine import engine
from warehouse.models.definition_inputs import load
from warehouse.models.survey_inputs import load_surveys
from warehouse.release.tables import compute

EQUAL = [0.1] * 10
# World Bank, R package wbpip, tests of gd_compute_dist_stats (gd_ex1) and of gd_compute_pip_stats (gd_ex2,
# urban Indonesia 1990): the shares of the tenths that it prints, and the measures of the whole distribution.
EX1 = [0.01609, 0.02702, 0.03577, 0.04492, 0.05522, 0.0675, 0.0832, 0.1056, 0.1452, 0.4195]
EX2 = [0.03462, 0.04439, 0.05376, 0.06321, 0.07327, 0.08465, 0.09856, 0.1176, 0.1499, 0.28]


def survey(
    area: str, year: int, tenths: Sequence[float], kind: str = "income", **more: Any
) -> list[dict[str, Any]]:
    """A survey as staged rows of the Poverty and Inequality Platform."""
    facts = {f"decile{n}": share for n, share in enumerate(tenths, 1)} | more
    return [
        observation("worldbank_pip", series, area, year, number, other_dims=f"WELFARE_TYPE={kind}")
        for series, number in facts.items()
    ]


def measured(folder: Path, rows: Rows, definitions: Sequence[Any] = (), values: Rows | None = None) -> Any:
    """Measures by measure, scope and year, and the curves."""
    staged = stage(folder, rows) if rows else {}
    weighing = [indicator("population", aggregate={"method": "sum"}, expect={"range": [0, 1e12]})]
    with engine() as con:
        run = _runner(con, folder, staged)
        tables = run([*definitions, *weighing], values or [value("population", "KEN", 2020, 1.0)])
    rows = tables["inequality"]
    return {(r["measure"], r["scope"], r["time_period"]): r for r in rows}, tables["lorenz"]


def _runner(con: duckdb.DuckDBPyConnection, folder: Path, staged: Any) -> Callable[..., dict[str, Rows]]:
    def run(definitions: Sequence[Any], values: Rows) -> dict[str, Rows]:
        def further(inner: duckdb.DuckDBPyConnection) -> None:
            load_surveys(inner, staged)
            for contract in (AGGREGATE, LORENZ):
                load(inner, contract.name, compute(inner, contract).read_all())

        return run_models(folder, values, definitions, INEQUALITY, LORENZ, load=further)

    return run


# --- within a country
# ---------------------------------------------------------------------------------------
def test_the_measures_of_one_survey_by_hand(tmp_path: Path) -> None:
    tenths = [0.02, 0.03, 0.05, 0.06, 0.08, 0.09, 0.11, 0.13, 0.16, 0.27]
    measures, curves = measured(tmp_path, survey("KEN", 2020, tenths, gini=0.40, mld=0.3))
    get = {name: measures[name, "KEN", 2020]["value"] for name in ("gini", "theil", "palma", "s80_s20")}
    cumulated = [0.0]
    for share in tenths:
        cumulated.append(cumulated[-1] + share)
    pairs = pairwise(cumulated)
    assert get["gini"] == pytest.approx(100 * (1 - sum(0.1 * (a + b) for a, b in pairs)))
    assert get["theil"] == pytest.approx(sum(s * math.log(s / 0.1) for s in tenths))
    assert get["palma"] == pytest.approx(0.27 / 0.16)
    assert get["s80_s20"] == pytest.approx(0.43 / 0.05)
    deviation = measures["mean_log_deviation", "KEN", 2020]
    assert deviation["value"] == pytest.approx(sum(0.1 * math.log(0.1 / s) for s in tenths))
    assert (deviation["published_value"], deviation["distribution"]) == (0.3, "income")
    assert (deviation["areas_used"], deviation["weight_share"]) == (1, None)
    assert measures["gini", "KEN", 2020]["published_value"] == pytest.approx(40.0)
    assert [row["point"] for row in curves] == list(range(11))
    assert [row["value_share"] for row in curves] == pytest.approx(cumulated)
    assert [row["member"] for row in curves[:3]] == [None, "decile1", "decile2"]


def test_equality_is_zero(tmp_path: Path) -> None:
    measures, _ = measured(tmp_path, survey("KEN", 2020, EQUAL))
    values = {name: row["value"] for (name, _, _), row in measures.items()}
    assert values["gini"] == pytest.approx(0, abs=1e-9)
    assert values["theil"] == pytest.approx(0, abs=1e-12)
    assert values["mean_log_deviation"] == pytest.approx(0, abs=1e-12)
    assert (values["palma"], values["s80_s20"]) == (pytest.approx(0.25), pytest.approx(1.0))


@pytest.mark.parametrize(
    ("tenths", "gini", "deviation"), [(EX1, 0.5135977, 0.4670367), (EX2, 0.3466288, 0.1965911)]
)
def test_tenths_give_a_little_less_than_the_whole_distribution(
    tmp_path: Path, tenths: list[float], gini: float, deviation: float
) -> None:
    """wbpip fits a curve through the groups; tenths alone hide what is unequal within them."""
    total = sum(tenths)  # printed with four or five digits
    rows = survey("KEN", 2020, [share / total for share in tenths], gini=gini, mld=deviation)
    measures, _ = measured(tmp_path, rows)
    ours = measures["gini", "KEN", 2020]
    assert -2.5 < ours["difference"] < 0
    assert -0.05 < measures["mean_log_deviation", "KEN", 2020]["difference"] < 0


@pytest.mark.parametrize("tenths", [[0.2] * 5, [0.05] * 10, [-0.1, 0.3, *[0.1] * 8]])
def test_what_is_no_distribution_has_no_curve(tmp_path: Path, tenths: list[float]) -> None:
    measures, curves = measured(tmp_path, survey("KEN", 2020, tenths))
    assert (measures, curves) == ({}, [])


def test_a_tenth_without_anything_has_no_log_deviation(tmp_path: Path) -> None:
    measures, _ = measured(tmp_path, survey("KEN", 2020, [0.0, 0.0, *[0.125] * 8]))
    assert ("mean_log_deviation", "KEN", 2020) not in measures
    assert ("s80_s20", "KEN", 2020) not in measures
    assert measures["theil", "KEN", 2020]["value"] > 0


def test_income_and_consumption_stand_side_by_side(tmp_path: Path) -> None:
    rows = [*survey("KEN", 2020, EX1), *survey("KEN", 2020, EX2, "consumption")]
    with engine() as con:
        load_surveys(con, stage(tmp_path, rows))
        kinds = con.execute("select distribution, count(*) from survey group by 1 order by 1").fetchall()
    assert kinds == [("consumption", 10), ("income", 10)]


def test_surveys_of_towns_alone_are_left_out(tmp_path: Path) -> None:
    rows = [row | {"urbanisation": "U"} for row in survey("KEN", 2020, EX2)]
    assert measured(tmp_path, rows) == ({}, [])


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(tenths=st.lists(st.floats(0.01, 10), min_size=10, max_size=10), given_away=st.floats(0.05, 0.45))
def test_a_gift_from_rich_to_poor_lowers_every_measure(
    tmp_path_factory: pytest.TempPathFactory, tenths: list[float], given_away: float
) -> None:
    """The principle of transfers, of which the Gini index, Theil's T and L are known to keep."""
    folder = tmp_path_factory.mktemp("gift")
    shares = sorted(share / sum(tenths) for share in tenths)
    gift = (shares[9] - shares[0]) * given_away
    after = sorted([shares[0] + gift, *shares[1:9], shares[9] - gift])
    before_found, _ = measured(folder / "1", survey("KEN", 2020, shares))
    after_found, _ = measured(folder / "2", survey("KEN", 2020, after))
    for name in ("gini", "theil", "mean_log_deviation"):
        before, now = before_found[name, "KEN", 2020]["value"], after_found[name, "KEN", 2020]["value"]
        assert 0 <= now <= before + 1e-9


# --- growth of the poorest two fifths
# -----------------------------------------------------------------------
def facts(mean: float, run: float = 1, moment: float | None = None) -> dict[str, Any]:
    return {"mean": mean, "survey_comparability": run} | ({} if moment is None else {"survey_year": moment})


def test_growth_and_premium_by_hand(tmp_path: Path) -> None:
    better = [0.02, 0.03, 0.05, 0.06, 0.08, 0.09, 0.11, 0.13, 0.16, 0.27]
    rows = survey("KEN", 2015, EX1, **facts(10.0, moment=2015.5))
    rows += survey("KEN", 2020, better, **facts(12.0, moment=2020.25))
    measures, _ = measured(tmp_path, rows)
    years = 2020.25 - 2015.5
    everybody = 100 * ((12 / 10) ** (1 / years) - 1)
    poorest = 100 * ((12 * 0.16 / (10 * sum(EX1[:4]))) ** (1 / years) - 1)
    assert measures["growth_mean", "KEN", 2020]["value"] == pytest.approx(everybody)
    assert measures["growth_bottom_40", "KEN", 2020]["value"] == pytest.approx(poorest)
    premium = measures["bottom_40_premium", "KEN", 2020]
    assert premium["value"] == pytest.approx(poorest - everybody)
    assert (premium["first_year"], premium["unit"]) == (2015, "PP_PER_YEAR")


@pytest.mark.parametrize(
    ("earlier", "run", "first"),
    [
        ([2015], 1, 2015),
        ([2017], 1, 2017),  # three years
        ([2018], 1, None),  # two
        ([2013], 1, 2013),  # seven
        ([2012], 1, None),  # eight
        ([2015], 2, None),  # not comparable
        ([2013, 2014, 2017], 1, 2014),  # the nearest to five years before
        ([2014, 2016], 1, 2016),  # equally near: the later
    ],
)
def test_which_surveys_make_a_spell(
    tmp_path: Path, earlier: list[int], run: float, first: int | None
) -> None:
    rows = survey("KEN", 2020, EX1, **facts(12.0, run, 2020.0))
    for year in earlier:
        rows += survey("KEN", year, EX1, **facts(10.0, 1, float(year)))
    measures, _ = measured(tmp_path, rows)
    assert measures.get(("growth_mean", "KEN", 2020), {}).get("first_year") == first


def test_comparability_is_never_taken_for_granted(tmp_path: Path) -> None:
    rows = [
        *survey("KEN", 2015, EX1, mean=10.0, survey_year=2015.0),
        *survey("KEN", 2020, EX1, mean=12.0, survey_year=2020.0),
    ]
    measures, _ = measured(tmp_path, rows)
    assert ("growth_mean", "KEN", 2020) not in measures


# --- between countries
# --------------------------------------------------------------------------------------
PEOPLE = {"KEN": 50.0, "UGA": 30.0, "TZA": 20.0}


def between(folder: Path, online: dict[str, float], people: dict[str, float] | None = None) -> Any:
    values = [value("internet_use", area, 2020, number) for area, number in online.items()]
    values += [value("population", area, 2020, n) for area, n in (people or PEOPLE).items()]
    how = {"method": "weighted_mean", "weight": "population"}
    return measured(folder, [], [indicator("internet_use", aggregate=how)], values)


def test_inequality_between_countries_by_hand(tmp_path: Path) -> None:
    measures, curves = between(tmp_path, {"KEN": 40.0, "UGA": 10.0, "TZA": 30.0})
    world = [row for row in curves if row["scope"] == "M49:001"]
    assert [row["member"] for row in world] == [None, "UGA", "TZA", "KEN"]
    assert [row["population_share"] for row in world] == pytest.approx([0, 0.3, 0.5, 1])
    total = 40 * 50 + 10 * 30 + 30 * 20
    assert [row["value_share"] for row in world] == pytest.approx([0, 300 / total, 900 / total, 1])
    x, y = [0, 0.3, 0.5, 1], [0, 300 / total, 900 / total, 1]
    gini = 100 * (1 - sum((x[i] - x[i - 1]) * (y[i] + y[i - 1]) for i in (1, 2, 3)))
    row = measures["gini", "M49:001", 2020]
    assert row["value"] == pytest.approx(gini)
    assert (row["areas_used"], row["weight_share"], row["distribution"]) == (3, 1.0, "internet_use")
    assert measures["theil", "M49:001", 2020]["value"] == pytest.approx(
        sum(PEOPLE[a] / 100 * (v / 29) * math.log(v / 29) for a, v in (("KEN", 40), ("UGA", 10), ("TZA", 30)))
    )
    assert ("palma", "M49:001", 2020) not in measures  # of tenths alone
    assert ("gini", "M49:014", 2020) in measures  # Eastern Africa


def test_too_few_people_or_a_single_country_have_no_measure(tmp_path: Path) -> None:
    few, _ = between(tmp_path / "few", {"UGA": 10.0, "TZA": 30.0}, PEOPLE | {"KEN": 51.0})
    assert ("gini", "M49:001", 2020) not in few
    one, _ = between(tmp_path / "one", {"KEN": 40.0})
    assert not [key for key in one if key[0] == "gini"]


def test_nobody_online_is_no_distribution(tmp_path: Path) -> None:
    measures, curves = between(tmp_path, dict.fromkeys(PEOPLE, 0.0))
    assert (measures, curves) == ({}, [])


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(
    online=st.dictionaries(st.sampled_from(sorted(PEOPLE)), st.floats(0.5, 99), min_size=3),
    factor=st.floats(0.1, 1.0),
    people=st.floats(0.01, 1000),
    order=st.permutations(sorted(PEOPLE)),
)
def test_units_population_scale_and_names_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory,
    online: dict[str, float],
    factor: float,
    people: float,
    order: list[str],
) -> None:
    folder = tmp_path_factory.mktemp("scale")
    names = dict(zip(sorted(PEOPLE), order, strict=True))
    plain, _ = between(folder / "1", online)
    other, _ = between(
        folder / "2",
        {names[a]: v * factor for a, v in online.items()},
        {names[a]: n * people for a, n in PEOPLE.items()},
    )
    for name in ("gini", "theil", "mean_log_deviation"):
        one, two = plain[name, "M49:001", 2020]["value"], other[name, "M49:001", 2020]["value"]
        assert two == pytest.approx(one, abs=1e-9)
    assert 0 <= plain["gini", "M49:001", 2020]["value"] < 100


def test_the_table_is_empty_without_its_sources(tmp_path: Path) -> None:
    with engine() as con:
        load_surveys(con, {})
        assert isinstance(con.sql("select * from survey").to_arrow_table(), pa.Table)
        assert con.execute("select count(*) from survey").fetchone() == (0,)
