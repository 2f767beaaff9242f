-- claim: the ledger of figures: each printed number with the same number from this release. One row per claim.
--
-- holds           the new number rounds to the printed one, or is still on the stated side
-- revised         the text states a number, and the data now give another
-- not_reproduced  the text states that a value is above or below a number, and the data now contradict it
-- no_data         an input is missing from this release: no verdict
with
behind as (
    select
        claim,
        count(*) filter (where value is null) as parts_missing,
        string_agg(part, ', ' order by part) filter (where value is null) as missing
    from claim_part
    group by all
),
bytes as (
    select distinct claim, unnest(snapshots) as snapshot
    from claim_part
),
vintage as (
    select
        bytes.claim,
        string_agg(distinct bytes.snapshot, ';' order by bytes.snapshot) as snapshot,
        min(fetched.day) as first_day,
        max(fetched.day) as last_day
    from bytes
    left join fetched using (snapshot)
    group by all
),
origin as (
    select claim, string_agg(distinct source, ';' order by source) as source
    from (select claim, unnest(sources) as source from claim_part)
    group by all
)
select
    claim_definition.* exclude (reason),
    claim_value.value as value_now,
    claim_value.value - quoted_value as difference,
    case
        when claim_value.value is null then 'no_data'
        when says = 'equal' and abs(claim_value.value - quoted_value) <= tolerance then 'holds'
        when says = 'equal' then 'revised'
        when says = 'above' and claim_value.value > quoted_value then 'holds'
        when says = 'below' and claim_value.value < quoted_value then 'holds'
        else 'not_reproduced'
    end as verdict,
    reason || case
        when computed_as is null or claim_value.value is not null then ''
        when coalesce(parts_missing, 0) = 0 then ' This release: the formula gives no number.'
        else ' This release has no value for: ' || missing || '.'
    end as reason,
    if(claim_value.value is null, null, origin.source) as source,
    if(claim_value.value is null, null, vintage.snapshot) as snapshot,
    case
        when claim_value.value is null or first_day is null then null
        when first_day = last_day then first_day
        else first_day || '/' || last_day
    end as vintage
from claim_definition
left join claim_value using (claim)
left join behind using (claim)
left join vintage using (claim)
left join origin using (claim)
