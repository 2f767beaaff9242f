"""The projection with a known truth: simulated countries, required shapes, manual numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from schemas.tables.projections import PROJECTION, PROJECTION_SKILL
from schemas.tables.validation import validate
from warehouse.projections.backtest import errors
from warehouse.projections.benchmarks import (
    CANDIDATES,
    damped_trend,
    escap_regression,
    mean_change,
    naive,
    pooled_drift,
    theta,
    unsd,
    unsd_in_range,
)
from warehouse.projections.calibrate import as_of, choose_blends, error_in_unit, error_of, learn_widths
from warehouse.projections.chance_learning import shifts
from warehouse.projections.chances import Chances
from warehouse.projections.groups.simulation import GroupChances
from warehouse.projections.intervals import KNOTS, LEVELS, Calibration, calibration, share_below, width
from warehouse.projections.model import learn, local, project
from warehouse.projections.model_settings import settings
from warehouse.projections.nested import nested
from warehouse.projections.panel import Panel, grouped_quantile, make_panel
from warehouse.projections.projection import NO_CHANGE, SKILL, projected, projection_skill_table
from warehouse.projections.transforms import KINDS, from_scale, to_scale

RULE = replace(settings(), probability_cap=0.0)  # what is below the cap is worked out by hand too
YEARS = np.arange(2000, 2025)
FLAT = Calibration(
    {"all": np.outer(np.sqrt(np.arange(1, 11)), KNOTS)},
    {},
    {"all": [1.0, 0.0]},
    Chances({}, {"all": 1.0}),
)


def panel_of(
    values: Any, kind: str = "logit", low: float = 0, high: float = 100, region: str = "one"
) -> Panel:
    """One indicator, the areas AAA, AAB, …, a value for each of the last years; NaN for none."""
    values = np.asarray(values, dtype=float)
    years = YEARS[-values.shape[1] :]
    row, column = np.nonzero(~np.isnan(values))
    return make_panel(columns(row, years[column], values[row, column], kind, low, high, region), RULE.offset)


def code(number: int) -> str:
    return "".join(chr(65 + number // place % 26) for place in (676, 26, 1))


def columns(
    row: Any, year: Any, value: Any, kind: str, low: float, high: float, region: str
) -> dict[str, Any]:
    def same(text: str) -> Any:
        return np.full(len(row), text, dtype=object)

    return {
        "indicator": same("use"),
        "ref_area": np.array([code(number) for number in row], dtype=object),
        "region": same(region),
        "country": np.ones(len(row), dtype=bool),
        "time_period": year,
        "value": value,
        "kind": same(kind),
        "lowest": np.full(len(row), float(low)),
        "highest": np.full(len(row), float(high)),
    }


def wanted_of(panel: Panel, **changed: Any) -> dict[str, Any]:
    """All series of the panel, to be projected to 2030."""
    number = len(panel.areas)
    known = ~np.isnan(panel.values)
    at = panel.values.shape[1] - 1 - np.argmax(known[:, ::-1], axis=1)
    given_ = {
        "indicator": np.full(number, "use", dtype=object),
        "ref_area": np.array(panel.areas, dtype=object),
        "points": known.sum(axis=1),
        "last_year": panel.years[at],
        "last_value": panel.values[np.arange(number), at],
        "direction": np.full(number, "higher_is_better", dtype=object),
        "until_year": np.full(number, 2030),
        "target_value": np.full(number, 90.0),
        "target_year": np.full(number, 2030),
        "met_at": np.full(number, 90.0),
    }
    return given_ | changed


def simulated(areas: int, seed: int, years: int = 25) -> Panel:
    """Logistic growth with a drift of its own for each country, and noise of its own."""
    dice = np.random.default_rng(seed)
    drift, noise = dice.normal(0.15, 0.05, (areas, 1)), np.exp(dice.normal(-2.3, 0.4, (areas, 1)))
    start = dice.normal(-2, 1, (areas, 1))
    z = start + np.cumsum(drift + noise * dice.normal(size=(areas, years)), axis=1)
    return panel_of(100 / (1 + np.exp(-z)))


@pytest.fixture(scope="module")
def many() -> Panel:
    return simulated(80, 1)


# --- coverage
# -------------------------------------------------------------------------------------------------------
def test_intervals_hold_as_often_as_they_say_on_countries_that_they_were_not_made_from() -> None:
    learned, fresh = simulated(300, 1), simulated(300, 2)
    past = errors(learned, RULE, range(2012, 2019, 3), 6)
    past = past.take(~past.at_end)
    blends = choose_blends(learned, past, RULE)
    widths = learn_widths(learned, past, error_of(learned, past, blends))[0][0]
    # One origin: the errors of different countries are then nearly independent.
    forecasts = errors(fresh, RULE, [2018], 6)
    for horizon in (1, 3, 6):
        use = forecasts.take((forecasts.horizon == horizon) & ~forecasts.at_end)
        signed = np.abs(error_of(fresh, use, blends))
        for level in (0.8, 0.95):
            share = float(np.mean(signed <= width(widths[horizon - 1], level)))
            error = 3 * np.sqrt(level * (1 - level) / len(signed))
            assert abs(share - level) < error + 0.02, (horizon, level, share)


def test_drift_that_differs_between_countries_is_found_better_than_by_no_change() -> None:
    forecasts = errors(simulated(150, 3), RULE, range(2012, 2019), 5)
    mean = dict(zip(CANDIDATES, forecasts.method[forecasts.horizon == 5].mean(axis=0), strict=True))
    assert mean["pooled_drift"] < 0.5 * mean["naive"]
    assert mean["pooled_drift"] < mean["unsd_in_range"]


# --- shapes that must hold
# -------------------------------------------------------------------------------------
VALUES = st.lists(st.one_of(st.just(float("nan")), st.floats(0, 100)), min_size=12, max_size=12).filter(
    lambda row: sum(value == value for value in row) >= 4 and row[-1] == row[-1]
)


@pytest.mark.slow
@examples(max_examples=40, deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=6), st.sampled_from([("logit", 0), ("log", 0), ("linear", -10)]))
def test_projections_respect_the_bounds_and_intervals_are_nested(
    rows: list[Any], scale: tuple[str, int]
) -> None:
    panel = panel_of(rows, *scale)
    table = projected(panel, wanted_of(panel), RULE, FLAT)
    bounds = {
        name: np.array(table.column(name))
        for name in ("lower_95", "lower_80", "value", "upper_80", "upper_95")
    }
    in_order = np.stack(list(bounds.values()))
    assert (np.diff(in_order, axis=0) >= 0).all()
    assert (in_order >= scale[1]).all()
    assert (in_order <= 100).all()
    validate(table, PROJECTION)


@examples(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(0, 100), min_size=5, max_size=12),
    st.floats(0, 100),
    st.floats(0.1, 100),
    st.sampled_from(["logit", "log", "linear"]),
)
def test_a_better_last_value_never_lowers_the_probability(
    many: Panel, before: list[float], last: float, better: float, kind: str
) -> None:
    """With all that the other countries say held fixed."""
    kind_code = np.full(len(many.areas), KINDS.index(kind))
    base = replace(many, scale=replace(many.scale, kind=kind_code)).take(np.arange(len(many.areas)) < 20)
    pool = learn(base.z, base.years, base.indicator, base.region, base.country, RULE)
    zero = np.zeros(1, dtype=np.int64)
    scale = base.scale.take(zero)
    likely = []
    for value in (last, min(last + better, 100)):
        z = to_scale(np.array([[*before, value]]), scale)
        series = local(z, YEARS[-z.shape[1] :], RULE)
        path, volatility = project(series, pool, zero, zero, scale.kind, 6, RULE)
        scaled = FLAT.of(["use"], [kind])[0][:6] * volatility[:, None, None]
        likely.append(1 - share_below(to_scale(np.array([90.0]), scale)[:, None] - path, scaled))
    assert (likely[1] >= likely[0] - 1e-12).all()


def test_a_nearer_target_is_never_less_likely(many: Panel) -> None:
    def likely(target: float) -> Any:
        target_ = np.full(len(many.areas), target)
        table = projected(many, wanted_of(many, target_value=target_, met_at=target_), RULE, FLAT)
        return np.array(table.column("probability_target_met"))

    rising = np.stack([likely(target) for target in (100.0, 95.0, 80.0, 50.0)])
    assert (np.diff(rising, axis=0) >= 0).all()
    assert ((rising >= 0) & (rising <= 1)).all()


def test_direction_turns_the_probability_round(many: Panel) -> None:
    def likely(direction: str) -> Any:
        way = np.full(len(many.areas), direction, dtype=object)
        return np.array(
            projected(many, wanted_of(many, direction=way), RULE, FLAT).column("probability_target_met")
        )

    assert likely("higher_is_better") + likely("lower_is_better") == pytest.approx(1, abs=2e-6)


def test_parity_is_met_inside_its_band_and_never_exactly() -> None:
    panel = panel_of(np.full((5, 12), 1.0), "log", 0, 5)
    number = len(panel.areas)
    selection = wanted_of(
        panel,
        direction=np.full(number, "closer_to_one", dtype=object),
        target_value=np.full(number, 1.0),
        met_at=np.full(number, 0.97),
    )
    table = projected(panel, selection, RULE, FLAT)
    assert table.column("probability_at_target").null_count == table.num_rows
    first = table.column("probability_target_met").to_pylist()[0]
    # On the log scale from ln 0.97 to ln 1.03 at the volatility of series that never moved: the least
    # variance, held to by four steps beside the eight before the last that were seen not to move at all.
    volatility = np.sqrt(1e-4 * 4 / (4 + 8))
    expected = 1 / (1 + np.exp(-np.log(1.03) / volatility)) - 1 / (1 + np.exp(-np.log(0.97) / volatility))
    assert first == pytest.approx(expected, abs=0.002)


def test_what_rounds_to_the_end_has_reached_it() -> None:
    panel = panel_of(np.full((10, 12), 100.0))
    target = np.full(10, 100.0)
    table = projected(panel, wanted_of(panel, target_value=target, met_at=target), RULE, FLAT)
    assert min(table.column("probability_target_met").to_pylist()) > 0.99


def test_without_a_target_there_is_no_probability(many: Panel) -> None:
    none = np.full(len(many.areas), np.nan)
    year = np.zeros(len(many.areas), dtype=int)
    table = projected(many, wanted_of(many, target_value=none, met_at=none, target_year=year), RULE, FLAT)
    for name in ("probability_target_met", "probability_at_target", "target_value", "target_year", "met_at"):
        assert table.column(name).null_count == table.num_rows


def test_series_that_stand_still_go_on_standing_still() -> None:
    table = projected(
        *(lambda panel: (panel, wanted_of(panel)))(panel_of(np.full((6, 15), 40.0))), RULE, FLAT
    )
    assert np.array(table.column("value")) == pytest.approx(40)


def test_where_the_model_is_no_better_the_last_value_goes_on(many: Panel) -> None:
    still = replace(FLAT, blends={"all": [0.0, 0.0]})
    moved, stood = (projected(many, wanted_of(many), RULE, widths).to_pylist() for widths in (FLAT, still))
    assert {row["model"] for row in moved} == {RULE.model}
    assert {row["model"] for row in stood} == {NO_CHANGE}
    assert any(row["value"] != pytest.approx(row["last_value"]) for row in moved)
    for row in stood:
        assert row["value"] == pytest.approx(row["last_value"])
        assert row["lower_95"] < row["lower_80"] < row["value"] < row["upper_80"] < row["upper_95"]


def test_a_blend_is_the_mean_of_the_best_and_of_simpler_ones_that_are_no_worse() -> None:
    panel = simulated(60, 3)
    forecasts = errors(panel, RULE, range(2010, 2020), 6)
    full = RULE.blends.index([1.0, 0.0])
    assert choose_blends(panel, forecasts, RULE).tolist() == [RULE.blends[full]]
    half = RULE.blends.index([0.5, 0.0])
    equal = replace(forecasts, blends=forecasts.blends.copy())
    equal.blends[:, half] = 1.001 * equal.blends[:, full]
    assert choose_blends(panel, equal, RULE).tolist() == [[0.75, 0.0]]
    worse = replace(forecasts, blends=forecasts.blends.copy())
    worse.blends[:, 1:] = 2 * worse.blends[:, :1] + 1
    assert choose_blends(panel, worse, RULE).tolist() == [[0.0, 0.0]]


def test_few_forecasts_choose_no_blend() -> None:
    panel = simulated(60, 3)
    few = errors(panel, RULE, range(2010, 2020), 6)
    few = few.take(np.arange(len(few.series)) < 20)
    assert choose_blends(panel, replace(few, blends=few.blends * 0 + 1), RULE).tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize("blend", range(len(RULE.blends)))
def test_an_error_in_the_unit_is_that_of_the_blended_path(many: Panel, blend: int) -> None:
    """The error of any mean of candidates is read from the forecasts; of a candidate it was kept."""
    forecasts = errors(many, RULE, range(2014, 2018), 6)
    weights = np.tile(np.array(RULE.blends[blend]), (len(forecasts.series), 1))
    result = error_in_unit(many, forecasts, weights)
    assert result == pytest.approx(forecasts.blends[:, blend], abs=1e-9)


def test_what_is_learned_at_an_origin_does_not_know_what_came_later() -> None:
    """The nested back-test says the same of early origins whatever the later values are."""
    panel = simulated(80, 4)
    later = panel.years > 2018
    other = replace(panel, values=np.where(later, 100 - panel.values, panel.values))
    first, second = (nested(one, errors(one, RULE, range(2008, 2018), 4), RULE) for one in (panel, other))
    early = [(one.use.origin + one.use.horizon <= 2018) for one in (first, second)]
    assert early[0].sum() > 100
    for name in ("unit", "inside", "raw"):
        values = [getattr(one, name)[chosen] for one, chosen in zip((first, second), early, strict=True)]
        assert np.array_equal(*values, equal_nan=True)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=20), st.integers(0, 1000))
@examples(max_examples=20, deadline=None)
def test_a_calibrated_probability_rises_with_the_raw_one_and_is_capped(raw: list[float], seed: int) -> None:
    dice = np.random.default_rng(seed)
    shift, limit = dice.normal(0, 2, 2), dice.random()
    chances = Chances({"one": (float(shift[0]), float(shift[1]))}, {"all": float(limit)})
    ordered = np.sort(raw)
    for name in ("one", "unknown"):
        for met in (False, True):
            result = chances.of(name, "any", ordered, np.full(len(raw), met), 0.01)
            assert (np.diff(result) >= 0).all()
            assert ((result >= 0.01) & (result <= 0.99)).all()
        states = (chances.of(name, "any", ordered, np.full(len(raw), met), 0.01) for met in (False, True))
        still_open, met_now = states
        assert (met_now >= still_open).all()
        assert still_open.max() <= max(limit, 0.01)


def test_the_shift_of_the_log_odds_is_found_again_and_held_to_none_where_cases_are_few() -> None:
    dice = np.random.default_rng(3)
    raw = dice.uniform(0.05, 0.95, 20_000)
    true = 1 / (1 + (1 - raw) / raw * np.exp(1.5))  # log odds lower by 1.5
    met = (dice.random(len(raw)) < true).astype(float)
    code = np.zeros(len(raw), dtype=np.int64)
    assert shifts(raw, met, code, 1, 1.0)[0] == pytest.approx(-1.5, abs=0.1)
    few = shifts(raw[:6], np.zeros(6), code[:6], 2, 1.0)
    assert -0.5 < few[0] < 0
    assert few[1] == 0


def test_a_group_probability_rises_with_the_share_of_draws() -> None:
    share = np.linspace(0.002, 0.998, 99)
    chances = GroupChances(1.3, {"one": -0.4})
    assert (np.diff(chances.of("one", share)) > 0).all()
    assert chances.each(["one", "other"], np.array([0.5, np.nan]))[0] == pytest.approx(1 / (1 + np.exp(0.4)))
    assert np.isnan(chances.each(["one", "other"], np.array([0.5, np.nan]))[1])


def test_an_error_made_in_calm_years_is_no_wider_once_a_shock_has_raised_the_volatility() -> None:
    panel = simulated(120, 3)
    result = errors(panel, RULE, range(2012, 2016), 3)
    error, behind = error_of(panel, result, np.array([[0.5, 0.0]])), np.array([120])
    calm = as_of(panel, result, error, result.typical[:1], behind, RULE)
    shaken = as_of(panel, result, error, result.typical[:1] + np.log(4), behind, RULE)
    assert shaken == pytest.approx(calm / 4)
    assert np.array_equal(as_of(panel, result, error, result.typical[:1] + 1, np.array([50]), RULE), error)


def test_the_order_of_rows_means_nothing_and_the_same_rows_give_the_same_bytes(many: Panel) -> None:
    row, column = np.nonzero(~np.isnan(many.values))
    dice = np.random.default_rng(7)
    tables = []
    for order in (np.arange(len(row)), dice.permutation(len(row))):
        given_ = columns(
            row[order], many.years[column[order]], many.values[row, column][order], "logit", 0, 100, "one"
        )
        panel = make_panel(given_, RULE.offset)
        tables.append(projected(panel, wanted_of(panel), RULE, FLAT))
    assert tables[0].equals(tables[1])


def test_one_row_for_each_year_to_the_target_year(many: Panel) -> None:
    table = projected(many, wanted_of(many, until_year=np.full(len(many.areas), 2027)), RULE, FLAT)
    assert table.num_rows == 3 * len(many.areas)
    assert table.column("time_period").to_pylist()[:3] == [2025, 2026, 2027]


def test_a_series_without_a_region_or_of_a_group_teaches_the_others_nothing(many: Panel) -> None:
    strange = np.full((1, many.values.shape[1]), 3.0) + np.linspace(0, 60, many.values.shape[1])
    both = panel_of(np.concatenate([many.values, strange]))
    both = replace(both, country=np.arange(len(both.areas)) < len(many.areas))
    alone, beside = (pooled_drift(panel, 5, RULE) for panel in (many, both))
    assert np.array_equal(alone, beside[:-1])


# --- parts
# ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("kind", "low"), [("logit", 0.0), ("log", 0.0), ("linear", -10.0)])
def test_scales_are_turned_back(kind: str, low: float) -> None:
    panel = panel_of([[0.0, 0.1, 50.0, 99.9, 100.0]], kind, low)
    back = from_scale(to_scale(panel.values, panel.scale), panel.scale)
    assert back == pytest.approx(panel.values, abs=1e-9)


def test_zero_and_hundred_are_finite_on_the_logit_scale() -> None:
    panel = panel_of([[0.0, 100.0, 50.0]])
    ends = np.log(100.5 / 0.5)  # half a point of offset
    assert panel.z[0] == pytest.approx([-ends, ends, 0])


@examples(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.floats(-5, 5)), min_size=1, max_size=40),
    st.sampled_from([0, 0.25, 0.5, 1]),
)
def test_grouped_quantiles_are_elements_of_their_group(pairs: list[tuple[int, float]], q: float) -> None:
    codes, values = np.array([one for one, _ in pairs]), np.array([value for _, value in pairs])
    quantiles = grouped_quantile(values, codes, 4, q, np.ones(len(values), dtype=bool))
    for one in range(4):
        group = np.sort(values[codes == one])
        if len(group):
            assert quantiles[one] == group[int(np.floor(q * (len(group) - 1) + 0.5))]
        else:
            assert np.isnan(quantiles[one])


def test_the_share_of_errors_is_exact_at_the_widths_and_rises_strictly_between() -> None:
    widths = np.array([0.5, 1.2, 1.9, 2.6, 4.0])
    table = np.broadcast_to(widths, (5, 5))
    assert share_below(widths, table) == pytest.approx((1 + np.array(LEVELS)) / 2)
    assert share_below(-widths, table) == pytest.approx((1 - np.array(LEVELS)) / 2)
    line = np.linspace(-12, 12, 201)
    shares = share_below(line, np.broadcast_to(widths, (201, 5)))
    assert (np.diff(shares) > 0).all()
    assert shares + shares[::-1] == pytest.approx(1)


def test_widths_that_are_zero_make_no_nonsense() -> None:
    shares = share_below(np.array([-1.0, 0.0, 1.0]), np.zeros((3, 5)))
    assert shares == pytest.approx([0, 0.5, 1])


# --- the rivals, by hand
# ---------------------------------------------------------------------------------------
def test_unsd_extrapolates_at_the_compound_rate_of_nine_years() -> None:
    panel = panel_of([[1.0, 10.0, *[20.0] * 8, 40.0]])  # 2014: not looked at; 2015: 10; 2024: 40
    growth = 4 ** (1 / 9)
    assert unsd(panel, 2, RULE)[0] == pytest.approx([40 * growth, 40 * growth**2])
    assert unsd_in_range(panel, 9, RULE)[0, -1] == 100
    assert np.isnan(unsd(panel_of([[0.0, *[5.0] * 9]]), 1, RULE)).all()


def test_naive_mean_change_and_regression_on_a_straight_line_of_logits() -> None:
    z = np.linspace(-2, 0, 11)
    panel = panel_of([(101 / (1 + np.exp(-z))) - 0.5])
    ahead = 101 / (1 + np.exp(-(0.2 * np.arange(1, 4)))) - 0.5
    assert naive(panel, 3, RULE)[0] == pytest.approx([50] * 3)
    assert mean_change(panel, 3, RULE)[0] == pytest.approx(ahead)
    assert escap_regression(panel, 3, RULE)[0] == pytest.approx(ahead)
    damped = 101 / (1 + np.exp(-(0.2 * np.cumsum(0.9 ** np.arange(1, 4))))) - 0.5
    assert damped_trend(panel, 3, RULE)[0] == pytest.approx(damped)


def test_theta_follows_a_straight_line_by_half_its_slope() -> None:
    z = np.linspace(-2, 0, 11)
    panel = panel_of([(101 / (1 + np.exp(-z))) - 0.5])
    # On a line the best smoothing is none: the level is the last value.
    assert theta(panel, 2, RULE)[0] == pytest.approx(101 / (1 + np.exp(-np.array([0.1, 0.2]))) - 0.5)


def test_theta_interpolates_missing_years() -> None:
    z = np.linspace(-2, 0, 11)
    values = 101 / (1 + np.exp(-z)) - 0.5
    gap = values.copy()
    gap[4] = np.nan
    assert theta(panel_of([gap]), 2, RULE) == pytest.approx(theta(panel_of([values]), 2, RULE))


# --- what is on file
# -------------------------------------------------------------------------------------------
def test_the_figures_on_file_are_a_sound_table() -> None:
    with_none = projection_skill_table()
    validate(with_none, PROJECTION_SKILL)
    assert {row["method"] for row in with_none.to_pylist()} == set(CANDIDATES)


def test_the_widths_on_file_grow_with_horizon_and_level_and_belong_to_the_model_in_use() -> None:
    result = calibration()
    assert result.made_from["model"] == RULE.model
    assert {"all", *result.blends} <= {"all", *result.widths}
    assert all(0 <= limit < 0.99 for limit in result.chances.limits.values())
    assert "all" in result.chances.limits
    for widths in result.widths.values():
        assert widths.shape == (10, len(LEVELS))
        assert (np.diff(widths, axis=0) >= 0).all()
        assert (np.diff(widths, axis=1) >= 0).all()


def test_the_docs_page_shows_the_figures_on_file() -> None:
    page = (SKILL.parent.parent.parent / "docs" / "methods" / "projection.md").read_text(encoding="utf-8")
    rows = {
        (row["measured_on"], row["method"], row["horizon"]): row
        for row in projection_skill_table().to_pylist()
    }
    for method in CANDIDATES:
        shown = [rows["all_four", method, horizon]["mean_absolute_error"] for horizon in range(1, 7)]
        assert f"| `{method}` | {' | '.join(f'{value:,.2f}' for value in shown)} |" in page
    families = SKILL.with_name("families.csv").read_text(encoding="utf-8").splitlines()[1:]
    for line in families:
        family, forecasts, eighty, _, relative, _ = line.split(",")
        assert f"| {family} | {int(forecasts):,} | {eighty} |" in page
        assert f"| {relative} |" in page
