"""Texts and numbers in three languages: the message catalogue, titles, names of areas, figures and dates.

Our own texts are in messages/<language>.yaml. English texts of the release (definitions, notes, quotations)
are translated in translations.py; without a translation they stay as published, marked as English for screen
readers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml
from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal
from markupsafe import Markup, escape

from reports.shared.release_reader import Area, Indicator
from reports.shared.translations import as_key, translations, typeset
from schemas.codelists.units import units
from schemas.errors import CompactError

SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

LANGUAGE_NAMES = {"en": "English", "fr": "Français", "es": "Español"}
LANGUAGES = tuple(LANGUAGE_NAMES)  # the pages of the first are at the root of the site
FOLDER = Path(__file__).parent / "messages"
PLURAL = re.compile(r"\{(\w+)\|([^{}|]*)\|([^{}|]*)\}")
SHARED = (
    "js.",
    "category.",
    "status.",
    "unit.",
    "objective.",
    "pillar.",
    "framework.",
    "table.",
)  # messages that scripts may use


def _flat(tree: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value).strip()


def _loaded(name: str) -> dict[str, Any]:
    """Load a file of messages, with libyaml where PyYAML has it: three files in a tenth of the time."""
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.load(text, Loader=SafeLoader)  # noqa: S506  one of the two safe loaders
    return loaded


@cache
def catalogue(language: str) -> dict[str, str]:
    """Return every message of a language by its dotted key."""
    return {key: typeset(text, language) for key, text in _flat(_loaded(language))}


@cache
def names(kind: str) -> dict[str, dict[str, str]]:
    """Return titles or areas: id to language to name, for texts that the release has in English only."""
    return _loaded(kind)


@dataclass(frozen=True)
class Words:
    """The texts of one language."""

    language: str

    @staticmethod
    def in_order(name: str) -> str:
        """Return what a list of names is sorted by: small letters without accents."""
        decomposed = unicodedata.normalize("NFKD", name.casefold())
        return "".join(letter for letter in decomposed if not unicodedata.combining(letter))

    @cached_property
    def locale(self) -> Locale:
        return Locale(self.language)

    def t(self, key: str, **values: Any) -> str:
        """Return a message with its values filled in. Raises CompactError for a key that the catalogue
        lacks.
        """
        try:
            return self.plural(catalogue(self.language)[key], values).format(**values)
        except KeyError as fault:
            raise CompactError(
                f"message {key} cannot be written: {fault.args[0]} is missing",
                where=str(FOLDER / f"{self.language}.yaml"),
                next_step="add the key to all three catalogues, or pass the value",
            ) from None

    def plural(self, text: str, values: dict[str, Any]) -> str:
        """A message in which {n|value|values} is the form that the language has for the number n: the first
        for Unicode CLDR's "one", else the second. A number already written out counts by its digits."""

        def form(match: re.Match[str]) -> str:
            digits = re.sub(r"\D", "", str(values[match[1]]))
            return match[2] if self.locale.plural_form(int(digits or 2)) == "one" else match[3]

        return PLURAL.sub(form, text)

    def title(self, indicator: Indicator) -> str:
        """Return the indicator's title; English if it has no translation."""
        kept = names("titles").get(indicator.id, {}).get(self.language)
        return typeset(kept, self.language) if kept else indicator.title

    def title_language(self, indicator: Indicator) -> str:
        """Return the language of its title: this one, or English if it has no translation."""
        kept = self.language in names("titles").get(indicator.id, {})
        return self.language if kept else LANGUAGES[0]

    def translates(self, english: str | None) -> bool:
        """Return whether this exact text has a translation into this language."""
        return bool(english) and as_key(english or "") in translations(self.language)

    def text(self, english: str | None) -> str:
        """Return a text of the release in this language; unchanged if it has no translation."""
        if not english or self.language == LANGUAGES[0]:
            return english or ""
        return translations(self.language).get(as_key(english), english)

    def marked(self, english: str | None) -> Markup:
        """Return a text for a page: untranslated English is marked as English."""
        said = escape(self.text(english))
        stays = bool(english) and self.language != LANGUAGES[0] and not self.translates(english)
        return Markup('<span lang="en">{}</span>').format(said) if stays else said

    def a_class(self, name: str) -> Markup:
        """Return a class of any method, for a page."""
        known = catalogue(self.language).get(f"category.{name}")
        return escape(known) if known is not None else self.marked(name.replace("_", " "))

    def area(self, area: Area) -> str:
        """Return an area's short name: the release's in English; else ours if it exists; else Unicode
        CLDR's.
        """
        if self.language == "en":
            return area.name
        kept = names("areas").get(area.code, {}).get(self.language)
        return kept or self.locale.territories.get(area.iso2 or "", area.name)

    def number(self, value: float | None, digits: int | None = None) -> str:
        """Format a figure for reading: about three significant digits, whole from 1,000 on; a dash for a
        missing one.
        """
        if value is None:
            return "–"
        if digits is None:
            size = abs(value)
            if size >= 1e6:  # no more digits than readers use
                value = float(f"{value:.4g}")
            digits = (
                0 if size >= 1000 or value == round(value) else 1 if size >= 10 else 2 if size >= 0.1 else 3
            )
        return str(format_decimal(round(value, digits), format=f"#,##0.{'0' * digits}", locale=self.locale))

    def percent(self, share: float | None, digits: int = 0) -> str:
        if share is None:
            return "–"
        return self.t("table.percent", n=self.number(100 * share, digits))

    def unit(self, code: str) -> str:
        """Return the text after a number."""
        known = catalogue(self.language).get(f"unit.{code}")
        if known is not None:
            return known
        unit = units().get(code)
        return unit.symbol if unit else code

    def figure(self, value: float | None, unit: str) -> str:
        """Format a number with its unit."""
        symbol = self.unit(unit) if value is not None else ""
        if symbol.startswith("%"):
            return self.t("table.percent", n=self.number(value)) + symbol[1:]
        return f"{self.number(value)} {symbol}".strip()

    def day(self, value: str | date | datetime | None) -> str:
        if not value:
            return "–"
        moment = datetime.fromisoformat(value.replace("Z", "+00:00")) if isinstance(value, str) else value
        return str(format_date(moment, format="long", locale=self.locale))

    def or_code(self, key: str, code: str) -> str:
        """Return a message if it exists, else the code in words."""
        return catalogue(self.language).get(key, code.replace("_", " "))

    def framework(self, name: str) -> str:
        """Return a framework's title; its identifier in words without one."""
        return catalogue(self.language).get(f"framework.{name}", name.replace("_", " "))

    def for_scripts(self, unit_codes: Iterable[str]) -> dict[str, str]:
        """Return the messages that scripts use, with the units that occur."""
        words = {k: v for k, v in catalogue(self.language).items() if k.startswith(SHARED)}
        return dict(sorted((words | {f"unit.{code}": self.unit(code) for code in unit_codes}).items()))
