-- total_value: the values that are totals, with _T in every dimension. What most models start from; an input, not published.
select *
from indicator
where sex = '_T'
    and age = '_T'
    and urbanisation = '_T'
    and quantile = '_T'
    and other_dims = '_T'
