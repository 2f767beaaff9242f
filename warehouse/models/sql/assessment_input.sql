-- assessment_input: the common inputs of all methods in progress/. One row per indicator and area with a total value.
--
-- An input of the methods, loaded once; it is not published. With y the value, t the year, 0 the baseline, v the target:
--
--   baseline   the value of the baseline year (2015 unless the target says otherwise), else of the first later year
--   y0, yt, v  inputs of a method: baseline, latest and target value themselves; for closer_to_one (a parity ratio)
--   their distance from one, where less is better
--   sign       1 where more is better, else -1: the target is met if sign * yt >= sign * v
--   growth     g = (yt / y0) ^ (1 / years) - 1, defined only for y0 > 0, yt > 0 and years > 0
--   bounded    a share between 0 and 100 per cent by definition, not only by its plausible range
--   lowest_value  the lowest value since the baseline year
--   scale_end  the end of that scale on the better side, where more is better; null otherwise
--   gap        why there is no trend to assess, null if there is one
--   settled    the class that needs no method: a passed deadline is met or missed, never projected (from
--              target_status); then the class implied by `gap`. Null otherwise.
--   why        the reason for `settled`, in words
--   note       where the rules of growth do not apply, in words
-- Targets and their scope come from area_target.
with
series as (
    select
        assessment_point.indicator,
        assessment_point.ref_area,
        max(time_period) as latest_year,
        arg_max(value, time_period) as latest_value,
        min(time_period) filter (where time_period >= definition.baseline_year) as baseline_year,
        arg_min(value, time_period) filter (where time_period >= definition.baseline_year) as baseline_value,
        min(value) filter (where time_period >= definition.baseline_year) as lowest_value
    from assessment_point
    join definition using (indicator)
    group by assessment_point.indicator, assessment_point.ref_area
),
newest as (
    select indicator, max(latest_year) as newest_year
    from series
    group by indicator
),
scaled as (
    select
        series.*,
        newest.newest_year,
        target_status.target_value,
        target_status.target_year,
        target_status.met,
        target_status.passed,
        target_status.deadline_met,
        target_status.noise_beyond,
        definition.direction = 'closer_to_one' as parity,
        if(definition.direction = 'higher_is_better', 1, -1) as sign,
        definition.worst,
        definition.best,
        definition.unit = 'PT' and definition.lowest >= 0 and definition.highest <= 100 as bounded,
        if(bounded and definition.direction = 'higher_is_better', 100.0::double, null) as scale_end,
        if(parity, abs(series.baseline_value - 1), series.baseline_value) as y0,
        if(parity, abs(series.latest_value - 1), series.latest_value) as yt,
        if(parity, abs(target_status.target_value - 1), target_status.target_value) as v,
        series.latest_year - series.baseline_year as years
    from series
    join definition using (indicator)
    join newest using (indicator)
    join target_status using (indicator, ref_area)
),
judged as (
    select
        * exclude (passed),
        coalesce(passed, false) as passed,
        if(years > 0 and y0 > 0 and yt > 0, power(yt / y0, 1.0::double / years) - 1, null) as growth,
        sign * y0 >= sign * v as met_at_baseline,
        sign * yt >= sign * v as met_now,
        case
            when years is null then 'no value since the baseline year'
            when years = 0 then 'only one value since the baseline year'
        end as gap
    from scaled
)
select
    *,
    case
        when passed and deadline_met then 'target_met'
        when passed and not deadline_met then 'target_missed'
        when passed then 'insufficient_data'
        when gap is not null then 'insufficient_data'
    end as settled,
    case
        when passed and deadline_met then 'the deadline has passed, and the value of that year met the target'
        when passed and not deadline_met then 'the deadline has passed, and the value of that year missed the target'
        when passed then 'the deadline has passed, and there is no value near that year'
        else gap
    end as why,
    nullif(concat_ws('; ',
        if(v is not null and met and not met_now, 'the latest value meets the target as its owner counts it', null),
        if(baseline_value = 0 or latest_value = 0, 'a value is zero, where no growth rate is defined', null),
        if(sign * baseline_value >= sign * noise_beyond and sign * latest_value >= sign * noise_beyond,
            'the values are beyond ' || round(noise_beyond, 6) || ', where differences are noise', null)), '') as note
from judged
