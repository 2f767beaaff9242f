-- Views of warehouse.duckdb, for reading by hand. The comment on a view says what one row is.

create view country_latest as
select
    indicator_meta.title as indicator_title,
    area.name as area_name,
    latest.value,
    indicator_meta.unit,
    latest.time_period,
    latest.source,
    progress.category,
    progress.score,
    latest.obs_status,
    latest.indicator,
    latest.ref_area,
    latest.snapshot
from latest
join area using (ref_area)
join indicator_meta using (indicator)
left join progress
    on progress.indicator = latest.indicator
    and progress.ref_area = latest.ref_area
    and progress.method = 'unsd-2026'
where area.kind = 'country';

comment on view country_latest is
    'The newest total value of each indicator and country, with names, unit and the assessment by unsd-2026.';

create view group_latest as
select
    indicator_meta.title as indicator_title,
    member.group_name,
    aggregate.value,
    aggregate.official_value,
    indicator_meta.unit,
    aggregate.time_period,
    aggregate.weight_share,
    aggregate.note,
    aggregate.indicator,
    aggregate."group"
from aggregate
join indicator_meta using (indicator)
join (
    select distinct "group", group_name
    from area_group
) as member
    on member."group" = aggregate."group"
where aggregate.value is not null
    or aggregate.official_value is not null
qualify row_number() over (partition by aggregate.indicator, aggregate."group" order by aggregate.time_period desc) = 1;

comment on view group_latest is
    'The newest value of each indicator and group, ours beside the official one, with the share of the weight covered.';
