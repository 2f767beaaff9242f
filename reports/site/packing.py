"""Data files as scripts: JSON handed to CT.put, or packed and handed to CT.zip of assets/site.js.

A page opened from a folder cannot fetch a file, but it can load a script. Long data are packed: gzip, written
with 91 characters that need no escape in a script, 13 bits in two of them; base64 is a twelfth longer. Tables
stand in it by column, which gzip makes a tenth shorter. What the data are is said in chart_data.py.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson

COLUMNS = "|"  # the first part of a list that is a table by column
BITS, BASE = 13, 91  # 2 ** 13 numbers in 91 * 91 pairs of characters
ALPHABET = np.frombuffer(bytes(c for c in range(33, 127) if chr(c) not in '"\\<'), dtype=np.uint8)
WEIGHTS = (2.0 ** np.arange(BITS - 1, -1, -1)).astype(np.float32)


def by_column(rows: Iterable[Sequence[Any]]) -> list[Any]:
    """A table of rows of one length, as site.js turns it round again."""
    return [COLUMNS, *(list(column) for column in zip(*rows, strict=True))]


def by_row(value: Any) -> Any:
    """The value with every table by row, as a script sees it."""
    if isinstance(value, dict):
        return {key: by_row(part) for key, part in value.items()}
    if not isinstance(value, list):
        return value
    if value[:1] == [COLUMNS]:
        return [[by_row(cell) for cell in row] for row in zip(*value[1:], strict=True)]
    return [by_row(part) for part in value]


def encode(content: bytes) -> bytes:
    """Bytes as characters: from the first bit on, 13 bits in two characters, the rest filled with zeros."""
    bits = np.unpackbits(np.frombuffer(content, dtype=np.uint8))
    rows = np.pad(bits, (0, -len(bits) % BITS)).reshape(-1, BITS)
    numbers = (rows.astype(np.float32) @ WEIGHTS).astype(np.int64)  # exact: below 2 ** 24
    return bytes(ALPHABET[np.stack(np.divmod(numbers, BASE), axis=1).ravel()].tobytes())


def decode(text: bytes, size: int) -> bytes:
    """The bytes that `encode` was given. size: how many."""
    place = np.zeros(256, dtype=np.int64)
    place[ALPHABET] = np.arange(BASE)
    pairs = place[np.frombuffer(text, dtype=np.uint8)].reshape(-1, 2) @ (BASE, 1)
    bits = (pairs[:, None] >> np.arange(BITS - 1, -1, -1)) & 1
    return np.packbits(bits.astype(np.uint8).ravel())[:size].tobytes()


def write(path: Path, key: str, value: Any, *, packed: bool = False) -> int:
    """Write one file. Returns its size in bytes; a file that would be the same is left alone."""
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
    """What a data file hands to the scripts."""
    content = path.read_bytes()
    verb, _, body = content[content.index(b"CT.") :].partition(b"(")
    told = body[body.index(b",") + 1 : body.rindex(b")")]
    if verb == b"CT.zip":
        text, _, size = told.rpartition(b",")
        told = gzip.decompress(decode(text.strip(b'"'), int(size)))
    return by_row(orjson.loads(told))
