"""The content of a country's brief: words and numbers ready for typesetting. The layout is in brief.typ.

Each figure has its year, status, source and the owner of its target; missing data are named. It makes no
assessment. A group's brief is in group.py.
"""

from __future__ import annotations

import re

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
    old_after,
    standing,
)
from reports.shared.figures import FEWEST_PEERS, Figures
from reports.shared.release_reader import Area, Indicator
from reports.shared.standing import BAD, GOOD, UNDECIDED

PEER_GROUPINGS = ("m49_subregion", "wb_income", "ldc", "lldc", "sids")
OUR_READING = re.compile(r"\bour reading\b|\bread as\b")


def country(facts: Facts, words: Words, area: Area) -> Content:
    """Return the content of a country's brief."""
    figures = facts.figures
    groups = facts.release.groups_of.get(area.code, {})
    named = [words.area(facts.release.areas[groups[g]]) for g in PEER_GROUPINGS if g in groups]
    region = groups.get("m49_subregion")
    return frame(facts, words, area) | {
        "kind": "country",
        "subtitle": " · ".join(named),
        "headline": _headline(facts, words, area),
        "objectives": [_objective(facts, words, area, code, region) for code in facts.key],
        "standing": _standing(facts, words, area),
        "key": [
            {
                "title": words.t("brief.objective_n", n=code, title=words.t(f"objective.{code}")),
                "rows": [_row(facts, words, area, figures.release.indicators[i], region) for i in ids],
            }
            for code, ids in facts.key.items()
            if ids
        ],
        "among": words.t("brief.among", area=words.area(facts.release.areas[region])) if region else None,
        "gaps": gap_rows(facts, words, facts.gaps.get(area.code, [])),
        "strips": _strips(facts, words, area, region),
        "changes": changes(facts, words, [area.code]),
        "missing": _missing(facts, words, area),
    }


def _headline(facts: Facts, words: Words, area: Area) -> Content:
    """Return the country's status on all targets: a bar of classes, and the sentence that describes it."""
    standing = facts.figures.standing(list(facts.release.indicators), {area.code})
    with_values, of = facts.with_values.get(area.code, (0, len(facts.release.indicators)))
    facts_said = [
        words.t(
            "brief.availability", n=with_values, of=of, share=words.percent(with_values / of if of else None)
        )
    ]
    if area.code in facts.sdg_data:
        one, two = facts.sdg_data[area.code]
        facts_said.append(words.t("brief.sdg_data", one=words.percent(one), two=words.percent(two)))
    said = words.t("brief.headline", **counted(words, standing)) if standing.decided else None
    return {"text": said or words.t("brief.headline_none"), "facts": facts_said, "bar": bar(words, standing)}


def _standing(facts: Facts, words: Words, area: Area) -> list[Content]:
    """Return the indicators that do well, and those that stagnate or decline."""
    classes = {i: p[area.code].category for i, p in facts.figures.pace.items() if area.code in p}
    well = [i for i, c in classes.items() if c in GOOD]
    badly = [i for i, c in classes.items() if c in BAD]
    if not well and not badly:
        return []
    return [
        standing(facts, words, "goes_well", "likely", well),
        standing(facts, words, "needs_attention", "unlikely", badly),
    ]


def _objective(facts: Facts, words: Words, area: Area, code: str, region: str | None) -> Content:
    """Return one objective: composite score with the range of its rank, coverage, classes of all its
    indicators.
    """
    figures = facts.figures
    ids = [i.id for i in figures.of_objective("compact_adopted", code)]
    scored = facts.scores.get(code, {}).get(area.code)
    score = scored.score if scored else None
    ranked = sum(1 for s in facts.scores.get(code, {}).values() if s.rank is not None)
    shown: Content = {
        "code": code,
        "title": words.t(f"objective.{code}"),
        "score": score,
        "score_text": words.number(score, 0) if score is not None else None,
        "median": facts.median_score(code, region),
        "rank": None,
        "used": None,
        "year": None,
        "why": words.t("brief.too_few_for_score" if code in facts.scores else "brief.no_composite"),
        "bar": bar(words, figures.standing(ids, {area.code})),
    }
    if scored:
        shown["used"] = words.t("brief.n_of", n=scored.used, of=scored.total)
        if scored.used and scored.oldest:
            shown["year"] = (
                f"{scored.oldest}–{scored.year}" if scored.oldest < scored.year else str(scored.year)
            )
    if scored and scored.rank is not None:
        shown["rank"] = words.t(
            "brief.rank", rank=scored.rank, low=scored.rank_low, high=scored.rank_high, of=ranked
        )
    return shown


def _row(facts: Facts, words: Words, area: Area, item: Indicator, region: str | None) -> Content:
    """Return one key indicator: latest value, series, peers, target and owner, class, projection."""
    figures = facts.figures
    row = {
        "id": item.id,
        "title": words.title(item),
        "unit": words.unit(item.unit),
        "points": [list(p) for p in figures.series.get(item.id, {}).get(area.code, [])],
        "breaks": [year for year, _ in breaks_inside(figures, item.id, area.code)],
        "target_line": item.target_value,
        "target": target_text(words, item),
        "owner": owner(words, item),
        "value": None,
        "missing": words.t("brief.no_data"),
    }
    median = figures.medians.get(item.id, {}).get(region or "")
    row["peers"] = words.number(median) if median is not None else "–"
    if not (value := figures.latest.get(item.id, {}).get(area.code)):
        return row
    pace = figures.pace.get(item.id, {}).get(area.code)
    category = pace.category if pace else None
    return row | {
        "value": words.number(value.value),
        "year": str(value.year),
        "old": value.year <= old_after(figures, item.id),
        "flag": "" if value.status == "A" else value.status,
        "flag_words": words.status(value.status),
        "source": sources(facts, words, value.source),
        "class": category,
        "class_words": words.t(f"category.{category}") if category else None,
        "undecided": category is None or category in UNDECIDED,
        "ahead": _ahead(facts, words, area, item),
    }


def _ahead(facts: Facts, words: Words, area: Area, item: Indicator) -> Content:
    """Return the projection in words and for the fan, or why there is none."""
    forecast = facts.ahead.get((item.id, area.code))
    if forecast is None:
        reason = facts.not_projected.get((item.id, area.code))
        return {"why": words.t(f"not_projected.{reason}") if reason else "–"}
    pace = facts.figures.pace.get(item.id, {}).get(area.code)
    dash = " – " if forecast.low < 0 else "–"
    return {
        "year": forecast.year,
        "value": forecast.value,
        "low": forecast.low,
        "high": forecast.high,
        "text": words.number(forecast.value),
        "interval": f"{words.number(forecast.low)}{dash}{words.number(forecast.high)}",
        "chance": words.chance(pace.chance) if pace and pace.chance is not None else None,
        "other_year": str(forecast.year) if forecast.year != 2030 else None,
    }


def owner(words: Words, item: Indicator) -> str | None:
    """Return who set the target, with a mark if its interpretation is ours."""
    ours = item.target_origin is not None and OUR_READING.search(item.target_origin)
    said = words.text(item.owner) or None
    return f"{said}*" if ours else said


def target_text(words: Words, item: Indicator) -> str | None:
    """Return the target with its sign and year: at least, at most, or one."""
    if item.target_value is None:
        return None
    sign = {"higher_is_better": "≥", "lower_is_better": "≤"}.get(item.direction, "=")
    number = (
        words.figure(item.target_value, item.unit) if item.unit == "PT" else words.number(item.target_value)
    )
    return words.t("brief.target_value", sign=sign, value=number, year=item.target_year)


def sources(facts: Facts, words: Words, ids: str) -> str:
    """Return titles of sources, joined for a derived value, without explanations of the name."""
    titles = [words.text(str(facts.release.sources.get(i, {}).get("title", i))) for i in ids.split(";")]
    return " + ".join(re.split(r", (?=[a-z])|: ", title, maxsplit=1)[0] for title in titles)


def _strips(facts: Facts, words: Words, area: Area, region: str | None) -> list[Content]:
    """Return for some indicators every country of the sub-region on one line, with this one marked."""
    figures = facts.figures
    rows: list[Content] = []
    for id_ in facts.peers:
        item, values = facts.release.indicators[id_], figures.latest.get(id_, {})
        known = {m: values[m].value for m in facts.release.members.get(region or "", []) if m in values}
        if len(known) < FEWEST_PEERS or len(rows) == STRIPS:
            continue
        ordered = sorted(known.values(), reverse=item.direction == "higher_is_better")
        own = known.get(area.code)
        rows.append(
            {
                "title": words.title(item),
                "unit": words.unit(item.unit),
                "values": sorted(known.values()),
                "own": own,
                "low": words.number(min(known.values())),
                "high": words.number(max(known.values())),
                "place": words.t("brief.n_of", n=ordered.index(own) + 1, of=len(known))
                if own is not None
                else words.t("brief.no_data"),
            }
        )
    return rows


def _missing(facts: Facts, words: Words, area: Area) -> Content:
    """Return missing data: key indicators without a value, and the number of others."""
    figures: Figures = facts.figures
    key = [i for ids in facts.key.values() for i in ids]
    absent = [i for i in key if area.code not in figures.latest.get(i, {})]
    with_values, of = facts.with_values.get(area.code, (0, len(facts.release.indicators)))
    return {
        "key": [words.title(facts.release.indicators[i]) for i in absent],
        "text": words.t("brief.missing", n=len(absent), of=len(key), all=of - with_values, all_of=of),
        "five": words.t("brief.objective_five"),
    }
