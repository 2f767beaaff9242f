-- progress: is an area on track? Method `unsd-2026`.
--
-- Source: UNSD, The Sustainable Development Goals Report 2026, Technical Note for Progress Assessment, as implemented in
-- the open package undata 0.4.3. With y the value, t the year, 0 the baseline, v the target and T the target year:
--
--   baseline   the value of the baseline year (2015 unless the target says otherwise), else of the first later year
--   growth     g = (y_t / y_0) ^ (1 / (t - t_0)) - 1, defined for y_0 > 0, y_t > 0 and t > t_0 alone
--   projected  y_T = y_t * (1 + g) ^ (T - t)
--   measure    with a target P = (y_T - y_0) / (v - y_0); without one g, its sign turned so that up is good
--   category   the class of the measure in the table `class` below; a value on a border belongs to the better class
--   score      0 to 5, linear inside each class, the measure cut off at the outer borders
--   already    a baseline that meets the target: on track (5) while the latest value meets it, else regression (0)
--   not asked  a quantity of which neither more nor less is better (assessed: false) has no row at all
--   no answer  fewer than two years, or g undefined: insufficient data
--
-- What the note leaves open, and what is done here:
--   * closer_to_one (a parity ratio): the note knows only "up" and "down". The distance |y - 1| is assessed, lower being
--     better, against the target's own distance from one. annual_growth is then the growth of the distance;
--     projected_value is turned back into a ratio on the side of one where the latest value lies.
--   * A declared break: values before it are not comparable with those after, so the baseline is looked for from the
--     break's year on. A break later than the latest value plays no part.
--   * A target year that has passed is not projected back: y_T is then the latest value.
--   * A censored value (obs_status C) counts with the bound that its agency publishes.
with
total as (
    select indicator, ref_area, time_period, value
    from indicator
    semi join (select indicator from definition where assessed) using (indicator)
    where sex = '_T'
        and age = '_T'
        and urbanisation = '_T'
        and quantile = '_T'
        and other_dims = '_T'
),
latest as (
    select indicator, ref_area, time_period as latest_year, value as latest_value
    from total
    qualify row_number() over (partition by indicator, ref_area order by time_period desc) = 1
),
-- The first year from which on the values are one unbroken series that the method may look at.
start as (
    select
        latest.indicator,
        latest.ref_area,
        greatest(any_value(definition.baseline_year), coalesce(max(declared_break.time_period), 0)) as first_year
    from latest
    join definition using (indicator)
    left join declared_break
        on declared_break.indicator = latest.indicator
        and declared_break.ref_area in ('all', latest.ref_area)
        and declared_break.time_period <= latest.latest_year
    group by all
),
baseline as (
    select total.indicator, total.ref_area, total.time_period as baseline_year, total.value as baseline_value
    from total
    join start using (indicator, ref_area)
    where total.time_period >= start.first_year
    qualify row_number() over (partition by total.indicator, total.ref_area order by total.time_period) = 1
),
-- y0, yt and v are what the method looks at: the value itself, or its distance from one.
scaled as (
    select
        latest.*,
        baseline.baseline_year,
        baseline.baseline_value,
        definition.target_value,
        definition.target_year,
        definition.direction,
        definition.direction = 'closer_to_one' as parity,
        if(definition.direction = 'higher_is_better', 1, -1) as sign,
        if(parity, abs(baseline.baseline_value - 1), baseline.baseline_value) as y0,
        if(parity, abs(latest.latest_value - 1), latest.latest_value) as yt,
        if(parity, abs(definition.target_value - 1), definition.target_value) as v,
        latest.latest_year - baseline.baseline_year as years,
        greatest(definition.target_year - latest.latest_year, 0) as years_ahead
    from latest
    join definition using (indicator)
    left join baseline using (indicator, ref_area)
),
trend as (
    select
        *,
        if(years > 0 and y0 > 0 and yt > 0, power(yt / y0, 1.0::double / years) - 1, null) as growth,
        sign * y0 >= sign * v as met_at_baseline,
        sign * yt >= sign * v as met_now
    from scaled
),
projected as (
    select
        *,
        yt * power(1 + growth, years_ahead) as ahead
    from trend
),
measured as (
    select
        *,
        case
            when years is null or years <= 0 then null
            when v is null then sign * growth
            when met_at_baseline then null
            else (ahead - y0) / (v - y0)
        end as measure
    from projected
),
class (with_target, low, high, score_low, category) as (
    values
        (true, 0.95, 1.5, 4, 'on_track_or_met'),
        (true, 0.50, 0.95, 3, 'moderate'),
        (true, 0.10, 0.50, 2, 'marginal'),
        (true, 0.0, 0.10, 1, 'stagnation'),
        (true, -0.5, 0.0, 0, 'regression'),
        (false, 0.02, 0.05, 4, 'on_track_or_met'),
        (false, 0.0125, 0.02, 3, 'moderate'),
        (false, 0.005, 0.0125, 2, 'marginal'),
        (false, 0.0, 0.005, 1, 'stagnation'),
        (false, -0.05, 0.0, 0, 'regression')
),
-- The best class whose lower border the measure reaches; below the last border it is still the last class.
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
        and (measured.measure >= class.low::double or class.score_low = 0)
    qualify row_number() over (
        partition by measured.indicator, measured.ref_area
        order by class.score_low desc nulls last) = 1
)
select
    indicator,
    ref_area,
    'unsd-2026' as method,
    baseline_year,
    baseline_value,
    latest_year,
    latest_value,
    target_value,
    if(target_value is null, null, target_year) as target_year,
    measure,
    case
        when years is null or years <= 0 then null
        when met_at_baseline then if(met_now, 5.0, 0.0)
        when measure is null then null
        else measured_score
    end as score,
    case
        when years is null or years <= 0 then 'insufficient_data'
        when met_at_baseline then if(met_now, 'on_track_or_met', 'regression')
        when measure is null then 'insufficient_data'
        else measured_category
    end as category,
    growth as annual_growth,
    case
        when growth is null or target_value is null then null
        when parity then 1 + if(latest_value < 1, -1, 1) * ahead
        else ahead
    end as projected_value
from classed
