"""Selects the revisions that an operator must acknowledge, by the limits of thresholds.yaml.

warehouse/release/build.py acts on them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.columns.observation import TOTAL
from schemas.definitions.default_method import DEFAULT_METHOD
from schemas.errors import CompactError
from warehouse.diff.rows import Row, rows

if TYPE_CHECKING:
    import duckdb

FILE = Path(__file__).with_name("thresholds.yaml")
NUMBERS = {
    "beyond": ("relative",),
    "revised_share": ("limit", "least"),
    "withdrawn_share": ("limit", "least"),
    "single": ("relative", "spread"),
    "reclassified_share": ("limit", "least"),
}


@dataclass(frozen=True)
class Limits:
    """The limits by name, each with its numbers; all are shares of 1 but `least`, a number of values."""

    numbers: dict[str, dict[str, float]]

    @property
    def beyond(self) -> float:
        return self.numbers["beyond"]["relative"]

    @classmethod
    def load(cls, path: Path = FILE) -> Limits:
        """Load the limits. Raises CompactError if one lacks a number or a reason."""
        import yaml

        document: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
        for name, expected in NUMBERS.items():
            entry = document.get(name, {})
            missing = [key for key in expected if not isinstance(entry.get(key), int | float)]
            missing += [] if str(entry.get("reason") or "").strip() else ["reason"]
            if missing:
                raise CompactError(
                    f"limit {name} has no {', '.join(missing)}",
                    where=str(path),
                    allowed=", ".join((*expected, "reason")),
                    next_step="write it beside the others",
                )
        return cls({name: {key: float(document[name][key]) for key in NUMBERS[name]} for name in NUMBERS})


def large_revisions(
    con: duckdb.DuckDBPyConnection, limits: Limits, same: Collection[str] = frozenset()
) -> list[Row]:
    """Return revisions beyond the limits, one row each. Reads the tables of load_changes. same: tables whose
    files are equal, in which nothing is looked for.
    """
    return [
        *_shares(con, limits, "revised_share"),
        *_shares(con, limits, "withdrawn_share"),
        *_single(con, limits),
        *([] if "progress" in same else _reclassified(con, limits)),
    ]


WHICH = {
    "revised_share": "revised and not moved and not settled and abs(absolute) > $beyond * abs(old_value)",
    "withdrawn_share": "removed and not settled",
}
SAID = {
    "revised_share": "{title}: {part:,} of {whole:,} values ({share:.0%}) were revised by more than "
    "{beyond:.0%}",
    "withdrawn_share": "{title}: {part:,} of {whole:,} values ({share:.0%}) are gone",
    "reclassified_share": "{title}: {part:,} of {whole:,} assessments ({share:.0%}) changed class although "
    "no value did",
}


def _shares(con: duckdb.DuckDBPyConnection, limits: Limits, name: str) -> list[Row]:
    beyond = {"beyond": limits.beyond} if "$beyond" in WHICH[name] else {}
    shares = rows(
        con,
        f"""
        with whole as (
            select indicator, count(*) as whole from before_indicator group by indicator),
        part as (
            select indicator, count(*) as part from change where {WHICH[name]} group by indicator)
        select indicator, title, part, whole, part / whole as share
        from part
        join whole using (indicator)
        join meta using (indicator)
        where indicator in (select indicator from after_indicator_meta)
            and part >= $least
            and part / whole > $limit
        order by indicator""",
        **limits.numbers[name],
        **beyond,
    )
    return [_large(name, row, limits) for row in shares]


def _single(con: duckdb.DuckDBPyConnection, limits: Limits) -> list[Row]:
    """Return total values of countries: at most one row per indicator, its largest revision."""
    revisions = rows(
        con,
        f"""
        with spread as (
            select indicator, max(value) - min(value) as spread
            from before_indicator
            where {TOTAL} and ref_area not like '%:%'
            group by indicator)
        select indicator, title, ref_area, coalesce(named_area.name, ref_area) as area, time_period,
            old_value, new_value, count(*) over (partition by indicator) as part
        from change
        join spread using (indicator)
        join meta using (indicator)
        left join named_area using (ref_area)
        where revised
            and not moved
            and not settled
            and is_total
            and ref_area not like '%:%'
            and abs(absolute) > $relative * abs(old_value)
            and abs(absolute) > $spread * spread
        qualify row_number() over (
            partition by indicator
            order by abs(absolute) desc, ref_area, time_period) = 1
        order by indicator""",
        **limits.numbers["single"],
    )
    large = []
    for row in revisions:
        more = f" and {row['part'] - 1:,} more" if row["part"] > 1 else ""
        text = (
            f"{row['title']}: {row['area']} {row['time_period']} was revised from {row['old_value']:,.6g} to "
            f"{row['new_value']:,.6g}{more}"
        )
        large.append({"limit": "single", "indicator": row["indicator"], "part": row["part"], "what": text})
    return large


def _reclassified(con: duckdb.DuckDBPyConnection, limits: Limits) -> list[Row]:
    """Return classes of the default method that changed although the values behind them did not."""
    changes = rows(
        con,
        """
        with judged as (
            select indicator, ref_area, o.category <> n.category as other_class,
                o.latest_year is not distinct from n.latest_year
                    and same(o.latest_value, n.latest_value)
                    and touched.ref_area is null as unmoved
            from before_progress as o
            join after_progress as n using (indicator, ref_area, method)
            left join (select distinct indicator, ref_area from change where is_total) as touched
                using (indicator, ref_area)
            where method = $method)
        select indicator, title, count(*) filter (where other_class and unmoved) as part, count(*) as whole,
            part / whole as share
        from judged
        join meta using (indicator)
        group by indicator, title
        having count(*) filter (where other_class and unmoved) >= $least
            and count(*) filter (where other_class and unmoved) / count(*) > $limit
        order by indicator""",
        method=DEFAULT_METHOD,
        **limits.numbers["reclassified_share"],
    )
    return [_large("reclassified_share", row, limits) for row in changes]


def _large(name: str, row: Row, limits: Limits) -> Row:
    return {
        "limit": name,
        "indicator": row["indicator"],
        "part": row["part"],
        "what": SAID[name].format(beyond=limits.beyond, **row),
    }
