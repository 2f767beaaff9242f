"""Reads a YAML file together with the line of every field, so that an error can name its place.

YAML 1.2 scalars: only true and false are booleans (Norway's NO stays text), and a key that stands twice is an
error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from schemas.errors import DefinitionError, Problem

Place = tuple[str | int, ...]


class _Loader(yaml.CSafeLoader):
    """The fast loader with the booleans of YAML 1.2 and without dates and base-60 numbers."""


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
        """The line of a place, or of the nearest place above it that stands in the file."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def load_yaml(path: Path) -> YamlFile:
    """Read one mapping from a file. Raises DefinitionError with file and line on anything else."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(
            [Problem(str(path), 1, "(file)", f"cannot be read: {error}", "UTF-8 text")]
        ) from None
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise DefinitionError(
                [Problem(str(path), 1, "(file)", "is not a mapping", "fields as `name: value`")]
            )
        lines: dict[Place, int] = {(): 1}
        _walk(node, (), lines, path)
        data = loader.construct_document(node)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise DefinitionError(
            [
                Problem(
                    str(path),
                    mark.line + 1 if mark else 1,
                    "(syntax)",
                    f"is not YAML: {what}",
                    "YAML 1.2",
                    "look at the line above too: indentation and quotes",
                )
            ]
        ) from None
    finally:
        loader.dispose()
    return YamlFile(path, data, lines)


def _walk(node: yaml.Node, place: Place, lines: dict[Place, int], path: Path) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                raise DefinitionError(
                    [
                        Problem(
                            str(path),
                            key.start_mark.line + 1,
                            name,
                            "stands twice in one mapping",
                            "each field once",
                            "remove one of the two",
                        )
                    ]
                )
            seen.add(name)
            lines[(*place, name)] = key.start_mark.line + 1
            _walk(value, (*place, name), lines, path)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            lines[(*place, index)] = value.start_mark.line + 1
            _walk(value, (*place, index), lines, path)
