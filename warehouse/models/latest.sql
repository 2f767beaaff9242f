-- latest: the newest total value of each indicator and area.
--
-- A total has _T in every dimension. Countries and the groups that agencies publish values for both have a row.
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
where sex = '_T'
    and age = '_T'
    and urbanisation = '_T'
    and quantile = '_T'
    and other_dims = '_T'
qualify row_number() over (partition by indicator, ref_area order by time_period desc) = 1
