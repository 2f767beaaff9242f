-- Lists the rejected rows with the agency's own codes, except for the reasons that are only counted.
select
    $source as source,
    judged.snapshot,
    judged.row,
    judged.reason,
    case judged.reason
        when 'unknown_area' then concat('area ', raw_row.area, ' (', coalesce(raw_row.area_name, 'no name'), ') is in no list')
        when 'area_not_carried' then concat(coalesce(raw_row.area_name, raw_row.area), ': ', area_lookup.not_carried)
        when 'bad_time_period' then concat('time_period ', coalesce(raw_row.time_period, '(none)'), ' is not a year')
        when 'bad_value' then concat('value ', raw_row.value, ' is neither a number nor a word for a missing value')
        when 'bad_bound' then concat('bounds ', coalesce(raw_row.lower, ''), ' to ', coalesce(raw_row.upper, ''))
        when 'unknown_unit' then concat('unit ', raw_row.unit)
        when 'bad_unit_mult' then concat('unit_mult ', raw_row.unit_mult)
        when 'unknown_status' then concat('status ', raw_row.status, ', of which a letter or the whole is not declared')
        when 'bad_series' then concat('series ', coalesce(raw_row.series, '(none)'))
        when 'empty_value' then 'the agency sent no value'
        when 'repeated_row' then 'the same value stands in another row of the same key'
        when 'conflicting_key' then concat('other values have this key too: ', concat_ws(', ', raw_row.series, judged.ref_area,
            judged.time_period, judged.sex, judged.age, judged.urbanisation, judged.quantile, judged.education,
            judged.other_dims))
        else coalesce(raw_row_rejected.detail, dims_lookup.detail, judged.reason)
    end as detail,
    raw_row.series,
    raw_row.area,
    raw_row.time_period,
    raw_row.value
from judged
join raw_row
    on judged.snapshot = raw_row.snapshot
    and judged.row = raw_row.row
left join raw_row_rejected
    on judged.snapshot = raw_row_rejected.snapshot
    and judged.row = raw_row_rejected.row
left join area_lookup
    on trim(raw_row.area) = area_lookup.code
left join dims_seen
    on raw_row.dims is not distinct from dims_seen.dims
left join dims_lookup
    on dims_seen.id = dims_lookup.id
where judged.reason is not null
    and not list_contains($counted_only, judged.reason)
order by judged.snapshot, judged.row
