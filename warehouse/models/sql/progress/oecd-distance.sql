/*
title: OECD distance to target
publication: >-
  OECD, Measuring Distance to the SDG Targets, 2019; The Short and Winding Road to 2030, 2022
edition: "2022"
provisional: >-
  formula and thresholds are recalled from descriptions of the method, not read in its annex; never to be shown as the
  OECD's own figure
measure: distance to the target in standard deviations among OECD countries; 0 where it is met
classes:
  no_distance: positive
  improving: positive
  no_clear_trend: neutral
  deteriorating: negative
components:
  standard_deviation: of the latest values of OECD countries, in the indicator's unit
  trend_correlation: Spearman's rank correlation of value and year since the baseline year, its sign turned so that up is good
  values_used: values since the baseline year on which the correlation rests
formula: |
  * distance `z = d * (T - x) / sd`, sd the standard deviation of the latest values of the OECD's 38 members (n - 1 in
    the denominator); overshoot counts as 0
  * trend: Spearman's rank correlation r of value and year, significant at 10 per cent, both sides, by
    `t = r * sqrt((n - 2) / (1 - r^2))`: improving, deteriorating, else no clear trend
  * a target that is met: no distance
left_open: |
  * Fewer than four values since the baseline year: insufficient data; the distance is published all the same.
  * Fewer than 19 of the 38 members with a value: the method does not apply.
  * A parity ratio: the distance of the ratio from one takes the place of the value.
reproduced: |
  Nothing: provisional.
not_reproduced: |
  The OECD's distances, and its stochastic projection with the classes likely (from 75 per cent) and unlikely (up to
  25 per cent).
*/
with
-- Members since Costa Rica joined in May 2021.
oecd (ref_area) as (
    values
        ('AUS'), ('AUT'), ('BEL'), ('CAN'), ('CHE'), ('CHL'), ('COL'), ('CRI'), ('CZE'), ('DEU'), ('DNK'), ('ESP'),
        ('EST'), ('FIN'), ('FRA'), ('GBR'), ('GRC'), ('HUN'), ('IRL'), ('ISL'), ('ISR'), ('ITA'), ('JPN'), ('KOR'),
        ('LTU'), ('LUX'), ('LVA'), ('MEX'), ('NLD'), ('NOR'), ('NZL'), ('POL'), ('PRT'), ('SVK'), ('SVN'), ('SWE'),
        ('TUR'), ('USA')
),
average as (
    select indicator, count(*) as members, sum(yt order by ref_area) / count(*) as mean
    from assessment_input
    where ref_area in (select ref_area from oecd)
    group by indicator
),
spread as (
    select
        indicator,
        any_value(average.members) as members,
        sqrt(sum(power(series.yt - average.mean, 2) order by series.ref_area) / (any_value(average.members) - 1)) as sd
    from assessment_input as series
    join average using (indicator)
    where series.ref_area in (select ref_area from oecd)
        and average.members > 1
    group by indicator
),
-- Ties get their mean rank. Ranks are whole or half numbers, so their sums are exact in any order.
ranked as (
    select
        indicator,
        ref_area,
        sign,
        rank() over (partition by indicator, ref_area order by seen)
            + (count(*) over (partition by indicator, ref_area, seen) - 1) / 2.0::double as value_rank,
        row_number() over (partition by indicator, ref_area order by time_period)::double as year_rank
    from (
        select
            point.indicator,
            point.ref_area,
            point.time_period,
            series.sign,
            if(series.parity, abs(point.value - 1), point.value) as seen
        from assessment_point as point
        join assessment_input as series using (indicator, ref_area)
        where point.time_period >= series.baseline_year
            and series.v is not null
            and series.settled is null
    ) as used
),
ranks as (
    select
        indicator,
        ref_area,
        any_value(sign) as sign,
        count(*) as n,
        sum(value_rank * year_rank) - sum(value_rank) * sum(year_rank) / count(*) as together,
        sum(value_rank * value_rank) - sum(value_rank) * sum(value_rank) / count(*) as among_values,
        sum(year_rank * year_rank) - sum(year_rank) * sum(year_rank) / count(*) as among_years
    from ranked
    group by indicator, ref_area
),
correlated as (
    select
        indicator,
        ref_area,
        n,
        if(among_values > 0 and n >= 4, sign * together / sqrt(among_values * among_years), null) as r,
        case when abs(r) > 0.9999999::double then 1e9::double * r else r * sqrt((n - 2) / (1 - r * r)) end as t
    from ranks
),
-- Student's t, 10 per cent both sides, by degrees of freedom; beyond 40 that of 40, which is slightly stricter.
critical (freedom, t_value) as (
    values
        (2, 2.920), (3, 2.353), (4, 2.132), (5, 2.015), (6, 1.943), (7, 1.895), (8, 1.860), (9, 1.833), (10, 1.812),
        (11, 1.796), (12, 1.782), (13, 1.771), (14, 1.761), (15, 1.753), (16, 1.746), (17, 1.740), (18, 1.734),
        (19, 1.729), (20, 1.725), (21, 1.721), (22, 1.717), (23, 1.714), (24, 1.711), (25, 1.708), (26, 1.706),
        (27, 1.703), (28, 1.701), (29, 1.699), (30, 1.697), (40, 1.684)
),
measured as (
    select
        series.*,
        spread.members,
        spread.sd,
        correlated.n,
        correlated.r,
        correlated.t,
        critical.t_value::double as needed,
        if(series.v is null, null, greatest(series.sign * (series.v - series.yt), 0) / nullif(spread.sd, 0)) as distance
    from assessment_input as series
    left join spread using (indicator)
    left join correlated using (indicator, ref_area)
    left join critical on critical.freedom = if(correlated.n - 2 > 30, 40, correlated.n - 2)
)
select
    *,
    if(members >= 19, distance, null) as measure,
    null::double as score,
    case
        when v is null then 'not_applicable'
        when settled is not null then settled
        when coalesce(members, 0) < 19 or sd = 0 then 'not_applicable'
        when met_now then 'no_distance'
        when n < 4 then 'insufficient_data'
        when t >= needed then 'improving'
        when t <= -needed then 'deteriorating'
        else 'no_clear_trend'
    end as category,
    case
        when v is null then 'the indicator has no target'
        when settled is not null then why
        when coalesce(members, 0) < 19 then 'fewer than 19 OECD countries have a value'
        when sd = 0 then 'the values of OECD countries do not differ'
        when met_now then null
        when n < 4 then 'fewer than four values since the baseline year'
    end as reason,
    if(members >= 19, sd, null) as standard_deviation,
    r as trend_correlation,
    n as values_used
from measured
