"""Figures of the pages: counted and looked up from a release's tables, once for all pages.

No assessment is made here: categories, group values and gaps come from the release; these functions count,
pick the newest, take medians of peers and ranks.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import Any

from reports.shared.localisation import LANGUAGES
from reports.shared.release_reader import WORLD, Area, Indicator, Release
from reports.shared.standing import CATEGORIES, UNKNOWN, Pace, Standing

OBJECTIVES = {"compact_brief": tuple("ABCDEFGH"), "compact_adopted": tuple("12345")}
FEWEST_PEERS = 3  # minimum peers for a median


@dataclass(frozen=True)
class Value:
    """The newest total value of an area."""

    year: int
    value: float
    status: str
    source: str


@dataclass(frozen=True)
class GroupValue:
    """A group's value in a year: the official one if it exists, else ours where it may be published.

    status: of the official value; None for ours, and in a release from before it was published.
    """

    year: int
    value: float
    share: float | None
    official: bool
    used: int
    total: int
    status: str | None = None

    @property
    def nowcast(self) -> bool:
        """Whether the agency marks it as a nowcast or a projection of its own."""
        return self.official and self.status == "F"

    @property
    def kind(self) -> str:
        """The kind of value, as messages name it: ours, official or nowcast."""
        return "nowcast" if self.nowcast else "official" if self.official else "own"


class Figures:
    """All figures that pages look up."""

    def __init__(self, release: Release) -> None:
        self.release = release
        self.country_codes = {area.code for area in release.countries}
        self.member_states = {area.code for area in release.countries if area.un_member}

    @cached_property
    def latest(self) -> dict[str, dict[str, Value]]:
        """Return indicator to country to its newest value."""
        sql = "select indicator, ref_area, time_period, value, obs_status, source from {latest} order by all"
        latest: dict[str, dict[str, Value]] = defaultdict(dict)
        for indicator, area, year, value, status, source in self.release.rows(sql, "latest"):
            if area in self.country_codes:
                latest[indicator][area] = Value(year, value, status, source)
        return latest

    @cached_property
    def pace(self) -> dict[str, dict[str, Pace]]:
        """Return indicator to area to its assessment by the default method."""
        known = self.release.columns("progress")
        added = ["target_value is not null" if "target_value" in known else "false"]
        added += [name if name in known else "null" for name in ("confidence", "probability")]
        sql = f"""select indicator, ref_area, category, measure, projected_value, baseline_year,
                  baseline_value, {", ".join(added)} from {{progress}}
                  where method = '{self.release.method}' order by all"""
        paces: dict[str, dict[str, Pace]] = defaultdict(dict)
        for indicator, area, *rest in self.release.rows(sql, "progress"):
            paces[indicator][area] = Pace(*rest)
        return paces

    @cached_property
    def verdicts(self) -> dict[str, dict[str, Pace]]:
        """Return indicator to Member State to its assessment.

        If the target is the same for all, a State without any value has too little data: it is part of the
        result.
        """
        verdicts = {}
        missing = Pace(UNKNOWN, has_target=True)
        for indicator, paces in self.pace.items():
            known = {a: p for a, p in paces.items() if a in self.member_states}
            one_for_all = self.release.indicators[indicator].target_value is not None
            if known and one_for_all and all(p.on_target for p in known.values()):
                known = {area: known.get(area, missing) for area in sorted(self.member_states)}
            verdicts[indicator] = known
        return verdicts

    @cached_property
    def series(self) -> dict[str, dict[str, list[tuple[int, float]]]]:
        """Return indicator to country to its totals since the charts' first year."""
        sql = """select indicator, ref_area, list({{'y': time_period, 'v': value}} order by time_period)
                 from {indicator} where {total} and time_period >= {first} group by 1, 2 order by 1, 2"""
        series: dict[str, dict[str, list[tuple[int, float]]]] = defaultdict(dict)
        for indicator, area, points in self.release.rows(sql, "indicator"):
            if area in self.country_codes:
                series[indicator][area] = [(p["y"], p["v"]) for p in points]
        return series

    @cached_property
    def statuses(self) -> dict[str, dict[str, list[Any]]]:
        """Return indicator to country to the changes of observation status: year, status, year, status;
        empty if all values are normal.
        """
        sql = """select indicator, ref_area, list([time_period::varchar, s] order by time_period) from
                 (select indicator, ref_area, time_period, split_part(obs_status, ';', 1) as s
                 from {indicator} where {total} and time_period >= {first} and value is not null
                 qualify s <> coalesce(lag(s) over (partition by indicator, ref_area order by time_period),
                 'A')) group by 1, 2 order by 1, 2"""
        statuses: dict[str, dict[str, list[Any]]] = defaultdict(dict)
        for indicator, area, changes in self.release.rows(sql, "indicator"):
            if area in self.country_codes:
                statuses[indicator][area] = [part for year, s in changes for part in (int(year), s)]
        return statuses

    @cached_property
    def breaks(self) -> dict[str, list[tuple[str, int, str]]]:
        """Indicator to its declared breaks: the country concerned or all, year, reason."""
        if "applies_to" not in self.release.columns("series_break"):
            return {}
        sql = "select indicator, applies_to, time_period, reason from {series_break} order by 1, 3, 2"
        breaks: dict[str, list[tuple[str, int, str]]] = defaultdict(list)
        for indicator, applies_to, year, reason in self.release.rows(sql, "series_break"):
            breaks[indicator].append((applies_to, year, reason))
        return breaks

    def breaks_of(self, indicator: str, area: str) -> list[tuple[int, str]]:
        """Declared breaks of an area's series: year and reason."""
        declared = self.breaks.get(indicator, [])
        return [(year, why) for applies_to, year, why in declared if applies_to in ("all", area)]

    @cached_property
    def groups(self) -> dict[str, dict[str, list[GroupValue]]]:
        """Return indicator to group to its values by year."""
        status = "official_status" if "official_status" in self.release.columns("aggregate") else "null"
        sql = f"""select indicator, "group", time_period, coalesce(official_value, value), weight_share,
                 official_value is not null, areas_used, areas_total, {status} from {{aggregate}}
                 where coalesce(official_value, value) is not null and time_period >= {{first}}
                 order by 1, 2, 3"""
        groups: dict[str, dict[str, list[GroupValue]]] = defaultdict(lambda: defaultdict(list))
        for indicator, group, *rest in self.release.rows(sql, "aggregate"):
            groups[indicator][group].append(GroupValue(*rest))
        return groups

    def world(self, indicator: str) -> GroupValue | None:
        """Return the newest world value."""
        values = self.groups.get(indicator, {}).get(WORLD)
        return values[-1] if values else None

    @cached_property
    def coverage(self) -> dict[str, tuple[int, int]]:
        """Return indicator to (UN Member States with a value since 2015, Member States)."""
        sql = """select indicator, count(*) filter (where available), count(*) from {coverage}
                 semi join (select ref_area from {area} where un_member) using (ref_area)
                 group by 1 order by 1"""
        return {i: (n, of) for i, n, of in self.release.rows(sql, "coverage", "area")}

    def standing(self, indicators: list[str], areas: set[str] | None = None) -> Standing:
        """Return the status of Member States on these indicators; areas: only these, which may be others."""
        counts = Standing(indicators=len(indicators))
        for indicator in indicators:
            values = self.latest.get(indicator, {})
            counts.with_values += bool(values)
            counts.values += sum(1 for a in values if a in (self.member_states if areas is None else areas))
            states, others = self.verdicts.get(indicator, {}), self.pace.get(indicator, {})
            for area in states if areas is None else areas:
                if pace := states.get(area) or others.get(area):
                    counts.add(pace)
            available, of = self.coverage.get(indicator, (0, 0))
            counts.available, counts.pairs = counts.available + available, counts.pairs + of
        return counts

    def judged(self, area: Area) -> set[str]:
        """Return the areas whose verdicts count for an area: itself; a group's Member States, else all its
        members.
        """
        if area.kind == "country":
            return {area.code}
        members = set(self.release.members.get(area.code, ()))
        return members & self.member_states or members

    def of_objective(self, framework: str, code: str) -> list[Indicator]:
        """Return the indicators that a framework sorts under a code."""
        return [i for i in self.release.indicators.values() if str(i.frameworks.get(framework)) == code]

    @cached_property
    def ranks(self) -> dict[str, dict[str, int]]:
        """Return indicator to Member State to rank among those with a value, 1 the best; equals share a
        rank.
        """
        ranks: dict[str, dict[str, int]] = {}
        for indicator, values in self.latest.items():
            direction = self.release.indicators[indicator].direction
            distance = {
                area: abs(v.value - 1) if direction == "closer_to_one"
                else -v.value if direction == "higher_is_better" else v.value
                for area, v in values.items() if area in self.member_states
            }  # fmt: skip
            ordered = sorted(distance.values())
            first = {d: n for n, d in reversed(list(enumerate(ordered, 1)))}
            ranks[indicator] = {area: first[d] for area, d in distance.items()}
        return ranks

    @cached_property
    def medians(self) -> dict[str, dict[str, float]]:
        """Return indicator to group to the median of its members' newest values, where there are enough."""
        medians: dict[str, dict[str, float]] = defaultdict(dict)
        for indicator, values in self.latest.items():
            for group, members in self.release.members.items():
                known = [values[m].value for m in members if m in values]
                if len(known) >= FEWEST_PEERS:
                    medians[indicator][group] = median(known)
        return medians

    @cached_property
    def gaps(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return indicator to its newest disparities: area, dimension, groups, year, values, difference,
        ratio.
        """
        sql = """select indicator, ref_area, dimension, group_a, group_b, time_period, value_a, value_b,
                 difference, ratio from {gap} where value_a is not null and value_b is not null
                 qualify row_number() over (partition by indicator, ref_area, dimension, group_a, group_b
                 order by time_period desc) = 1 order by all"""
        gaps: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for indicator, *rest in self.release.rows(sql, "gap"):
            gaps[indicator].append(tuple(rest))
        return gaps

    @cached_property
    def projections(self) -> dict[str, dict[str, list[tuple[Any, ...]]]]:
        """Return indicator to area to projected years: year, value, bounds of 80 and of 95 per cent,
        probability.
        """
        sql = """select indicator, ref_area, time_period, value, lower_80, upper_80, lower_95, upper_95,
                 probability_target_met from {projection} where value is not null order by 1, 2, 3"""
        projections: dict[str, dict[str, list[tuple[Any, ...]]]] = defaultdict(lambda: defaultdict(list))
        for indicator, area, *rest in self.release.rows(sql, "projection"):
            projections[indicator][area].append(tuple(rest))
        return projections

    @cached_property
    def vintages(self) -> dict[str, tuple[str | None, Any, int]]:
        """Return source to (the agency's release, day of the newest snapshot, number of snapshots)."""
        sql = """select source, max(agency_release), max(fetched_at)::date, count(*) from {snapshot}
                 group by 1 order by 1"""
        return {source: (named, day, n) for source, named, day, n in self.release.rows(sql, "snapshot")}

    @property
    def demonstration(self) -> bool:
        """Whether the release is a demonstration: of one source."""
        return len(self.vintages) == 1

    @property
    def brief_languages(self) -> tuple[str, ...]:
        """The languages that the release has briefs in; a demonstration has English ones alone, so that a
        first run is short."""
        return LANGUAGES[:1] if self.demonstration else LANGUAGES

    def counts_by_category(self, counts: Counter[str]) -> list[int]:
        return [counts[name] for name in CATEGORIES]
