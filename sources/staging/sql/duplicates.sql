-- Finds rows that share a key. If all of them are identical, the first is kept and the others are repeated_row; if two
-- differ in value, bounds, unit or status, all are rejected as conflicting_key. The hash narrows the search; the key itself
-- is compared afterwards.
create temp table repeats as
with candidates as (
    select hash(series, ref_area, time_period, sex, age, urbanisation, quantile, education, other_dims) as hashed
    from judged
    where reason is null
    group by hashed
    having count(*) > 1
),
grouped as (
    select
        judged.*,
        row_number() over same_key as place,
        dense_rank() over (
            partition by series, ref_area, time_period, sex, age, urbanisation, quantile, education, other_dims
            order by obs_value, lower_bound, upper_bound, unit, unit_mult, obs_status
        ) as version
    from judged
    join candidates
        on hash(series, ref_area, time_period, sex, age, urbanisation, quantile, education, other_dims) = hashed
    where reason is null
    window same_key as (
        partition by series, ref_area, time_period, sex, age, urbanisation, quantile, education, other_dims
        order by snapshot, row
    )
)
select
    snapshot,
    row,
    if(max(version) over whole_key > 1, 'conflicting_key', 'repeated_row') as reason
from grouped
window whole_key as (
    partition by series, ref_area, time_period, sex, age, urbanisation, quantile, education, other_dims
)
qualify (max(version) over whole_key > 1 or place > 1)
