"""Verifies a release: checksums, contracts, references between the tables, the ledger's reconciliation, and
verdicts against probabilities.

Used on the finished folder before publication, and by anyone on a published release. It fixes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.display import counted
from schemas.tables.arrow import arrow_schema
from schemas.tables.contributions import CONTRIBUTION_TABLES
from schemas.tables.registry import TABLES
from sources.snapshots.store import Store
from warehouse.engine.duckdb_engine import engine, parquet
from warehouse.store.publish import CARD, snapshots_of
from warehouse.verification.database import DATABASE, database_findings
from warehouse.verification.files import card_findings, checksum_findings, is_regular
from warehouse.verification.finding import CHECKSUM, Finding
from warehouse.verification.verdicts import verdict_findings

__all__ = ["Finding", "store_findings", "table_findings", "verify_release"]

EXAMPLES = 5
RECONCILED = ("observation", "quarantine", "ledger")
JUDGED = ("progress", "projection")
# Column to the table and column with its valid values. A cell may hold several, joined by ';'.
REFERENCES = {
    "indicator": ("indicator_meta", "indicator"),
    "ref_area": ("area", "ref_area"),
    "source": ("source", "source"),
    "snapshot": ("snapshot", "snapshot"),
    "group": ("area_group", "group"),
    "official_source": ("source", "source"),
}
# Columns of the same name with another meaning.
NOT_REFERENCES = {
    ("area_group", "source"),
    ("indicator_meta", "group"),
    ("crosswalk", "source"),  # the document that links them, usually a URL
    # contributions: validated at import, by the lists of that day
    *((table.name, column) for table in CONTRIBUTION_TABLES for column in table.names),
}
# A snapshot that was read has a reconciliation; a refused row belongs to one.
MORE_REFERENCES = (
    ("observation", "snapshot", "ledger", "snapshot"),
    ("quarantine", "snapshot", "ledger", "snapshot"),
    # A published value comes from observations that are published with it.
    *(
        (table, column, "observation", column)
        for table in ("indicator", "latest")
        for column in ("series", "snapshot")
    ),
)


def verify_release(folder: Path, release_id: str = "") -> list[Finding]:
    """Return all problems of a published release; empty if it is intact.

    It does not recompute values, see recompute.py.

    Args:
        folder: the release's folder.
        release_id: the id that the release must have; the folder's name by default.
    """
    findings = checksum_findings(folder)
    card, problems = card_findings(folder, release_id)
    findings += problems
    changed = {finding.file for finding in findings if finding.check == CHECKSUM}
    present = [name for name in TABLES if is_regular(folder / f"{name}.parquet")]
    unusable = changed | {f"{name}.parquet" for name in TABLES if name not in present}
    if card is None or CARD in changed:  # its content cannot be trusted
        return sorted({*findings, *table_findings(folder, without=unusable)})
    missing = [
        Finding(f"{name}.parquet", "files", "is missing")
        for name in TABLES
        if name in card["tables"] and name not in present
    ]
    if missing:
        return sorted({*findings, *missing})
    findings += table_findings(folder, without=unusable)
    findings += _row_numbers(folder, card, unusable)
    if DATABASE not in changed and not any(finding.check == "contract" for finding in findings):
        findings += _database(folder, card)
    return sorted(findings)


def _database(folder: Path, card: Mapping[str, Any]) -> Iterator[Finding]:
    if not is_regular(folder / DATABASE):
        yield Finding(DATABASE, "files", "is missing")
        return
    yield from database_findings(folder, [name for name in TABLES if name in card["tables"]])


def table_findings(
    folder: Path,
    *,
    fresh: bool = False,
    without: Collection[str] = frozenset(),
    checked: Collection[str] = frozenset(),
) -> list[Finding]:
    """Return the problems of the tables: contracts first, and if they hold, references and reconciliation.

    without: files known to be damaged, which are not opened; fresh: every table must exist with its current
    description. An older release may have older descriptions and lack later tables and columns. checked:
    tables that passed with these bytes and this code; what concerns only them is not checked again.
    """
    there = [
        name
        for name in TABLES
        if fresh or ((folder / f"{name}.parquet").is_file() and f"{name}.parquet" not in without)
    ]
    findings = list(_contracts(folder, [name for name in there if name not in checked], fresh))
    if findings:
        return findings
    with engine() as con:
        for name in there:
            con.execute(f'create temp view "{name}" as select * from {parquet(folder / f"{name}.parquet")}')
        reconciled, judged = (
            all(name in there for name in names) and not all(name in checked for name in names)
            for names in (RECONCILED, JUDGED)
        )
        return [
            *_references(con, there, checked),
            *(_ledger(con) if reconciled else ()),
            *(verdict_findings(con, fresh=fresh) if judged else ()),
        ]


def store_findings(folder: Path, store: Store) -> list[Finding]:
    """Return the broken links from a release to the snapshot store: unknown snapshots, snapshots that do
    not match their pages, and damaged pages. A page that was removed on purpose is not a fault.
    """
    findings = [Finding("snapshots", "stored bytes", what) for what in store.verify()]
    for name in sorted(snapshots_of(folder)):
        known = store.find(name)
        if not known:
            findings.append(Finding("snapshots", "lineage", f"snapshot {name[:12]} is not in the manifest"))
        elif store.is_whole(known[0]):
            digest = sha256()
            for page in known[0].pages:
                digest.update(store.objects.path(page.sha256).read_bytes())
            if digest.hexdigest() != name:
                findings.append(
                    Finding("snapshots", "lineage", f"the pages of {name[:12]} do not make its name")
                )
    return sorted(findings)


def references() -> Iterator[tuple[str, str, str, str]]:
    """Yield table, column, and the table and column that it refers to."""
    for name, table in TABLES.items():
        for column in table.names:
            if (
                column in REFERENCES
                and (name, column) not in NOT_REFERENCES
                and REFERENCES[column][0] != name
            ):
                yield name, column, *REFERENCES[column]
    yield from MORE_REFERENCES


def _contracts(folder: Path, names: Sequence[str], fresh: bool) -> Iterator[Finding]:
    from schemas.tables.validation import (  # importing Pandera and pandas takes half a second
        ContractViolation,
        validate_file,
    )

    for name in names:
        table = TABLES[name]
        try:
            schema = validate_file(folder / f"{name}.parquet", table, of_its_day=not fresh)
        except (OSError, pa.ArrowException) as error:
            yield Finding(f"{name}.parquet", "contract", f"cannot be read: {error}")
            continue
        except ContractViolation as error:
            yield Finding(f"{name}.parquet", "contract", error.what)
            continue
        if fresh and not schema.equals(arrow_schema(table), check_metadata=True):
            yield Finding(
                f"{name}.parquet", "contract", "the descriptions of its columns are not the current ones"
            )


def _references(
    con: duckdb.DuckDBPyConnection, names: Sequence[str], checked: Collection[str]
) -> Iterator[Finding]:
    for table, column, to, known in references():
        if table not in names or to not in names or (table in checked and to in checked):
            continue
        rows = con.execute(f"""
            with wanted as (
                select distinct unnest(string_split("{column}", ';')) as code
                from "{table}"
                where "{column}" is not null)
            select code
            from wanted
            anti join "{to}" as known on known."{known}" = wanted.code
            order by code""").fetchall()
        if rows:
            some = ", ".join(str(row[0])[:20] for row in rows[:EXAMPLES])
            yield Finding(
                f"{table}.parquet",
                "reference",
                f"{counted(len(rows), 'value')} of {column} not in {to}.parquet: {some}",
            )


def _ledger(con: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Check that rows_in = rows_out + rows_rejected, that the reasons add up, and that listed rows match the
    counts.

    observation holds only the series that an indicator uses, so it may have fewer rows than were kept, never
    more.
    """
    kept = dict(con.execute("select snapshot, count(*) from observation group by all").fetchall())
    listed: dict[tuple[str, str], dict[str, int]] = {}
    for source, snapshot, reason, rows in con.execute(
        "select source, snapshot, reason, count(*) from quarantine group by all"
    ).fetchall():
        listed.setdefault((source, snapshot), {})[reason] = rows
    for source, snapshot, rows_in, rows_out, rejected, text in con.execute(
        "select source, snapshot, rows_in, rows_out, rows_rejected, reasons from ledger order by all"
    ).fetchall():
        reasons: dict[str, int] = json.loads(text)
        place = f"{source} {snapshot[:12]}"
        if rows_in != rows_out + rejected:
            yield Finding(
                "ledger.parquet",
                "reconciliation",
                f"{place}: {rows_in} in, {rows_out} out, {rejected} rejected",
            )
        if sum(reasons.values()) != rejected:
            yield Finding(
                "ledger.parquet",
                "reconciliation",
                f"{place}: {rejected} rejected, the reasons add up to {text}",
            )
        if kept.get(snapshot, 0) > rows_out:
            yield Finding(
                "observation.parquet",
                "reconciliation",
                f"{place}: {kept[snapshot]} rows, the ledger kept {rows_out}",
            )
        for reason, rows in listed.get((source, snapshot), {}).items():
            if reasons.get(reason) != rows:
                yield Finding(
                    "quarantine.parquet",
                    "reconciliation",
                    f"{place}: {rows} rows refused as {reason}, the ledger counts {reasons.get(reason, 0)}",
                )


def _row_numbers(folder: Path, card: Mapping[str, Any], without: Collection[str]) -> Iterator[Finding]:
    for name, facts in card["tables"].items():
        path = folder / f"{name}.parquet"
        if name not in TABLES or path.name in without:
            continue
        try:
            rows = pq.read_metadata(path).num_rows
        except (OSError, pa.ArrowException):  # reported with the contracts
            continue
        if rows != facts["rows"]:
            yield Finding(CARD, "rows", f"says {facts['rows']} rows for {path.name}, which has {rows}")
