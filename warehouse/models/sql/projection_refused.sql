-- projection_refused: the series that are not projected, and why. The rules are in projection_series.sql; together with
-- projection.parquet every indicator that is assessed and every area that has a total value of it is accounted for.
select
    series.indicator,
    series.ref_area,
    series.reason,
    series.points,
    series.last_year,
    series.last_value,
    series.target_value,
    series.target_year,
    -- what a target whose year has passed has come to, in that year
    if(series.reason = 'deadline_passed', series.deadline_met, null) as target_met
from projection_series as series
-- a group with too few values of its own may still be simulated from its members
left join (
    select distinct indicator, ref_area
    from projection
) as said
    on said.indicator = series.indicator
    and said.ref_area = series.ref_area
where series.reason is not null
    and said.indicator is null
