"""Writes the briefs: one PDF per area, set by typst, without any network request.

The content is in country.py and group.py, the layout in brief.typ.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import typst

from reports.brief.country import country
from reports.brief.figures import Facts
from reports.brief.group import group
from reports.brief.localisation import LANGUAGES, Words, language_known
from reports.shared.figures import Figures
from reports.shared.release_reader import Area, Release
from schemas.columns.observation import REF_AREA_CODES
from schemas.errors import CompactError

TEMPLATE = Path(__file__).with_name("brief.typ")
PAGES = 2
SCALES = ("1", "0.95", "0.9", "0.85", "0.8")  # font sizes; the first that fits is used
STANDARD: Final = "ua-1"  # PDF/UA-1: tagged, with title and language; typst rejects violations


@dataclass(frozen=True)
class BriefSummary:
    """The written briefs. bytes: of all files; seconds: of this build."""

    briefs: int
    bytes: int
    seconds: float
    language: str


@dataclass
class Briefs:
    """The briefs of one release in one language."""

    folder: Path
    language: str = "en"

    @cached_property
    def facts(self) -> Facts:
        return Facts(Figures(Release(self.folder)))

    @cached_property
    def words(self) -> Words:
        return Words(language_known(self.language))

    def areas(self, codes: Sequence[str] | None = None) -> list[Area]:
        """Return the requested areas, or all. Raises CompactError for a code that is not in the release."""
        known = self.facts.release.areas
        for code in codes or ():
            if code not in known:
                raise CompactError(
                    f"there is no area {code!r} in release {self.folder.name}",
                    allowed=REF_AREA_CODES,
                    next_step="look the code up in area.parquet and area_group.parquet",
                )
        return [known[code] for code in dict.fromkeys(codes)] if codes is not None else list(known.values())

    def content(self, area: Area) -> dict[str, Any]:
        """Return the content of an area's brief."""
        return (country if area.kind == "country" else group)(self.facts, self.words, area)

    @cached_property
    def made(self) -> datetime:
        """Return the date in the PDF: the release's, so that the same release gives the same bytes."""
        return datetime.fromisoformat(self.facts.release.card["created"].replace("Z", "+00:00"))


def file_name(area: Area) -> str:
    """Return the file name of an area's brief: its code, with a hyphen for the colon of a group's."""
    return f"{area.slug}.pdf"


def build(release: Path, out: Path, areas: Sequence[str] | None = None, language: str = "en") -> BriefSummary:
    """Write the briefs of a release folder to out/<area>.pdf, by default of all countries and groups.

    Reads only the parquet and json files of the release. Raises CompactError if the folder is not a release,
    an area is unknown, or the language has no messages.
    """
    start = time.perf_counter()
    briefs = Briefs(release, language)
    areas_to_write = briefs.areas(areas)
    out.mkdir(parents=True, exist_ok=True)
    # Sequential, some 100 ms a try: typst holds the interpreter lock, so threads gain nothing.
    compiler = typst.Compiler(str(TEMPLATE), ignore_system_fonts=True)
    size, scale = 0, 0
    for area in areas_to_write:
        path = out / file_name(area)
        scale = _set(compiler, briefs, area, path, scale)
        size += path.stat().st_size
    return BriefSummary(len(areas_to_write), size, time.perf_counter() - start, language)


def build_all(release: Path, out: Path) -> list[BriefSummary]:
    """Write the briefs of all areas in every language that the release has: English ones into `out`, others
    into a folder below it. Each language has a process of its own, for typst keeps the interpreter's lock."""
    languages = Figures(Release(release)).brief_languages
    folders = {language: out if language == LANGUAGES[0] else out / language for language in languages}
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as processes:
        made = [processes.submit(build, release, to, None, language) for language, to in folders.items()]
        return [one.result() for one in made]


def _set(compiler: typst.Compiler, briefs: Briefs, area: Area, path: Path, guess: int) -> int:
    """Typeset one brief in the largest type that fits on its pages.

    Args:
        guess: Number of the scale to try first: that of the brief before.

    Returns:
        The number of the scale that was taken.
    """
    text = json.dumps(briefs.content(area), ensure_ascii=False, sort_keys=True)

    @cache
    def at(number: int) -> bytes:
        pages = compiler.compile(
            format="pdf",
            sys_inputs={"brief": text, "scale": SCALES[number]},
            pdf_standards=[STANDARD],
            timestamp=briefs.made,
        )
        return pages if isinstance(pages, bytes) else b"".join(pages or [])

    def fits(number: int) -> bool:
        return page_count(at(number)) <= PAGES

    taken = next((number for number in range(guess, len(SCALES)) if fits(number)), None)
    if taken is None:
        raise CompactError(
            f"the brief of {area.name} does not fit on {PAGES} pages, even at {SCALES[-1]} of its size",
            where=str(TEMPLATE),
            next_step="name fewer key indicators in key_indicators.yaml, or shorten messages",
        )
    while taken == guess > 0 and fits(taken - 1):
        taken = guess = guess - 1
    path.write_bytes(at(taken))
    return taken


def page_count(pdf: bytes) -> int:
    """Return the number of pages of a PDF written by typst: the count of its one page tree. 0 if there is
    none.
    """
    match = re.search(rb"/Type\s*/Pages\s*/Count (\d+)", pdf)
    return int(match[1]) if match else 0
