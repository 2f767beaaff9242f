"""The result of staging: the three tables of a source, their reconciliation, and the fingerprint they are
stored under.

sources/staging/stage.py makes them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path

from schemas.definitions.source import Source
from schemas.errors import CompactError
from sources.model import Counted, SnapshotFiles
from sources.registry.sources import SOURCES
from sources.settings import CHECKOUT

# Fields of source.yaml that cannot change a staged row; all others count.
OTHER_FIELDS = {
    *("title", "agency", "homepage", "description", "licence", "citation", "cadence", "notes"),
    *("contract_verified", "contract_note", "base_url", "hosts", "rate", "limits", "freshness", "validators"),
    *("acceptance", "probe"),
}
# The code that makes the rows: better one module too many than one too few.
CODE = (
    "sources/*.py",
    "sources/registry/*.py",
    "sources/readers/**/*.py",
    "sources/staging/**/*.py",
    "sources/staging/**/*.sql",
    "schemas/codelists/*",
    "schemas/columns/*.py",
    *(f"schemas/tables/{name}.py" for name in ("arrow", "registry", "validation")),
)


class StageProblem(CompactError):
    """Snapshots that cannot be staged. reasons: blocking reason to number of rows."""

    def __init__(
        self, what: str, *, where: str = "", next_step: str = "", reasons: dict[str, int] | None = None
    ) -> None:
        super().__init__(what, where=where, next_step=next_step)
        self.reasons = reasons or {}


@dataclass
class SnapshotCounts(Counted):
    """The reconciliation of one snapshot, as its ledger has it."""

    snapshot: str = ""


@dataclass(frozen=True)
class StagedSource:
    """A source's staged tables. reused: they existed already, and no work was done."""

    source: str
    fingerprint: str
    folder: Path
    reused: bool = False

    @property
    def observation(self) -> Path:
        return self.folder / "observation.parquet"

    @property
    def quarantine(self) -> Path:
        return self.folder / "quarantine.parquet"

    @property
    def ledger_file(self) -> Path:
        return self.folder / "ledger.parquet"

    @cached_property
    def counts(self) -> tuple[SnapshotCounts, ...]:
        """Return the reconciliation of each snapshot, read from the written files."""
        from schemas.tables.arrow import read_columns

        return tuple(
            SnapshotCounts(row["rows_in"], row["rows_out"], json.loads(row["reasons"]), row["snapshot"])
            for row in read_columns(self.ledger_file).to_pylist()
        )

    def ledger(self) -> list[SnapshotCounts]:
        return list(self.counts)

    @property
    def rows_in(self) -> int:
        return sum(count.rows_in for count in self.counts)

    @property
    def rows_out(self) -> int:
        return sum(count.rows_out for count in self.counts)

    @property
    def reasons(self) -> dict[str, int]:
        """Return reason to number of refused rows, over all snapshots."""
        total: dict[str, int] = {}
        for count in self.counts:
            for reason, rows in count.reasons.items():
                total[reason] = total.get(reason, 0) + rows
        return dict(sorted(total.items()))


def fingerprint(source: Source, files: Sequence[SnapshotFiles], folder: Path = SOURCES) -> str:
    """Return the fingerprint of all inputs of the staged tables: snapshots, definitions, code, and the
    libraries that write them.
    """
    digest = hashlib.sha256(_code().encode())
    for part in (
        *sorted(f.snapshot + f.fetched[:4] for f in files),
        source.model_dump_json(exclude=OTHER_FIELDS),
    ):
        digest.update(f"{len(part)}:{part}".encode())
    for name in ("series.csv", "corrections.yaml"):
        _add(digest, folder / source.id / name)
    return digest.hexdigest()


@cache
def _code() -> str:
    digest = hashlib.sha256(f"duckdb {version('duckdb')} pyarrow {version('pyarrow')}".encode())
    for pattern in CODE:
        for path in sorted(CHECKOUT.glob(pattern)):
            _add(digest, path)
    return digest.hexdigest()


def _add(digest: hashlib._Hash, path: Path) -> None:
    body = path.read_bytes() if path.is_file() else b""
    digest.update(f"{path.name}:{len(body)}:".encode() + body)
