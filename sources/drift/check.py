"""The live contract check: one cheap question to each agency, and whether its answer still has the structure
that is recorded in sources/agencies/<id>/contract.json.

The reader proves the answer whole, as in a run; nothing is kept and nothing is published. How a structure is
taken from bytes is in structure.py.
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
    """contract.json: the structure of the answer for one series."""

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
    """What came of asking one agency. changes: how the answer differs from the contract, or why there is
    none. pages: what came, for recording."""

    source: str
    state: State
    changes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    probe: str = ""
    pages: tuple[Page, ...] = ()

    def row(self, named: int | None = None) -> dict[str, object]:
        """For printing, with so many changes."""
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
    """Ask every agency at once, each at its own pace. used: the series in use, by source. A source whose data
    come with a package has no agency to ask, and is left out."""
    asked = [source for source in sources if not source.base_url.startswith("package:")]
    with ThreadPoolExecutor(max(1, len(asked)), thread_name_prefix="contract") as pool:
        return list(pool.map(lambda s: check_contract(s, (used or {}).get(s.id, ()), folder), asked))


def check_contract(source: Source, used: Collection[str] = (), folder: Path = SOURCES) -> ContractResult:
    """Ask one agency. What goes wrong becomes the state of the result."""
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
    """The series to ask for: the one declared, else the one recorded, else the first in use, else the first
    there is."""
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
    """What is recorded, if anything is."""
    path = folder / source_id / FILE
    return parse(Contract, load_yaml(path)) if path.exists() else None  # JSON is YAML


def record_contract(
    source_id: str, probe: str, pages: Sequence[Page], origin: str, folder: Path = SOURCES
) -> Path:
    """Write contract.json anew from an answer; any_name stays as a person wrote it."""
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
    """contract.json as it is written; optional is left out where it is empty."""
    fields = {name: value for name, value in contract.model_dump().items() if value or name != "optional"}
    return json.dumps(fields, ensure_ascii=False, indent=1) + "\n"


def record_new(results: Iterable[ContractResult], folder: Path = SOURCES) -> list[Path]:
    """Record the answers that were well and had no contract. A changed one is for a person to look at: its
    contract.json is deleted first."""
    return [
        record_contract(r.source, r.probe, r.pages, f"an answer of {date.today()}", folder)
        for r in results
        if r.state == "not recorded"
    ]


def _ask(source: Source, probe: str) -> SourceResponse:
    """The freshness question, if there is one, and the resource that carries the probe."""
    reader, session = reader_of(source), Session(source, base_url=url_override(source.id))
    try:
        if source.freshness and getattr(reader, "has_release", lambda _: True)(source):
            page = session.get(source.freshness.path, timeout=FRESHNESS_SECONDS)
            try:
                at_pointer(parse_json(page), source.freshness.pointer)
            except LookupError:
                raise bad(page, f"has nothing at {source.freshness.pointer}") from None
        return reader.fetch(source, reader.plan(source, [probe])[0], session)
    finally:
        session.close()
