-- sdsn_indicator: normalised score, colour and dashboard level of each value, as in the SDSN's report.
--
-- Source: Sachs et al., Sustainable Development Report 2020, statistical annex and workbook.
-- Reads sdsn_value (indicator, ref_area, value) and sdsn_bound (indicator, goal, worst, best, green, red).
--
--   score   100 * (value - worst) / (best - worst), cut off at 0 and 100
--   colour  green at or better than the green threshold; yellow at or better than the middle between green and red;
--           orange at or better than red; else red. A value on a border has the better colour, so both are rounded to
--           nine decimals first: the middle of 0.8 and 0.9 is not quite 0.85 in binary.
--   level   the same as a number, linear between its points: worst 0, red 1, middle 1.5, green 2, best 3
with
turned as (
    select
        sdsn_value.indicator,
        sdsn_bound.goal,
        sdsn_value.ref_area,
        sdsn_bound.worst as lowest,
        sdsn_bound.best as highest,
        if(sdsn_bound.best > sdsn_bound.worst, 1, -1) as sign,
        sdsn_value.value as plain,
        round(sign * sdsn_value.value, 9) as value,
        sign * sdsn_bound.worst as worst,
        round(sign * sdsn_bound.red, 9) as red,
        round(sign * (sdsn_bound.green + sdsn_bound.red) / 2, 9) as middle,
        round(sign * sdsn_bound.green, 9) as green,
        sign * sdsn_bound.best as best
    from sdsn_value
    join sdsn_bound using (indicator)
    where sdsn_value.value is not null
)
select
    indicator,
    goal,
    ref_area,
    plain as value,
    least(greatest(100 * (plain - lowest) / (highest - lowest), 0.0::double), 100.0::double) as score,
    case
        when value >= green then 'green'
        when value >= middle then 'yellow'
        when value >= red then 'orange'
        else 'red'
    end as colour,
    case
        when value >= best then 3.0::double
        when value >= green then 2 + (value - green) / (best - green)
        when value >= middle then 1.5::double + 0.5::double * (value - middle) / (green - middle)
        when value >= red then 1 + 0.5::double * (value - red) / (middle - red)
        when value > worst then (value - worst) / (red - worst)
        else 0.0::double
    end as level
from turned
