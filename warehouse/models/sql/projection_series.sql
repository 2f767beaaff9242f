-- projection_series: every candidate series, with its scale and last projected year, or the reason for no projection.
-- One row per indicator and area with a total value.
--
-- An input of the projection; only its refusals are published, as projection_refused. It reads assessment_point, which
-- excludes unassessed indicators and values before a declared break. `projection_rule` has the numbers of
-- warehouse/projections/settings.yaml and the year of the newest snapshot.
--
--   reason      the first that holds: deadline_passed  the target year has passed: met or missed, never projected
--                                     last_point_too_old  the last value is older than the indicator's stale_after
--                                     too_few_points  fewer than points_min values since the last declared break
--                                     not_projected  the indicator has no verdict on a trend: a level, a yes or no, or none
--                                     nothing_ahead  the last value is already of the last year to be projected
-- Target, met_at and stale are those of target_status.
--   until_year  the target year; without a target, horizon_year
--   kind        logit  a share, an index or a score with a natural minimum and maximum. Other units only have a highest
--               *plausible* value: a price may exceed 500 per cent of income, so the maximum must not be above 100 (and
--               half a point for rounding)
--               log    non-negative values
--               linear everything else
--   met_at      the value from which the owner counts the target as met, else the target itself
--   region      M49 sub-region of a country, with which its estimate is pooled; groups are pooled only with the
--               indicator
with
region as (
    select ref_area, min("group") as region
    from area_group
    where grouping = 'm49_subregion'
    group by ref_area
),
described as (
    select
        target_status.indicator,
        target_status.ref_area,
        target_status.points,
        target_status.latest_year as last_year,
        target_status.latest_value as last_value,
        target_status.direction,
        target_status.target_value,
        target_status.target_year,
        target_status.met_at,
        target_status.kind as verdict_kind,
        target_status.stale,
        target_status.passed,
        target_status.deadline_met,
        coalesce(target_status.target_year, projection_rule.horizon_year) as until_year,
        case
            when definition.unit in ('PT', 'INDEX', 'SCORE')
                and definition.lowest >= 0
                and definition.highest <= 100.5
                then 'logit'
            when definition.lowest >= 0 then 'log'
            else 'linear'
        end as kind,
        definition.lowest,
        definition.highest,
        definition.family,
        coalesce(area.kind = 'country', false) as country,
        coalesce(region.region, 'none') as region,
        projection_rule.*
    from target_status
    join definition using (indicator)
    cross join projection_rule
    left join area using (ref_area)
    left join region using (ref_area)
)
select
    indicator,
    ref_area,
    points,
    last_year,
    last_value,
    direction,
    target_value,
    target_year,
    met_at,
    deadline_met,
    until_year,
    kind,
    lowest,
    highest,
    family,
    country,
    region,
    case
        when passed then 'deadline_passed'
        when verdict_kind in ('none', 'level', 'yes_no') then 'not_projected'
        when stale then 'last_point_too_old'
        when points < points_min then 'too_few_points'
        when last_year >= until_year then 'nothing_ahead'
    end as reason
from described
