"""Country briefs: what they say, that nothing missing looks like a zero, and that every reader opens them."""

from __future__ import annotations

import json
import re
from io import BytesIO
from pathlib import Path

import pytest
import typst
import yaml
from pypdf import PdfReader

from indicators.registry import load_catalogue
from reports import brief
from reports.brief.build import TEMPLATE, Briefs, page_count
from reports.brief.localisation import FOLDER, LANGUAGES, Words
from reports.shared.key_indicators import FILE as KEY_FILE
from schemas.errors import CompactError
from tests.unit.reported import report_release


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return report_release(tmp_path / "2026-11-01-00000000")


def text_of(pdf: Path) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(pdf).pages).split())


def test_a_brief_has_value_year_status_source_target_owner_class_and_projection(release: Path) -> None:
    summary = brief.build(release, release / "briefs", ["KEN"])
    text = text_of(release / "briefs" / "KEN.pdf")
    assert summary.briefs == 1
    assert summary.bytes == (release / "briefs" / "KEN.pdf").stat().st_size
    for said in (
        "Kenya", "Sub-Saharan Africa · Lower middle income", "35.5", "2024", "Source one",
        "≥ 100% by 2030",
        "ITU/OSET 2022*", "Likely to be met", "48.2", "40.1–56.3", "81%", "2 (1–3) of 2", "5 of 6",
        "2021–2025", "women / men", "−10.7", "release 2026-11-01-00000000", "E estimated",
        "The designations employed do not imply",
    ):  # fmt: skip
        assert said in text, said


def test_what_is_missing_is_said_and_is_no_zero(release: Path) -> None:
    brief.build(release, release / "briefs", ["RWA"])
    content = Briefs(release).content(Briefs(release).areas(["RWA"])[0])
    text = text_of(release / "briefs" / "RWA.pdf")
    rows = [row for part in content["key"] for row in part["rows"]]
    assert [row["value"] for row in rows] == [None] * 4
    assert [row["missing"] for row in rows] == ["no data"] * 4
    assert "No indicator has enough data for its pace to be assessed" in text
    assert "4 of 4 key indicators have no value at all" in text
    assert "Too little data" in text


def test_too_little_data_for_a_score_is_not_a_score(release: Path) -> None:
    briefs = Briefs(release)
    objective = briefs.content(briefs.areas(["TZA"])[0])["objectives"][0]
    assert (objective["score"], objective["rank"], objective["used"]) == (None, None, "2 of 6")
    assert objective["why"] == "Too little data"
    fifth = briefs.content(briefs.areas(["TZA"])[0])["objectives"][4]
    assert fifth["why"] == "No score is defined"


def test_a_groups_brief_has_its_value_and_how_its_members_move(release: Path) -> None:
    brief.build(release, release / "briefs", ["M49:202"])
    text = text_of(release / "briefs" / "M49-202.pdf")
    for said in ("Sub-Saharan Africa", "4 members", "27.7", "83%", "our mean", "pairs of a member"):
        assert said in text, said


def test_it_is_tagged_has_a_title_a_language_and_two_pages(release: Path) -> None:
    for language in LANGUAGES:
        brief.build(release, release / language, ["KEN", "M49:202"], language)
        for name in ("KEN", "M49-202"):
            reader = PdfReader(release / language / f"{name}.pdf")
            root = reader.trailer["/Root"]
            assert root["/Lang"].startswith(language)
            assert root["/MarkInfo"]["/Marked"]
            assert "/StructTreeRoot" in root
            assert b"pdfuaid:part" in root["/Metadata"].get_object().get_data()
            assert reader.metadata is not None
            assert "Compact Tracker" in str(reader.metadata.title)
            assert len(reader.pages) == 2
            assert page_count((release / language / f"{name}.pdf").read_bytes()) == 2


def test_fonts_come_with_typst_so_that_every_machine_sets_the_same_page(release: Path) -> None:
    brief.build(release, release / "briefs", ["KEN"])
    names = {
        str(font["/BaseFont"]).split("+")[-1]
        for page in PdfReader(release / "briefs" / "KEN.pdf").pages
        for font in (ref.get_object() for ref in page["/Resources"]["/Font"].values())
    }
    assert names
    assert all(name.startswith("Libertinus") for name in names), names


def test_the_same_release_gives_the_same_bytes(release: Path) -> None:
    brief.build(release, release / "1", ["KEN", "UGA"])
    brief.build(release, release / "2", ["UGA", "KEN"])
    for name in ("KEN.pdf", "UGA.pdf"):
        assert (release / "1" / name).read_bytes() == (release / "2" / name).read_bytes()


def test_all_countries_and_groups_are_made_by_default(release: Path) -> None:
    brief.build(release, release / "briefs")
    made = sorted(path.name for path in (release / "briefs").iterdir())
    assert made == ["KEN.pdf", "M49-202.pdf", "RWA.pdf", "TZA.pdf", "UGA.pdf", "WB-LMC.pdf"]


def test_names_that_are_long_and_texts_that_look_like_markup_are_set_as_they_are(tmp_path: Path) -> None:
    name = (
        "The #strong[Long] *Name* of _an_ Island \\ of $x$ and @label, with <b> and many more words behind it"
    )
    areas = [{"ref_area": "KEN", "name": name, "m49": "404", "iso2": "KE", "kind": "country"}]
    release = report_release(tmp_path / "r", area=areas)
    brief.build(release, release / "briefs", ["KEN"])
    assert len(PdfReader(release / "briefs" / "KEN.pdf").pages) == 2
    assert "#strong[Long] *Name* of _an_ Island \\ of $x$ and @label" in text_of(
        release / "briefs" / "KEN.pdf"
    )


def test_type_gives_way_before_a_third_page(release: Path) -> None:
    compiler = typst.Compiler(str(TEMPLATE), ignore_system_fonts=True)
    briefs = Briefs(release)
    content = briefs.content(briefs.areas(["KEN"])[0])
    rows = content["key"][0]["rows"]
    content["key"][0]["rows"] = [row for row in rows for _ in range(9)]

    sizes = []
    for scale in ("1", "0.8"):
        pdf = compiler.compile(format="pdf", sys_inputs={"brief": json.dumps(content), "scale": scale})
        assert isinstance(pdf, bytes)
        sizes.append(len(PdfReader(BytesIO(pdf)).pages))
    assert sizes == [3, 2]


def test_an_unknown_area_or_language_is_refused_with_what_is_allowed(release: Path) -> None:
    with pytest.raises(CompactError, match="there is no area 'XXX'"):
        brief.build(release, release / "briefs", ["XXX"])
    with pytest.raises(CompactError, match="no messages in 'de'") as refused:
        brief.build(release, release / "briefs", ["KEN"], "de")
    assert refused.value.allowed == "en, fr, es"


def test_what_changed_is_counted_and_the_largest_named(tmp_path: Path) -> None:
    use = {"indicator": "internet_use"}
    changed = [
        {**use, "ref_area": "KEN", "time_period": 2020, "old_value": 20.0, "new_value": 30.0},
        {**use, "ref_area": "KEN", "time_period": 2024, "old_value": None, "new_value": 35.5},
        {**use, "ref_area": "UGA", "time_period": 2024, "old_value": 1.0, "new_value": None},
    ]
    release = report_release(tmp_path / "r", revision=changed)
    card = release / "release.json"
    card.write_text(card.read_text().replace('"previous": null', '"previous": "2026-10-01-11111111"'))
    briefs = Briefs(release)
    assert briefs.content(briefs.areas(["KEN"])[0])["changes"] == [
        "Values since release 2026-10-01-11111111: 1 new, 1 revised, 0 withdrawn.",
        "Internet use, 2020: 20 is now 30.",
    ]
    group = briefs.content(briefs.areas(["M49:202"])[0])["changes"]
    assert group == ["Values since release 2026-10-01-11111111: 1 new, 1 revised, 1 withdrawn."]


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_the_catalogues_have_the_same_keys_and_gaps(language: str) -> None:
    def flat(name: str) -> dict[str, set[str]]:
        tree = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
        return {
            f"{a}.{b}": set(re.findall(r"{(\w+)}", str(t)))
            for a, part in tree.items()
            for b, t in part.items()
        }

    assert flat(language) == flat("en")


def test_every_key_indicator_is_in_the_catalogue_under_its_objective() -> None:
    catalogue = load_catalogue()
    chosen = yaml.safe_load(KEY_FILE.read_text(encoding="utf-8"))
    for objective, ids in chosen["objectives"].items():
        for name in ids:
            assert str(catalogue[name].frameworks.get("compact_adopted")) == objective, name
    assert set(chosen["peers"]) <= {name for ids in chosen["objectives"].values() for name in ids}


def test_chances_are_never_certain_and_minus_is_a_minus() -> None:
    words = Words("en")
    assert [words.chance(p) for p in (0.0, 0.004, 0.25, 0.999, 1.0, None)] == [
        "< 1%",
        "< 1%",
        "25%",
        "> 99%",
        "> 99%",
        "–",
    ]
    assert words.number(-0.5) == "\u22120.50"
    assert words.day("2026-11-01T12:00:00Z") == "1 November 2026"
