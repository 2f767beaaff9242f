"""The vocabulary in which tables are described: Column and Table. The tables are in schemas/tables/."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

Type = Literal["string", "int16", "int32", "int64", "float64", "bool", "date", "timestamp"]
Role = Literal["dimension", "measure", "attribute"]


@dataclass(frozen=True)
class Column:
    """One column, defined once: contract, Arrow field, data package and docs are generated from it.

    unit is a unit in words ("percent", "years", "bytes") or empty; minimum, maximum, pattern and allowed are
    row checks. later: older releases lack the column, because it did not exist yet.
    """

    name: str
    type: Type
    role: Role
    description: str
    unit: str = ""
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""
    allowed: tuple[str, ...] = ()
    later: bool = False


@dataclass(frozen=True)
class Table:
    """A published table: its columns in order, and the key by which rows are unique and sorted before every
    write."""

    name: str
    title: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    def __post_init__(self) -> None:
        missing = set(self.key) - set(self.names)
        if missing or len(set(self.names)) != len(self.names):
            raise ValueError(
                f"table {self.name}: key columns {sorted(missing)} unknown, or a column appears twice"
            )

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def as_of_its_day(self, present: Collection[str]) -> Table:
        """Return the table as of an older release: without the later columns that the release lacks."""
        return replace(
            self, columns=tuple(column for column in self.columns if not column.later or column.name in present)
        )
