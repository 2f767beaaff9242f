"""The check that no verdict of a release contradicts its probability: `progress` against `projection`.

Site, briefs, workbook and verbs show these two tables, so what holds here holds on every page. The words and
their borders are data: schemas/codelists/likelihood_classes.csv.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb

from schemas.codelists.reader import read_codelist
from warehouse.verification.finding import Finding

CHECK = "verdict"
EXAMPLES = 3
METHOD = "likelihood-2026"
LIKELY = "likely"  # from here on a value that meets the target today is called met
DIRECTIONS = ("improving", "no_clear_change", "worsening")
# Each rule selects the rows of `judged` that break it.
RULES = {
    "the word is that of another probability": """
        category in (select category from border)
        and probability is not null
        and category <> (
            select category from border where probability >= at_least order by at_least desc limit 1)""",
    "met, though it is not likely to stay met": f"""
        category = 'met'
        and probability < (select at_least from border where category = '{LIKELY}')""",
    "a direction, though there is a probability of the target": f"""
        category in {DIRECTIONS} and probability is not null""",
    "not met, though there is a probability that it will be": """
        category = 'not_met' and probability is not null""",
    "the probability is not that of the projection": """
        probability is not null and projected is not null and abs(probability - projected) > 1e-6""",
    "the year in which it is met contradicts the probability": """
        probability is not null and not met_now
        and (probability >= 0.5) <> coalesce(year_met <= target_year, false)""",
}
# Not asked of a release of another day: until December 2026 a refusal could have a probability beside it.
NEW_RULES = {
    "a likelihood without its probability": """
        category in (select category from border) and probability is null""",
    "refused, though there is a probability": """
        category in ('insufficient_data', 'not_applicable') and probability is not null""",
}


def verdict_findings(con: duckdb.DuckDBPyConnection, *, fresh: bool = True) -> Iterator[Finding]:
    """Yield every rule that verdicts break, with the number of rows and some of them.

    Args:
        con: a connection with the tables `progress` and `projection`.
        fresh: whether the release was made with the current rules.
    """
    borders = [[row["category"], float(row["at_least"])] for row in read_codelist("likelihood_classes")]
    con.execute("create or replace temp table border (category varchar, at_least double)")
    con.executemany("insert into border values (?, ?)", borders)
    con.execute(
        """
        create or replace temp table judged as
        select
            progress.indicator,
            progress.ref_area,
            progress.category,
            progress.probability,
            progress.target_year,
            projection.probability_target_met as projected,
            projection.year_met,
            coalesce(projection.year_met = projection.last_year, false) as met_now
        from progress
        left join projection
            on projection.indicator = progress.indicator
            and projection.ref_area = progress.ref_area
            and projection.time_period = progress.target_year
        where progress.method = ?""",
        [METHOD],
    )
    for what, rule in (RULES | (NEW_RULES if fresh else {})).items():
        rows = con.execute(
            f"select indicator, ref_area, category, probability from judged where {rule} order by all"
        ).fetchall()
        if rows:
            yield Finding("progress.parquet", CHECK, f"{what}: {len(rows)} rows, {_some(rows)}")


def _some(rows: Sequence[tuple[object, ...]]) -> str:
    return "; ".join(
        " ".join("none" if cell is None else str(cell) for cell in row) for row in rows[:EXAMPLES]
    )
