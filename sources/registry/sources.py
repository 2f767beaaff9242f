"""Loads sources: sources/agencies/<id>/source.yaml with its series.csv, and the reader that it names.

schemas/definitions validates each file by itself; this module validates it against its neighbours.
"""

from __future__ import annotations

import csv
import importlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import cast

from schemas.codelists.code_maps import code_map
from schemas.codelists.custodians import custodians
from schemas.codelists.subnational import is_subnational
from schemas.codelists.units import units
from schemas.columns.observation import CODE_PATTERN, OBS_STATUSES, REF_AREA_CODES
from schemas.definitions.parsing import parse
from schemas.definitions.source import Source
from schemas.definitions.yaml_file import Place, YamlFile, load_yaml
from schemas.errors import DefinitionError, Problem
from sources.readers_protocol import Reader
from sources.registry.readers import READERS
from sources.settings import CHECKOUT

CUSTODIANS = "a code of schemas/codelists/custodians.yaml"
SOURCES = CHECKOUT / "sources" / "agencies"
SERIES_COLUMNS = ("code", "title", "unit")
NAMED_COLUMNS = ("carries", "concept", "since")  # allowed to follow, at any place


@dataclass(frozen=True)
class SeriesInfo:
    """A line of series.csv.

    carries: custodian of the figures, if it differs from the source's. concept: the measured concept, if the
    source mixes two. since: the agency's first release that has it. more: the other columns, for the source's
    reader.
    """

    code: str
    title: str
    unit: str
    more: dict[str, str] = field(default_factory=dict)
    carries: str = ""
    concept: str = ""
    since: str = ""


def load_sources(folder: Path = SOURCES) -> dict[str, Source]:
    """Load every source by its id, or raise DefinitionError with all problems of all files."""
    sources: dict[str, Source] = {}
    problems: list[Problem] = []
    for path in sorted(folder.glob("*/source.yaml")):
        try:
            source = load_source(path)
            sources[source.id] = source
            load_series(source.id, folder)
        except DefinitionError as error:
            problems.extend(error.problems)
    if problems:
        raise DefinitionError(problems)
    return sources


def load_source(path: Path) -> Source:
    """Load one source.yaml and validate it against its neighbouring files."""
    file = load_yaml(path)
    try:
        source = parse(Source, file)
    except DefinitionError as error:
        raise DefinitionError([*error.problems, *_unanswered(file)]) from None
    if problems := list(_neighbours(source, file)):
        raise DefinitionError(problems)
    return source


def load_series(source_id: str, folder: Path = SOURCES) -> dict[str, SeriesInfo]:
    """Return the series that a source declares, by code; none without a series.csv. NA stays the text NA."""
    path = folder / source_id / "series.csv"
    if not path.exists():
        return {}
    state = path.stat()
    return dict(_load_series(path, (state.st_mtime_ns, state.st_size)))


@cache
def _load_series(path: Path, _state: tuple[int, int]) -> dict[str, SeriesInfo]:
    """Load the series once while the file is unchanged: a run reads it several times per source."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines, strict=True)
        try:
            return _series(rows, path)
        except (csv.Error, UnicodeDecodeError) as error:
            raise DefinitionError(
                [Problem(str(path), rows.line_num + 1, "(file)", f"cannot be read: {error}", "CSV in UTF-8")]
            ) from None


def reader_of(source: Source) -> Reader:
    """Return the reader module that the source names."""
    return cast(Reader, importlib.import_module(READERS[source.reader]))


def is_unit(code: str) -> bool:
    """Return whether a code is a unit of measure."""
    return code in units()


def _series(rows: csv.DictReader[str], path: Path) -> dict[str, SeriesInfo]:
    series: dict[str, SeriesInfo] = {}
    problems: list[Problem] = []
    header = tuple(rows.fieldnames or ())
    if header[:3] != SERIES_COLUMNS or len(set(header)) != len(header):
        raise DefinitionError(
            [
                Problem(
                    str(path),
                    1,
                    "(header)",
                    f"begins with {', '.join(header[:3]) or 'nothing'}",
                    "code,title,unit first, and no column twice",
                )
            ]
        )
    for row in rows:
        line = rows.line_num
        if None in row or None in row.values():
            problems.append(
                Problem(
                    str(path),
                    line,
                    "(line)",
                    "has more or fewer fields than the header",
                    f"{len(header)} fields",
                    "quote fields that hold a comma",
                )
            )
            continue
        info = SeriesInfo(
            row["code"],
            row["title"],
            row["unit"],
            {name: row[name] for name in header[3:] if name not in NAMED_COLUMNS},
            *(row.get(name) or "" for name in NAMED_COLUMNS),
        )
        problems.extend(_series_problems(info, series, str(path), line))
        series[info.code] = info
    if problems:
        raise DefinitionError(problems)
    return series


def _series_problems(info: SeriesInfo, before: Collection[str], path: str, line: int) -> Iterator[Problem]:
    if not _fits(info.code):
        yield Problem(path, line, "code", f"{info.code!r} cannot be a code", CODE_PATTERN)
    if info.code in before:
        yield Problem(
            path, line, "code", f"{info.code} appears twice", "each code once", "remove one of the two lines"
        )
    if not info.title.strip():
        yield Problem(path, line, "title", "is empty", "the agency's title")
    if info.carries and info.carries not in custodians():
        step = "use one of its codes, or add the custodian there"
        yield Problem(path, line, "carries", f"unknown custodian {info.carries!r}", CUSTODIANS, step)
    if not is_unit(info.unit):
        yield Problem(
            path,
            line,
            "unit",
            f"unknown unit {info.unit!r}",
            "a code of schemas/codelists/units.yaml",
            "use one of its codes, NOT_STATED among them, or add the unit there",
        )


def _neighbours(source: Source, file: YamlFile) -> Iterator[Problem]:
    def problem(place: Place, what: str, allowed: str, step: str = "") -> Problem:
        return Problem(str(file.path), file.line(place), ".".join(map(str, place)), what, allowed, step)

    if source.id != file.path.parent.name:
        yield problem(
            ("id",), f"is {source.id}, but the folder is {file.path.parent.name}", "the name of the folder"
        )
    if source.reader not in READERS:
        yield problem(
            ("reader",),
            f"there is no reader {source.reader}",
            ", ".join(READERS),
            "name a reader of sources/readers, or write one there",
        )
    if source.carries and source.carries not in custodians():
        step = "use one of its codes, or add the custodian there"
        yield problem(("carries",), f"unknown custodian {source.carries!r}", CUSTODIANS, step)
    for place, code in [(("units", k), v) for k, v in source.units.items()]:
        if not is_unit(code):
            yield problem(place, f"unknown unit {code!r}", "a code of schemas/codelists/units.yaml")
    for name in ("statuses", "missing"):
        for key, code in getattr(source, name).items():
            if code not in OBS_STATUSES or code == "C":
                yield problem(
                    (name, key),
                    f"{code!r} is no observation status that a source may map to",
                    ", ".join(s for s in OBS_STATUSES if s != "C"),
                    "C is set by stage alone, where the value is a bound",
                )
    for flag in source.status_precedence:
        if flag not in source.statuses or len(flag) != 1:
            yield problem(("status_precedence",), f"{flag!r} is no letter of statuses", "keys of statuses")
    for name, rule in source.dimensions.items():
        for key, code in rule.codes.items():
            if not _fits(code) or (rule.to.isupper() and "=" in code):
                yield problem(("dimensions", name, "codes", key), f"{code!r} cannot be a code", CODE_PATTERN)
    yield from _area_problems(source, file)
    yield from _unanswered(file)
    if source.probe and source.probe not in _codes(file.path.with_name("series.csv")):
        yield problem(("probe",), f"there is no series {source.probe}", "a code of series.csv")


def _unanswered(file: YamlFile) -> Iterator[Problem]:
    """Return options without a value, which no reader accepts."""
    for place in _blanks(file.data.get("options") or {}, ("options",)):
        yield Problem(
            str(file.path),
            file.line(place),
            ".".join(map(str, place)),
            "has no value",
            "what the reader's docstring says",
            "answer the question beside it",
        )


def _blanks(value: object, place: Place) -> Iterator[Place]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in inside:
        yield from _blanks(inner, (*place, name))
    if value is None:
        yield place


def _codes(path: Path) -> Collection[str]:
    """Return the codes of series.csv; load_series reports the problems of that file."""
    try:
        return load_series(path.parent.name, path.parent.parent)
    except DefinitionError:
        return ()


def _area_problems(source: Source, file: YamlFile) -> Iterator[Problem]:
    if not source.areas.aliases:
        return
    known = {area for scheme in ("iso3", "m49", "worldbank") for area in code_map(scheme).values()}
    for code, area in source.areas.aliases.items():
        place = ("areas", "aliases", code)
        if area not in known and not is_subnational(area):
            yield Problem(
                str(file.path),
                file.line(place),
                ".".join(place),
                f"{area!r} is no area of the code lists",
                REF_AREA_CODES,
                "fix the code, or add the area to schemas/codelists",
            )
        if code in source.areas.not_carried:
            yield Problem(
                str(file.path),
                file.line(place),
                ".".join(place),
                f"{code} also stands in not_carried",
                "each code in one of the two",
                "remove one",
            )


def _fits(code: str) -> bool:
    return bool(code) and not code[0].isspace() and not set(code) & set(";\r\n")
