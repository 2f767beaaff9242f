-- latest: the newest total value of each indicator and area.
--
-- A total has _T in every dimension. Countries and the groups that agencies publish values for both have a row.
with
newest as (
    select indicator, ref_area, max(time_period) as time_period
    from indicator
    where sex = '_T'
        and age = '_T'
        and urbanisation = '_T'
        and quantile = '_T'
        and other_dims = '_T'
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
from indicator
join newest using (indicator, ref_area, time_period)
where sex = '_T'
    and age = '_T'
    and urbanisation = '_T'
    and quantile = '_T'
    and other_dims = '_T'
