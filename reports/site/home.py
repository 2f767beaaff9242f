"""The content of the first page: the finding in sentences, the world's line, a strip for each target, the
map.

headline.py computes the finding, drawing/ makes the drawings.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from reports.shared.figures import Figures
from reports.shared.localisation import Words, catalogue
from reports.shared.release_reader import WORLD, Indicator
from reports.shared.standing import UNKNOWN
from reports.site import packing
from reports.site.drawing.charts import tile_map
from reports.site.drawing.outlines import GEOMETRY
from reports.site.drawing.stills import fan_of, group_chart
from reports.site.drawing.target_strip import strip
from reports.site.headline import Finding

SINCE = 2015  # first year of strips: the Goals'


def sentences(words: Words, finding: Finding) -> dict[str, str]:
    """Return the headline and the three sentences below it: on course, where not, how certain."""
    return {
        "headline": _headline(words, finding),
        "on": _on_course(words, finding),
        "where": _where(words, finding),
        "sure": _sure(words, finding),
    }


def _headline(words: Words, finding: Finding) -> str:
    if finding.lead is None:
        return words.t("page.index.no_target")
    aim = words.or_code(f"aim.{finding.lead.id}.aim", "")
    aim = aim or words.t("aim.any", title=words.title(finding.lead))
    number = _number(words, finding, finding.lead)
    return words.t(
        f"page.index.course.{finding.course}", aim=aim, year=finding.lead.target_year, number=number
    )


def _number(words: Words, finding: Finding, lead: Indicator) -> str:
    """Return the number of the headline: the world's value, else the number of States."""
    key = f"aim.{lead.id}.value"
    if finding.world and key in catalogue(words.language):
        return words.t(key, value=words.figure(finding.world.value, lead.unit), year=finding.world.year)
    return words.t("page.index.states", good=finding.standing.good, n=finding.standing.asked)


def _on_course(words: Words, finding: Finding) -> str:
    if not finding.lead:
        return words.t("page.index.nothing_assessed")
    s = finding.standing
    return words.t(
        "page.index.on_text", owner=words.text(finding.lead.owner) or "–",
        good=s.good, n=s.asked, even=s.even, bad=s.bad,
        target=words.figure(finding.lead.target_value, finding.lead.unit), year=finding.lead.target_year,
    )  # fmt: skip


def _where(words: Words, finding: Finding) -> str:
    said = []
    if finding.behind:
        s = finding.behind.standing
        area = words.area(finding.behind.area)
        said.append(words.t("page.index.behind", area=area, good=s.good, n=s.asked))
    if finding.hardest:
        item, s = finding.hardest
        said.append(words.t("page.index.hardest", title=words.title(item), good=s.good, n=s.asked))
    return " ".join(said) or words.t("page.index.where_unknown")


def _sure(words: Words, finding: Finding) -> str:
    s = finding.standing
    if not s.decided:
        return words.t("page.index.sure_unknown", n=s.asked)
    confidence = words.t(f"confidence.{finding.sure}")
    return words.t(
        "page.index.sure_text", confidence=confidence, sure=s.confidence[finding.sure], n=s.asked,
        unknown=s.unknown,
    )  # fmt: skip


def world_chart(figures: Figures, words: Words, item: Indicator) -> str:
    """Draw the world's line to 2030 with its fan and the target; empty without a value of the world."""
    return group_chart(figures, words, item, [WORLD])


def target_rows(figures: Figures, words: Words) -> list[dict[str, Any]]:
    """Return a row for each numeric target with an owner and a verdict, the furthest from being met first."""
    rows = []
    for item in figures.release.indicators.values():
        standing = figures.standing([item.id])
        if item.target_origin is None or not standing.decided:
            continue
        rows.append({"item": item, "standing": standing, **_strip(figures, words, item)})
    rows.sort(key=lambda row: (row["standing"].good / row["standing"].asked, row["item"].id))
    return rows


def _strip(figures: Figures, words: Words, item: Indicator) -> dict[str, Any]:
    """Return the world's progress to a target, in words and as a drawing; None if the world has no value."""
    values = figures.groups.get(item.id, {}).get(WORLD, [])
    # a number for the world, a target for each
    counted = item.aggregate_method in ("sum", "gap_filled_total")
    if not values or item.target_value is None or counted:
        return {"drawn": "", "first": None, "last": None}
    last = values[-1]
    first = next((v for v in values if v.year >= SINCE and v.year < last.year), None)
    fan = fan_of(figures, item.id, WORLD)
    drawn = strip(
        first.value if first else None, last.value, target=item.target_value,
        title=words.title(item), ahead=fan[-1][1:4] if fan else None,
        span=(0.0 if item.unit == "PT" else last.value, last.value),
    )  # fmt: skip
    return {"drawn": drawn, "first": first, "last": last}


@cache
def tile_places() -> dict[str, list[int]]:
    """Return country to its column and row, from the file that the browser uses."""
    tiles: dict[str, list[int]] = packing.read(GEOMETRY)["tiles"]
    return tiles


def likelihood_map(figures: Figures, words: Words, item: Indicator) -> str:
    """Draw the verdict on one target, State by State."""
    verdicts, latest = figures.verdicts.get(item.id, {}), figures.latest.get(item.id, {})
    tiles = []
    for code, (column, line) in sorted(tile_places().items(), key=lambda pair: (pair[1][1], pair[1][0])):
        area = figures.release.areas.get(code)
        if area is None or code not in figures.member_states:
            continue
        kind = verdicts[code].category if code in verdicts else UNKNOWN
        said = [words.area(area), words.t(f"category.{kind}")]
        if value := latest.get(code):
            said.append(f"{words.figure(value.value, item.unit)} ({value.year})")
        tiles.append((code, column, line, kind, ", ".join(said), f"area/{area.slug}.html"))
    return tile_map(tiles, title=words.title(item)) if tiles else ""
