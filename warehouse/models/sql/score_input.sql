-- score_input: the values of each composite's indicators, in their units. One row per composite, year, area and
-- indicator. Not published; scores.py computes the composites.
--
-- The latest year is the last complete one (as_of.year - 1). An area's value is its newest total of the years from year
-- - oldest to year; later values are not used, and none is imputed. A value outside the declared plausible range is not
-- used, as in assessments. Every UN member has rows, and every other country or territory with any value. Parity ratios
-- above one are inverted, so that 1.25 counts as 0.8.  error is the standard error of a value by its age: the error of
-- the last value carried forward in the back-test (projection_skill, naive; mean absolute error times 1.2533, as for a
-- normal distribution); for an untested indicator the median of all, as a share of the bounds. Zero for a value of the
-- year itself, that of one year for an estimate or a bound of that year, and that of six years for older values.
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
    select indicator, ref_area, time_period, value, obs_status
    from total_value
    join area using (ref_area)
    join definition using (indicator)
    where area.kind = 'country'
        and (definition.plausible_low is null or value >= definition.plausible_low)
        and (definition.plausible_high is null or value <= definition.plausible_high)
),
newest as (
    select
        c.framework,
        c.component,
        scored_year.year,
        c.position,
        total.ref_area,
        max(total.time_period) as value_year,
        arg_max(total.value, total.time_period) as value,
        arg_max(total.obs_status, total.time_period) <> 'A' as uncertain
    from score_component as c
    join scored_year using (framework)
    join total
        on total.indicator = c.indicator
        and total.time_period between scored_year.year - c.oldest and scored_year.year
    group by all
),
aged as (
    select *, greatest(year - value_year, if(uncertain, 1, 0)) as age
    from newest
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
),
tested as (
    select measured_on as indicator, horizon, mean_absolute_error * 1.2533::double as error
    from projection_skill
    where method = 'naive'
),
typical as (
    select tested.horizon, median(tested.error / abs(definition.best - definition.worst)) as share
    from tested
    join definition using (indicator)
    where definition.best <> definition.worst
    group by tested.horizon
)
select
    listed.framework,
    listed.component,
    listed.year,
    listed.ref_area,
    c.position,
    newest.value_year,
    if(newest.value is null or newest.age = 0, 0,
        coalesce(tested.error, typical.share * abs(definition.best - definition.worst), 0)) as error,
    coalesce(area.un_member, false) as un_member,
    case
        when definition.direction = 'closer_to_one' and newest.value > 1 then 1 / newest.value
        else newest.value
    end as value,
    if(definition.best < definition.worst, -1, 1) as sign,
    definition.worst,
    definition.best
from listed
join score_component as c using (framework, component)
join area using (ref_area)
left join definition using (indicator)
left join aged as newest
    on newest.framework = listed.framework
    and newest.component = listed.component
    and newest.year = listed.year
    and newest.ref_area = listed.ref_area
    and newest.position = c.position
left join tested
    on tested.indicator = c.indicator
    and tested.horizon = least(newest.age, 6)
left join typical on typical.horizon = least(newest.age, 6)
order by listed.framework, listed.component, listed.year, listed.ref_area, c.position
