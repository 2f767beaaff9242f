"""Country briefs: two A4 pages as PDF for each country and group, from a finished release folder only.

country.py and group.py select what a brief shows, localisation.py and messages/ hold its words, brief.typ
its layout. build.py writes the files.
"""

from __future__ import annotations

from reports.brief.build import BriefSummary, build, build_all

__all__ = ["BriefSummary", "build", "build_all"]
