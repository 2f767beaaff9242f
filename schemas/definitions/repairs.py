"""Repairs the mechanical slips of a definition file: those of slips.py whose repair is certain.

Only the characters of a slip change, so comments and the order of fields stay. After each repair the file is
parsed again: a value is repaired only if every other field keeps its value. Uncertain repairs are left to the
author. indicators/repairs.py selects the files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from schemas.definitions.parsing import place_of
from schemas.definitions.slips import PER_CENT
from schemas.definitions.yaml_file import Place, parse_yaml, scalars
from schemas.errors import DefinitionError

BLANKS = (2, 4, 8)  # widths that a tab may represent
YEARS = range(2, 11)  # of a moving average
TEXTS = "title|description|reason|note|notes"  # fields in which a colon is part of the text
UNIT = re.compile(r"((?:^|[\s{,])unit:\s*)%(?=\s*(?:$|[,}]|\s#))")
COLON = re.compile(rf"^(?P<name>\s*(?:- )?(?:{TEXTS}): +)(?P<text>\w.*?)(?P<rest>\s*|\s+#.*)$")
OTHER_FIELD = re.compile(r"\b(?:title|description|reason|notes?|unit|direction|value|year|[a-z]+_[a-z_]+): ")
EQUALS = re.compile(r"\A((?:[\"']|[|>][^\n]*\n)?\s*)=(?!\s*=)\s*")  # as a text, and as written in the file
MEAN = re.compile(r"\b(?:avg|mean|average)(?P<inside>\s*\(\s*[a-z_]\w*\s*,\s*(?P<years>\d+)\s*\))", re.I)


@dataclass(frozen=True)
class Repair:
    """One repair. line: 1-based, in the repaired file."""

    line: int
    what: str


@dataclass(frozen=True)
class Repaired:
    """A file after its repairs; without any, content is unchanged."""

    content: bytes
    repairs: list[Repair]


def repair(path: Path, content: bytes, model: type[BaseModel] | None = None) -> Repaired:
    """Repair one file. path: its name in errors; model: the model of its fields, None to check the syntax
    only. Reads and writes no file.
    """
    repairs: list[Repair] = []
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        if not _is_latin_1(content):
            return Repaired(content, [])
        text = content.decode("latin-1")
        line = next(n for n, one in enumerate(text.split("\n"), 1) if not one.isascii())
        repairs.append(Repair(line, f"Latin-1 is now UTF-8: {text.split(chr(10))[line - 1].strip()[:80]}"))
    text, of_syntax = _without_tabs(path, text)
    repairs += of_syntax
    if model is not None:
        text, of_values = _values(path, text, model)
        repairs += of_values
    return Repaired(text.encode("utf-8"), repairs) if repairs else Repaired(content, [])


def _is_latin_1(content: bytes) -> bool:
    """Return whether a file is Latin-1: no byte is undefined there, and no two of them are one letter in
    UTF-8.
    """
    return not re.search(rb"[\x80-\x9f]|[\xc2-\xf4][\x80-\xbf]", content)


def _fault(path: Path, text: str) -> tuple[int, str] | None:
    """Return line and message of the error that makes a text unreadable; None if it is readable."""
    try:
        parse_yaml(path, text)
    except DefinitionError as error:
        return error.problems[0].line, error.problems[0].what
    return None


def _without_tabs(path: Path, text: str) -> tuple[str, list[Repair]]:
    """Repair faults of syntax. Tabs of the indentation become spaces if every width with which the file
    parses gives the same data.
    """
    repaired, repairs = _syntax(path, text)
    fault = _fault(path, repaired)
    if fault is None or fault[1] != "a tab":
        return repaired, repairs
    candidates: list[tuple[str, list[Repair]]] = []
    for width in BLANKS:
        lines = text.split("\n")
        said = []
        for number, line in enumerate(lines):
            if re.match(r" *\t\s*\S", line):
                text_of = line.lstrip(" \t")
                lines[number] = line.removesuffix(text_of).replace("\t", " " * width) + text_of
                said.append(Repair(number + 1, f"a tab is now {width} blanks"))
        other, of_syntax = _syntax(path, "\n".join(lines))
        if _fault(path, other) is None:
            candidates.append((other, sorted([*said, *of_syntax], key=lambda one: one.line)))
    data = {json.dumps(parse_yaml(path, other).data) for other, _ in candidates}
    return candidates[0] if len(data) == 1 else (repaired, repairs)


def _syntax(path: Path, text: str) -> tuple[str, list[Repair]]:
    """Repair percent signs and colons, from the first fault to the last."""
    repairs: list[Repair] = []
    while (fault := _fault(path, text)) is not None:
        lines = [*text.split("\n"), ""]
        number = fault[0] - 1
        line, following = lines[number : number + 2] if number + 1 < len(lines) else ("", "")
        changed = _quoted(line, following) if fault[1].startswith("a colon") else UNIT.sub(r"\1PT", line)
        if changed == line:
            break
        lines[number] = changed
        after = "\n".join(lines[:-1])
        left = _fault(path, after)
        if left is not None and left[0] <= fault[0]:
            break
        text = after
        repairs.append(Repair(fault[0], f"{line.strip()} is now {changed.strip()}"))
    return text, repairs


def _quoted(line: str, following: str) -> str:
    """Quote the text of a line; leave it unchanged if the text may continue below, or holds another field."""
    match = COLON.match(line)
    if match is None or OTHER_FIELD.search(match["text"]):
        return line
    column = len(re.match(r"\s*(?:- )?", line)[0])  # type: ignore[index]
    if following.strip() and len(following) - len(following.lstrip()) > column:
        return line
    text = match["text"]
    quoted = "'" + text.replace("'", "''") + "'" if re.search(r'["\\]', text) else f'"{text}"'
    return f"{match['name']}{quoted}{match['rest']}"


def _values(path: Path, text: str, model: type[BaseModel]) -> tuple[str, list[Repair]]:
    """Repair the values of a text."""
    repairs: list[Repair] = []
    if _fault(path, text) is not None:
        return text, repairs
    for place, new in _repairs(parse_yaml(path, text).data, model):
        before = parse_yaml(path, text).data
        node = scalars(text)[place]
        written = text[node.start_mark.index : node.end_mark.index]
        changed = _written(written, place, new)
        after = text[: node.start_mark.index] + changed + text[node.end_mark.index :]
        if _fault(path, after) is None and parse_yaml(path, after).data == _with(before, place, new):
            text = after
            line = node.start_mark.line + 1
            field = ".".join(map(str, place))
            repairs.append(Repair(line, f"{field}: {written.strip()} is now {changed.strip()}"))
    return text, repairs


def _written(written: str, place: Place, new: object) -> str:
    """Format a new value in the style of the old one; a formula keeps its quotes and its lines."""
    if place == ("formula",):
        return MEAN.sub(_moving_average, EQUALS.sub(r"\1", written))
    return new if isinstance(new, str) else json.dumps(new)


def _repairs(data: dict[str, Any], model: type[BaseModel]) -> Iterator[tuple[Place, object]]:
    """Return place and new value of every value that can be repaired."""
    try:
        model.model_validate(data)
    except ValidationError as error:
        for one in error.errors():
            value, place = one.get("input"), place_of(data, one["loc"])
            if not place or not isinstance(value, str):
                continue
            if place[-1] == "unit" and value.strip().lower() in PER_CENT:
                yield place, "PT"
            elif (number := _number(value.strip(), one["type"])) is not None:
                yield place, number
    formula = data.get("formula")
    if "formula" in model.model_fields and isinstance(formula, str):
        repaired = MEAN.sub(_moving_average, EQUALS.sub(r"\1", formula))
        if repaired != formula:
            yield ("formula",), repaired


def _moving_average(match: re.Match[str]) -> str:
    known = int(match["years"]) in YEARS
    return f"moving_average{match['inside']}" if known else match[0]


def _number(text: str, kind: str) -> int | float | None:
    """Parse a text as a number if it is unambiguous; None if it may mean another. 1,500 may be fifteen
    hundred.
    """
    whole = re.fullmatch(r"[-+]?(?:0|[1-9]\d{0,14})", text)
    if kind.startswith(("int", "float")) and whole:
        return int(text)
    if kind.startswith("float") and not re.fullmatch(r"[-+]?[1-9]\d{0,2},\d{3}", text):
        return float(text.replace(",", ".")) if re.fullmatch(r"[-+]?\d{1,9}[.,]\d{1,9}", text) else None
    return None


def _with(data: Any, place: Place, new: object) -> Any:
    """Return the data with another value in one place."""
    if not place:
        return new
    copy: Any = dict(data) if isinstance(data, dict) else list(data)
    copy[place[0]] = _with(data[place[0]], place[1:], new)
    return copy
