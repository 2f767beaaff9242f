"""Data files as scripts: JSON passed to CT.put, or packed and passed to CT.zip of assets/site.js.

A page opened from a folder cannot fetch a file, but it can load a script. Long data are packed: gzip, written
with the 123 characters of ASCII that need no escape in a script, control characters among them: six bytes in
seven; base64 is an eighth longer. Tables are stored by column, which makes gzip output a tenth shorter.
chart_data.py defines the data.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson

COLUMNS = "|"  # first element of a list that is a table by column
SHAPES = "|"  # the key of nodes stored by shape
LONG = 24  # characters from which a text is stored separately
ALPHABET = np.frombuffer(bytes(c for c in range(128) if chr(c) not in '\0\n\r"\\'), dtype=np.uint8)
BASE, SIX, SEVEN = len(ALPHABET), 6, 7  # 256 ** 6 numbers in 123 ** 7 rows of characters; doubles hold both
PLACES = BASE ** np.arange(SEVEN - 1, -1, -1, dtype=np.int64)
BYTES = 256 ** np.arange(SIX - 1, -1, -1, dtype=np.int64)


def by_column(rows: Iterable[Sequence[Any]]) -> list[Any]:
    """Transpose a table of rows of one length, as site.js transposes it back."""
    return [COLUMNS, *(list(column) for column in zip(*rows, strict=True))]


def by_shape(nodes: Mapping[str, Any]) -> dict[str, Any]:
    """Nodes of few shapes, as site.js puts them together again: for each the shape itself, the keys of its
    nodes, their long texts one after another, then what stands at each other end, by column.

    In a shape 0 stands for a part of a column and 1 for a long text: neighbours often repeat one.
    """
    shapes: dict[str, tuple[Any, list[str], list[list[Any]]]] = {}
    for key, node in nodes.items():
        ends: list[Any] = []
        texts: list[str] = []
        shape = _shape(node, ends, texts)
        _, found, rows = shapes.setdefault(orjson.dumps(shape).decode(), (shape, [], []))
        found += texts
        rows.append([key, *ends])
    return {SHAPES: [[s, texts, *map(list, zip(*rows, strict=True))] for s, texts, rows in shapes.values()]}


def _shape(node: Any, ends: list[Any], texts: list[str]) -> Any:
    """A node with a number at its ends, which go to `ends` and `texts` in order."""
    if isinstance(node, dict):
        return {str(key): _shape(part, ends, texts) for key, part in node.items()}
    if isinstance(node, (list, tuple)):
        return [_shape(part, ends, texts) for part in node]
    long = isinstance(node, str) and len(node) > LONG
    (texts if long else ends).append(node)
    return int(long)


def _filled(shape: Any, ends: Iterator[Any], texts: Iterator[str]) -> Any:
    """A shape with its ends in the place of the numbers."""
    if isinstance(shape, dict):
        return {key: _filled(part, ends, texts) for key, part in shape.items()}
    if isinstance(shape, list):
        return [_filled(part, ends, texts) for part in shape]
    return next(texts if shape else ends)


def _whole(parts: list[Any]) -> dict[str, Any]:
    """Restore the nodes passed to `by_shape`."""
    nodes = {}
    for shape, long, *columns in parts:
        texts = iter(long)
        for key, *ends in zip(*columns, strict=True):
            nodes[key] = _filled(shape, iter(ends), texts)
    return nodes


def by_row(value: Any) -> Any:
    """Return the value with every table by row, as a script sees it."""
    if isinstance(value, dict):
        if SHAPES in value:
            return _whole(value[SHAPES])
        return {key: by_row(part) for key, part in value.items()}
    if not isinstance(value, list):
        return value
    if value[:1] == [COLUMNS]:
        return [[by_row(cell) for cell in row] for row in zip(*value[1:], strict=True)]
    return [by_row(part) for part in value]


def encode(content: bytes) -> bytes:
    """Encode bytes as characters: six bytes in seven characters, the last six filled with zeros."""
    padded = np.frombuffer(content + bytes(-len(content) % SIX), dtype=np.uint8).reshape(-1, SIX)
    numbers = padded.astype(np.int64) @ BYTES
    return bytes(ALPHABET[numbers[:, None] // PLACES % BASE].tobytes())


def decode(text: bytes, size: int) -> bytes:
    """Decode the bytes passed to `encode`. size: their number."""
    place = np.zeros(128, dtype=np.int64)
    place[ALPHABET] = np.arange(BASE)
    numbers = place[np.frombuffer(text, dtype=np.uint8)].reshape(-1, SEVEN) @ PLACES
    return bytes((numbers[:, None] // BYTES % 256).astype(np.uint8).tobytes())[:size]


def write(path: Path, key: str, value: Any, *, packed: bool = False) -> int:
    """Write one file. Returns its size in bytes; an unchanged file is not rewritten."""
    text = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    head = f'CT.{"zip" if packed else "put"}("{key}",'.encode()
    if packed:
        content = gzip.compress(text, 9, mtime=0)
        text = b'"' + encode(content) + b'",%d' % len(content)
    body = head + text + b");\n"
    if not path.is_file() or path.read_bytes() != body:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return len(body)


def read(path: Path) -> Any:
    """Return the value that a data file passes to the scripts."""
    content = path.read_bytes()
    verb, _, body = content[content.index(b"CT.") :].partition(b"(")
    told = body[body.index(b",") + 1 : body.rindex(b")")]
    if verb == b"CT.zip":
        text, _, size = told.rpartition(b",")
        told = gzip.decompress(decode(text.strip(b'"'), int(size)))
    return by_row(orjson.loads(told))
