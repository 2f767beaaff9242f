"""Answers of a release for whoever asks in words: each with source, year, status, vintage and method, and
with what is not known said to be unknown.

Served by `compact mcp` (pipelines/mcp/server.py). Plain data; DuckDB alone is imported.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from schemas.codelists.obs_status import STATUS_WORDS
from schemas.columns.observation import VALUE_DIMENSIONS
from schemas.errors import CompactError
from warehouse.provenance.value import explain as explain_value
from warehouse.query import indicators as read
from warehouse.query.areas import find_area
from warehouse.query.indicators import check_indicator
from warehouse.query.tables import ask
from warehouse.store.publish import read_release_metadata

Row = dict[str, Any]

MOST = 60  # rows of an answer, unless more are asked for
# What a reader of one number must know beside it.
ORIGIN = """source.title as source, source.licence, value.series, value.time_period as year, value.value,
        value.lower_bound, value.upper_bound, value.obs_status, value.footnote, value.snapshot"""
TOTAL = " and ".join(f"value.{name} = '_T'" for name in VALUE_DIMENSIONS)


def search(folder: Path, text: str) -> Row:
    """Indicators whose identifier, title, text or agency's code holds every word."""
    words = text.lower().split()
    found = []
    for row in ask(folder, "select * from {indicator_meta} order by indicator"):
        places = {
            "identifier": row["indicator"].replace("_", " "),
            "code": row["inputs"],
            "title": row["title"],
            "text": f"{row['description']} {row['notes'] or ''}",
        }
        hit = next((n for n, t in places.items() if words and all(w in t.lower() for w in words)), None)
        whole = " ".join(places.values()).lower()
        if hit or (words and all(word in whole for word in words)):
            kept = {name: row[name] for name in ("indicator", "title", "unit", "description")}
            found.append(kept | {"found_by": hit or "text"})
    order = ("identifier", "title", "code", "text")
    found.sort(key=lambda row: order.index(row["found_by"]))
    unknown = (
        f"nothing in this release matches {text!r}; that says nothing of the world" if not found else None
    )
    return _answer(folder, found, unknown)


def about(folder: Path, indicator: str) -> Row:
    """An indicator's definition, target, sources and coverage."""
    return _answer(folder, [read.about(folder, indicator)], None)


def show(folder: Path, indicator: str, area: str = "", year: int | None = None, most: int = MOST) -> Row:
    """Total values: the latest, or those of a year; of one area or all."""
    indicator = check_indicator(folder, indicator)
    code = find_area(folder, area).code if area else None
    rows = ask(
        folder,
        f"""
        select meta.title, meta.unit, value.ref_area, area.name as area, {ORIGIN},
            if(meta.formula = 'value', 'as the source publishes it', 'computed: ' || meta.formula) as method
        from {{indicator}} as value
        join {{indicator_meta}} as meta using (indicator)
        join {{area}} as area using (ref_area)
        left join {{source}} as source on source.source = value.source
        where indicator = $indicator
            and {TOTAL}
            and ($area is null or ref_area = $area)
            and ($year is null or time_period = $year)
        qualify row_number() over (partition by ref_area order by time_period desc) = 1
        order by area.kind, area.name""",
        indicator=indicator,
        area=code,
        year=year,
    )
    groups = _groups(folder, indicator, code, year) if code else []
    unknown = None
    if not rows and not groups:
        when = f" in {year}" if year else ""
        unknown = f"unknown: this release has no value of {indicator} for {area or 'any area'}{when}; " + (
            "that is missing, not zero"
        )
    return _answer(folder, [_told(folder, row) for row in rows[:most]], unknown, total=len(rows)) | {
        "group_values": groups
    }


def _groups(folder: Path, indicator: str, group: str | None, year: int | None) -> list[Row]:
    return ask(
        folder,
        """
        select time_period as year, value, method, weight_share as covered_share_of_weight, areas_used,
            areas_total, official_value, official_source, note
        from {aggregate}
        where indicator = $indicator and "group" = $group and ($year is null or time_period = $year)
        qualify row_number() over (
            order by value is null and official_value is null, time_period desc) = 1""",
        indicator=indicator,
        group=group,
        year=year,
    )


def progress(folder: Path, indicator: str, area: str, method: str = "") -> Row:
    """How an area's pace is judged, by one published method or by all."""
    indicator = check_indicator(folder, indicator)
    code = find_area(folder, area).code
    rows = ask(
        folder,
        """
        select progress.*, meta.title, meta.unit, area.name as area, latest.source, latest.obs_status,
            latest.snapshot
        from {progress} as progress
        join {indicator_meta} as meta using (indicator)
        join {area} as area using (ref_area)
        left join {latest} as latest using (indicator, ref_area)
        where indicator = $indicator and ref_area = $area and ($method = '' or method = $method)
        order by method""",
        indicator=indicator,
        area=code,
        method=method,
    )
    unknown = None
    if not rows:
        unknown = f"unknown: {indicator} of {area} is not assessed in this release" + (
            f" by {method}" if method else ""
        )
    elif all(row["category"] == "insufficient_data" for row in rows):
        unknown = "unknown: there is not enough data to say whether the area is on track"
    told = [_told(folder, {name: v for name, v in row.items() if v is not None}) for row in rows]
    return _answer(folder, told, unknown)


def gaps(folder: Path, indicator: str, area: str) -> Row:
    """Differences between groups of people: the newest of each pair, and all values by group."""
    indicator = check_indicator(folder, indicator)
    code = find_area(folder, area).code
    pairs = []
    if (folder / "gap.parquet").is_file():
        pairs = ask(
            folder,
            """
            select *
            from {gap}
            where indicator = $indicator and ref_area = $area
            qualify row_number() over (
                partition by dimension, group_a, group_b
                order by time_period desc) = 1
            order by dimension, group_a, group_b""",
            indicator=indicator,
            area=code,
        )
    rows = ask(
        folder,
        f"""
        select value.sex, value.age, value.urbanisation, value.quantile, value.other_dims, {ORIGIN}
        from {{indicator}} as value
        left join {{source}} as source on source.source = value.source
        where indicator = $indicator and ref_area = $area and not ({TOTAL})
        qualify row_number() over (
            partition by value.sex, value.age, value.urbanisation, value.quantile, value.other_dims
            order by time_period desc) = 1
        order by all""",
        indicator=indicator,
        area=code,
    )
    nothing = not pairs and not rows
    unknown = f"unknown: no breakdown of {indicator} for {area} is published here" if nothing else None
    told = [_told(folder, row) for row in rows[:MOST]]
    return _answer(folder, told, unknown, total=len(rows)) | {"pairs": pairs}


def explain(
    folder: Path, indicator: str, area: str, year: int | None = None, home: Path | None = None
) -> Row:
    """A number's formula, observations, snapshots, place in the bytes, checks and SQL."""
    try:
        found = explain_value(folder, indicator, find_area(folder, area).code, year, home=home)
    except CompactError as problem:
        if "has no value" not in problem.what:
            raise
        return _answer(folder, [], f"unknown: {problem.what}; years with a value: {problem.allowed}")
    return _answer(folder, [found], None)


def coverage(folder: Path, indicator: str = "", area: str = "") -> Row:
    """For which countries an indicator has values, or which indicators have values for a country."""
    if indicator:
        indicator = check_indicator(folder, indicator)
    code = find_area(folder, area).code if area else None
    rows = ask(
        folder,
        """
        select indicator, meta.title, ref_area, area.name as area, points_since_2015, first_year, latest_year,
            available
        from {coverage}
        join {indicator_meta} as meta using (indicator)
        join {area} as area using (ref_area)
        where ($indicator = '' or indicator = $indicator) and ($area is null or ref_area = $area)
        order by meta.title, area.name""",
        indicator=indicator,
        area=code,
    )
    without = [row for row in rows if row["latest_year"] is None]
    found = [row for row in rows if row["latest_year"] is not None]
    summary = {
        "pairs": len(rows),
        "with_a_value_since_2015": sum(row["available"] for row in rows),
        "without_any_value": len(without),
    }
    named = [row["area"] if indicator else row["title"] for row in without] if indicator or area else []
    unknown = f"unknown: nothing of it for {len(without)} of {len(rows)}" if without else None
    most = found if indicator or area else []
    return _answer(folder, most, unknown, total=len(found)) | {"summary": summary, "without": named}


def _told(folder: Path, row: Row) -> Row:
    """A row with its status in words and its vintage: when what snapshot was fetched."""
    if status := row.get("obs_status"):
        row = row | {"status": STATUS_WORDS.get(status, status)}
    names = str(row.get("snapshot") or "").split(";")
    vintage = ask(
        folder,
        """
        select distinct snapshot, source, url, fetched_at, agency_release
        from {snapshot}
        where list_contains($names, snapshot)
        order by source, snapshot""",
        names=names,
    )
    return row | {"vintage": vintage, "source": row.get("source") or "; ".join(v["source"] for v in vintage)}


def _answer(folder: Path, rows: list[Row], unknown: str | None, total: int | None = None) -> Row:
    card = read_release_metadata(folder)
    return {
        "release": card["id"],
        "released": card["created"],
        "answer": rows,
        "rows": len(rows) if total is None else total,
        "unknown": unknown,
    }
