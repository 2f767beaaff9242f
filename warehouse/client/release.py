"""`Release`: a release as an object, for Python, notebooks, the command line and the MCP server.

Reads files and changes none. The first query imports DuckDB; methods of the result import Arrow and pandas.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from schemas.definitions.default_method import DEFAULT_METHOD
from schemas.errors import CompactError
from sources.settings import compact_home
from warehouse.client.arguments import dimension, ids_of, year
from warehouse.client.result import Result, Row
from warehouse.query import indicators as queries
from warehouse.query import series as sql_of
from warehouse.query.areas import Area, find_area, find_areas, is_aggregated, listed_members, members
from warehouse.query.tables import database_query, query, records
from warehouse.query.units import unit_words, verdict_words
from warehouse.store.listing import moment, open_release, release_as_of
from warehouse.store.publish import read_release_metadata

Names = str | Sequence[str]


class Release:
    """One published release. Areas may be named by any name or code: Kenya, KEN, KE, 404, Africa, LDCs.

    Args:
        folder: the folder of a release, such as data/releases/2026-11-30-d8509318.

    Raises:
        CompactError: the folder is not a release.

    Example:
        >>> from warehouse import Release
        >>> release = Release.latest()
        >>> release.data("internet_use", areas=["Kenya", "LDCs"], since=2010).pandas()
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).resolve()
        if not (self.folder / "release.json").is_file():
            raise CompactError(
                "this is not a release", where=str(folder), next_step="name a folder of `compact releases`"
            )

    @classmethod
    def latest(cls, home: str | Path | None = None) -> Release:
        """Return the release that `latest` names in a home, by default COMPACT_HOME."""
        return cls(open_release(_home(home)))

    @classmethod
    def open(cls, release: str | None = None, *, home: str | Path | None = None, as_of: str = "") -> Release:
        """Open a release by its id, or with `as_of` the one that was the latest at the end of a day in UTC.

        Raises:
            CompactError: the release does not exist, or both arguments are set.
        """
        if as_of and release:
            two = "--release and --as-of name two releases"
            raise CompactError(two, where="--as-of", next_step="give one of them")
        if as_of:
            return cls(release_as_of(_home(home), moment(as_of)))
        return cls(open_release(_home(home), release))

    # --- the release itself
    @property
    def id(self) -> str:
        """Id of the release, to cite with every number."""
        return self.folder.name

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """Content of release.json: time, inputs, row counts and warnings."""
        return read_release_metadata(self.folder)

    def __repr__(self) -> str:
        return f"<Release {self.id}>"

    # --- contents
    def indicators(self, text: str = "") -> Result:
        """List the indicators with their coverage; with a text, those that contain every word of it."""
        return self._ask(queries.LIST, words=text.casefold().split(), **sql_of.words(self.folder))

    def about(self, indicator: str) -> Row:
        """Return one indicator: definition, target, sources in use and coverage."""
        return queries.about(self.folder, indicator)

    def area(self, text: str) -> Area:
        """Find an area by name or code. Raises CompactError with the nearest matches."""
        return find_area(self.folder, text)

    def members(self, group: str) -> list[str]:
        """Return the codes of a group's current members."""
        return members(self.folder, find_area(self.folder, group))

    def areas(self, text: str = "") -> Result:
        """List countries, groups and parts of countries, with codes; with a text, those that have every
        word.
        """
        return self._ask(queries.AREAS, words=text.casefold().split())

    def units(self) -> dict[str, tuple[str, str]]:
        """Return name and symbol of each unit by its code."""
        return unit_words(self.folder)

    # --- values
    def data(
        self,
        indicators: Names,
        areas: Names | None = None,
        since: int | None = None,
        until: int | None = None,
        *,
        sex: str = "_T",
        age: str = "_T",
        urbanisation: str = "_T",
        quantile: str = "_T",
        other_dims: str = "_T",
    ) -> Result:
        """Return series: one row per value, with its unit, status and source.

        Args:
            indicators: an id or several.
            areas: names or codes; every country by default. A group's value is the official one, else our
                aggregate.
            since: first year.
            until: last year.
            sex: F or women, M or men; the total by default; "all" for every one. The same applies to the
                other dimensions.
            age: a code such as Y15T24.
            urbanisation: U or urban, R or rural.
            quantile: a code such as Q1; other_dims: further dimensions as KEY=VALUE.

        Raises:
            CompactError: an indicator, an area or a year is unknown; the nearest are named.
        """
        chosen = None if areas is None else find_areas(self.folder, ids_of(areas))
        return self._ask(
            sql_of.VALUES,
            **self._which(indicators),
            areas=None
            if chosen is None
            else [area.code for area in chosen if not is_aggregated(self.folder, area)],
            groups=[area.code for area in chosen or () if is_aggregated(self.folder, area)],
            since=year(since, "since"),
            until=year(until, "until"),
            sex=dimension("sex", sex),
            age=dimension("age", age),
            urbanisation=dimension("urbanisation", urbanisation),
            quantile=dimension("quantile", quantile),
            other_dims=dimension("other_dims", other_dims),
            **sql_of.words(self.folder),
        )

    def show(self, indicator: str, area: str | None = None) -> list[Row]:
        """Return the newest total value of an area, or of each, with its assessment by the default method."""
        return queries.show(self.folder, indicator, area)

    def rank(self, indicator: str, within: str | None = None, since: int | None = None) -> Result:
        """Rank countries by their newest value, the best first; equal values share a rank.

        Args:
            indicator: an id.
            within: a group whose members are ranked among themselves; all countries by default.
            since: exclude newest values before this year.

        Raises:
            CompactError: the group has no listed members.
        """
        return self._ask(
            sql_of.RANK,
            indicator=self.known(indicator),
            areas=listed_members(self.folder, within) if within else None,
            since=year(since, "since"),
            **sql_of.words(self.folder),
        )

    def progress(
        self, indicators: Names | None = None, areas: Names | None = None, method: str | None = DEFAULT_METHOD
    ) -> Result:
        """Return assessments: how likely each target is met, with the inputs of each.

        Args:
            indicators: an id or several; all by default.
            areas: names or codes; every country by default.
            method: one of the table method; None for all of them.
        """
        return self._ask(
            sql_of.PROGRESS,
            indicators=None if indicators is None else self._which(indicators)["indicators"],
            areas=self._codes(areas),
            method=method,
            **sql_of.words(self.folder),
        )

    def projection(self, indicators: Names, areas: Names | None = None) -> Result:
        """Return projected years with 80 and 95 per cent intervals; no row if the release has no
        projection.
        """
        return self._ask(
            sql_of.PROJECTION,
            **self._which(indicators),
            areas=self._codes(areas),
            **sql_of.words(self.folder),
        )

    def gaps(self, indicators: Names, areas: Names | None = None, *, newest: bool = True) -> Result:
        """Return differences between women and men, town and country, and other pairs.

        Args:
            newest: only the newest year of each pair.
        """
        return self._ask(
            sql_of.GAPS,
            **self._which(indicators),
            areas=self._codes(areas),
            newest=newest,
            **sql_of.words(self.folder),
        )

    def breaks(self, indicators: Names | None = None, areas: Names | None = None) -> Result:
        """Return declared breaks with their reasons: years before a break are not comparable with years
        from it on."""
        return self._ask(
            sql_of.BREAKS,
            indicators=None if indicators is None else self._which(indicators)["indicators"],
            areas=self._codes(areas),
        )

    # --- provenance
    def explain(
        self,
        indicator: str,
        area: str,
        year: int | None = None,
        *,
        home: str | Path | None = None,
        **dimensions: str,
    ) -> Row:
        """Trace one value to its observations, their snapshots and the stored bytes.

        Args:
            indicator: an id.
            area: a name or code.
            year: the latest by default.
            home: COMPACT_HOME with the stored bytes; by default the home of the release.
            dimensions: codes other than the total, such as sex="F"."""
        from warehouse.provenance.value import explain

        store = self.folder.parent.parent if home is None else Path(home)
        codes = {name: dimension(name, code) for name, code in dimensions.items()}
        return explain(self.folder, indicator, area, year, home=store, dimensions=codes)

    def compare(self, other: Release | str, *, most: int | None = None) -> Row:
        """Return the differences from an earlier release, as in diff.json.

        Args:
            other: the earlier release, or its id.
            most: maximum rows of each kind; all by default."""
        from warehouse.diff.document import compare

        before = other if isinstance(other, Release) else Release(self.folder.parent / Path(other).name)
        return compare(before.folder, self.folder, (before.id, self.id), most=most)

    def sql(self, statement: str, **values: Any) -> Result:
        """Run SQL on the tables and views of the release, read-only.

        Args:
            statement: one query, such as "select * from v_latest where indicator = $id".
            values: its parameters by name."""
        return Result(lambda: database_query(self.folder, statement, values))

    # --- arguments
    def known(self, indicator: str) -> str:
        """Return the id of an indicator in the release. Raises CompactError with the nearest ids."""
        return queries.check_indicator(self.folder, indicator)

    def verdict_words(self) -> dict[str, str]:
        """Return the classes of the default method in words, by their code; empty for an older release."""
        return verdict_words(self.folder)

    def _ask(self, sql: str, **values: Any) -> Result:
        return Result(
            partial(query, self.folder, sql, **values), partial(records, self.folder, sql, **values)
        )

    def _which(self, indicators: Names) -> dict[str, list[str]]:
        return {"indicators": [self.known(one) for one in ids_of(indicators)]}

    def _codes(self, areas: Names | None) -> list[str] | None:
        return None if areas is None else [area.code for area in find_areas(self.folder, ids_of(areas))]


def _home(home: str | Path | None) -> Path:
    return compact_home() if home is None else Path(home)
