"""Translations of a release's English texts: messages/texts.<language>.po, in gettext format.

A text is looked up by its English words, so a changed text loses its translation and is shown in English,
marked as such. The texts of pages, briefs and workbook are in messages/<language>.yaml, titles of indicators
in messages/titles.yaml; docs/generate/translations.py writes the files read here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po

from schemas.errors import CompactError

FOLDER = Path(__file__).parent / "messages"
TRANSLATED = ("fr", "es")
NO_BREAK = "\N{NO-BREAK SPACE}"
# Spaces at which a line must not break: before a per cent sign and inside a number of several groups; in
# French also before high punctuation and inside its quotation marks.
GROUPS = r"(?<=\d) (?=\d{3}(?!\d))"
KEPT_TOGETHER = {
    "fr": re.compile(rf" (?=[;:?!»%])|(?<=«) |{GROUPS}"),
    "es": re.compile(rf" (?=%)|{GROUPS}"),
}


def path_of(language: str) -> Path:
    """Return the file of a language."""
    return FOLDER / f"texts.{language}.po"


def as_key(english: str) -> str:
    """Normalise the text to a key of the catalogue: runs of whitespace become one space."""
    return " ".join(english.split())


def read_catalogue(path: Path) -> Catalog:
    """Read a gettext catalogue. Raises CompactError with the file and the invalid line."""
    try:
        with path.open("rb") as file:
            return read_po(file, abort_invalid=True)
    except PoFileError as fault:
        raise CompactError(
            f"{fault} in line {fault.lineno + 1}",
            where=str(path),
            next_step="correct the line; `msgfmt --check FILE` names others",
        ) from None


def translated(catalogue: Catalog) -> dict[str, str]:
    """Return English to translation, of the entries with a translation that are not marked as fuzzy."""
    return {
        as_key(str(entry.id)): str(entry.string)
        for entry in catalogue
        if entry.id and entry.string and not entry.fuzzy
    }


def typeset(text: str, language: str) -> str:
    """Return the text with no-break spaces where the typography of the language requires them."""
    pattern = KEPT_TOGETHER.get(language)
    return pattern.sub(NO_BREAK, text) if pattern else text


@cache
def translations(language: str) -> Mapping[str, str]:
    """Return English to translation; empty for English itself. 2,000 texts are read in a tenth of a
    second.
    """
    if language not in TRANSLATED:
        return {}
    texts = translated(read_catalogue(path_of(language)))
    return {english: typeset(text, language) for english, text in texts.items()}
