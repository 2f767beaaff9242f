"""reports/shared/messages/texts.<language>.po: every English text of a release that a page shows, with its
translation.

The texts are collected from the definitions, not from pages. Names of works, licences and citations stay
untranslated and are excluded. A translation is dropped with its English text; a new text has an empty one
until a translator fills it in. `python -m docs.generate.translations` counts, splits and merges.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from indicators.closed_sources import closed_sources
from indicators.registry import load_catalogue
from indicators.targets import load_commitments
from reports.shared.localisation import catalogue as messages
from reports.shared.release_reader import owner_of
from reports.shared.translations import TRANSLATED, as_key, path_of, read_catalogue, translated
from schemas.definitions.methods import COMMON_CLASSES, methods
from schemas.tables.registry import TABLES
from sources.registry.sources import load_sources

Text = tuple[str, str, str]  # kind, id, English
NAMED = 3  # places named in an entry
UNNAMED = re.compile(r"[\s:]+")  # what gettext reads in a place as its end, or as a number of a line
CODE = re.compile(r"[\W\d_]*")
# Parts that a translation must keep: figures, in any digit grouping, and machine-readable text.
FIGURE = re.compile(r"\d")
PROGRAM = re.compile(r"`[^`]*`|https?://\S+|\b\w*_\w+\b")
HEAD = """# Texts that a release carries in English. `python -m docs.generate` writes this file; only msgstr is edited by hand.
# docs/site.md says how.
msgid ""
msgstr ""
"Project-Id-Version: Compact Tracker\\n"
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def files() -> dict[Path, str]:
    """Return the catalogues by their paths in the checkout, with the translations of existing texts."""
    found = texts()
    return {
        Path("reports/shared/messages") / path_of(language).name: HEAD.format(language=language)
        + written(found, kept(path_of(language)))
        for language in TRANSLATED
    }


def kept(path: Path) -> dict[str, str]:
    """Return the translations in a file; none if the file does not exist."""
    return translated(read_catalogue(path)) if path.is_file() else {}


# --- texts


def texts() -> dict[str, list[str]]:
    """Return English text to the places that have it (kind/id), in the order of the kinds."""
    places: dict[str, list[str]] = {}
    for kind, name, english in _all():
        key = as_key(english)
        if key and not CODE.fullmatch(key):
            places.setdefault(key, []).append(f"{kind}/{UNNAMED.sub('_', name)}")
    return places


def _all() -> Iterator[Text]:
    yield from _indicators()
    yield from _commitments()
    yield from _methods()
    yield from _sources()
    for name, table in sorted(TABLES.items()):
        yield "table", name, table.description


def _indicators() -> Iterator[Text]:
    items = sorted(load_catalogue().values(), key=lambda item: item.id)
    for item in items:
        yield "description", item.id, item.description
    for item in items:
        yield "notes", item.id, item.notes
    for item in items:
        if item.target:
            yield "target_owner", item.id, owner_of(item.target.origin)
            yield "target_origin", item.id, item.target.origin


def _commitments() -> Iterator[Text]:
    commitments = load_commitments()
    for file in commitments.targets:
        for target in file.targets:
            yield "owner", target.id, file.owner
            yield "reference", target.id, target.reference
            yield "target", target.id, target.text
            yield "target_reason", target.id, target.reason
    for claim in commitments.claims:
        yield "claim", claim.id, claim.claim
        yield "claim_reason", claim.id, claim.reason
    for framework in commitments.field:
        for part in framework.parts:
            yield "framework", f"{framework.framework}/{part.code}", part.title


def _methods() -> Iterator[Text]:
    for method in methods().values():
        for field in ("publication", "formula", "reproduced", "provisional"):
            yield f"method_{field}", method.id, getattr(method, field)
        for name in (*method.classes, *COMMON_CLASSES):
            if f"category.{name}" not in messages("en"):
                yield "class", f"{method.id}/{name}", name.replace("_", " ")


def _sources() -> Iterator[Text]:
    for name, source in sorted(load_sources().items()):
        yield "source", name, source.title
        yield "agency", name, source.agency
    for closed in closed_sources():
        for field in ("measures", "instead", "reason"):
            yield f"closed_{field}", closed.source, getattr(closed, field)


# --- files


def written(found: dict[str, list[str]], done: dict[str, str]) -> str:
    """Format the entries as gettext does, one line per text of any length, without the header."""
    listed = Catalog(charset="utf-8")
    for english, places in found.items():
        entry = listed.add(english, done.get(english, ""), [(place, 0) for place in places[:NAMED]])
        entry.flags.clear()  # "40 % of" is not a placeholder
    out = BytesIO()
    write_po(out, listed, width=0, omit_header=True, include_lineno=False)
    return out.getvalue().decode()


def words(english: str) -> int:
    return len(english.split())


def share(language: str) -> list[tuple[str, int, int, int]]:
    """Return kind, texts, their words, and words of the translated ones."""
    done = kept(path_of(language))
    all_texts, all_words, done_words = Counter[str](), Counter[str](), Counter[str]()
    for english, places in texts().items():
        kind = places[0].split("/")[0]
        all_texts[kind] += 1
        all_words[kind] += words(english)
        done_words[kind] += words(english) if english in done else 0
    return [(kind, n, all_words[kind], done_words[kind]) for kind, n in all_texts.items()]


def split(language: str, parts: int, out: Path) -> list[Path]:
    """Return the untranslated texts, in files with about equal numbers of words: <language>-a.po and so
    on.
    """
    done = kept(path_of(language))
    missing = {english: places for english, places in texts().items() if english not in done}
    each = sum(map(words, missing)) / parts
    shares: list[dict[str, list[str]]] = [{} for _ in range(parts)]
    so_far = 0
    for english, places in missing.items():
        shares[min(parts - 1, int(so_far / each))][english] = places
        so_far += words(english)
    paths = [out / f"{language}-{chr(ord('a') + i)}.po" for i in range(parts)]
    for path, part in zip(paths, shares, strict=True):
        path.write_text(HEAD.format(language=language) + written(part, {}), encoding="utf-8")
    return paths


def slip(english: str, text: str) -> str | None:
    """Return what a translation lost: a figure, a code or an address; None if it kept all."""
    for what, pattern in (("figures", FIGURE), ("codes and addresses", PROGRAM)):
        before, after = sorted(pattern.findall(english)), sorted(pattern.findall(text))
        if before != after:
            return f"other {what} than the English text, {' '.join(before)}: {text}"
    return None


def merge(language: str, filled: list[Path]) -> tuple[int, list[str]]:
    """Merge the translations of these files. Returns their number, and the skipped ones with reasons: a
    text that no definition has (any more), a translation with other figures or codes.
    """
    found = texts()
    new = {english: text for path in filled for english, text in kept(path).items()}
    left = {english: "in no definition" for english in new if english not in found}
    left |= {english: why for english, text in new.items() if (why := slip(english, text))}
    taken = {english: text for english, text in new.items() if english not in left}
    done = kept(path_of(language)) | taken
    path_of(language).write_text(HEAD.format(language=language) + written(found, done), encoding="utf-8")
    return len(taken), [f"{english}\n    {why}" for english, why in left.items()]


def main(arguments: list[str] | None = None) -> int:
    """Run the command. Exit code 1 if an entry of a merged file is skipped."""
    parser = argparse.ArgumentParser(prog="python -m docs.generate.translations", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("share", help="words by kind and language, and how many are translated")
    one = verbs.add_parser("split", help="write what is not translated to files for translators")
    one.add_argument("language", choices=TRANSLATED)
    one.add_argument("out", type=Path, help="folder of the files")
    one.add_argument("--parts", type=int, default=2)
    one = verbs.add_parser("merge", help="take over the translations of files that are filled")
    one.add_argument("language", choices=TRANSLATED)
    one.add_argument("files", type=Path, nargs="+")
    options = parser.parse_args(arguments)
    if options.verb == "split":
        print(*split(options.language, options.parts, options.out), sep="\n")
    elif options.verb == "merge":
        taken, left = merge(options.language, options.files)
        print(f"{taken} translations taken over, {len(left)} left out")
        for line in left:
            print(f"left out: {line}", file=sys.stderr)
        return 1 if left else 0
    else:
        for language in TRANSLATED:
            rows = share(language)
            for kind, n, of, done in rows:
                print(f"{language} {kind}: {n} texts, {done} of {of} words translated")
            print(f"{language} all: {sum(r[3] for r in rows)} of {sum(r[2] for r in rows)} words translated")
    return 0


if __name__ == "__main__":
    sys.exit(main())
