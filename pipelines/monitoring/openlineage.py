"""OpenLineage events: which data each step read and wrote, for tools that collect them. Off unless
COMPACT_OPENLINEAGE_URL is set: file:///path appends JSON lines, https://… posts each event.

The events are built by OpenLineage's own library (spec 2-0-2). Sent is what the definitions and the release
say anyway: no environment, no secret. A receiver that fails is told once, and stops nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from uuid import NAMESPACE_URL, uuid5

import requests

from schemas.columns.model import Table
from schemas.definitions.indicator import Indicator
from schemas.definitions.source import Source
from schemas.tables.registry import TABLES
from sources.http.session import user_agent
from sources.http.urls import is_loopback
from sources.ingest.fetch import FetchReport
from sources.snapshots.store import Store
from sources.staging.stage import StagedSource
from warehouse.evaluation.evaluate import Evaluated
from warehouse.store.publish import ReleaseResult

if TYPE_CHECKING:
    from openlineage.client.event_v2 import InputDataset, OutputDataset, RunEvent

SWITCH = "COMPACT_OPENLINEAGE_URL"
NAMESPACE, PARENT = "compact-tracker", "run"
PRODUCER = "https://pypi.org/project/compact-tracker"
TIMEOUT = (4.0, 10.0)
_broken: set[str] = set()  # receivers that failed in this process


@dataclass(frozen=True)
class Lineage:
    """The events of one run. run: its id, the parent of every step's."""

    run: str

    def started(self) -> None:
        self._send(PARENT, [], [], "START")

    def ended(self, *, succeeded: bool) -> None:
        self._send(PARENT, [], [], "COMPLETE" if succeeded else "FAIL")

    def fetched(self, source: Source, report: FetchReport, store: Store) -> None:
        """An agency was asked: from its address to our snapshots."""
        if self._on() and report.state != "absent":
            have = store.candidates(source.id).values()
            version = "+".join(sorted({s.agency_release for s in have if s.agency_release})) or None
            out = _output(f"snapshots/{source.id}", None, version, sum(s.rows for s in have))
            self._send(f"fetch.{source.id}", [_input(source.id, _agency(source))], [out])

    def staged(self, source: Source, staged: StagedSource | None) -> None:
        if self._on() and staged is not None:
            out = _output(f"staged/{source.id}", TABLES["observation"], staged.folder.name, staged.rows_out)
            self._send(f"stage.{source.id}", [_input(f"snapshots/{source.id}")], [out])

    def evaluated(self, indicator: Indicator, result: Evaluated) -> None:
        """An indicator was computed from staged tables and other indicators."""
        if self._on():
            items = [item for named in indicator.named_inputs().values() for item in named]
            names = {f"staged/{i.source}" if i.source else f"indicator/{i.indicator}" for i in items}
            out = _output(f"indicator/{indicator.id}", TABLES["indicator"], result.fingerprint, result.rows)
            self._send(f"evaluate.{indicator.id}", [_input(name) for name in sorted(names)], [out])

    def released(self, result: ReleaseResult, indicators: Sequence[str]) -> None:
        if self._on() and result.made:
            outs = [
                _output(f"release/{name}", TABLES[name], result.id, rows)
                for name, rows in sorted(result.tables.items())
            ]
            self._send("release", [_input(f"indicator/{name}") for name in sorted(indicators)], outs)

    def _on(self) -> bool:
        return bool(os.environ.get(SWITCH))

    def _send(
        self,
        job: str,
        inputs: Sequence[InputDataset],
        outputs: Sequence[OutputDataset],
        kind: str = "COMPLETE",
    ) -> None:
        if self._on() and os.environ[SWITCH] not in _broken:
            try:
                _deliver(os.environ[SWITCH], self._event(job, inputs, outputs, kind))
            except (
                OSError,
                ValueError,
                requests.RequestException,
            ) as error:  # its words may hold the address
                _broken.add(os.environ[SWITCH])
                print(f"{SWITCH}: no events are sent ({type(error).__name__})", file=sys.stderr)

    def _event(
        self,
        job: str,
        inputs: Sequence[InputDataset],
        outputs: Sequence[OutputDataset],
        kind: str,
    ) -> RunEvent:
        from openlineage.client import event_v2 as ol
        from openlineage.client.facet_v2 import parent_run

        facets: dict[str, Any] = {}
        run_id = self.run
        if job != PARENT:
            run_id = str(uuid5(NAMESPACE_URL, f"{self.run}/{job}"))
            facets["parent"] = parent_run.ParentRunFacet(
                run=parent_run.Run(self.run), job=parent_run.Job(NAMESPACE, PARENT), producer=PRODUCER
            )
        return ol.RunEvent(
            eventTime=datetime.now(UTC).isoformat(),
            producer=PRODUCER,
            run=ol.Run(run_id, facets),
            job=ol.Job(NAMESPACE, job),
            eventType=ol.RunState(kind),
            inputs=list(inputs),
            outputs=list(outputs),
        )


def _agency(source: Source) -> str:
    parts = urlsplit(source.base_url)
    return f"{parts.scheme}://{parts.hostname or parts.path}"


def _input(name: str, namespace: str = NAMESPACE) -> InputDataset:
    from openlineage.client.event_v2 import InputDataset

    return InputDataset(namespace, name)


def _output(name: str, table: Table | None, version: str | None, rows: int) -> OutputDataset:
    from openlineage.client.event_v2 import OutputDataset
    from openlineage.client.facet_v2 import dataset_version_dataset, output_statistics_output_dataset
    from openlineage.client.facet_v2 import schema_dataset as schema

    facets: dict[str, Any] = {}
    if table is not None:
        fields = [schema.SchemaDatasetFacetFields(c.name, c.type, c.description) for c in table.columns]
        facets["schema"] = schema.SchemaDatasetFacet(fields=fields, producer=PRODUCER)
    if version is not None:
        facets["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(version, producer=PRODUCER)
    counted = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
        rowCount=rows, producer=PRODUCER
    )
    return OutputDataset(NAMESPACE, name, facets=facets, outputFacets={"outputStatistics": counted})


def _deliver(receiver: str, event: RunEvent) -> None:
    from openlineage.client.serde import Serde

    text, parts = Serde.to_json(event), urlsplit(receiver)
    if parts.scheme == "file":
        with Path(unquote(parts.path)).open("ab") as file:
            file.write(text.encode() + b"\n")
        return
    if parts.scheme != "https" and not is_loopback(receiver):
        raise ValueError("neither https, nor this very machine, nor a file")
    with requests.Session() as session:
        session.trust_env = not is_loopback(receiver)
        headers = {"Content-Type": "application/json", "User-Agent": user_agent()}
        answer = session.post(
            receiver, data=text.encode(), headers=headers, timeout=TIMEOUT, allow_redirects=False
        )
        if answer.status_code >= 300:
            raise OSError(answer.status_code)
