-- inequality: measures of the Lorenz curves in `lorenz`, and growth of the poorest two fifths. One row per measure,
-- distribution, area and year.
--
-- For a curve with points (x, y) from 0 to n, p and s are the shares of people and of the total between two points:
--   gini                100 * (1 - sum of p * (y + y of the point before))
--   theil               sum of s * ln(s / p), Theil's T; a share of 0 adds nothing
--   mean_log_deviation  sum of p * ln(p / s), Theil's L; none where a share is 0
--   palma               share of the richest decile over that of the poorest four deciles
--   s80_s20             share of the richest fifth over that of the poorest fifth
-- (World Bank, PIP Methodology, October 2025; definitions of Palma and of S80/S20.) The last two need deciles. Grouping
-- hides inequality inside a group: gini, theil and mean_log_deviation are slightly below those of the survey itself,
-- which the World Bank publishes and which are listed next to ours.
--
--   highest_over_lowest  for indicators with subnational values: the highest of them over the lowest
--
-- Growth (SDG 10.1; World Bank, shared prosperity; PIP Methodology, chapter 4)
--   growth_bottom_40    (mean of the poorest two fifths in the later survey / in the earlier one) ^ (1 / years) - 1, in per cent
--   growth_mean         the same for the whole population
--   bottom_40_premium   the difference between both, in percentage points
-- Both surveys measure the same concept (income or consumption), are comparable (the Platform's survey_comparability),
-- and are 3 to 7 years apart; years are in the survey's own time (2015.77), as at the World Bank. The rule requires one
-- survey within 2 years of a reference year and one within 2 of five years before. Here every survey is a reference
-- year, and the earlier one is the nearest to five years before, the later of two in a tie: the publication does not
-- define ties, and this choice reproduces the most published values.
with
step as (
    select
        distribution, scope, time_period, point, population_share, value_share, source,
        population_share - lag(population_share) over along as p,
        value_share - lag(value_share) over along as s,
        value_share + lag(value_share) over along as both_shares
    from lorenz
    window along as (partition by distribution, scope, time_period order by point)
),
curve as (
    select
        distribution,
        scope,
        time_period,
        distribution in ('income', 'consumption') as within_country,
        count(*) as members,
        -- below 0 only by rounding
        greatest(100 * (1 - sum(p * both_shares order by point)), 0) as gini,
        greatest(sum(if(s <= 0, 0, s * ln(s / p)) order by point), 0) as theil,
        if(min(s) <= 0, null, greatest(sum(p * ln(p / nullif(s, 0)) order by point), 0)) as mean_log_deviation,
        max(value_share) filter (where point = 2) as poorest_2,
        max(value_share) filter (where point = 4) as poorest_4,
        max(value_share) filter (where point = 8) as poorest_8,
        max(value_share) filter (where point = 9) as poorest_9,
        array_to_string(list_sort(list_distinct(flatten(list(string_split(source, ';'))))), ';') as source
    from step
    where point > 0
    group by all
    having count(*) > 1 -- a single country has no inequality
),
of_curve as (
    select *, 'gini' as measure, gini as value, 'INDEX' as unit from curve
    union all
    select *, 'theil', theil, 'INDEX' from curve
    union all
    select *, 'mean_log_deviation', mean_log_deviation, 'INDEX' from curve
    union all
    select *, 'palma', (1 - poorest_9) / nullif(poorest_4, 0), 'RATIO' from curve where within_country
    union all
    select *, 's80_s20', (1 - poorest_8) / nullif(poorest_2, 0), 'RATIO' from curve where within_country
),
survey_wide as (
    select
        distribution,
        ref_area,
        time_period,
        max(value) filter (where series = 'mean') as mean,
        max(value) filter (where series = 'gini') as gini,
        max(value) filter (where series = 'mld') as mld,
        max(value) filter (where series = 'survey_comparability') as comparability,
        max(value) filter (where series = 'survey_year') as moment,
        sum(value order by series) filter (where series in ('decile1', 'decile2', 'decile3', 'decile4')) as share_40,
        max(source) as source
    from survey
    group by all
),
spell as (
    select
        later.distribution,
        later.ref_area as scope,
        later.time_period,
        earlier.time_period as first_year,
        100 * (power(later.mean * later.share_40 / (earlier.mean * earlier.share_40),
            1 / (later.moment - earlier.moment)) - 1) as growth_bottom_40,
        100 * (power(later.mean / earlier.mean, 1 / (later.moment - earlier.moment)) - 1) as growth_mean,
        later.source
    from survey_wide as later
    join survey_wide as earlier
        on earlier.distribution = later.distribution
        and earlier.ref_area = later.ref_area
        and earlier.comparability = later.comparability
        and later.time_period - earlier.time_period between 3 and 7
    where earlier.mean > 0
        and later.mean > 0
        and earlier.share_40 > 0
        and later.share_40 > 0
        and later.moment > earlier.moment
    qualify row_number() over (
        partition by later.distribution, later.ref_area, later.time_period
        order by abs(later.time_period - earlier.time_period - 5), earlier.time_period desc) = 1
),
-- Between the parts of a country: the highest over the lowest value of every indicator with subnational values.
of_parts as (
    select
        total.indicator as distribution,
        area_group."group" as scope,
        total.time_period,
        count(*) as members,
        max(total.value) / nullif(min(total.value), 0) as value,
        array_to_string(list_sort(list_distinct(flatten(list(string_split(total.source, ';'))))), ';') as source
    from total_value as total
    join area_group
        on area_group.ref_area = total.ref_area
        and area_group.grouping = 'subnational'
    group by total.indicator, area_group."group", total.time_period
    having count(*) > 1 and min(total.value) >= 0
),
of_spell as (
    select *, 'growth_bottom_40' as measure, growth_bottom_40 as value, 'PT_PER_YEAR' as unit from spell
    union all
    select *, 'growth_mean', growth_mean, 'PT_PER_YEAR' from spell
    union all
    select *, 'bottom_40_premium', growth_bottom_40 - growth_mean, 'PP_PER_YEAR' from spell
),
published as (
    select distribution, ref_area as scope, time_period, 'gini' as measure, 100 * gini as published_value from survey_wide
    union all
    select distribution, ref_area, time_period, 'mean_log_deviation', mld from survey_wide
)
select
    measure,
    scope,
    time_period,
    of_curve.value,
    if(within_country, 1, members) as areas_used,
    distribution,
    unit,
    aggregate.weight_share,
    published_value,
    of_curve.value - published_value as difference,
    null as first_year,
    of_curve.source
from of_curve
left join published using (measure, distribution, scope, time_period)
left join aggregate
    on aggregate.indicator = of_curve.distribution
    and aggregate."group" = of_curve.scope
    and aggregate.time_period = of_curve.time_period
where of_curve.value is not null
union all
select measure, scope, time_period, value, 1, distribution, unit, null, null, null, first_year, source
from of_spell
where value is not null
union all
select 'highest_over_lowest', scope, time_period, value, members, distribution, 'RATIO', null, null, null, null, source
from of_parts
where value is not null
