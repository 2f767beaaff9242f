"""The content of a group's brief: its values where enough is covered, and the progress of its members."""

from __future__ import annotations

from collections import defaultdict
from statistics import median
from typing import Any

from reports.brief.country import owner, sources, target_text
from reports.brief.figures import Facts
from reports.brief.localisation import Words
from reports.brief.sections import (
    STRIPS,
    Content,
    bar,
    breaks_inside,
    changes,
    counted,
    frame,
    gap_rows,
    standing,
)
from reports.shared.figures import FEWEST_PEERS
from reports.shared.release_reader import Area, Indicator


def group(facts: Facts, words: Words, area: Area) -> Content:
    """Return the content of a group's brief."""
    members = set(facts.release.members.get(area.code, ()))
    judged = facts.figures.judged(area)
    return frame(facts, words, area) | {
        "kind": "group",
        "subtitle": words.t("brief.members_n", n=len(members)),
        "headline": _headline(facts, words, area, members),
        "objectives": [_objective(facts, words, code, judged) for code in facts.key],
        "standing": _standing(facts, words, judged),
        "key": [
            {
                "title": words.t("brief.objective_n", n=code, title=words.t(f"objective.{code}")),
                "rows": [_row(facts, words, area, facts.release.indicators[i], members) for i in ids],
            }
            for code, ids in facts.key.items()
            if ids
        ],
        "among": words.t("brief.members_strip"),
        "gaps": _gaps(facts, words, members),
        "strips": _strips(facts, words, members),
        "changes": changes(facts, words, sorted(members)),
        "missing": _missing(facts, words, members),
    }


def _headline(facts: Facts, words: Words, area: Area, members: set[str]) -> Content:
    standing = facts.figures.standing(list(facts.release.indicators), facts.figures.judged(area))
    said = words.t("brief.group_headline", **counted(words, standing))
    shares = [facts.with_values[m] for m in sorted(members) if m in facts.with_values]
    known = []
    if shares:
        middle = median(n / of for n, of in shares)
        known.append(words.t("brief.members_availability", share=words.percent(middle)))
    if area.code in facts.sdg_data:
        one, two = facts.sdg_data[area.code]
        known.append(words.t("brief.sdg_data", one=words.percent(one), two=words.percent(two)))
    return {
        "text": said if standing.decided else words.t("brief.headline_none"),
        "facts": known,
        "bar": bar(words, standing),
    }


def _standing(facts: Facts, words: Words, members: set[str]) -> list[Content]:
    """Return indicators on which two thirds of the members with a verdict do well, or a third does badly."""
    well, badly = [], []
    for id_ in facts.figures.pace:
        of_members = facts.figures.standing([id_], members)
        if of_members.decided >= FEWEST_PEERS:
            well += [id_] * (of_members.good >= of_members.decided * 2 / 3)
            badly += [id_] * (of_members.bad >= of_members.decided / 3)
    if not well and not badly:
        return []
    return [
        standing(facts, words, "members_well", "likely", well),
        standing(facts, words, "members_away", "unlikely", badly),
    ]


def _objective(facts: Facts, words: Words, code: str, members: set[str]) -> Content:
    """Return one objective: the members' classes on all its indicators, and the number with a value."""
    ids = [i.id for i in facts.figures.of_objective("compact_adopted", code)]
    known = [i for i in ids if members & set(facts.figures.latest.get(i, {}))]
    return {
        "code": code,
        "title": words.t(f"objective.{code}"),
        "used": words.t("brief.n_of", n=len(known), of=len(ids)) if ids else None,
        "bar": bar(words, facts.figures.standing(ids, members)),
    }


def _row(facts: Facts, words: Words, area: Area, item: Indicator, members: set[str]) -> Content:
    """Return one key indicator: the group's value, the covered share of its weight, the members' classes."""
    values = facts.figures.groups.get(item.id, {}).get(area.code, [])
    row: dict[str, Any] = {
        "id": item.id,
        "title": words.title(item),
        "unit": words.unit(item.unit),
        "points": [[v.year, v.value] for v in values],
        "breaks": [year for year, _ in breaks_inside(facts.figures, item.id, area.code)],
        "target_line": item.target_value,
        "target": target_text(words, item),
        "owner": owner(words, item),
        "bar": bar(words, facts.figures.standing([item.id], members)),
        "value": None,
        "missing": words.t("table.no_group_value"),
    }
    if not values:
        return row
    newest = values[-1]
    source = words.t({"own": "brief.own_mean"}.get(newest.kind, f"brief.{newest.kind}"))
    used = {v.source for a, v in facts.figures.latest.get(item.id, {}).items() if a in members}
    named = sources(facts, words, ";".join(sorted({s for ids in used for s in ids.split(";")})))
    return row | {
        "value": words.number(newest.value),
        "year": str(newest.year),
        "old": False,
        "flag": "",
        "source": f"{named}; {source}",
        "weight": words.percent(newest.share) if newest.share is not None and not newest.official else "–",
    }


def _gaps(facts: Facts, words: Words, members: set[str]) -> list[Content]:
    """Return medians of the members' newest gaps, where enough have one."""
    gaps: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for member in sorted(members):
        for row in facts.gaps.get(member, []):
            gaps[row["indicator"], row["dimension"], row["group_a"], row["group_b"]].append(row)
    middle = [
        rows[0] | {k: median(r[k] for r in rows) for k in ("a", "b", "difference")}
        | {"year": words.t("brief.median_of", n=len(rows))}
        for rows in gaps.values()
        if len(rows) >= FEWEST_PEERS
    ]  # fmt: skip
    return gap_rows(facts, words, middle)


def _strips(facts: Facts, words: Words, members: set[str]) -> list[Content]:
    """Return for some indicators the newest value of every member on one line."""
    rows: list[Content] = []
    for id_ in facts.peers:
        item = facts.release.indicators[id_]
        known = sorted(v.value for a, v in facts.figures.latest.get(id_, {}).items() if a in members)
        if len(known) >= FEWEST_PEERS and len(rows) < STRIPS:
            rows.append(
                {
                    "title": words.title(item),
                    "unit": words.unit(item.unit),
                    "values": known,
                    "own": None,
                    "low": words.number(known[0]),
                    "high": words.number(known[-1]),
                    "place": words.t("brief.n_of", n=len(known), of=len(members)),
                }
            )
    return rows


def _missing(facts: Facts, words: Words, members: set[str]) -> Content:
    """Return key indicators without a value of any member, and those without a value of the group."""
    key = [i for ids in facts.key.values() for i in ids]
    absent = [i for i in key if not members & set(facts.figures.latest.get(i, {}))]
    return {
        "key": [words.title(facts.release.indicators[i]) for i in absent],
        "text": words.t("brief.missing_group", n=len(absent), of=len(key)),
        "five": words.t("brief.objective_five"),
    }
