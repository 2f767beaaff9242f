"""Country briefs: two A4 pages as PDF for each country and group, from a finished release folder alone.

What is shown is in content.py, the words in text.py and messages/, the layout in brief.typ; write.py makes
the files.
"""

from __future__ import annotations

from reports.brief.build import BriefSummary, build

__all__ = ["BriefSummary", "build"]
