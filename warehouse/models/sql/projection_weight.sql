-- projection_weight: the newest value of each weighting indicator, in its unit. One row per indicator and area; not
-- published.
select
    total.indicator as weight,
    total.ref_area,
    arg_max(total.value, total.time_period) as value
from total_value as total
where total.indicator in (select weight from definition where weight is not null)
group by total.indicator, total.ref_area
