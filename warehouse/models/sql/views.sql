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
    progress.measure as probability,
    progress.confidence,
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
    and progress.method = 'likelihood-2026'
where area.kind = 'country';

comment on view country_latest is
    'The newest total value of each indicator and country, with names, unit and the verdict by likelihood-2026 and its confidence.';

create view framework_part as
select
    from_framework as framework,
    from_code as code,
    any_value(from_level) as level,
    any_value(from_parent) as parent,
    any_value(from_title) as asks,
    any_value(measured) as measured,
    any_value(indicator) as indicators,
    string_agg(to_code, ', ' order by to_code) filter (where to_framework = 'compact_brief') as compact_brief,
    string_agg(to_code, ', ' order by to_code) filter (where to_framework = 'compact_adopted') as compact_adopted,
    any_value(seen_at) as seen_at
from crosswalk
where origin = 'proposed'
group by from_framework, from_code;

comment on view framework_part is
    'What each measurement framework of the field asks, and how well it is measured here.';

create view partnership_core_list as from framework_part where framework = 'partnership_core';
create view itu_meaningful_connectivity as from framework_part where framework = 'itu_umc_dimensions';
create view itu_ict_development_index as from framework_part where framework = 'itu_idi';
create view unesco_roam_x as from framework_part where framework = 'roam_x';
create view wsis_action_lines as from framework_part where framework = 'wsis';
create view undp_digital_compass as from framework_part where framework = 'undp_compass';
create view oecd_going_digital as from framework_part where framework = 'oecd_going_digital';
create view oecd_digital_government as from framework_part where framework = 'oecd_dgi';

comment on view partnership_core_list is 'The core list of the Partnership on Measuring ICT for Development, as far as seen.';
comment on view itu_meaningful_connectivity is 'The six dimensions of universal and meaningful connectivity (ITU).';
comment on view itu_ict_development_index is 'The components of the ICT Development Index (ITU).';
comment on view unesco_roam_x is 'The categories of the Internet Universality Indicators (UNESCO), as far as seen.';
comment on view wsis_action_lines is 'The WSIS action lines and the requests of A/RES/80/173, as far as seen.';
comment on view undp_digital_compass is 'The parts of the Digital Development Compass (UNDP), December 2024.';
comment on view oecd_going_digital is 'The dimensions and core indicators of Going Digital (OECD), as far as seen.';
comment on view oecd_digital_government is 'The dimensions of the Digital Government Index (OECD).';

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
