-- Maps every raw row to the canonical observation, or to the reason for its rejection. One row per raw row.
-- Reads raw_row (the agency's own codes), the lookups that sources/staging/lookups.py builds from source.yaml, series.csv and the
-- code lists, and raw_row_rejected (rows that the reader rejected). Every join is on a unique code.
create temp table judged as
with words as (
    select
        raw_row.* exclude (dims),
        dims_seen.id as dims_id,
        trim(coalesce(raw_row.value, '')) as value_text,
        regexp_extract(value_text, '^(<=|>=|<|>|≤|≥)', 1) as mark,
        trim(substr(value_text, 1 + length(mark))) as unmarked,
        trim(coalesce(raw_row.lower, '')) as lower_text,
        trim(coalesce(raw_row.upper, '')) as upper_text,
        trim(coalesce(raw_row.unit, '')) as unit_text,
        trim(coalesce(raw_row.unit_mult, '')) as unit_mult_text,
        trim(coalesce(raw_row.status, '')) as status_text,
        trim(coalesce(raw_row.nature, '')) as nature_text
    from raw_row
    left join dims_seen
        on raw_row.dims is not distinct from dims_seen.dims
),
mapped as (
    select
        words.*,
        area_lookup.ref_area,
        area_lookup.not_carried,
        -- 2019, or 2019.0 as the UNSD sends it; any other period needs a rule for its kind in source.yaml (periods)
        coalesce(
            try_cast(regexp_extract(trim(words.time_period), '^([0-9]{4})(\.0+)?$', 1) as smallint), period_lookup.year
        ) as year,
        period_lookup.left_out,
        dims_lookup.* exclude (id, reason, detail),
        dims_lookup.reason as dims_reason,
        missing_lookup.obs_status as missing_status,
        read_number(words.unmarked) as number,
        read_number(words.lower_text) as lower_number,
        read_number(words.upper_text) as upper_number,
        words.lower_text <> '' and lower_missing.text is null as has_lower,
        words.upper_text <> '' and upper_missing.text is null as has_upper,
        coalesce(unit_lookup.unit, if(words.unit_text = '', coalesce(series_lookup.unit, 'NOT_STATED'), null)) as unit_code,
        if(words.unit_mult_text = '', 0, try_cast(words.unit_mult_text as smallint)) as multiplier,
        flag.obs_status as flag_status,
        nature_lookup.obs_status as nature_status,
        raw_row_rejected.reason as refused
    from words
    left join area_lookup
        on trim(words.area) = area_lookup.code
    left join period_lookup
        on trim(words.time_period) = period_lookup.text
    left join dims_lookup
        on words.dims_id = dims_lookup.id
    left join missing_lookup
        on words.value_text = missing_lookup.text
    left join missing_lookup as lower_missing
        on words.lower_text = lower_missing.text
    left join missing_lookup as upper_missing
        on words.upper_text = upper_missing.text
    left join unit_lookup
        on words.unit_text = unit_lookup.code
    left join series_lookup
        on words.series = series_lookup.series
    left join status_lookup as flag
        on words.status_text = flag.code
    left join nature_lookup
        on words.nature_text = nature_lookup.code
    left join raw_row_rejected
        on words.snapshot = raw_row_rejected.snapshot
        and words.row = raw_row_rejected.row
)
select
    snapshot,
    row,
    case
        when refused is not null then refused
        when value_text = '' and missing_status is null then 'empty_value'
        when not coalesce(regexp_full_match(series, '[^\s;][^;\r\n]*'), false) then 'bad_series'
        when ref_area is null and not_carried is not null then 'area_not_carried'
        when ref_area is null then 'unknown_area'
        when left_out then 'period_left_out'
        when not coalesce(year between $first_year and $last_year, false) then 'bad_time_period'
        when dims_reason is not null then dims_reason
        when missing_status is null and (number is null or not isfinite(number)) then 'bad_value'
        when (has_lower and not coalesce(isfinite(lower_number), false))
            or (has_upper and not coalesce(isfinite(upper_number), false)) then 'bad_bound'
        when unit_code is null then 'unknown_unit'
        when not coalesce(multiplier between -9 and 12, false) then 'bad_unit_mult'
        when status_text <> '' and flag_status is null then 'unknown_status'
    end as reason,
    series,
    ref_area,
    year as time_period,
    sex,
    age,
    urbanisation,
    quantile,
    education,
    other_dims,
    -- a missing value is null, never zero; a censored value has only its bound
    if(missing_status is null, number, null) as obs_value,
    case
        when missing_status is null and mark in ('>', '>=', '≥') then number
        when has_lower then lower_number
    end as lower_bound,
    case
        when missing_status is null and mark in ('<', '<=', '≤') then number
        when has_upper then upper_number
    end as upper_bound,
    unit_code as unit,
    multiplier as unit_mult,
    case
        when missing_status is not null then missing_status
        when mark <> '' then 'C'
        -- the flag on the value takes precedence; a plain A is less specific than the nature
        else coalesce(nullif(flag_status, 'A'), nature_status, 'A')
    end as obs_status,
    nullif(nature_text, '') as nature,
    nullif(trim(source_detail), '') as source_detail,
    nullif(trim(footnote), '') as footnote
from mapped
