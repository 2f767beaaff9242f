-- lorenz: Lorenz curves, from the poorest to the richest, of two kinds. One row per curve and point.
--
-- Within a country: the shares of income or consumption of the ten deciles of people, from one survey of the World
-- Bank's Poverty and Inequality Platform (`survey`). A survey without all ten, or with shares that do not sum to 1, has
-- no curve.
--
-- Between countries: for each indicator of codelists/between_country.csv, a group's countries sorted by value, each
-- with its population and its number of people (value times population). All people in a country count with its mean,
-- so inequality within countries is excluded. Only years in which `aggregate` publishes the group's value, that is with
-- enough of its population covered; the countries change with the data, so compare years with care. Membership is
-- current.
--
-- Equal members are sorted by name, so that the same inputs give the same curve; measures do not depend on it.
with
tenth as (
    select
        distribution,
        ref_area as scope,
        time_period,
        series as member,
        cast(substr(series, 7) as integer) as rank_value,
        0.1::double as people,
        value as amount,
        source
    from survey
    where starts_with(series, 'decile')
    qualify count(*) over (partition by distribution, ref_area, time_period) = 10
        and abs(sum(value) over (partition by distribution, ref_area, time_period) - 1) < 0.001
        and min(value) over (partition by distribution, ref_area, time_period) >= 0
),
total as (
    select indicator, ref_area, time_period, value, source
    from total_value
    where indicator in (
        select indicator from between_country
        union all
        select definition.weight from definition join between_country using (indicator))
),
country as (
    select
        total.indicator as distribution,
        aggregate."group" as scope,
        total.time_period,
        total.ref_area as member,
        total.value as rank_value,
        weight.value as people,
        weight.value * total.value as amount,
        array_to_string(list_sort(list_distinct(string_split(concat_ws(';', total.source, weight.source), ';'))), ';') as source
    from total
    join between_country using (indicator)
    join definition using (indicator)
    join total as weight
        on weight.indicator = definition.weight
        and weight.ref_area = total.ref_area
        and weight.time_period = total.time_period
    join (select distinct "group", ref_area from area_group where valid_to is null) as membership
        on membership.ref_area = total.ref_area
    join aggregate
        on aggregate.indicator = total.indicator
        and aggregate."group" = membership."group"
        and aggregate.time_period = total.time_period
    where definition.aggregate_method = 'weighted_mean'
        and aggregate.value > 0
        and weight.value > 0
        and total.value >= 0
),
part as (
    select * from tenth
    union all
    select * from country
),
curve as (
    select
        distribution,
        scope,
        time_period,
        member,
        source,
        row_number() over up_to as point,
        sum(people) over up_to / sum(people) over all_of as population_share,
        sum(amount) over up_to / sum(amount) over all_of as value_share
    from part
    window
        up_to as (
            partition by distribution, scope, time_period
            order by rank_value, member
            rows between unbounded preceding and current row),
        all_of as (
            partition by distribution, scope, time_period
            order by rank_value, member
            rows between unbounded preceding and unbounded following)
)
select
    distribution, scope, time_period, point, least(population_share, 1) as population_share,
    least(value_share, 1) as value_share, member, source
from curve
union all
select
    distribution, scope, time_period, 0 as point, 0.0::double as population_share, 0.0::double as value_share,
    null as member, source
from curve
where point = 1
