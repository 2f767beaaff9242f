"""The context of one number: its series, verdict, target, source and declared breaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from schemas.codelists.obs_status import STATUS_WORDS
from schemas.columns.observation import VALUE_DIMENSIONS
from schemas.definitions.default_method import DEFAULT_METHOD
from warehouse.query.areas import Area
from warehouse.query.series import breaks_of
from warehouse.query.tables import ask

if TYPE_CHECKING:
    from warehouse.client.release import Release

Row = dict[str, Any]
OF_TOTAL = " and ".join(f"{name} = '_T'" for name in VALUE_DIMENSIONS)
# A query for one country: that of `Release.data` costs three times as much.
SERIES = f"""
select value.time_period, value.value, value.obs_status, value.source, source.title as source_title,
    value.series, value.snapshot, value.footnote
from {{indicator}} as value
left join {{source}} as source using (source)
where value.indicator = $indicator and value.ref_area = $area and {OF_TOTAL}
order by value.time_period"""
ASSESSMENT = """
select method, category, probability, confidence, reason
from (
    -- columns that releases from before this method lack
    from {progress}
    union all by name
    select null::double as probability, null::varchar as confidence
    where false
)
where indicator = $indicator and ref_area = $area and method = $method"""


@dataclass(frozen=True)
class Profile:
    """One indicator of one area.

    Attributes:
        release: id of the release.
        area: the area.
        meta: the row of indicator_meta.
        series: total values by year, with status and source in words; empty where there is none.
        progress: the assessment by the default method; None where there is none.
        symbol: the text after a number.
        breaks: declared breaks between the first and the last year, with time_period and reason.
        words: a class of verdicts in words, by its code; empty without an assessment.
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
    """Return the profile of an indicator and an area.

    Raises:
        CompactError: the indicator or the area is unknown; the nearest are named.
    """
    matched = release.area(area)
    meta = _meta(release, indicator)
    name = meta["indicator"]
    series = _series(release, name, matched)
    assessed = ask(release.folder, ASSESSMENT, indicator=name, area=matched.code, method=DEFAULT_METHOD)
    return Profile(
        release.id,
        matched,
        meta,
        series,
        assessed[0] if assessed else None,
        release.units().get(meta["unit"], ("", meta["unit"]))[1],
        breaks_of(release.folder, name, matched.code, [row["time_period"] for row in series]),
        release.verdict_words() if assessed else {},
    )


def _meta(release: Release, indicator: str) -> Row:
    of_id = "from {indicator_meta} where indicator = $indicator"
    rows = ask(release.folder, of_id, indicator=indicator) or ask(
        release.folder, of_id, indicator=release.known(indicator)
    )
    return rows[0]


def _series(release: Release, indicator: str, area: Area) -> list[Row]:
    if area.is_group:  # its values are in two tables
        return release.data(indicator, [area.code]).rows
    rows = ask(release.folder, SERIES, indicator=indicator, area=area.code)
    return [row | {"status": STATUS_WORDS.get(row["obs_status"], row["obs_status"])} for row in rows]
