"""Strict parser of delimited text to text columns: the declared columns in their order, complete records, no
misplaced quotation mark. The readers interpret the columns.

Arrow parses the records; it tolerates stray quotation marks, so they are detected first.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Annotated, Literal, Protocol

import pyarrow as pa
import pyarrow.csv as arrow_csv
from pydantic import Field, model_validator

from schemas.definitions.base import Model
from sources.http.content import check_text, excerpt, expect_header
from sources.model import InvalidResponse, NoSuchSeries, Page
from sources.readers.common.paging import RUN_AGAIN, refuse

BLOCK = 4 * 1024 * 1024  # bytes parsed at a time
BOM = b"\xef\xbb\xbf"
SEPARATOR_LINE = re.compile(r"""["']?sep=(.)["']?""", re.IGNORECASE)


class Readable(Protocol):
    """A stream that is read once, from its beginning."""

    def read(self, size: int, /) -> bytes: ...


Column = str | Annotated[dict[str, str], Field(min_length=1, max_length=1)]


class Layout(Model):
    """The layout of a file."""

    delimiter: Annotated[str, Field(pattern=r"^[,;\t|]$")] = ","
    columns: list[Column] = Field(
        min_length=1,
        description="every column of the header in order: its name, or `name: ours` where the header gives "
        "no name, or one name twice",
    )
    may_follow: list[Column] = Field(
        default=[], description="columns that may stand after them, in any order, or be missing"
    )
    final_newline: bool = Field(default=True, description="whether the last line always ends with a newline")
    encoding: Literal["utf-8", "cp1252", "latin-1", "utf-16"] = Field(
        default="utf-8", description="how letters are written"
    )
    title_rows: int = Field(default=0, ge=0, le=20, description="most lines that may stand before the header")
    decimal: Literal[".", ","] = Field(default=".", description="decimal sign of the value columns")
    thousands: Literal["", ",", ".", " ", "'", "\u00a0", "\u202f"] = Field(
        default="", description="sign between thousands in the value columns, which may also be left out"
    )

    @model_validator(mode="after")
    def _signs(self) -> Layout:
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands are one sign")
        return self

    def headers(self) -> list[tuple[str, str]]:
        """Return the header and our name of every declared column."""
        return [_pair(column) for column in self.columns]

    def followers(self) -> list[tuple[str, str]]:
        """Return the same for the columns that may follow."""
        return [_pair(column) for column in self.may_follow]


def _pair(column: Column) -> tuple[str, str]:
    return (column, column) if isinstance(column, str) else next(iter(column.items()))


def parse(page: Page, layout: Layout) -> pa.Table:
    """Return the records of a file, all text and never null. Raises InvalidResponse; NoSuchSeries if there
    are none."""
    with page.open() as file:
        tables = list(parse_blocks(file, layout, page))
    if not tables:
        raise no_rows(page)
    return pa.concat_tables(tables)


def no_rows(page: Page) -> InvalidResponse:
    """Return whether the file has a header only."""
    return refuse(
        "the file has a header and no rows",
        [page],
        allowed="at least one row",
        next_step=RUN_AGAIN,
        kind=NoSuchSeries,
    )


def parse_blocks(file: Readable, layout: Layout, page: Page) -> Iterator[pa.Table]:
    """Yield the records of a file in parts of some megabytes, all text and never null, or raise
    InvalidResponse.

    Yields nothing for a header without rows. page: named in errors."""
    names: list[str] | None = None
    block = b""
    for block in blocks(recoded(file, layout.encoding, page)):
        if names is None:
            check_text(page, block, layout.encoding)
            names, block = _header(block.removeprefix(BOM), layout, page)
        text = _utf8(block, page)
        _check_marks(text, layout, page)
        if text.strip():
            yield _records(block, names, layout, page)
    if names is None:
        check_text(page, b"", layout.encoding)
    if layout.final_newline and block and not block.endswith(b"\n"):
        raise refuse(
            f"the file ends in the middle of a line: {block[-60:].decode('utf-8', 'replace')!r}",
            [page],
            allowed="a newline at the end",
            next_step=RUN_AGAIN,
        )


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


def _utf8(block: bytes, page: Page) -> str:
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


def _records(block: bytes, names: list[str], layout: Layout, page: Page) -> pa.Table:
    try:
        return arrow_csv.read_csv(
            pa.BufferReader(block),
            read_options=arrow_csv.ReadOptions(
                column_names=names, use_threads=False, block_size=len(block) + 1
            ),
            parse_options=arrow_csv.ParseOptions(delimiter=layout.delimiter, newlines_in_values=True),
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


def _header(block: bytes, layout: Layout, page: Page) -> tuple[list[str], bytes]:
    """Return our names of the columns, and the rest after the header. Up to title_rows lines may precede it,
    and Excel's `sep=;`, which must be the declared delimiter."""
    rest, fault = block, None
    for _ in range(layout.title_rows + 2):
        line, _, after = rest.partition(b"\n")
        text = _utf8(line, page)
        if said := SEPARATOR_LINE.fullmatch(text.rstrip("\r")):
            if said[1] != layout.delimiter:
                raise refuse(
                    f"the file says {text.strip()!r} in its first line",
                    [page],
                    allowed=f"the delimiter {layout.delimiter!r} (options.delimiter)",
                )
        else:
            try:
                return _names(text, layout, page), after
            except InvalidResponse as error:
                fault = fault or error
                if layout.title_rows == 0 or not after:
                    raise
        rest = after
    raise fault or no_rows(page)


def check_key(table: pa.Table, key: Sequence[str], page: Page) -> None:
    """Check that no two records have the same key."""
    if not key:
        return
    counted = table.group_by(list(key)).aggregate([([], "count_all")])
    if counted.num_rows < table.num_rows:
        twice = next(row for row in counted.to_pylist() if row["count_all"] > 1)
        said = ", ".join(str(twice[name]) for name in key)
        raise refuse(
            f"{' '.join(key)} {said} appears {twice['count_all']} times among {table.num_rows} rows",
            [page],
            allowed="each once",
            next_step=RUN_AGAIN,
        )


def _names(header: str, layout: Layout, page: Page) -> list[str]:
    """Return our names of the existing columns, if the header is as declared."""
    columns = expect_header(header, page, layout.delimiter)
    declared = layout.headers()
    declared_names = [name for name, _ in declared]
    more = columns[len(declared_names) :]
    followers = dict(layout.followers())
    if (
        columns[: len(declared_names)] == declared_names
        and len(set(more)) == len(more)
        and set(more) <= set(followers)
    ):
        return [ours for _, ours in declared] + [followers[name] for name in more]
    place = next((i for i, (a, b) in enumerate(zip(columns, declared_names, strict=False)) if a != b), None)
    if place is None:  # the declared columns exist: an additional one is undeclared, or appears twice
        strange = (i for i, name in enumerate(more) if name not in followers or name in more[:i])
        place = len(declared_names) + next(strange, 0)
    there = repr(columns[place][:60]) if place < len(columns) else "missing"
    if len(columns) < len(declared_names):
        place = min(place, len(columns))
    expected = repr(declared_names[place]) if place < len(declared_names) else "nothing that is not declared"
    raise refuse(
        f"column {place + 1} of the file is {there}, and {expected} belongs there",
        [page],
        allowed=layout.delimiter.join(declared_names)
        + (f", then any of {', '.join(followers)}" if followers else ""),
        next_step="if the agency has changed its file, declare the new columns in source.yaml",
    )


def _check_marks(text: str, layout: Layout, page: Page) -> None:
    """Check for NUL, and that every quotation is closed and around a whole field."""
    if "\x00" in text:
        raise refuse("the file holds NUL characters", [page], allowed="text", next_step=RUN_AGAIN)
    bare = _quoted(layout.delimiter).sub("", text) if '"' in text else text
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
