"""The rule of one lineage per series: selects the rows of an indicator's inputs that may be combined in one
area.

A lineage is the custodian of the figures that a source carries (`carries`), with the concept that is measured
(`concept`: consumption or income). The SQL here chooses one for each area and excludes the rows of the
others; sql.py selects the value of a cell, and schemas/tables/assessment.py has the published table of
excluded values.

Rules
* The lineage of an area is that of the first input, in order of preference, with any value there. Of several
  concepts in it, the one with most years among the area's last RECENT; then the newest, then the preferred.
  One that is declared to stand `alone` comes last.
* The leader is the first input of that lineage and concept with a value in the area. Another input of the
  same lineage fills years inside the leader's span. Beyond an end of the span it goes on only where the
  OVERLAP common years nearest to that end agree: the tested overlap of a copy of the same figures.
* An input of another lineage is used in an area that no better lineage has, or where its definition has a
  `splice` whose overlap agrees. It never extends another's series otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.definitions.indicator import Indicator, Input
from warehouse.engine.duckdb_engine import literal

RECENT = 10  # years of an area, up to its newest value, for the comparison of concepts
OVERLAP = 3  # common years that must agree where a copy continues
TOLERANCE = 0.02  # of the larger value: rounding of a copy, if the indicator declares no tolerance
DIMENSIONS = ("sex", "age", "urbanisation", "quantile", "other_dims")


@dataclass(frozen=True)
class Line:
    """Lineage of one input: custodian, concept, and how far it may fill in."""

    carries: str
    concept: str
    use: str
    overlap: int
    relative: float
    absolute: float
    splice: bool


def line_of(indicator: Indicator, item: Input) -> Line:
    """Return the lineage of one input, with the tolerance for equality in its overlap."""
    allowed = indicator.disagreement
    relative = allowed.relative if allowed and allowed.relative is not None else None
    absolute = allowed.absolute if allowed and allowed.absolute is not None else None
    if relative is None and absolute is None:
        relative = TOLERANCE
    carries = item.carries or item.source or f"indicator {item.indicator}"
    if item.splice is not None:
        return Line(
            carries,
            item.concept or "",
            item.use,
            item.splice.overlap,
            item.splice.tolerance,
            item.splice.absolute,
            splice=True,
        )
    return Line(
        carries, item.concept or "", item.use, OVERLAP, relative or 0.0, absolute or 0.0, splice=False
    )


def needs_choice(lines: Sequence[Line]) -> bool:
    """Return whether a lineage must be chosen among several available inputs."""
    return len(lines) > 1


def classified_sql(rows: str, lines: Sequence[tuple[int, Line]]) -> str:
    """Return SQL for the rows of all inputs of one name, each with `kept_out`: the rule that excludes it, or
    null.

    Args:
        rows: SQL of the inputs' rows, with the column preference.
        lines: the preference of each input, and its lineage.
    """
    described = ", ".join(
        f"({rank}, {literal(one.carries)}, {literal(one.concept)}, {literal(one.use)}, {one.overlap}, "
        f"{one.relative!r}::double, {one.absolute!r}::double, {one.splice})"
        for rank, one in lines
    )
    cell = ", ".join(DIMENSIONS)
    same_cell = " and ".join(f"a.{name} = b.{name}" for name in DIMENSIONS)
    return f"""
with
line (preference, carries, concept, filling, overlap, relative, absolute, splice) as (
    values {described}
),
input_row as materialized (
    select evaluated.*, line.* exclude (preference)
    from ({rows}) as evaluated
    join line using (preference)
    where value is not null
),
-- the lineage of each area, then its concept, then its leader
of_lineage as (
    select ref_area, arg_min(carries, preference) as carries, max(time_period) as newest
    from input_row
    group by ref_area
),
of_concept as (
    select ref_area, carries, arg_min(concept, (stands_in, -recent, -latest, preference)) as concept
    from (
        select ref_area, carries, concept, min(preference) as preference, max(time_period) as latest,
            bool_and(filling = 'alone')::integer as stands_in,
            count(distinct time_period) filter (where time_period > newest - {RECENT}) as recent
        from input_row
        join of_lineage using (ref_area, carries)
        group by ref_area, carries, concept
    )
    group by ref_area, carries
),
leader as (
    select ref_area, carries, concept, min(preference) as lead_rank
    from input_row
    join of_concept using (ref_area, carries, concept)
    group by ref_area, carries, concept
),
span as (
    select ref_area, {cell}, min(time_period) as first_year, max(time_period) as last_year
    from input_row
    join leader using (ref_area)
    where preference = lead_rank
    group by ref_area, {cell}
),
common as (
    select b.ref_area, {", ".join(f"b.{name}" for name in DIMENSIONS)}, b.preference, b.overlap,
        b.time_period,
        abs(a.value - b.value) <= greatest(b.relative * greatest(abs(a.value), abs(b.value)), b.absolute)
            + 1e-12::double as agrees
    from input_row as a
    join leader on leader.ref_area = a.ref_area and leader.lead_rank = a.preference
    join input_row as b
        on b.ref_area = a.ref_area and b.time_period = a.time_period and {same_cell}
        and b.preference <> a.preference
),
numbered as (
    select *,
        row_number() over (partition by ref_area, {cell}, preference order by time_period) as from_start,
        row_number() over (partition by ref_area, {cell}, preference order by time_period desc) as from_end
    from common
),
overlap_of as (
    select ref_area, {cell}, preference,
        count(*) filter (where from_start <= overlap) >= any_value(overlap) as enough,
        bool_and(agrees) filter (where from_start <= overlap) as early,
        bool_and(agrees) filter (where from_end <= overlap) as late
    from numbered
    group by ref_area, {cell}, preference
)
select
    input_row.* exclude (filling, overlap, relative, absolute, splice),
    leader.carries as leading_carries,
    leader.concept as leading_concept,
    case
        when preference = lead_rank then null
        when input_row.carries <> leader.carries and not splice then 'another_lineage'
        when input_row.concept <> leader.concept and not splice then 'another_concept'
        -- a part that the leader does not have at all
        when last_year is null then if(filling = 'extend' and not splice, null, 'outside_the_span')
        when time_period between first_year and last_year and not splice and filling <> 'alone' then null
        when filling <> 'extend' then 'outside_the_span'
        when not coalesce(enough, false) then 'no_overlap'
        when if(time_period < first_year, early, late) then null
        else 'overlap_differs'
    end as kept_out
from input_row
join leader using (ref_area)
left join span using (ref_area, {cell})
left join overlap_of using (ref_area, {cell}, preference)"""
