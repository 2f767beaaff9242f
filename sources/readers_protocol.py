"""The protocol of a reader module in sources/readers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from schemas.definitions.source import Source
from sources.http.session import Session
from sources.model import Resource, SnapshotFiles, SourceResponse

if TYPE_CHECKING:
    import duckdb


class Reader(Protocol):
    """One wire format. A module in sources/readers with these three functions.

    It may have a fourth, has_release(source, resources): whether the freshness request applies to these
    resources. A source with two routes returns False for those of the one with another release."""

    def plan(self, source: Source, series: Sequence[str]) -> list[Resource]:
        """Return the resources that have these series."""

    def fetch(self, source: Source, resource: Resource, session: Session) -> SourceResponse:
        """Fetch all pages and check that the response is complete. Raises SourceUnavailable or
        InvalidResponse.
        """

    def raw_rows(
        self, con: duckdb.DuckDBPyConnection, source: Source, files: Sequence[SnapshotFiles]
    ) -> None:
        """Create the temporary table `raw_row` with RAW_COLUMNS: every row of the snapshots, without
        exception. dims is MAP(VARCHAR, VARCHAR): the agency's dimension to its code; row is BIGINT, unique
        within a snapshot.

        Two more temporary tables are read where a reader makes them: `raw_row_rejected(snapshot, row, reason,
        detail)`: rows of `raw_row` that the reader refuses, with its reason; `raw_row_counted(snapshot,
        reason, rows)`: rows not in `raw_row` at all, of a reason in source.counted_only."""
