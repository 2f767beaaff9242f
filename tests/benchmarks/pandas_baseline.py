"""The evaluation and the models in plain pandas: a baseline of the benchmarks and an oracle of the tests.

Written as an analyst would write it, for the indicators whose formulas are plain arithmetic.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from indicators.registry import Catalogue
from schemas.definitions.indicator import Indicator, Input

CELL = ["ref_area", "time_period", "sex", "age", "urbanisation", "quantile", "other_dims"]
DIMENSIONS = ["sex", "age", "urbanisation", "quantile", "education", "other_dims"]
READ = ["source", "series", "ref_area", "time_period", *DIMENSIONS, "obs_value", "unit_mult"]
CLASSES = {
    True: [(0.95, 1.5, 4, "on_track_or_met"), (0.5, 0.95, 3, "moderate"), (0.1, 0.5, 2, "marginal"),
           (0.0, 0.1, 1, "stagnation"), (-0.5, 0.0, 0, "regression")],
    False: [(0.02, 0.05, 4, "on_track_or_met"), (0.0125, 0.02, 3, "moderate"), (0.005, 0.0125, 2, "marginal"),
            (0.0, 0.005, 1, "stagnation"), (-0.05, 0.0, 0, "regression")],
}  # fmt: skip


def plain(catalogue: Catalogue) -> list[str]:
    """The indicators whose formulas, and those of what they are made of, are arithmetic on whole inputs: no
    functions, no cases, no indicator that stands for a part of the people."""
    arithmetic: list[str] = []
    for indicator_id, indicator in catalogue.items():
        parts = any(item.part for items in indicator.named_inputs().values() for item in items)
        simple = not parts and not re.search(r"[a-z_]\s*\(|\bcase\b", indicator.formula)
        if simple and set(catalogue.indicators_of(indicator_id)) <= set(arithmetic):
            arithmetic.append(indicator_id)
    return arithmetic


def evaluate(catalogue: Catalogue, staged: Mapping[str, Path]) -> pd.DataFrame:
    """The values of all plain indicators: indicator, the cell, value, source."""
    observations = {name: pd.read_parquet(path, columns=READ) for name, path in staged.items()}
    done: dict[str, pd.DataFrame] = {}
    for indicator_id in plain(catalogue):
        indicator = catalogue[indicator_id]
        inputs = {
            name: _preferred(indicator, items, observations, done)
            for name, items in indicator.named_inputs().items()
        }
        done[indicator_id] = _formula(indicator, inputs)
    return pd.concat([frame.assign(indicator=name) for name, frame in done.items()], ignore_index=True)


def _preferred(
    indicator: Indicator,
    items: Sequence[Input],
    observations: Mapping[str, pd.DataFrame],
    done: Mapping[str, pd.DataFrame],
) -> pd.DataFrame:
    parts = []
    for rank, item in enumerate(items):
        if item.indicator:
            rows = done[item.indicator].assign(obs_value=lambda f: f["value"], unit_mult=0, education="_T")
        elif item.source and item.source in observations:
            rows = observations[item.source]
            rows = rows[rows["series"] == item.series]
        else:
            continue
        for name in DIMENSIONS:
            pinned = item.where.get(name)  # type: ignore[call-overload]
            if pinned is not None or name not in indicator.gaps:
                rows = rows[rows[name] == (pinned or "_T")].assign(**{name: "_T"})
        rows = rows[rows["obs_value"].notna()]
        value = rows["obs_value"] * 10.0 ** rows["unit_mult"] * item.scale
        parts.append(rows[[*CELL, "source"]].assign(value=value, rank=rank))
    if not parts:
        return pd.DataFrame(columns=[*CELL, "source", "value"]).astype(
            {"time_period": "int16", "value": float}
        )
    ranked = pd.concat(parts, ignore_index=True).sort_values("rank", kind="stable")
    return ranked.drop_duplicates(CELL).drop(columns="rank")


def _formula(indicator: Indicator, inputs: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    if indicator.formula.strip() == "value":
        return inputs["value"]
    names = list(inputs)
    joined = inputs[names[0]].rename(columns={"value": names[0]})
    for name in names[1:]:
        other = inputs[name].rename(columns={"value": name}).drop(columns="source")
        joined = joined.merge(other, on=CELL)
    joined["value"] = joined.eval(indicator.formula)
    joined["value"] = joined["value"].replace([float("inf"), float("-inf")], float("nan"))
    return joined.dropna(subset=["value"])[[*CELL, "source", "value"]]


def latest(values: pd.DataFrame) -> pd.DataFrame:
    """The newest total of each indicator and area."""
    totals = _totals(values)
    return totals.loc[totals.groupby(["indicator", "ref_area"])["time_period"].idxmax()]


def _totals(values: pd.DataFrame) -> pd.DataFrame:
    total = (values[["sex", "age", "urbanisation", "quantile", "other_dims"]] == "_T").all(axis=1)
    return values.loc[total, ["indicator", "ref_area", "time_period", "value"]]


def progress(values: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """unsd-2026: indicator, ref_area, measure, score, category."""
    totals, newest = _totals(values), latest(values)
    frames = []
    for indicator_id, last in newest.groupby("indicator"):
        indicator = catalogue[str(indicator_id)]
        mine = totals[totals["indicator"] == indicator_id]
        since = indicator.target.baseline_year if indicator.target else 2015
        breaks = pd.Series(since, index=last["ref_area"])
        for entry in indicator.breaks:
            hit = (last.set_index("ref_area")["time_period"] >= entry.time_period) & (
                (entry.ref_area == "all") | (breaks.index == entry.ref_area)
            )
            breaks[hit] = breaks[hit].clip(lower=entry.time_period)
        mine = mine[mine["time_period"] >= mine["ref_area"].map(breaks)]
        first = mine.loc[mine.groupby("ref_area")["time_period"].idxmin()]
        pair = last.merge(first, on=["indicator", "ref_area"], how="left", suffixes=("_t", "_0"))
        frames.append(_assess(pair, indicator))
    return pd.concat(frames, ignore_index=True)


def _assess(pair: pd.DataFrame, indicator: Indicator) -> pd.DataFrame:
    target = indicator.target.value if indicator.target else None
    parity, sign = (
        indicator.direction == "closer_to_one",
        1 if indicator.direction == "higher_is_better" else -1,
    )
    y0, yt = pair["value_0"].astype(float), pair["value_t"].astype(float)
    if parity:
        y0, yt, target = (y0 - 1).abs(), (yt - 1).abs(), None if target is None else abs(target - 1)
    years = (pair["time_period_t"] - pair["time_period_0"]).astype(float)
    good = (y0 > 0) & (yt > 0) & (years > 0)
    growth = pd.Series(float("nan"), index=pair.index)
    growth[good] = (yt[good] / y0[good]) ** (1 / years[good]) - 1
    if target is None or indicator.target is None:
        measure, met = sign * growth, pd.Series(False, index=pair.index)
    else:
        years_ahead = (indicator.target.year - pair["time_period_t"]).clip(lower=0).astype(float)
        ahead = (yt * (1 + growth) ** years_ahead).where(growth.notna())  # NaN ** 0 is 1
        met = (sign * y0 >= sign * target) & (years > 0)
        measure = ((ahead - y0) / (target - y0)).where(~met)
    score = pd.Series(float("nan"), index=pair.index)
    category = pd.Series("insufficient_data", index=pair.index)
    for low, high, base, name in reversed(CLASSES[target is not None]):
        hit = measure.notna() & (years > 0) & ((measure >= low) | (base == 0))
        score[hit] = base + (measure[hit].clip(low, high) - low) / (high - low)
        category[hit] = name
    now = ((sign * yt >= sign * target) & (years > 0)) if target is not None else met
    score[met], category[met] = 0.0, "regression"
    score[now], category[now] = 5.0, "on_track_or_met"
    return pair[["indicator", "ref_area"]].assign(measure=measure, score=score, category=category)


def weighted_means(values: pd.DataFrame, catalogue: Catalogue, members: pd.DataFrame) -> pd.DataFrame:
    """indicator, group, time_period, value: population-weighted means of the members, thresholds not
    applied."""
    totals = _totals(values)
    chosen = {i: d.aggregate.weight for i, d in catalogue.items() if d.aggregate.method == "weighted_mean"}
    frames = []
    for weight in sorted({w for w in chosen.values() if w}):
        weights = (
            totals[totals["indicator"] == weight]
            .drop(columns="indicator")
            .rename(columns={"value": "weight"})
        )
        mine = totals[totals["indicator"].map(chosen) == weight]
        joined = mine.merge(weights, on=["ref_area", "time_period"]).merge(members, on="ref_area")
        joined["product"] = joined["value"] * joined["weight"]
        sums = (
            joined.groupby(["indicator", "group", "time_period"])[["product", "weight"]].sum().reset_index()
        )
        frames.append(sums.assign(value=sums["product"] / sums["weight"]).drop(columns=["product", "weight"]))
    return pd.concat(frames, ignore_index=True)


def ends(values: pd.DataFrame, defined: pd.DataFrame) -> pd.DataFrame:
    """The measure of unsd-2026 of each series, whatever the number of indicators: first value since the
    baseline year, last value, growth, projection. Without the classes and the special cases of `progress`."""
    joined = _totals(values).merge(defined, on="indicator")
    since = joined[joined["time_period"] >= joined["baseline_year"]]
    series = since.groupby(["indicator", "ref_area"])["time_period"]
    first, last = since.loc[series.idxmin()], since.loc[series.idxmax()]
    pair = first.merge(last, on=["indicator", "ref_area"], suffixes=("_0", "_1"))
    years = (pair["time_period_1"] - pair["time_period_0"]).astype(float)
    good = (years > 0) & (pair["value_0"] > 0) & (pair["value_1"] > 0)
    growth = ((pair["value_1"] / pair["value_0"]) ** (1 / years) - 1).where(good)
    left = (pair["target_year_1"] - pair["time_period_1"]).clip(lower=0)
    ahead = pair["value_1"] * (1 + growth) ** left.astype(float)
    measure = (ahead - pair["value_0"]) / (pair["target_value_1"] - pair["value_0"])
    return pair.assign(measure=measure.where(pair["target_value_1"].notna(), growth))


def means(values: pd.DataFrame, chosen: pd.Series, members: pd.DataFrame) -> pd.DataFrame:
    """Weighted means of each group and year; chosen: the weight of each indicator."""
    totals = _totals(values)
    mine = totals[totals["indicator"].isin(chosen.index)]
    mine = mine.assign(weighing=mine["indicator"].map(chosen))
    weights = totals.rename(columns={"indicator": "weighing", "value": "weight"})
    weights = weights[weights["weighing"].isin(set(chosen))]
    joined = mine.merge(weights, on=["weighing", "ref_area", "time_period"]).merge(members, on="ref_area")
    joined["product"] = joined["value"] * joined["weight"]
    sums = joined.groupby(["indicator", "group", "time_period"])[["product", "weight"]].sum().reset_index()
    return sums.assign(value=sums["product"] / sums["weight"])
