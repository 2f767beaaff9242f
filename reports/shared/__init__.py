"""Shared parts of site, briefs and workbook: a release read once, its counts, and the words of each
language.
"""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    figures="Figures GroupValue",
    localisation="Words catalogue",
    release_reader="Area Indicator Release",
    standing="Pace Standing",
)
