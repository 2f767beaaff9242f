/*
title: UNSD progress chart, editions 2021 and 2022
publication: >-
  United Nations Statistics Division, SDG Progress Chart 2022, Technical Note, as coded by the United Nations
  Development Programme (SDG Accelerator) and quoted by the Basque statistical office (Eustat)
edition: "2022"
measure: CR, the actual annual growth as a multiple of the required one; without a target the annual growth, its sign turned so that up is good
classes:
  substantial_progress: positive
  fair_progress: positive
  limited_or_no_progress: neutral
  deterioration: negative
components:
  annual_growth: as in unsd-2026
  required_growth: annual growth that leads from the baseline value to the target in the target year
formula: |
  * `CAGR_a = (y_t / y_0)^(1 / (t - t_0)) - 1`, `CAGR_r = (v / y_0)^(1 / (T - t_0)) - 1`, `CR = CAGR_a / CAGR_r`
  * substantial progress or on track from 0.95; fair progress but acceleration needed from 0.50; limited or no
    progress from -0.1; deterioration below
  * without a target by CAGR_a, its sign turned so that up is good: above 0.01; from 0.005; from -0.01; below
  * where a growth rate is undefined, as a value or the target is zero or below, the annual absolute changes take the
    place of the growth rates in CR
  * a latest value that meets the target is substantial progress; a baseline that met it while the latest value does
    not is deterioration
left_open: |
  * The notes name the average annual rate of reduction as another substitute for an undefined growth rate; it is as
    undefined at zero, so only the absolute change is used.
  * Without a target an undefined growth rate has no substitute: insufficient data.
reproduced: |
  Nothing: the country assessments that UNDP publishes with this rule are in no test data of ours, and no command here
  repeats them. What is tested is the formula, on the worked example and at its borders.
not_reproduced: |
  The chart's regional assessments; UNDP's own handling of a baseline of zero.
*/
with
paced as (
    select
        *,
        v > 0 and y0 > 0 and growth is not null as by_growth,
        if(v > 0 and y0 > 0, power(v / y0, 1.0::double / (target_year - baseline_year)) - 1, null) as required
    from assessment_input
),
measured as (
    select
        *,
        case
            when settled is not null then null
            when v is null then sign * growth
            when met_at_baseline then null
            when by_growth then growth / required
            else ((yt - y0) / years) / ((v - y0) / (target_year - baseline_year))
        end as measure
    from paced
)
select
    *,
    null::double as score,
    case
        when settled is not null then settled
        when met_now then 'substantial_progress'
        when met_at_baseline then 'deterioration'
        when measure is null then 'insufficient_data'
        when v is null and measure > 0.01::double then 'substantial_progress'
        when v is null and measure >= 0.005::double then 'fair_progress'
        when v is null and measure >= -0.01::double then 'limited_or_no_progress'
        when v is null then 'deterioration'
        when measure >= 0.95::double then 'substantial_progress'
        when measure >= 0.50::double then 'fair_progress'
        when measure >= -0.1::double then 'limited_or_no_progress'
        else 'deterioration'
    end as category,
    case
        when settled is not null then why
        when met_now or met_at_baseline then null
        when measure is null then 'growth is not defined: a value is zero or below'
    end as reason,
    growth as annual_growth,
    if(settled is null, required, null) as required_growth
from measured
