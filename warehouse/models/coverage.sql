-- coverage: what data there is, for every indicator and every country or territory in `area`.
--
-- A pair without any value has its row too: the missing ones are the message. Only totals count. "Available" is the
-- convention of the SDG Report: at least one value since 2015.
with
country as (
    select ref_area
    from area
    where kind = 'country'
),
total as (
    select indicator, ref_area, time_period
    from indicator
    where sex = '_T'
        and age = '_T'
        and urbanisation = '_T'
        and quantile = '_T'
        and other_dims = '_T'
)
select
    definition.indicator,
    country.ref_area,
    count(total.time_period) filter (where total.time_period >= 2015) as points_since_2015,
    min(total.time_period) as first_year,
    max(total.time_period) as latest_year,
    count(total.time_period) filter (where total.time_period >= 2015) > 0 as available
from definition
cross join country
left join total
    on total.indicator = definition.indicator
    and total.ref_area = country.ref_area
group by all
