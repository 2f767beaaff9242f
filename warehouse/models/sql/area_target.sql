-- area_target: the target of an indicator for each area, in the indicator's unit, and the allowed kind of verdict. One
-- row per series, and per group with only our own value.
--
-- The only model that reads scope, relative targets and met_from; it is not published.
--   target_value  the number for this area: null if no one set one, and outside the target's scope. A relative target
--                 is `factor` times the area's own value of the base year, or `step` more per year; the value of the
--                 base year is that of the nearest year within two, the earlier first
--   met_at        the value from which the owner counts the target as met: met_from, else the target
--   kind          kind of verdict: likelihood, parity, yes_no, level, direction or none
--   target_note   why the area has no target although the indicator has one
with
series as (
    select indicator, ref_area
    from assessment_point
    group by indicator, ref_area
    union
    select aggregate.indicator, aggregate."group" as ref_area
    from aggregate
    join definition using (indicator)
    where definition.assessed
        and aggregate.leading_value is not null
),
valued as (
    select indicator, ref_area, time_period, value
    from assessment_point
    union all
    select aggregate.indicator, aggregate."group" as ref_area, aggregate.time_period, aggregate.leading_value as value
    from aggregate
    left join (
        select distinct indicator, ref_area
        from assessment_point
    ) as point
        on point.indicator = aggregate.indicator
        and point.ref_area = aggregate."group"
    where aggregate.leading_value is not null
        and point.indicator is null
),
in_scope as (
    select target_scope.indicator, area_group.ref_area
    from target_scope
    join area_group on area_group."group" = target_scope."group"
    where area_group.valid_to is null
    group by target_scope.indicator, area_group.ref_area
    union
    select indicator, "group" as ref_area
    from target_scope
),
base as (
    select
        point.indicator,
        point.ref_area,
        arg_min(
            point.value,
            2 * abs(point.time_period - definition.relative_base_year)
            + if(point.time_period > definition.relative_base_year, 1, 0)) as base_value
    from valued as point
    join definition using (indicator)
    where definition.relative_base_year is not null
        and abs(point.time_period - definition.relative_base_year) <= 2
    group by point.indicator, point.ref_area
),
described as (
    select
        series.indicator,
        series.ref_area,
        definition.*  exclude (indicator),
        coalesce(area.kind, 'group') <> 'country' as is_group,
        definition.scoped and in_scope.ref_area is null as out_of_scope,
        if(definition.direction = 'higher_is_better', 1, -1) as sign,
        base.base_value,
        definition.relative_base_year is not null as is_relative,
        coalesce(
            definition.relative_factor * base.base_value,
            base.base_value + definition.relative_step * (definition.target_year - definition.relative_base_year)) as own_target
    from series
    join definition using (indicator)
    left join area on area.ref_area = series.ref_area
    left join in_scope
        on in_scope.indicator = series.indicator
        and in_scope.ref_area = series.ref_area
    left join base
        on base.indicator = series.indicator
        and base.ref_area = series.ref_area
),
numbered as (
    select
        *,
        case
            when out_of_scope then null
            when is_group and group_target_value is not null then group_target_value
            when not is_relative then target_value
            when own_target is null then null
            when relative_cap is null then own_target
            -- the cap of a ceiling is the least demanding target; for an upward step it is the maximum
            else least(own_target, relative_cap)
        end as area_value
    from described
)
select
    indicator,
    ref_area,
    area_value as target_value,
    if(area_value is null, null, target_year) as target_year,
    case
        when area_value is null then null
        when is_relative or (is_group and group_target_value is distinct from target_value) then area_value
        else coalesce(met_from, area_value)
    end as met_at,
    met_strict,
    direction,
    sign,
    case
        when if(is_group, group_verdict_kind, verdict_kind) in ('likelihood', 'parity') and area_value is null then 'direction'
        else if(is_group, group_verdict_kind, verdict_kind)
    end as kind,
    case
        when out_of_scope then 'the target is not set for this area'
        when is_relative and own_target is null then 'no value near ' || relative_base_year || ', from which the target is measured'
    end as target_note
from numbered
