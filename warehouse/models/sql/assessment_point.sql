-- assessment_point: every total value that an assessment may look at, one row for each series and year.
--
-- An input of the methods in progress/, loaded once; it is not published.
--   * A quantity of which neither more nor less is better (assessed: false) is left out altogether.
--   * A declared break: values before it are not comparable with those after, so they are left out. A break later than
--     the latest value plays no part.
--   * A censored value (obs_status C) counts with the bound that its agency publishes.
with
total as (
    select indicator, ref_area, time_period, value
    from total_value
    join definition using (indicator)
    where definition.assessed
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
select total.indicator, total.ref_area, total.time_period, total.value
from total
left join broken using (indicator, ref_area)
where broken.first_year is null
    or total.time_period >= broken.first_year
