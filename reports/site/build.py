"""Writes the site: its pages in every language, and the shared files.

The content of a page is in pages.py; this module iterates over languages, areas and indicators.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from reports.shared.figures import Figures
from reports.shared.localisation import LANGUAGES, Words
from reports.shared.release_reader import Release
from reports.site import chart_data as data
from reports.site import packing, pages
from reports.site import topic_rows as topics
from reports.site.drawing.stills import still_map
from reports.site.search_index import search_index
from schemas.errors import CompactError

ASSETS = Path(__file__).parent / "assets"
SHIPPED = ("site.css", "pages.js", "compare.js", "explain.js", "topics.js", "icon.svg")
BUNDLES = {  # a script of the site to its parts; each page loads few files
    "site.js": ("search.js", "site.js"),
    "charts.js": ("vendor/plot.js", "pointer.js", "charts.js"),
    "block.js": ("atlas.js", "tools.js", "block.js"),
}
CARD_HEADS = {  # tables that many pages have: the heads of their columns by the place of the column
    "key-rows": {3: "table.value", 4: "table.target", 5: "js.pace"},
    "indicator-rows": {
        2: "table.world", 3: "table.target", 4: "table.pace_of_countries", 5: "page.index.states_on",
    },
    "target-rows": {2: "table.owner", 3: "table.deadline", 4: "table.measurable"},
}  # fmt: skip
NOT_LISTED = ("404", "search", "explain")  # pages excluded from search engines
Explainer = Callable[[Iterable[str]], Iterable[tuple[str, dict[str, Any]]]]


@dataclass(frozen=True)
class SiteSummary:
    """The written site. bytes: of the whole folder; seconds: of this build."""

    pages: int
    files: int
    bytes: int
    seconds: float
    languages: tuple[str, ...] = LANGUAGES


def build(
    release_folder: Path,
    out: Path,
    *,
    only: set[str] | None = None,
    explain: Explainer | None = None,
    address: str = "",
    finish: Callable[[], object] = bool,
) -> SiteSummary:
    """Write the site of a finished release folder to `out`. Raises CompactError if the folder is not a
    release.

    only: indicators with pages and data to rewrite in an existing site; the pages of other indicators, of
    areas and the overviews stay unchanged until the next whole build. explain: returns the explanations of
    these indicators' newest values; without it the site states that it has none. address: URL of the
    published site, without the last slash; without it no page names its own URL. finish: waits for what
    another process writes into `out`, before the files are counted.
    """
    start = time.perf_counter()
    figures = Figures(Release(release_folder, frozenset(only) if only is not None else None))
    words = {language: Words(language) for language in LANGUAGES}
    if unknown := sorted((only or set()) - figures.release.indicators.keys()):
        raise CompactError(
            f"there is no indicator {', '.join(unknown)}", where=str(release_folder),
            next_step="see `compact list`",
        )  # fmt: skip
    items = [i for i in figures.release.indicators.values() if only is None or i.id in only]
    for item in items:
        page_data = data.indicator(figures, item)
        packing.write(out / "data" / "i" / f"{item.id}.js", f"i/{item.id}", page_data, packed=True)
        if picture := still_map(figures, item):
            (out / "data" / "m").mkdir(exist_ok=True)
            (out / "data" / "m" / f"{item.id}.svg").write_text(picture.svg(), encoding="utf-8")
    if explain:
        write_explanations(out, explain(item.id for item in items))
    if only is None:
        write_shared(figures, words, out)
    written = 0
    for language in LANGUAGES:
        site = pages.Site(figures, words[language], out, address)
        jobs = site.indicator_pages(items) if only is not None else _all_pages(site)
        for path, html in jobs:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(html, encoding="utf-8")
            written += 1
        if only is None and address:
            site.write_card()
    if only is None and address:
        write_sitemap(out, address)
    finish()
    files = [p.stat().st_size for p in out.rglob("*") if p.is_file()]
    return SiteSummary(written, len(files), sum(files), time.perf_counter() - start)


def write_explanations(out: Path, found: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Write the explanations of indicators' newest values."""
    for name, page_data in found:
        page_data["values"] = packing.by_shape(page_data["values"])
        packing.write(out / "data" / "e" / f"{name}.js", f"e/{name}", page_data, packed=True)


def write_sitemap(out: Path, address: str) -> None:
    """Write the list of all pages for search engines, and the file that names it."""
    paths = sorted(p.relative_to(out).as_posix() for p in out.rglob("*.html") if p.stem not in NOT_LISTED)
    places = "".join(f"<url><loc>{address}/{quote(path)}</loc></url>\n" for path in paths)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
    (out / "sitemap.xml").write_text(f"{head}{places}</urlset>\n", encoding="utf-8")
    (out / "robots.txt").write_text(
        f"User-agent: *\nAllow: /\nSitemap: {address}/sitemap.xml\n", encoding="utf-8"
    )


def _all_pages(site: pages.Site) -> Iterator[tuple[Path, str]]:
    yield from site.overview_pages()
    yield from site.objective_pages()
    yield from site.indicator_pages(list(site.release.indicators.values()))
    yield from site.area_pages()


def write_shared(figures: Figures, words: dict[str, Words], out: Path) -> None:
    """Write styles, scripts, messages and the data files that all pages or all areas share."""
    assets = out / "assets"
    assets.mkdir(parents=True, exist_ok=True)
    for name in SHIPPED:
        shutil.copyfile(ASSETS / name, assets / name)
    for name, parts in BUNDLES.items():
        (assets / name).write_bytes(b"\n".join((ASSETS / part).read_bytes() for part in parts))
    shutil.copyfile(ASSETS / "vendor" / "LICENCES.txt", assets / "plot-licences.txt")
    packing.write(assets / "geometry.js", "geometry", packing.read(ASSETS / "geometry.js"), packed=True)
    with (assets / "site.css").open("a", encoding="utf-8") as styles:
        styles.writelines(_card_heads(words[language]) for language in LANGUAGES)
    used = {item.unit for item in figures.release.indicators.values()}
    for language in LANGUAGES:
        titles = {f"source.{name}": about["title"] for name, about in figures.release.sources.items()}
        packing.write(assets / f"words.{language}.js", "words", words[language].for_scripts(used) | titles)
    packing.write(out / "data" / "areas.js", "areas", data.areas(figures, words))
    packing.write(out / "data" / "indicators.js", "indicators", data.indicators(figures, words))
    index = search_index(figures, words, pages.OVERVIEWS)
    packing.write(out / "data" / "search.js", "search", index, packed=True)
    for name, shared in (("scores", topics.scores), ("inequality", topics.inequality)):
        if rows := shared(figures.release):
            packing.write(out / "data" / f"{name}.js", name, rows, packed=True)
    packing.write(out / "data" / "medians.js", "medians", data.medians(figures), packed=True)
    for area in figures.release.areas.values():
        profile = data.country if area.kind == "country" else data.group
        packing.write(
            out / "data" / "a" / f"{area.slug}.js", f"a/{area.code}", profile(figures, area), packed=True
        )


def _card_heads(words: Words) -> str:
    """Heads of columns for narrow screens, stated once for all pages of a language."""
    rules = []
    for table, keys in CARD_HEADS.items():
        heads = ((n, words.t(key).replace("'", r"\'")) for n, key in keys.items())
        stated = "".join(f"--head-{n}: '{head}'; " for n, head in heads)
        rules.append(f".{table}:lang({words.language}) {{ {stated}}}\n")
    return "".join(rules)
