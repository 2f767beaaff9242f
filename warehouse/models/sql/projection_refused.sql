-- projection_refused: the series that are not projected, and why. The rules are in projection_series.sql; together with
-- projection.parquet every indicator that is assessed and every area that has a total value of it is accounted for.
select
    indicator,
    ref_area,
    reason,
    points,
    last_year,
    last_value,
    target_value,
    target_year,
    -- what a target whose year has passed has come to, in that year
    if(reason = 'deadline_passed', deadline_met, null) as target_met
from projection_series
where reason is not null
