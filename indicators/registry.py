"""The catalogue: every indicator file, read and checked, and the order in which indicators are evaluated.

validation.py and verdict_checks.py check one file against its neighbours. This module reads no data.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from indicators.former_ids import former_id_problems
from indicators.lineage import carried_by_source, with_lineage
from indicators.targets import commitment_files, commitment_problems
from indicators.validation import Known, known_series, problems_of
from schemas.codelists.areas import grouping_problems
from schemas.definitions.indicator import Indicator, Input
from schemas.definitions.parsing import parse
from schemas.definitions.source import Source
from schemas.definitions.yaml_file import YamlFile, load_yaml
from schemas.errors import DefinitionError, Problem
from sources.registry.sources import SOURCES, load_series, load_source

FOLDER = Path(__file__).resolve().parent / "catalogue"
NOT_GROUPS = {"frameworks", "targets", "scores", "__pycache__"}


@dataclass(frozen=True)
class Entry:
    """One indicator with its file."""

    indicator: Indicator
    file: YamlFile

    @property
    def group(self) -> str:
        return self.file.path.resolve().parent.name


@dataclass(frozen=True)
class Checked:
    """Findings of `compact check`, sorted by file and line. Problems stop a run, warnings do not."""

    files: int
    problems: list[Problem]
    warnings: list[Problem]


class Catalogue(Mapping[str, Indicator]):
    """Valid indicators by id, each after the indicators that it depends on."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = {indicator_id: entries[indicator_id] for indicator_id in _order(entries)}

    def __getitem__(self, indicator_id: str) -> Indicator:
        return self._entries[indicator_id].indicator

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def entries(self) -> Mapping[str, Entry]:
        """The indicators with their files and folders."""
        return self._entries

    def file_of(self, indicator_id: str) -> Path:
        return self._entries[indicator_id].file.path

    def group_of(self, indicator_id: str) -> str:
        """Return the folder of the file."""
        return self._entries[indicator_id].group

    def sources_of(self, indicator_id: str) -> list[str]:
        """Return the sources that an indicator names itself, in alphabetical order."""
        return sorted({item.source for item in _items(self[indicator_id]) if item.source})

    def indicators_of(self, indicator_id: str) -> list[str]:
        """Return the indicators that an indicator depends on, in alphabetical order."""
        return sorted(_made_of(self[indicator_id]))

    def series_of(self, source_id: str, *, optional: bool = True) -> set[str]:
        """Return the series of a source that any indicator uses, with or without the optional ones.

        A series is optional only if every indicator that uses it declares it so.
        """
        used = [
            i for indicator in self.values() for i in _items(indicator) if i.source == source_id and i.series
        ]
        return {str(i.series) for i in used if optional or not i.optional}

    def inputs_of(self, indicator_id: str) -> set[tuple[str, str]]:
        """Return source and series of all inputs of an indicator, including through other indicators."""
        items = [item for made_of in self.in_order([indicator_id]) for item in _items(self[made_of])]
        return {(item.source, item.series) for item in items if item.source and item.series}

    def in_order(self, indicator_ids: Iterable[str]) -> list[str]:
        """Return these indicators and all that they depend on, each after its inputs."""
        needed: set[str] = set()
        waiting = list(indicator_ids)
        while waiting:
            indicator_id = waiting.pop()
            if indicator_id not in needed:
                needed.add(indicator_id)
                waiting += _made_of(self[indicator_id])
        return [indicator_id for indicator_id in self if indicator_id in needed]


def load_catalogue(
    folder: Path = FOLDER,
    *,
    sources: Mapping[str, Source] | None = None,
    sources_folder: Path = SOURCES,
) -> Catalogue:
    """Load every indicator of a folder, or raise DefinitionError with all problems of all files.

    sources: the known sources, if loaded already; otherwise the folders of sources_folder."""
    files = _files(folder)
    (entries, problems), series = _read(files), known_series(sources_folder, sources)
    problems += _across(entries, files, series, folder, sources_folder)
    if errors := [problem for problem in problems if problem.severity == "error"]:
        raise DefinitionError(errors)
    return _resolved(entries, series, sources_folder)


def load_sound_part(
    folder: Path = FOLDER, *, sources_folder: Path = SOURCES
) -> tuple[Catalogue, dict[str, list[Problem]]]:
    """Return the valid indicators, and the problems of the others by their id, for commands on one file.

    Indicators that depend on an invalid one are among the others."""
    files = _files(folder)
    entries, problems = _read(files)
    series = known_series(sources_folder)
    problems += _across(entries, files, series, folder, sources_folder)
    faulty: dict[str, list[Problem]] = {}
    for problem in problems:
        if problem.severity == "error":
            faulty.setdefault(Path(problem.file).stem, []).append(problem)
    kept = {entry.indicator.id: entry for entry in entries if entry.file.path.stem not in faulty}
    while lost := {name for name, entry in kept.items() if _made_of(entry.indicator) - kept.keys()}:
        for name in sorted(lost):
            through = sorted(_made_of(kept.pop(name).indicator) & faulty.keys())
            faulty[name] = [problem for other in through for problem in faulty[other]]
    return _resolved(list(kept.values()), series, sources_folder), faulty


def _resolved(entries: list[Entry], series: Known, sources_folder: Path) -> Catalogue:
    carried = carried_by_source(sources_folder)
    resolved = [replace(entry, indicator=with_lineage(entry.indicator, series, carried)) for entry in entries]
    return Catalogue({entry.indicator.id: entry for entry in resolved})


def check_files(
    paths: Sequence[Path] | None = None, *, folder: Path = FOLDER, sources_folder: Path = SOURCES
) -> Checked:
    """Check indicator and source files: all, or those named together with the unchanged rest."""
    inside = _files(folder)
    indicator_files, source_files = _chosen(paths, inside, sources_folder)
    known = {path.resolve() for path in inside}
    every = [*inside, *(path for path in indicator_files if path.resolve() not in known)]
    entries, problems = _read(every)
    problems += _across(entries, every, known_series(sources_folder), folder, sources_folder)
    for path in source_files:
        problems += _source_problems(path)
    others = _chosen_commitments(paths, folder)
    problems += commitment_problems(folder, {entry.indicator.id: entry.indicator for entry in entries})
    if paths is None:
        problems += grouping_problems()
    problems = [replace(problem, file=str(_short(Path(problem.file)))) for problem in problems]
    if paths is not None:
        chosen = {str(_short(path)) for path in [*indicator_files, *source_files, *others]}
        chosen |= {str(_short(path.with_name("series.csv"))) for path in source_files}
        problems = [problem for problem in problems if problem.file in chosen]
    errors = sorted(problem for problem in problems if problem.severity == "error")
    warnings = sorted(problem for problem in problems if problem.severity == "warning")
    return Checked(len(indicator_files) + len(source_files) + len(others), errors, warnings)


def _files(folder: Path) -> list[Path]:
    definition_files = [p for p in folder.glob("*/*.y*ml") if p.suffix in (".yaml", ".yml")]
    return sorted(_short(path) for path in definition_files if path.parent.name not in NOT_GROUPS)


def _chosen(
    paths: Sequence[Path] | None, inside: list[Path], sources_folder: Path
) -> tuple[list[Path], list[Path]]:
    """Return the requested indicator and source files; a folder means the files in it."""
    if paths is None:
        return inside, sorted(sources_folder.glob("*/source.yaml"))
    files = [f for p in paths for f in (sorted(p.rglob("*.yaml")) if p.is_dir() else [p])]
    files = [f for f in files if f.parent.name not in NOT_GROUPS and f.name != "claims.yaml"]
    of_sources = [f for f in files if f.name == "source.yaml"]
    return [f for f in files if f.name not in ("source.yaml", "corrections.yaml")], of_sources


def _chosen_commitments(paths: Sequence[Path] | None, folder: Path) -> list[Path]:
    """Return the requested files of targets, claims, scores and the crosswalk."""
    every = commitment_files(folder)
    if paths is None:
        return every
    resolved = [path.resolve() for path in paths]
    return [f for f in every if any(f.resolve() == w or w in f.resolve().parents for w in resolved)]


def _read(paths: Iterable[Path]) -> tuple[list[Entry], list[Problem]]:
    entries: list[Entry] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            if path.suffix == ".yml":
                raise DefinitionError(
                    [Problem(str(path), 1, "(file)", "ends in .yml", "<id>.yaml", "rename the file")]
                )
            file = load_yaml(path)
            entries.append(Entry(parse(Indicator, file), file))
        except DefinitionError as error:
            problems += error.problems
    return entries, problems


def _across(
    entries: list[Entry], files: list[Path], series: Known, folder: Path, agencies: Path
) -> list[Problem]:
    """Check the files together: ids, references, cycles. An unreadable file counts by its name."""
    problems: list[Problem] = []
    first: dict[str, Entry] = {}
    for entry in entries:
        before = first.setdefault(entry.indicator.id, entry)
        place, path = entry.file.line(("id",)), str(entry.file.path)
        if before is not entry:
            what = f"{entry.indicator.id} is also the id of {before.file.path}"
            step = "give one of the two another id and file name, or remove it"
            problems.append(Problem(path, place, "id", what, "each id once", step))
        elif entry.indicator.id != entry.file.path.stem:
            what = f"is {entry.indicator.id}, but the file is named {entry.file.path.name}"
            problems.append(Problem(path, place, "id", what, "the file's name", "rename one of the two"))
    ids = {*first, *(path.stem for path in files)}
    for entry in entries:
        problems += problems_of(entry.indicator, entry.file, ids, series, agencies)
    problems += former_id_problems([(entry.indicator, entry.file) for entry in entries], folder, ids)
    return problems + _circles(first)


def _circles(entries: Mapping[str, Entry]) -> list[Problem]:
    try:
        _order(entries)
    except CycleError as error:
        circle: list[str] = list(reversed(error.args[1]))
        entry = entries[min(circle)]
        text = " -> ".join(circle)
        what = f"is made of itself: {text}"
        step = "let one of them name a source's series instead"
        line = entry.file.line(("inputs",))
        return [
            Problem(str(entry.file.path), line, "inputs", what, "indicators that do not need this one", step)
        ]
    return []


def _order(entries: Mapping[str, Entry]) -> list[str]:
    """Order every id after those it depends on, otherwise alphabetically. Raises CycleError."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for indicator_id in sorted(entries):
        sorter.add(indicator_id, *sorted(_made_of(entries[indicator_id].indicator) & entries.keys()))
    sorter.prepare()
    order: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order += ready
        sorter.done(*ready)
    return order


def _source_problems(path: Path) -> list[Problem]:
    problems: list[Problem] = []
    for read in (lambda: load_source(path), lambda: load_series(path.parent.name, path.parent.parent)):
        try:
            read()
        except DefinitionError as error:
            problems += error.problems
    return problems


def _items(indicator: Indicator) -> list[Input]:
    return [item for items in indicator.named_inputs().values() for item in items]


def _made_of(indicator: Indicator) -> set[str]:
    return {item.indicator for item in _items(indicator) if item.indicator}


def _short(path: Path) -> Path:
    """Shorten the path relative to the working folder."""
    resolved, here = path.resolve(), Path.cwd().resolve()
    return Path(os.path.relpath(resolved, here)) if resolved.is_relative_to(here) else path
