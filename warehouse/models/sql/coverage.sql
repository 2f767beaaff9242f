-- coverage: available data. One row per indicator and country or territory in `area`.
--
-- A pair without any value also has a row, since missing data are the purpose of the table. Only totals count.
-- "Available" follows the SDG Report: at least one value since 2015.
with
country as (
    select ref_area
    from area
    where kind = 'country'
),
total as (
    select
        indicator,
        ref_area,
        count(*) filter (where time_period >= 2015) as points_since_2015,
        min(time_period) as first_year,
        max(time_period) as latest_year
    from total_value
    group by indicator, ref_area
)
select
    definition.indicator,
    country.ref_area,
    coalesce(total.points_since_2015, 0) as points_since_2015,
    total.first_year,
    total.latest_year,
    coalesce(total.points_since_2015, 0) > 0 as available
from definition
cross join country
left join total
    on total.indicator = definition.indicator
    and total.ref_area = country.ref_area
