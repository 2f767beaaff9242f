"""The lookup tables that staging joins to an agency's rows, from source.yaml, series.csv and the code lists.

Each maps an agency's code to ours; sources/staging/sql/classify.sql refuses codes that are missing from a
lookup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

import pyarrow as pa

from schemas.codelists.code_maps import code_map, not_carried
from schemas.codelists.reader import CODELISTS
from schemas.codelists.units import unit_map
from schemas.columns.observation import CODE_PATTERN, OBS_STATUSES
from schemas.definitions.source import Source
from schemas.definitions.yaml_file import load_yaml
from sources.registry.sources import SeriesInfo
from sources.staging.periods import period_rows

if TYPE_CHECKING:
    import duckdb

Row = Sequence[str | int | None]
DIMENSIONS = ("sex", "age", "urbanisation", "quantile", "education", "other_dims")
TOTAL = "_T"


def make_lookups(con: duckdb.DuckDBPyConnection, source: Source, series: Mapping[str, SeriesInfo]) -> None:
    """Create every lookup. Requires `raw_row`, from which the combinations of dimensions are taken."""
    _table(con, "area_lookup", ("code", "ref_area", "not_carried"), area_rows(source))
    _table(con, "missing_lookup", ("text", "obs_status"), source.missing.items())
    _table(con, "unit_lookup", ("code", "unit"), (unit_map() | source.units).items())
    _table(con, "series_lookup", ("series", "unit"), ((s.code, s.unit) for s in series.values()))
    # A flag that is an SDMX code has its SDMX meaning. C is our own code, so an agency's C must be mapped.
    flags = {s: s for s in OBS_STATUSES if s != "C"} | source.statuses
    sent = con.execute("select distinct trim(status) from raw_row where status is not null").fetchall()
    composed = {flag: status for (flag,) in sent if flag not in flags if (status := _composed(source, flag))}
    _table(con, "status_lookup", ("code", "obs_status"), (flags | composed).items())
    _table(con, "nature_lookup", ("code", "obs_status"), source.statuses.items())
    sent = con.execute(
        "select distinct trim(time_period) from raw_row where time_period is not null"
    ).fetchall()
    con.execute("create temp table period_lookup (text varchar, year smallint, left_out boolean)")
    for period in period_rows(source, [text for (text,) in sent]):
        con.execute("insert into period_lookup values ($1, $2, $3)", list(period))
    con.execute(
        "create temp table dims_seen as "
        "select row_number() over (order by dims::varchar) as id, dims "
        "from (select distinct dims from raw_row)"
    )
    seen = con.execute("select id, dims from dims_seen order by id").fetchall()
    _table(
        con,
        "dims_lookup",
        ("id", *DIMENSIONS, "reason", "detail"),
        ((number, *dimension_codes(source, dims or {})) for number, dims in seen),
    )


def _composed(source: Source, flags: str) -> str:
    """Return the status of combined flags: that of the letter that the source lists first; empty if a
    letter is not listed.
    """
    order = source.status_precedence
    if len(flags) < 2 or not set(flags) <= set(order):
        return ""
    return source.statuses[min(flags, key=order.index)]


def area_rows(source: Source) -> list[tuple[str, str | None, str | None]]:
    """Return code, ref_area or null, and why the area is not carried. The source's own mapping precedes
    the lists.
    """
    carried = {code: (code, area, None) for code, area in code_map(source.areas.scheme).items()}
    left_out = not_carried(source.areas.scheme) | source.areas.not_carried
    refused = {code: (code, None, reason) for code, reason in left_out.items()}
    aliases = {code: (code, area, None) for code, area in source.areas.aliases.items()}
    return list((carried | refused | aliases).values())


def dimension_codes(source: Source, dims: Mapping[str, str | None]) -> tuple[str | None, ...]:
    """Map an agency's dimensions to ours: the DIMENSIONS in order, then reason and detail if they are
    refused.
    """
    ours: dict[str, str] = {}
    for name, code in sorted(dims.items()):
        rule = source.dimensions.get(name)
        if rule is None:
            return (
                *[None] * len(DIMENSIONS),
                "unknown_dimension",
                f"dimension {name} (here {code}) is not declared",
            )
        sent = (code or "").strip()
        mapped = rule.codes.get(sent, sent)
        if sent not in rule.codes and not is_own_code(rule.to, sent):
            return (
                *[None] * len(DIMENSIONS),
                "bad_dimension",
                f"dimension {name} has the code {code!r}, which is not mapped and is none of our {rule.to}",
            )
        if not re.match(CODE_PATTERN, mapped) or (rule.to.isupper() and "=" in mapped):
            return *[None] * len(DIMENSIONS), "bad_dimension", f"dimension {name} has the code {code!r}"
        if ours.get(rule.to, TOTAL) not in (TOTAL, mapped) and mapped != TOTAL:
            return (
                *[None] * len(DIMENSIONS),
                "bad_dimension",
                f"{rule.to} is both {ours[rule.to]} and {mapped} (from {name})",
            )
        if mapped != TOTAL or rule.to not in ours:
            ours[rule.to] = mapped
    other = ";".join(
        f"{name}={code}" for name, code in sorted(ours.items()) if name.isupper() and code != TOTAL
    )
    return *(ours.get(name, TOTAL) for name in DIMENSIONS[:-1]), other or TOTAL, None, None


@cache
def _own_codes() -> dict[str, re.Pattern[str]]:
    rules = load_yaml(CODELISTS / "dimension_codes.yaml").data
    return {name: re.compile(rule["codes"]) for name, rule in rules.items()}


def is_own_code(dimension: str, code: str) -> bool:
    """Return whether a code may pass unmapped in one of our dimensions. Those in upper case hold agencies'
    own codes.
    """
    pattern = _own_codes().get(dimension)
    return pattern is None or pattern.fullmatch(code) is not None


def _table(con: duckdb.DuckDBPyConnection, name: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    listed = list(rows)
    arrays = [
        pa.array([row[i] for row in listed], pa.int64() if column == "id" else pa.string())
        for i, column in enumerate(columns)
    ]
    con.register("lookup_rows", pa.table(arrays, names=list(columns)))
    con.execute(f"create temp table {name} as from lookup_rows")
    con.unregister("lookup_rows")
