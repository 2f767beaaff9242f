"""Limits of a YAML file, checked on the parser's events before any node is built: depth, number of values,
aliases, tags, and the form of a scalar.

libyaml builds nested nodes by recursion in C: a line of some ten thousand dashes ends the interpreter. Its
event parser does not recurse, and expands no alias. The models define the fields.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import yaml

MOST_BYTES = 300_000  # bytes of a definition; the largest of ours has 55 kB
DEEPEST = 40  # levels of a definition; the deepest of ours has 9
MOST_VALUES = 20_000  # values of a definition with its aliases expanded; the largest of ours has 6,000
MOST_DIGITS = 18  # digits of a whole number: what 64 bits hold
STRING = "tag:yaml.org,2002:str"
LEADING_ZERO = re.compile(r"[-+]?0\d")


@dataclass(frozen=True)
class YamlFault:
    """Why a file is refused. line: 1-based."""

    line: int
    what: str
    allowed: str
    next_step: str


def structure_fault(text: str) -> YamlFault | None:
    """Return the first fault of a text as a whole: excessive nesting, size or repetition, or tags.

    Raises:
        yaml.YAMLError: the text is not YAML.
    """
    sizes: dict[str, int] = {}
    stack: list[tuple[str | None, int]] = [(None, 0)]
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if tag is not None and tag != STRING:
            return _at(event, f"has the tag {str(tag)[:60]!r}", "no tags", "write the value without its tag")
        if isinstance(event, yaml.AliasEvent):
            if anchor not in sizes:
                inside = any(anchor == name for name, _ in stack)
                how = "is inside what it names" if inside else "names nothing that comes before it"
                what = f"the alias {str(anchor)[:60]} {how}"
                return _at(event, what, "an alias of an anchor above it", "write it out")
            size = sizes[anchor]
        elif isinstance(event, yaml.CollectionStartEvent):
            if len(stack) > DEEPEST:
                return _at(event, f"is nested more than {DEEPEST} levels deep", "plain fields", "flatten it")
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
        if so_far + size > MOST_VALUES:
            what = f"has more than {MOST_VALUES:,} values, aliases written out"
            return _at(event, what, f"at most {MOST_VALUES:,}", "split the file, or write fewer aliases")
    return None


def scalar_fault(node: yaml.ScalarNode) -> YamlFault | None:
    """Return why a number is invalid: a leading zero, too many digits, too large."""
    kind, text = node.tag.rpartition(":")[2], node.value
    if kind == "int" and LEADING_ZERO.match(text):
        number = text.lstrip("+-0") or "0"
        step = f'write "{text[:40]}" for a code, {number[:40]} for a number'
        return _at(
            node, f"{text[:40]} begins with a zero: is it a code or a number?", "no leading zero", step
        )
    if kind == "int" and len(text.lstrip("+-")) > MOST_DIGITS:
        what = f"{text[:20]}… has {len(text.lstrip('+-')):,} digits"
        return _at(node, what, f"at most {MOST_DIGITS} digits", "write a code in quotes")
    if kind == "float" and not math.isfinite(float(text)):
        return _at(node, f"{text[:40]} is larger than any number", "a finite number", "fix the exponent")
    return None


def key_fault(node: yaml.Node) -> YamlFault | None:
    """Return why a key cannot be the name of a field."""
    if not isinstance(node, yaml.ScalarNode):
        return _at(node, "a list or a mapping as the name of a field", "a word", "write `name: value`")
    if node.tag.endswith(":null"):
        return _at(node, "a field without a name", "a word", "write `name: value`")
    return None


def _at(place: yaml.Event | yaml.Node, what: str, allowed: str, next_step: str) -> YamlFault:
    mark = place.start_mark
    return YamlFault(mark.line + 1 if mark else 1, what, allowed, next_step)
