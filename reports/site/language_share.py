"""`python -m reports.site.language_share SITE`: measures the share of English on the French and Spanish
pages.

A word counts as English if the English catalogue has it and the page's own does not. Text marked as English
(an agency's title, a quotation, a note) is counted separately. Pages with scripts are measured before any
script runs.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

from reports.shared.localisation import LANGUAGES, catalogue, names
from reports.shared.translations import translations
from reports.site.markup import ENDING

WORD = re.compile(r"[^\W\d_]{2,}")
VOID = {"meta", "link", "input", "br", "img", "source", "base", "circle", "path", "rect", "line", "i"}
UNREAD = {"script", "style", "code", "pre", "math", "svg"}
CELL = ("td", "th")
# Tags that end at the start of another: HTML allows omitting these end tags, and the site does.
ENDED_BY = {
    "li": ("li",), "dt": ("dt", "dd"), "dd": ("dt", "dd"), "td": CELL, "th": CELL, "tr": (*CELL, "tr"),
    "tbody": (*CELL, "tr", "thead", "tbody"), **dict.fromkeys(ENDING, ("p",)),
}  # fmt: skip
KEPT = ("titles", "areas")


@dataclass
class Share:
    """Words of pages: all outside what is marked as English, English ones among them, and marked ones."""

    words: int = 0
    english: int = 0
    marked: int = 0

    @property
    def share(self) -> float:
        return self.english / self.words if self.words else 0.0


@cache
def vocabulary(language: str) -> frozenset[str]:
    """Return the words that the catalogues of a language use; for English those of its messages only."""
    texts = list(catalogue(language).values())
    texts += [entry.get(language, "") for kind in KEPT for entry in names(kind).values()]
    texts += translations(language).values()
    return frozenset(word.lower() for text in texts for word in WORD.findall(text))


class _Text(HTMLParser):
    """The text of a page by its marked language."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self.stack: list[tuple[str, str | None]] = [("", language)]
        self.found: dict[str, list[str]] = defaultdict(list)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        while self.stack[-1][0] in ENDED_BY.get(tag, ()):
            self.stack.pop()
        own = dict(attrs).get("lang") or self.stack[-1][1]
        if tag not in VOID:
            self.stack.append((tag, None if tag in UNREAD else own))

    def handle_endtag(self, tag: str) -> None:
        if any(name == tag for name, _ in self.stack):
            while self.stack.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if language := self.stack[-1][1]:
            self.found[language] += [word.lower() for word in WORD.findall(data)]


def measure(page: str, language: str) -> Share:
    """Measure the share of English in a page of another language."""
    reader = _Text(language)
    reader.feed(page)
    own = reader.found[language]
    english = vocabulary(LANGUAGES[0]) - vocabulary(language)
    return Share(len(own), sum(word in english for word in own), len(reader.found[LANGUAGES[0]]))


def main(arguments: list[str]) -> int:
    """Print the share for each kind of page; return 1 if one exceeds a twentieth."""
    if len(arguments) != 1:
        print("usage: python -m reports.site.language_share SITE", file=sys.stderr)
        return 2
    site, worst = Path(arguments[0]), 0.0
    for language in LANGUAGES[1:]:
        kinds: dict[str, list[Share]] = defaultdict(list)
        for path in sorted((site / language).rglob("*.html")):
            inside = path.relative_to(site / language)
            kind = inside.parts[0] if len(inside.parts) > 1 else "overviews"
            kinds[kind].append(measure(path.read_text(encoding="utf-8"), language))
        for kind, shares in kinds.items():
            highest = max(share.share for share in shares)
            worst = max(worst, highest)
            words, marked = sum(s.words for s in shares), sum(s.marked for s in shares)
            mean = sum(s.english for s in shares) / (words or 1)
            print(
                f"{language} {kind}: {mean:.1%} English, at most {highest:.1%} on a page; "
                f"{marked / (words + marked or 1):.0%} of all words marked as English"
            )
    return 1 if worst > 0.05 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
