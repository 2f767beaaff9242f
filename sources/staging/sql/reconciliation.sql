-- Reconciles each snapshot: rows received, rows kept, and rows rejected by reason.
with sent as (
    select snapshot, count(*) as rows
    from raw_row
    group by snapshot
    union all
    select snapshot, sum(rows)
    from raw_row_counted
    group by snapshot
),
refused as (
    select snapshot, reason, count(*) as rows
    from judged
    where reason is not null
    group by snapshot, reason
    union all
    select snapshot, reason, sum(rows)
    from raw_row_counted
    group by snapshot, reason
),
reasons as (
    select snapshot, reason, sum(rows)::bigint as rows
    from refused
    group by snapshot, reason
),
per_snapshot as (
    select
        snapshot,
        sum(rows)::bigint as rows_rejected,
        '{' || string_agg(concat('"', reason, '": ', rows), ', ' order by reason) || '}' as reasons
    from reasons
    group by snapshot
),
kept as (
    select snapshot, count(*) as rows_out
    from judged
    where reason is null
    group by snapshot
)
select
    staged_snapshot.snapshot,
    coalesce((select sum(rows) from sent where sent.snapshot = staged_snapshot.snapshot), 0)::bigint as rows_in,
    coalesce(kept.rows_out, 0) as rows_out,
    coalesce(per_snapshot.rows_rejected, 0) as rows_rejected,
    coalesce(per_snapshot.reasons, '{}') as reasons
from staged_snapshot
left join kept
    using (snapshot)
left join per_snapshot
    using (snapshot)
