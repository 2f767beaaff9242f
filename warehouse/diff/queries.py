"""The queries of a difference between two releases: rows of each kind of change, as dictionaries.

rows.py makes the tables that they read (`change`, `meta`, `before_…`, `after_…`); document.py assembles the
document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from schemas.columns.observation import TOTAL
from schemas.definitions.default_method import DEFAULT_METHOD
from warehouse.diff.notes import because
from warehouse.diff.rows import Row, rows

if TYPE_CHECKING:
    import duckdb

# Verdicts on a target from worst to best, then those on a direction: the two are never compared.
ON_TARGET = ("not_met", "very_unlikely", "unlikely", "about_as_likely_as_not", "likely", "very_likely", "met")
DIRECTIONS = ("worsening", "no_clear_change", "improving")


def indicator_changes(con: duckdb.DuckDBPyConnection, beyond: float) -> list[Row]:
    """Return a row for each changed indicator: the number of changed values, and new years."""
    return rows(
        con,
        f"""
        with counted as (
            select indicator,
                count(*) filter (where added) as added,
                count(*) filter (where removed) as removed,
                count(*) filter (where revised and not moved) as revised,
                count(*) filter (where revised and not moved and abs(absolute) > $beyond * abs(old_value))
                    as revised_beyond,
                count(distinct ref_area) filter (
                    where revised and not moved and abs(absolute) > $beyond * abs(old_value)) as areas_beyond,
                count(*) filter (where status_changed) as status_changed,
                count(*) filter (where moved) as other_origin
            from change
            group by indicator),
        last_year as (
            select indicator, max(time_period) as until
            from before_indicator
            where {TOTAL}
            group by indicator),
        years as (
            select indicator, list(distinct time_period order by time_period) as years_gained
            from change
            join last_year using (indicator)
            where added and is_total and time_period > until
            group by indicator),
        defined as (
            select indicator,
                (o.inputs, o.formula, o.unit, o.direction)
                    is distinct from (n.inputs, n.formula, n.unit, n.direction) as definition_changed
            from before_indicator_meta as o
            join after_indicator_meta as n using (indicator))
        select indicator, meta.title, meta.unit,
            case
                when old.indicator is null then 'new'
                when new.indicator is null then 'gone'
                when last_year.indicator is null and counted.added > 0 then 'first_values'
                else 'kept'
            end as state,
            coalesce(counted.added, 0) as added,
            coalesce(counted.removed, 0) as removed,
            coalesce(counted.revised, 0) as revised,
            coalesce(counted.revised_beyond, 0) as revised_beyond,
            coalesce(counted.areas_beyond, 0) as areas_beyond,
            coalesce(counted.status_changed, 0) as status_changed,
            coalesce(counted.other_origin, 0) as other_origin,
            coalesce(years.years_gained, []) as years_gained,
            coalesce(defined.definition_changed, false) as definition_changed
        from meta
        left join before_indicator_meta as old using (indicator)
        left join after_indicator_meta as new using (indicator)
        left join counted using (indicator)
        left join last_year using (indicator)
        left join years using (indicator)
        left join defined using (indicator)
        where counted.indicator is not null
            or old.indicator is null
            or new.indicator is null
            or defined.definition_changed
        order by indicator""",
        beyond=beyond,
    )


def revised_values(con: duckdb.DuckDBPyConnection, beyond: float) -> list[Row]:
    """Return revised values with the size of the revision: totals first, then by size."""
    return rows(
        con,
        """
        select indicator, title, ref_area, coalesce(named_area.name, ref_area) as area, time_period,
            dimensions, old_value, new_value, absolute, relative, old_status, new_status,
            old_source, new_source, old_series, new_series, moved as other_origin,
            not moved and abs(absolute) > $beyond * abs(old_value) as beyond
        from change
        join meta using (indicator)
        left join named_area using (ref_area)
        where revised
        order by is_total desc, moved, abs(relative) desc nulls first, indicator, ref_area, time_period,
            dimensions""",
        beyond=beyond,
    )


def status_changes(con: duckdb.DuckDBPyConnection) -> list[Row]:
    return rows(
        con,
        """
        select indicator, title, ref_area, coalesce(named_area.name, ref_area) as area, time_period,
            dimensions, old_status, new_status
        from change
        join meta using (indicator)
        left join named_area using (ref_area)
        where status_changed
        order by is_total desc, indicator, ref_area, time_period, dimensions""",
    )


def coverage_changes(con: duckdb.DuckDBPyConnection, *, gained: bool) -> list[Row]:
    """Return pairs of indicator and country that gained or lost all their values since 2015."""
    return rows(
        con,
        """
        select indicator, title, ref_area, coalesce(named_area.name, ref_area) as area,
            coalesce(o.points_since_2015, 0) as points_before,
            coalesce(n.points_since_2015, 0) as points_after,
            o.latest_year as latest_year_before, n.latest_year as latest_year_after
        from before_coverage as o
        full join after_coverage as n using (indicator, ref_area)
        join meta using (indicator)
        left join named_area using (ref_area)
        where coalesce(o.available, false) = not $gained
            and coalesce(n.available, false) = $gained
        order by indicator, area, ref_area""",
        gained=gained,
    )


def category_changes(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return assessments with a changed class, with the changed inputs."""
    changes = rows(
        con,
        """
        select indicator, title, ref_area, coalesce(named_area.name, ref_area) as area, method,
            o.category as before, n.category as after,
            o.latest_year as old_year, n.latest_year as new_year,
            o.latest_value as old_value, n.latest_value as new_value,
            o.baseline_year as old_baseline_year, n.baseline_year as new_baseline_year,
            o.baseline_value as old_baseline, n.baseline_value as new_baseline,
            o.target_value as old_target, n.target_value as new_target,
            o.target_year as old_target_year, n.target_year as new_target_year,
            list_filter([
                if(o.latest_year is distinct from n.latest_year or not same(o.latest_value, n.latest_value),
                    'value', null),
                if(not same(o.target_value, n.target_value) or o.target_year is distinct from n.target_year,
                    'target', null),
                if(o.baseline_year is distinct from n.baseline_year
                    or not same(o.baseline_value, n.baseline_value), 'baseline', null)
            ], lambda reason : reason is not null) as reasons,
            touched.ref_area is not null as touched
        from before_progress as o
        join after_progress as n using (indicator, ref_area, method)
        join meta using (indicator)
        left join named_area using (ref_area)
        left join (select distinct indicator, ref_area from change where is_total) as touched
            using (indicator, ref_area)
        where o.category <> n.category
        order by method, indicator, area, ref_area""",
    )
    for row in changes:
        # The class depends on target, baseline and latest value, in some methods on the years between; if
        # none of them changed, the method did.
        row["reasons"] = row["reasons"] or (["series"] if row["touched"] else ["method"])
        del row["touched"]
        row["direction"] = _direction(row["before"], row["after"])
        row["because"] = because(row)
    return sorted(changes, key=_weight)


def _weight(row: Row) -> tuple[bool, bool, int]:
    """Order: the default method first, then the widest moves from class to class; others in table order."""
    ranked = row["direction"] in ("better", "worse")
    ranks = _ranks(row["before"], row["after"])
    jump = abs(ranks.index(row["after"]) - ranks.index(row["before"])) if ranked else 0
    return row["method"] != DEFAULT_METHOD, not ranked, -jump


def _direction(before: str, after: str) -> str:
    if ranks := _ranks(before, after):
        return "better" if ranks.index(after) > ranks.index(before) else "worse"
    return "assessed" if after in (*ON_TARGET, *DIRECTIONS) else "not_assessed"


def _ranks(before: str, after: str) -> tuple[str, ...]:
    """Return the order that contains both classes; empty if they are of different kinds."""
    return next((one for one in (ON_TARGET, DIRECTIONS) if before in one and after in one), ())


def series_changes(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return values that come from another series or source than before, counted; renamed if the list of
    renames has the pair.
    """
    changes = rows(
        con,
        """
        select indicator, meta.title, old_source, old_series, new_source, new_series, count(*) as values,
            count(*) filter (where revised) as differ
        from change
        join meta using (indicator)
        where moved
        group by all
        order by values desc, indicator, old_source, old_series, new_source, new_series""",
    )
    if changes:
        titles = dict(
            con.execute(
                "select source, title from before_source union select source, title from after_source"
            ).fetchall()
        )
        from sources.registry.renames import renames

        known = renames()
        for row in changes:
            rename = known.get((row["old_source"], row["old_series"]))
            same_source = row["old_source"] == row["new_source"]
            is_known = rename is not None and rename.new == row["new_series"] and same_source
            row["kind"] = "renamed" if is_known else "other_series" if same_source else "other_source"
            for side in ("old", "new"):
                names = [titles.get(name, name) for name in row[f"{side}_source"].split(";")]
                row[f"{side}_title"] = ", ".join(names)
            row["known"] = str(rename) if rename is not None and is_known else None
    return changes


def accepted_revisions(con: duckdb.DuckDBPyConnection, decided: Mapping[str, str]) -> list[Row]:
    """Return the operators' decisions that caused this difference."""
    accepted = con.execute("""
        select settled.name, count(*)
        from settled
        join change on contains(change.new_snapshot, settled.name) and change.revised
        group by settled.name
        order by settled.name""").fetchall()
    return [{"snapshot": name, "reason": decided[name], "revised": count} for name, count in accepted]


def target_changes(con: duckdb.DuckDBPyConnection) -> list[Row]:
    return rows(
        con,
        """
        select indicator, n.title, o.target_value as old_target, n.target_value as new_target,
            o.target_year as old_target_year, n.target_year as new_target_year
        from before_indicator_meta as o
        join after_indicator_meta as n using (indicator)
        where not same(o.target_value, n.target_value) or o.target_year is distinct from n.target_year
        order by indicator""",
    )
