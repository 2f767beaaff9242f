"""Delimited text as Arrow tables of text, a few megabytes at a time: whole records, strict UTF-8, no
misplaced quotation mark. Which columns a file must have, and what they mean, is left to the readers.

Arrow parses the records; it tolerates stray quotation marks, so they are detected first.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Protocol

import pyarrow as pa
import pyarrow.csv as arrow_csv

from sources.http.content import excerpt
from sources.model import Page
from sources.readers.common.paging import RUN_AGAIN, refuse

BLOCK = 4 * 1024 * 1024  # bytes parsed at a time
BOM = b"\xef\xbb\xbf"


class Readable(Protocol):
    """A stream that is read once, from its beginning."""

    def read(self, size: int, /) -> bytes: ...


def blocks(file: Readable, size: int = BLOCK) -> Iterator[bytes]:
    """Yield the bytes of a file in parts that end with a record: at a newline outside quotation marks. A part
    without such an end within a few sizes is passed on unchanged, for the check of quotation marks."""
    rest = b""
    while chunk := file.read(size):
        data = rest + chunk
        cut = data.rfind(b"\n") + 1
        odd = data.count(b'"', 0, cut) % 2
        while odd and cut:
            before = data.rfind(b"\n", 0, cut - 1) + 1
            odd ^= data.count(b'"', before, cut) % 2
            cut = before
        if not cut and len(data) > 4 * size:
            cut = len(data)
        rest = data[cut:]
        if cut:
            yield data[:cut]
    if rest:
        yield rest


class recoded:  # noqa: N801 - used like a function
    """A file in another encoding, read as UTF-8."""

    def __init__(self, file: Readable, encoding: str, page: Page) -> None:
        self._file, self._page, self._encoding = file, page, encoding
        self._decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)("strict")

    def read(self, size: int) -> bytes:
        """Read some bytes of UTF-8; none at the end."""
        while True:
            chunk = self._file.read(size)
            if self._decoder is None:
                return chunk
            try:
                text = self._decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                raise refuse(
                    f"the file is not {self._encoding}: {error.reason}",
                    [self._page],
                    allowed=f"text in {self._encoding} (options.encoding)",
                ) from None
            if text or not chunk:
                return text.encode()


def utf8(block: bytes, page: Page) -> str:
    """Decode a block. Raises InvalidResponse if it is not UTF-8."""
    try:
        return block.decode("utf-8")
    except UnicodeDecodeError as error:
        line = block[: error.start].rpartition(b"\n")[2][-40:].decode("utf-8", "replace")
        raise refuse(
            f"the file is not UTF-8: 0x{block[error.start]:02x} after {line!r} ({error.reason})",
            [page],
            allowed="text in UTF-8",
            next_step="if the agency writes another encoding, declare it as options.encoding in source.yaml",
        ) from None


def records(block: bytes, names: Sequence[str], page: Page, delimiter: str = ",") -> pa.Table:
    """Parse the records of a block: text in these columns, never null. Raises InvalidResponse if one has
    more fields or fewer."""
    try:
        return arrow_csv.read_csv(
            pa.BufferReader(block),
            read_options=arrow_csv.ReadOptions(
                column_names=list(names), use_threads=False, block_size=len(block) + 1
            ),
            parse_options=arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types={name: pa.string() for name in names},
                null_values=[],
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        raise refuse(
            f"the file has a record that is not whole: {excerpt(str(error).encode())}",
            [page],
            allowed=f"{len(names)} columns in every record",
            next_step=RUN_AGAIN,
        ) from None


def check_marks(text: str, page: Page, delimiter: str = ",") -> None:
    """Check for NUL, and that every quotation is closed and around a whole field."""
    if "\x00" in text:
        raise refuse("the file holds NUL characters", [page], allowed="text", next_step=RUN_AGAIN)
    bare = _quoted(delimiter).sub("", text) if '"' in text else text
    for mark, what in (('"', "a quotation mark that"), ("\r(?!\n)", "a carriage return that")):
        if match := re.search(mark, bare):
            near = bare[max(0, match.start() - 40) : match.end() + 20]
            raise refuse(
                f"the file has {what} belongs to no field or line, near {near!r}",
                [page],
                allowed="fields in quotation marks as a whole, marks inside them doubled",
                next_step=RUN_AGAIN,
            )


@cache
def _quoted(delimiter: str) -> re.Pattern[str]:
    """Match a quoted field, from one delimiter or newline to the next."""
    edge = re.escape(delimiter)
    return re.compile(rf'(?:(?<=^)|(?<=[{edge}\r\n]))"[^"]*(?:""[^"]*)*"(?=[{edge}\r\n]|\Z)')
