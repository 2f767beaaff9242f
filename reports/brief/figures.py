"""Figures of a release for briefs, beyond those of the site: scores, revisions, probabilities, availability.

Each is read once for all areas. country.py and group.py select the content.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import Any

from reports.shared.figures import FEWEST_PEERS, Figures
from reports.shared.key_indicators import key_indicators, peer_indicators

FRAMEWORK = "compact_adopted"


@dataclass(frozen=True)
class Score:
    """A composite of one objective. share: of its weight that has a value."""

    year: int
    score: float | None
    rank: int | None
    rank_low: int | None
    rank_high: int | None
    share: float
    used: int
    total: int
    oldest: int | None


@dataclass(frozen=True)
class Ahead:
    """The projection for the year of the target, or its last year without one."""

    year: int
    value: float
    low: float
    high: float
    chance: float | None


class Facts:
    """All data that briefs look up; a table that the release lacks is empty."""

    def __init__(self, figures: Figures) -> None:
        self.figures = figures
        self.release = figures.release
        self.key = key_indicators(self.release.indicators)
        self.peers = peer_indicators(self.release.indicators)

    @cached_property
    def scores(self) -> dict[str, dict[str, Score]]:
        """Return objective to area to its newest score."""
        sql = f"""select component, ref_area, time_period, score, rank, rank_low, rank_high, coverage_share,
                  indicators_used, indicators_total, oldest_year from {{score}}
                  where framework = '{FRAMEWORK}'
                  qualify time_period = max(time_period) over (partition by component) order by all"""
        scores: dict[str, dict[str, Score]] = defaultdict(dict)
        for component, area, *rest in self.release.rows(sql, "score"):
            scores[component][area] = Score(*rest)
        return scores

    def median_score(self, objective: str, group: str | None) -> float | None:
        """Return the median score of a group's members, if enough have one."""
        members = self.release.members.get(group or "", [])
        scores = self.scores.get(objective, {})
        known = [s.score for m in members if (s := scores.get(m)) and s.score is not None]
        return median(known) if len(known) >= FEWEST_PEERS else None

    @cached_property
    def ahead(self) -> dict[tuple[str, str], Ahead]:
        """Return (indicator, area) to its projection for the target year, or the last year without a
        target.
        """
        sql = """select indicator, ref_area, time_period, value, lower_80, upper_80, probability_target_met
                 from {projection} qualify time_period = max(time_period)
                 over (partition by indicator, ref_area) order by all"""
        return {(r[0], r[1]): Ahead(*r[2:]) for r in self.release.rows(sql, "projection")}

    @cached_property
    def not_projected(self) -> dict[tuple[str, str], str]:
        """Return (indicator, area) to the reason why it is not projected."""
        sql = "select indicator, ref_area, reason from {projection_refused} order by all"
        return {(r[0], r[1]): r[2] for r in self.release.rows(sql, "projection_refused")}

    @cached_property
    def gaps(self) -> dict[str, list[dict[str, Any]]]:
        """Return area to its newest gaps with a value for both groups."""
        sql = """select ref_area, indicator, dimension, time_period, group_a, group_b, value_a, value_b,
                 difference, annual_change from {gap} where latest order by all"""
        names = ("indicator", "dimension", "year", "group_a", "group_b", "a", "b", "difference", "change")
        gaps: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for area, *rest in self.release.rows(sql, "gap"):
            gaps[area].append(dict(zip(names, rest, strict=True)))
        return gaps

    @cached_property
    def revisions(self) -> dict[str, list[tuple[str, int, float | None, float | None]]]:
        """Return area to (indicator, year, value before, value now) of the changes since the previous
        release.
        """
        sql = "select ref_area, indicator, time_period, old_value, new_value from {revision} order by all"
        revisions: dict[str, list[tuple[str, int, float | None, float | None]]] = defaultdict(list)
        for area, *rest in self.release.rows(sql, "revision"):
            revisions[area].append((rest[0], rest[1], rest[2], rest[3]))
        return revisions

    @cached_property
    def classes_changed(self) -> tuple[dict[str, list[dict[str, Any]]], bool]:
        """Return area to its changed classes by the default method, and whether diff.json lists all of
        them.
        """
        part = (self.release.diff or {}).get("categories", {"total": 0, "listed": []})
        changed: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in part["listed"]:
            if row["method"] == self.release.method:
                changed[row["ref_area"]].append(row)
        return changed, part["total"] == len(part["listed"])

    @cached_property
    def with_values(self) -> dict[str, tuple[int, int]]:
        """Return country to (indicators with a value since 2015, indicators)."""
        sql = """select ref_area, count(*) filter (where available), count(*) from {coverage}
                 group by 1 order by 1"""
        return {area: (n, of) for area, n, of in self.release.rows(sql, "coverage")}

    @cached_property
    def sdg_data(self) -> dict[str, tuple[float, float]]:
        """Return area to the shares of SDG indicators with a value in one, and in two years since 2015: of
        the whole SDG database if the release has it, else of this catalogue.
        """
        sql = """select scope, share_one, share_two from {availability}
                 where goal = 'all' and breakdown = '_T'
                 qualify universe = max(universe) over () order by all"""
        return {scope: (one, two) for scope, one, two in self.release.rows(sql, "availability")}
