-- target_status: the status of each series: latest value, whether it meets the target, and whether the series is too
-- old or too short. One row per indicator and area.
--
-- The only model that determines met, stale, span and censored; progress, projection and scores read it. Not published.
--   met            the latest value meets the target, as its owner counts it (met_at, within a parity band on both
--                  sides). A censored value is compared by its bound; null if the bound is inconclusive. Null without a
--                  target
--   stale          the latest value is older than the indicator's stale_after
--   passed         the target year is over (the year of the newest snapshot is later), or the series has its value
--   deadline_met   for a passed target: whether the value of its year met it, else of the nearest year within two, the
--                  earlier first; null if there is none
--   refused        why there is no verdict on a trend, in words; null if one is possible
with
series as (
    select
        point.indicator,
        point.ref_area,
        count(*) as points,
        max(point.time_period) as latest_year,
        arg_max(point.value, point.time_period) as latest_value,
        arg_max(point.obs_status, point.time_period) as latest_status,
        arg_max(coalesce(point.side, 'none'), point.time_period) as latest_side,
        count(*) filter (where point.time_period >= definition.baseline_year) as recent_points,
        min(point.time_period) filter (where point.time_period >= definition.baseline_year) as first_year,
        arg_min(point.value, point.time_period) filter (where point.time_period >= definition.baseline_year) as first_value,
        count(*) filter (where point.time_period >= definition.baseline_year and point.obs_status <> 'A') as uncertain_points,
        count(distinct point.source) filter (where point.time_period >= definition.baseline_year) as sources
    from assessment_point as point
    join definition using (indicator)
    group by point.indicator, point.ref_area
),
at_deadline as (
    select
        point.indicator,
        point.ref_area,
        arg_min(
            point.value,
            2 * abs(point.time_period - area_target.target_year)
            + if(point.time_period > area_target.target_year, 1, 0)) as deadline_value,
        arg_min(
            point.time_period,
            2 * abs(point.time_period - area_target.target_year)
            + if(point.time_period > area_target.target_year, 1, 0)) as deadline_value_year
    from assessment_point as point
    join area_target using (indicator, ref_area)
    where abs(point.time_period - area_target.target_year) <= 2
    group by point.indicator, point.ref_area
),
judged as (
    select
        series.*,
        area_target.target_value,
        area_target.target_year,
        area_target.met_at,
        area_target.direction,
        area_target.sign,
        area_target.kind,
        area_target.target_note,
        definition.stale_after,
        definition.min_span,
        definition.noise_beyond,
        definition.noise_step,
        definition.noise_relative_step,
        at_deadline.deadline_value,
        at_deadline.deadline_value_year,
        newest_snapshot.year as this_year,
        newest_snapshot.year > area_target.target_year or series.latest_year >= area_target.target_year as passed,
        newest_snapshot.year - series.latest_year > definition.stale_after as stale,
        case
            when area_target.met_at is null then null
            when area_target.direction = 'closer_to_one'
                then abs(latest_value - 1) <= abs(area_target.met_at - 1) + 1e-9::double
            when area_target.sign * latest_value < area_target.sign * area_target.met_at
                -- the bound misses the target: so does the value, unless it may be on the better side
                then if((sign = 1 and latest_side = 'at_least') or (sign = -1 and latest_side = 'at_most'), null, false)
            when area_target.met_strict and latest_value = area_target.met_at then false
            else if((sign = 1 and latest_side = 'at_most') or (sign = -1 and latest_side = 'at_least'), null, true)
        end as met,
        case
            when area_target.met_at is null or at_deadline.deadline_value is null then null
            when area_target.direction = 'closer_to_one'
                then abs(at_deadline.deadline_value - 1) <= abs(area_target.met_at - 1) + 1e-9::double
            when area_target.met_strict and at_deadline.deadline_value = area_target.met_at then false
            else area_target.sign * at_deadline.deadline_value >= area_target.sign * area_target.met_at
        end as deadline_met
    from series
    join area_target using (indicator, ref_area)
    join definition using (indicator)
    left join at_deadline using (indicator, ref_area)
    cross join newest_snapshot
)
select
    *,
    case
        when stale then 'stale: the latest value is of ' || latest_year || ', more than ' || stale_after || ' years old'
        when recent_points = 0 then 'no value since the baseline year'
        when recent_points = 1 then 'only one value since the baseline year'
        when latest_year - first_year < min_span
            then 'the values span ' || (latest_year - first_year) || ' years, fewer than ' || min_span
    end as refused
from judged
