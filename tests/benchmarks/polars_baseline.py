"""The same queries in polars, and country by country in Python as the open package undata does: baselines
of the scale benchmark.

Written as users of these libraries would. Plain pandas is in pandas_baseline.py.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schemas.columns.observation import VALUE_DIMENSIONS

KEY = ["indicator", "ref_area"]
SAMPLE = 20_000  # series that the loop takes; its time for all of them is computed from that


def totals(path: Path) -> Any:
    """polars: the totals of the file, lazily."""
    import polars as pl

    every = pl.all_horizontal(pl.col(name) == "_T" for name in VALUE_DIMENSIONS)
    return pl.scan_parquet(path).filter(every).select(*KEY, "time_period", "value")


def latest(path: Path) -> Any:
    """polars: the newest total of each indicator and area."""
    import polars as pl

    return totals(path).group_by(KEY).agg(pl.all().sort_by("time_period").last()).collect()


def ends(path: Path, baseline: Any) -> Any:
    """polars: the first value since the baseline year and the last one, of each series."""
    import polars as pl

    since = totals(path).join(baseline.lazy(), on="indicator")
    since = since.filter(pl.col("time_period") >= pl.col("baseline_year"))
    place = pl.col("time_period")
    return (
        since.group_by(KEY)
        .agg(
            place.min().alias("t0"),
            place.max().alias("t1"),
            pl.col("value").get(place.arg_min()).alias("y0"),
            pl.col("value").get(place.arg_max()).alias("y1"),
            pl.col("target_value").first().alias("target"),
            pl.col("target_year").first().alias("year"),
        )
        .collect()
    )


def progress(path: Path, baseline: Any) -> Any:
    """polars: the measure of unsd-2026, for indicators of which more is better or worse."""
    import polars as pl

    years = pl.col("t1") - pl.col("t0")
    good = (years > 0) & (pl.col("y0") > 0) & (pl.col("y1") > 0)
    growth = pl.when(good).then((pl.col("y1") / pl.col("y0")) ** (1 / years) - 1)
    ahead = pl.col("y1") * (1 + growth) ** (pl.col("year") - pl.col("t1")).clip(0)
    measure = (ahead - pl.col("y0")) / (pl.col("target") - pl.col("y0"))
    return ends(path, baseline).with_columns(
        pl.when(pl.col("target").is_null()).then(growth).otherwise(measure).alias("measure")
    )


def weighted_means(path: Path, weights: Mapping[str, str], members: Any) -> Any:
    """polars: weighted means of every group and year."""
    import polars as pl

    total = totals(path).collect()
    chosen = pl.DataFrame({"indicator": list(weights), "weighing": list(weights.values())})
    weight = total.rename({"indicator": "weighing", "value": "weight"})
    weight = weight.join(chosen.select("weighing").unique(), on="weighing", how="semi")
    weighed = total.join(chosen, on="indicator").join(weight, on=["weighing", "ref_area", "time_period"])
    joined = weighed.join(members, on="ref_area")
    return (
        joined.lazy()
        .group_by("indicator", "group", "time_period")
        .agg(((pl.col("value") * pl.col("weight")).sum() / pl.col("weight").sum()).alias("value"))
        .collect()
    )


def loop(path: Path, baseline: Any, sample: int = SAMPLE) -> tuple[int, float]:
    """Series by series, in Python over a pandas frame: every series filtered out of its indicator's rows and
    judged by itself. Returns how many were judged, and the seconds that all series of the file would take."""
    result = totals(path).join(baseline.lazy(), on="indicator", how="semi").collect()
    series = result.select("indicator", "ref_area").unique(maintain_order=True)
    defined = {row["indicator"]: row for row in baseline.iter_rows(named=True)}
    sampled = series.head(sample)
    judged, seconds = 0, 0.0
    for (indicator,), areas in sampled.group_by("indicator", maintain_order=True):
        rows = result.filter(result["indicator"] == indicator).to_pandas()
        started = time.perf_counter()
        for area in areas["ref_area"]:
            one = rows[rows["ref_area"] == area].sort_values("time_period")
            judged += _judged(one, defined[indicator]) is not None
        seconds += time.perf_counter() - started
    return judged, seconds * len(series) / max(len(sampled), 1)


def _judged(one: Any, defined: Mapping[str, Any]) -> float | None:
    since = one[one["time_period"] >= defined["baseline_year"]]
    if len(since) < 2:
        return None
    first, last = since.iloc[0], since.iloc[-1]
    years = int(last["time_period"]) - int(first["time_period"])
    if not (first["value"] > 0 and last["value"] > 0):
        return None
    growth = float((last["value"] / first["value"]) ** (1 / years) - 1)
    target = defined["target_value"]
    if target is None:
        return growth
    ahead = last["value"] * (1 + growth) ** max(defined["target_year"] - int(last["time_period"]), 0)
    return float((ahead - first["value"]) / (target - first["value"])) if target != first["value"] else None
