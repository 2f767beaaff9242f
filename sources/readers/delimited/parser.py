"""Strict parser of delimited text to text columns: the declared columns in their order. Records and quotation
marks are checked in ../common/csv_blocks.py; the readers interpret the columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

import pyarrow as pa
from pydantic import Field, model_validator

from schemas.definitions.base import Model
from sources.http.content import check_text, expect_header
from sources.model import InvalidResponse, NoSuchSeries, Page
from sources.readers.common.csv_blocks import BOM, Readable, blocks, check_marks, recoded, records, utf8
from sources.readers.common.paging import RUN_AGAIN, refuse

SEPARATOR_LINE = re.compile(r"""["']?sep=(.)["']?""", re.IGNORECASE)


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
        text = utf8(block, page)
        check_marks(text, page, layout.delimiter)
        if text.strip():
            yield records(block, names, page, layout.delimiter)
    if names is None:
        check_text(page, b"", layout.encoding)
    if layout.final_newline and block and not block.endswith(b"\n"):
        raise refuse(
            f"the file ends in the middle of a line: {block[-60:].decode('utf-8', 'replace')!r}",
            [page],
            allowed="a newline at the end",
            next_step=RUN_AGAIN,
        )


def _header(block: bytes, layout: Layout, page: Page) -> tuple[list[str], bytes]:
    """Return our names of the columns, and the rest after the header. Up to title_rows lines may precede it,
    and Excel's `sep=;`, which must be the declared delimiter."""
    rest, fault = block, None
    for _ in range(layout.title_rows + 2):
        line, _, after = rest.partition(b"\n")
        text = utf8(line, page)
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
