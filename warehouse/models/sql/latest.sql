-- latest: the newest total value of each indicator and area.
--
-- Countries and the groups that agencies publish values for both have a row.
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
