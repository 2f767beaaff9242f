-- sdsn_goal: score and dashboard colour of each goal and area, as in the SDSN's report.
--
-- Source: Sachs et al., Sustainable Development Report 2020, statistical annex.
-- Reads sdsn_indicator.
--
--   score   mean of the scores of the goal's indicators that have a value
--   colour  of the mean level of the two worst indicators: green from 2, yellow from 1.5, orange from 1, else red; but
--           red only if both of the two are red, and green only if every indicator is green. With one indicator, its own.
with
ranked as (
    select
        *,
        row_number() over (partition by goal, ref_area order by level, indicator) as place
    from sdsn_indicator
),
counted as (
    select
        goal,
        ref_area,
        sum(score order by indicator) / count(*) as score,
        count(*) as indicators,
        sum(if(place <= 2, level, 0.0::double) order by place) / least(count(*), 2) as level,
        count(*) filter (where place <= 2 and colour <> 'red') = 0 as both_red,
        count(*) filter (where colour <> 'green') = 0 as all_green
    from ranked
    group by goal, ref_area
)
select
    goal,
    ref_area,
    score,
    indicators,
    level,
    case
        when all_green then 'green'
        when level >= 1.5::double then 'yellow'
        when both_red then 'red'
        else 'orange'
    end as colour
from counted
