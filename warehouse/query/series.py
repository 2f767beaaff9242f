"""The SQL of series, assessments, projections, gaps and rankings, with names, units and status in words.

Columns are named as in the tables of a release. warehouse/client parses the users' arguments.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from schemas.codelists.obs_status import STATUS_WORDS
from warehouse.query.tables import Row, ask, has_table
from warehouse.query.units import unit_words

# Code lists as tables of a query.
WORDS = """
status as (
    select unnest($status_codes) as obs_status, unnest($status_words) as status
),
unit as (
    select unnest($unit_codes) as unit, unnest($unit_names) as unit_name
)"""

# Values of countries and groups: a group's value is the official one, or else our aggregate.
VALUES = f"""
with {WORDS},
value as (
    select indicator, ref_area, time_period, sex, age, urbanisation, quantile, other_dims, value, lower_bound,
        upper_bound, obs_status, source, series, footnote, snapshot
    from {{indicator}}
    where list_contains($indicators, indicator)
        and ($areas is null or list_contains($areas, ref_area))
        and ($sex = 'all' or sex = $sex)
        and ($age = 'all' or age = $age)
        and ($urbanisation = 'all' or urbanisation = $urbanisation)
        and ($quantile = 'all' or quantile = $quantile)
        and ($other_dims = 'all' or other_dims = $other_dims)
    union all by name
    select indicator, "group" as ref_area, time_period, '_T' as sex, '_T' as age, '_T' as urbanisation,
        '_T' as quantile, '_T' as other_dims, coalesce(official_value, value) as value,
        if(official_value is not null, official_status, null) as obs_status,
        if(official_value is not null, official_source, null) as source,
        case
            when official_value is null
                then method || ' of ' || areas_used || ' of ' || areas_total || ' members'
        end as footnote
    from {{aggregate}}
    where list_contains($indicators, indicator)
        and list_contains($groups, "group")
        and coalesce(official_value, value) is not null
)
select value.indicator, meta.title, value.ref_area, coalesce(area.name, value.ref_area) as area,
    value.time_period, value.sex, value.age, value.urbanisation, value.quantile, value.other_dims,
    value.value, value.lower_bound, value.upper_bound, meta.unit, unit.unit_name, value.obs_status,
    coalesce(status.status, if(value.source is null, 'computed from members', value.obs_status)) as status,
    value.source, source.title as source_title, value.series, value.footnote, value.snapshot
from value
join {{indicator_meta}} as meta using (indicator)
left join {{area}} as area using (ref_area)
left join {{source}} as source on source.source = value.source
left join status using (obs_status)
left join unit on unit.unit = meta.unit
where ($areas is not null or area.kind = 'country')
    and ($since is null or time_period >= $since)
    and ($until is null or time_period <= $until)
order by meta.title, value.indicator, area.kind, area.name, value.ref_area, value.time_period, value.sex,
    value.age, value.urbanisation, value.quantile, value.other_dims"""

PROGRESS = f"""
with {WORDS}
select progress.indicator, meta.title, progress.ref_area, area.name as area, progress.method,
    progress.category, progress.probability, progress.confidence, progress.reason, progress.baseline_year,
    progress.baseline_value, progress.latest_year, progress.latest_value, progress.target_value,
    progress.target_year, meta.target_origin, meta.unit, unit.unit_name,
    progress.* exclude (indicator, ref_area, method, category, probability, confidence, reason, baseline_year,
        baseline_value, latest_year, latest_value, target_value, target_year)
from {{progress}} as progress
join {{indicator_meta}} as meta using (indicator)
join {{area}} as area using (ref_area)
left join unit on unit.unit = meta.unit
where ($indicators is null or list_contains($indicators, progress.indicator))
    and (list_contains($areas, progress.ref_area) or ($areas is null and area.kind = 'country'))
    and ($method is null or progress.method = $method)
order by meta.title, progress.indicator, area.kind, area.name, progress.method"""

PROJECTION = f"""
with {WORDS}
select projection.indicator, meta.title, projection.ref_area, area.name as area, projection.time_period,
    projection.value, projection.lower_80, projection.upper_80, projection.lower_95, projection.upper_95,
    projection.probability_target_met, projection.target_value, projection.target_year, projection.last_year,
    projection.last_value, meta.unit, unit.unit_name, projection.model
from {{projection}} as projection
join {{indicator_meta}} as meta using (indicator)
join {{area}} as area using (ref_area)
left join unit on unit.unit = meta.unit
where list_contains($indicators, projection.indicator)
    and (list_contains($areas, projection.ref_area) or ($areas is null and area.kind = 'country'))
order by meta.title, projection.indicator, area.kind, area.name, projection.time_period"""

GAPS = f"""
with {WORDS}
select gap.indicator, meta.title, gap.ref_area, area.name as area, gap.time_period, gap.dimension,
    gap.label_a, gap.value_a, gap.label_b, gap.value_b, gap.difference, gap.ratio,
    gap.annual_change, gap.years_to_parity, meta.unit, unit.unit_name, gap.source
from {{gap}} as gap
join {{indicator_meta}} as meta using (indicator)
join {{area}} as area using (ref_area)
left join unit on unit.unit = meta.unit
where list_contains($indicators, gap.indicator)
    and (list_contains($areas, gap.ref_area) or ($areas is null and area.kind = 'country'))
    and (not $newest or gap.latest)
order by meta.title, gap.indicator, area.kind, area.name, gap.dimension, gap.label_a, gap.label_b,
    gap.time_period"""

# Rank 1 is best; equal values share a rank, as in a table of medals.
RANK = f"""
with {WORDS},
latest as (
    select *
    from {{latest}}
    where indicator = $indicator and ($since is null or time_period >= $since)
)
select rank() over (
        order by
            case meta.direction
                when 'higher_is_better' then -latest.value
                when 'lower_is_better' then latest.value
                else abs(latest.value - 1)
            end
    ) as rank,
    area.name as area, latest.ref_area, latest.value, meta.unit, unit.unit_name, latest.time_period,
    status.status, latest.source, meta.indicator, meta.title, meta.direction
from latest
join {{indicator_meta}} as meta using (indicator)
join {{area}} as area using (ref_area)
left join status using (obs_status)
left join unit on unit.unit = meta.unit
where area.kind = 'country'
    and ($areas is null or list_contains($areas, latest.ref_area))
order by rank, area.name"""


# Declared breaks; those that an agency marks are in obs_status of the values.
BREAKS = """
select series_break.indicator, meta.title, series_break.applies_to,
    coalesce(area.name, 'all areas') as area, series_break.time_period, series_break.reason
from {series_break} as series_break
join {indicator_meta} as meta using (indicator)
left join {area} as area on area.ref_area = series_break.applies_to
where ($indicators is null or list_contains($indicators, series_break.indicator))
    and ($areas is null or series_break.applies_to = 'all' or list_contains($areas, series_break.applies_to))
order by meta.title, series_break.indicator, series_break.time_period, series_break.applies_to"""


def breaks_of(folder: Path, indicator: str, area: str, years: Collection[int]) -> list[Row]:
    """Return declared breaks inside a series: time_period and reason, the earliest first.

    Args:
        folder: a release; older ones without the table `series_break` have none.
        indicator: an id.
        area: a code.
        years: the years with a value; a break up to the first, or after the last, separates nothing.
    """
    if len(years) < 2 or not has_table(folder, "series_break"):
        return []
    return ask(
        folder,
        """
        select time_period, reason
        from {series_break}
        where indicator = $indicator
            and applies_to in ('all', $area)
            and time_period > $first
            and time_period <= $last
        order by time_period""",
        indicator=indicator,
        area=area,
        first=min(years),
        last=max(years),
    )


def words(folder: Path) -> dict[str, Any]:
    """Return the arguments of WORDS: statuses and units of a release."""
    units = unit_words(folder)
    return {
        "status_codes": list(STATUS_WORDS),
        "status_words": list(STATUS_WORDS.values()),
        "unit_codes": list(units),
        "unit_names": [name for name, _ in units.values()],
    }
