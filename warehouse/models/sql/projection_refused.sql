-- projection_refused: the series that are not projected, and why. The rules are in projection_series.sql; together with
-- projection.parquet every indicator that is assessed and every area that has a total value of it is accounted for.
select
    indicator,
    ref_area,
    reason,
    points,
    last_year,
    last_value,
    target_value,
    target_year,
    -- what a target whose year has passed has come to: the last value that is known
    case
        when reason <> 'deadline_passed' then null
        when direction = 'closer_to_one' then abs(last_value - 1) <= abs(met_at - 1)
        when direction = 'higher_is_better' then last_value >= met_at
        else last_value <= met_at
    end as target_met
from projection_series
where reason is not null
