-- Compares the staged values of each series with those accepted before: one row for each series that had a value.
create temp table difference as
with paired as (
    select
        series,
        ref_area,
        time_period,
        before.value as old,
        after.value as new
    from before
    full join after
        using (series, ref_area, time_period, sex, age, urbanisation, quantile, education, other_dims)
),
ratios as (
    -- a change of sign counts as the size of the change; from or to zero there is no factor
    select
        series,
        median(abs(new / old)) as ratio,
        list(concat(ref_area, ' ', time_period, ': ', old, ' now ', new) order by abs(ln(abs(new / old))) desc, ref_area,
            time_period)[:3] as largest
    from paired
    where old <> 0 and new <> 0
    group by series
),
areas as (
    select
        series,
        ref_area,
        count(old) > 0 as was,
        count(new) > 0 as is_now
    from paired
    group by series, ref_area
),
areas_by_series as (
    select
        series,
        count(*) filter (was and not is_now) as areas_lost,
        list(ref_area order by ref_area) filter (was and not is_now)[:$examples] as areas_gone,
        list(ref_area order by ref_area) filter (is_now and not was)[:$examples] as areas_new
    from areas
    group by series
),
rows_by_series as (
    select
        series,
        count(old) as rows_before,
        count(*) filter (old is not null and new is null) as rows_lost,
        count(*) filter (old is null) as rows_new,
        count(*) filter (old is not null and new is not null) as rows_common,
        max(time_period) filter (old is not null) as year_before,
        max(time_period) filter (new is not null) as year_after
    from paired
    group by series
)
select
    rows_by_series.*,
    rows_lost / rows_before as rows_lost_share,
    areas_by_series.* exclude (series),
    greatest(ratio, 1 / ratio) as median_ratio,
    largest,
    coalesce(year_before - year_after, 0) as years_back
from rows_by_series
join areas_by_series
    using (series)
left join ratios
    using (series)
where rows_before > 0
