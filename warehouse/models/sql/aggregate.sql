-- aggregate: group values, ours and the official one, in the indicator's unit. One row per indicator, group and year.
-- Only countries are aggregated, with current membership.
--
-- Methods (World Bank, WDI metadata; METHODS.md B.8)
--   weighted_mean  sum(value * weight) / sum(weight), weighted by another indicator's value in the same year
--   sum            sum(value); not published if the missing members hold more than one third of the weight
--   gap_filled_total  sum(value) * weight of the group / weight of the members with a value: the missing members are
--                  imputed with the average of the rest; not published if they hold more than one third of the weight
--   median, unweighted  of the members with a value
--   none           never computed (Gini and shares are not averaged); only the official value is shown
--
-- weight_share is the share of the group's weight held by members with a value. Without a declared weight, all members
-- weigh the same. A value outside the declared plausible range is published but not used: its area counts as missing. A
-- member without a weight for the year enters the total with its nearest earlier, else later weight, so that a year
-- with few known weights does not look complete; its own value is not used. A member without any weight is excluded.
-- Below min_weight_share the value is withheld; the default, one half, is the World Bank's rule for regional poverty
-- figures (PIP, Methodology of October 2025) and the advice of Mahler et al., Statistical Journal of the IAOS, 2022.
--
-- With min_low_income_share, the world value also needs that share of the weight of its low and lower middle income
-- members, because the countries without data are mostly poor (PIP, as above: one half).
--
-- Errors: deviations from official values for the same family, coverage and age, in standard deviations of the members'
-- values (codelists/group_errors.csv, measured by `compact backtest`; docs/methods/aggregates.md). Only for means, with
-- at least two members.
--
-- The leading value is the official one if it exists, else ours; status is its obs_status (F: the agency's nowcast, E:
-- an estimate), null for ours.
--
-- A floating-point sum depends on the order of addition, but the same inputs must give the same bytes. Each number is
-- therefore first rounded to an integer number of steps, a power of two so small that almost no bit is lost (100 bits
-- of the largest sum are kept): integer sums are independent of the order and of the number of processors.
--
-- The official value is the one in `indicator` for the group itself, of the first preferred source that publishes it. The
-- World Bank's least developed countries (WB:LDC) are by its own definition the UN's, so its value is used for M49:199
-- if there is no other; likewise its world (WB:WLD) for M49:001.
with
member as (
    select distinct "group", ref_area
    from area_group
    where valid_to is null
),
-- The weights: every area and year of the weighting indicator, gaps filled from the nearest earlier, else later year.
weighing as (
    select distinct weight
    from definition
    where weight is not null
),
weight_year as (
    select distinct total.time_period
    from total_value as total
),
weight_area as (
    select distinct total.indicator as weight, total.ref_area
    from total_value as total
    join weighing on weighing.weight = total.indicator
    join area using (ref_area)
    where area.kind in ('country', 'subnational')
),
weight_value as (
    select
        weight_area.weight,
        weight_area.ref_area,
        weight_year.time_period,
        total.value as own,
        coalesce(
            total.value,
            last_value(total.value ignore nulls) over earlier,
            first_value(total.value ignore nulls) over later) as nearest
    from weight_area
    cross join weight_year
    left join total_value as total
        on total.indicator = weight_area.weight
        and total.ref_area = weight_area.ref_area
        and total.time_period = weight_year.time_period
    window
        earlier as (
            partition by weight_area.weight, weight_area.ref_area
            order by weight_year.time_period
            rows between unbounded preceding and current row),
        later as (
            partition by weight_area.weight, weight_area.ref_area
            order by weight_year.time_period
            rows between current row and unbounded following)
),
-- The current members of the two income groups in the condition for the world.
low_income as (
    select distinct ref_area
    from member
    where "group" in ('WB:LIC', 'WB:LMC')
),
-- Areas and groups by number: millions of rows are then joined and summed without comparing names.
numbered_area as materialized (
    select
        listed.ref_area,
        row_number() over (order by listed.ref_area) as area_number,
        low_income.ref_area is not null as low_income
    from (select distinct ref_area from member) as listed
    left join low_income using (ref_area)
),
group_number as (
    select "group", row_number() over (order by "group") as group_number
    from member
    group by "group"
),
numbered_member as materialized (
    select numbered_area.area_number, group_number.group_number
    from member
    join numbered_area using (ref_area)
    join group_number using ("group")
),
-- The weight of each whole group, as an exact sum (see `step` below).
weight_step as (
    select
        weight,
        power(2.0::double, ceil(log2(max(nearest) * areas)) - 100) as step
    from weight_value
    cross join (select count(distinct ref_area) as areas from member) as listed
    group by weight, areas
    having max(nearest) > 0
),
stepped_weight as (
    select
        weight_value.weight,
        weight_value.time_period,
        numbered_area.area_number,
        numbered_area.low_income,
        weight_step.step,
        cast(round(weight_value.nearest / weight_step.step) as decimal(38, 0)) as nearest
    from weight_value
    join numbered_area using (ref_area)
    join weight_step using (weight)
),
group_weight as (
    select
        stepped_weight.weight,
        group_number."group",
        stepped_weight.time_period,
        sum(stepped_weight.nearest)::double * stepped_weight.step as group_weight,
        sum(stepped_weight.nearest) filter (where stepped_weight.low_income)::double * stepped_weight.step
            as low_income_weight
    from stepped_weight
    join numbered_member using (area_number)
    join group_number using (group_number)
    group by stepped_weight.weight, stepped_weight.step, group_number."group", stepped_weight.time_period
),
group_size as (
    select "group", count(*) as areas_total
    from member
    group by all
),
-- A year's own weights, without filled gaps.
numbered_weight as materialized (
    select weight_value.weight, numbered_area.area_number, weight_value.time_period, weight_value.own
    from weight_value
    join numbered_area using (ref_area)
    where weight_value.own > 0
),
-- The totals of areas in any group.
member_value as materialized (
    select total.indicator, numbered_area.area_number, numbered_area.low_income, total.time_period, total.value
    from total_value as total
    join numbered_area using (ref_area)
),
-- The values to sum, with a weight if required.
valued as (
    select
        total.indicator,
        total.area_number,
        total.time_period,
        total.value,
        if(definition.weight is null, 1.0::double, numbered_weight.own) as weight,
        -- the summands: the products for a weighted mean, else the values themselves
        if(definition.aggregate_method = 'weighted_mean', total.value * numbered_weight.own, total.value) as amount,
        definition.aggregate_method = 'median' as by_median,
        definition.min_low_income_share is not null and total.low_income as low_income
    from member_value as total
    join definition using (indicator)
    left join numbered_weight
        on numbered_weight.weight = definition.weight
        and numbered_weight.area_number = total.area_number
        and numbered_weight.time_period = total.time_period
    where definition.aggregate_method <> 'none'
        and (definition.weight is null or numbered_weight.own is not null)
        and (definition.plausible_low is null or total.value >= definition.plausible_low)
        and (definition.plausible_high is null or total.value <= definition.plausible_high)
),
-- The largest of each kind of summand times the number of areas: an upper bound of every sum of the indicator.
largest as (
    select
        indicator,
        max(weight) * areas as weight,
        max(abs(amount)) * areas as amount,
        max(value * value * weight) * areas as square
    from valued
    cross join (select count(distinct ref_area) as areas from member) as listed
    group by indicator, areas
),
-- The step of each sum: a power of two such that the largest sum has less than 2 ^ 100 steps.
step as (
    select
        indicator,
        row_number() over (order by indicator) as number,
        power(2.0::double, ceil(log2(if(weight > 0, weight, 1))) - 100) as weight,
        power(2.0::double, ceil(log2(if(amount > 0, amount, 1))) - 100) as amount,
        power(2.0::double, ceil(log2(if(square > 0, square, 1))) - 100) as square
    from largest
),
stepped as (
    select
        step.number,
        valued.area_number,
        valued.time_period,
        cast(round(valued.weight / step.weight) as decimal(38, 0)) as weight,
        cast(round(valued.amount / step.amount) as decimal(38, 0)) as amount,
        cast(round(valued.value * valued.value * valued.weight / step.square) as decimal(38, 0)) as square,
        valued.low_income
    from valued
    join step using (indicator)
),
summed as (
    select
        stepped.number,
        numbered_member.group_number,
        stepped.time_period,
        count(*) as areas_used,
        sum(stepped.weight) as weight,
        sum(stepped.amount) as amount,
        sum(stepped.square) as square
    from stepped
    join numbered_member using (area_number)
    group by stepped.number, numbered_member.group_number, stepped.time_period
),
middle as (
    select valued.indicator, group_number."group", valued.time_period, median(valued.value) as median
    from valued
    join numbered_member using (area_number)
    join group_number using (group_number)
    where valued.by_median
    group by valued.indicator, group_number."group", valued.time_period
),
-- The covered share in the condition for the world.
covered as (
    select stepped.number, 'M49:001' as "group", stepped.time_period, sum(stepped.weight) as weight
    from stepped
    where stepped.low_income
        and stepped.area_number in (
            select numbered_member.area_number
            from numbered_member
            join group_number using (group_number)
            where group_number."group" = 'M49:001')
    group by stepped.number, stepped.time_period
),
ours as (
    select
        step.indicator,
        group_number."group",
        summed.time_period,
        summed.areas_used,
        summed.weight::double * step.weight as weight_used,
        covered.weight::double * step.weight as low_income_used,
        summed.square::double * step.square / weight_used as mean_square,
        summed.amount::double * step.amount as amount,
        middle.median
    from summed
    join step using (number)
    join group_number using (group_number)
    left join middle using (indicator, "group", time_period)
    left join covered using (number, "group", time_period)
),
official as (
    select total.indicator, group_size."group", total.time_period,
        total.value as official_value, total.source as official_source, total.obs_status as official_status
    from total_value as total
    join group_size on group_size."group" = case total.ref_area
        when 'WB:LDC' then 'M49:199'
        when 'WB:WLD' then 'M49:001'
        else total.ref_area
    end
    qualify row_number() over (
        partition by total.indicator, group_size."group", total.time_period
        order by total.ref_area) = 1
),
beside as (
    select
        indicator,
        "group",
        time_period,
        definition.aggregate_method as method,
        definition.weight,
        definition.min_weight_share,
        definition.min_low_income_share,
        coalesce(ours.areas_used, 0) as areas_used,
        group_size.areas_total,
        case definition.aggregate_method
            when 'weighted_mean' then ours.amount / ours.weight_used
            when 'sum' then ours.amount
            when 'gap_filled_total' then ours.amount * group_weight.group_weight / ours.weight_used
            when 'median' then ours.median
            when 'unweighted' then ours.amount / ours.areas_used
        end as computed,
        -- the two sums are computed differently, so a full share may differ from 1 by a rounding error
        least(coalesce(
            ours.weight_used / if(definition.weight is null, group_size.areas_total, group_weight.group_weight),
            0), 1) as weight_share,
        if("group" = 'M49:001' and definition.min_low_income_share is not null,
            least(coalesce(ours.low_income_used / group_weight.low_income_weight, 0), 1),
            null) as low_income_share,
        -- the mean of the squares minus the square of the mean, limited to 0 because of rounding
        if(coalesce(ours.areas_used, 0) < 2 or definition.aggregate_method not in ('weighted_mean', 'unweighted'), null,
            sqrt(greatest(ours.mean_square - computed * computed, 0))) as standard_deviation,
        official.official_value,
        official.official_source,
        official.official_status,
        definition.family
    from ours
    full join official using (indicator, "group", time_period)
    join definition using (indicator)
    join group_size using ("group")
    left join group_weight
        on group_weight.weight = definition.weight
        and group_weight."group" = group_size."group"
        and group_weight.time_period = coalesce(ours.time_period, official.time_period)
),
-- Errors by family, with the limits of their bands of coverage and age.
error_band as (
    select
        family,
        half,
        eighty,
        coverage_from,
        lead(coverage_from, 1, 2.0) over (partition by family, age_from order by coverage_from) as coverage_to,
        age_from,
        lead(age_from, 1, 9999) over (partition by family, coverage_from order by age_from) as age_to
    from group_error
),
-- The errors of the indicator's family, or overall, for the value's band of coverage and age.
banded as (
    select
        beside.*,
        error_band.half,
        error_band.eighty
    from beside
    cross join newest_snapshot
    left join error_band
        on error_band.family = if(
            beside.family in (select family from group_error), beside.family, 'all')
        and beside.weight_share >= error_band.coverage_from
        and beside.weight_share < error_band.coverage_to
        and newest_snapshot.year - beside.time_period >= error_band.age_from
        and newest_snapshot.year - beside.time_period < error_band.age_to
),
judged as (
    select
        *,
        case
            when method = 'none' then 'not computed: the indicator is not aggregated'
            when areas_used = 0 then 'withheld: no member has a value' || if(weight is null, '', ' and a weight')
            when method in ('sum', 'gap_filled_total') and weight_share < 2.0::double / 3
                then 'withheld: missing members hold more than one third of the weight'
            when weight_share < min_weight_share then 'withheld: less than the least share of the weight is covered'
            when low_income_share < min_low_income_share
                then 'withheld: too few of the people of low and lower middle income countries are covered'
        end as note
    from banded
)
select
    indicator,
    "group",
    time_period,
    if(note is null, computed, null) as value,
    weight_share,
    areas_used,
    official_value,
    official_source,
    areas_total,
    if(note is null, computed - official_value, null) as difference,
    if(weight is null, method, method || ' by ' || weight) as method,
    note,
    standard_deviation,
    half * standard_deviation as expected_error,
    eighty * standard_deviation as error_80,
    low_income_share,
    official_status,
    coalesce(official_value, if(note is null, computed, null)) as leading_value
from judged
