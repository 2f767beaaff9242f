"""Functions of a formula that read other cells: other years of a series, other countries of a group.

Each is a window over exact years, never over rows: a year without a value is missing, and no gap is bridged.
The windows are named here and written out by warehouse/evaluation/sql.py, which has the columns of a cell and
the declared breaks, which no window crosses.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from schemas.codelists.groupings import groupings

MOST_LAG, MOST_MEAN = 50, 10  # years
GROUP, SIZE = "group of {}", "size of {}"  # columns that the evaluation provides for a grouping


@dataclass(frozen=True, order=True)
class WindowFrame:
    """The other cells that a formula reads. by: the years back, the base year, or the grouping."""

    kind: Literal["back", "base", "group"]
    by: str

    @property
    def window(self) -> str:
        """Return the name of the window in SQL."""
        return {"back": f"back_{self.by}", "base": "series", "group": f"members_of_{self.by}"}[self.kind]

    @property
    def only(self) -> str:
        """Return the rows of the window to use, as an SQL filter; empty for all."""
        return f" filter (where time_period = {self.by})" if self.kind == "base" else ""


class Writer(Protocol):
    """The part of the calling compiler that a window function uses."""

    frames: set[WindowFrame]

    def inner(self, node: Any, argument: Any) -> str:
        """Return the SQL of an argument."""

    def refused(self, node: Any, what: str, allowed: str) -> Exception:
        """Return the fault to raise for a node."""


def groupings_allowed() -> list[str]:
    """Return the groupings in which no country is in two groups in one year."""
    return [grouping.id for grouping in groupings() if grouping.partition]


def call(writer: Writer, node: Any) -> str:
    """Return the SQL of a call; raise Refused with place and remedy if its arguments are invalid."""
    name, arguments = _parts(node)
    if name == "lag":
        return _lag(writer, node, arguments)
    if name == "moving_average":
        return _moving_average(writer, node, arguments)
    if name == "recent":
        return _recent(writer, node, arguments)
    if name == "rebased":
        return _rebased(writer, node, arguments)
    return _share_of_group(writer, node, arguments)


def name_of(node: Any) -> str:
    """Return the function that a node of the syntax tree calls, in lower case."""
    return "lag" if type(node).__name__ == "Lag" else str(node.args.get("this")).lower()


def _parts(node: Any) -> tuple[str, list[Any]]:
    if type(node).__name__ == "Lag":
        arguments = [node.args.get(key) for key in ("this", "offset", "default")]
        return "lag", [argument for argument in arguments if argument is not None]
    return name_of(node), list(node.args.get("expressions") or [])


def group_shares(tree: Any) -> list[tuple[str, str, float]]:
    """Return the calls of share_of_group in a valid formula: value as an expression, grouping, least part."""
    calls = [_parts(node) for node in tree.walk() if name_of(node) == "share_of_group"]
    return [(value.sql(), str(by.name), float(least.sql())) for _, (value, by, least) in calls]


def _lag(writer: Writer, node: Any, arguments: Sequence[Any]) -> str:
    if len(arguments) not in (1, 2):
        raise writer.refused(node, "`lag` takes a value and a number of years", "lag(x), lag(x, 5)")
    years = 1 if len(arguments) == 1 else _whole(writer, node, arguments[1], 1, MOST_LAG, "lag(x, 5)")
    return _back(writer, writer.inner(node, arguments[0]), years)


def _moving_average(writer: Writer, node: Any, arguments: Sequence[Any]) -> str:
    form = "moving_average(x, 3)"
    if len(arguments) != 2:
        raise writer.refused(node, "`moving_average` takes a value and a number of years", form)
    years = _whole(writer, node, arguments[1], 2, MOST_MEAN, form)
    sql = writer.inner(node, arguments[0])
    # summed in the order of years, so that equal values give the same last digit
    added = " + ".join([sql, *(_back(writer, sql, back) for back in range(1, years))])
    return f"(({added}) / {years}e0)"


def _recent(writer: Writer, node: Any, arguments: Sequence[Any]) -> str:
    form = "recent(x, 3)"
    if len(arguments) != 2:
        raise writer.refused(node, "`recent` takes a value and a number of years", form)
    years = _whole(writer, node, arguments[1], 1, MOST_MEAN, form)
    sql = writer.inner(node, arguments[0])
    return f"coalesce({', '.join([sql, *(_back(writer, sql, back) for back in range(1, years + 1))])})"


def _back(writer: Writer, sql: str, years: int) -> str:
    frame = WindowFrame("back", str(years))
    writer.frames.add(frame)
    return f"max({sql}) over {frame.window}"


def _rebased(writer: Writer, node: Any, arguments: Sequence[Any]) -> str:
    form = "rebased(x, 2015)"
    if len(arguments) != 2:
        raise writer.refused(node, "`rebased` takes a value and a base year", form)
    frame = WindowFrame("base", str(_whole(writer, node, arguments[1], 1900, 2100, form)))
    sql = writer.inner(node, arguments[0])
    writer.frames.add(frame)
    return f"(100e0 * {sql} / nullif(max({sql}){frame.only} over {frame.window}, 0e0))"


def _share_of_group(writer: Writer, node: Any, arguments: Sequence[Any]) -> str:
    form = "share_of_group(x, world, 0.9)"
    if len(arguments) != 3:
        what = "`share_of_group` takes a value, a grouping, and the least part of its countries with a value"
        raise writer.refused(node, what, form)
    grouping, least = str(arguments[1].name), arguments[2].sql()
    if type(arguments[1]).__name__ != "Column" or grouping not in groupings_allowed():
        raise writer.refused(
            arguments[1], f"there is no grouping `{grouping}`", ", ".join(groupings_allowed())
        )
    if not re.fullmatch(r"0?\.[0-9]{1,6}|[01](\.0*)?", least):
        raise writer.refused(node, f"`{least[:20]}` is no part of the countries", "a number from 0 to 1")
    frame = WindowFrame("group", grouping)
    sql = writer.inner(node, arguments[0])
    writer.frames.add(frame)
    over = f"over {frame.window}"
    # sorted before summing, so that equal values give the same last digit
    total = f"list_sum(list_sort(list({sql}) filter (where {sql} is not null) {over}))"
    enough = f'count({sql}) {over} >= {float(least)!r}::double * "{SIZE.format(grouping)}"'
    return f"case when {enough} then 100e0 * {sql} / nullif({total}, 0e0) end"


def _whole(writer: Writer, node: Any, argument: Any, low: int, high: int, form: str) -> int:
    text = argument.sql()
    if not re.fullmatch(r"[0-9]{1,4}", text) or not low <= int(text) <= high:
        what = f"`{text[:20]}` is no whole number of years from {low} to {high}"
        raise writer.refused(node, what if low < 1900 else f"`{text[:20]}` is no year", form)
    return int(text)
