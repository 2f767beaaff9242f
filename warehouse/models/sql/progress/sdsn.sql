/*
title: SDSN trend arrow and normalised score
publication: >-
  Sachs et al., Sustainable Development Report 2020 and 2021 (Sustainable Development Solutions Network), statistical
  annex and workbook
edition: "2020 and 2021"
measure: the actual annual change of the normalised value as a multiple of the required one
score: the normalised value of the latest year, 0 (worst) to 100 (best)
classes:
  on_track: positive
  moderately_improving: positive
  stagnating: neutral
  decreasing: negative
components:
  normalised_baseline: 100 * (y - worst) / (best - worst) in the baseline year, not cut off
  normalised_latest: the same in the latest year
  normalised_change: annual change of the normalised value from baseline to latest, in points
  normalised_change_required: annual change that leads from the baseline to the target in the target year, in points
formula: |
  * normalised value `n = 100 * (y - worst) / (best - worst)`; score `s = n` cut off at 0 and 100
  * `g = (n_1 - n_0) / (t_1 - t_0)`, `g_req = (n_green - n_0) / (2030 - t_0)`, measure `g / g_req`
  * arrow: up (on track or maintaining) where the latest value is green or `g >= g_req`; moderately improving from
    `0.5 * g_req`; stagnating from 0; decreasing below
left_open: |
  * The green threshold is our indicator's target, worst and best are its declared bounds; an indicator without them
    has no arrow here. The report sets its own bounds and thresholds for each of its indicators.
  * The report uses the years from about 2015 to the latest, four years at least; here baseline to latest, three years
    apart at least.
  * A parity ratio: the distances from one are normalised.
reproduced: |
  On the workbook of the report of 2020 (`pytest tests/golden/test_sdsn_2020.py`), with the report's bounds and thresholds:
  all 13,071 normalised values; all 15,433 colours whose value is published; 9,122 of 9,509 arrows (95.9 per cent); and
  beside the arrow, in `tests/golden/sdsn`, all 2,751 goal scores, 3,041 goal dashboards and 166 index scores once the
  values that the workbook withholds or imputes without showing them (190 cells) are taken from its own goal scores.
not_reproduced: |
  387 arrows. 270 of them are published as stagnating for small declines, by a tolerance that the report does not state;
  the others have no known reason and are counted in the test by kind. 587 arrows whose years are not in the workbook.
*/
with
bounded_scale as (
    select
        *,
        if(parity, abs(worst - 1), worst) as zero,
        if(parity, abs(best - 1), best) as hundred
    from assessment_input
),
normalised as (
    select
        *,
        100 * (y0 - zero) / (hundred - zero) as normalised_baseline,
        100 * (yt - zero) / (hundred - zero) as normalised_latest,
        100 * (v - zero) / (hundred - zero) as green
    from bounded_scale
),
paced as (
    select
        *,
        if(years >= 3 and settled is null, (normalised_latest - normalised_baseline) / years, null) as change,
        if(v is not null and not met_at_baseline, (green - normalised_baseline) / (target_year - baseline_year), null)
            as required
    from normalised
)
select
    *,
    change / required as measure,
    if(normalised_latest is null, null, least(greatest(normalised_latest, 0.0::double), 100.0::double)) as score,
    case
        when worst is null or v is null then 'not_applicable'
        when settled is not null then settled
        when met_now then 'on_track'
        when years < 3 then 'insufficient_data'
        when change < 0 or met_at_baseline then 'decreasing'
        when change >= required then 'on_track'
        when change >= 0.5::double * required then 'moderately_improving'
        else 'stagnating'
    end as category,
    case
        when worst is null then 'the indicator declares no bounds'
        when v is null then 'the indicator has no target'
        when settled is not null then why
        when met_now then null
        when years < 3 then 'fewer than three years between baseline and latest value'
    end as reason,
    change as normalised_change,
    if(settled is null, required, null) as normalised_change_required
from paced
