"""The data of each page of the site. Templates are in templates/, counts in ../shared/figures.py."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reports.shared.figures import OBJECTIVES, Figures
from reports.shared.localisation import LANGUAGE_NAMES, LANGUAGES, Words
from reports.shared.release_reader import FIRST_YEAR, Area, Indicator
from reports.shared.standing import CATEGORIES, Standing
from reports.site import home
from reports.site import overview_rows as overviews
from reports.site.drawing.card import card
from reports.site.drawing.mathml import mathml
from reports.site.drawing.stills import lines_of, still, still_map
from reports.site.elsewhere import closed_for
from reports.site.headline import finding
from reports.site.markup import nearer, shorter
from reports.site.overview_values import OverviewValues
from reports.site.profile import profile

TEMPLATES = Path(__file__).parent / "templates"
OVERVIEWS = (
    "index", "indicators", "areas", "compare", "gaps", "inequality", "scores", "claims", "availability",
    "frameworks", "not-measurable", "contributions", "methods", "disagreement", "sources", "status",
    "downloads", "changes", "explain", "search", "404",
)  # fmt: skip
# The menu's five entries, each with the pages below it; parents of other pages are in PARENTS.
SECTIONS = {
    "index": ("index", "changes"),
    "indicators": (
        "indicators", "gaps", "inequality", "scores", "frameworks", "claims", "not-measurable",
    ),
    "areas": ("areas", "compare"),
    "downloads": ("downloads", "availability", "sources", "status", "contributions"),
    "methods": ("methods", "disagreement"),
}  # fmt: skip
NAVIGATION = tuple(name for names in SECTIONS.values() for name in names)
PARENTS = {"indicator": "indicators", "objective": "indicators", "area": "areas"}
CRUMBS = ("world", "m49_region", "m49_subregion", "m49_intermediate", "wb_income", "ldc", "lldc", "sids")


@cache
def environment() -> Environment:
    """Create the templates' environment: every value is escaped, and an undefined name is an error."""
    loader = FileSystemLoader(TEMPLATES)
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def home_of(language: str) -> str:
    """Return the folder of a language in the site: the first has its pages at the root."""
    return "" if language == LANGUAGES[0] else f"{language}/"


def _section(path: str) -> str | None:
    """Return the menu entry that a page belongs to."""
    name = PARENTS.get(path.split("/")[0], path)
    return next((section for section, names in SECTIONS.items() if name in names), None)


class Site(OverviewValues):
    """The pages of one language."""

    def __init__(self, figures: Figures, words: Words, out: Path, address: str = "") -> None:
        self.figures, self.words, self.out, self.address = figures, words, out, address
        self.release = figures.release
        self.folder = out if words.language == LANGUAGES[0] else out / words.language
        self.revised = overviews.revised(self.release)
        self.revisions = overviews.largest_revisions(self.release)
        self.shared = dict[str, Any](
            t=words.t,
            w=words,
            language=words.language,
            languages=LANGUAGE_NAMES,
            sections=SECTIONS,
            card=self.release.card,
            method=self.release.method,
            categories=CATEGORIES,
            first_year=FIRST_YEAR,
            objectives=OBJECTIVES,
            demonstration=figures.demonstration,
            brief_language=words.language if words.language in figures.brief_languages else LANGUAGES[0],
            address=address,
        )

    def _page(
        self,
        template: str,
        path: str,
        title: str,
        structured: dict[str, Any] | None = None,
        **values: Any,
    ) -> tuple[Path, str]:
        """Return one page. path: below the language's folder, without the suffix; structured: its JSON-LD,
        which only a published page needs.
        """
        place = f"{self.address}/{home_of(self.words.language)}{path}.html" if self.address else ""
        structured = {**structured, "url": place} if structured and place else None
        depth = path.count("/")
        up, home = "../" * depth, "../" * (depth + (self.words.language != LANGUAGES[0]))
        others = {code: f"{home}{home_of(code)}{path}.html" for code in LANGUAGE_NAMES}
        html = (
            environment()
            .get_template(f"{template}.html")
            .render(
                **self.shared,
                up=up,
                home=home,
                path=path,
                section=_section(path),
                place=place,
                structured=structured,
                others=others,
                page_title=title,
                template=template,
                **values,
            )
        )
        own = home_of(self.words.language)
        html = shorter(nearer(html, f"{path.rpartition('/')[0]}/" if depth else "", up, home + own))
        return self.folder / f"{path}.html", html

    def overview_pages(self) -> Iterator[tuple[Path, str]]:
        """Yield the world page and the overview pages."""
        for name in OVERVIEWS:
            values = getattr(self, "_" + name.replace("-", "_"))()
            yield self._page(name, name, self.words.t(f"page.{name}.title"), **values)

    def write_card(self) -> None:
        """Write the preview image of the site for links."""
        headline, words = finding(self.figures), self.words
        said = home.sentences(words, headline)
        drawn = card(said["headline"], said["on"], words.t("site.name"), headline.standing, words.language)
        (self.out / "assets" / f"card.{words.language}.png").write_bytes(drawn)

    def objective_pages(self) -> Iterator[tuple[Path, str]]:
        """Yield a page for each objective of the policy brief and of the adopted Compact."""
        for framework, codes in OBJECTIVES.items():
            for code in codes:
                objective = self._objective(framework, code)
                rows = [self._key_figure(item) for item in objective["items"]]
                yield self._page(
                    "objective",
                    f"objective/{code}",
                    self.words.t(f"objective.{code}"),
                    rows=rows,
                    targets=overviews.targets_of(self.release, framework, code),
                    closed=closed_for(code),
                    **objective,
                )

    def indicator_pages(self, items: list[Indicator]) -> Iterator[tuple[Path, str]]:
        """Yield a page for each of these indicators."""
        for item in items:
            values = self.figures.latest.get(item.id, {})
            years = sorted(v.year for v in values.values())
            yield self._page(
                "indicator",
                f"indicator/{item.id}",
                self.words.title(item),
                item=item,
                values=values,
                world=self.figures.world(item.id),
                standing=self.figures.standing([item.id]),
                years=years,
                usual=years[len(years) // 2] if years else None,
                stated=overviews.stated_inputs(self.figures, item),
                coverage=self.figures.coverage.get(item.id),
                gaps=item.id in self.figures.gaps,
                projections=item.id in self.figures.projections,
                lines=lines_of(self.figures, item),
                still=still(self.figures, self.words, item),
                map=self._map(item),
                targets=overviews.targets_for(self.release, item.id),
                structured=self._as_linked(
                    "Dataset", self.words.title(item), self.words.text(item.description)
                )
                | {"identifier": item.id, "variableMeasured": item.title}
                | ({"temporalCoverage": f"{years[0]}/{years[-1]}"} if years else {}),
                revised=self.revised.get(item.id),
                revisions=[
                    (self.words.area(self.release.areas[a]) if a in self.release.areas else a, *rest)
                    for a, *rest in self.revisions.get(item.id, ())
                ],
                formula=mathml(item.formula) if item.formula else "",
                checks=self.release.checks.get(item.id, ()),
                cited=overviews.cited(self.figures, item),
                used=(used := overviews.used_sources(self.figures, item)),
                made_of=[self.words.text(about["title"]) for about in used],
                caveats=overviews.caveats(self.figures, item),
            )

    def _map(self, item: Indicator) -> dict[str, Any] | None:
        """The key of an indicator's map and what it shows in a sentence."""
        if (drawn := still_map(self.figures, item)) is None:
            return None
        low, high = (end(v.value for v in drawn.values.values()) for end in (min, max))
        said = self.words.t(
            "js.map_label", title=self.words.title(item), n=len(drawn.values),
            low=self.words.figure(low, item.unit), high=self.words.figure(high, item.unit),
        )  # fmt: skip
        return {"key": drawn.classes(self.words, item.unit), "said": said}

    def area_pages(self) -> Iterator[tuple[Path, str]]:
        """Yield a profile for each country and each group."""
        for area in self.release.areas.values():
            yield self._page(
                "area",
                f"area/{area.slug}",
                self.words.area(area),
                area=area,
                standing=self._of(area),
                groups=[
                    self.release.areas[own[g]]
                    for g in CRUMBS
                    if g in (own := self.release.groups_of.get(area.code, {}))
                ],
                members=sorted(
                    (
                        self.release.areas[m]
                        for m in self.release.members.get(area.code, ())
                        if m in self.release.areas
                    ),
                    key=self._by_name,
                ),
                **profile(self.figures, self.words, area),
            )

    def _of(self, area: Area) -> Standing:
        return self.figures.standing(list(self.release.indicators), self.figures.judged(area))
