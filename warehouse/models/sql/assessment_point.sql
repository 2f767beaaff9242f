-- assessment_point: every total value that assessments may use, in the indicator's unit. One row per series and year.
--
-- An input of the methods in progress/, loaded once; it is not published.
--   * A quantity where neither more nor less is better (assessed: false) is excluded.
--   * A value outside the declared plausible range is published and flagged, but excluded here.
--   * A declared break: values before it are not comparable with those after, so they are excluded. A break later than
--     the latest value has no effect.
--   * A censored value (obs_status C) counts with the bound that its agency publishes. side is the kind of bound:
--     at_most where the true value is no higher ("<2.5"), at_least where it is no lower (">95"); null for a value.
with
total as (
    select
        indicator,
        ref_area,
        time_period,
        value,
        obs_status,
        source,
        case
            when obs_status <> 'C' then null
            when upper_bound is not null and lower_bound is null then 'at_most'
            when lower_bound is not null and upper_bound is null then 'at_least'
        end as side
    from total_value
    join definition using (indicator)
    where definition.assessed
        and (definition.plausible_low is null or value >= definition.plausible_low)
        and (definition.plausible_high is null or value <= definition.plausible_high)
),
latest as (
    select indicator, ref_area, max(time_period) as latest_year
    from total
    where indicator in (select indicator from declared_break)
    group by indicator, ref_area
),
broken as (
    select latest.indicator, latest.ref_area, max(declared_break.time_period) as first_year
    from latest
    join declared_break
        on declared_break.indicator = latest.indicator
        and declared_break.ref_area in ('all', latest.ref_area)
        and declared_break.time_period <= latest.latest_year
    group by latest.indicator, latest.ref_area
)
select
    total.indicator,
    total.ref_area,
    total.time_period,
    total.value,
    total.obs_status,
    total.source,
    total.side
from total
left join broken using (indicator, ref_area)
where broken.first_year is null
    or total.time_period >= broken.first_year
