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

from schemas.definitions.slips import syntax_slip
from schemas.errors import DefinitionError, Problem

Place = tuple[str | int, ...]
DEEPEST = 40  # levels of a definition; the deepest of ours has 9
LARGEST = 100_000  # values of a definition with its aliases written out; the largest of ours has 6,000
LEADING_ZERO = re.compile(r"[-+]?0\d")


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
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        what = f"is not UTF-8: byte {error.object[error.start]:#04x}, as Latin-1 has for an accent"
        step = "save the file as UTF-8"
        raise DefinitionError([Problem(str(path), line, "(file)", what, "UTF-8 text", step)]) from None
    except OSError as error:
        raise DefinitionError(
            [Problem(str(path), 1, "(file)", f"cannot be read: {error}", "UTF-8 text")]
        ) from None
    try:
        unreadable = _too_deep(text) or (_unbounded(text) if "&" in text else None)
    except yaml.YAMLError:  # told below, with its line
        unreadable = None
    if unreadable is not None:
        raise DefinitionError(
            [Problem(str(path), 1, "(syntax)", unreadable, "plain fields", "write them out")]
        )
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
        line = mark.line + 1 if mark else 1
        written = text.splitlines()[line - 1] if mark and mark.line < len(text.splitlines()) else ""
        words = syntax_slip(str(what), written) or (
            f"is not YAML: {what}",
            "YAML 1.2",
            "look at the line above too: indentation and quotes",
        )
        raise DefinitionError([Problem(str(path), line, "(syntax)", *words)]) from None
    except (ValueError, RecursionError) as error:  # a scalar or a depth that the library chokes on
        what = f"cannot be read: {str(error).splitlines()[0][:100]}"
        raise DefinitionError(
            [Problem(str(path), 1, "(syntax)", what, "plain fields", "simplify the file")]
        ) from None
    finally:
        loader.dispose()
    return YamlFile(path, data, lines)


def _too_deep(text: str) -> str | None:
    """Whether brackets are nested so deep that the library would not survive reading them."""
    depth = 0
    for sign in re.findall(r"[\[{\]}]", text):
        depth += 1 if sign in "[{" else -1
        if depth > 5 * DEEPEST:
            return f"has brackets nested more than {5 * DEEPEST} deep"
    return None


def _unbounded(text: str) -> str | None:
    """Why a text with anchors may not be expanded: it refers to itself, or grows beyond all bounds.

    Counted on the events of the parser, so that nothing is expanded to find out.
    """
    sizes: dict[str, int] = {}
    stack: list[tuple[str | None, int]] = [(None, 0)]
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        anchor = getattr(event, "anchor", None)
        if isinstance(event, yaml.AliasEvent):
            if anchor not in sizes:
                return f"the alias {anchor} is inside what it names"
            size = sizes[anchor]
        elif isinstance(event, yaml.CollectionStartEvent):
            stack.append((anchor, 1))
            continue
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, size = stack.pop()
        elif isinstance(event, yaml.ScalarEvent):
            size = 1
        else:
            continue
        if anchor is not None and not isinstance(event, yaml.AliasEvent):
            sizes[anchor] = size
        outer, so_far = stack.pop()
        stack.append((outer, so_far + size))
        if so_far + size > LARGEST:
            return f"has more than {LARGEST:,} values once its aliases are written out"
    return None


def _walk(node: yaml.Node, place: Place, lines: dict[Place, int], path: Path) -> None:
    if len(place) > DEEPEST:
        line = node.start_mark.line + 1
        what = f"is nested more than {DEEPEST} levels deep"
        raise DefinitionError([Problem(str(path), line, "(syntax)", what, "plain fields", "flatten it")])
    if isinstance(node, yaml.ScalarNode) and node.tag.endswith(":int") and LEADING_ZERO.match(node.value):
        line, number = node.start_mark.line + 1, node.value.lstrip("+-0") or "0"
        field = ".".join(map(str, place))
        what = f"{node.value} begins with a zero: is it a code or a number?"
        step = f'write "{node.value}" for a code, {number} for a number'
        raise DefinitionError([Problem(str(path), line, field, what, "no leading zero", step)])
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
