-- projection_group: the groups simulated from their members, with their anchor value. One row per indicator and group.
--
-- An input of the projection; not published. Groups qualify for indicators with averaged values and a forward-looking
-- verdict. The anchor is the latest official value; if that is missing or older than the indicator's stale_after, our
-- latest value. The World Bank's codes of the world and of the least developed countries, for which it publishes its
-- own values, have the United Nations' members.
with
code as (
    select distinct "group" as ref_area, "group", false as is_alias
    from area_group
    where valid_to is null
    union all
    values ('WB:WLD', 'M49:001', true), ('WB:LDC', 'M49:199', true)
),
official as (
    select
        aggregate.indicator,
        aggregate."group" as ref_area,
        max(aggregate.time_period) as last_year,
        arg_max(aggregate.official_value, aggregate.time_period) as last_value,
        if(arg_max(coalesce(aggregate.official_status, 'A'), aggregate.time_period) = 'F', 'official_nowcast', 'official')
            as anchored_on,
        count(*) as points
    from aggregate
    where aggregate.official_value is not null
    group by aggregate.indicator, aggregate."group"
    union all
    select
        point.indicator,
        point.ref_area,
        max(point.time_period) as last_year,
        arg_max(point.value, point.time_period) as last_value,
        if(arg_max(point.obs_status, point.time_period) = 'F', 'official_nowcast', 'official') as anchored_on,
        count(*) as points
    from assessment_point as point
    join code using (ref_area)
    where code.is_alias
    group by point.indicator, point.ref_area
),
ours as (
    select
        aggregate.indicator,
        aggregate."group" as ref_area,
        max(aggregate.time_period) as last_year,
        arg_max(aggregate.value, aggregate.time_period) as last_value,
        'ours' as anchored_on,
        count(*) as points
    from aggregate
    where aggregate.value is not null
    group by aggregate.indicator, aggregate."group"
),
candidate as (
    select *, 1 as preference from official
    union all
    select *, 2 as preference from ours
),
anchor as (
    select candidate.*
    from candidate
    join definition using (indicator)
    cross join projection_rule
    where projection_rule.this_year - candidate.last_year <= definition.stale_after
    qualify row_number() over (
        partition by candidate.indicator, candidate.ref_area
        order by candidate.preference) = 1
)
select
    anchor.indicator,
    anchor.ref_area,
    code."group",
    anchor.last_year,
    anchor.last_value,
    anchor.anchored_on,
    anchor.points,
    area_target.direction,
    area_target.met_at,
    area_target.target_value,
    area_target.target_year,
    coalesce(area_target.target_year, projection_rule.horizon_year) as until_year,
    definition.weight,
    definition.min_weight_share
from anchor
join code using (ref_area)
join definition using (indicator)
join area_target
    on area_target.indicator = anchor.indicator
    and area_target.ref_area = anchor.ref_area
cross join projection_rule
where definition.aggregate_method in ('weighted_mean', 'unweighted')
    and area_target.kind not in ('none', 'level', 'yes_no')
    and projection_rule.this_year <= until_year
    and anchor.last_year < until_year
order by anchor.indicator, anchor.ref_area
