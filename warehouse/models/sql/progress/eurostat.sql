/*
title: Eurostat indicator assessment
publication: >-
  Eurostat, Sustainable development in the European Union: monitoring report on progress towards the SDGs in an EU
  context, annex on the assessment of trends; the ratio as restated by Statistics Canada
edition: year not recorded
provisional: >-
  the classes without a target and the lengths of the short and the long term are recalled, not read in the source
measure: the actual annual growth over the short term as a multiple of the required one; without a target that growth, its sign turned so that up is good
classes:
  significant_progress: positive
  moderate_progress: positive
  insufficient_progress: positive
  moving_away: negative
  moderate_movement_away: negative
  significant_movement_away: negative
components:
  annual_growth: over the short term, the last five years
  required_growth: annual growth that leads from the first value of the short term to the target in the target year
  long_term_measure: the same measure over the long term, the last fifteen years
formula: |
  * `CAGR_a = (y_t / y_0)^(1 / (t - t_0)) - 1`, `CAGR_r = (v / y_0)^(1 / (T - t_0)) - 1`, measure `CAGR_a / CAGR_r`
  * with a target: significant progress from 0.95, moderate from 0.60, insufficient from 0, moving away below
  * without one, by CAGR_a with its sign turned: significant progress from 0.01, moderate from 0, moderate movement
    away from -0.01, significant movement away below
  * short term: the first value of the last five years, at least three years before the latest; it makes the class.
    Long term: of the last fifteen years, at least ten before; published beside it as `long_term_measure`
  * a latest value that meets the target is significant progress
left_open: |
  * `baseline_year` and `baseline_value` are those of the short term here, not the year 2015.
  * A value at the start of the term that met a target which the latest value misses: moving away.
  * A target of zero, or of one for a parity ratio: no growth rate leads there, so the method does not apply.
reproduced: |
  The ratio and its classes: Statistics Canada follows them, and all its published assessments are reproduced by
  `open-sdg` (`pytest tests/golden/test_statistics_canada.py`).
not_reproduced: |
  Eurostat's own arrows: no table of them was at hand.
*/
with
term as (
    select
        point.indicator,
        point.ref_area,
        min(point.time_period) filter (where point.time_period >= series.latest_year - 5
            and point.time_period <= series.latest_year - 3) as short_year,
        arg_min(point.value, point.time_period) filter (where point.time_period >= series.latest_year - 5
            and point.time_period <= series.latest_year - 3) as short_value,
        min(point.time_period) filter (where point.time_period <= series.latest_year - 10) as long_year,
        arg_min(point.value, point.time_period) filter (where point.time_period <= series.latest_year - 10) as long_value
    from assessment_point as point
    join assessment_input as series using (indicator, ref_area)
    where point.time_period >= series.latest_year - 15
        and point.time_period <= series.latest_year - 3
    group by point.indicator, point.ref_area
),
started as (
    select
        series.indicator,
        series.ref_area,
        term.short_year as baseline_year,
        term.short_value as baseline_value,
        series.latest_year,
        series.latest_value,
        series.target_value,
        series.target_year,
        series.sign,
        series.yt,
        series.v,
        series.met_now,
        series.settled,
        series.why,
        series.gap,
        series.note,
        if(series.parity, abs(term.short_value - 1), term.short_value) as y0,
        if(series.parity, abs(term.long_value - 1), term.long_value) as long_y0,
        series.latest_year - term.short_year as years,
        series.latest_year - term.long_year as long_years,
        series.target_year - term.short_year as years_given,
        series.target_year - term.long_year as long_years_given
    from assessment_input as series
    left join term using (indicator, ref_area)
),
paced as (
    select
        *,
        sign * y0 >= sign * v as met_at_start,
        if(y0 > 0 and yt > 0, power(yt / y0, 1.0::double / years) - 1, null) as growth,
        if(y0 > 0 and v > 0, power(v / y0, 1.0::double / years_given) - 1, null) as required,
        if(long_y0 > 0 and yt > 0, power(yt / long_y0, 1.0::double / long_years) - 1, null) as long_growth,
        if(long_y0 > 0 and v > 0 and sign * long_y0 < sign * v, power(v / long_y0, 1.0::double / long_years_given) - 1, null)
            as long_required,
        -- the two ways in which this method's own term replaces the common baseline
        if(settled = 'insufficient_data' and gap is not null and why = gap, null, settled) as decided
    from started
),
measured as (
    select
        *,
        case
            when decided is not null then null
            when v is null then sign * growth
            when met_at_start then null
            else growth / required
        end as measure
    from paced
)
select
    *,
    null::double as score,
    case
        when decided is not null then decided
        when met_now then 'significant_progress'
        when v <= 0 then 'not_applicable'
        when met_at_start then 'moving_away'
        when measure is null then 'insufficient_data'
        when v is null and measure >= 0.01::double then 'significant_progress'
        when v is null and measure >= 0 then 'moderate_progress'
        when v is null and measure >= -0.01::double then 'moderate_movement_away'
        when v is null then 'significant_movement_away'
        when measure >= 0.95::double then 'significant_progress'
        when measure >= 0.60::double then 'moderate_progress'
        when measure >= 0 then 'insufficient_progress'
        else 'moving_away'
    end as category,
    case
        when decided is not null then why
        when met_now then null
        when v <= 0 then 'no growth rate leads to a target of zero'
        when met_at_start then null
        when baseline_year is null then 'no value three to five years before the latest'
        when measure is null then 'growth is not defined: a value is zero or below'
    end as reason,
    growth as annual_growth,
    if(decided is null, required, null) as required_growth,
    case
        when decided is not null then null
        when v is null then sign * long_growth
        else long_growth / long_required
    end as long_term_measure
from measured
