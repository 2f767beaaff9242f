/*
title: ESCAP current status and anticipated progress
publication: >-
  United Nations Economic and Social Commission for Asia and the Pacific, Asia and the Pacific SDG Progress Report,
  technical note; also used by the other regional commissions
edition: technical notes of ESCAP and UNECE, year not recorded
measure: anticipated progress, how far the predicted value of the target year will have gone from baseline to target, on a scale of 10
score: current status, how far the latest value has gone from baseline to target, on a scale of 10; negative for a step back
classes:
  maintain: positive
  accelerate: positive
  reverse: negative
components:
  projected_value: value in the target year by the weighted regression
  values_used: values since the baseline year on which the regression rests
formula: |
  * current status `CS = 10 * (I_t - I_0) / |TV - I_0|`, its sign turned so that up is good; 10 where the target is met
  * a parity ratio: `CS = 10 - 10 * |TV - I_t| / |TV - I_0|`
  * anticipated progress `AP`: the same with the value predicted for the target year
  * classes by AP: above 9 the target will be met or maintained (maintain), above 0 accelerate, else reverse
  * prediction: weighted linear regression on the year t_i, of the logit for a share, of the logarithm for positive
    values, else of the value; weights `w_i = (T - t_1) / (T - t_i)`, so that recent years count more
left_open: |
  * The baseline is 2015 or the first later year, as in the charts of UNECE and UNICEF; ESCAP's since-2000 charts start
    earlier.
  * A share of 0 or 100 per cent has no logit: it is taken as 0.1 or 99.9, and a prediction that comes so near to a
    target at the end of the scale meets it.
  * Where the target equals the baseline value and was lost since, no scale is left: reverse, without a number.
reproduced: |
  Nothing: the cells that UNICEF's regional office publishes with a variant of this rule are in no test data of ours, and
  no command here repeats them. What is tested is the formula, on the worked example and at its borders.
not_reproduced: |
  ESCAP's own figures for countries and sub-regions; its choice of target values for indicators without one.
*/
with
-- The regression's two columns: x, years since the baseline, and z, the value on the linear scale.
scale as (
    select
        indicator,
        ref_area,
        baseline_year,
        latest_year,
        target_year,
        case when bounded then 'logit' when lowest_value > 0 then 'log' else 'linear' end as scale
    from assessment_input
    where settled is null
        and v is not null
),
placed as (
    select
        point.indicator,
        point.ref_area,
        point.time_period,
        point.time_period - scale.baseline_year as x,
        case
            when scale.scale = 'logit' then ln(least(greatest(point.value, 0.1::double), 99.9::double)
                / (100 - least(greatest(point.value, 0.1::double), 99.9::double)))
            when scale.scale = 'log' then ln(point.value)
            else point.value
        end as z,
        (scale.target_year - scale.baseline_year)::double / (scale.target_year - point.time_period) as w
    from assessment_point as point
    join scale using (indicator, ref_area)
    where point.time_period >= scale.baseline_year
),
-- Sums in order of years, so that the same data give the same last digit on any number of cores.
summed as (
    select
        indicator,
        ref_area,
        count(*) as values_used,
        sum(w order by time_period) as sw,
        sum(w * x order by time_period) as swx,
        sum(w * z order by time_period) as swz,
        sum(w * x * x order by time_period) as swxx,
        sum(w * x * z order by time_period) as swxz
    from placed
    group by indicator, ref_area
),
fitted as (
    select
        indicator,
        ref_area,
        values_used,
        (sw * swxz - swx * swz) / (sw * swxx - swx * swx) as slope,
        (swz - slope * swx) / sw as intercept
    from summed
),
predicted as (
    select
        series.*,
        fitted.values_used,
        fitted.intercept + fitted.slope * (series.target_year - series.baseline_year) as z,
        case scale.scale
            when 'logit' then 100 / (1 + exp(-z))
            when 'log' then exp(z)
            else z
        end as predicted_value,
        if(series.parity, abs(predicted_value - 1), predicted_value) as ahead,
        sign * ahead >= sign * if(bounded, least(greatest(v, 0.1::double), 99.9::double), v) - 1e-9::double as met_ahead
    from assessment_input as series
    left join fitted using (indicator, ref_area)
    left join scale using (indicator, ref_area)
),
-- Rounded: the prediction of a constant value differs from it only in the last digits, and 0 is a threshold.
measured as (
    select
        *,
        case
            when met_ahead then 10.0::double
            when parity then round(10 - 10 * abs(v - ahead) / nullif(abs(v - y0), 0), 9)
            else round(10 * sign * (ahead - y0) / nullif(abs(v - y0), 0), 9)
        end as measure,
        case
            when met_now then 10.0::double
            when gap is not null then null
            when parity then 10 - 10 * abs(v - yt) / nullif(abs(v - y0), 0)
            else 10 * sign * (yt - y0) / nullif(abs(v - y0), 0)
        end as score
    from predicted
)
select
    *,
    case
        when v is null then 'not_applicable'
        when settled is not null then settled
        when measure > 9 then 'maintain'
        when measure > 0 then 'accelerate'
        else 'reverse'
    end as category,
    case
        when v is null then 'the indicator has no target'
        when settled is not null then why
    end as reason,
    predicted_value as projected_value
from measured
