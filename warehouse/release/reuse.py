"""Decides which tables equal those of the previous release, and links their files instead of computing them.

A table is linked if its fingerprint, which covers everything that it is computed from, is the recorded one,
and the file of the previous release is still the published one. tables.py computes the others.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from schemas.columns.observation import OBSERVATION
from schemas.tables.assessment import KEPT_OUT
from schemas.tables.companies import COMPANY_RATING
from schemas.tables.registry import INDICATOR, LEDGER, QUARANTINE, REVISION, TABLES
from sources.snapshots.atomic import replacing
from warehouse.distributed.backend import engine_version
from warehouse.engine.duckdb_engine import code_fingerprint
from warehouse.evaluation.beside import beside
from warehouse.release.inputs import CODE, ReleaseInputs
from warehouse.store.publish import CARD, file_sha256, read_release_metadata

PARTS = "parts.json"  # fingerprint of each table that a later release may link, and of the code
NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}
# The models compile formulas to SQL; the code that does so is below the warehouse.
MODEL_CODE = (*CODE, "indicators/**/*.py")
COMPARED = {REVISION.name}  # these tables compare with the previous release, so they are never the same
PREVIOUS = ("previous_indicator", "previous_release")  # inputs of those tables alone


@dataclass(frozen=True)
class Parts:
    """The tables of a release that a later one may link.

    code: fingerprint of the code that computed and checked them; fingerprints: table to the fingerprint of
    its inputs; sums: table to the sha256 of its published file.
    """

    folder: Path | None
    code: str
    fingerprints: Mapping[str, str]
    sums: Mapping[str, str]


NOTHING = Parts(None, "", {}, {})


def parts_of(release: Path | None) -> Parts:
    """Return the parts of a release; nothing for a release that does not record them."""
    if release is None or not ((release / PARTS).is_file() and (release / CARD).is_file()):
        return NOTHING
    try:
        recorded: dict[str, Any] = json.loads((release / PARTS).read_text(encoding="utf-8"))
        tables = read_release_metadata(release)["tables"]
        sums = {str(name): str(facts["sha256"]) for name, facts in tables.items()}
        return Parts(release, str(recorded["code"]), dict(recorded["tables"]), sums)
    except (ValueError, KeyError, TypeError, AttributeError):  # damaged: everything is computed
        return NOTHING


def code_of_tables() -> str:
    """Return the fingerprint of the code and engine that compute and check the tables."""
    return _digest(code_fingerprint(*MODEL_CODE), engine_version())


def write_parts(folder: Path, fingerprints: Mapping[str, str]) -> None:
    """Write the fingerprints of the tables beside them."""
    document = {"code": code_of_tables(), "tables": dict(sorted(fingerprints.items()))}
    with replacing(folder / PARTS, durable=False) as partial:
        partial.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def defined_fingerprints(inputs: ReleaseInputs) -> dict[str, str]:
    """Return the fingerprints of the large tables that no model computes. The others are computed always."""
    staged = [[name, path.parent.name] for name, path in sorted(inputs.staged.items())]
    evaluated = [[name, *_contents(path)] for name, path in sorted(inputs.evaluated.items())]
    used = sorted(
        {
            (item.source, item.series)
            for entry in inputs.catalogue.values()
            for items in entry.indicator.named_inputs().values()
            for item in items
            if item.source and item.series
        }
    )
    of_staged = {table.name: staged for table in (LEDGER, QUARANTINE, COMPANY_RATING)}
    of_evaluated = {table.name: evaluated for table in (INDICATOR, KEPT_OUT)}
    given: dict[str, list[Any]] = {OBSERVATION.name: [staged, used], **of_staged, **of_evaluated}
    code = code_of_tables()
    return {name: _digest(code, name, json.dumps(one)) for name, one in given.items()}


def _contents(path: Path) -> list[str]:
    """Return the sha256 of an indicator's rows and of those that were kept out: the name of the file says
    what they were computed from, not what it holds.
    """
    return [file_sha256(file) for file in (path, beside(path, KEPT_OUT)) if file.exists()]


def models_fingerprint(con: duckdb.DuckDBPyConnection, folder: Path) -> str:
    """Return the fingerprint of everything that a model can read: the code, the values, and the content of
    every loaded table but the previous release's. It is the same for all models.

    Args:
        con: a connection with the inputs of the models.
        folder: the folder of indicator.parquet, which the models read as a file.
    """
    names = con.execute(
        "select table_name from duckdb_tables() where temporary order by table_name"
    ).fetchall()
    parts = [code_of_tables(), file_sha256(folder / f"{INDICATOR.name}.parquet")]
    for (name,) in names:
        if name not in PREVIOUS:
            described = con.execute(f'describe "{name}"').fetchall()
            columns = ", ".join(f'"{column[0]}"' for column in described)
            # the order of the rows has no meaning, as the engine does not keep it either
            content = con.execute(f"""
                select count(*), sum(h::hugeint), bit_xor(h), sum(hash(h, 'again')::hugeint)
                from (select hash({columns}) as h from "{name}")""").fetchall()
            parts.append(repr((name, described, content)))
    return _digest(*parts)


def link_unchanged(parts: Parts, name: str, fingerprint: str | None, folder: Path) -> int | None:
    """Link a table of the previous release if nothing that it depends on has changed.

    Args:
        parts: the parts of the previous release.
        name: the table.
        fingerprint: of its inputs; None for a table that is always computed.
        folder: where the table goes.

    Returns:
        Its number of rows; None if it must be computed, also because the file is not the published one.
    """
    if parts.folder is None or fingerprint is None or parts.fingerprints.get(name) != fingerprint:
        return None
    file = f"{name}.parquet"
    published, path = parts.folder / file, folder / file
    try:
        path.unlink(missing_ok=True)
        link_or_copy(published, path)
        if file_sha256(path) == parts.sums.get(name):
            return int(pq.read_metadata(path).num_rows)
    except FileNotFoundError:
        return None
    path.unlink()  # a damaged file; the previous release keeps its own, for `compact verify` to report
    return None


def link_all(parts: Parts, names: Sequence[str], fingerprint: str, folder: Path) -> dict[str, int]:
    """Link these tables and return their numbers of rows; nothing if one of them must be computed."""
    linked: dict[str, int] = {}
    for name in names:
        rows = link_unchanged(parts, name, fingerprint, folder)
        if rows is None:
            return {}
        linked[name] = rows
    return linked


def unchanged_tables(parts: Parts, folder: Path) -> frozenset[str]:
    """Return the tables with the bytes that the previous release published after checks by the same code."""
    if parts.folder is None or parts.code != code_of_tables():
        return frozenset()
    return frozenset(
        name for name in TABLES if parts.sums.get(name) == file_sha256(folder / f"{name}.parquet")
    )


def link_or_copy(source: Path, target: Path) -> None:
    """Link a file, or copy it where the file system has no links. Published files are replaced, never
    rewritten, so that a link never changes.
    """
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        shutil.copyfile(source, target)


def _digest(*parts: str) -> str:
    return sha256("\0".join(parts).encode()).hexdigest()
