"""The data of each chart as CSV with its metadata (CSV on the Web, W3C 2015), one zip for each indicator.

Every country and group in every year with all digits, and in each row its source, the edition of the source
and the licence; projections in a file of their own. The tables of a release as they are: tables.py.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from reports.csv.tables import cell, quoted
from reports.shared.localisation import Words
from reports.shared.release_reader import Indicator, Release
from schemas.columns.observation import TOTAL

FOLDER = "chart-data"
OWN = "compact-tracker"  # the source of a group's value that is ours
NUMBERS = (
    "value", "lower_bound", "upper_bound", "lower_80", "upper_80", "lower_95", "upper_95",
    "probability_target_met",
)  # fmt: skip
FOREIGN = {"area_name", "source_name", "series", "edition", "licence"}  # texts that others wrote


VALUES = f"""
select v.indicator, v.ref_area, a.name as area_name, v.time_period, v.value,
  v.lower_bound, v.upper_bound, v.obs_status, s.word as status_name, v.source, o.source_name, v.series,
  o.edition, o.fetched, o.licence
from {{indicator}} v join {{area}} a on a.ref_area = v.ref_area and a.kind = 'country'
  left join origins o using (source, snapshot) left join statuses s using (obs_status)
where {TOTAL} and v.value is not null
"""
GROUPS = f"""
select g.indicator, g."group", coalesce(n.name, g."group"), g.time_period,
  coalesce(g.official_value, g.value), null, null, g.official_status, s.word,
  coalesce(g.official_source, '{OWN}'), o.source_name,
  case when g.official_value is null then g.method end,
  o.edition, o.fetched, coalesce(o.licence, 'as the values of the members')
from {{aggregate}} g left join (select "group", any_value(group_name order by valid_from) as name
  from {{area_group}} group by 1) n using ("group")
  left join editions o on o.source = coalesce(g.official_source, '{OWN}')
  left join statuses s on s.obs_status = g.official_status
where coalesce(g.official_value, g.value) is not null
"""
AHEAD = """
select indicator, ref_area, time_period, value, lower_80, upper_80, lower_95, upper_95,
  probability_target_met, model, last_year
from {projection} where value is not null
"""


def build(folder: Path, out: Path, only: Iterable[str] | None = None) -> list[Path]:
    """Write out/<indicator>.zip for each indicator that has a value, or for some; the files. Raises
    CompactError for a folder that is no release."""
    release = Release(folder, frozenset(only) if only is not None else None)
    made = datetime.fromisoformat(release.card["created"].replace("Z", "+00:00"))
    out.mkdir(parents=True, exist_ok=True)
    _load(release)
    found = [
        row[0] for row in release.con.execute("select distinct indicator from chart order by 1").fetchall()
    ]
    with TemporaryDirectory() as scratch:
        return [
            _write(release, release.indicators[name], out / f"{name}.zip", Path(scratch), made)
            for name in found
        ]


def _load(release: Release) -> None:
    """The rows of all charts as the tables chart and ahead, each indicator's together."""
    con, words = release.con, Words("en")
    con.execute("set timezone = 'UTC'")
    _origins(release)
    con.execute("create table statuses (obs_status varchar, word varchar)")
    found = release.rows("select distinct obs_status from {indicator}", "indicator")
    known = "official_status" in release.columns("aggregate")  # not in the oldest releases
    official = release.rows("select distinct official_status from {aggregate}", "aggregate") if known else []
    for status in sorted({status for (status,) in (*found, *official) if status}):
        said = "; ".join(words.or_code(f"status.{code}", code) for code in dict.fromkeys(status.split(";")))
        con.execute("insert into statuses values ($1, $2)", [status, said])
    values = release.filled(VALUES, "indicator", "area")
    if release.has("aggregate"):
        groups = GROUPS if known else GROUPS.replace("g.official_status", "null::varchar")
        values += "union all " + release.filled(groups, "aggregate", "area_group")
    con.execute(f"create table chart as {values} order by 1, 2, 4")
    if release.has("projection"):
        con.execute(f"create table ahead as {release.filled(AHEAD, 'projection')} order by 1, 2, 3")


def _origins(release: Release) -> None:
    """Return names, editions and licences of the sources, for each combination that occurs in the rows."""
    con, about = release.con, release.sources
    taken = {
        (source, snapshot): (edition, day)
        for source, snapshot, edition, day in release.rows(
            "select source, snapshot, agency_release, fetched_at::date::varchar from {snapshot}", "snapshot"
        )
    }
    newest: dict[str, tuple[str | None, str]] = {}
    for (source, _), (edition, day) in sorted(taken.items(), key=lambda one: one[1][1]):
        newest[source] = (edition, day)
    con.execute(
        "create table origins (source varchar, snapshot varchar, source_name varchar, edition varchar, "
        "fetched varchar, licence varchar)"
    )
    for source, snapshot in release.rows("select distinct source, snapshot from {indicator}", "indicator"):
        names, parts = source.split(";"), snapshot.split(";")
        editions = [taken[n, p] for p in parts for n in names if (n, p) in taken]
        con.execute("insert into origins values ($1, $2, $3, $4, $5, $6)", [
            source, snapshot, *_joined([about.get(n, {}).get("title") or n for n in names]),
            *_joined([edition for edition, _ in editions]), *_joined([day for _, day in editions]),
            *_joined([about.get(n, {}).get("licence") for n in names]),
        ])  # fmt: skip
    con.execute("create table editions as from origins limit 0")
    for name, (edition, day) in newest.items():
        said = about.get(name, {})
        con.execute("insert into editions values ($1, null, $2, $3, $4, $5)",
                    [name, said.get("title") or name, edition, day, said.get("licence")])  # fmt: skip


def _joined(texts: list[str | None]) -> list[str]:
    return ["; ".join(dict.fromkeys(text for text in texts if text))]


def _write(release: Release, item: Indicator, path: Path, scratch: Path, made: datetime) -> Path:
    """One zip. The same release gives the same bytes."""
    parts = {f"{item.id}.csv": "chart"}
    if release.con.execute("select 1 from duckdb_tables() where table_name = 'ahead'").fetchone():
        parts[f"{item.id}-projection.csv"] = "ahead"
    tables = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
        for file, table in parts.items():
            columns = release.con.execute(f"describe {table}").fetchall()
            cells = ", ".join(
                cell(column, kind) if column in FOREIGN else column for column, kind, *_ in columns
            )
            (rows,) = release.con.execute(
                f"copy (select {cells} from {table} where indicator = {quoted(item.id)}) "
                f"to {quoted(str(scratch / file))} (format csv, header true)"
            ).fetchone() or (0,)
            if rows:
                _add(packed, file, (scratch / file).read_bytes(), made)
                tables.append(_schema(file, [column for column, *_ in columns]))
        described = json.dumps(_metadata(release, item, tables), ensure_ascii=False, indent=1)
        _add(packed, f"{item.id}.csv-metadata.json", described.encode(), made)
    return path


def _add(packed: zipfile.ZipFile, name: str, content: bytes, made: datetime) -> None:
    entry = zipfile.ZipInfo(name, date_time=(made.year, made.month, made.day, 0, 0, 0))
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    packed.writestr(entry, content)


def _schema(name: str, columns: list[str]) -> dict[str, Any]:
    kinds = dict.fromkeys(NUMBERS, "number") | {"time_period": "gYear"}
    described = [{"name": c, "titles": c, "datatype": kinds.get(c, "string")} for c in columns]
    return {"url": name, "tableSchema": {"primaryKey": ["ref_area", "time_period"], "columns": described}}


def _metadata(release: Release, item: Indicator, tables: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the meaning of the columns, the unit of the values, their owner and citation."""
    card, words = release.card, Words("en")
    sources = release.con.execute(
        "select distinct source_name, licence, edition from chart where indicator = $1 and source_name "
        "is not null order by all", [item.id]
    ).fetchall()  # fmt: skip
    named = [{"dc:title": name, "dc:rights": terms, "edition": edition} for name, terms, edition in sources]
    titles = "; ".join(dict.fromkeys(name for name, *_ in sources))
    cited = f"Compact Tracker, release {card['id']}: {item.title}. Computed from: {titles}."
    goal = {"value": item.target_value, "year": item.target_year, "set_by": item.target_origin}
    return {
        "@context": "http://www.w3.org/ns/csvw",
        "dc:identifier": item.id,
        "dc:title": item.title,
        "dc:description": item.description,
        "dc:language": "en",
        "dc:isVersionOf": card["id"],
        "dc:issued": card["created"],
        "dc:source": named,
        "dc:rights": "; ".join(dict.fromkeys(licence for _, licence, _ in sources if licence)),
        "dc:bibliographicCitation": cited,
        "unit": {"code": item.unit, "name": words.unit(item.unit)},
        **({"target": goal} if item.target_value is not None else {}),
        "tables": tables,
    }
