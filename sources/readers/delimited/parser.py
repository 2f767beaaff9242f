"""Delimited text to a table of text columns, strictly: the declared columns in their order, every record
whole, no quotation mark out of place. What the columns mean is for the readers.

Arrow parses the records; it forgives stray quotation marks, so those are looked for before.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Annotated

import pyarrow as pa
import pyarrow.csv as arrow_csv
from pydantic import Field

from schemas.definitions.base import Model
from sources.http.content import excerpt, expect_header, parse_text
from sources.model import NoSuchSeries, Page
from sources.readers.common.paging import RUN_AGAIN, refuse

Column = str | Annotated[dict[str, str], Field(min_length=1, max_length=1)]


class Layout(Model):
    """How a file is written."""

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

    def headers(self) -> list[tuple[str, str]]:
        """Header and our name for it, of every declared column."""
        return [_pair(column) for column in self.columns]

    def followers(self) -> list[tuple[str, str]]:
        """The same of the columns that may follow."""
        return [_pair(column) for column in self.may_follow]


def _pair(column: Column) -> tuple[str, str]:
    return (column, column) if isinstance(column, str) else next(iter(column.items()))


def parse(page: Page, layout: Layout) -> pa.Table:
    """The records of a file, all text and never null, or InvalidResponse; NoSuchSeries if there are none."""
    text = parse_text(page)
    header, _, rest = text.partition("\n")
    names = _names(header, layout, page)
    if not rest.strip():
        raise refuse(
            "the file has a header and no rows",
            [page],
            allowed="at least one row",
            next_step=RUN_AGAIN,
            kind=NoSuchSeries,
        )
    _check_marks(text, layout, page)
    try:
        return arrow_csv.read_csv(
            pa.BufferReader(page.body),
            read_options=arrow_csv.ReadOptions(
                column_names=names, skip_rows=1, use_threads=False, block_size=len(page.body) + 1
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


def check_key(table: pa.Table, key: Sequence[str], page: Page) -> None:
    """No two records have the same key."""
    if not key:
        return
    counted = table.group_by(list(key)).aggregate([([], "count_all")])
    if counted.num_rows < table.num_rows:
        twice = next(row for row in counted.to_pylist() if row["count_all"] > 1)
        said = ", ".join(str(twice[name]) for name in key)
        raise refuse(
            f"{' '.join(key)} {said} stands {twice['count_all']} times among {table.num_rows} rows",
            [page],
            allowed="each once",
            next_step=RUN_AGAIN,
        )


def _names(header: str, layout: Layout, page: Page) -> list[str]:
    """Our names of the columns that are there, if the header is as declared."""
    found = expect_header(header, page, layout.delimiter)
    declared = layout.headers()
    wanted = [name for name, _ in declared]
    more = found[len(wanted) :]
    followers = dict(layout.followers())
    if found[: len(wanted)] == wanted and len(set(more)) == len(more) and set(more) <= set(followers):
        return [ours for _, ours in declared] + [followers[name] for name in more]
    place = next((i for i, (a, b) in enumerate(zip(found, wanted, strict=False)) if a != b), None)
    if place is None:  # the declared columns are there: what follows them is not, or comes twice
        strange = (i for i, name in enumerate(more) if name not in followers or name in more[:i])
        place = len(wanted) + next(strange, 0)
    there = repr(found[place][:60]) if place < len(found) else "missing"
    if len(found) < len(wanted):
        place = min(place, len(found))
    expected = repr(wanted[place]) if place < len(wanted) else "nothing that is not declared"
    raise refuse(
        f"column {place + 1} of the file is {there}, and {expected} belongs there",
        [page],
        allowed=layout.delimiter.join(wanted)
        + (f", then any of {', '.join(followers)}" if followers else ""),
        next_step="if the agency has changed its file, declare the new columns in source.yaml",
    )


def _check_marks(text: str, layout: Layout, page: Page) -> None:
    """No NUL, every quotation closed and around a whole field, every line ended."""
    if "\x00" in text:
        raise refuse("the file holds NUL characters", [page], allowed="text", next_step=RUN_AGAIN)
    if layout.final_newline and not text.endswith("\n"):
        raise refuse(
            f"the file ends in the middle of a line: {text[-60:]!r}",
            [page],
            allowed="a newline at the end",
            next_step=RUN_AGAIN,
        )
    bare = _quoted(layout.delimiter).sub("", text) if '"' in text else text
    for mark, what in (('"', "a quotation mark that"), ("\r(?!\n)", "a carriage return that")):
        if found := re.search(mark, bare):
            near = bare[max(0, found.start() - 40) : found.end() + 20]
            raise refuse(
                f"the file has {what} belongs to no field or line, near {near!r}",
                [page],
                allowed="fields in quotation marks as a whole, marks inside them doubled",
                next_step=RUN_AGAIN,
            )


@cache
def _quoted(delimiter: str) -> re.Pattern[str]:
    """A field in quotation marks, from one delimiter or newline to the next."""
    edge = re.escape(delimiter)
    return re.compile(rf'(?:(?<=^)|(?<=[{edge}\r\n]))"[^"]*(?:""[^"]*)*"(?=[{edge}\r\n]|\Z)')
