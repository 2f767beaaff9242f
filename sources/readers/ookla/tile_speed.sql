-- tile_speed: speed measures by country, weighted by number of tests. One row per country, type, period and measure.
-- Reads one or more quarterly tables of tiles (the table `tile`, as published, with the columns type and period of the
-- file's path).
--
-- A tile is some 600 m wide; its speeds are means of its tests, so variation inside a tile is invisible. Every figure
-- is weighted by tests: a tile with ten tests counts ten times. Users who test are not representative: see the source's
-- notes.
--
--   median              median over tests (the lower of two), in kbit/s or ms
--   share_10            share of tests in tiles with a mean download of 10 Mbit/s or more, in per cent
--   gini                Gini coefficient of download speed over tests, 0 to 100; biased downwards by grouping into
--                       tiles
--   p90_p10             ninth decile of the download speed over the first
--
-- coarse_cell and fine_cell map a tile to its country: cells of level 8 within one country, and cells of level 12
-- elsewhere. A tile in neither is at sea, or on land without a country.
with
placed as (
    select
        tile.type,
        tile.period,
        coalesce(coarse_cell.ref_area, fine_cell.ref_area) as ref_area,
        tile.avg_d_kbps as download,
        tile.avg_u_kbps as upload,
        tile.avg_lat_ms as latency,
        tile.tests
    from tile
    left join coarse_cell on coarse_cell.prefix = substr(tile.quadkey, 1, 8)
    left join fine_cell on fine_cell.prefix = substr(tile.quadkey, 1, 12)
    where tile.tests > 0
),
-- Speeds are integers with few distinct values: sum the tests by value first, then sort.
valued as (
    select type, period, ref_area, 'download' as measure, download as value, sum(tests)::bigint as tests
    from placed
    where ref_area is not null
    group by type, period, ref_area, download
    union all
    select type, period, ref_area, 'upload', upload, sum(tests)::bigint
    from placed
    where ref_area is not null
    group by type, period, ref_area, upload
    union all
    select type, period, ref_area, 'latency', latency, sum(tests)::bigint
    from placed
    where ref_area is not null
    group by type, period, ref_area, latency
),
ordered as (
    select
        type,
        period,
        ref_area,
        measure,
        value,
        tests,
        (sum(tests) over up_to)::double as tests_up_to,
        (sum(tests) over all_of)::double as tests_of_all,
        (sum(value * tests) over up_to)::double as value_up_to,
        (sum(value * tests) over all_of)::double as value_of_all
    from valued
    window
        up_to as (
            partition by type, period, ref_area, measure
            order by value
            rows between unbounded preceding and current row),
        all_of as (
            partition by type, period, ref_area, measure
            order by value
            rows between unbounded preceding and unbounded following)
)
select
    type,
    period,
    ref_area,
    measure,
    max(tests_of_all) as tests,
    count(*) as different_values,
    min(value) filter (where tests_up_to >= 0.5::double * tests_of_all) as median,
    min(value) filter (where tests_up_to >= 0.1::double * tests_of_all) as p10,
    min(value) filter (where tests_up_to >= 0.9::double * tests_of_all) as p90,
    100 * coalesce(sum(tests) filter (where value >= 10000), 0)::double / max(tests_of_all) as share_10,
    100 * (1 - sum(tests * (2 * value_up_to - value * tests) / value_of_all) / max(tests_of_all)) as gini
from ordered
group by type, period, ref_area, measure
