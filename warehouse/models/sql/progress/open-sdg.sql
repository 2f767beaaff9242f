/*
title: Open SDG progress measure with Statistics Canada's headroom
publication: >-
  Statistics Canada, Sustainable Development Goals and Canadian Indicator Framework data hubs, progress measurement
  (Open SDG 2, sdg-build); data files with values up to 2025
edition: data files of 2025
provisional: >-
  the exponent 4.44 of the headroom was recovered from published results, exactly, but not read in a text
measure: R, the actual annual growth as a multiple of the required one; without a target the annual growth, its sign turned so that up is good
score: -5 to 5, linear between the points of the formula
classes:
  target_achieved: positive
  substantial_progress: positive
  moderate_progress: positive
  limited_progress: positive
  deterioration: negative
components:
  annual_growth: of the value, or of the larger of ratio and its inverse for a parity ratio; from a baseline of zero 0.001 is taken
  required_growth: annual growth that leads from the baseline value to the target in the target year
  headroom: C, by which the thresholds without a target shrink as the baseline nears the end of the scale
formula: |
  * `R = d * CAGR_a / |CAGR_r|`, d = 1 where more is better, else -1
  * with a target: substantial progress (on track) from 0.95, moderate from 0.60, limited from 0, deterioration below;
    the score runs from -5 at R = -0.6 through 0 at 0.6 to 5 at 1.3
  * without a target by `d * CAGR_a`: from 0.015 C, from 0.005 C, from 0, below; the score runs from -5 at -0.02
    through -2.5 at 0, 0 at 0.005 C and 2.5 at 0.015 C to 5 at 0.02 C
  * headroom `C = 1 - (y_0 / limit)^4.44`, where the scale has an end on the better side; else 1
  * a zero as baseline or target is taken as 0.001; a parity ratio as max(y, 1/y) with the target 1, met up to 1.03
  * a latest value that meets the target: target achieved, score 5
left_open: |
  * The limit is 100 for a share of which more is better; no other indicator here has one.
  * From a baseline equal to the target that the latest value misses, the required growth is zero: deterioration, -5.
  * A negative value has no growth rate: insufficient data.
reproduced: |
  All 300 assessments that Statistics Canada publishes with a measure, and 9 more that are achieved without one: value,
  score and status (`pytest tests/golden/test_statistics_canada.py`).
not_reproduced: |
  The score of a goal from its indicators.
*/
with
-- A ratio of women to men is as far from parity at 0.8 as at 1.25.
ratio as (
    select
        *,
        if(parity, greatest(baseline_value, 1.0::double / if(baseline_value = 0, 0.001::double, baseline_value)), y0) as start_value,
        if(parity, greatest(latest_value, 1.0::double / if(latest_value = 0, 0.001::double, latest_value)), yt) as end_value,
        if(parity, greatest(target_value, 1.0::double / if(target_value = 0, 0.001::double, target_value)), v) as goal
    from assessment_input
),
lifted as (
    select
        *,
        if(start_value = 0, 0.001::double, start_value) as start_above_zero,
        if(goal = 0, 0.001::double, goal) as goal_above_zero,
        if(parity, end_value <= 1.03::double, met_now) as achieved
    from ratio
),
paced as (
    select
        *,
        if(start_above_zero > 0 and end_value >= 0 and years > 0 and settled is null,
            power(end_value / start_above_zero, 1.0::double / years) - 1, null) as actual,
        if(start_above_zero > 0 and goal_above_zero > 0 and settled is null,
            power(goal_above_zero / start_above_zero, 1.0::double / (target_year - baseline_year)) - 1, null) as required,
        1 - if(scale_end is null, 0.0::double, power(least(greatest(start_value / scale_end, 0), 1), 4.44::double)) as c
    from lifted
),
measured as (
    select
        *,
        if(v is null, sign * actual, sign * actual / nullif(abs(required), 0)) as measure
    from paced
),
scored as (
    select
        *,
        case
            when settled is not null then null
            when achieved then 5.0::double
            when v is not null and required = 0 then -5.0::double
            when measure is null then null
            when v is not null and measure >= 0.6::double then least(5 * (measure - 0.6::double) / 0.7::double, 5)
            when v is not null then greatest(5 * (measure - 0.6::double) / 1.2::double, -5)
            when measure >= 0.02::double * c then 5.0::double
            when measure >= 0.015::double * c then 2.5::double + 2.5::double * (measure - 0.015::double * c) / (0.005::double * c)
            when measure >= 0.005::double * c then 2.5::double * (measure - 0.005::double * c) / (0.01::double * c)
            when measure >= 0 then -2.5::double + 2.5::double * measure / (0.005::double * c)
            else greatest(-2.5::double + 2.5::double * measure / 0.02::double, -5)
        end as points
    from measured
)
select
    *,
    points as score,
    case
        when settled is not null then settled
        when achieved then 'target_achieved'
        when v is not null and required = 0 then 'deterioration'
        when measure is null then 'insufficient_data'
        when measure >= if(v is null, 0.015::double * c, 0.95::double) then 'substantial_progress'
        when measure >= if(v is null, 0.005::double * c, 0.60::double) then 'moderate_progress'
        when measure >= 0 then 'limited_progress'
        else 'deterioration'
    end as category,
    case
        when settled is not null then why
        when achieved then null
        when v is not null and required = 0 then null
        when measure is null then 'growth is not defined: a value is below zero'
    end as reason,
    actual as annual_growth,
    required as required_growth,
    if(v is null and settled is null, c, null) as headroom
from scored
