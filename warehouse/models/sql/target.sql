-- target: every target, claim and commitment, with the result of its tests. One row per target.
--
-- Several tests of one target are combined: it is missed if one is missed, and met only if all are. The source decides
-- whether a milestone is done: without its statement a passed one is not assessable.
with
tested as (
    select
        target,
        case
            when bool_or(state = 'open') then 'open'
            when bool_or(state = 'missed') then 'missed'
            when bool_or(state = 'not_assessable') then 'not_assessable'
            else 'met'
        end as state,
        case
            when count(accepted) = 0 then null
            when bool_or(coalesce(state_accepted, state) = 'open') then 'open'
            when bool_or(coalesce(state_accepted, state) = 'missed') then 'missed'
            when bool_or(coalesce(state_accepted, state) = 'not_assessable') then 'not_assessable'
            else 'met'
        end as state_accepted,
        string_agg(reason, '; ' order by part) as reason
    from deadline
    group by all
)
select
    target_definition.* exclude (milestone_year),
    case
        when milestone_state = 'done' then 'met'
        when target_definition.year is null then null
        when target_definition.year >= as_of.year then 'open'
        when tested.state is not null then tested.state
        when milestone_state = 'not_done' and milestone_year > target_definition.year then 'missed'
        else 'not_assessable'
    end as deadline_state,
    tested.state_accepted as deadline_state_accepted,
    case
        when milestone_state is not null then milestone_source
        when target_definition.year is null then null
        when tested.reason is not null then tested.reason
        when target_definition.year >= as_of.year then null
        else 'no numeric test of ours decides it'
    end as deadline_reason
from target_definition
cross join as_of
left join tested using (target)
