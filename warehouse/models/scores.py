"""Composite scores of one part of a framework, with the range of their ranks under other choices.

After the Handbook on Constructing Composite Indicators (OECD and Joint Research Centre, 2008): min-max
normalisation by declared bounds, declared weights, and an uncertainty analysis over normalisation, weights
and aggregation together. Indicators and weights are data: indicators/catalogue/scores.
models/sql/score_input.sql selects the value of an area. Individuals are never scored, and there is no
composite over everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.definitions.scores import ScoreFile
from schemas.tables.arrow import arrow_schema
from schemas.tables.targets import SCORE
from warehouse.engine.duckdb_engine import model_sql, sort_by_key
from warehouse.models.definition_inputs import load

Numbers = npt.NDArray[np.float64]
DECIMALS = 9  # equal to so many decimals is a tie: further digits depend on the order of floating-point sums
LOWEST = 1.0  # lower end of the scale from 1 to 100 for a geometric mean: a zero would dominate all others

OF_FILE = {"aggregation", "least_coverage", "least_indicators", "oldest", "draws", "seed"}
REPLICATES = 20  # sets of inputs with different errors for the draws
COMPONENT = pa.schema(
    [
        ("framework", pa.string()),
        ("component", pa.string()),
        ("position", pa.int32()),
        ("indicator", pa.string()),
        ("weight", pa.float64()),
        ("aggregation", pa.string()),
        ("least_coverage", pa.float64()),
        ("least_indicators", pa.int32()),
        ("oldest", pa.int32()),
        ("draws", pa.int32()),
        ("seed", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Choices:
    """Options of a composite, and the number of random draws."""

    weights: Numbers
    aggregation: str
    least_coverage: float
    least_indicators: int
    draws: int
    seed: int


@dataclass(frozen=True)
class Scored:
    """Results by area: score and ranks are nan if too few values exist."""

    score: Numbers
    rank: Numbers
    rank_low: Numbers
    rank_high: Numbers
    coverage: Numbers


def load_scores(con: duckdb.DuckDBPyConnection, files: Sequence[ScoreFile]) -> None:
    """Load score_component and score_year, which score_table reads."""
    rows = [
        {
            "framework": file.framework,
            "component": code,
            "position": position,
            "indicator": item.indicator,
            "weight": item.weight,
            **file.model_dump(include=OF_FILE),
        }
        for file in files
        for code, component in sorted(file.components.items())
        for position, item in enumerate(component.indicators)
    ]
    load(con, "score_component", pa.Table.from_pylist(rows, schema=COMPONENT))
    years = [
        {"framework": file.framework, "year": year} for file in files for year in sorted(set(file.years))
    ]
    schema = pa.schema([("framework", pa.string()), ("year", pa.int16())])
    load(con, "score_year", pa.Table.from_pylist(years, schema=schema))


def score_table(con: duckdb.DuckDBPyConnection) -> pa.Table:
    """Return the table `score`. One pass per composite and year: no loop over areas, indicators or draws."""
    con.execute(f"create or replace temp table score_input as\n{model_sql('score_input')}")
    keys = con.execute("select distinct framework, component, year from score_input order by all").fetchall()
    columns: dict[str, list[Any]] = {name: [] for name in SCORE.names}
    for framework, component, year in keys:
        for name, by_indicator in _rows(con, framework, component, year).items():
            columns[name] += by_indicator
    table = pa.table([pa.array(columns[f.name], f.type) for f in arrow_schema(SCORE)], arrow_schema(SCORE))
    return sort_by_key(table, SCORE)


def composite(
    values: Numbers,
    worst: Numbers,
    best: Numbers,
    choices: Choices,
    *,
    error: Numbers | None = None,
    ranked: npt.NDArray[np.bool_] | None = None,
) -> Scored:
    """Compute scores and ranks of the areas (rows) from the values of the indicators (columns); nan: none.

    score = 100 * (value - worst) / (best - worst), cut at 0 and 100, averaged with the declared weights over
    the indicators that have a value. An area is scored if these hold at least least_coverage of the weight
    and are at least least_indicators. rank_low and rank_high are the 5th and 95th percentile of its ranks
    in the draws.

    Args:
        values: areas by indicators.
        worst: the bound of each indicator that scores 0.
        best: the bound that scores 100.
        choices: the options of the composite.
        error: standard error of each value, in its unit; none by default.
        ranked: the areas that are ranked among one another; all by default."""
    areas = len(values)
    weights = choices.weights / choices.weights.sum()
    there = ~np.isnan(values)
    coverage = np.round(np.einsum("nk,k->n", there.astype(float), weights), DECIMALS)
    used = there.sum(axis=1)
    enough = (coverage >= choices.least_coverage) & (used >= max(choices.least_indicators, 1))
    score, rank, low, high = (np.full(areas, np.nan) for _ in range(4))
    result = Scored(score, rank, low, high, np.minimum(coverage, 1))
    if not enough.any():
        return result
    points = _normalised(values[enough], worst, best)[0]
    if choices.aggregation == "geometric":
        means = _means(_to_scale(points), weights[None, :], geometric=True)[:, 0]
        mean = np.round(100 * (means - LOWEST) / (100 - LOWEST), DECIMALS)
    else:
        mean = _means(points, weights[None, :], geometric=False)[:, 0]
    result.score[enough] = np.clip(mean, 0, 100)
    placed = enough if ranked is None else enough & ranked
    if placed.any():
        result.rank[placed] = _ranks(result.score[placed][:, None])[:, 0]
        spread = np.zeros(values.shape) if error is None else error
        ends = _rank_range(values[placed], spread[placed], worst, best, weights, choices)
        result.rank_low[placed], result.rank_high[placed] = ends
    return result


def _normalised(values: Numbers, worst: Numbers, best: Numbers) -> list[Numbers]:
    """Normalise the values to a scale from 0 to 100, better upward, in three ways: min-max by bounds,
    z-score, percentile rank; the last two over the scored areas."""
    points = np.round(np.clip(100 * (values - worst) / (best - worst), 0, 100), DECIMALS)
    upward = np.where(best < worst, -values, values)
    there = ~np.isnan(upward)
    counts = np.maximum(there.sum(axis=0), 1)
    filled = np.where(there, upward, 0)
    mean = filled.sum(axis=0) / counts
    spread = np.sqrt(np.where(there, (upward - mean) ** 2, 0).sum(axis=0) / counts)
    z = (upward - mean) / np.where(spread > 0, spread, 1)
    # -2 and 2 standard deviations are the ends: a change of unit has no effect, and neither has one extreme
    z_points = np.round(np.clip(50 + 25 * z, 0, 100), DECIMALS)
    below = _ranks(np.where(there, -np.round(z, DECIMALS), -np.inf))  # 1 is the worst
    percentile = np.where(there, 100 * (below - 1) / np.maximum(counts - 1, 1), np.nan)
    return [points, np.where(there, z_points, np.nan), percentile]


def _to_scale(points: Numbers) -> Numbers:
    """Map 0 to 100 to 1 to 100."""
    return LOWEST + points * (100 - LOWEST) / 100


def _means(points: Numbers, weights: Numbers, *, geometric: bool) -> Numbers:
    """Compute the mean of each area (rows) under each draw's weights (columns), over existing values.

    einsum without optimisation sums in one order on every machine."""
    there = ~np.isnan(points)
    used = np.where(there, np.log(points) if geometric else points, 0)
    held = np.einsum("nk,dk->nd", there.astype(float), weights)
    means = np.einsum("nk,dk->nd", used, weights) / np.where(held > 0, held, 1)
    rounded: Numbers = np.round(np.exp(means) if geometric else means, DECIMALS)
    return rounded


def _rank_range(
    values: Numbers, error: Numbers, worst: Numbers, best: Numbers, weights: Numbers, choices: Choices
) -> tuple[Numbers, Numbers]:
    """Compute the 5th and 95th percentile of the ranks over random normalisation, weights, aggregation and
    errors of the inputs, drawn together. Each option is equally likely; weights come from a flat Dirichlet
    distribution, errors from a normal one, in REPLICATES sets of inputs."""
    random = np.random.default_rng(choices.seed)
    draws, size = choices.draws, len(weights)
    way = random.integers(0, 3, draws)
    weighing = random.integers(0, 3, draws)
    geometric = random.integers(0, 2, draws).astype(bool)
    drawn = random.dirichlet(np.ones(size), draws)
    drawn[weighing == 0] = 1 / size
    drawn[weighing == 1] = weights
    replicate = np.arange(draws) % (REPLICATES if error.any() else 1)
    ranks = np.empty((len(values), draws), dtype=np.int32)
    for one in range(int(replicate.max()) + 1):
        shaken = values + error * random.standard_normal(values.shape)
        for number, points in enumerate(_normalised(shaken, worst, best)):
            for mean in (False, True):
                chosen = (way == number) & (geometric == mean) & (replicate == one)
                if chosen.any():
                    ranks[:, chosen] = _ranks(_means(_to_scale(points), drawn[chosen], geometric=mean))
    low = np.percentile(ranks, 5, axis=1, method="lower")
    return low.astype(float), np.percentile(ranks, 95, axis=1, method="higher").astype(float)


def _ranks(scores: Numbers) -> Numbers:
    """Rank each column: 1 is the highest; ties share the better rank."""
    order = np.argsort(-scores, axis=0, kind="stable")
    ordered = np.take_along_axis(scores, order, axis=0)
    new = np.ones(scores.shape, dtype=bool)
    new[1:] = ordered[1:] != ordered[:-1]
    place = np.arange(1, len(scores) + 1)[:, None]
    first = np.maximum.accumulate(np.where(new, place, 0), axis=0)
    ranks = np.empty(scores.shape)
    np.put_along_axis(ranks, order, first.astype(float), axis=0)
    return ranks


def _rows(con: duckdb.DuckDBPyConnection, framework: str, component: str, year: int) -> dict[str, list[Any]]:
    """Return the rows of one composite in one year, by column."""
    key = [framework, component]
    made = con.execute(
        """
        select weight, aggregation, least_coverage, least_indicators, draws, seed
        from score_component
        where framework = ? and component = ?
        order by position""",
        key,
    ).fetchall()
    listed = con.sql(
        """
        select ref_area, value, value_year, worst, best, error, un_member
        from score_input
        where framework = ? and component = ? and year = ?
        order by ref_area, position""",
        params=[*key, year],
    ).to_arrow_table()
    size = len(made)
    areas = listed["ref_area"].to_pylist()[::size]
    grid = {name: _grid(listed, name, size) for name in ("value", "value_year", "worst", "best", "error")}
    choices = Choices(np.array([row[0] for row in made]), *made[0][1:])
    # an indicator outside this run's catalogue has no bounds and no values
    worst, best = np.nan_to_num(grid["worst"][0], nan=0), np.nan_to_num(grid["best"][0], nan=1)
    values = np.where(np.isnan(grid["best"]), np.nan, grid["value"])
    member = np.nan_to_num(_grid(listed, "un_member", size)[:, 0]) > 0
    scored = composite(values, worst, best, choices, error=np.nan_to_num(grid["error"]), ranked=member)
    years = np.where(np.isnan(values), np.inf, grid["value_year"]).min(axis=1)
    used = (~np.isnan(values)).sum(axis=1)
    return {
        "framework": [framework] * len(areas),
        "component": [component] * len(areas),
        "ref_area": areas,
        "time_period": [int(year)] * len(areas),
        "score": [None if np.isnan(x) else float(x) for x in scored.score],
        "rank": list(_whole(scored.rank)),
        "rank_low": list(_whole(scored.rank_low)),
        "rank_high": list(_whole(scored.rank_high)),
        "coverage_share": scored.coverage.tolist(),
        "indicators_used": used.tolist(),
        "indicators_total": [size] * len(areas),
        "oldest_year": [None if np.isinf(x) else int(x) for x in years],
        "reason": [
            _reason(x, s, int(n), choices)
            for x, s, n in zip(scored.coverage, scored.score, used, strict=True)
        ],
    }


def _grid(table: pa.Table, name: str, size: int) -> Numbers:
    """Pivot a column to one row per area and one column per indicator, nan for null."""
    column = table[name].cast(pa.float64()).combine_chunks()
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=float).reshape(-1, size)


def _whole(numbers: Numbers) -> Iterator[int | None]:
    return (None if np.isnan(number) else int(number) for number in numbers)


def _reason(coverage: float, score: float, used: int, choices: Choices) -> str | None:
    if not np.isnan(score):
        return None
    if coverage >= choices.least_coverage:
        return f"{used} indicators have a value, fewer than the {choices.least_indicators} that a score needs"
    return (
        f"{100 * coverage:.0f} per cent of the weight has a value, "
        f"less than the {100 * choices.least_coverage:.0f} per cent that a score needs"
    )
