-- tile_speed: what was measured in each country, from one or more quarterly tables of tiles (the table `tile`, as
-- published, with the columns type and period of the file's place), counted by tests.
--
-- A tile is some 600 m wide; its speeds are means of the tests made in it, so what differs inside a tile is not seen. Every
-- figure is over tests: a tile with ten tests counts ten times. People who test are not all people: see the source's notes.
--
--   median              the value that half of the tests reach or stay below (of two the lower one), in kbit/s or ms
--   share_10            share of tests in tiles with a mean download of 10 Mbit/s or more, in per cent
--   gini                of download speed between the tests, 0 to 100; grouping by tile makes it too small
--   p90_p10             the download speed of the ninth tenth over that of the first
--
-- coarse_cell and fine_cell say in which country a tile lies: whole cells of level 8, and cells of level 12 where a
-- level 8 cell is not all of one country. A tile in neither is at sea, or on land of no country.
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
-- Speeds are whole numbers, so few are different: tests by value first, then in order.
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
