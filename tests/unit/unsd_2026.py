"""The method unsd-2026 in plain Python, one area at a time: the reference for
models/sql/progress/unsd-2026.sql.

Written from METHODS, not from the SQL, and kept without any shared code.
"""

from __future__ import annotations

from typing import Any

WITH_TARGET = [
    ("on_track_or_met", 0.95, 1.5),
    ("moderate", 0.5, 0.95),
    ("marginal", 0.1, 0.5),
    ("stagnation", 0.0, 0.1),
    ("regression", -0.5, 0.0),
]
WITHOUT = [
    ("on_track_or_met", 0.02, 0.05),
    ("moderate", 0.0125, 0.02),
    ("marginal", 0.005, 0.0125),
    ("stagnation", 0.0, 0.005),
    ("regression", -0.05, 0.0),
]


def classify(measure: float, classes: list[tuple[str, float, float]]) -> tuple[str, float]:
    for steps_down, (name, low, high) in enumerate(classes):
        if measure >= low or name == "regression":
            inside = min(max(measure, low), high)
            return name, 4 - steps_down + (inside - low) / (high - low)
    raise AssertionError


def assess(
    points: dict[int, float],
    direction: str,
    target: float | None,
    *,
    target_year: int = 2030,
    baseline_year: int = 2015,
    breaks: tuple[int, ...] = (),
) -> dict[str, Any]:
    """Category, score, measure, growth, projected value and baseline year of one series of yearly values."""
    nothing = {
        "category": "insufficient_data",
        "score": None,
        "measure": None,
        "growth": None,
        "projected": None,
        "baseline_year": None,
    }
    last = max(points)
    first = max([baseline_year, *(b for b in breaks if b <= last)])
    usable = sorted(year for year in points if year >= first)
    if not usable:
        return nothing
    start = usable[0]
    result = {**nothing, "baseline_year": start}
    if last == start:
        return result

    def seen(value: float) -> float:
        return abs(value - 1) if direction == "closer_to_one" else value

    up = direction == "higher_is_better"
    y0, yt = seen(points[start]), seen(points[last])
    growth = (yt / y0) ** (1 / (last - start)) - 1 if y0 > 0 and yt > 0 else None
    result["growth"] = growth
    if target is not None:
        goal = seen(target)
        ahead = None if growth is None else yt * (1 + growth) ** max(target_year - last, 0)
        if ahead is not None:
            result["projected"] = ahead
            if direction == "closer_to_one":
                result["projected"] = 1 - ahead if points[last] < 1 else 1 + ahead
        was, still = (y0 >= goal, yt >= goal) if up else (y0 <= goal, yt <= goal)
        if still:
            measure = None if was or ahead is None else (ahead - y0) / (goal - y0)
            return result | {"category": "on_track_or_met", "score": 5.0, "measure": measure}
        if was:
            return result | {"category": "regression", "score": 0.0}
        if ahead is None:
            return result
        measure = (ahead - y0) / (goal - y0)
        category, score = classify(measure, WITH_TARGET)
    elif growth is None:
        return result
    else:
        measure = growth if up else -growth
        category, score = classify(measure, WITHOUT)
    return result | {"category": category, "score": score, "measure": measure}
