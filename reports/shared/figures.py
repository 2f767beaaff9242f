"""What the pages say in figures: counted and looked up from a release's tables, once for all pages.

No assessment is made here: categories, group values and gaps come from the release; these functions count,
pick the newest, take medians of peers and ranks.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from statistics import median
from typing import Any

from reports.shared.release_reader import WORLD, Indicator, Release

# Verdicts on a target, and on the direction where there is none: the two are never summed.
GOOD = ("met", "very_likely", "likely")
BAD = ("unlikely", "very_unlikely", "not_met")
ON_TARGET = (*GOOD, "about_as_likely_as_not", *BAD)
DIRECTIONS = ("improving", "no_clear_change", "worsening")
UNDECIDED = ("insufficient_data", "not_applicable")
CATEGORIES = (*ON_TARGET, *DIRECTIONS, *UNDECIDED)  # in the order in which bars stack them
OBJECTIVES = {"compact_brief": tuple("ABCDEFGH"), "compact_adopted": tuple("12345")}
ESTIMATED = {"E", "I", "F", "P", "D", "C", "U"}  # statuses other than "normal": the figure is not as surveyed
FEWEST_PEERS = 3  # below it a median names no peer group


@dataclass(frozen=True)
class Value:
    """The newest total value of an area."""

    year: int
    value: float
    status: str
    source: str


@dataclass(frozen=True)
class Pace:
    """An assessment by the default method."""

    category: str
    measure: float | None
    projected: float | None
    baseline_year: int | None
    baseline_value: float | None


@dataclass(frozen=True)
class GroupValue:
    """A group's value in a year: the official one where there is one, else ours where it may be published."""

    year: int
    value: float
    share: float | None
    official: bool
    used: int
    total: int


@dataclass
class Standing:
    """How countries stand on some indicators, and how sure that is. Shares are of 1."""

    counts: Counter[str] = field(default_factory=Counter)
    pairs: int = 0
    available: int = 0
    values: int = 0
    estimated: int = 0
    indicators: int = 0
    with_values: int = 0

    @property
    def assessed(self) -> int:
        return sum(self.counts[name] for name in ON_TARGET)

    @property
    def good(self) -> int:
        """Targets that are met or likely to be."""
        return sum(self.counts[name] for name in GOOD)

    @property
    def bad(self) -> int:
        """Targets that are unlikely to be met or were missed."""
        return sum(self.counts[name] for name in BAD)

    @property
    def bar(self) -> list[tuple[str, int, float]]:
        """Class, number and share of all, for the classes that occur."""
        total = sum(self.counts.values())
        return [
            (name, self.counts[name], self.counts[name] / total) for name in CATEGORIES if self.counts[name]
        ]

    def share(self, *categories: str) -> float | None:
        """Share of these classes among the verdicts on a target."""
        return sum(self.counts[c] for c in categories) / self.assessed if self.assessed else None

    @property
    def covered(self) -> float | None:
        return self.available / self.pairs if self.pairs else None

    @property
    def estimates(self) -> float | None:
        return self.estimated / self.values if self.values else None

    @property
    def sureness(self) -> str:
        """good from 75, fair from 50 per cent of country and indicator pairs with a value since 2015: the
        second is the share that the UN asks of a tier I indicator, the first is ours."""
        covered = self.covered or 0
        return "good" if covered >= 0.75 else "fair" if covered >= 0.5 else "weak"


class Figures:
    """Everything that pages look up."""

    def __init__(self, release: Release) -> None:
        self.release = release
        self.country_codes = {area.code for area in release.countries}

    @cached_property
    def latest(self) -> dict[str, dict[str, Value]]:
        """Indicator to country to its newest value."""
        sql = "select indicator, ref_area, time_period, value, obs_status, source from {latest} order by all"
        found: dict[str, dict[str, Value]] = defaultdict(dict)
        for indicator, area, year, value, status, source in self.release.rows(sql, "latest"):
            if area in self.country_codes:
                found[indicator][area] = Value(year, value, status, source)
        return found

    @cached_property
    def pace(self) -> dict[str, dict[str, Pace]]:
        """Indicator to area to its assessment by the default method."""
        sql = f"""select indicator, ref_area, category, measure, projected_value, baseline_year,
                  baseline_value from {{progress}} where method = '{self.release.method}' order by all"""
        found: dict[str, dict[str, Pace]] = defaultdict(dict)
        for indicator, area, *rest in self.release.rows(sql, "progress"):
            found[indicator][area] = Pace(*rest)
        return found

    @cached_property
    def series(self) -> dict[str, dict[str, list[tuple[int, float]]]]:
        """Indicator to country to its totals since the charts' first year."""
        sql = """select indicator, ref_area, list({{'y': time_period, 'v': value}} order by time_period)
                 from {indicator} where {total} and time_period >= {first} group by 1, 2 order by 1, 2"""
        found: dict[str, dict[str, list[tuple[int, float]]]] = defaultdict(dict)
        for indicator, area, points in self.release.rows(sql, "indicator"):
            if area in self.country_codes:
                found[indicator][area] = [(p["y"], p["v"]) for p in points]
        return found

    @cached_property
    def groups(self) -> dict[str, dict[str, list[GroupValue]]]:
        """Indicator to group to its values by year."""
        sql = """select indicator, "group", time_period, coalesce(official_value, value), weight_share,
                 official_value is not null, areas_used, areas_total from {aggregate}
                 where coalesce(official_value, value) is not null and time_period >= {first}
                 order by 1, 2, 3"""
        found: dict[str, dict[str, list[GroupValue]]] = defaultdict(lambda: defaultdict(list))
        for indicator, group, *rest in self.release.rows(sql, "aggregate"):
            found[indicator][group].append(GroupValue(*rest))
        return found

    def world(self, indicator: str) -> GroupValue | None:
        """The newest world value."""
        values = self.groups.get(indicator, {}).get(WORLD)
        return values[-1] if values else None

    @cached_property
    def coverage(self) -> dict[str, tuple[int, int]]:
        """Indicator to (UN Member States with a value since 2015, Member States)."""
        sql = """select indicator, count(*) filter (where available), count(*) from {coverage}
                 semi join (select ref_area from {area} where un_member) using (ref_area)
                 group by 1 order by 1"""
        return {i: (n, of) for i, n, of in self.release.rows(sql, "coverage", "area")}

    def standing(self, indicators: list[str], areas: set[str] | None = None) -> Standing:
        """How countries stand on these indicators; with areas, these countries alone."""
        found = Standing(indicators=len(indicators))
        for indicator in indicators:
            values = self.latest.get(indicator, {})
            found.with_values += bool(values)
            for area, value in values.items():
                if areas is None or area in areas:
                    found.values += 1
                    found.estimated += any(s in ESTIMATED for s in value.status)
            for area, pace in self.pace.get(indicator, {}).items():
                if area in self.country_codes and (areas is None or area in areas):
                    found.counts[pace.category] += 1
            available, of = self.coverage.get(indicator, (0, 0))
            found.available, found.pairs = found.available + available, found.pairs + of
        return found

    def of_objective(self, framework: str, code: str) -> list[Indicator]:
        """The indicators that a framework sorts under a code."""
        return [i for i in self.release.indicators.values() if str(i.frameworks.get(framework)) == code]

    @cached_property
    def ranks(self) -> dict[str, dict[str, int]]:
        """Indicator to country to rank among the countries with a value, 1 the best; equals share a rank."""
        found: dict[str, dict[str, int]] = {}
        for indicator, values in self.latest.items():
            direction = self.release.indicators[indicator].direction
            distance = {
                area: abs(v.value - 1) if direction == "closer_to_one"
                else -v.value if direction == "higher_is_better" else v.value
                for area, v in values.items()
            }  # fmt: skip
            ordered = sorted(distance.values())
            first = {d: n for n, d in reversed(list(enumerate(ordered, 1)))}
            found[indicator] = {area: first[d] for area, d in distance.items()}
        return found

    @cached_property
    def medians(self) -> dict[str, dict[str, float]]:
        """Indicator to group to the median of its members' newest values, where there are enough."""
        found: dict[str, dict[str, float]] = defaultdict(dict)
        for indicator, values in self.latest.items():
            for group, members in self.release.members.items():
                known = [values[m].value for m in members if m in values]
                if len(known) >= FEWEST_PEERS:
                    found[indicator][group] = median(known)
        return found

    @cached_property
    def gaps(self) -> dict[str, list[tuple[Any, ...]]]:
        """Indicator to its newest disparities: area, dimension, groups, year, values, difference, ratio."""
        sql = """select indicator, ref_area, dimension, group_a, group_b, time_period, value_a, value_b,
                 difference, ratio from {gap} where value_a is not null and value_b is not null
                 qualify row_number() over (partition by indicator, ref_area, dimension, group_a, group_b
                 order by time_period desc) = 1 order by all"""
        found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for indicator, *rest in self.release.rows(sql, "gap"):
            found[indicator].append(tuple(rest))
        return found

    @cached_property
    def projections(self) -> dict[str, dict[str, list[tuple[Any, ...]]]]:
        """Indicator to area to projected years: year, value, bounds of 80 and of 95 per cent, probability."""
        sql = """select indicator, ref_area, time_period, value, lower_80, upper_80, lower_95, upper_95,
                 probability_target_met from {projection} where value is not null order by 1, 2, 3"""
        found: dict[str, dict[str, list[tuple[Any, ...]]]] = defaultdict(lambda: defaultdict(list))
        for indicator, area, *rest in self.release.rows(sql, "projection"):
            found[indicator][area].append(tuple(rest))
        return found

    @cached_property
    def chances(self) -> dict[str, dict[str, float]]:
        """Indicator to area to the probability of meeting the target in the last projected year, if any."""
        every = self.projections.items()
        last = {i: {a: rows[-1][-1] for a, rows in areas.items()} for i, areas in every}
        return {i: {a: p for a, p in areas.items() if p is not None} for i, areas in last.items()}

    def chance(self, item: Indicator) -> tuple[int, int] | None:
        """How many countries have a better than even chance of meeting the target, of how many projected."""
        found = [p for area, p in self.chances.get(item.id, {}).items() if area in self.country_codes]
        return (sum(p > 0.5 for p in found), len(found)) if found else None

    @cached_property
    def vintages(self) -> dict[str, tuple[str | None, Any, int]]:
        """Source to (the release its agency names, day of the newest snapshot, number of snapshots)."""
        sql = """select source, max(agency_release), max(fetched_at)::date, count(*) from {snapshot}
                 group by 1 order by 1"""
        return {source: (named, day, n) for source, named, day, n in self.release.rows(sql, "snapshot")}

    def counts_by_category(self, counts: Counter[str]) -> list[int]:
        return [counts[name] for name in CATEGORIES]
