-- availability: share of required measurements with data, for the 90 per cent pledge of the Compact's annex (data to
-- monitor the SDGs). One row per universe, goal, scope and breakdown.
--
-- A cell is an indicator and a country. It is available if there is at least one value since 2015 (the convention of the
-- SDG Report), and has a trend if there are two. A value of any breakdown counts (women, an age group of a region);
-- a published bound counts; a missing value never does.
--
-- universe   catalogue: our indicators that name an SDG indicator in `frameworks`; unsd: all indicators of the SDG database,
--            through codelists/sdg_series.csv, if nine tenths of its series are staged (else it is excluded: a few
--            series would look like missing data); environment: those of them about the environment. An indicator
--            without any value counts in the cells all the same.
-- scope      each country by itself; for each group its members that are Member States of the United Nations, as the
--            SDG Report counts, because territories rarely report themselves. Membership is current.
-- breakdown  _T: all as above. Otherwise only values with this breakdown, and only indicators that have it for any
--            country: sex has no meaning for the length of roads.
-- measured   indicators with a trend for at least half of the countries: an indicator is measured or not, as the
--            agencies count, while shares count cells.
-- share_recent  a value in the five years up to the newest year of the universe.
with
of_catalogue as (
    select
        'catalogue' as universe, indicator, ref_area, time_period, sex, age, urbanisation, quantile,
        contains(other_dims, 'EDUCATION=') as by_education,
        contains(other_dims, 'DISABILITY_STATUS=') as by_disability
    from indicator
    where indicator in (select indicator from framework where framework = 'sdg')
),
of_unsd as (
    select
        'unsd' as universe, indicator, ref_area, time_period, sex, age, urbanisation, quantile,
        education <> '_T' as by_education,
        contains(other_dims, 'DISABILITY_STATUS=') as by_disability
    from unsd_value
),
of_environment as (
    select of_unsd.* replace ('environment' as universe)
    from of_unsd
    join unsd_indicator using (indicator)
    where unsd_indicator.environmental
),
point as (
    select * from of_catalogue
    union all
    select * from of_unsd
    union all
    select * from of_environment
),
broken_down as (
    select universe, indicator, ref_area, time_period, '_T' as breakdown from point
    union all
    select universe, indicator, ref_area, time_period, 'sex' from point where sex <> '_T'
    union all
    select universe, indicator, ref_area, time_period, 'age' from point where age <> '_T'
    union all
    select universe, indicator, ref_area, time_period, 'urbanisation' from point where urbanisation <> '_T'
    union all
    select universe, indicator, ref_area, time_period, 'quantile' from point where quantile <> '_T'
    union all
    select universe, indicator, ref_area, time_period, 'education' from point where by_education
    union all
    select universe, indicator, ref_area, time_period, 'disability' from point where by_disability
),
cell as (
    select
        universe, indicator, ref_area, breakdown,
        min(time_period) filter (where time_period >= 2015) as first_since_2015,
        max(time_period) as latest_year
    from broken_down
    where ref_area in (select ref_area from area where kind = 'country')
    group by all
),
newest as (
    select universe, max(latest_year) as newest_year
    from cell
    group by all
),
-- The indicators of a universe, with their goals.
listed as (
    select 'catalogue' as universe, indicator, split_part(reference, '.', 1) as goal
    from framework
    where framework = 'sdg'
    union all
    select 'unsd', indicator, split_part(indicator, '.', 1)
    from unsd_indicator
    union all
    select 'environment', indicator, split_part(indicator, '.', 1)
    from unsd_indicator
    where environmental
),
wanted as (
    select universe, indicator, goal, '_T' as breakdown from listed
    union all
    select distinct listed.universe, listed.indicator, listed.goal, cell.breakdown
    from listed
    join cell using (universe, indicator)
    where cell.breakdown <> '_T'
),
wanted_by_goal as (
    select universe, indicator, goal, breakdown from wanted
    union all
    select universe, indicator, 'all', breakdown from wanted
),
scope_area as (
    select ref_area as scope, ref_area from area where kind = 'country'
    union all
    select distinct area_group."group", area_group.ref_area
    from area_group
    join area using (ref_area)
    where area_group.valid_to is null
        and area.un_member
),
size_of_scope as (
    select scope, count(*) as areas
    from scope_area
    group by all
),
size_of_goal as (
    select universe, goal, breakdown, count(*) as indicators
    from wanted_by_goal
    group by all
),
trend as (
    select
        wanted_by_goal.universe, wanted_by_goal.goal, scope_area.scope, wanted_by_goal.breakdown,
        wanted_by_goal.indicator
    from cell
    join wanted_by_goal using (universe, indicator, breakdown)
    join scope_area using (ref_area)
    join size_of_scope using (scope)
    where cell.latest_year > cell.first_since_2015
    group by all
    having count(*) * 2 >= any_value(size_of_scope.areas)
),
with_trend as (
    select universe, goal, scope, breakdown, count(*) as indicators
    from trend
    group by all
),
found as (
    select
        wanted_by_goal.universe,
        wanted_by_goal.goal,
        scope_area.scope,
        wanted_by_goal.breakdown,
        count(*) filter (where cell.latest_year >= 2015) as cells_one,
        count(*) filter (where cell.latest_year > cell.first_since_2015) as cells_two,
        count(*) filter (where cell.latest_year > newest.newest_year - 5) as cells_recent,
        cast(floor(median(cell.latest_year)) as smallint) as median_latest_year
    from cell
    join wanted_by_goal using (universe, indicator, breakdown)
    join newest using (universe)
    join scope_area using (ref_area)
    group by all
)
select
    size_of_goal.universe,
    size_of_goal.goal,
    size_of_scope.scope,
    size_of_goal.breakdown,
    coalesce(cells_one, 0)::double / (size_of_goal.indicators * areas) as share_one,
    coalesce(cells_two, 0)::double / (size_of_goal.indicators * areas) as share_two,
    coalesce(cells_recent, 0)::double / (size_of_goal.indicators * areas) as share_recent,
    median_latest_year,
    size_of_goal.indicators * areas as cells,
    size_of_goal.indicators,
    areas,
    coalesce(with_trend.indicators, 0) as measured
from size_of_goal
cross join size_of_scope
left join found using (universe, goal, scope, breakdown)
left join with_trend using (universe, goal, scope, breakdown)
