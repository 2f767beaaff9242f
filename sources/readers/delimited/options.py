"""The options of the delimited reader, from source.yaml and series.csv. reader.py documents each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from schemas.definitions.base import Model
from schemas.definitions.source import Source
from schemas.errors import CompactError
from sources.readers.common.archive import ArchiveRules
from sources.readers.delimited.parser import Layout
from sources.registry.sources import SeriesInfo, load_series

FieldName = Literal[
    "area", "area_name", "time_period", "series", "value", "unit", "unit_mult", "status", "footnote",
    "source_detail", "nature", "lower", "upper",
]  # fmt: skip


class ReleaseRule(Model):
    path: str
    params: dict[str, str] = Field(default={})
    newest: str
    take: str
    parameter: str
    where: dict[str, str] = Field(default={})


class Asked(Model):
    """One requested resource."""

    path: Annotated[str, Field(pattern="^/")]
    params: dict[str, str] = Field(default={})
    only: dict[str, str] = Field(default={})
    release: ReleaseRule | None = None
    layout: Layout | None = None


class LeaveOut(Model):
    column: str
    matches: str | None = None
    unless: str | None = None
    resources: list[str] = Field(default=[])
    reason: str

    def applies_to(self, resource: str) -> bool:
        """Return whether the rule applies to this resource."""
        return not self.resources or resource in self.resources


class Options(Layout):
    resources: dict[str, Asked] = Field(min_length=1)
    archive: ArchiveRules | None = None
    packed: Literal["gzip"] | None = None
    fields: dict[FieldName, str]
    dims: dict[str, str] = Field(default={})
    times: dict[str, str] = Field(default={})
    key: list[str] = Field(default=[])
    leave_out: list[LeaveOut] = Field(default=[])
    other_series: str = ""
    blank: list[str] = Field(default=[])
    words: dict[str, str] = Field(default={})
    absent: str = ""


@dataclass(frozen=True)
class ValueColumn:
    """A column with values. series and time_period: those of its values, or None if the row has them."""

    column: str
    series: str | None
    time_period: str | None


def options_of(source: Source) -> Options:
    """Return the options, or raise CompactError with their problems."""
    try:
        options = Options.model_validate(source.options)
    except ValidationError as error:
        first = error.errors()[0]
        raise _wrong(source, ".".join(map(str, first["loc"])), first["msg"]) from None
    for reason in [rule.reason for rule in options.leave_out] + [options.other_series]:
        if reason and reason not in source.counted_only:
            raise _wrong(source, "leave_out", f"the reason {reason} is not declared in counted_only")
    for word, number in options.words.items():
        if not re.fullmatch(r"[+-]?[0-9]+([.][0-9]+)?", number):
            raise _wrong(source, "words", f"{word!r} stands for {number!r}, which is not a number")
    if options.words and "footnote" in options.fields:
        raise _wrong(source, "words", "the footnote takes the agency's word, and fields.footnote is declared")
    for rule in options.leave_out:
        if strange := sorted(set(rule.resources) - options.resources.keys()):
            raise _wrong(source, "leave_out", f"there is no resource {', '.join(strange)}")
        if (rule.matches is None) == (rule.unless is None):
            raise _wrong(source, "leave_out", f"{rule.column} needs either `matches` or `unless`")
    _check_columns(source, options)
    return options


def value_columns(source: Source, options: Options, resource: str) -> list[ValueColumn]:
    """Return the value columns of a resource, in the order of series.csv."""
    columns_of_values: list[ValueColumn] = []
    by_row = False
    for info in load_series(source.id).values():
        if info.more.get("resource") and resource not in info.more["resource"].split("|"):
            continue
        columns = info.more.get("column", "")
        by_row = by_row or not columns
        columns_of_values += [
            ValueColumn(c, info.code, options.times.get(c)) for c in columns.split("|") if c
        ]
    if by_row:
        columns_of_values.append(ValueColumn(options.fields["value"], None, None))
    return columns_of_values


def _check_columns(source: Source, options: Options) -> None:
    """Check that every named column is declared in a layout, and that no two columns of a layout share a
    name.
    """
    declared: set[str] = set()
    for layout in [options, *(asked.layout for asked in options.resources.values() if asked.layout)]:
        names = [ours for _, ours in layout.headers()] + [ours for _, ours in layout.followers()]
        if len(set(names)) != len(names):
            raise _wrong(source, "columns", "two columns have one name: give one `header: ours`")
        declared |= set(names)
    used = [*options.fields.values(), *options.dims.values(), *options.times, *options.key]
    used += [rule.column for rule in options.leave_out]
    used += [column for asked in options.resources.values() for column in asked.only]
    if strange := sorted(set(used) - declared):
        raise _wrong(source, "options", f"no such column: {', '.join(strange)}")
    for info in load_series(source.id).values():
        _check_series(source, options, info, declared)


def _check_series(source: Source, options: Options, info: SeriesInfo, declared: set[str]) -> None:
    columns = [c for c in info.more.get("column", "").split("|") if c]
    resources = [r for r in info.more.get("resource", "").split("|") if r]
    if not columns and not {"series", "value"} <= options.fields.keys():
        raise _wrong(source, "fields", f"{info.code} has no column, and fields has no series and value")
    if strange := sorted(set(resources) - options.resources.keys()):
        raise _wrong(source, "resources", f"{info.code} is in no declared resource: {', '.join(strange)}")
    if strange := sorted(set(columns) - declared):
        raise _wrong(source, "columns", f"{info.code} stands in no declared column: {', '.join(strange)}")


def _wrong(source: Source, place: str, what: str) -> CompactError:
    return CompactError(
        f"options of {source.id}: {place}: {what}",
        where=f"sources/agencies/{source.id}/source.yaml",
        allowed="what the docstring of sources/readers/delimited/reader.py lists",
        next_step="fix options in source.yaml, or series.csv",
    )
