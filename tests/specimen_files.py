"""Specimens: small responses in an agency's format, stored with the tests, and a session that replays them.

A specimen is a file tests/specimens/<source>/<name>.specimen.json that names its pages, in order, the series
and what is known of their origin. Figures are invented where `origin` says so; recorded ones are trimmed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from schemas.definitions.parsing import parse
from schemas.definitions.source import Source
from schemas.definitions.yaml_file import load_yaml
from sources.http.session import Session
from sources.model import NoSuchSeries, Page, SourceResponse
from sources.registry.sources import reader_of
from sources.scaffold.specimen import SUFFIX, Specimen
from sources.settings import CHECKOUT

SPECIMENS = CHECKOUT / "tests" / "specimens"


class Replay:
    """Gives the pages in order, whatever is asked: in place of a Session."""

    base_url = "specimen:"

    def __init__(self, bodies: Sequence[bytes]) -> None:
        self._bodies = list(bodies)

    def get(self, path: str, params: Mapping[str, Any] | None = None, **_: Any) -> Page:
        if not self._bodies:
            raise NoSuchSeries("the reader asks for more pages than the specimen has", where=path)
        return Page(f"specimen:{path}", self._bodies.pop(0))

    post = post_json = get


def find_specimens(folder: Path = SPECIMENS) -> list[Path]:
    """Every specimen, those of one source together."""
    return sorted(folder.glob(f"*/*{SUFFIX}"))


def load_specimen(path: Path) -> tuple[Specimen, list[bytes]]:
    """The specimen and the bytes of its pages."""
    specimen = parse(Specimen, load_yaml(path))
    return specimen, [(path.parent / name).read_bytes() for name in specimen.pages]


def read_specimen(source: Source, specimen: Specimen, bodies: Sequence[bytes]) -> SourceResponse:
    """What the source's reader makes of it, proved whole as an agency's answer would be."""
    source = with_options(source, specimen)
    reader, replay = reader_of(source), Replay(bodies)
    resource = reader.plan(source, specimen.series)[0]
    return reader.fetch(source, resource, cast(Session, replay))


def with_options(source: Source, specimen: Specimen) -> Source:
    """The source as the specimen was asked for."""
    return source.model_copy(update={"options": source.options | specimen.options})
