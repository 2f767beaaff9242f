/*
title: UNSD progress assessment, edition 2026
publication: >-
  United Nations Statistics Division, The Sustainable Development Goals Report 2026, Technical Note for Progress
  Assessment, as implemented in the open package undata 0.4.3
edition: "2026"
measure: P, the share of the way from baseline to target that the extrapolated value will have gone; without a target the annual growth, its sign turned so that up is good
score: 0 to 5, linear inside each class, the measure cut off at the outer borders
classes:
  on_track_or_met: positive
  moderate: positive
  marginal: positive
  stagnation: neutral
  regression: negative
components:
  annual_growth: compound annual growth rate from baseline to latest, as a share of 1; of the distance from one for a parity ratio
  projected_value: value in the target year at that growth
formula: |
  * annual growth `g = (y_t / y_0)^(1 / (t - t_0)) - 1`, defined for y_0 > 0, y_t > 0 and t > t_0 alone
  * with a target v in the year T: projected value `y_T = y_t * (1 + g)^(T - t)`, measure `P = (y_T - y_0) / (v - y_0)`
  * classes by P: on track or met from 0.95, moderate from 0.50, marginal from 0.10, stagnation from 0, regression below; P is cut off at -0.5 and 1.5
  * without a target the measure is g with its sign turned: from 0.02, 0.0125, 0.005 and 0; cut off at -0.05 and 0.05
  * a latest value that meets the target: on track or target met (5), as the class says; one that no longer does while the baseline did: regression (0)
  * fewer than two years since the baseline year, or g undefined: insufficient data

  A value on a border belongs to the better class.
left_open: |
  * A parity ratio: the note knows only "up" and "down". The distance |y - 1| is assessed, lower being better, against
    the target's own distance from one. `projected_value` is turned back into a ratio on the side of one where the
    latest value lies.
  * A target year that has passed is not projected back: y_T is then the latest value, and P says how much of the way
    was gone. The other methods say target_met or target_missed.
reproduced: |
  A second program, written from the note's text and sharing no code, gives the same class, score and components for
  random series (`pytest tests/unit/test_models.py -k second_program`).
not_reproduced: |
  No table of UNSD's own country assessments of 2026 was at hand.
*/
with
projected as (
    select
        *,
        yt * power(1 + growth, greatest(target_year - latest_year, 0)) as ahead
    from assessment_input
),
measured as (
    select
        *,
        case
            when gap is not null then null
            when v is null then sign * growth
            when met_at_baseline then null
            else (ahead - y0) / (v - y0)
        end as measure
    from projected
),
-- A value has the class with the highest threshold (at_least) that it reaches.
class (with_target, at_least, below, low, high, score_low, category) as (
    values
        (true, 0.95, null, 0.95, 1.5, 4, 'on_track_or_met'),
        (true, 0.50, 0.95, 0.50, 0.95, 3, 'moderate'),
        (true, 0.10, 0.50, 0.10, 0.50, 2, 'marginal'),
        (true, 0.0, 0.10, 0.0, 0.10, 1, 'stagnation'),
        (true, null, 0.0, -0.5, 0.0, 0, 'regression'),
        (false, 0.02, null, 0.02, 0.05, 4, 'on_track_or_met'),
        (false, 0.0125, 0.02, 0.0125, 0.02, 3, 'moderate'),
        (false, 0.005, 0.0125, 0.005, 0.0125, 2, 'marginal'),
        (false, 0.0, 0.005, 0.0, 0.005, 1, 'stagnation'),
        (false, null, 0.0, -0.05, 0.0, 0, 'regression')
),
classed as (
    select
        measured.*,
        class.category as measured_category,
        class.score_low
            + (least(greatest(measured.measure, class.low::double), class.high::double) - class.low::double)
            / (class.high::double - class.low::double) as measured_score
    from measured
    left join class
        on class.with_target = (measured.v is not null)
        and measured.measure is not null
        and (class.at_least is null or measured.measure >= class.at_least::double)
        and (class.below is null or measured.measure < class.below::double)
)
select
    *,
    case
        when gap is not null then null
        when met_now then 5.0::double
        when met_at_baseline then 0.0::double
        when measure is null then null
        else measured_score
    end as score,
    case
        when gap is not null then 'insufficient_data'
        when met_now then 'on_track_or_met'
        when met_at_baseline then 'regression'
        when measure is null then 'insufficient_data'
        else measured_category
    end as category,
    case
        when gap is not null then gap
        when met_now or met_at_baseline then null
        when measure is null then 'growth is not defined: a value is zero or below'
    end as reason,
    growth as annual_growth,
    case
        when growth is null or target_value is null then null
        when parity then 1 + if(latest_value < 1, -1, 1) * ahead
        else ahead
    end as projected_value
from classed
