-- disagreement: cells where two inputs of an indicator differ, in the indicator's unit, the preferred one first. One
-- row per indicator, input, area, year and pair of series.
--
-- Only totals are compared. With a declared tolerance a pair is listed if the difference exceeds it: the absolute limit
-- and the share of the larger value, if both are declared. Without one every difference is listed except rounding (one
-- part in a thousand million).
--
-- A censored value (obs_status C) only gives the side of its bound: the other value agrees with it if it is on the same
-- side.
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
