/*
title: UNSD progress chart, edition 2023
publication: >-
  United Nations Statistics Division, SDG Progress Chart 2023, Technical Note, as quoted by the Basque statistical
  office (Eustat)
edition: "2023"
measure: P, the share of the way from baseline to target that the extrapolated value will have gone; without a target the annual growth, its sign turned so that up is good
classes:
  on_track_or_met: positive
  off_track: positive
  stagnation_or_regression: by_measure
components:
  annual_growth: as in unsd-2026
  projected_value: as in unsd-2026
formula: |
  * `g = (y_t / y_0)^(1 / (t - t_0)) - 1`, `y_T = y_t * (1 + g)^(T - t)`, `P = (y_T - y_0) / (v - y_0)`
  * on track or met from 0.95; some progress but off track from 0.10; stagnation or regression below
  * without a target by g, its sign turned so that up is good: from 0.02; from 0.005; below
  * a share within one point of a target of 0 or 100 per cent counts as having met it
left_open: |
  * "Within 1 per cent of 0 or 100" is taken as one percentage point of a share.
  * A baseline that meets the target: on track while the latest value does, else stagnation or regression (the rule of
    the edition of 2026).
  * For comparison with other methods, stagnation or regression is negative where P or g lies below zero or a target
    once met was lost, else neutral: the chart has one class for both.
reproduced: |
  Nothing yet: no table of country assessments of this edition was at hand. The formula is that of the note as quoted.
not_reproduced: |
  The chart's regional assessments.
*/
with
projected as (
    select
        *,
        yt * power(1 + growth, target_year - latest_year) as ahead,
        met_now or (bounded and v in (0, 100) and abs(yt - v) <= 1) as achieved
    from assessment_input
),
measured as (
    select
        *,
        case
            when settled is not null then null
            when v is null then sign * growth
            when met_at_baseline then null
            else (ahead - y0) / (v - y0)
        end as measure
    from projected
)
select
    *,
    null::double as score,
    case
        when settled is not null then settled
        when achieved then 'on_track_or_met'
        when met_at_baseline then 'stagnation_or_regression'
        when measure is null then 'insufficient_data'
        when measure >= if(v is null, 0.02::double, 0.95::double) then 'on_track_or_met'
        when measure >= if(v is null, 0.005::double, 0.10::double) then 'off_track'
        else 'stagnation_or_regression'
    end as category,
    case
        when settled is not null then why
        when achieved or met_at_baseline then null
        when measure is null then 'growth is not defined: a value is zero or below'
    end as reason,
    growth as annual_growth,
    case
        when settled is not null or growth is null or target_value is null then null
        when parity then 1 + if(latest_value < 1, -1, 1) * ahead
        else ahead
    end as projected_value
from measured
