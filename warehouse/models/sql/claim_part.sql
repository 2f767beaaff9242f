-- claim_part: the numbers in the claims' formulas, from the tables of this release. One row per claim and part. Not
-- published; claims.py computes the formulas.
--
--   value   of a country: its total of that year. Of a group: the official value where the agency publishes one, else ours,
--           if at least least_coverage of the group's weight has a value.
--   count   the areas with a total of that year (or of any year since), below and above the limits of the part
--   sum     of the same areas' totals
--   indicators, measured  of a universe of the table availability, for the part's area: null if the universe is
--   excluded
-- Count and sum cover the areas that the part names, else the UN members. With a year, at least least_coverage of these
-- areas must have a value: a missing value is not a small one. Without any value the result is null, never zero.
with
named_indicator as (
    select claim, part, indicator
    from claim_part_definition
    union
    select claim, part, unnest(or_of) as indicator
    from claim_part_definition
),
total as (
    select indicator, ref_area, time_period, value, source, snapshot
    from total_value
    where indicator in (select indicator from named_indicator)
),
-- The areas with values that a part may use.
part_area as (
    select claim, part, area as ref_area
    from claim_part_definition
    where take = 'value'
    union
    select claim, part, area_group.ref_area
    from claim_part_definition
    join area_group on area_group."group" = area and area_group.valid_to is null
    where take = 'value'
    union
    select claim, part, unnest(areas) as ref_area
    from claim_part_definition
    where take in ('count', 'sum')
    union
    select claim, part, ref_area
    from claim_part_definition
    cross join area
    where take in ('count', 'sum') and array_length(areas) = 0 and area.kind = 'country' and area.un_member
),
wanted as (
    select claim, part, count(*) as areas_wanted
    from part_area
    group by all
),
found as (
    select d.claim, d.part, total.ref_area, total.time_period, total.value, total.source, total.snapshot
    from claim_part_definition as d
    join part_area using (claim, part)
    join named_indicator using (claim, part)
    join total
        on total.indicator = named_indicator.indicator
        and total.ref_area = part_area.ref_area
        and if(d.since is null, total.time_period = d.year, total.time_period >= d.since)
),
of_areas as (
    select
        d.claim,
        d.part,
        count(distinct found.ref_area) as areas_found,
        count(distinct found.ref_area) filter (where
            coalesce(found.value < d.below, d.below is null) and coalesce(found.value > d.above, d.above is null)) as count,
        sum(found.value order by found.ref_area, found.time_period) as sum
    from claim_part_definition as d
    join found using (claim, part)
    where d.take in ('count', 'sum')
    group by all
),
of_one as (
    select
        d.claim,
        d.part,
        max(coalesce(
            aggregate.official_value,
            if(aggregate.weight_share >= d.least_coverage, aggregate.value, null),
            found.value)) as value,
        bool_or(aggregate.official_value is not null or found.ref_area is not null) as of_itself
    from claim_part_definition as d
    left join aggregate
        on aggregate.indicator = d.indicator
        and aggregate."group" = d.area
        and aggregate.time_period = d.year
    left join found
        on found.claim = d.claim
        and found.part = d.part
        and found.ref_area = d.area
    where d.take = 'value'
    group by all
),
-- The area's own value comes only from its own observations, not from those of its members.
origin as (
    select distinct found.claim, found.part, unnest(string_split(found.source, ';')) as source, found.snapshot
    from found
    join claim_part_definition as d using (claim, part)
    left join of_one using (claim, part)
    where d.take <> 'value' or not of_one.of_itself or found.ref_area = d.area
),
bytes as (
    select distinct claim, part, source, unnest(string_split(snapshot, ';')) as snapshot
    from origin
)
select
    d.claim,
    d.part,
    case
        when d.take = 'indicators' then availability.indicators::double
        when d.take = 'measured' then availability.measured::double
        when d.take = 'value' then of_one.value
        when of_areas.areas_found is null then null
        when d.since is null and of_areas.areas_found < d.least_coverage * wanted.areas_wanted then null
        when d.take = 'count' then of_areas.count::double
        else of_areas.sum
    end as value,
    if(
        availability.universe is null,
        (select list(distinct source order by source) from bytes where bytes.claim = d.claim and bytes.part = d.part),
        (select list(distinct agency order by agency) from (select 'unsd_sdg' as agency) as of_universe)) as sources,
    (select list(distinct snapshot order by snapshot) from bytes where bytes.claim = d.claim and bytes.part = d.part) as snapshots
from claim_part_definition as d
left join wanted using (claim, part)
left join of_one using (claim, part)
left join of_areas using (claim, part)
left join availability
    on availability.universe = d.universe
    and availability.scope = d.area
    and availability.goal = 'all'
    and availability.breakdown = '_T'
