"""The headline finding: whether the world is on course, where it is not, and how certain that is, from a
release.

Findings are codes and numbers here; their sentences are messages (page.index.*), the thresholds those of the
verdict itself (schemas/codelists/likelihood_classes.csv).
"""

from __future__ import annotations

from dataclasses import dataclass

from reports.shared.figures import Figures, GroupValue
from reports.shared.release_reader import WORLD, Area, Indicator
from reports.shared.standing import BAD, CONFIDENCES, GOOD, Standing
from schemas.codelists.reader import read_codelist

# Targets for the whole world, the first that the release has is used: connection itself leads.
LEADS = ("internet_use", "coverage_4g", "electricity", "schools_internet")
FEWEST_MEMBERS = 10  # minimum Member States for comparing a region's share; ours
FEWEST_REGIONS = 2  # that a comparison needs
ENOUGH = 0.5  # share of the Member States with a verdict required for a finding on the world; ours


@dataclass(frozen=True)
class Region:
    """A sub-region and the status of its Member States."""

    area: Area
    standing: Standing


@dataclass(frozen=True)
class Finding:
    """The content of the first screen. course: likely, even, unlikely or unknown."""

    lead: Indicator | None
    course: str
    world: GroupValue | None
    standing: Standing
    everything: Standing
    behind: Region | None
    hardest: tuple[Indicator, Standing] | None

    @property
    def sure(self) -> str:
        """The confidence of most verdicts on the lead target; None without a verdict."""
        counts = self.standing.confidence
        return max(CONFIDENCES, key=lambda name: counts[name]) if sum(counts.values()) else "none"


def finding(figures: Figures) -> Finding:
    """Return the finding of a release."""
    release = figures.release
    with_target = [i for i, item in release.indicators.items() if figures.standing([i]).decided]
    leads = [i for i in LEADS if i in with_target] or with_target
    lead = release.indicators[leads[0]] if leads else None
    standing = figures.standing([lead.id]) if lead else Standing()
    return Finding(
        lead=lead,
        course=_course(figures, lead, standing),
        world=figures.world(lead.id) if lead else None,
        standing=standing,
        everything=figures.standing(list(release.indicators)),
        behind=_behind(figures, lead) if lead else None,
        hardest=_hardest(figures, with_target, lead),
    )


def _course(figures: Figures, lead: Indicator | None, standing: Standing) -> str:
    """Return whether the world is on course: by its own verdict if the release has one, else by the share
    of Member States that are, in the classes of the likelihood scale.
    """
    if lead is None:
        return "unknown"
    if (own := figures.pace.get(lead.id, {}).get(WORLD)) and own.on_target:
        return "likely" if own.category in GOOD else "unlikely" if own.category in BAD else "even"
    if standing.decided < ENOUGH * standing.asked:
        return "unknown"
    share = standing.good / standing.asked
    bounds = {row["category"]: float(row["at_least"]) for row in read_codelist("likelihood_classes")}
    if share >= bounds["likely"]:
        return "likely"
    return "even" if share >= bounds["about_as_likely_as_not"] else "unlikely"


def _behind(figures: Figures, lead: Indicator) -> Region | None:
    """Return the sub-region with the smallest share of Member States on course; None if fewer than two can
    be compared.
    """
    regions = []
    for code, grouping in figures.release.grouping_of.items():
        area = figures.release.areas.get(code)
        if grouping == "m49_subregion" and area:
            standing = figures.standing([lead.id], figures.judged(area))
            if standing.asked >= FEWEST_MEMBERS and standing.decided >= ENOUGH * standing.asked:
                regions.append(Region(area, standing))
    if len(regions) < FEWEST_REGIONS:
        return None
    return min(regions, key=lambda r: (r.standing.good / r.standing.asked, r.area.code))


def _hardest(
    figures: Figures, indicators: list[str], lead: Indicator | None
) -> tuple[Indicator, Standing] | None:
    """Return the other target that the smallest share of Member States meets or is likely to meet."""
    candidates = []
    for id_ in indicators:
        standing = figures.standing([id_])
        if lead and id_ != lead.id and standing.decided >= ENOUGH * len(figures.member_states):
            candidates.append((standing.good / standing.asked, id_, standing))
    if not candidates:
        return None
    _, id_, standing = min(candidates, key=lambda row: row[:2])
    return figures.release.indicators[id_], standing
