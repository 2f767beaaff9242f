-- latest: the newest total value, in the indicator's unit. One row per indicator and area.
--
-- Areas are countries and the groups with published values of agencies.
with
newest as (
    select indicator, ref_area, max(time_period) as time_period
    from total_value
    group by indicator, ref_area
)
select
    indicator,
    ref_area,
    time_period,
    value,
    source,
    obs_status,
    series,
    snapshot
from total_value
join newest using (indicator, ref_area, time_period)
