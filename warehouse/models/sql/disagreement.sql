-- disagreement: cells for which two inputs of an indicator have different values, the preferred one first.
--
-- Only totals are compared. With a declared tolerance a pair is listed where the difference is beyond it: beyond the
-- absolute limit and beyond the share of the larger value, where both are given. Without one every difference is listed,
-- save for what the last digits of a double make (one part in a thousand million).
--
-- A censored value (obs_status C) says only on which side of its bound the truth lies: the other value agrees with it
-- as long as it lies there too.
with
compared as (
    select
        overlap.*,
        value_b - value_a as difference,
        greatest(abs(value_a), abs(value_b)) as larger,
        greatest(coalesce(tolerance.absolute, 0), coalesce(tolerance.relative, 0) * larger) as allowed,
        tolerance.indicator is not null as declared,
        (status_a = 'C'
            and value_b >= coalesce(lower_a, '-infinity'::double)
            and value_b <= coalesce(upper_a, 'infinity'::double))
        or (status_b = 'C'
            and value_a >= coalesce(lower_b, '-infinity'::double)
            and value_a <= coalesce(upper_b, 'infinity'::double)) as within_bound
    from overlap
    left join tolerance using (indicator)
)
select
    indicator,
    ref_area,
    time_period,
    source_a,
    source_b,
    series_a,
    series_b,
    input,
    value_a,
    value_b,
    difference,
    abs(difference) / nullif(larger, 0) as relative_difference,
    if(declared, allowed, null) as tolerance,
    status_a,
    status_b
from compared
where not within_bound
    and abs(difference) > allowed
    and abs(difference) > 1e-9::double * larger
