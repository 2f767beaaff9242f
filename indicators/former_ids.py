"""Former ids of indicators: renamed ones from their file, removed ones from removed.yaml.

They are kept for one release, so that users of the last one learn the replacement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from schemas.definitions.indicator import Indicator, RemovedFile
from schemas.definitions.parsing import parse
from schemas.definitions.yaml_file import Place, YamlFile, load_yaml
from schemas.errors import DefinitionError, Problem

FILE = "removed.yaml"
FOLDER = Path(__file__).resolve().parent / "catalogue"
MARK = "\nformer_ids:"


@dataclass(frozen=True)
class FormerId:
    """A former id. now: its replacement, None if there is none.

    same: whether `now` is the same indicator under another name, so that it may be used automatically.
    """

    id: str
    now: str | None
    same: bool
    reason: str

    def __str__(self) -> str:
        if self.same:
            return f"{self.id} is {self.now} now"
        instead = f" {self.now} is what to read instead, another measure." if self.now else ""
        return f"{self.id} was removed: {self.reason}{instead}"


def removed_file(folder: Path) -> tuple[YamlFile, RemovedFile] | None:
    """Return the content of removed.yaml in a catalogue folder; None if the file does not exist."""
    path = folder / FILE
    if not path.is_file():
        return None
    file = load_yaml(path)
    return file, parse(RemovedFile, file)


def former_ids(indicators: Iterable[Indicator], folder: Path) -> dict[str, FormerId]:
    """Return every former id of a catalogue and its replacement."""
    former = {
        old: FormerId(old, indicator.id, True, "renamed")
        for indicator in indicators
        for old in indicator.former_ids
    }
    read = removed_file(folder)
    for one in read[1].removed if read else ():
        former[one.id] = FormerId(one.id, one.replaced_by, False, one.reason)
    return former


@cache
def _published_before() -> dict[str, FormerId]:
    """Return every former id of this checkout's catalogue, read from the files that have any."""
    former: dict[str, FormerId] = {}
    for path in sorted(FOLDER.glob("*/*.yaml")):
        if MARK in path.read_text(encoding="utf-8"):
            data = load_yaml(path).data
            for old in data.get("former_ids") or ():
                former[str(old)] = FormerId(str(old), str(data["id"]), True, "renamed")
    return former | former_ids((), FOLDER)


def former_id(indicator: str) -> FormerId | None:
    """Return the replacement of an id of this checkout's catalogue; None if the files do not know the id."""
    return _published_before().get(indicator)


def former_id_problems(
    indicators: Iterable[tuple[Indicator, YamlFile]], folder: Path, ids: set[str]
) -> Iterator[Problem]:
    """Return former ids that are in use, listed twice, or replaced by an unknown id."""
    seen: dict[str, str] = {}

    def clash(old: str, path: str, line: int, field: str) -> Iterator[Problem]:
        step = "remove it here, or give the other one another id"
        if old in ids:
            yield Problem(path, line, field, f"{old} is the id of an indicator", "an id of the past", step)
        elif old in seen:
            yield Problem(path, line, field, f"{old} is also in {seen[old]}", "each former id once", step)
        seen[old] = path

    for indicator, file in indicators:
        for number, old in enumerate(indicator.former_ids):
            line = file.line(("former_ids", number))
            yield from clash(old, str(file.path), line, f"former_ids.{number}")
    try:
        read = removed_file(folder)
    except DefinitionError as error:
        yield from error.problems
        return
    if read is None:
        return
    file, removed = read
    for number, one in enumerate(removed.removed):
        place: Place = ("removed", number, "id")
        yield from clash(one.id, str(file.path), file.line(place), f"removed.{number}.id")
        if one.replaced_by is not None and one.replaced_by not in ids:
            line = file.line(("removed", number, "replaced_by"))
            what, step = f"there is no indicator {one.replaced_by}", "fix the id, or leave it out"
            field = f"removed.{number}.replaced_by"
            yield Problem(str(file.path), line, field, what, "an id of the catalogue", step)
