"""Errors of our group values against official ones, measured on every pair of a release by family of
indicators, coverage and age. models/sql/aggregate.sql reads the list.

`compact backtest --write` updates it. The errors are in standard deviations of the members' values. A cell
with few pairs is shrunk towards all ages, then all families. Each coverage rate is measured on groups that
were not used for learning.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zlib import crc32

import duckdb
import numpy as np
from numpy.typing import NDArray

from schemas.codelists.reader import CODELISTS
from warehouse.engine.duckdb_engine import parquet

FILE = CODELISTS / "group_errors.csv"
COVERAGE = (0.0, 0.8, 0.95, 0.999)  # lower ends of the bands of covered weight
AGES = (0, 6, 11)  # years since the value's year
HALF, EIGHTY = 0.5, 0.8
SHARES = (0.80, 0.84, 0.88, 0.91, 0.94, 0.96, 0.98)  # quantiles tried until four in five were covered
HELD = 50  # weight of the wider cell, in pairs
LEAST = 0.002  # standard deviations: the effect of rounding alone
FOLDS = 5
ALL = "all"
Numbers = NDArray[np.float64]


def group_errors(release: Path) -> list[dict[str, Any]]:
    """Return the rows of the list, from the official pairs of a release."""
    with duckdb.connect() as con:
        pairs = con.execute(f"""
            select meta."group" as family, a."group", a.weight_share, this_year.year - a.time_period as age,
                abs(a.value - a.official_value) / a.standard_deviation as error
            from {parquet(release / "aggregate.parquet")} as a
            join {parquet(release / "indicator_meta.parquet")} as meta using (indicator)
            cross join (
                select max(year(fetched_at)) as year from {parquet(release / "snapshot.parquet")}
            ) as this_year
            where a.value is not null and a.official_value is not null and a.standard_deviation > 0
            order by all""").fetchnumpy()
    family = np.asarray(pairs["family"], dtype=str)
    band = np.digitize(pairs["weight_share"], COVERAGE[1:])
    age = np.digitize(pairs["age"], AGES[1:])
    error = np.asarray(pairs["error"], dtype=np.float64)
    fold = np.array([crc32(name.encode()) % FOLDS for name in pairs["group"].astype(str)])
    tried = [_held_at(share, family, band, age, error, fold) for share in SHARES]
    learned = [_learned(family, band, age, error, share) for share in SHARES]
    half = _learned(family, band, age, error, HALF)
    rows = []
    for name in [*sorted(set(family)), ALL]:
        own = (family == name) | (name == ALL)
        # the smallest quantile with its nominal coverage on groups that were not used for learning
        use = next((n for n, held in enumerate(tried) if held[own].mean() >= EIGHTY), len(SHARES) - 1)
        for at in range(len(COVERAGE)):
            for years in range(len(AGES)):
                chosen = own & (band == at) & (age == years)
                rows.append(
                    {
                        "family": name,
                        "coverage_from": COVERAGE[at],
                        "age_from": AGES[years],
                        "pairs": int(chosen.sum()),
                        "half": f"{half[name, at, years]:.4g}",
                        "eighty": f"{learned[use][name, at, years]:.4g}",
                        "held": f"{tried[use][chosen].mean():.3f}" if chosen.any() else "",
                    }
                )
    return rows


def _held_at(
    share: float,
    family: NDArray[Any],
    band: NDArray[Any],
    age: NDArray[Any],
    error: Numbers,
    fold: NDArray[Any],
) -> NDArray[np.bool_]:
    """Return for each pair whether its error is within the range learned from the other folds of groups."""
    held = np.zeros(len(error), dtype=np.bool_)
    for one in range(FOLDS):
        away, here = fold != one, fold == one
        learned = _learned(family[away], band[away], age[away], error[away], share)
        cells = zip(family[here], band[here], age[here], strict=True)
        held[here] = error[here] <= np.array([learned.get(key, learned[ALL, *key[1:]]) for key in cells])
    return held


def _learned(
    family: NDArray[Any], band: NDArray[Any], age: NDArray[Any], error: Numbers, share: float
) -> Mapping[tuple[str, int, int], float]:
    """Return the error that this share of the pairs did not exceed, by family, band of coverage and of
    age.
    """
    cells = _Cells(family, band, age, error)
    return {
        (str(name), at, years): cells.of(name, at, years, share)
        for name in [*sorted(set(family)), ALL]
        for at in range(len(COVERAGE))
        for years in range(len(AGES))
    }


class _Cells:
    """Quantiles of cells, each shrunk towards the wider cell around it."""

    def __init__(self, family: NDArray[Any], band: NDArray[Any], age: NDArray[Any], error: Numbers) -> None:
        self.family, self.band, self.age, self.error = family, band, age, error

    def of(self, family: str, band: int, age: int, share: float) -> float:
        own = self.family == family
        everyone = np.ones(len(own), dtype=np.bool_)
        at, years = self.band == band, self.age == age
        widest = self._held(at, share, float(np.quantile(self.error, share)))
        if family == ALL:
            return self._held(everyone & at & years, share, widest)
        return self._held(own & at & years, share, self._held(own & at, share, widest))

    def _held(self, chosen: NDArray[np.bool_], share: float, wider: float) -> float:
        number = int(chosen.sum())
        if not number:
            return wider
        weight = number / (number + HELD)
        own = max(float(np.quantile(self.error[chosen], share)), LEAST)
        return float(np.exp(weight * np.log(own) + (1 - weight) * np.log(max(wider, LEAST))))
