-- Views of warehouse.duckdb, for manual queries. The comment on a view states its grain.

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
    aggregate.official_status,
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

create view v_latest as
select
    latest.indicator,
    indicator_meta.title,
    indicator_meta."group" as topic,
    latest.ref_area,
    area.name as area,
    area.kind,
    latest.time_period,
    latest.value,
    unit.name as unit,
    unit.symbol,
    status.name as status,
    source.title as source,
    class.name as verdict,
    progress.probability,
    progress.confidence,
    progress.target_value,
    progress.target_year,
    indicator_meta.target_origin,
    latest.snapshot
from latest
join indicator_meta using (indicator)
join area using (ref_area)
left join unit on unit.unit = indicator_meta.unit
left join code as status
    on status.codelist = 'obs_status'
    and status.code = latest.obs_status
left join source on source.source = latest.source
left join progress
    on progress.indicator = latest.indicator
    and progress.ref_area = latest.ref_area
    and progress.method = 'likelihood-2026'
left join code as class
    on class.codelist = 'category'
    and class.code = progress.category;

comment on view v_latest is
    'The newest total value of each indicator and area, with names, unit, status and source in words and the verdict of the default method.';

create view v_progress as
select
    progress.indicator,
    indicator_meta.title,
    indicator_meta."group" as topic,
    progress.ref_area,
    area.name as area,
    coalesce(class.name, progress.category) as verdict,
    progress.category,
    progress.probability,
    progress.confidence,
    progress.latest_year,
    progress.latest_value,
    unit.name as unit,
    progress.target_value,
    progress.target_year,
    indicator_meta.target_origin,
    progress.yearly_change,
    progress.reason
from progress
join indicator_meta using (indicator)
join area using (ref_area)
left join unit on unit.unit = indicator_meta.unit
left join code as class
    on class.codelist = 'category'
    and class.code = progress.category
where progress.method = 'likelihood-2026'
    and area.kind = 'country';

comment on view v_progress is
    'The verdict of the default method, likelihood-2026, on each country and indicator, with names and unit; other methods are in the table progress.';

create view v_gap as
select
    gap.indicator,
    indicator_meta.title,
    gap.ref_area,
    area.name as area,
    gap.time_period,
    gap.dimension,
    gap.label_a,
    gap.value_a,
    gap.label_b,
    gap.value_b,
    gap.difference,
    gap.ratio,
    unit.name as unit,
    gap.annual_change,
    gap.years_to_parity
from gap
join indicator_meta using (indicator)
join area using (ref_area)
left join unit on unit.unit = indicator_meta.unit
where gap.latest;

comment on view v_gap is
    'The newest gap between each pair of groups, with names and unit; other years are in the table gap.';

create view v_member as
select
    area_group.grouping,
    area_group."group",
    area_group.group_name,
    area_group.ref_area,
    area.name as area
from area_group
join area using (ref_area)
where area_group.valid_to is null;

comment on view v_member is
    'Today''s members of each group, with names; former memberships are in the table area_group.';
