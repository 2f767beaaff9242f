"""Reads a YAML file together with the line of every field, so that errors can name their place.

YAML 1.2 scalars: only true and false are booleans (Norway's NO stays text), and a repeated key is an error.
Limits of a file are in yaml_limits.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from schemas.definitions.slips import syntax_slip
from schemas.definitions.yaml_limits import (
    MOST_BYTES,
    YamlFault,
    key_fault,
    scalar_fault,
    structure_fault,
)
from schemas.errors import DefinitionError, Problem

Place = tuple[str | int, ...]


class _Loader(yaml.CSafeLoader):
    """The fast loader with YAML 1.2 booleans and without dates and base-60 numbers."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("tag:yaml.org,2002:bool", r"^(?:true|false)$", "tf"),
    ("tag:yaml.org,2002:null", r"^(?:~|null|)$", ["~", "n", ""]),
    ("tag:yaml.org,2002:int", r"^[-+]?[0-9]+$", "-+0123456789"),
    (
        "tag:yaml.org,2002:float",
        r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][-+]?[0-9]+)?$",
        "-+.0123456789",
    ),
):
    _Loader.add_implicit_resolver(_tag, re.compile(_pattern), list(_first))


@dataclass(frozen=True)
class YamlFile:
    """The parsed document and the 1-based line of every place in it."""

    path: Path
    data: dict[str, Any]
    lines: dict[Place, int]

    def line(self, place: Place) -> int:
        """Return the line of a place, or of its nearest ancestor in the file."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def load_yaml(path: Path) -> YamlFile:
    """Read one mapping from a file. Raises DefinitionError with file and line on any other content."""
    return parse_yaml(path, _text(path))


def parse_yaml(path: Path, text: str) -> YamlFile:
    """Parse one mapping from the text of that file. Raises DefinitionError with file and line on any other
    content.
    """
    loader: _Loader | None = None
    try:
        if (fault := structure_fault(text)) is not None:
            raise _refused(path, "(syntax)", fault)
        loader = _Loader(text)
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise _refused(path, "(file)", YamlFault(1, "is not a mapping", "fields as `name: value`", ""))
        lines: dict[Place, int] = {(): 1}
        _walk(node, (), lines, path)
        return YamlFile(path, loader.construct_document(node), lines)
    except yaml.YAMLError as error:
        raise _refused(path, "(syntax)", _syntax_fault(error, text)) from None
    finally:
        if loader is not None:
            loader.dispose()


def scalars(text: str) -> dict[Place, yaml.ScalarNode]:
    """Yield the scalars of a text that parse_yaml reads, each with its start and end."""
    loader = _Loader(text)
    try:
        return dict(_scalars(loader.get_single_node(), ()))
    finally:
        loader.dispose()


def _scalars(node: yaml.Node | None, place: Place) -> Iterator[tuple[Place, yaml.ScalarNode]]:
    if isinstance(node, yaml.ScalarNode):
        yield place, node
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _scalars(value, (*place, str(key.value)))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _scalars(value, (*place, index))


def _text(path: Path) -> str:
    """Return the text of a file, if it is UTF-8 and within the size limit of a definition."""
    try:
        if path.stat().st_size > MOST_BYTES:
            what = f"has {path.stat().st_size:,} bytes"
            raise _refused(path, "(file)", YamlFault(1, what, f"at most {MOST_BYTES:,}", "split the file"))
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        what = f"is not UTF-8: byte {error.object[error.start]:#04x}, as Latin-1 has for an accent"
        raise _refused(
            path, "(file)", YamlFault(line, what, "UTF-8 text", "save the file as UTF-8")
        ) from None
    except OSError as error:
        raise _refused(path, "(file)", YamlFault(1, f"cannot be read: {error}", "UTF-8 text", "")) from None


def _syntax_fault(error: yaml.YAMLError, text: str) -> YamlFault:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error).splitlines()[0]
    if mark is not None:
        line = mark.line + 1
    else:  # a character that YAML does not allow: its position is counted in bytes
        line = text.encode()[: getattr(error, "position", 0)].count(b"\n") + 1
    written = text.splitlines()[line - 1] if mark and line <= len(text.splitlines()) else ""
    words = syntax_slip(str(what), written) or (
        f"is not YAML: {what}",
        "YAML 1.2",
        "look at the line above too: indentation and quotes",
    )
    return YamlFault(line, *words)


def _refused(path: Path, field: str, fault: YamlFault) -> DefinitionError:
    return DefinitionError(
        [Problem(str(path), fault.line, field, fault.what, fault.allowed, fault.next_step)]
    )


def _walk(node: yaml.Node, place: Place, lines: dict[Place, int], path: Path) -> None:
    if isinstance(node, yaml.ScalarNode) and (fault := scalar_fault(node)) is not None:
        raise _refused(path, ".".join(map(str, place)), fault)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if (fault := key_fault(key)) is not None:
                raise _refused(path, ".".join(map(str, place)) or "(file)", fault)
            name, line = str(key.value), key.start_mark.line + 1
            if name in seen:
                twice = YamlFault(
                    line, "appears twice in one mapping", "each field once", "remove one of the two"
                )
                raise _refused(path, name, twice)
            seen.add(name)
            lines[(*place, name)] = line
            _walk(value, (*place, name), lines, path)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            lines[(*place, index)] = value.start_mark.line + 1
            _walk(value, (*place, index), lines, path)
