-- score_input: for every composite, year and area the value of each of its indicators, if there is one. Not published; scores.py
-- makes the composites of it.
--
-- The latest year is the last one that is over (as_of.year - 1). An area's value is its newest total of the years from
-- year - oldest to year; nothing later is used, and nothing is filled in. Every UN member has its rows, and every other
-- country or territory for which there is any value. Values of a parity ratio are turned so that 1.25 counts as 0.8.
with
scored_year as (
    select score_year.framework, score_year.year
    from score_year
    cross join as_of
    where score_year.year < as_of.year - 1
    union
    select distinct framework, as_of.year - 1 as year
    from score_component
    cross join as_of
),
total as (
    select indicator, ref_area, time_period, value
    from total_value
    join area using (ref_area)
    where area.kind = 'country'
),
newest as (
    select
        c.framework,
        c.component,
        scored_year.year,
        c.position,
        total.ref_area,
        max(total.time_period) as value_year,
        arg_max(total.value, total.time_period) as value
    from score_component as c
    join scored_year using (framework)
    join total
        on total.indicator = c.indicator
        and total.time_period between scored_year.year - c.oldest and scored_year.year
    group by all
),
listed as (
    select distinct c.framework, c.component, scored_year.year, area.ref_area
    from score_component as c
    join scored_year using (framework)
    cross join area
    where area.kind = 'country' and area.un_member
    union
    select distinct framework, component, year, ref_area
    from newest
)
select
    listed.framework,
    listed.component,
    listed.year,
    listed.ref_area,
    c.position,
    newest.value_year,
    case
        when definition.direction = 'closer_to_one' and newest.value > 1 then 1 / newest.value
        else newest.value
    end as value,
    if(definition.best < definition.worst, -1, 1) as sign,
    definition.worst,
    definition.best
from listed
join score_component as c using (framework, component)
left join definition using (indicator)
left join newest
    on newest.framework = listed.framework
    and newest.component = listed.component
    and newest.year = listed.year
    and newest.ref_area = listed.ref_area
    and newest.position = c.position
order by listed.framework, listed.component, listed.year, listed.ref_area, c.position
