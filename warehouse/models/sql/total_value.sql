-- total_value: the values with _T in every dimension, in the indicator's unit. One row per indicator, area and year.
-- The input of most models; not published.
select *
from indicator
where sex = '_T'
    and age = '_T'
    and urbanisation = '_T'
    and quantile = '_T'
    and other_dims = '_T'
