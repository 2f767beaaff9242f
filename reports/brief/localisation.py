"""Messages of the briefs in three languages: those of messages/, and the site's for shared texts.

Names of areas and indicators, units, statuses and classes are therefore the same on paper and on the site.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from babel.dates import format_date

from reports.shared.localisation import LANGUAGES, catalogue
from reports.shared.localisation import Words as SiteWords
from reports.shared.release_reader import Indicator
from schemas.errors import CompactError

__all__ = ["LANGUAGES", "Words", "brief_catalogue", "language_known"]

FOLDER = Path(__file__).parent / "messages"


@cache
def brief_catalogue(language: str) -> dict[str, str]:
    """Return the briefs' own messages of a language by their dotted keys."""
    tree = yaml.safe_load((FOLDER / f"{language}.yaml").read_text(encoding="utf-8"))
    return {f"{part}.{key}": str(text) for part, texts in tree.items() for key, text in texts.items()}


def language_known(language: str) -> str:
    """Return the language, if it has a catalogue. Raises CompactError otherwise."""
    if language not in LANGUAGES:
        raise CompactError(
            f"there are no messages in {language!r}",
            where=str(FOLDER),
            allowed=", ".join(LANGUAGES),
            next_step="choose one of these, or add a catalogue with the same keys",
        )
    return language


class Words(SiteWords):
    """The messages of one language."""

    def t(self, key: str, **values: Any) -> str:
        """Return a message of the briefs, else the site's, with its values filled in."""
        own = brief_catalogue(self.language).get(key)
        return self.plural(own, values).format(**values) if own is not None else super().t(key, **values)

    def raw(self, key: str) -> str:
        """Return a message of the briefs with its placeholders: the layout fills them in, or there are
        none.
        """
        return brief_catalogue(self.language)[key]

    def group(self, code: str) -> str:
        """Return a group of people in words; its code if the catalogue lacks it."""
        return brief_catalogue(self.language).get(f"group.{code}", code)

    def title(self, indicator: Indicator) -> str:
        """Return the indicator's title, without a line break after the e of e-mail."""
        return re.sub(r"\b([Ee])-", "\\1\u2011", super().title(indicator))

    def status(self, code: str) -> str:
        """Return an observation status in words; a derived value already has only the worst of its parts."""
        return catalogue(self.language).get(f"status.{code}", code)

    def number(self, value: float | None, digits: int | None = None) -> str:
        """Format a figure as on the site, with a true minus."""
        return super().number(value, digits).replace("-", "\u2212")

    def day(self, value: str | date | datetime | None) -> str:
        """Format a date in words; in English with the day first, as the United Nations write it."""
        if self.language != "en" or not value:
            return super().day(value)
        moment = datetime.fromisoformat(value.replace("Z", "+00:00")) if isinstance(value, str) else value
        return str(format_date(moment, format="d MMMM y", locale="en"))

    def chance(self, probability: float | None) -> str:
        """Format a probability in whole per cent, never 0 or 100: no projection is certain."""
        if probability is None:
            return "–"
        if probability < 0.01:
            return "< " + self.percent(0.01)
        return "> " + self.percent(0.99) if probability > 0.99 else self.percent(probability)
