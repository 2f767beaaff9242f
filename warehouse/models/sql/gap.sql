-- gap: differences between two groups of people, for every pair of codelists/gap_pairs.csv among an indicator's `gaps`.
-- One row per indicator, area, year and pair. Only rows with a breakdown by that one dimension count: women of all
-- ages, not young women.
--
-- difference  group_a minus group_b, in the indicator's unit
-- ratio       group_a over group_b: for women over men ITU's gender parity score
-- parity      whether the ratio is in ITU's band 0.98 to 1.02 (Facts and Figures 2024), or UNESCO's 0.97 to 1.03
--             (codelists/parity_bands.csv); both ends included
--
-- years_to_parity is our own rule: the difference closes linearly, at the yearly change since the first year with both
-- values in the last ten years, if that is at least three years before. 0 inside ITU's band. Null if the difference
-- grows, changed its sign and grows on the other side, if data are too few, or if it would take more than a hundred
-- years: closing gives the reason, for a hundred years "not_at_this_pace". A straight line is optimistic near
-- saturation: it expresses the speed and is not a forecast.
--
-- The row's sources are those of both values.
with
-- Each value with a breakdown by exactly one dimension, with the dimension's name.
part as (
    select
        indicator, ref_area, time_period, value, source,
        case
            when sex <> '_T' then 'sex'
            when age <> '_T' then 'age'
            when urbanisation <> '_T' then 'urbanisation'
            when quantile <> '_T' then 'quantile'
            when starts_with(other_dims, 'EDUCATION=') then 'education'
            when starts_with(other_dims, 'DISABILITY_STATUS=') then 'disability'
        end as dimension,
        case
            when sex <> '_T' then sex
            when age <> '_T' then age
            when urbanisation <> '_T' then urbanisation
            when quantile <> '_T' then quantile
            else split_part(other_dims, '=', 2)
        end as code
    from indicator
    where if(sex <> '_T', 1, 0) + if(age <> '_T', 1, 0) + if(urbanisation <> '_T', 1, 0) + if(quantile <> '_T', 1, 0)
        + if(other_dims <> '_T', 1, 0) = 1
        and not contains(other_dims, ';')
),
pair as (
    select
        a.indicator,
        a.ref_area,
        a.time_period,
        gap_pair.dimension,
        gap_pair.group_a,
        gap_pair.group_b,
        a.value as value_a,
        b.value as value_b,
        a.value - b.value as difference,
        if(b.value = 0, null, a.value / b.value) as ratio,
        gap_pair.label_a,
        gap_pair.label_b,
        array_to_string(list_sort(list_distinct(list_concat(string_split(a.source, ';'), string_split(b.source, ';')))), ';')
            as source
    from gap_pair
    join part as a
        on a.dimension = gap_pair.dimension
        and a.code = gap_pair.group_a
    join part as b
        on b.dimension = gap_pair.dimension
        and b.code = gap_pair.group_b
        and b.indicator = a.indicator
        and b.ref_area = a.ref_area
        and b.time_period = a.time_period
),
-- The pace since the first year with both values in the last ten years.
paced as (
    select
        *,
        first_value(time_period) over since as first_year,
        first_value(difference) over since as first_difference,
        max(time_period) over (partition by indicator, ref_area, dimension, group_a, group_b) as newest
    from pair
    window since as (
        partition by indicator, ref_area, dimension, group_a, group_b
        order by time_period
        range between 10 preceding and current row)
),
banded as (
    select
        paced.*,
        ratio between itu.lowest and itu.highest as parity_itu,
        ratio between unesco.lowest and unesco.highest as parity_unesco,
        if(time_period - first_year >= 3, (difference - first_difference) / (time_period - first_year), null) as annual_change
    from paced
    cross join (select * from parity_band where convention = 'itu') as itu
    cross join (select * from parity_band where convention = 'unesco') as unesco
)
select
    *,
    case
        when parity_itu then 0.0::double
        when difference * annual_change < 0 and - difference / annual_change <= 100 then - difference / annual_change
    end as years_to_parity,
    case
        when parity_itu or difference = 0 then 'at_parity'
        when annual_change is null then 'not_known'
        when difference * annual_change > 0 then 'widening'
        when annual_change = 0 or - difference / annual_change > 100 then 'not_at_this_pace'
        else 'closing'
    end as closing,
    time_period = newest as latest
from banded
