"""Values for the templates of the overview pages; pages of indicators and areas are in pages.py.

The values of a page come from the method of the same name, with _ for -; rows that need SQL are in
overview_rows.py and topic_rows.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reports.shared.figures import OBJECTIVES, Figures
from reports.shared.localisation import Words
from reports.shared.release_reader import REGIONS, Area, Indicator, Release
from reports.site import home
from reports.site import overview_rows as overviews
from reports.site import topic_rows as topics
from reports.site.elsewhere import measured_elsewhere, without_data
from reports.site.headline import finding
from reports.site.story import story

VERDICTS = ("not_reproduced", "revised", "holds", "no_data")
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


class OverviewValues:
    """Values for the templates of the overview pages."""

    figures: Figures
    words: Words
    release: Release

    def _index(self) -> dict[str, Any]:
        headline, words = finding(self.figures), self.words
        lead, said = headline.lead, home.sentences(words, headline)
        return {
            "found": headline,
            "said": said,
            "structured": self._as_linked("DataCatalog", words.t("site.name"), said["headline"]),
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

    def _as_linked(self, kind: str, name: str, description: str) -> dict[str, Any]:
        """Return the common part of every page's description for search engines."""
        return {
            "@context": "https://schema.org",
            "@type": kind,
            "name": name,
            "description": description,
            "inLanguage": self.words.language,
            "version": self.release.card["id"],
            "dateModified": self.release.card["created"],
        }

    def _by_title(self, items: Iterable[Indicator]) -> list[Indicator]:
        return sorted(items, key=lambda item: self.words.in_order(self.words.title(item)))

    def _by_name(self, area: Area) -> str:
        return self.words.in_order(self.words.area(area))

    def _key_figure(self, item: Indicator) -> dict[str, Any]:
        value = self.figures.world(item.id)
        return {"item": item, "value": value, "standing": self.figures.standing([item.id])}

    def _objective(self, framework: str, code: str) -> dict[str, Any]:
        items = self._by_title(self.figures.of_objective(framework, code))
        return {
            "code": code,
            "framework": framework,
            "items": items,
            "standing": self.figures.standing([i.id for i in items]),
            "direct": overviews.measured_directly(self.release, framework, code),
        }

    def _indicators(self) -> dict[str, Any]:
        by_code = {
            code: self._by_title(self.figures.of_objective("compact_brief", code))
            for code in OBJECTIVES["compact_brief"]
        }
        placed = {i.id for items in by_code.values() for i in items}
        rest = self._by_title(i for i in self.release.indicators.values() if i.id not in placed)
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
            r: sorted(by_region[r], key=self._by_name) for r in (*REGIONS, *by_region) if r in by_region
        }
        return {"by_region": regions, "by_grouping": by_grouping, "areas": self.release.areas}

    def _compare(self) -> dict[str, Any]:
        return {"default_indicators": [i for i in FLAGSHIPS if i in self.figures.latest][:2]}

    def _search(self) -> dict[str, Any]:
        return {}

    def _404(self) -> dict[str, Any]:
        return {}

    def _claims(self) -> dict[str, Any]:
        rows = sorted(self.release.dicts("claim", "claim"), key=lambda row: VERDICTS.index(row["verdict"]))
        return {"claims": [row | overviews.parts_of_reason(row["reason"]) for row in rows]}

    def _availability(self) -> dict[str, Any]:
        return overviews.availability(self.figures)

    def _not_measurable(self) -> dict[str, Any]:
        return {
            "targets": (targets := overviews.targets(self.release)),
            "parts": without_data(targets.get("not_measurable", ())),
            "indicators": self.release.indicators,
            "empty": self._by_title(
                i for i in self.release.indicators.values() if not self.figures.latest.get(i.id)
            ),
        }

    def _frameworks(self) -> dict[str, Any]:
        frameworks = overviews.field_frameworks(self.release)
        ours = {f for f, parts in frameworks.items() if any(self.words.translates(p["asks"]) for p in parts)}
        return {"frameworks": frameworks, "ours": ours, "indicators": self.release.indicators}

    def _methods(self) -> dict[str, Any]:
        return {"methods": overviews.methods(self.release), "scores": self.release.has("score")}

    def _sources(self) -> dict[str, Any]:
        shared = {"areas": self.release.areas}
        return overviews.sources(self.figures) | measured_elsewhere(self.release) | shared

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
        return {"diff": story(self.release, self.words)}
