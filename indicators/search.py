"""Searches indicators and agencies' series by words or by an agency's code, in the definitions only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from indicators.registry import FOLDER, Catalogue, load_catalogue
from indicators.validation import Known, known_series
from schemas.definitions.indicator import Indicator
from sources.registry.sources import SOURCES, SeriesInfo

Row = dict[str, str]


def search(text: str, *, folder: Path = FOLDER, sources_folder: Path = SOURCES) -> list[Row]:
    """Return indicators with every word in id, title, text or codes, then the series that no indicator uses.

    Best first: an exact id or code, then titles, then the rest. A row names the matching field.
    """
    words = text.lower().split()
    if not words:
        return []
    catalogue, series = load_catalogue(folder, sources_folder=sources_folder), known_series(sources_folder)
    matches = [*_indicators(catalogue, series, words), *_series(catalogue, series, words)]
    return [row for _, row in sorted(matches, key=lambda pair: (pair[0], pair[1]["id"], pair[1]["series"]))]


def candidates(text: str, *, sources_folder: Path = SOURCES, most: int = 10) -> list[Row]:
    """Return the series of the sources' catalogues that have every word, or the code, the best first."""
    words = text.lower().split()
    nearest = []
    for source, known in known_series(sources_folder).items():
        for code, info in (known or {}).items():
            if words and (hit := _hit({"code": [code], "series title": [info.title]}, words)) is not None:
                row = {"series": f"{source}:{code}", "title": info.title, "unit": info.unit}
                nearest.append((hit[0], len(info.title), row))
    return [row for *_, row in sorted(nearest, key=lambda one: (*one[:2], one[2]["series"]))][:most]


def _indicators(catalogue: Catalogue, series: Known, words: list[str]) -> Iterator[tuple[int, Row]]:
    for indicator_id, indicator in catalogue.items():
        codes = _codes(indicator)
        titles = [info.title for source, code in codes if (info := _info(series, source, code))]
        places = {
            "id": [indicator_id],
            "code": [code for _, code in codes],
            "title": [indicator.title, *indicator.aliases],
            "series title": titles,
            "text": [indicator.description, indicator.notes],
        }
        if (hit := _hit(places, words)) is not None:
            yield hit[0], _row("indicator", indicator_id, indicator.title, codes, hit[1])


def _series(catalogue: Catalogue, series: Known, words: list[str]) -> Iterator[tuple[int, Row]]:
    for source, known in series.items():
        used = catalogue.series_of(source)
        for code, info in (known or {}).items():
            hit = _hit({"code": [code], "series title": [info.title]}, words)
            if code not in used and hit is not None:
                yield hit[0] + 10, _row("series", source, info.title, [(source, code)], hit[1])


def _hit(places: Mapping[str, list[str]], words: list[str]) -> tuple[int, str] | None:
    """Return rank and name of the first field with the words; in one field is better than scattered."""
    whole = " ".join(words)
    for rank, (name, texts) in enumerate(places.items()):
        if any(whole == text.lower() for text in texts):
            return rank - len(places), name
    for rank, (name, texts) in enumerate(places.items()):
        if any(all(word in text.lower() for word in words) for text in texts):
            return rank, name
    everything = " ".join(text for texts in places.values() for text in texts).lower()
    return (len(places), "text") if all(word in everything for word in words) else None


def _codes(indicator: Indicator) -> list[tuple[str, str]]:
    items = [item for items in indicator.named_inputs().values() for item in items]
    return [(item.source, item.series) for item in items if item.source and item.series]


def _info(series: Known, source: str, code: str) -> SeriesInfo | None:
    return (series.get(source) or {}).get(code)


def _row(kind: str, name: str, title: str, codes: list[tuple[str, str]], by: str) -> Row:
    return {
        "kind": kind,
        "id": name,
        "title": title,
        "series": "; ".join(f"{source}: {code}" for source, code in codes),
        "found_by": by,
    }
