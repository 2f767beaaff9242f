"""All that a reader must know beside one number: its series, verdict, target, source and declared breaks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from warehouse.query.areas import Area
from warehouse.query.tables import ask

if TYPE_CHECKING:
    from warehouse.client.release import Release

Row = dict[str, Any]


@dataclass(frozen=True)
class Profile:
    """One indicator of one area.

    Attributes:
        release: id of the release.
        area: the area.
        meta: the row of indicator_meta.
        series: total values by year, with status and source in words; empty where there is none.
        progress: the assessment by the default method; None where there is none.
        symbol: what is written after a number.
        breaks: declared breaks of the series, each with time_period and reason.
        words: a class of verdicts in words, by its code.
    """

    release: str
    area: Area
    meta: Row
    series: Sequence[Row]
    progress: Row | None
    symbol: str
    breaks: Sequence[Row]
    words: dict[str, str]


def profile(release: Release, indicator: str, area: str) -> Profile:
    """What a release has of an indicator and an area.

    Raises:
        CompactError: the indicator or the area is unknown; the nearest are named.
    """
    found = release.area(area)
    series = release.data(indicator, [area]).rows
    (meta,) = ask(
        release.folder,
        "from {indicator_meta} where indicator = $indicator",
        indicator=series[0]["indicator"] if series else release.known(indicator),
    )
    assessed = release.progress(meta["indicator"], [area]).rows
    unit = release.units().get(meta["unit"], ("", meta["unit"]))
    declared = json.loads(meta.get("breaks") or "[]")
    return Profile(
        release.id,
        found,
        meta,
        series,
        assessed[0] if assessed else None,
        unit[1],
        [one for one in declared if one["ref_area"] in ("all", found.code)],
        release.verdict_words(),
    )
