-- sdsn_index: the SDG Index of each area, as in the SDSN's report.
--
-- Source: Sachs et al., Sustainable Development Report 2020, statistical annex.
-- Reads sdsn_goal (goal, ref_area, score) and sdsn_region (ref_area, region), the areas that are to have an index. An
-- area has one where at most a fifth of the indicators are missing; that is for the caller to say, by the areas it names.
--
--   index   mean of the scores of all goals; for a goal without a score the mean score of the area's region, that is of
--           the areas of the region that are to have an index, stands in
with
goal as (
    select distinct goal
    from sdsn_goal
),
regional as (
    select sdsn_region.region, sdsn_goal.goal, sum(sdsn_goal.score order by ref_area) / count(*) as score
    from sdsn_goal
    join sdsn_region using (ref_area)
    group by sdsn_region.region, sdsn_goal.goal
)
select
    sdsn_region.ref_area,
    sum(coalesce(sdsn_goal.score, regional.score) order by goal.goal) / count(*) as score,
    count(*) filter (where sdsn_goal.score is null) as goals_filled
from sdsn_region
cross join goal
left join sdsn_goal using (goal, ref_area)
left join regional using (goal, region)
group by sdsn_region.ref_area
