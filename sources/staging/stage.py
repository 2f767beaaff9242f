"""Stage: converts the snapshots of one source to canonical observations, with ledger and quarantine.

The reader makes the table `raw_row`, the SQL in sources/staging classifies its rows, and three parquet files
are written to a temporary folder and renamed into place. The steps are the same for every source; differences
are data, in source.yaml and its neighbours.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.columns.observation import FIRST_YEAR, LAST_YEAR
from schemas.definitions.source import Source
from sources.model import SnapshotFiles
from sources.readers_protocol import Reader
from sources.registry.renames import renamed
from sources.registry.sources import SOURCES, SeriesInfo, load_series, reader_of
from sources.snapshots.cache_record import read_record, write_record
from sources.staging.corrections import apply_corrections, load_corrections
from sources.staging.result import SnapshotCounts, StagedSource, StageProblem, fingerprint
from sources.staging.staged_files import (
    EXAMPLES,
    OUR_MISTAKE,
    check_pages,
    discard,
    rename_into_place,
    source_values,
    statement,
    write_tables,
)

if TYPE_CHECKING:
    import duckdb

__all__ = [
    "RED",
    "SnapshotCounts",
    "StageProblem",
    "StagedSource",
    "check_arrived",
    "fingerprint",
    "stage_source",
]

RECORD = "digests.json"
SHOWN = 300  # characters of an example
MEMORY_LIMIT = "1500MB"  # of DuckDB; what does not fit goes to a temporary folder under COMPACT_HOME
# Reasons that stop a run: the response contains something unreadable, so nothing may be published from it.
# Each has a hint; all other reasons are expected refusals, which are counted.
RED = {
    "unknown_area": "add the code to areas.aliases or areas.not_carried",
    "bad_time_period": "declare a rule under `periods` (fiscal, range, quarter: first, last or "
    "leave_out), or "
    "have the reader refuse the row with a reason of its own",
    "bad_value": "if the text stands for no value, add it to `missing`; if for a number, fix the reader",
    "bad_bound": "if the text stands for no bound, add it to `missing`; if for a number, fix the reader",
    "bad_series": "the reader must name the series of each row",
    "unknown_dimension": "declare it under `dimensions`",
    "bad_dimension": "map the code under `dimensions`, in `codes`",
    "unknown_unit": "map the code under `units`",
    "bad_unit_mult": "the multiplier must be a power of ten from -9 to 12",
    "unknown_status": "map the flag under `statuses`",
    "conflicting_key": "look which dimension tells the rows apart, and declare it under `dimensions`",
}


def staged_table(
    source: Source, files: Sequence[SnapshotFiles], home: Path, folder: Path = SOURCES
) -> StagedSource | None:
    """Return the tables that `stage_source` would make, if they exist unchanged."""
    mark = fingerprint(source, list({f.snapshot: f for f in files}.values()), folder)
    target = home.resolve() / "staged" / source.id / mark
    whole = target.is_dir() and read_record(target / RECORD) is not None
    return StagedSource(source.id, mark, target, reused=True) if whole else None


def stage_source(
    source: Source,
    files: Sequence[SnapshotFiles],
    home: Path,
    folder: Path = SOURCES,
    *,
    reader: Reader | None = None,
    series: Mapping[str, SeriesInfo] | None = None,
) -> StagedSource:
    """Stage the snapshots of a source under home/staged, reusing existing tables. Raises StageProblem if the
    response contains something unreadable.

    reader, series: by default those named in the source's folder.
    """
    files = list({f.snapshot: f for f in files}.values())  # equal bytes are one snapshot
    mark = fingerprint(source, files, folder)
    target = home.resolve() / "staged" / source.id / mark
    if target.is_dir():
        if read_record(target / RECORD) is not None:
            return StagedSource(source.id, mark, target, reused=True)
        discard(target)
    check_pages(files)
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".partial-", dir=target.parent))
    try:
        with _connect(home.resolve(), aside, files) as con:
            _judge(con, source, files, folder, reader or reader_of(source), series)
            write_tables(con, source, files, aside)
        shutil.rmtree(aside / "spill", ignore_errors=True)
        write_record(aside / RECORD, {}, sorted(aside.glob("*.parquet")))
        rename_into_place(aside, target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return StagedSource(source.id, mark, target)


def check_arrived(source: Source, asked: Iterable[str], staged: StagedSource) -> None:
    """Raise StageProblem if a requested series has no row: the agency renamed or withdrew it."""
    import duckdb

    with duckdb.connect() as con:
        arrivals = {
            series
            for (series,) in con.execute(
                "select distinct series from read_parquet($files, union_by_name = true)",
                {"files": [str(staged.observation), str(staged.quarantine)]},
            ).fetchall()
        }
    if lost := sorted(set(asked) - arrivals):
        others = ", ".join(sorted(arrivals - set(asked) - {None})[:EXAMPLES])
        raise StageProblem(
            f"source {source.id}: {len(lost)} series asked for did not arrive: {', '.join(lost[:EXAMPLES])}"
            + (f"; series that came unasked: {others}" if others else ""),
            where=f"sources/agencies/{source.id}/source.yaml",
            next_step=(f"{now}. " if (now := renamed(source.id, lost)) else "look it up at the agency; ")
            + "if it was renamed, change series.csv and the indicators",
        )


def _connect(home: Path, aside: Path, files: Sequence[SnapshotFiles]) -> duckdb.DuckDBPyConnection:
    """Open an in-memory database that can read the pages, write to the temporary folder, and reach nothing
    else.
    """
    import duckdb

    con = duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "memory_limit": MEMORY_LIMIT,
            "temp_directory": str(aside / "spill"),
            "preserve_insertion_order": False,
        }
    )
    allowed = sorted({str(home), *(str(page.resolve().parent) for f in files for page in f.pages)})
    con.execute("set allowed_directories = $allowed", {"allowed": allowed})
    con.execute("set enable_external_access = false")
    con.execute(
        "create macro read_number(text) as if(regexp_full_match(text, "
        r"'[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?'), try_cast(text as double), null)"
    )
    return con


def _judge(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    files: Sequence[SnapshotFiles],
    folder: Path,
    reader: Reader,
    series: Mapping[str, SeriesInfo] | None,
) -> None:
    """Make `judged` from the pages, and stop on blocking reasons."""
    from sources.staging.lookups import make_lookups

    con.execute(
        "create temp table raw_row_rejected (snapshot varchar, row bigint, reason varchar, detail varchar)"
    )
    con.execute("create temp table raw_row_counted (snapshot varchar, reason varchar, rows bigint)")
    reader.raw_rows(con, source, files)
    make_lookups(con, source, dict(load_series(source.id, folder) if series is None else series))
    con.execute(statement("classify"), {"first_year": FIRST_YEAR, "last_year": LAST_YEAR})
    sent, distinct_rows, judged = con.execute("""
        select
            (select count(*) from raw_row),
            (select count(*) from (select distinct snapshot, row from raw_row where row >= 0)),
            (select count(*) from judged)""").fetchone() or (0, 0, 0)
    if not sent == distinct_rows == judged:
        raise StageProblem(
            f"the ledger of {source.id} does not add up: the reader made {sent} rows with "
            f"{distinct_rows} numbers, and {judged} were judged",
            next_step=OUR_MISTAKE,
        )
    con.execute(statement("duplicates"))
    con.execute(
        "update judged set reason = repeats.reason from repeats "
        "where judged.snapshot = repeats.snapshot and judged.row = repeats.row"
    )
    failed = apply_corrections(con, load_corrections(source.id, folder))
    reasons, sentences = _red_reasons(con, source)
    sentences += failed
    if sentences:
        raise StageProblem(
            "\n".join(sentences),
            where=f"sources/agencies/{source.id}/source.yaml",
            reasons=reasons,
            next_step=" ".join(f"{reason}: {RED[reason]}." for reason in reasons)
            + (" Corrections: fix corrections.yaml." if failed else ""),
        )


def _red_reasons(con: duckdb.DuckDBPyConnection, source: Source) -> tuple[dict[str, int], list[str]]:
    refused = con.execute(
        "select reason, snapshot, count(*) from judged where list_contains($red, reason) "
        "group by all order by all",
        {"red": list(RED)},
    ).fetchall()
    reasons: dict[str, int] = {}
    sentences = []
    for reason, snapshot, rows in refused:
        reasons[reason] = reasons.get(reason, 0) + rows
        details = con.execute(
            f"select detail, count(*) as n from ({statement('quarantine')}) where snapshot = $snapshot "
            f"and reason = $reason group by detail order by n desc, detail limit {EXAMPLES}",
            source_values(source) | {"snapshot": snapshot, "reason": reason},
        ).fetchall()
        shown = [(_short(str(detail)), n) for detail, n in details]
        listed = "; ".join(f"{detail} ({n} rows)" if n > 1 else detail for detail, n in shown)
        sentences.append(f"{reason}: {rows} rows of snapshot {snapshot[:12]}: {listed}")
    return reasons, sentences


def _short(text: str) -> str:
    """Shorten an agency's text for a message: its full length is in the stored bytes."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text)} characters)"
