-- method_disagreement: how often methods differ on the same indicator and area. One row per scope and pair of methods,
-- and for 'any'.
--
-- It compares the outlook of a class (positive, neutral, negative; schemas/definitions/methods.py), because classes
-- have different names and thresholds in each method. Opposed: one is positive, the other negative. Differing: any two
-- different outlooks. 'any': over all methods with an outlook for the indicator and area.
with
-- Every method has a digit in a base-4 number: its outlook, 0 if it has none.
place as (
    select method, power(4, row_number() over (order by method) - 1)::bigint as place
    from (select distinct method from progress) as every
),
said as (
    select
        progress.indicator,
        progress.ref_area,
        sum(place.place * case progress.outlook when 'positive' then 1 when 'neutral' then 2 else 3 end)::bigint as outlooks,
        count(*) as methods,
        count(*) filter (where progress.outlook = 'positive') as positive,
        count(*) filter (where progress.outlook = 'negative') as negative
    from progress
    join place using (method)
    where progress.outlook is not null
    group by progress.indicator, progress.ref_area
),
-- Few patterns of outlooks occur, so pairs of methods are built from the patterns, not from the areas.
pattern as (
    select
        indicator,
        outlooks,
        count(*) as areas,
        any_value(methods) as methods,
        any_value(positive) as positive,
        any_value(negative) as negative
    from said
    group by indicator, outlooks
),
listed as (
    select
        pattern.indicator,
        pattern.outlooks,
        pattern.areas,
        place.method,
        (pattern.outlooks // place.place) % 4 as outlook
    from pattern
    cross join place
    where (pattern.outlooks // place.place) % 4 > 0
),
pair as (
    select
        one.indicator,
        one.method as method_a,
        other.method as method_b,
        sum(one.areas) as compared,
        sum(if(abs(one.outlook - other.outlook) = 2, one.areas, 0)) as opposed,
        sum(if(one.outlook <> other.outlook, one.areas, 0)) as differing
    from listed as one
    join listed as other
        on other.indicator = one.indicator
        and other.outlooks = one.outlooks
        and other.method > one.method
    group by one.indicator, one.method, other.method
),
counted as (
    select indicator, method_a, method_b, compared, opposed, differing
    from pair
    union all
    select
        indicator,
        'any',
        'any',
        sum(areas),
        sum(if(positive > 0 and negative > 0, areas, 0)),
        sum(if(greatest(positive, negative, methods - positive - negative) < methods, areas, 0))
    from pattern
    where methods > 1
    group by indicator
),
with_all as (
    select indicator as scope, method_a, method_b, compared, opposed, differing
    from counted
    union all
    select 'all', method_a, method_b, sum(compared), sum(opposed), sum(differing)
    from counted
    group by method_a, method_b
)
select
    scope,
    method_a,
    method_b,
    compared,
    opposed,
    differing,
    opposed::double / compared as share_opposed,
    differing::double / compared as share_differing
from with_all
