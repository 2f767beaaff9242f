-- crosswalk: the links between frameworks, declared ones first, then those implied by our indicators. One row per pair
-- of parts.
--
-- declared          assessed one by one in indicators/catalogue/frameworks/crosswalk.yaml, with the reason
-- proposed          a part of a framework of the field (indicators/catalogue/frameworks/field) and an objective of the Compact,
--                   in our reading; `measured` is how well our indicators measure that part
-- shared_indicator  two parts with common indicators. The grade depends on their share of the smaller part's
--                   indicators: at least half of them and two or more is fair, otherwise weak. Never good: a common
--                   series does not imply a common aim (our convention).
with
named as (
    select framework, reference as code, indicator
    from framework
),
size as (
    select framework, code, count(distinct indicator) as indicators
    from named
    group by all
),
shared as (
    select
        a.framework as from_framework,
        a.code as from_code,
        b.framework as to_framework,
        b.code as to_code,
        count(distinct a.indicator) as indicators,
        string_agg(distinct a.indicator, ';' order by a.indicator) as indicator
    from named as a
    join named as b
        on b.indicator = a.indicator
        and b.framework > a.framework
    group by all
),
made as (
    select
        shared.*,
        case
            when shared.indicators >= 2 and shared.indicators >= 0.5::double * least(f.indicators, t.indicators) then 'fair'
            else 'weak'
        end as fit,
        shared.indicators || ' of the ' || least(f.indicators, t.indicators) || ' indicators of the smaller part' as reason
    from shared
    join size as f on f.framework = from_framework and f.code = from_code
    join size as t on t.framework = to_framework and t.code = to_code
),
linked as (
    select from_framework, from_code, to_framework, to_code, fit, indicator, indicators, 'declared' as origin, reason
    from declared_link
    union all
    select
        from_framework, from_code, to_framework, to_code,
        if(to_code = 'none', 'none', 'fair') as fit,
        indicator, indicators, 'proposed' as origin, reason
    from field_link
    union all
    select from_framework, from_code, to_framework, to_code, fit, indicator, indicators, 'shared_indicator' as origin, reason
    from made
    where not exists (
        from declared_link as d
        where (d.from_framework = made.from_framework and d.from_code = made.from_code
                and d.to_framework = made.to_framework and d.to_code = made.to_code)
            or (d.from_framework = made.to_framework and d.from_code = made.to_code
                and d.to_framework = made.from_framework and d.to_code = made.from_code))
)
select
    linked.*,
    f.title as from_title,
    t.title as to_title,
    field_link.from_level,
    field_link.from_parent,
    field_link.measured,
    field_link.seen_at
from linked
left join field_link using (from_framework, from_code, to_framework, to_code)
left join framework_title as f on f.framework = from_framework and f.code = from_code
left join framework_title as t on t.framework = to_framework and t.code = to_code
