"""Texts of a release in French and Spanish: the gettext catalogues, their updates with the definitions,
and text marked as English on a page.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from docs.generate import translations as generator
from indicators.registry import load_catalogue
from reports.shared.localisation import Words, catalogue
from reports.shared.translations import (
    TRANSLATED,
    as_key,
    path_of,
    read_catalogue,
    translated,
    translations,
    typeset,
)
from reports.site.overview_rows import parts_of_reason
from reports.site.pages import environment
from schemas.errors import CompactError

ENGLISH = next(d.description for d in load_catalogue().values() if d.id == "internet_use")


@pytest.fixture(scope="module")
def found() -> dict[str, list[str]]:
    return generator.texts()


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translated_text_is_shown_without_a_mark(language: str) -> None:
    words = Words(language)
    assert words.translates(ENGLISH)
    assert words.text(ENGLISH) != ENGLISH
    assert "lang=" not in words.marked(ENGLISH)
    spread = "  " + ENGLISH.replace(" ", "\n", 3)
    assert words.text(spread) == words.text(ENGLISH)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_changed_text_is_english_and_marked(language: str) -> None:
    words, changed = Words(language), ENGLISH + " <Or> not."
    assert words.text(changed) == changed
    assert words.marked(changed).startswith('<span lang="en">')
    assert "&lt;Or&gt;" in words.marked(changed)


def test_english_is_never_marked_and_nothing_is_said_of_nothing() -> None:
    assert Words("en").text(ENGLISH) == ENGLISH
    assert "lang=" not in Words("en").marked("no such text")
    assert Words("fr").marked(None) == Words("fr").marked("") == ""


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_entry_is_a_text_of_a_definition(language: str, found: dict[str, list[str]]) -> None:
    listed = {str(entry.id): entry for entry in read_catalogue(path_of(language)) if entry.id}
    assert set(listed) == set(found)
    assert not [entry.id for entry in listed.values() if entry.fuzzy or not entry.locations]


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_keeps_figures_codes_and_addresses(language: str) -> None:
    assert [why for e, t in generator.kept(path_of(language)).items() if (why := generator.slip(e, t))] == []


def test_a_translation_that_loses_a_figure_or_a_code_is_found() -> None:
    assert generator.slip("1,907.5 million in 2022", "1 907,5 millions en 2022") is None
    assert "figures" in (generator.slip("SDG 4.4.1", "ODD 4.1") or "")
    assert "codes" in (generator.slip("see internet_use", "voir utilisation") or "")
    assert "codes" in (generator.slip("run `compact run`", "exécuter compact") or "")


def test_texts_are_of_every_kind_and_each_names_its_place(found: dict[str, list[str]]) -> None:
    assert found[as_key(ENGLISH)] == ["description/internet_use"]
    kinds = {place.split("/")[0] for places in found.values() for place in places}
    assert {"notes", "target", "target_reason", "claim", "framework", "source", "table", "class"} <= kinds


def test_a_catalogue_is_read_as_it_is_written() -> None:
    results = {'40 % of "all" \\ people': ["target/X-1", "target/X-2"], "No translation": ["notes/a"]}
    done = {'40 % of "all" \\ people': "40 % de « tous »", "Gone": "Parti"}
    text = generator.HEAD.format(language="fr") + generator.written(results, done)
    read = read_po(text.encode().splitlines(keepends=True), abort_invalid=True)
    assert translated(read) == {'40 % of "all" \\ people': "40 % de « tous »"}
    assert {str(entry.id) for entry in read if entry.id} == set(results)


def test_what_translators_fill_is_merged_by_the_english_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {f"Text {n} of six words here": [f"notes/n{n}"] for n in range(10)}
    kept = tmp_path / "texts.fr.po"
    monkeypatch.setattr(generator, "texts", lambda: texts)
    monkeypatch.setattr(generator, "path_of", lambda _language: kept)
    first, second = generator.split("fr", 2, tmp_path)
    halves = [{str(e.id) for e in read_catalogue(path) if e.id} for path in (first, second)]
    assert halves[0] | halves[1] == set(texts)
    assert len(halves[0]) == len(halves[1]) == 5
    filled = {"Text 1 of six words here": "Texte 1", "Gone since": "Parti"}
    place = {english: ["notes/x"] for english in filled}
    first.write_text(generator.HEAD.format(language="fr") + generator.written(place, filled))
    taken, left = generator.merge("fr", [first, second])
    assert taken == 1
    assert [line.split("\n")[0] for line in left] == ["Gone since"]
    assert generator.kept(kept) == {"Text 1 of six words here": "Texte 1"}
    assert generator.main(["merge", "fr", str(second)]) == 0
    assert generator.kept(kept) == {"Text 1 of six words here": "Texte 1"}
    assert generator.main(["split", "fr", str(tmp_path)]) == 0
    assert len(generator.kept(kept)) == 1


def test_a_file_that_is_no_catalogue_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "texts.fr.po"
    path.write_text('msgid "one"\nmsgstr "un"\nnonsense here\n')
    with pytest.raises(CompactError, match="line 3") as fault:
        read_catalogue(path)
    assert str(path) in str(fault.value)


def test_what_a_release_adds_to_the_reason_of_a_claim_is_told_apart() -> None:
    assert parts_of_reason("Users times people.") == {"why": "Users times people.", "lacks": None}
    lacking = parts_of_reason("A ratio. This release has no value for: africa, world.")
    assert lacking == {"why": "A ratio.", "lacks": "africa, world"}
    assert parts_of_reason("A ratio. This release: the formula gives no number.")["lacks"] == ""


def test_a_table_of_targets_says_whose_translation_an_owners_words_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = {"Words of a text": "Mots d'un texte", "Ours": "De nous"}
    monkeypatch.setattr(
        "reports.shared.localisation.translations", lambda language: known if language == "fr" else {}
    )
    common = {"owner": "Owner", "text_ref": "target 1", "year": 2030, "status": "measured", "reason": ""}
    rows = [
        common | {"target": "X-1", "text": "Words of a text", "quoted": True},
        common | {"target": "X-2", "text": "Ours", "quoted": False},
        common | {"target": "X-3", "text": "Not translated", "quoted": True},
    ]
    template = environment().from_string(
        '{% import "macros.html" as m %}{{ m.targets_table(rows, "Targets", w.t, w) }}'
    )
    words = Words("fr")
    quoted, own, english = template.render(rows=rows, w=words).split("<tr>")[2:]
    mark = words.t("table.our_translation")
    assert mark in quoted
    assert "Mots d&#39;un texte" in quoted
    assert mark not in own
    assert mark not in english
    assert '<span lang="en">Not translated</span>' in english
    in_english = template.render(rows=rows, w=Words("en"))
    assert Words("en").t("table.our_translation") not in in_english


@pytest.mark.parametrize(
    ("language", "text", "set_text"),
    [
        ("fr", "Sûr ? « Oui » : 12 % de 1 907 millions", "Sûr~? «~Oui~»~: 12~% de 1~907 millions"),
        ("es", "¿Seguro? 12 % de 15 433 personas: sí", "¿Seguro? 12~% de 15~433 personas: sí"),
        ("fr", "en 2023, 5 pays", "en 2023, 5 pays"),
        ("en", "12 % : 1 907", "12 % : 1 907"),
    ],
)
def test_lines_do_not_break_inside_a_figure_or_before_high_punctuation(
    language: str, text: str, set_text: str
) -> None:
    assert typeset(text, language) == set_text.replace("~", "\N{NO-BREAK SPACE}")
    assert typeset(set_text, language) == set_text


def test_the_words_of_a_page_are_typeset() -> None:
    for language in TRANSLATED:
        words = [*catalogue(language).values(), *translations(language).values()]
        assert not [text for text in words if text != typeset(text, language)]
