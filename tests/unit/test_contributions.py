"""Contributions: what is accepted, what is rejected and why, and that nothing is lost, run or half kept."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from schemas.codelists.reader import read_codelist
from schemas.codelists.units import unit_codes
from schemas.definitions.contribution_templates import KINDS, LICENCES, TEMPLATES, Template
from schemas.errors import CompactError
from schemas.tables.arrow import arrow_schema
from sources.contributions import import_file, write_template
from sources.contributions.archive import Archive
from sources.contributions.cells import neutral
from sources.contributions.code_checks import metric_units, metrics
from sources.snapshots.objects import StoreDamaged
from tests.command import in_process
from tests.unit.contributed import (
    COMMON,
    FIGURE,
    GOOD,
    KNOWN,
    NOW,
    PLEDGE,
    Line,
    as_csv,
    as_xlsx,
    returned,
    table,
    take,
)


# --- the definition
def test_the_core_metrics_are_21_in_four_pillars_and_their_units_exist() -> None:
    rows = read_codelist("stakeholder_capitalism")
    pillars = [row["metric"][:3] for row in rows]
    assert [pillars.count(p) for p in ("GOV", "PLA", "PEO", "PRO")] == [6, 4, 6, 5]
    assert len(metrics()) == len(rows) == 21
    assert {unit for row in rows for unit in metric_units(row["metric"])} <= set(unit_codes())


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=KINDS)
def test_a_template_has_its_terms_and_names_only_columns_that_it_has(template: Template) -> None:
    required = {f.name for f in template.fields if f.per_file and not f.column.nullable}
    assert required == {"evidence", "contributor", "contact", "licence", "contract"}
    assert {name for rule in template.rules for name in rule.columns} <= set(template.names)
    assert set(GOOD[template.kind]) == set(template.names)
    assert arrow_schema(template.table).names[: len(template.names)] == list(template.names)


# --- templates written
@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_template_explains_itself_and_can_be_filled_in(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "empty.xlsx"
    assert write_template(kind, path, KNOWN) == (path,)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["instructions", "data", "file", "columns", "codes"]
    template = TEMPLATES[kind]
    assert tuple(cell.value for cell in book["data"][1]) == template.names
    assert [row[0].value for row in book["columns"].iter_rows(min_row=2)] == list(template.names)
    codes = {(row[0].value, row[1].value) for row in book["codes"].iter_rows(min_row=2)}
    assert {("licence", licence) for licence in LICENCES} <= codes
    assert all(rule.says in str(list(book["instructions"].values)) for rule in template.rules)
    with pytest.raises(CompactError, match="holds no rows"):
        import_file(path, None, tmp_path, by="ada", now=NOW)
    for column, value in enumerate(GOOD[kind].values(), 1):
        book["data"].cell(2, column).value = value
    book.save(path)
    assert import_file(path, None, tmp_path, by="ada", now=NOW, known=KNOWN).accepted == 1


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=KINDS)
def test_the_examples_of_a_template_are_accepted(template: Template, tmp_path: Path) -> None:
    result = take(tmp_path, as_csv([{field.name: field.example for field in template.fields}]))
    assert (result.accepted, result.problems) == (1, [])


def test_a_csv_template_has_its_columns_beside_it_and_nothing_is_written_over(tmp_path: Path) -> None:
    written = write_template("pledge", tmp_path / "p.csv")
    assert [path.name for path in written] == ["p.csv", "p-columns.csv"]
    assert written[0].read_text().strip() == ",".join(TEMPLATES["pledge"].names)
    with written[1].open(newline="") as lines:
        assert [row["column"] for row in csv.DictReader(lines)] == list(TEMPLATES["pledge"].names)
    with pytest.raises(CompactError, match="is there already"):
        write_template("pledge", tmp_path / "p.csv")


# --- accepted
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_good_row_is_kept_with_its_bytes_in_its_own_table(kind: str, suffix: str, tmp_path: Path) -> None:
    data = {"csv": as_csv, "xlsx": as_xlsx}[suffix]([GOOD[kind]])  # type: ignore[operator]
    result = take(tmp_path, data, f"sent.{suffix}")
    assert (result.kind, result.rows_in, result.accepted, result.rejected) == (kind, 1, 1, 0)
    assert result.returned is None
    (row,) = table(tmp_path, kind)
    assert {name: row[name] for name in ("snapshot", "row", "imported_by", "imported_at")} == {
        "snapshot": result.snapshot, "row": 2, "imported_by": "ada", "imported_at": NOW,
    }  # fmt: skip
    for name, text in GOOD[kind].items():
        number = isinstance(row[name], float | int)
        assert row[name] == (float(text) if number else text or None)
    archive = Archive(tmp_path, TEMPLATES[kind].table)
    assert archive.objects.path(result.snapshot).read_bytes() == data
    assert sorted(p.name for p in (tmp_path / "contributions").iterdir()) == [kind]


def test_what_is_said_once_for_the_file_holds_for_every_row_that_does_not_say_it(tmp_path: Path) -> None:
    blank = dict.fromkeys(COMMON, "")
    own = {**PLEDGE, **blank, "pledge_id": "EX-2", "licence": "CC0-1.0"}
    result = take(tmp_path, as_xlsx([{**PLEDGE, **blank}, own], COMMON), "sent.xlsx")
    assert result.accepted == 2
    assert [row["licence"] for row in table(tmp_path, "pledge")] == ["CC-BY-4.0", "CC0-1.0"]
    with pytest.raises(CompactError, match="names who"):
        take(tmp_path, as_xlsx([PLEDGE], {"who": "x"}), "other.xlsx")


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_file_of_the_template_before_consent_is_read_and_gives_none(separator: str, tmp_path: Path) -> None:
    older = {name: text for name, text in PLEDGE.items() if name != "consent"}
    asked = [{**PLEDGE, "pledge_id": f"EX-{text}", "consent": text} for text in ("no", "")]
    assert take(tmp_path, as_csv([older], separator)).accepted == 1
    assert take(tmp_path, as_csv(asked, separator)).accepted == 2
    assert [row["consent"] for row in table(tmp_path, "pledge")] == [None, None, "no"]
    with pytest.raises(CompactError, match="missing: contact") as caught:
        take(tmp_path, as_csv([{name: text for name, text in older.items() if name != "contact"}]))
    assert "missing: consent" not in caught.value.what


def test_rows_that_were_kept_before_consent_was_asked_stay_readable(tmp_path: Path) -> None:
    new = TEMPLATES["pledge"].table
    old = replace(new, columns=tuple(column for column in new.columns if column.name != "consent"))
    take(tmp_path, as_csv([PLEDGE]))
    (row,) = table(tmp_path, "pledge")
    del row["consent"]
    event = {"file": "a.csv", "at": NOW.isoformat(), "accepted": 1}
    assert Archive(tmp_path / "old", old).add(b"as sent", [row], event) == 0
    assert Archive(tmp_path / "old", new).rebuild()
    assert table(tmp_path / "old", "pledge") == [row | {"consent": None}]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_is_that_of_the_header_and_columns_may_be_in_any_order(
    separator: str, tmp_path: Path
) -> None:
    turned = dict(reversed(PLEDGE.items()))
    assert take(tmp_path, as_csv([turned], separator)).accepted == 1


def test_a_kosovo_alias_maps_and_a_missing_figure_is_null_not_zero(tmp_path: Path) -> None:
    take(tmp_path, as_csv([{**FIGURE, "ref_area": "XKS", "value": "", "obs_status": "O"}]))
    (row,) = table(tmp_path, "national_figure")
    assert (row["ref_area"], row["value"]) == ("XKX", None)


def test_a_figure_of_a_series_names_its_source(tmp_path: Path) -> None:
    of_series = {**FIGURE, "indicator": "", "source": "worldbank_wdi", "series": "IT.NET.USER.ZS"}
    assert take(tmp_path, as_csv([of_series])).accepted == 1
    wrong = take(tmp_path, as_csv([{**of_series, "series": "NO.SUCH"}]))
    assert wrong.problems[0]["column"] == "series"


def test_a_later_row_of_the_same_key_takes_the_place_of_the_earlier(tmp_path: Path) -> None:
    take(tmp_path, as_csv([PLEDGE, {**PLEDGE, "pledge_id": "EX-2"}]))
    again = take(tmp_path, as_csv([{**PLEDGE, "amount": "1200"}]), now=NOW.replace(day=24))
    assert again.replaced == 1
    assert [(r["pledge_id"], r["amount"]) for r in table(tmp_path, "pledge")] == [
        ("EX-1", 1200),
        ("EX-2", 1000),
    ]
    other = take(tmp_path, as_csv([{**PLEDGE, "contributor": "Somebody else"}]))
    assert other.replaced == 0
    imports = Archive(tmp_path, TEMPLATES["pledge"].table).imports()
    assert [(e["rows_in"], e["accepted"], e["rejected"], e["by"]) for e in imports] == [
        (2, 2, 0, "ada"), (1, 1, 0, "ada"), (1, 1, 0, "ada"),
    ]  # fmt: skip


def test_a_crash_before_the_ledger_line_leaves_the_table_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(tmp_path, as_csv([PLEDGE]))
    before = table(tmp_path, "pledge")

    def crash(*_: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr("sources.contributions.archive.Manifest.append", crash)
        with pytest.raises(OSError, match="disk full"):
            take(tmp_path, as_csv([{**PLEDGE, "amount": "7"}]))
    assert table(tmp_path, "pledge") == before
    assert len(Archive(tmp_path, TEMPLATES["pledge"].table).imports()) == 1


def test_a_damaged_archive_is_never_believed(tmp_path: Path) -> None:
    take(tmp_path, as_csv([PLEDGE]))
    archive = Archive(tmp_path, TEMPLATES["pledge"].table)
    rows = archive.objects.path(archive.imports()[0]["rows"])
    rows.chmod(0o644)
    rows.write_bytes(b"gone")
    with pytest.raises(StoreDamaged):
        take(tmp_path, as_csv([{**PLEDGE, "pledge_id": "EX-2"}]))


# --- rejected
BAD: list[tuple[str, Line, str, str, str]] = [
    # kind, what is changed, column at fault, reason, part of what is said
    ("pledge", {"who": ""}, "who", "missing", "required"),
    ("pledge", {"licence": "all rights reserved"}, "licence", "unknown_code", "CC-BY-4.0"),
    ("pledge", {"contact": "ask me"}, "contact", "bad_form", "e-mail"),
    ("pledge", {"consent": "maybe"}, "consent", "unknown_code", "yes, no"),
    ("pledge", {"contract": "pledge/9"}, "contract", "unknown_code", "pledge/1"),
    ("pledge", {"evidence": "http://example.org/a"}, "evidence", "unknown_code", "https"),
    ("pledge", {"evidence": "https://me:secret@example.org/"}, "evidence", "unknown_code", "password"),
    ("pledge", {"evidence": "https://localhost/x"}, "evidence", "unknown_code", "public host"),
    ("pledge", {"evidence": "https://127.0.0.1/x"}, "evidence", "unknown_code", "public host"),
    ("pledge", {"evidence": "https://[::1"}, "evidence", "unknown_code", "not an address"),
    ("pledge", {"amount": "1,000"}, "amount", "not_a_number", "without separators"),
    ("pledge", {"amount": "1 000"}, "amount", "not_a_number", "without separators"),
    ("pledge", {"amount": "12.5%"}, "amount", "not_a_number", "12.5%"),
    ("pledge", {"amount": "٣"}, "amount", "not_a_number", "٣"),
    ("pledge", {"amount": "NaN"}, "amount", "not_a_number", "NaN"),
    ("pledge", {"amount": "1e999"}, "amount", "not_a_number", "too large"),
    ("pledge", {"amount": "1e-999"}, "amount", "not_a_number", "digits"),
    ("pledge", {"amount": "0.12345678901234567890"}, "amount", "not_a_number", "digits"),
    ("pledge", {"amount": ""}, "amount", "rule", "a unit an amount"),
    ("pledge", {"unit": ""}, "unit", "rule", "an amount has a unit"),
    ("pledge", {"unit": "number"}, "unit", "unknown_code", "is NUMBER meant"),
    ("pledge", {"target": "", "indicator": ""}, "target", "rule", "names a target"),
    ("pledge", {"target": "U-99"}, "target", "unknown_code", "no target"),
    ("pledge", {"indicator": "internet-use"}, "indicator", "unknown_code", "is internet_use meant"),
    ("pledge", {"year_made": "24"}, "year_made", "not_a_year", "1900 to 2026"),
    ("pledge", {"year_made": "2027"}, "year_made", "not_a_year", "1900 to 2026"),
    ("pledge", {"deadline": "31/12/2030"}, "deadline", "bad_form", "YYYY-MM-DD"),
    ("pledge", {"deadline": "2030-02-30"}, "deadline", "unknown_code", "calendar"),
    ("pledge", {"deadline": "2020"}, "deadline", "rule", "not before"),
    ("pledge", {"who": "=A1"}, "who", "bad_text", "as a formula does"),
    ("pledge", {"who": "＝1"}, "who", "bad_text", "as a formula does"),
    ("pledge", {"who": "'@x"}, "who", "bad_text", "as a formula does"),
    ("pledge", {"who": "Two\nlines"}, "who", "bad_text", "line break"),
    ("pledge", {"who": "a\u202eb"}, "who", "bad_text", "U+202E"),
    ("pledge", {"who": "a\ufeffb"}, "who", "bad_text", "U+FEFF"),
    ("pledge", {"who": "Caf\ufffd"}, "who", "bad_text", "a letter was lost"),
    ("pledge", {"who": "x" * 201}, "who", "bad_text", "201"),
    ("national_figure", {"ref_area": "Kenya"}, "ref_area", "unknown_code", "the code of Kenya is KEN"),
    ("national_figure", {"ref_area": "ken"}, "ref_area", "unknown_code", "is KEN"),
    ("national_figure", {"ref_area": "WLD"}, "ref_area", "unknown_code", "alpha-3"),
    ("national_figure", {"sex": ""}, "sex", "missing", "required"),
    ("national_figure", {"sex": "female"}, "sex", "unknown_code", "_T, F, M"),
    ("national_figure", {"age": "15-24"}, "age", "bad_form", "Y15T24"),
    ("national_figure", {"other_dims": "B=1;A=2"}, "other_dims", "unknown_code", "order"),
    ("national_figure", {"unit": "%"}, "unit", "unknown_code", "no unit"),
    ("national_figure", {"unit": "NOT_STATED"}, "unit", "unknown_code", "no unit"),
    ("national_figure", {"obs_status": "C"}, "obs_status", "unknown_code", "A, B"),
    ("national_figure", {"value": ""}, "value", "rule", "missing"),
    ("national_figure", {"obs_status": "O"}, "value", "rule", "never both"),
    ("national_figure", {"indicator": ""}, "indicator", "rule", "an indicator or of a series"),
    ("national_figure", {"series": "X"}, "indicator", "rule", "not of both"),
    ("national_figure", {"source": "unsd_sdg"}, "series", "rule", "with its source"),
    ("national_figure", {"indicator": "", "source": "x", "series": "X"}, "source", "unknown_code", "no"),
    ("corporate_disclosure", {"lei": "00EXAMPLECOMPANY0015"}, "lei", "unknown_code", "check digits"),
    ("corporate_disclosure", {"metric": "PLA-C9"}, "metric", "unknown_code", "no core metric"),
    ("corporate_disclosure", {"metric": "PLA-E1"}, "metric", "unknown_code", "no core metric"),
    ("corporate_disclosure", {"unit": "PT"}, "unit", "rule", "for PLA-C1 T_CO2E"),
    ("corporate_disclosure", {"metric": "GOV-C1"}, "unit", "rule", "in words"),
    ("corporate_disclosure", {"value": "", "unit": ""}, "value", "rule", "a text, or both"),
    ("corporate_disclosure", {"country": "GB"}, "country", "unknown_code", "alpha-3"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "change", "column", "reason", "says"), BAD)
def test_a_row_is_rejected_with_the_reason_beside_the_cell(
    kind: str, change: Line, column: str, reason: str, says: str, tmp_path: Path
) -> None:
    result = take(tmp_path, as_csv([GOOD[kind], {**GOOD[kind], **change}]), kind=kind)
    assert (result.rows_in, result.accepted, result.rejected) == (2, 1, 1)
    results = [p for p in result.problems if p["column"] == column]
    assert [(p["row"], p["reason"]) for p in results] == [(3, reason)]
    assert says in results[0]["says"]
    (line,) = returned(result)
    assert line["row in your file"] == "3"
    assert says in line[f"{column}: reason"]
    assert says in line["reason"]
    names = list(line)
    assert names[names.index(column) + 1] == f"{column}: reason"
    for name, text in {**GOOD[kind], **change}.items():
        assert line[name] == neutral(text)


def test_every_reason_of_a_row_is_given_at_once_and_counted_once(tmp_path: Path) -> None:
    result = take(tmp_path, as_csv([{**PLEDGE, "who": "", "amount": "1,0", "evidence": "x"}]))
    assert [p["column"] for p in result.problems] == ["who", "amount", "evidence"]
    assert result.reasons == {"missing": 1}


def test_rows_of_the_same_key_are_all_rejected(tmp_path: Path) -> None:
    rows = [PLEDGE, {**PLEDGE, "amount": "5"}, {**PLEDGE, "pledge_id": "EX-2"}]
    result = take(tmp_path, as_csv(rows))
    assert (result.accepted, result.reasons) == (1, {"repeated_key": 2})
    assert "as row 3" in result.problems[0]["says"]


def test_the_returned_workbook_can_be_mended_and_sent_again(tmp_path: Path) -> None:
    first = take(tmp_path, as_csv([{**PLEDGE, "amount": "1,000"}, {**PLEDGE, "pledge_id": "EX-2"}]))
    assert first.returned is not None
    again = import_file(first.returned, None, tmp_path, by="ada", now=NOW, known=KNOWN)
    assert (again.rows_in, again.rejected) == (1, 1)
    book = openpyxl.load_workbook(first.returned)
    header = [cell.value for cell in book["data"][1]]
    book["data"].cell(2, header.index("amount") + 1).value = "1000"
    book.save(tmp_path / "fixed.xlsx")
    fixed = import_file(tmp_path / "fixed.xlsx", None, tmp_path, by="ada", now=NOW, known=KNOWN)
    assert (fixed.accepted, fixed.rejected) == (1, 0)
    assert [row["pledge_id"] for row in table(tmp_path, "pledge")] == ["EX-1", "EX-2"]


def test_a_dry_run_judges_and_writes_nothing(tmp_path: Path) -> None:
    result = take(tmp_path, as_csv([PLEDGE, {**PLEDGE, "who": ""}]), dry_run=True)
    assert (result.accepted, result.rejected, result.returned) == (1, 1, None)
    assert not (tmp_path / "contributions").exists()


# --- the command line
@pytest.mark.slow
def test_the_command_says_what_became_of_a_file(tmp_path: Path) -> None:
    home = tmp_path / "home"
    written = in_process("import", "--template", "pledge", "--out", str(tmp_path / "p.csv"), home=home)
    assert (written.code, written.out.splitlines()[0]) == (0, str(tmp_path / "p.csv"))
    sent = tmp_path / "sent.csv"
    sent.write_bytes(as_csv([PLEDGE, {**PLEDGE, "pledge_id": "EX-2", "indicator": "no_such"}]))
    done = in_process("import", str(sent), "--json", "--by", "ada", home=home)
    assert done.code == 1
    assert (done.json["rows_in"], done.json["accepted"], done.json["rejected"]) == (2, 1, 1)
    assert done.json["problems"][0]["column"] == "indicator"
    assert done.json["returned"] in done.err
    sent.write_bytes(as_csv([PLEDGE]))
    fine = in_process("import", str(sent), home=home)
    assert (fine.code, "returned" in fine.out) == (0, False)
    sent.write_bytes(b"a,b\n1,2\n")
    refused = in_process("import", str(sent), home=home)
    assert refused.code == 2
    assert "the header is not that of a template" in refused.err
    assert in_process("import", home=home).code == 2
    ledger = (home / "contributions" / "pledge" / "manifest.jsonl").read_text().splitlines()
    assert json.loads(ledger[0])["by"] == "ada"
