"""Rows of the pages on scores, inequality, gaps, disagreement, the state of the sources and contributions,
from the release's own tables, newest first.

It makes no assessment. Each function is empty if the release lacks its table; the page says so.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from reports.shared.figures import Figures
from reports.shared.release_reader import Release

FAR_APART = 0.05  # share of the larger value from which two sources count as different; ours
FEWEST = 20  # minimum countries for a share; ours
WIDEST = 25  # indicators with most disagreement between methods; the table has all
WITHIN = ("income", "consumption")
CONTRIBUTED = {
    "pledge": ("who", "what", "target", "amount", "unit", "year_made", "deadline", "evidence", "contributor"),
    "national_figure": (
        "indicator", "ref_area", "time_period", "value", "unit", "source_detail", "contributor",
    ),
    "corporate_disclosure": ("company", "country", "year", "metric", "value", "unit", "text", "contributor"),
}  # fmt: skip


def scores(release: Release) -> dict[str, list[list[Any]]]:
    """Return `framework/component` to area, year, score, rank, its range, covered share, indicators used
    and total, oldest year, for the Member States with a score.
    """
    sql = """select framework || '/' || component, ref_area, time_period, round(score, 2), rank, rank_low,
             rank_high, round(coverage_share, 3), indicators_used, indicators_total, oldest_year
             from {score} where rank is not null order by framework, component, time_period desc, rank,
             ref_area"""
    score_rows: dict[str, list[list[Any]]] = {}
    for name, *row in release.rows(sql, "score"):
        score_rows.setdefault(name, []).append(row)
    return score_rows


def unscored(release: Release) -> list[tuple[str, str]]:
    """Return framework and component without a score for any country."""
    sql = """select framework, component from {score} group by all having count(score) = 0 order by all"""
    return release.rows(sql, "score")


def inequality(release: Release) -> dict[str, Any]:
    """Return measures by year and the newest Lorenz curve: `between` by distribution and group, `within`
    by country and distribution (of income or of consumption).
    """
    measures: dict[tuple[str, str], dict[str, list[Any]]] = {}
    sql = """select distribution, scope, measure, list([time_period, round(value, 4)] order by time_period),
             arg_max(published_value, time_period), arg_max(areas_used, time_period)
             from {inequality} where value is not null group by 1, 2, 3 order by 1, 2, 3"""
    for distribution, scope, measure, points, published, areas in release.rows(sql, "inequality"):
        entry = measures.setdefault((distribution, scope), {})
        entry[measure] = points
        if measure == "gini":
            entry["n"], entry["published"] = areas, published
    sql = """select distribution, scope, max(time_period), list([round(population_share, 4),
             round(value_share, 4)] order by point) from
             (select * from {lorenz} qualify time_period = max(time_period) over (partition by distribution,
             scope)) group by 1, 2 order by 1, 2"""
    curves = {(d, s): [year, points] for d, s, year, points in release.rows(sql, "lorenz")}
    document: dict[str, Any] = {"between": {}, "within": {}}
    for (distribution, scope), entry in measures.items():
        kind = "within" if distribution in WITHIN else "between"
        document[kind].setdefault(distribution, {})[scope] = {
            **entry,
            "lorenz": curves.get((distribution, scope)),
        }
    return document if measures else {}


def gaps(figures: Figures) -> list[dict[str, Any]]:
    """Return for each indicator and pair of groups: countries, median difference and ratio, number at
    parity by each definition, the widest gap.
    """
    sql = """select indicator, dimension, group_a, group_b, count(*), median(difference), median(ratio),
             count(*) filter (where parity_unesco), count(*) filter (where parity_unesco is not null),
             min(time_period), max(time_period), arg_max(ref_area, abs(difference)),
             arg_max(difference, abs(difference)), arg_max(time_period, abs(difference))
             from {gap} semi join (select ref_area from {area} where kind = 'country') using (ref_area)
             where latest and difference is not null group by all
             order by indicator, dimension, group_a, group_b"""
    names = (
        "indicator", "dimension", "a", "b", "countries", "difference", "ratio", "parity", "judged", "first",
        "last", "widest", "widest_difference", "widest_year",
    )  # fmt: skip
    needed = {"latest", "parity_unesco"}
    if not needed <= figures.release.columns("gap"):
        return []
    rows = [dict(zip(names, row, strict=True)) for row in figures.release.rows(sql, "gap", "area")]
    return [row for row in rows if row["indicator"] in figures.release.indicators]


def disagreement(figures: Figures) -> dict[str, Any]:
    """Return how often methods have opposite outlooks, by pair and by indicator; and how far sources
    differ.
    """
    release = figures.release
    sql = """select scope, method_a, method_b, compared, share_opposed, share_differing
             from {method_disagreement} where compared > 0 order by all"""
    pairs: dict[tuple[str, str], tuple[int, float, float]] = {}
    by_indicator = []
    overall: tuple[int, float, float] | None = None
    for scope, a, b, *rest in release.rows(sql, "method_disagreement"):
        if scope != "all":
            if a == "any" and scope in release.indicators and rest[0] >= FEWEST:
                by_indicator.append((release.indicators[scope], *rest))
        elif a == "any":
            overall = tuple(rest)
        else:
            pairs[a, b] = pairs[b, a] = tuple(rest)
    by_indicator.sort(key=lambda row: (-row[2], row[0].id))
    return {
        "methods": sorted({a for a, _ in pairs}),
        "pairs": pairs,
        "overall": overall,
        "by_indicator": by_indicator[:WIDEST],
        "sources": _sources_apart(release),
        "far": FAR_APART,
    }


def _sources_apart(release: Release) -> list[dict[str, Any]]:
    """Return for each indicator and pair of sources: values in both, difference, and where it is largest."""
    sql = f"""select indicator, source_a, source_b,
              if(source_a = source_b, series_a || ' / ' || series_b, ''),
              count(*), count(distinct ref_area),
              median(relative_difference), count(*) filter (where relative_difference > {FAR_APART}),
              arg_max([ref_area, time_period::varchar], relative_difference),
              arg_max([value_a, value_b], relative_difference)
              from {{disagreement}} where relative_difference is not null group by all
              order by 8 desc, 1, 2, 3, 4"""
    names = ("indicator", "a", "b", "series", "pairs", "countries", "median", "far", "where", "values")
    rows = [dict(zip(names, row, strict=True)) for row in release.rows(sql, "disagreement")]
    return [row for row in rows if row["indicator"] in release.indicators]


def states(figures: Figures) -> list[dict[str, Any]]:
    """Return each source: status in the run, date of its newest bytes, rows kept and refused, by reason."""
    release = figures.release
    said = release.card.get("sources", {})
    rows: dict[str, list[int]] = {}
    reasons: dict[str, Counter[str]] = {}
    for row in release.dicts("ledger", "source, snapshot"):
        kept = rows.setdefault(row["source"], [0, 0])
        kept[0], kept[1] = kept[0] + row["rows_out"], kept[1] + row["rows_rejected"]
        reasons.setdefault(row["source"], Counter()).update(json.loads(row["reasons"] or "{}"))
    return [
        {
            "about": about,
            "state": said.get(name, {}).get("state", "absent"),
            "note": said.get(name, {}).get("note"),
            "confirmed": said.get(name, {}).get("last_confirmed"),
            "stale": said.get(name, {}).get("stale_since"),
            "vintage": figures.vintages.get(name),
            "rows": rows.get(name),
            "reasons": reasons.get(name, Counter()).most_common(),
            "values": sum(name in v.source.split(";") for vs in figures.latest.values() for v in vs.values()),
        }
        for name, about in release.sources.items()
    ]


def contributions(release: Release) -> dict[str, dict[str, Any]]:
    """Return each table of contributions in the release: its columns and rows."""
    return {
        name: {"columns": columns, "rows": release.dicts(name, ", ".join(f'"{c}"' for c in columns))}
        for name, columns in CONTRIBUTED.items()
        if release.has(name)
    }
