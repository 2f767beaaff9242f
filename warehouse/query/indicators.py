"""Queries of the reading verbs: cheap queries by DuckDB over the parquet files of a release.

No heavy import (no pandas, pandera, pyarrow, sqlglot, pydantic): only DuckDB, on first use. The command line
prints the results.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from schemas.definitions.default_method import DEFAULT_METHOD
from schemas.errors import CompactError
from warehouse.query.areas import find_area
from warehouse.query.series import WORDS
from warehouse.query.tables import Row, ask
from warehouse.query.units import code_words

LONGEST_REFERENCE = 2  # characters of a code that texts refer to, such as objective 1, B or UMC target 13

# Every indicator with its coverage; $words: all of them are in its id, title or description.
LIST = f"""
with {WORDS}
select meta.indicator, meta.title, meta."group", meta.unit, unit.unit_name, meta.direction, meta.target_value,
    meta.target_year, count(*) filter (where coverage.available) as countries_since_2015,
    max(coverage.latest_year) as latest_year
from {{indicator_meta}} as meta
left join {{coverage}} as coverage using (indicator)
left join unit on unit.unit = meta.unit
where list_bool_and(
    [true] || list_transform(
        $words,
        lambda word: contains(
            lower(concat_ws(
                ' ', meta.indicator, replace(meta.indicator, '_', ' '), meta.title, meta.description
            )),
            word
        )
    )
)
group by all
order by meta."group", meta.indicator"""

# Every area with its codes; groups with the number of their current members (null: none is listed).
AREAS = """
select area.ref_area, area.name, area.kind, area.iso2, area.m49,
    nullif(count(distinct member.ref_area) filter (where area.kind = 'group'), 0) as members
from {area} as area
left join {area_group} as member on member."group" = area.ref_area and member.valid_to is null
where list_bool_and(
    [true] || list_transform(
        $words,
        lambda word: contains(lower(concat_ws(' ', area.name, area.ref_area, area.iso2, area.m49)), word)
    )
)
group by all
order by any_value(lower(area.name)) = array_to_string($words, ' ') desc, area.kind, area.name,
    area.ref_area"""


def about(folder: Path, indicator: str) -> Row:
    """Return an indicator's definition, the sources of its values, and the number of countries with a
    value.
    """
    indicator = check_indicator(folder, indicator)
    row = ask(folder, "select * from {indicator_meta} where indicator = $indicator", indicator=indicator)[0]
    row["frameworks"], row["inputs"] = json.loads(row["frameworks"]), json.loads(row["inputs"])
    row["frameworks_in_words"] = _frameworks_in_words(folder, row["frameworks"])
    row["used"] = ask(
        folder,
        """
        select value.source, any_value(source.title) as source_title, value.series, count(*) as values,
            count(distinct value.ref_area) as areas, min(value.time_period) as first_year,
            max(value.time_period) as latest_year
        from {indicator} as value
        left join {source} as source using (source)
        where value.indicator = $indicator
        group by value.source, value.series
        order by values desc, value.source, value.series""",
        indicator=indicator,
    )
    row["coverage"] = ask(
        folder,
        """
        select count(*) as countries, count(*) filter (where available) as since_2015,
            count(*) filter (where points_since_2015 >= 2) as two_or_more_since_2015
        from {coverage}
        where indicator = $indicator""",
        indicator=indicator,
    )[0]
    row["categories"] = ask(
        folder,
        """
        select category, count(*) as countries
        from {progress} as progress
        join {area} as area using (ref_area)
        where indicator = $indicator and method = $method and area.kind = 'country'
        group by all
        order by countries desc, category""",
        indicator=indicator,
        method=DEFAULT_METHOD,
    )
    return row


def _frameworks_in_words(folder: Path, parts: Mapping[str, Any]) -> list[str]:
    """Each framework's title with the part that an indicator belongs to; none for an older release."""
    words = code_words(folder, ("framework", *parts))
    said = []
    for name, part in parts.items():
        if title := words.get(("framework", name)):
            of_part = words.get((name, str(part)))
            # a code that is a word of its title, such as governance, adds nothing
            shown = of_part if of_part and len(str(part)) > LONGEST_REFERENCE else f"{part} {of_part or ''}"
            said.append(f"{title}: {shown}".rstrip())
    return said


def show(folder: Path, indicator: str, area: str | None = None) -> list[Row]:
    """Return the newest value of an indicator for an area, or for every area, with its origin and its
    assessment.
    """
    indicator = check_indicator(folder, indicator)
    code = find_area(folder, area).code if area else None
    return ask(
        folder,
        """
        select latest.indicator, latest.ref_area, area.name as area, area.kind, latest.time_period,
            latest.value, meta.unit, latest.obs_status, latest.source, latest.series, latest.snapshot,
            progress.method, progress.category, progress.probability, progress.confidence, progress.reason,
            progress.baseline_year, progress.baseline_value, progress.target_value, progress.target_year,
            progress.yearly_change
        from {latest} as latest
        join {area} as area using (ref_area)
        join {indicator_meta} as meta using (indicator)
        left join (
            -- columns that releases from before this method lack
            from {progress}
            union all by name
            select null::double as probability, null::varchar as confidence, null::double as yearly_change
            where false
        ) as progress
            on progress.indicator = latest.indicator
            and progress.ref_area = latest.ref_area
            and progress.method = $method
        where latest.indicator = $indicator
            and ($area is null or latest.ref_area = $area)
        order by area.kind, area.name""",
        indicator=indicator,
        area=code,
        method=DEFAULT_METHOD,
    )


def check_indicator(folder: Path, indicator: str) -> str:
    """Return the id of an indicator in the release: its own, or its new name if it was renamed since.

    Raises CompactError with the nearest ids, or with its replacement if it was removed.
    """
    names = _names(folder)
    if indicator in names:
        return indicator
    import difflib

    from indicators.former_ids import former_id

    former = former_id(indicator)
    if former is not None and former.same and former.now in names:
        return str(former.now)
    if former is not None:
        there = former.now in names
        raise CompactError(
            str(former),
            allowed=str(former.now) if there else "",
            next_step=f"ask for {former.now}" if there else "an older release still has it: `--release ID`",
        )
    near = difflib.get_close_matches(indicator, names, 3, 0.4)
    raise CompactError(
        f"there is no indicator {indicator} in release {folder.name}",
        allowed=", ".join(near or names),
        next_step="see `compact list`, or `compact search TEXT`",
    )


@lru_cache(maxsize=4)
def _names(folder: Path) -> list[str]:
    rows = ask(folder, "select indicator from {indicator_meta} order by indicator")
    return [row["indicator"] for row in rows]
