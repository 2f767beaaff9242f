"""The history of a value in the kept releases and in the stored snapshots.

Differences between whole releases are in warehouse/diff/. Only DuckDB is imported.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from schemas.columns.observation import TOTAL
from warehouse.diff.rows import NOISE
from warehouse.engine.read_only import connect
from warehouse.query.areas import find_area
from warehouse.query.indicators import check_indicator
from warehouse.store.listing import open_release, releases

Row = dict[str, Any]


def revisions(home: Path, indicator: str, area: str, year: int | None = None) -> dict[str, list[Row]]:
    """Return the changes of a value. releases: a row for each total value that a kept release publishes
    first, changes, or drops; snapshots: the same for each series that the indicator may use, over the
    stored snapshots that are staged. Oldest first, by year.
    """
    latest = open_release(home)
    indicator = check_indicator(latest, indicator)
    code = find_area(latest, area).code
    return {
        "releases": list(_over_releases(home, indicator, code, year)),
        "snapshots": list(_over_snapshots(home, latest, indicator, code, year)),
    }


def _over_releases(home: Path, indicator: str, area: str, year: int | None) -> Iterator[Row]:
    kept = sorted(releases(home), key=lambda row: (row["created"], row["id"]))
    said: dict[int, list[Row]] = {}
    for release in kept:
        now = {
            row["time_period"]: row
            for row in _ask(
                f"""
                select time_period, value, obs_status, source, series, snapshot
                from {_file(Path(release["folder"]) / "indicator.parquet")}
                where indicator = $indicator and ref_area = $area and {TOTAL}
                    and ($year is null or time_period = $year)
                order by time_period""",
                indicator=indicator,
                area=area,
                year=year,
            )
        }
        for period in sorted(now.keys() | said.keys()):
            before = said.get(period, [])
            last = before[-1] if before else None
            row = now.get(period)
            if (what := _change(last, row)) is not None:
                said.setdefault(period, []).append(_step(release, period, what, last, row))
    for period in sorted(said):
        yield from said[period]


def _change(before: Row | None, now: Row | None) -> str | None:
    """Describe the change of a release against the previous one."""
    if now is None:
        return "withdrawn" if before is not None and before["value"] is not None else None
    if before is None or before["value"] is None:
        return "first" if before is None else "again"
    if not _same(before["value"], now["value"]):
        return "revised"
    if (before["source"], before["series"]) != (now["source"], now["series"]):
        return "other origin"
    return "status" if before["obs_status"] != now["obs_status"] else None


def _step(release: Row, period: int, what: str, before: Row | None, now: Row | None) -> Row:
    old = before["value"] if before else None
    new = now["value"] if now else None
    change = new - old if old is not None and new is not None else None
    return {
        "time_period": period,
        "release": release["id"],
        "created": release["created"],
        "what": what,
        "value": new,
        "change": change,
        "relative": change / abs(old) if change is not None and old else None,
        **{name: now[name] if now else None for name in ("obs_status", "source", "series", "snapshot")},
    }


def _over_snapshots(home: Path, release: Path, indicator: str, area: str, year: int | None) -> Iterator[Row]:
    (meta,) = _ask(
        f"select inputs from {_file(release / 'indicator_meta.parquet')} where indicator = $name",
        name=indicator,
    )
    items = [item for items in json.loads(meta["inputs"]).values() for item in items if "source" in item]
    series = sorted({(item["source"], item["series"]) for item in items})
    fetched = _fetched(home / "snapshots" / "manifest.jsonl", series)
    for source, code in series:
        staged = sorted((home / "staged" / source).glob("*/observation.parquet"))
        if not staged:
            continue
        observations = _ask(
            f"""
            select distinct time_period, sex, age, urbanisation, quantile, education, other_dims, obs_value,
                obs_status, unit_mult, snapshot
            from read_parquet([{", ".join(_quoted(path) for path in staged)}])
            where source = $source and series = $series and ref_area = $area
                and ($year is null or time_period = $year)""",
            source=source,
            series=code,
            area=area,
            year=year,
        )
        yield from _steps(observations, source, code, fetched)


def _steps(
    observations: Sequence[Row], source: str, series: str, fetched: Mapping[str, str]
) -> Iterator[Row]:
    """Return the observations of a series that changed from one fetched snapshot to the next."""
    keys = ("time_period", "sex", "age", "urbanisation", "quantile", "education", "other_dims")
    order = sorted(observations, key=lambda row: (*(row[k] for k in keys), fetched.get(row["snapshot"], "")))
    last: tuple[tuple[Any, ...], float | None] | None = None
    for row in order:
        key = tuple(row[name] for name in keys)
        if last is None or last[0] != key or not _same(last[1], row["obs_value"]):
            pinned = [f"{name} {row[name]}" for name in keys[1:] if row[name] != "_T"]
            yield {
                "time_period": row["time_period"],
                "source": source,
                "series": series,
                "dimensions": ", ".join(pinned),
                "snapshot": row["snapshot"],
                "fetched_at": fetched.get(row["snapshot"]),
                "obs_value": row["obs_value"],
                "obs_status": row["obs_status"],
            }
        last = (key, row["obs_value"])


def _fetched(manifest: Path, series: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return when each snapshot of these series was first fetched."""
    remaining, fetched = set(series), dict[str, str]()
    for line in manifest.read_text(encoding="utf-8").splitlines() if manifest.is_file() else ():
        if '"fetched"' in line and line.endswith("}"):  # a crash may have truncated a line
            event = json.loads(line)
            if any((event["source"], code) in remaining for code in event.get("series", ())):
                fetched.setdefault(event["snapshot"], event["fetched_at"])
    return fetched


def _same(a: float | None, b: float | None) -> bool:
    if a is None or b is None:
        return a is b
    return a == b or abs(a - b) <= NOISE * max(abs(a), abs(b))


def _ask(sql: str, **values: Any) -> list[Row]:
    with connect() as con:
        relation = con.execute(sql, values or None)
        names = [column[0] for column in relation.description or ()]
        return [dict(zip(names, row, strict=True)) for row in relation.fetchall()]


def _file(path: Path) -> str:
    return f"read_parquet({_quoted(path)})"


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
