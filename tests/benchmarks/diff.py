"""The diff of two releases of synthetic values, measured in a separate process.

Reads no stored data: it generates the values, a fiftieth of them revised and a thousandth added or removed.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROWS = 2_000_000
AREAS, YEARS = 200, 25  # of each indicator, in four breakdowns
# The tables that hang on the values, as select statements over `v`, the values of one release.
TABLES = {
    "indicator": "select * from v",
    "observation": """
        select source, series, ref_area, time_period, sex, age, urbanisation, quantile, '_T' as education,
            other_dims, value as obs_value, lower_bound, upper_bound, 'PT' as unit, 0::smallint as unit_mult,
            obs_status, null::varchar as nature, null::varchar as source_detail, footnote, snapshot
        from v""",
    "indicator_meta": """
        select distinct indicator, indicator as title, 'PT' as unit, 'higher_is_better' as direction,
            'value' as formula, '{}' as inputs, 100.0::double as target_value, 2030::smallint as target_year
        from v""",
    "area": "select distinct ref_area, ref_area as name, 'country' as kind from v",
    "source": "select 'one' as source, 'One' as title",
    "coverage": """
        select indicator, ref_area, count(*) as points_since_2015, min(time_period) as first_year,
            max(time_period) as latest_year, true as available
        from v where sex = '_T' and urbanisation = '_T' group by all""",
    "progress": """
        select indicator, ref_area, 'likelihood-2026' as method, min(time_period) as baseline_year,
            min(value) as baseline_value, max(time_period) as latest_year, max(value) as latest_value,
            100.0::double as target_value, 2030::smallint as target_year,
            if(max(value) > 99, 'met', 'likely') as category
        from v where sex = '_T' and urbanisation = '_T' group by all""",
}


def bench_diff(rows: int = ROWS) -> list[dict[str, Any]]:
    """Seconds and peak memory of one comparison, everything read from parquet."""
    with tempfile.TemporaryDirectory(prefix="compact-bench-") as scratch:
        for number, name in enumerate(("before", "after")):
            _generate(Path(scratch) / name, rows, number)
        command = [sys.executable, "-m", "tests.benchmarks.diff", scratch]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return [{"step": "diff of two releases", "values_each": rows, **result}]


def _generate(folder: Path, rows: int, number: int) -> None:
    from warehouse.engine.read_only import connect

    folder.mkdir()
    indicators = max(1, rows // (AREAS * YEARS * 4))
    with connect() as con:
        con.execute(f"""
            create table v as
            select 'indicator_' || i as indicator,
                chr(65 + (a // 26)::int) || chr(65 + (a % 26)::int) || 'A' as ref_area,
                (2000 + y)::smallint as time_period, ['_T', 'F', 'M', '_T'][s + 1] as sex, '_T' as age,
                ['_T', '_T', '_T', 'U'][s + 1] as urbanisation, '_T' as quantile, '_T' as other_dims,
                (hash(i, a, y, s) % 100000) / 1000.0::double
                    + if({number} = 1 and hash(s, y, a, i) % 50 = 0, 1.5, 0) as value,
                null::double as lower_bound, null::double as upper_bound, 'A' as obs_status, 'one' as source,
                'SERIES_' || i as series, md5(i || '-{number}') || md5('{number}') as snapshot,
                null::varchar as footnote
            from range({indicators}) as i(i), range({AREAS}) as a(a), range({YEARS}) as y(y), range(4) as s(s)
            where hash(i, a, y, s, {number}) % 1000 <> 0
            order by all""")
        for name, sql in TABLES.items():
            con.execute(f"copy ({sql}) to '{folder / name}.parquet' (row_group_size 65536, compression zstd)")


def main(scratch: str) -> None:
    """Compare the two folders in this process and print what it took."""
    started = time.perf_counter()
    from warehouse.diff.document import compare

    findings = compare(Path(scratch) / "before", Path(scratch) / "after", ("before", "after"))
    seconds = round(time.perf_counter() - started, 2)
    used = resource.getrusage(resource.RUSAGE_SELF)
    measured = {
        "revised": findings["revised"]["total"],
        "seconds": seconds,
        "processor_seconds": round(used.ru_utime + used.ru_stime, 2),
        "peak_mib": used.ru_maxrss // 1024,
    }
    print(json.dumps(measured))


if __name__ == "__main__":
    main(sys.argv[1])
