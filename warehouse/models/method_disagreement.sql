-- method_disagreement: how often the methods judge the same indicator and area differently.
--
-- Compared is the outlook that a class stands for (positive, neutral, negative; schemas/methods.py), as the classes
-- themselves have other names and borders in each method. Opposed: one says positive, the other negative. Differing:
-- any two outlooks that are not the same. 'any': over all methods that have an outlook for the indicator and area.
with
said as (
    select
        indicator,
        ref_area,
        string_agg(method || '=' || outlook, ';' order by method) as outlooks,
        count(*) as methods,
        count(*) filter (where outlook = 'positive') > 0 and count(*) filter (where outlook = 'negative') > 0 as opposed,
        count(distinct outlook) > 1 as differing
    from progress
    where outlook is not null
    group by indicator, ref_area
),
-- Few patterns of outlooks occur, so pairs of methods are made from the patterns, not from the areas.
pattern as (
    select indicator, outlooks, count(*) as areas
    from said
    group by indicator, outlooks
),
listed as (
    select
        indicator,
        outlooks,
        areas,
        split_part(part, '=', 1) as method,
        split_part(part, '=', 2) as outlook
    from (
        select indicator, outlooks, areas, unnest(string_split(outlooks, ';')) as part
        from pattern
    ) as parts
),
pair as (
    select
        one.indicator,
        one.method as method_a,
        other.method as method_b,
        sum(one.areas) as compared,
        sum(if(one.outlook = 'positive' and other.outlook = 'negative'
            or one.outlook = 'negative' and other.outlook = 'positive', one.areas, 0)) as opposed,
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
    select indicator, 'any', 'any', count(*), count(*) filter (where opposed), count(*) filter (where differing)
    from said
    where methods > 1
    group by indicator
),
with_all as (
    select indicator, method_a, method_b, compared, opposed, differing
    from counted
    union all
    select 'all', method_a, method_b, sum(compared), sum(opposed), sum(differing)
    from counted
    group by method_a, method_b
)
select
    indicator,
    method_a,
    method_b,
    compared,
    opposed,
    differing,
    opposed::double / compared as share_opposed,
    differing::double / compared as share_differing
from with_all
