-- The refused rows in the agency's own words, but for the reasons that are only counted.
select
    $source as source,
    judged.snapshot,
    judged.row,
    judged.reason,
    case judged.reason
        when 'unknown_area' then concat('area ', wire.area, ' (', coalesce(wire.area_name, 'no name'), ') is in no list')
        when 'area_not_carried' then concat(coalesce(wire.area_name, wire.area), ': ', area_lookup.not_carried)
        when 'bad_time_period' then concat('time_period ', coalesce(wire.time_period, '(none)'), ' is not a year')
        when 'bad_value' then concat('value ', wire.value, ' is neither a number nor a word for a missing value')
        when 'bad_bound' then concat('bounds ', coalesce(wire.lower, ''), ' to ', coalesce(wire.upper, ''))
        when 'unknown_unit' then concat('unit ', wire.unit)
        when 'bad_unit_mult' then concat('unit_mult ', wire.unit_mult)
        when 'unknown_status' then concat('status ', wire.status)
        when 'bad_series' then concat('series ', coalesce(wire.series, '(none)'))
        when 'empty_value' then 'the agency sent no value'
        when 'repeated_row' then 'the same value stands in another row of the same key'
        when 'conflicting_key' then concat('other values have this key too: ', concat_ws(', ', wire.series, judged.ref_area,
            judged.time_period, judged.sex, judged.age, judged.urbanisation, judged.quantile, judged.education,
            judged.other_dims))
        else coalesce(wire_refused.detail, dims_lookup.detail, judged.reason)
    end as detail,
    wire.series,
    wire.area,
    wire.time_period,
    wire.value
from judged
join wire
    on judged.snapshot = wire.snapshot
    and judged.row = wire.row
left join wire_refused
    on judged.snapshot = wire_refused.snapshot
    and judged.row = wire_refused.row
left join area_lookup
    on trim(wire.area) = area_lookup.code
left join dims_seen
    on wire.dims is not distinct from dims_seen.dims
left join dims_lookup
    on dims_seen.id = dims_lookup.id
where judged.reason is not null
    and not list_contains($counted_only, judged.reason)
order by judged.snapshot, judged.row
