"""The live contract check: sends each agency one cheap request and compares the structure of the response
with sources/agencies/<id>/contract.json.

The reader validates the response as in a run; nothing is stored or published. structure.py infers a structure
from bytes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field

from schemas.definitions.base import Model
from schemas.definitions.parsing import parse
from schemas.definitions.source import Source
from schemas.definitions.yaml_file import load_yaml
from schemas.errors import CompactError
from sources.drift.structure import Structure, differences, infer_schema
from sources.http.content import bad, parse_json
from sources.http.session import Session
from sources.ingest.freshness import FRESHNESS_SECONDS, at_pointer
from sources.model import InvalidResponse, Page, SourceResponse, SourceUnavailable
from sources.registry.sources import SOURCES, load_series, reader_of
from sources.settings import source_variable, url_override

FILE = "contract.json"
State = Literal["ok", "changed", "unreachable", "not configured", "not recorded"]


class Contract(Model):
    """The content of contract.json: the structure of the response for one series."""

    probe: str = Field(description="the series that was asked for")
    origin: str = Field(description="what the structure was taken from")
    any_name: list[str] = Field(default=[], description="paths of objects whose names are data; by hand")
    optional: list[str] = Field(
        default=[],
        description="patterns of paths that may be there or not, such as $.extension.*; by hand",
    )
    structure: Structure = Field(min_length=1)


@dataclass(frozen=True)
class ContractResult:
    """Result of checking one agency. changes: differences between the response and the contract, or why
    there is no contract. pages: the response, for recording.
    """

    source: str
    state: State
    changes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    probe: str = ""
    pages: tuple[Page, ...] = ()

    def row(self, named: int | None = None) -> dict[str, object]:
        """Return a printable row with at most so many changes."""
        more = len(self.changes) - len(self.changes[:named])
        listed = self.changes[:named] + ([f"and {more} more"] if more else [])
        return {
            "source": self.source,
            "state": self.state,
            "what_changed": "; ".join(listed) if named is not None else listed,
            "seconds": round(self.seconds, 1),
        }


def check_contracts(
    sources: Iterable[Source],
    *,
    used: Mapping[str, Collection[str]] | None = None,
    folder: Path = SOURCES,
) -> list[ContractResult]:
    """Check every agency in parallel, each at its own rate. used: the series in use, by source.

    A source with data embedded in a package has no agency and is skipped.
    """
    asked = [source for source in sources if not source.base_url.startswith("package:")]
    with ThreadPoolExecutor(max(1, len(asked)), thread_name_prefix="contract") as pool:
        return list(pool.map(lambda s: check_contract(s, (used or {}).get(s.id, ()), folder), asked))


def check_contract(source: Source, used: Collection[str] = (), folder: Path = SOURCES) -> ContractResult:
    """Check one agency. A fault becomes the state of the result."""
    started = time.monotonic()
    probe = ""
    pages: tuple[Page, ...] = ()

    def result(state: State, *changes: str) -> ContractResult:
        return ContractResult(source.id, state, list(changes), time.monotonic() - started, probe, pages)

    if source.key_variable and not source_variable(source.key_variable):
        return result("not configured", f"{source.key_variable} is not set: the agency asks for a key")
    if source.switch_variable and not source_variable(source.switch_variable):
        return result("not configured", f"{source.switch_variable} is not set: an answer is large")
    try:
        contract = load_contract(source.id, folder)
        probe = probe_of(source, contract, used, folder)
        pages = _ask(source, probe).pages
        if contract is None:
            return result("not recorded", f"the answer for {probe} is well; there is no {FILE} to hold it to")
        changes = differences(contract.structure, infer_schema(pages, contract.any_name), contract.optional)
        return result("changed" if changes else "ok", *changes)
    except SourceUnavailable as error:
        return result("unreachable", error.what)
    except InvalidResponse as error:
        return result("changed", error.what)
    except CompactError as error:
        return result("not configured", error.what)


def probe_of(
    source: Source, contract: Contract | None, used: Collection[str] = (), folder: Path = SOURCES
) -> str:
    """Choose the series to request: the declared one, else the recorded one, else the first in use, else
    the first.
    """
    codes = list(load_series(source.id, folder))
    candidates = [source.probe, contract.probe if contract else "", *(c for c in codes if c in used), *codes]
    if probe := next((code for code in candidates if code in codes), ""):
        return probe
    raise CompactError(
        f"{source.id} has no series to ask for",
        where=f"sources/agencies/{source.id}/series.csv",
        next_step="add a series",
    )


def load_contract(source_id: str, folder: Path = SOURCES) -> Contract | None:
    """Return the recorded contract, if there is one."""
    path = folder / source_id / FILE
    return parse(Contract, load_yaml(path)) if path.exists() else None  # JSON is YAML


def record_contract(
    source_id: str, probe: str, pages: Sequence[Page], origin: str, folder: Path = SOURCES
) -> Path:
    """Write contract.json from a response; any_name keeps the operator's edits."""
    before = load_contract(source_id, folder)
    any_name = before.any_name if before else []
    optional = before.optional if before else []
    contract = Contract(
        probe=probe,
        origin=origin,
        any_name=any_name,
        optional=optional,
        structure=infer_schema(pages, any_name),
    )
    path = folder / source_id / FILE
    path.write_text(contract_text(contract), encoding="utf-8")
    return path


def contract_text(contract: Contract) -> str:
    """Return the text of contract.json; optional is omitted if empty."""
    fields = {name: value for name, value in contract.model_dump().items() if value or name != "optional"}
    return json.dumps(fields, ensure_ascii=False, indent=1) + "\n"


def record_new(results: Iterable[ContractResult], folder: Path = SOURCES) -> list[Path]:
    """Record valid responses that had no contract.

    A changed contract needs a review: its contract.json must be deleted first.
    """
    return [
        record_contract(r.source, r.probe, r.pages, f"an answer of {date.today()}", folder)
        for r in results
        if r.state == "not recorded"
    ]


def _ask(source: Source, probe: str) -> SourceResponse:
    """Send the freshness request, if there is one, and fetch the resource that has the probe."""
    reader, session = reader_of(source), Session(source, base_url=url_override(source.id))
    try:
        resources = reader.plan(source, [probe])
        if source.freshness and getattr(reader, "has_release", lambda *_: True)(source, resources):
            page = session.get(source.freshness.path, timeout=FRESHNESS_SECONDS)
            try:
                at_pointer(parse_json(page), source.freshness.pointer)
            except LookupError:
                raise bad(page, f"has nothing at {source.freshness.pointer}") from None
        return reader.fetch(source, resources[0], session)
    finally:
        session.close()
