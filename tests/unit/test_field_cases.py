"""Real-world failing inputs: each class of fault has a hand-made twin here, and the original is read where
the folder of cases exists next to the checkout.
"""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

from indicators.registry import check_files
from schemas.codelists.code_maps import code_map, not_carried
from schemas.definitions.yaml_file import load_yaml
from schemas.errors import DefinitionError
from sources.contributions import ImportResult, Known, Measure, import_file
from sources.ingest.fetch import fetch_source
from sources.model import InvalidResponse
from sources.registry.sources import reader_of
from sources.snapshots.store import Store
from sources.staging.periods import period_rows
from sources.staging.stage import StageProblem, stage_source
from tests.conftest import StandIn
from tests.unit.canned import Canned, fetch, keep, source_with
from tests.unit.contributed import FIGURE
from tests.unit.local_agency import LocalAgency, Reply
from tests.unit.wired import Stage, row
from tests.unit.wired import source as made_up
from tests.unit.workbooks import workbook

NOW = datetime(2026, 11, 30, tzinfo=UTC)
KNOWN = Known(indicators=("internet_use",), measures={"internet_use": Measure("PT", 0, 100)})
LINE = FIGURE | {"time_period": "2023"}


@pytest.fixture
def cases(shared: Path) -> Path:
    if not (shared / "cases").is_dir():
        pytest.skip("the folder of cases is not beside the checkout")
    return shared / "cases"


def imported(path: Path, home: Path) -> ImportResult:
    return import_file(path, None, home, by="a test", now=NOW, known=KNOWN, dry_run=True)


def faults(result: ImportResult) -> list[tuple[int, str, str]]:
    return [(one["row"], one["column"], one["reason"]) for one in result.problems]


def contributed_csv(path: Path, *changes: dict[str, str], delimiter: str = ",", before: str = "") -> Path:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(LINE), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(LINE | change for change in changes)
    path.write_text(before + out.getvalue(), "utf-8", newline="")
    return path


# --- raised and lowered text
def test_a_footnote_mark_in_a_value_is_a_fault_that_names_its_cell(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "data"
    sheet.append(list(LINE))
    for area, value, mark in (("KEN", "35.2", "1"), ("UGA", "41", "2"), ("TZA", "29.8", "a")):
        sheet.append(list((LINE | {"ref_area": area}).values()))
        raised = TextBlock(InlineFont(vertAlign="superscript"), mark)
        sheet.cell(sheet.max_row, list(LINE).index("value") + 1).value = CellRichText(value, raised)
    sheet.row_dimensions[3].hidden = True
    book.save(tmp_path / "twin.xlsx")
    result = imported(tmp_path / "twin.xlsx", tmp_path)
    assert (result.rows_in, result.accepted) == (3, 0)
    assert faults(result) == [(row, "value", "raised_text") for row in (2, 3, 4)]
    assert "35.2[1]" in result.problems[0]["says"]
    assert any("rows 3 are hidden" in note for note in result.notes)


def test_case_superscript(cases: Path, tmp_path: Path) -> None:
    result = imported(cases / "superscript" / "contribution.xlsx", tmp_path)
    assert (result.rows_in, result.accepted) == (3, 0)
    assert {(column, reason) for _, column, reason in faults(result)} == {("value", "raised_text")}


# --- figures that cannot be
WRONG = [
    ({"value": "352"}, "value", "out_of_range"),
    ({"value": "-12"}, "value", "out_of_range"),
    ({"value": "0.352"}, "value", "share_of_one"),
    ({"value": "35.2", "unit": "USD_CURRENT"}, "unit", "other_unit"),
]


@pytest.mark.parametrize(("change", "column", "reason"), WRONG)
def test_a_figure_is_held_to_its_indicator(
    change: dict[str, str], column: str, reason: str, tmp_path: Path
) -> None:
    result = imported(contributed_csv(tmp_path / "twin.csv", change, {"ref_area": "UGA"}), tmp_path)
    assert (result.accepted, result.rejected) == (1, 1)
    assert faults(result) == [(2, column, reason)]


def test_less_than_one_per_cent_is_accepted_where_it_is_said(tmp_path: Path) -> None:
    said = {"value": "0.4", "source_detail": "Survey; the value is below 1 per cent"}
    assert imported(contributed_csv(tmp_path / "twin.csv", said), tmp_path).accepted == 1


def test_case_contributed_values(cases: Path, tmp_path: Path) -> None:
    folder = cases / "contributed_values"
    fraction = imported(folder / "c_fraction.csv", tmp_path)
    assert (2, "value", "share_of_one") in faults(fraction)
    assert (4, "value", "out_of_range") in faults(fraction)
    unit = imported(folder / "c_unit.csv", tmp_path)
    assert unit.accepted == 0
    assert (2, "unit", "other_unit") in faults(unit)
    assert (4, "value", "out_of_range") in faults(unit)


# --- Excel's line that names the separator
def test_the_line_that_names_the_separator_is_skipped_and_said(tmp_path: Path) -> None:
    path = contributed_csv(tmp_path / "twin.csv", {}, delimiter=";", before="sep=;\r\n")
    result = imported(path, tmp_path)
    assert (result.accepted, result.rejected) == (1, 0)
    assert any("sep=;" in note for note in result.notes)


def test_case_excel_separator_line(cases: Path, tmp_path: Path) -> None:
    result = imported(cases / "excel_separator_line" / "c_sep_line.csv", tmp_path)
    assert (result.accepted, result.rejected) == (1, 0)
    assert any("sep=;" in note for note in result.notes)


# --- flags that are written together
def cube(flags: dict[str, str], values: dict[str, float]) -> bytes:
    def dimension(*codes: str) -> dict[str, Any]:
        return {"category": {"index": {c: i for i, c in enumerate(codes)}, "label": {c: c for c in codes}}}

    names = ("freq", "ind_type", "indic_is", "unit", "geo", "time")
    codes = (["A"], ["IND_TOTAL"], ["I_IU3"], ["PC_IND"], ["BE", "DE", "EL"], ["2023", "2024"])
    return json.dumps(
        {
            "version": "2.0", "class": "dataset", "label": "made up", "source": "ESTAT",
            "updated": "2026-11-01T11:00:00+0100", "id": list(names), "size": [len(c) for c in codes],
            "dimension": {name: dimension(*c) for name, c in zip(names, codes, strict=True)},
            "value": values, "status": flags,
        }
    ).encode()  # fmt: skip


ONLINE = "isoc_ci_ifp_iu:I_IU3"


def statuses(body: bytes, folder: Path) -> dict[tuple[str, int], tuple[float | None, str, str | None]]:
    folder.mkdir()
    source = source_with("eurostat")
    staged = stage_source(source, keep([fetch(source, ONLINE, Canned(body))], folder), folder / "home")
    rows = pq.read_table(staged.observation).to_pylist()
    return {(r["ref_area"], r["time_period"]): (r["obs_value"], r["obs_status"], r["nature"]) for r in rows}


def test_composed_flags_take_the_letter_that_counts_first(tmp_path: Path) -> None:
    flags = {"0": "be", "1": "pb", "2": "du", "3": "ep", "4": ":", "5": ":u"}
    result = statuses(cube(flags, {str(i): 50.0 + i for i in range(4)}), tmp_path / "one")
    assert result == {
        ("BEL", 2023): (50.0, "B", "be"),
        ("BEL", 2024): (51.0, "B", "pb"),
        ("DEU", 2023): (52.0, "U", "du"),
        ("DEU", 2024): (53.0, "P", "ep"),
        ("GRC", 2023): (None, "O", None),
        ("GRC", 2024): (None, "O", None),
    }
    for unknown in ("x", "bx"):
        with pytest.raises(StageProblem, match=f"status {unknown}"):
            statuses(cube({"0": unknown}, {"0": 50.0}), tmp_path / unknown)


def test_case_composed_flags(cases: Path, tmp_path: Path) -> None:
    result = statuses((cases / "composed_flags" / "answer.json").read_bytes(), tmp_path / "case")
    assert sorted(status for _, status, flags in result.values() if flags) == ["B", "B", "B", "U"]


# --- numbers shown as percentages
def test_case_percent_format(cases: Path) -> None:
    body = (cases / "percent_format" / "prices_full.xlsx").read_bytes()
    source = source_with("itu_prices")
    with pytest.raises(InvalidResponse, match="shown as percentages") as refused:
        fetch(source, "Data-only mobile-broadband basket | GNIpc", Canned(body))
    assert "percent_scale" in refused.value.next_step


# --- statuses that pass
@pytest.mark.parametrize("status", [408, 425, 500, 520, 522])
def test_a_transient_status_leaves_the_source_stored_and_refuses_nothing(
    status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = source_with("gci")
    source = source.model_copy(update={"limits": source.limits.model_copy(update={"attempts": 2})})
    body = (Path(__file__).parents[1] / "specimens" / "gci" / "gci_rank.csv").read_bytes()
    store = Store(tmp_path)
    with LocalAgency(Reply(body)) as agency:
        monkeypatch.setenv("COMPACT_URL_GCI", agency.url)
        first = fetch_source(source, ["GCI_RANK"], store, reader=reader_of(source))
        assert first.state == "live"
        store.accept(first.fetched, "a test")
        agency.replies = [Reply(status=status)]
        asked = len(agency.log)
        again = fetch_source(source, ["GCI_RANK"], store, reader=reader_of(source))
        assert (again.state, again.refused) == ("stored", [])
        assert f"HTTP {status}" in again.note
        assert len(agency.log) == asked + 2
        agency.replies = [Reply(status=status), Reply(body)]
        assert fetch_source(source, ["GCI_RANK"], store, reader=reader_of(source)).state == "live"


def test_case_transient_status(cases: Path, stand_in: StandIn, tmp_path: Path) -> None:
    fault = json.loads((cases / "transient_status" / "fault.json").read_text())
    stand_in.fault(**fault)
    source = source_with("gci")
    source = source.model_copy(update={"limits": source.limits.model_copy(update={"attempts": 2})})
    report = fetch_source(source, ["GCI_RANK"], Store(tmp_path), reader=reader_of(source))
    assert (report.state, report.refused) == ("absent", [])


# --- what the bytes are
@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"\x1f\x8b\x08\x00rest of it", "is gzip data"),
        ("a,b\n1,2\n".encode("utf-16"), "is UTF-16 text"),
        ("a,b\n1,2\n3,4\n".encode("utf-16-le"), "is UTF-16 text"),
        (b"%PDF-1.7 ...", "is a PDF document"),
        (b"\xd0\xcf\x11\xe0rest", "is an old .xls workbook"),
        (workbook({"a": [["b"]]}), "is a zip archive or an .xlsx workbook"),
        (b"<!doctype html><title>Moved</title>", "is a web page"),
        (b"  \n", "is empty"),
    ],
)
def test_a_file_of_another_kind_is_called_what_it_is(body: bytes, says: str) -> None:
    with pytest.raises(InvalidResponse) as refused:
        fetch(source_with("gci"), "GCI_RANK", Canned(body))
    assert says in refused.value.what


# --- former countries
@pytest.mark.parametrize(
    ("scheme", "code", "years"),
    [
        ("iso3", "SCG", "2003 to 2006"), ("iso3", "CSK", "1918 to 1992"), ("iso3", "SUN", "1922 to 1991"),
        ("iso3", "DDR", "1949 to 1990"), ("iso3", "ANT", "1954 to 2010"),
        ("worldbank", "YUG", "1945 to 2003"),
        ("m49", "058", "1921 to 1998"), ("m49", "58", "1921 to 1998"), ("m49", "230", "1952 to 1993"),
        ("iso2", "SU", "1922 to 1991"), ("name", "Soviet Union", "1922 to 1991"),
    ],
)  # fmt: skip
def test_a_former_country_is_known_in_every_scheme_with_its_years(scheme: str, code: str, years: str) -> None:
    assert years in not_carried(scheme)[code]
    assert code not in code_map(scheme)
    assert "a part of SHN" in not_carried("iso3")["ASC"]


# --- periods that are no calendar year
PERIODS = [
    ("2019/20", "fiscal", 2019, 2020), ("2019/2020", "fiscal", 2019, 2020), ("2019-20", "fiscal", 2019, 2020),
    ("1999/00", "fiscal", 1999, 2000), ("FY2020", "fiscal", 2020, 2020), ("2015-2017", "range", 2015, 2017),
    ("2020Q1", "quarter", 2020, None), ("2020-Q4", "quarter", None, 2020), ("Q4 2020", "quarter", None, 2020),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "first", "last"), PERIODS)
def test_a_period_has_the_year_of_the_declared_rule_or_none(
    text: str, kind: str, first: int | None, last: int | None
) -> None:
    for rule, year in (("first", first), ("last", last), ("leave_out", None)):
        result = period_rows(made_up(periods={kind: rule}), [text])
        assert result == [(text, year, year is None)]
    assert period_rows(made_up(), [text]) == []
    assert period_rows(made_up(periods={"fiscal": "first", "range": "last"}), ["2019/25", "2017-2015"]) == []


def test_periods_are_staged_by_the_rule_and_refused_without_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(monkeypatch, tmp_path)
    rows = [row(time_period="2019/20"), row(time_period="2020Q1"), row(time_period="2020Q4", value="2")]
    ruled = made_up(periods={"fiscal": "first", "quarter": "last"})
    staged = stage(rows, definition=ruled)
    records = [(r["time_period"], r["obs_value"]) for r in pq.read_table(staged.observation).to_pylist()]
    assert records == [(2019, 1.5), (2020, 2.0)]
    assert staged.reasons == {"period_left_out": 1}
    with pytest.raises(StageProblem, match="leave_out"):
        stage(rows)


# --- numbers that begin with a zero
@pytest.mark.parametrize("number", ["01", "0100", "0120", "-010", "00"])
def test_a_number_that_begins_with_a_zero_is_never_read_as_octal(number: str, tmp_path: Path) -> None:
    path = tmp_path / "twin.yaml"
    path.write_text(f"id: twin\nexpect:\n  range: [{number}, 100]\n", "utf-8")
    with pytest.raises(DefinitionError, match="begins with a zero") as refused:
        load_yaml(path)
    (problem,) = refused.value.problems
    assert (problem.line, problem.field) == (3, "expect.range.0")


@pytest.mark.slow
def test_case_leading_zero(cases: Path) -> None:
    path = cases / "leading_zero" / "leading_zero.yaml"
    problems = check_files([path]).problems
    assert [(problem.line, problem.field) for problem in problems] == [(13, "target.value")]
    assert "begins with a zero" in problems[0].what
