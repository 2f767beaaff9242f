"""Reader of delimited text in any layout, with names and meaning of the columns declared in source.yaml.

options in source.yaml:
  delimiter, columns, may_follow, final_newline, encoding, title_rows, decimal, thousands
                how the file is written (see Layout in parser.py); a resource may have its own `layout`.
                A line `sep=;` before the header, as Excel writes it, is skipped
  resources     what is asked, by name: `path`, `params`; `only`, the text (or number) that a column must have
                in every row, so that an agency that ignores a parameter is found out; `release`, see below
  archive       where the answer is a zip: which members hold data (see ArchiveRules in ../common/archive.py)
  packed        gzip, where the file is packed so
  fields        a field of the wire (area, area_name, time_period, series, value, unit, status, footnote,
                source_detail, nature, lower, upper) to the column that holds it
  dims          the agency's dimension to the column that holds its code
  times         a value column to its year, where years stand side by side
  key           columns that together name a row: no two rows of a file that are used may have the same
  leave_out     rows that are counted and not brought to stage: those whose `column` matches the pattern
                `matches`, or does not match `unless`, of all `resources` or of those named; `reason` must
                stand in counted_only
  other_series  the reason under which rows of series that series.csv does not name are counted
  words         texts of value columns that stand for a number, to that number; the text becomes the footnote
  blank         texts that a spreadsheet writes where a cell is empty, such as #N/A
  absent        pattern of the agency's refusal that means "there is no such series"

series.csv: `resource`, the resources that carry the series (several joined by |; empty: all), and `column`,
its value columns (several joined by |). A series without `column` stands in the column that fields.series
names, its value in fields.value.

`release` asks the agency's list of releases before the data: the JSON at its `path`, of whose rows those with
`where` count; the largest by `newest` gives the parameter `parameter` the text of its field `take`.

Row numbers: line of the file (or of all members) times value columns.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BufferedIOBase
from typing import cast

import duckdb
import pyarrow as pa

from schemas.definitions.source import Source
from schemas.errors import CompactError
from sources.http.content import parse_json
from sources.http.session import Session
from sources.model import (
    InvalidResponse,
    NoSuchSeries,
    Page,
    Resource,
    SnapshotFiles,
    SourceResponse,
    SpooledPage,
)
from sources.readers.common.archive import gunzip, open_members, packed_on
from sources.readers.common.csv_blocks import Readable
from sources.readers.common.paging import RUN_AGAIN, refuse
from sources.readers.common.raw_table import make_wire
from sources.readers.delimited.options import Asked, Options, ReleaseRule, options_of, value_columns
from sources.readers.delimited.parser import Layout, check_key, no_rows, parse_blocks
from sources.readers.delimited.rows import add_rows, split
from sources.registry.sources import load_series


def plan(source: Source, series: Sequence[str]) -> list[Resource]:
    """Return every declared resource that has one of the series, with the series it has."""
    options, known = options_of(source), load_series(source.id)
    if strange := sorted(set(series) - set(known)):
        raise CompactError(
            f"{source.id} has no series {', '.join(strange[:5])}",
            where=f"sources/agencies/{source.id}/series.csv",
            allowed=", ".join(known),
            next_step="add the series, with the resource and column that carry it, to series.csv",
        )
    resources = []
    for key in options.resources:
        carried = tuple(s for s in sorted(set(series)) if key in _resources(known[s].more, options))
        if carried:
            resources.append(Resource(key, carried))
    return resources


def fetch(source: Source, resource: Resource, session: Session) -> SourceResponse:
    """Fetch one file and check that it is complete: its columns, records, keys, and constant fields."""
    options = options_of(source)
    asked = options.resources[resource.key]
    params, release = dict(asked.params), None
    if asked.release:
        release = _release(asked.release, session)
        params[asked.release.parameter] = release
    try:
        page = session.get(asked.path, params or None)
    except InvalidResponse as error:
        raise _absent(error, options) from None
    rows, digest = 0, hashlib.sha256()
    with duckdb.connect(config={"threads": 1}) as con:  # one part at a time: more threads need more memory
        for part in _parts(page, options, source.limits.response_bytes):
            layout = asked.layout or options
            used: list[pa.Table] = []
            for table in part.tables(layout):
                _check_only(table, asked, part.page)
                rows += table.num_rows
                kept, _ = split(con, source, options, resource.key, table)
                used.append(kept.select([name for name in options.key if name in kept.column_names]))
            if used:
                check_key(pa.concat_tables(used), used[0].column_names, part.page)
            digest.update(f"{part.name}\n{part.digest()}\n".encode())
    if not rows:
        raise no_rows(page)
    if options.archive:
        release = release or packed_on(page)
    return SourceResponse(resource, (page,), 1, rows, digest.hexdigest(), release)


def raw_rows(con: duckdb.DuckDBPyConnection, source: Source, files: Sequence[SnapshotFiles]) -> None:
    """Write one row for each line and value column; count excluded lines by reason."""
    options = options_of(source)
    make_wire(con)
    for one in files:
        asked = options.resources[one.resource]
        values = value_columns(source, options, one.resource)
        layout = asked.layout or options
        line = 0
        for path in one.pages:
            page = SpooledPage(str(path), path)  # a zip may be large, and is not read at once
            for part in _parts(page, options, source.limits.response_bytes):
                for table in part.tables(layout):
                    add_rows(con, source, options, layout, one, table, values, line)
                    line += table.num_rows


@dataclass(frozen=True)
class _Part:
    """One delimited file of a response: the response itself, or a member of an archive. page: named in
    errors.
    """

    name: str
    page: Page
    file: Readable
    digest: Callable[[], str]

    def tables(self, layout: Layout) -> Iterator[pa.Table]:
        """Yield the records, in parts. The evidence of a fault is the received page, not its content."""
        try:
            yield from parse_blocks(self.file, layout, self.page)
        except InvalidResponse as error:
            where = f"{self.page.url}#{self.name}" if self.name else error.where
            raise refuse(
                error.what,
                [self.page],
                where=where,
                allowed=error.allowed,
                next_step=error.next_step,
                kind=type(error),
            ) from None


def _parts(page: Page, options: Options, limit: int) -> Iterator[_Part]:
    """Yield each file of a response, in order of names; each must be read before the next."""
    if options.archive:
        for name, member in open_members(page, options.archive):
            yield _Part(name, page, member, member.hexdigest)
        return
    plain = gunzip(page, limit) if options.packed else page
    with plain.open() as file:
        yield _Part("", page, file, lambda: _digest(plain))


def _digest(page: Page) -> str:
    with page.open() as file:
        return hashlib.file_digest(cast(BufferedIOBase, file), "sha256").hexdigest()


def _check_only(table: pa.Table, asked: Asked, page: Page) -> None:
    for column, text in asked.only.items():
        others = [x for x in table[column].unique().to_pylist() if not _same(str(x), text)]
        if others:
            raise refuse(
                f"rows with {column} {', '.join(map(repr, others[:5]))} came",
                [page],
                allowed=f"{column} {text}",
                next_step="the agency took no notice of what was asked: look the parameter up in its docs",
            )


def _same(actual: str, expected: str) -> bool:
    try:
        return actual == expected or float(actual) == float(expected)
    except ValueError:
        return False


def _release(rule: ReleaseRule, session: Session) -> str:
    """Return the newest release of the requested kind in the agency's list."""
    page = session.get(rule.path, rule.params)
    listed = parse_json(page)
    if not isinstance(listed, list) or not all(
        isinstance(row, dict) and {rule.newest, rule.take, *rule.where} <= row.keys() for row in listed
    ):
        raise refuse("the list of releases is not a list of such rows", [page], next_step=RUN_AGAIN)
    fits = [row for row in listed if all(str(row[k]) == v for k, v in rule.where.items())]
    if not fits:
        raise refuse(
            f"the agency lists no release with {rule.where}",
            [page],
            allowed=", ".join(str(row[rule.take]) for row in listed[:5]),
            kind=NoSuchSeries,
        )
    return str(max(fits, key=lambda row: str(row[rule.newest]))[rule.take])


def _absent(error: InvalidResponse, options: Options) -> InvalidResponse:
    """Translate the agency's error to NoSuchSeries if its text means that."""
    said = " ".join(page.body.decode("utf-8", "replace") for page in error.pages)
    if not options.absent or not re.search(options.absent, said):
        return error
    return refuse(
        error.what,
        error.pages,
        where=error.where,
        allowed=error.allowed,
        next_step=error.next_step,
        kind=NoSuchSeries,
    )


def _resources(more: dict[str, str], options: Options) -> list[str]:
    return more.get("resource", "").split("|") if more.get("resource") else list(options.resources)
