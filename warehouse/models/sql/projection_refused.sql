-- projection_refused: the series without a projection, with the reason. One row per indicator and area. The rules are
-- in projection_series.sql; together with projection.parquet it covers every assessed indicator and area with a total
-- value.
select
    series.indicator,
    series.ref_area,
    series.reason,
    series.points,
    series.last_year,
    series.last_value,
    series.target_value,
    series.target_year,
    -- the outcome of a passed target, in its year
    if(series.reason = 'deadline_passed', series.deadline_met, null) as target_met
from projection_series as series
-- a group with too few own values may still be simulated from its members
left join (
    select distinct indicator, ref_area
    from projection
) as said
    on said.indicator = series.indicator
    and said.ref_area = series.ref_area
where series.reason is not null
    and said.indicator is null
