"""The static site of a release: pages in three languages, drawn from the release's own tables.

`build` is all that others call. Reading is in read.py, counting in figures.py, words in text.py, the data
files in data.py, the pages in pages.py and templates/.
"""

from reports.site.build import SiteSummary, build

__all__ = ["SiteSummary", "build"]
