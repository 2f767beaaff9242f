"""Values and definitions as sentences for a terminal. The facts come from warehouse/client/profile.py."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.console.output import can_print, line_width
from schemas.display import counted
from warehouse.client.profile import Profile
from warehouse.diff.notes import number
from warehouse.query.sparkline import parted, spark, thinned
from warehouse.query.units import with_unit

LONGEST = 100  # characters of a line where the output is not a terminal
AIM = {"higher_is_better": "at least", "lower_is_better": "at most", "closer_to_one": "exactly"}
LABEL = 10  # characters of a line's label
AGGREGATES = {
    "none": "none is computed",
    "weighted_mean": "weighted mean",
    "gap_filled_total": "total with gaps filled",
}


def shown(described: Profile, *, verbose: bool) -> Iterator[str]:
    """Format one number with the facts needed to read it."""
    title = f"{described.meta['title']}, {described.area.name}"
    if not described.series:
        yield from _wrapped("", f"{title}: no value in release {described.release}. Missing, not zero.")
        return
    last = described.series[-1]
    status = "" if last["obs_status"] == "A" else f" ({last['status']})"
    value = with_unit(number(last["value"]), described.symbol)
    yield from _wrapped("", f"{title}: {value} in {last['time_period']}{status}.")
    yield from _part("trend", _trend(described))
    yield from _part("verdict", _verdict(described))
    yield from _part("target", _target(described.meta, described.symbol))
    yield from _part("source", last["source_title"] or last["source"] or last["footnote"] or "")
    for text in _caveats(described):
        yield from _part("caveat", text)
    if verbose:
        yield from _codes(described)
    yield from _part("release", described.release)


def _trend(described: Profile) -> str:
    first, last = described.series[0], described.series[-1]
    if len(described.series) == 1:
        return "one value only"
    shown = thinned(described.series)
    line = parted(
        spark([row["value"] for row in shown]), [row["time_period"] for row in shown], _break_years(described)
    )
    line = line if can_print(line) else ".."
    change = "" if last["value"] == first["value"] else ", up" if last["value"] > first["value"] else ", down"
    return (
        f"{number(first['value'])} in {first['time_period']} {line} {number(last['value'])} in "
        f"{last['time_period']}; {counted(len(described.series), 'value')}{change}"
    )


def _verdict(described: Profile) -> str:
    row = described.progress
    if row is None:
        return (
            "none: groups are not assessed"
            if described.area.is_group
            else "none: this indicator is not assessed"
        )
    words = described.words.get(row["category"], row["category"].replace("_", " "))
    sure = []
    if row["probability"] is not None:
        sure.append(f"probability {row['probability']:.0%}")
    if row["confidence"]:
        sure.append(f"{row['confidence']} confidence")
    text = f"{words} ({', '.join(sure)})" if sure else words
    return f"{text}: {row['reason']}" if row["reason"] else text


def _target(meta: Mapping[str, Any], symbol: str) -> str:
    if meta["target_value"] is None:
        return f"no number of its own: {meta['target_origin']}" if meta["target_origin"] else "none is set"
    year = f" by {meta['target_year']}" if meta["target_year"] else ""
    owner = f", set by {meta['target_origin']}" if meta["target_origin"] else ""
    return f"{AIM[meta['direction']]} {with_unit(number(meta['target_value']), symbol)}{year}{owner}"


def _caveats(described: Profile) -> Iterator[str]:
    last = described.series[-1]
    if last["footnote"] and last["source"]:
        yield last["footnote"]
    for one in described.breaks:
        yield f"break in the series at {one['time_period']}: {one['reason']}"
    if marked := _marked(described):
        yield f"the agency marks a break at {', '.join(map(str, sorted(marked)))}"


def _marked(described: Profile) -> set[int]:
    """Return the years that the agency marks as the first after a break."""
    return {row["time_period"] for row in described.series[1:] if row["obs_status"] == "B"}


def _break_years(described: Profile) -> set[int]:
    return _marked(described) | {one["time_period"] for one in described.breaks}


def _codes(described: Profile) -> Iterator[str]:
    last = described.series[-1]
    codes = {
        "indicator": described.meta["indicator"],
        "ref_area": described.area.code,
        "unit": described.meta["unit"],
        "obs_status": last["obs_status"],
        "origin": last["source"],
        "series": last["series"],
        "snapshot": last["snapshot"],
        "method": (described.progress or {}).get("method"),
    }
    for name, code in codes.items():
        if code:
            yield f"  {name:<{LABEL}} {code}"


def described(
    row: Mapping[str, Any], units: Mapping[str, tuple[str, str]], words: Mapping[str, str]
) -> Iterator[str]:
    """Format an indicator's definition, target, sources and coverage. words: the classes of verdicts."""
    name, symbol = units.get(row["unit"], (row["unit"], ""))
    coverage = row["coverage"]
    yield from _wrapped("", f"{row['title']} ({row['indicator']})")
    yield from _wrapped("  ", row["description"])
    yield from _part("unit", f"{name} ({row['unit']}); {row['direction'].replace('_', ' ')}")
    yield from _part("target", _target(row, symbol))
    yield from _part(
        "coverage",
        f"{coverage['since_2015']} of {coverage['countries']} countries and territories have a value since "
        f"2015, {coverage['two_or_more_since_2015']} two or more",
    )
    verdicts = ", ".join(
        f"{one['countries']} {_lower(words.get(one['category'], one['category'].replace('_', ' ')))}"
        for one in row["categories"]
    )
    yield from _part("verdicts", verdicts or "not assessed")
    if row["formula"] and row["formula"] != "value":
        yield from _part("formula", row["formula"])
    yield from _inputs(row)
    for place, one in enumerate(row["used"]):
        yield from _part(
            "" if place else "in use",
            f"{one['source_title'] or one['source'] or 'formula'}, {one['series']}: "
            f"{counted(one['values'], 'value')} of {counted(one['areas'], 'area')}, {one['first_year']} to "
            f"{one['latest_year']}",
        )
    yield from _part("groups", AGGREGATES.get(row["aggregate_method"], row["aggregate_method"]))
    codes = [f"{name} {code}" for name, code in row["frameworks"].items()]
    for place, text in enumerate(row["frameworks_in_words"] or codes):
        yield from _part("" if place else "frameworks", text)
    if row["notes"]:
        yield from _part("notes", " ".join(row["notes"].split()))


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]


def _inputs(row: Mapping[str, Any]) -> Iterator[str]:
    """Each input; where several series are named, in the order in which they are preferred."""
    for label, items in row["inputs"].items():
        first = "inputs" if label == "value" else label
        if len(items) == 1:
            yield from _part(first, _item(items[0]))
            continue
        yield from _part(first, "the first of these that has a value of the area and year:")
        for place, item in enumerate(items, 1):
            yield from _part("", f"{place}. {_item(item)}")


def _item(item: Mapping[str, Any]) -> str:
    return (
        f"{item['source']} {item['series']}" if item.get("source") else f"indicator {item.get('indicator')}"
    )


def _part(label: str, text: str) -> Iterator[str]:
    """Format a labelled line with a hanging indent."""
    if text:
        yield from _wrapped(f"  {label:<{LABEL}} ", text, " " * (LABEL + 3))


def _wrapped(start: str, text: str, below: str | None = None) -> Iterator[str]:
    width = line_width() or LONGEST
    yield from textwrap.wrap(
        text, width, initial_indent=start, subsequent_indent=start if below is None else below,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
