"""One import from file to archive: reads, validates, returns rejected rows and stores accepted ones.

rows_in = accepted + rejected, always. Each rejected row is in the returned workbook, and the file itself is
kept.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from schemas.definitions.contribution_templates import MOST_BYTES, TEMPLATES, Template
from schemas.errors import CompactError
from sources.contributions.archive import Archive, utc
from sources.contributions.cells import Received
from sources.contributions.code_checks import Known
from sources.contributions.csv_parser import read_csv
from sources.contributions.rejection_report import added, write_returned
from sources.contributions.template import template_of
from sources.contributions.validation import Judged, judge
from sources.contributions.workbook_parser import read_workbook
from sources.contributions.workbook_safety import refuse
from sources.snapshots.atomic import write_atomic

READERS = {".csv": read_csv, ".xlsx": read_workbook}


@dataclass(frozen=True)
class ImportResult:
    """Result of an import. returned: the workbook of rejected rows; snapshot: sha256 of the file; reasons:
    reason to number of rows; problems: one line per invalid cell; replaced: number of earlier rows
    replaced.
    """

    kind: str
    rows_in: int
    accepted: int
    rejected: int
    returned: Path | None
    snapshot: str
    reasons: Mapping[str, int] = field(default_factory=dict)
    problems: Sequence[Mapping[str, Any]] = ()
    replaced: int = 0
    notes: tuple[str, ...] = ()


def import_file(
    path: Path,
    kind: str | None,
    home: Path,
    *,
    by: str,
    now: datetime,
    known: Known | None = None,
    dry_run: bool = False,
) -> ImportResult:
    """Import a contributed file; kind None: detect it from the header. Raises Refused if the file cannot
    be validated row by row. With dry_run nothing is written.
    """
    if not by.strip():
        raise CompactError("who imports is not said", where="--by", allowed="a name or an address")
    at, data = utc(now), _read(path)
    received = READERS[path.suffix.lower()](data, path.name)
    template, received = matched(received, kind, path.name)
    if not received.rows:
        refuse("holds no rows", path.name, "a row or more below the header", "fill in the template")
    judged = judge(received, template, known or Known(), at.year)
    good, bad = [one for one in judged if not one.faults], [one for one in judged if one.faults]
    result = ImportResult(
        template.kind, len(received.rows), len(good), len(bad), None, hashlib.sha256(data).hexdigest(),
        dict(sorted(Counter(one.faults[0].reason for one in bad).items())), _problems(bad),
        notes=received.notes,
    )  # fmt: skip
    if result.rows_in != result.accepted + result.rejected or sum(result.reasons.values()) != result.rejected:
        raise AssertionError(f"{path.name}: the rows do not add up: {result}")
    return result if dry_run else _keep(path, home, data, template, good, bad, result, by.strip(), at)


def matched(received: Received, kind: str | None, name: str) -> tuple[Template, Received]:
    """Return the template that matches the header, without the columns that a returned workbook adds.

    The header must have all of its columns except optional ones and no other, in any order.
    """
    keep = [index for index, column in enumerate(received.header) if not added(column)]
    header = tuple(received.header[index] for index in keep)
    candidates = [template_of(kind)] if kind else list(TEMPLATES.values())
    nearest = max(candidates, key=lambda template: len(set(template.names) & set(header)))
    absent = {field.name for field in nearest.fields if field.optional} - set(header)
    if sorted([*header, *absent]) != sorted(nearest.names):
        _wrong_header(header, nearest, name)
    shared = {field.name for field in nearest.fields if field.per_file}
    if unknown := sorted(set(received.shared) - shared):
        refuse(f"the sheet `file` names {', '.join(unknown)}", name, ", ".join(sorted(shared)))
    rows = tuple(replace(row, cells=tuple(row.cells[index] for index in keep)) for row in received.rows)
    return nearest, replace(received, header=header, rows=rows)


def _wrong_header(header: Sequence[str], template: Template, name: str) -> None:
    count = Counter(header)
    problems = {
        "missing": [f.name for f in template.fields if f.name not in count and not f.optional],
        "unknown": [column or "(no name)" for column in count if column not in template.names],
        "twice": [column for column, times in count.items() if times > 1 and column],
    }
    said = "; ".join(
        f"{what}: {', '.join(c[:40] for c in columns[:20])}" for what, columns in problems.items() if columns
    )
    refuse(
        f"the header is not that of a template; of {template.kind}, the nearest: {said}",
        name,
        f"exactly {', '.join(template.names)}, in any order",
        f"`compact import --template {template.kind} --out FILE.xlsx` writes an empty one",
    )


def _read(path: Path) -> bytes:
    suffix = path.suffix.lower()
    if suffix not in READERS:
        macros = ": it can hold macros" if suffix in (".xlsm", ".xltm", ".xlsb", ".xlam") else ""
        refuse(
            f"a file in {suffix or 'no suffix'} is not read{macros}",
            path.name,
            ".csv or .xlsx",
            "save it as .xlsx",
        )
    if not path.is_file():
        refuse("there is no such file", str(path), next_step="look at its name and folder")
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        refuse(f"is larger than {MOST_BYTES:,} bytes", path.name, next_step="divide it into several files")
    if not data:
        refuse("is empty", path.name, "a header and a row or more")
    return data


def _keep(
    path: Path, home: Path, data: bytes, template: Template, good: Sequence[Judged], bad: Sequence[Judged],
    result: ImportResult, by: str, at: datetime,
) -> ImportResult:  # fmt: skip
    archive = Archive(home, template.table)
    returned = _return(archive.folder / "returned", path.stem, template, bad, result, at) if bad else None
    event = {
        "file": path.name, "snapshot": result.snapshot, "bytes": len(data), "by": by, "at": at.isoformat(),
        "contract": template.contract, "rows_in": result.rows_in, "accepted": result.accepted,
        "rejected": result.rejected, "reasons": dict(result.reasons),
        "returned": returned.name if returned else None,
    }  # fmt: skip
    origin = {"snapshot": result.snapshot, "imported_at": at, "imported_by": by}
    rows = [{**one.values, "row": one.row.number, **origin} for one in good]
    return replace(result, returned=returned, replaced=archive.add(data, rows, event))


def _return(
    folder: Path, stem: str, template: Template, bad: Sequence[Judged], result: ImportResult, at: datetime
) -> Path:
    """Write the returned workbook. The same file gets the same name, and its workbook is overwritten."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-")[:40] or "file"
    target = folder / f"{plain}-{result.snapshot[:12]}-rejected.xlsx"
    body = io.BytesIO()
    write_returned(body, template, bad, at)
    write_atomic(target, body.getvalue())
    return target


def _problems(bad: Sequence[Judged]) -> list[dict[str, Any]]:
    return [
        {"row": one.row.number, "column": fault.column, "reason": fault.reason, "says": fault.says}
        for one in bad
        for fault in one.faults
    ]
