"""The search index: words and codes in addition to the names on the pages, for the file data/search.js.

assets/search.js matches queries; the words are data, in search_words.yaml.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from reports.shared.figures import OBJECTIVES, Figures
from reports.shared.localisation import LANGUAGES, Words
from reports.shared.release_reader import Area

FILE = Path(__file__).with_name("search_words.yaml")
PAGES_NOT_FOUND = ("index", "search", "explain", "404")


@cache
def search_words() -> dict[str, dict[str, list[str]]]:
    """Return areas, indicators and pages to the words by which readers search for them."""
    loaded: dict[str, dict[str, list[str]]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return loaded


@cache
def _topic_words() -> frozenset[str]:
    return frozenset(word for listed in search_words()["indicators"].values() for word in listed)


def search_index(figures: Figures, words: dict[str, Words], pages: tuple[str, ...]) -> dict[str, Any]:
    """Return words and codes of areas (a); place in the list of words, words and codes of indicators (i);
    names and words of pages (p) and of objectives (o).
    """
    known, release = search_words(), figures.release
    places = {name: place for place, name in enumerate(known["indicators"])}
    return {
        "a": {a.code: _area_words(a, words, known["areas"]) for a in release.areas.values()},
        "i": {
            i.id: [places.get(i.id, len(places)), *known["indicators"].get(i.id, ()),
                   str(i.frameworks.get("sdg", "")), *i.codes]
            for i in release.indicators.values()
        },
        "p": [
            [name, [words[n].t(f"page.{name}.title") for n in LANGUAGES],
             [*(words[n].t(f"page.{name}.short") for n in LANGUAGES), *known["pages"].get(name, ())]]
            for name in pages
            if name not in PAGES_NOT_FOUND
        ],
        "o": [
            [code, [words[n].t(f"objective.{code}") for n in LANGUAGES]]
            for codes in OBJECTIVES.values()
            for code in codes
        ],
    }  # fmt: skip


def _area_words(area: Area, words: dict[str, Words], known: dict[str, list[str]]) -> list[str]:
    """Return codes of an area, Unicode CLDR's names of a country, and its listed words. A code that is
    also a word for a topic (AI: Anguilla's) is reserved for the topic.
    """
    named = [w.locale.territories.get(area.iso2 or "", "") for w in words.values()]
    codes = [c for c in (area.code, area.code.split(":")[-1], area.iso2) if c not in _topic_words()]
    return sorted({name for name in (*codes, *named, *known.get(area.code, [])) if name})
