"""The static site of a release: pages in three languages, from the release's own tables.

`build` is the entry point. pages.py renders templates/, chart_data.py writes the data files; reading,
counting and words are in reports/shared/.
"""

from reports.site.build import SiteSummary, build

__all__ = ["SiteSummary", "build"]
