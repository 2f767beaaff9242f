-- deadline: results of numeric tests of targets, at the deadline or, before it, in the latest year. One row per target
-- and test.
--
-- A deadline has passed once its year is over: as_of.year, the year in which the newest bytes of this release were
-- fetched, is later. A passed target is assessed at the values of the deadline's year and never projected; before that
-- the latest values give its status.
--
--   of a group      the official value where the agency publishes one, else our own; both are kept
--   of a change     100 * (value / value in change_from - 1), of the same kind of value in both years
--   of countries    required_share per cent of the UN members must reach the number, each by its latest total of the five
--                   years up to the deadline. Countries without a value count for neither side: the target is met if
--                   enough of all members reach it, missed if too many do not, and otherwise not assessable.
--
-- state uses the number of the text, state_accepted the number from which the owner counts the target as met. If the
-- test uses the number of the indicator's own target, that is the indicator's met_from, as in every verdict; otherwise
-- it comes from the target's file.
with
test as (
    select
        target_test.* exclude (accepted),
        case
            when definition.target_value = target_test.required and definition.met_from is not null and target_test.change_from is null
                then nullif(definition.met_from, target_test.required)
            else target_test.accepted
        end as accepted,
        coalesce(target_test.year < as_of.year, false) as passed,
        least(coalesce(target_test.year, as_of.year), as_of.year) as last_year
    from target_test
    cross join as_of
    left join definition on definition.indicator = target_test.indicator
),
-- For a group: at the deadline only its own year, before it the latest year with any value.
group_year as (
    select
        test.target,
        test.part,
        max(aggregate.time_period) as value_year
    from test
    join aggregate
        on aggregate.indicator = test.indicator
        and aggregate."group" = test."group"
        and coalesce(aggregate.official_value, aggregate.value) is not null
        and if(test.passed, aggregate.time_period = test.year, aggregate.time_period <= test.last_year)
    group by all
),
group_value as (
    select
        test.target,
        test.part,
        group_year.value_year,
        if(test.change_from is null, now.official_value, 100 * (now.official_value / nullif(then_.official_value, 0) - 1)) as official_value,
        if(test.change_from is null, now.value, 100 * (now.value / nullif(then_.value, 0) - 1)) as own_value
    from test
    join group_year using (target, part)
    join aggregate as now
        on now.indicator = test.indicator
        and now."group" = test."group"
        and now.time_period = group_year.value_year
    left join aggregate as then_
        on then_.indicator = test.indicator
        and then_."group" = test."group"
        and then_.time_period = test.change_from
),
-- For countries: the latest total of each UN member in the five years up to the deadline.
member as (
    select ref_area
    from area
    where kind = 'country' and un_member
),
member_value as (
    select
        test.target,
        test.part,
        member.ref_area,
        max(total.time_period) as value_year,
        arg_max(total.value, total.time_period) as value
    from test
    cross join member
    join total_value as total
        on total.indicator = test.indicator
        and total.ref_area = member.ref_area
        and total.time_period between test.last_year - 4 and test.last_year
    where test."group" is null
    group by all
),
member_judged as (
    select
        member_value.*,
        case test.comparison
            when 'at_least' then value >= required
            when 'more_than' then value > required
            when 'at_most' then value <= required
            when 'less_than' then value < required
            when 'within' then value between required and required_upper
        end as meets,
        case test.comparison
            when 'at_least' then value >= accepted
            when 'more_than' then value > accepted
            when 'at_most' then value <= accepted
            when 'less_than' then value < accepted
        end as meets_accepted
    from member_value
    join test using (target, part)
),
counted as (
    select
        target,
        part,
        max(value_year) as value_year,
        count(*) filter (where meets) as countries_meeting,
        count(*) filter (where not meets) as countries_failing,
        count(*) filter (where meets_accepted) as countries_accepted,
        count(*) filter (where not meets_accepted) as countries_not_accepted
    from member_judged
    group by all
),
beside as (
    select
        test.*,
        coalesce(group_value.value_year, counted.value_year) as value_year,
        group_value.official_value,
        group_value.own_value,
        coalesce(group_value.official_value, group_value.own_value) as judged,
        if(test."group" is null, coalesce(counted.countries_meeting, 0), null) as countries_meeting,
        if(test."group" is null, coalesce(counted.countries_failing, 0), null) as countries_failing,
        if(test."group" is null and accepted is not null, coalesce(counted.countries_accepted, 0), null) as countries_accepted,
        if(test."group" is null and accepted is not null, coalesce(counted.countries_not_accepted, 0), null) as countries_not_accepted,
        if(test."group" is null, (select count(*) from member), null) as countries_total
    from test
    left join group_value using (target, part)
    left join counted using (target, part)
),
stood as (
    select
        *,
        case
            when "group" is null then case
                when countries_meeting >= required_share / 100 * countries_total then 'reached'
                when countries_failing > (1 - required_share / 100) * countries_total then 'not_reached'
                else 'not_known'
            end
            when judged is null then 'not_known'
            when case comparison
                when 'at_least' then judged >= required
                when 'more_than' then judged > required
                when 'at_most' then judged <= required
                when 'less_than' then judged < required
                when 'within' then judged between required and required_upper
            end then 'reached'
            else 'not_reached'
        end as standing,
        case
            when accepted is null then null
            when "group" is null then case
                when countries_accepted >= required_share / 100 * countries_total then 'reached'
                when countries_not_accepted > (1 - required_share / 100) * countries_total then 'not_reached'
                else 'not_known'
            end
            when judged is null then 'not_known'
            when case comparison
                when 'at_least' then judged >= accepted
                when 'more_than' then judged > accepted
                when 'at_most' then judged <= accepted
                when 'less_than' then judged < accepted
            end then 'reached'
            else 'not_reached'
        end as standing_accepted
    from beside
)
select
    target,
    part,
    indicator,
    "group",
    year,
    value_year,
    comparison,
    required,
    required_upper,
    accepted,
    change_from,
    official_value,
    own_value,
    required_share,
    countries_meeting,
    countries_failing,
    countries_accepted,
    countries_total,
    case
        when not passed then 'open'
        when standing = 'reached' then 'met'
        when standing = 'not_reached' then 'missed'
        else 'not_assessable'
    end as state,
    case
        when accepted is null then null
        when not passed then 'open'
        when standing_accepted = 'reached' then 'met'
        when standing_accepted = 'not_reached' then 'missed'
        else 'not_assessable'
    end as state_accepted,
    standing,
    case
        when "group" is null then
            countries_meeting || ' of ' || countries_total || ' UN members reach it, ' || countries_failing || ' do not, '
            || (countries_total - countries_meeting - countries_failing) || ' have no value of ' || (last_year - 4) || ' to ' || last_year
        when value_year is null and passed then 'no value of ' || indicator || ' for ' || "group" || ' in ' || year
        when value_year is null then 'no value of ' || indicator || ' for ' || "group"
        when judged is null then 'no value of ' || indicator || ' for ' || "group" || ' in ' || change_from
        else indicator || ' of ' || "group" || ' in ' || value_year || ': ' || round(judged, 2)
            || if(change_from is null, '', ' per cent of change since ' || change_from)
            || if(official_value is null, ' (our value)', ' (official value)')
    end as reason
from stood
