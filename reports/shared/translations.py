"""Translations of the texts that a release carries in English: messages/texts.<language>.po, of gettext.

A text is found by its English words alone, so a changed text loses its translation by itself and is shown in
English, marked as such. The words of pages, briefs and workbook are in messages/<language>.yaml, titles of
indicators in messages/titles.yaml; docs/generate/translations.py writes the files read here.
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
    """The file of a language."""
    return FOLDER / f"texts.{language}.po"


def as_key(english: str) -> str:
    """The text as a catalogue names it: lines and runs of blanks are one blank."""
    return " ".join(english.split())


def read_catalogue(path: Path) -> Catalog:
    """A catalogue of gettext. Raises CompactError with the file and the line that is no such thing."""
    try:
        with path.open("rb") as file:
            return read_po(file, abort_invalid=True)
    except PoFileError as fault:
        raise CompactError(
            f"{fault} in line {fault.lineno + 1}",
            where=str(path),
            next_step="mend the line; `msgfmt --check FILE` names others",
        ) from None


def translated(catalogue: Catalog) -> dict[str, str]:
    """English to translation, of the entries that have one and are not marked as fuzzy."""
    return {
        as_key(str(entry.id)): str(entry.string)
        for entry in catalogue
        if entry.id and entry.string and not entry.fuzzy
    }


def typeset(text: str, language: str) -> str:
    """The text with no-break spaces where the language's typography has them, for its ordinary ones."""
    pattern = KEPT_TOGETHER.get(language)
    return pattern.sub(NO_BREAK, text) if pattern else text


@cache
def translations(language: str) -> Mapping[str, str]:
    """English to translation; nothing for English itself. 2,000 texts are read in a tenth of a second."""
    if language not in TRANSLATED:
        return {}
    texts = translated(read_catalogue(path_of(language)))
    return {english: typeset(text, language) for english, text in texts.items()}
