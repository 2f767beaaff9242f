"""The data of each page of the site. Templates are in templates/, counts in ../shared/figures.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reports.shared.figures import OBJECTIVES, Figures
from reports.shared.localisation import LANGUAGE_NAMES, LANGUAGES, Words
from reports.shared.release_reader import FIRST_YEAR, INCOME, REGIONS, WORLD, Area, Indicator
from reports.shared.standing import CATEGORIES, Standing
from reports.site import home
from reports.site import overview_rows as overviews
from reports.site import topic_rows as topics
from reports.site.headline import finding
from reports.site.mathml import mathml

BLANK = re.compile(r"\n[ \t\n]*\n|\n[ \t]+")
# Ends that HTML lets be left out: a twentieth of all pages, in three languages.
UNNEEDED = re.compile(r"</(?:li|td|th|tr|dt|dd|option|tbody|thead)>")
TEMPLATES = Path(__file__).parent / "templates"
OVERVIEWS = (
    "index", "indicators", "areas", "compare", "gaps", "inequality", "scores", "claims", "availability",
    "frameworks", "not-measurable", "contributions", "methods", "disagreement", "sources", "status",
    "downloads", "changes", "explain", "search",
)  # fmt: skip
# The menu's five entries, each with the pages below it; the pages of one thing are in PARENTS.
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
VERDICTS = ("not_reproduced", "revised", "holds", "no_data")
CRUMBS = ("world", "m49_region", "m49_subregion", "m49_intermediate", "wb_income", "ldc", "lldc", "sids")
FLAGSHIPS = (
    "internet_use",
    "mobile_ownership",
    "coverage_4g",
    "schools_internet",
    "broadband_price_gni",
    "internet_use_parity",
    "gini",
    "account_ownership",
    "electricity",
    "statistical_performance",
)


@cache
def environment() -> Environment:
    """Templates with every value escaped, and an error for a name that no one gave."""
    loader = FileSystemLoader(TEMPLATES)
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _section(path: str) -> str | None:
    """The entry of the menu that a page belongs to."""
    name = PARENTS.get(path.split("/")[0], path)
    return next((section for section, names in SECTIONS.items() if name in names), None)


class Site:
    """The pages of one language."""

    def __init__(self, figures: Figures, words: Words, out: Path) -> None:
        self.figures, self.words, self.out = figures, words, out
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
            demonstration=len(figures.vintages) == 1,
        )

    def _page(self, template: str, path: str, title: str, **values: Any) -> tuple[Path, str]:
        """One page. path: below the language's folder, without the ending."""
        depth = path.count("/")
        up, home = "../" * depth, "../" * (depth + (self.words.language != LANGUAGES[0]))
        others = {
            code: f"{home}{'' if code == LANGUAGES[0] else code + '/'}{path}.html" for code in LANGUAGE_NAMES
        }
        html = (
            environment()
            .get_template(f"{template}.html")
            .render(
                **self.shared,
                up=up,
                home=home,
                path=path,
                section=_section(path),
                others=others,
                page_title=title,
                template=template,
                **values,
            )
        )
        return self.folder / f"{path}.html", UNNEEDED.sub("", BLANK.sub("\n", html))

    def overview_pages(self) -> Iterator[tuple[Path, str]]:
        """The world page and the pages of which there is one each."""
        for name in OVERVIEWS:
            values = getattr(self, "_" + name.replace("-", "_"))()
            yield self._page(name, name, self.words.t(f"page.{name}.title"), **values)

    def _index(self) -> dict[str, Any]:
        found, words = finding(self.figures), self.words
        lead = found.lead
        return {
            "found": found,
            "said": home.sentences(words, found),
            "lead": lead,
            "chart": home.world_chart(self.figures, words, lead) if lead else "",
            "rows": home.target_rows(self.figures, words),
            "map": home.likelihood_map(self.figures, words, lead) if lead else "",
            "frameworks": {
                f: [self._objective(f, code) for code in codes] for f, codes in OBJECTIVES.items()
            },
            "diff": overviews.changes(self.release),
            "targets": overviews.targets(self.release),
        }

    def _key_figure(self, item: Indicator) -> dict[str, Any]:
        value = self.figures.world(item.id)
        return {"item": item, "value": value, "standing": self.figures.standing([item.id])}

    def _objective(self, framework: str, code: str) -> dict[str, Any]:
        items = self.figures.of_objective(framework, code)
        return {
            "code": code,
            "framework": framework,
            "items": items,
            "standing": self.figures.standing([i.id for i in items]),
            "direct": overviews.measured_directly(self.release, framework, code),
        }

    def _indicators(self) -> dict[str, Any]:
        by_code = {
            code: self.figures.of_objective("compact_brief", code) for code in OBJECTIVES["compact_brief"]
        }
        placed = {i.id for items in by_code.values() for i in items}
        rest = [i for i in self.release.indicators.values() if i.id not in placed]
        return {"by_code": by_code, "rest": rest, "figures": self.figures}

    def _areas(self) -> dict[str, Any]:
        by_region: dict[str, list[Area]] = {}
        for country in self.release.countries:
            region = self.release.groups_of.get(country.code, {}).get("m49_region", "")
            by_region.setdefault(region, []).append(country)
        by_grouping: dict[str, list[Area]] = {}
        for group in self.release.groups:
            by_grouping.setdefault(self.release.grouping_of[group.code], []).append(group)
        regions = {
            r: sorted(by_region[r], key=self.words.area) for r in (*REGIONS, *by_region) if r in by_region
        }
        return {"by_region": regions, "by_grouping": by_grouping, "areas": self.release.areas}

    def _compare(self) -> dict[str, Any]:
        return {"default_indicators": [i for i in FLAGSHIPS if i in self.figures.latest][:2]}

    def _search(self) -> dict[str, Any]:
        return {}

    def _claims(self) -> dict[str, Any]:
        return {
            "claims": sorted(
                self.release.dicts("claim", "claim"), key=lambda row: VERDICTS.index(row["verdict"])
            )
        }

    def _availability(self) -> dict[str, Any]:
        return overviews.availability(self.figures)

    def _not_measurable(self) -> dict[str, Any]:
        return {
            "targets": overviews.targets(self.release),
            "indicators": self.release.indicators,
            "empty": [i for i in self.release.indicators.values() if not self.figures.latest.get(i.id)],
        }

    def _frameworks(self) -> dict[str, Any]:
        return {"frameworks": overviews.field_frameworks(self.release), "indicators": self.release.indicators}

    def _methods(self) -> dict[str, Any]:
        return {"methods": overviews.methods(self.release), "scores": self.release.has("score")}

    def _sources(self) -> dict[str, Any]:
        return overviews.sources(self.figures)

    def _explain(self) -> dict[str, Any]:
        return {}

    def _scores(self) -> dict[str, Any]:
        return {"scored": bool(topics.scores(self.release)), "without": topics.unscored(self.release)}

    def _inequality(self) -> dict[str, Any]:
        return {"measured": self.release.has("inequality")}

    def _gaps(self) -> dict[str, Any]:
        def part(dimension: str, code: str) -> str:
            return self.words.or_code(f"js.gap.{dimension}.{code}", code)

        shared = {"indicators": self.release.indicators, "areas": self.release.areas}
        return {"rows": topics.gaps(self.figures), "part": part, **shared}

    def _disagreement(self) -> dict[str, Any]:
        shared = {"indicators": self.release.indicators, "areas": self.release.areas}
        return topics.disagreement(self.figures) | shared

    def _status(self) -> dict[str, Any]:
        return {"rows": topics.states(self.figures)}

    def _contributions(self) -> dict[str, Any]:
        return {"tables": topics.contributions(self.release)}

    def _downloads(self) -> dict[str, Any]:
        return {"files": overviews.files(self.release)}

    def _changes(self) -> dict[str, Any]:
        return {"diff": overviews.changes(self.release)}

    def objective_pages(self) -> Iterator[tuple[Path, str]]:
        """A page for each objective of the policy brief and of the adopted Compact."""
        for framework, codes in OBJECTIVES.items():
            for code in codes:
                found = self._objective(framework, code)
                rows = [self._key_figure(item) for item in found["items"]]
                yield self._page(
                    "objective",
                    f"objective/{code}",
                    self.words.t(f"objective.{code}"),
                    rows=rows,
                    targets=overviews.targets_of(self.release, framework, code),
                    **found,
                )

    def indicator_pages(self, items: list[Indicator]) -> Iterator[tuple[Path, str]]:
        """A page for each of these indicators."""
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
                world_code=WORLD,
                lines=[g for g in (WORLD, *REGIONS, *INCOME) if g in self.figures.groups.get(item.id, {})],
                targets=overviews.targets_for(self.release, item.id),
                revised=self.revised.get(item.id),
                revisions=[
                    (self.words.area(self.release.areas[a]) if a in self.release.areas else a, *rest)
                    for a, *rest in self.revisions.get(item.id, ())
                ],
                formula=mathml(item.formula) if item.formula else "",
                checks=self.release.checks.get(item.id, ()),
                cited=overviews.cited(self.figures, item),
            )

    def area_pages(self) -> Iterator[tuple[Path, str]]:
        """A profile for each country and each group."""
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
                    key=self.words.area,
                ),
                areas=self.release.areas,
            )

    def _of(self, area: Area) -> Standing:
        return self.figures.standing(list(self.release.indicators), self.figures.judged(area))
