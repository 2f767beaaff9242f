-- revision: total values that changed since the previous release, in the indicator's unit. One row per indicator, area
-- and year, for indicators in both releases.
--
-- A new value has no old_value, a withdrawn one no new_value. A new or removed indicator is not a revision of its
-- values.
with
before as (
    select indicator, ref_area, time_period, value
    from previous_indicator
    where sex = '_T'
        and age = '_T'
        and urbanisation = '_T'
        and quantile = '_T'
        and other_dims = '_T'
),
in_both as (
    select indicator from total_value
    intersect
    select indicator from before
)
select
    indicator,
    ref_area,
    time_period,
    before.value as old_value,
    now.value as new_value,
    (select release from previous_release) as previous_release
from total_value as now
full join before using (indicator, ref_area, time_period)
where now.value is distinct from before.value
    and indicator in (select indicator from in_both)
