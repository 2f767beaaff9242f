"""Queries of a release for AI assistants. Each result has source, year, status, vintage and method, and
states what is unknown.

Built on `Release`; served by `compact mcp` (pipelines/mcp/server.py), which limits the size of a result.
"""

from __future__ import annotations

from pipelines.mcp.form import Row, as_answer, verdict_of, with_status, with_vintage
from schemas.codelists.obs_status import STATUS_WORDS
from schemas.columns.observation import VALUE_DIMENSIONS
from schemas.errors import CompactError
from warehouse.client.release import Release
from warehouse.diff.notes import number
from warehouse.query.series import breaks_of
from warehouse.query.tables import ask, has_table
from warehouse.query.units import with_unit

# Fields needed to read one number.
ORIGIN = """source.title as source, source.licence, value.series, value.time_period as year, value.value,
        value.lower_bound, value.upper_bound, value.obs_status, value.footnote, value.snapshot"""
TOTAL = " and ".join(f"value.{name} = '_T'" for name in VALUE_DIMENSIONS)
NEVER_SHOWN = ("fingerprint", "depends_on")  # fields of a definition without meaning for a reader
MEMBERS = 12  # members of a group that an explanation lists


def search(release: Release, text: str) -> Row:
    """Find indicators whose identifier, title, text or agency code has every word."""
    words = text.lower().split()
    matches = []
    for row in ask(release.folder, "select * from {indicator_meta} order by indicator"):
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
            matches.append(kept | {"found_by": hit or "text"})
    order = ("identifier", "title", "code", "text")
    matches.sort(key=lambda row: order.index(row["found_by"]))
    nothing = f"nothing in this release matches {text!r}; that says nothing of the world"
    return as_answer(release, matches, None if matches else nothing)


def about(release: Release, indicator: str) -> Row:
    """Return an indicator's definition, target, sources and coverage."""
    description = {name: value for name, value in release.about(indicator).items() if name not in NEVER_SHOWN}
    return as_answer(release, [description], None)


def show(release: Release, indicator: str, area: str = "", year: int | None = None) -> Row:
    """Return total values: the latest, or those of a year; of one area or all, each with its verdict."""
    indicator = release.known(indicator)
    code = release.area(area).code if area else None
    rows = ask(
        release.folder,
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
    groups = _groups(release, indicator, code, year) if code else []
    unknown = None
    if not rows and not groups:
        when = f" in {year}" if year else ""
        unknown = f"unknown: this release has no value of {indicator} for {area or 'any area'}{when}; " + (
            "that is missing, not zero"
        )
    verdicts = {row["ref_area"]: row for row in release.progress(indicator, [code] if code else None)}
    if len(rows) > 1:  # for many areas: without the fields needed for one area only
        described = [with_status(row) | verdict_of(release, verdicts.get(row["ref_area"])) for row in rows]
        described = [{name: value for name, value in row.items() if name != "snapshot"} for row in described]
        return as_answer(release, described, unknown) | {"group_values": groups}
    described = [
        with_vintage(release, row) | verdict_of(release, verdicts.get(row["ref_area"])) for row in rows
    ]
    for row in described:
        symbol = release.units().get(row["unit"], ("", row["unit"]))[1]
        row["sentence"] = (
            f"{row['title']}, {row['area']}: {with_unit(number(row['value']), symbol)} in {row['year']} "
            f"({row.get('status', 'status unknown')}; {row['source']})."
        )
    return as_answer(release, described, unknown) | {"group_values": groups}


def _groups(release: Release, indicator: str, group: str | None, year: int | None) -> list[Row]:
    groups = ask(
        release.folder,
        """
        select time_period as year, value, method, weight_share as covered_share_of_weight, areas_used,
            areas_total, official_value, official_source, official_status, note
        from {aggregate}
        where indicator = $indicator and "group" = $group and ($year is null or time_period = $year)
        qualify row_number() over (
            order by value is null and official_value is null, time_period desc) = 1""",
        indicator=indicator,
        group=group,
        year=year,
    )
    status = "official_status"
    return [row | ({status: STATUS_WORDS[row[status]]} if row[status] else {}) for row in groups]


def series(
    release: Release,
    indicator: str,
    area: str,
    since: int | None = None,
    until: int | None = None,
    sex: str = "_T",
) -> Row:
    """Return every year of an indicator for an area or group, the earliest first."""
    values = release.data(indicator, [area], since, until, sex=sex).rows
    kept = ("time_period", "value", "lower_bound", "upper_bound", "status", "source_title", "footnote", "sex")
    rows = [
        {name: row[name] for name in kept if row[name] not in (None, "_T")}
        | {"title": row["title"], "unit": row["unit_name"], "area": row["area"]}
        for row in values
    ]
    nothing = f"unknown: this release has no value of {indicator} for {area}; that is missing, not zero"
    years = [row["time_period"] for row in values]
    return as_answer(release, rows, None if rows else nothing) | _breaks(release, indicator, area, years)


def _breaks(release: Release, indicator: str, area: str, years: list[int]) -> Row:
    """Return the years across which values are not comparable, with the reason; empty where all are."""
    breaks = breaks_of(release.folder, release.known(indicator), release.area(area).code, years)
    return {"breaks": breaks} if breaks else {}


def ranking(release: Release, indicator: str, group: str = "", since: int | None = None) -> Row:
    """Rank countries by their newest value, the best first; equal values share a rank."""
    kept = ("rank", "area", "value", "time_period", "status", "title", "unit_name", "direction")
    rows = [{name: row[name] for name in kept} for row in release.rank(indicator, group or None, since)]
    nothing = f"unknown: no country{' of ' + group if group else ''} has a value of {indicator} here"
    return as_answer(release, rows, None if rows else nothing)


def projection(release: Release, indicator: str, area: str) -> Row:
    """Return the projected years with their intervals, or why the release has no projection."""
    indicator, code = release.known(indicator), release.area(area).code
    kept = ("time_period", "value", "lower_80", "upper_80", "probability_target_met", "target_value")
    rows = [
        {name: row[name] for name in kept}
        | {"title": row["title"], "unit": row["unit_name"], "model": row["model"]}
        for row in release.projection(indicator, [code])
    ]
    reason = ""
    if not rows and has_table(release.folder, "projection_refused"):
        refused = ask(
            release.folder,
            "select reason from {projection_refused} where indicator = $indicator and ref_area = $area",
            indicator=indicator,
            area=code,
        )
        reason = f": {refused[0]['reason'].replace('_', ' ')}" if refused else ""
    return as_answer(
        release,
        rows,
        None if rows else f"unknown: {indicator} of {area} is not projected in this release{reason}",
    )


def progress(release: Release, indicator: str, area: str, method: str = "") -> Row:
    """Return the assessment of an area's pace by one published method or by all: class and likelihood."""
    indicator = release.known(indicator)
    code = release.area(area).code
    rows = ask(
        release.folder,
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
    described = [
        with_vintage(release, {name: v for name, v in row.items() if v is not None})
        | verdict_of(release, row)
        for row in rows
    ]
    return as_answer(release, described, unknown)


def gaps(release: Release, indicator: str, area: str) -> Row:
    """Return differences between groups of people: the newest of each pair, and all values by group."""
    indicator = release.known(indicator)
    code = release.area(area).code
    pairs = release.gaps(indicator, [code]).rows if has_table(release.folder, "gap") else []
    rows = ask(
        release.folder,
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
    unknown = None if pairs or rows else f"unknown: no breakdown of {indicator} for {area} is published here"
    return as_answer(release, [with_vintage(release, row) for row in rows], unknown) | {"pairs": pairs}


def explain(
    release: Release, indicator: str, area: str, year: int | None = None, *, sql: bool = False
) -> Row:
    """Explain a number: formula, observations, snapshots, place in the bytes, checks and, on request, its
    SQL.
    """
    try:
        explained = release.explain(indicator, area, year)
    except CompactError as problem:
        if "has no value" not in problem.what:
            raise
        return as_answer(release, [], f"unknown: {problem.what}; years with a value: {problem.allowed}")
    for part in (explained["value"], explained["group"]):
        if part and not sql:
            part.pop("sql", None)
    if explained["group"] and len(explained["group"]["members"]) > MEMBERS:
        every = sorted(explained["group"]["members"], key=lambda row: -row["weight"])
        explained["group"] |= {"members": every[:MEMBERS], "members_not_listed": len(every) - MEMBERS}
    explained["checks"] = [check for check in explained["checks"] or () if not check["passed"]]
    return as_answer(release, [explained], None)


def coverage(release: Release, indicator: str = "", area: str = "") -> Row:
    """Return the countries with values of an indicator, or the indicators with values for a country."""
    if indicator:
        indicator = release.known(indicator)
    code = release.area(area).code if area else None
    rows = ask(
        release.folder,
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
    measured = [row for row in rows if row["latest_year"] is not None]
    summary = {
        "pairs": len(rows),
        "with_a_value_since_2015": sum(row["available"] for row in rows),
        "without_any_value": len(without),
    }
    named = [row["area"] if indicator else row["title"] for row in without] if indicator or area else []
    unknown = f"unknown: nothing of it for {len(without)} of {len(rows)}" if without else None
    most = measured if indicator or area else []
    return as_answer(release, most, unknown) | {"summary": summary, "without": named}
