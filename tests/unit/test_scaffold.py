"""`compact new source`: facts written from a response, open questions, and the tutorial, command by
command, in a copy of the checkout.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import orjson
import pyarrow.parquet as pq
import pytest

from schemas.definitions.yaml_file import load_yaml
from schemas.errors import CompactError, DefinitionError
from sources.model import InvalidResponse, Page, SnapshotFiles
from sources.readers.delimited import options
from sources.readers.delimited import rows as rows_module
from sources.registry.sources import SOURCES, load_series, load_source
from sources.scaffold.file_layout import number_style
from sources.scaffold.source import Made, SourceRequest, scaffold
from sources.scaffold.trim import trim
from sources.scaffold.yaml_writer import MARK
from sources.settings import CHECKOUT
from sources.staging.stage import stage_source
from tests.unit.local_agency import LocalAgency, Reply

TABLE = CHECKOUT / "tests" / "specimens" / "un_yearbook" / "internet_usage.csv"
COLUMNS = {"area": "Region/Country/Area", "time_period": "Year", "series": "Series", "value": "Value"}
COPIED = ("schemas", "sources", "indicators", "pipelines", "warehouse", "reports", "tests", "docs")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "sources" / "agencies").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def agency(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAgency]:
    with LocalAgency(Reply(TABLE.read_bytes())) as local:
        monkeypatch.setenv("COMPACT_URL_NEWCOMER", local.url)
        yield local


def wanted(**changes: object) -> SourceRequest:
    fields: dict[str, object] = {
        "id": "newcomer",
        "reader": "delimited",
        "url": "https://agency.example/files/a%20table.csv?year=all",
        "title": "A table: of something",
        "agency": "The Agency",
        "licence": "CC BY 4.0",
        "fields": COLUMNS,
    }
    return SourceRequest(**(fields | changes))  # type: ignore[arg-type]


def made(root: Path, **changes: object) -> list[Made]:
    return scaffold(wanted(**changes), root=root, today=date(2026, 11, 1))


def questions(root: Path) -> set[str]:
    """What `compact check` names in the definition."""
    with pytest.raises(DefinitionError) as raised:
        load_source(root / "sources" / "agencies" / "newcomer" / "source.yaml")
    return {problem.field for problem in raised.value.problems}


# --- what is written
def test_one_polite_question_and_every_open_field_is_named(root: Path, agency: LocalAgency) -> None:
    files = made(root, rows=3)
    assert agency.paths() == ["/a%20table.csv?year=all"]
    assert "compact-tracker" in agency.log[0].headers["User-Agent"]
    text = (root / "sources" / "agencies" / "newcomer" / "source.yaml").read_text()
    assert files[0].what == f"{text.count(MARK)} questions to answer"
    named = questions(root)
    assert named == {
        *("homepage", "description", "licence.commercial_use", "licence.redistribution", "citation"),
        *("cadence", "ask_for"),
        *(f"acceptance.{name}" for name in ("rows_lost_share", "areas_lost", "median_ratio", "years_back")),
    }
    assert len(named) == text.count(MARK)
    data = load_yaml(root / "sources" / "agencies" / "newcomer" / "source.yaml").data
    assert data["base_url"] == "https://agency.example/files"
    assert data["hosts"] == ["agency.example"]
    assert data["title"] == "A table: of something"
    assert data["contract_verified"] is False  # another address than the agency's answered
    assert data["options"]["columns"][1] == {"": "column 2"}
    assert data["options"]["key"] == ["Region/Country/Area", "Year", "Series"]
    assert data["options"]["resources"]["file"] == {"path": "/a%20table.csv", "params": {"year": "all"}}
    assert data["areas"] == {"scheme": "m49"}


def test_without_columns_named_nothing_is_guessed(root: Path, agency: LocalAgency) -> None:
    made(root, fields={})
    assert {"options.key", "options.fields.area", "options.fields.time_period", "options.fields.value",
            "areas.scheme"} <= questions(root)  # fmt: skip
    with pytest.raises(DefinitionError, match="cannot be a code") as raised:
        load_series("newcomer", root / "sources" / "agencies")
    assert {problem.field for problem in raised.value.problems} == {"code", "title", "unit"}


def test_unknown_areas_and_texts_become_questions(root: Path, agency: LocalAgency) -> None:
    body = (
        TABLE.read_bytes()
        .replace(b"412,Kosovo", b"9412,Elsewhere")
        .replace(b"internet,10.0", b"internet,n.a.")
    )
    agency.replies = [Reply(body)]
    made(root)
    assert {"areas.not_carried.9412", "missing.n.a."} <= questions(root)
    assert "'Elsewhere'" in (root / "sources" / "agencies" / "newcomer" / "source.yaml").read_text()


def test_a_value_column_is_a_series_and_its_unit_is_asked_for(root: Path, agency: LocalAgency) -> None:
    agency.replies = [Reply(b"iso;year;users;lines\nKEN;2020;1.5;2\nNAM;2020;2.5;3")]
    made(root, fields={"area": "iso", "time_period": "year"}, values=("users", "lines"))
    data = load_yaml(root / "sources" / "agencies" / "newcomer" / "source.yaml").data
    assert data["options"]["delimiter"] == ";"
    assert data["options"]["final_newline"] is False
    assert data["areas"] == {"scheme": "iso3"}
    lines = (root / "sources" / "agencies" / "newcomer" / "series.csv").read_text().splitlines()
    assert lines == ["code,title,unit,column", "users,users,,users", "lines,lines,,lines"]
    with pytest.raises(DefinitionError, match="unknown unit ''"):
        load_series("newcomer", root / "sources" / "agencies")


def test_another_reader_brings_its_own_description(root: Path, agency: LocalAgency) -> None:
    agency.replies = [Reply(b'{"value": [{"a": 1}, {"a": 2}]}')]
    made(root, reader="jsonstat", fields={})
    assert {"options", "areas.scheme"} <= questions(root)
    described = (sys.modules["sources.readers.jsonstat"].__doc__ or "").splitlines()[0]
    assert f"# {described}" in (root / "sources" / "agencies" / "newcomer" / "source.yaml").read_text()


def test_the_specimen_is_trimmed_and_says_where_it_came_from(root: Path, agency: LocalAgency) -> None:
    made(root, rows=3)
    folder = root / "tests" / "specimens" / "newcomer"
    assert (folder / "a_20table.csv").exists() or (folder / "a_table.csv").exists()
    file = next(folder.glob("*.csv"))
    assert file.read_bytes() == b"".join(TABLE.read_bytes().splitlines(keepends=True)[:4])
    about = json.loads(next(folder.glob("*.specimen.json")).read_text())
    assert about["origin"] == "recorded; trimmed to 3 of 24 rows"
    assert about["date"] == "2026-11-01"
    assert about["url"].endswith("/a%20table.csv?year=all")
    assert len(about["sha256"]) == 64
    assert about["contract"] is True
    contract = json.loads((root / "sources" / "agencies" / "newcomer" / "contract.json").read_text())
    assert contract["structure"]["column 'Value'"] == "place 5"
    assert contract["probe"] == about["series"][0]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"id": "New"}, "cannot be an id"),
        ({"reader": "nonesuch"}, "there is no reader"),
        ({"url": "http://agency.example/x.csv"}, "cannot be asked"),
        ({"unit": "parsecs"}, "unknown unit"),
        ({"url": ""}, "neither an address nor a file"),
        ({"url": "", "file": Path("nowhere.csv")}, "cannot be read"),
        ({"fields": {"area": "Land"}}, "the file has no column 'Land'"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    root: Path, agency: LocalAgency, changes: dict[str, object], says: str
) -> None:
    with pytest.raises(CompactError, match=says):
        made(root, **changes)
    assert not (root / "sources" / "agencies" / "newcomer").exists()
    assert not (root / "tests").exists()


def test_a_web_page_is_no_specimen_and_nothing_is_written_over(root: Path, agency: LocalAgency) -> None:
    agency.replies = [Reply(b"<html><title>Please wait</title></html>")]
    with pytest.raises(InvalidResponse, match="is a web page"):
        made(root)
    assert not (root / "sources" / "agencies" / "newcomer").exists()
    agency.replies = [Reply(TABLE.read_bytes())]
    made(root)
    with pytest.raises(CompactError, match="is there already"):
        made(root)


# --- a file at hand
MINISTRY = (
    "sep=;\r\nAcesso à Internet: pessoas e assinaturas;;;\r\nPaís;Ano;Pessoas (%);Assinaturas\r\n"
    "KEN;2020;35,2;1.234.567\r\nKEN;2021;38,75;1.500.000\r\nMOZ;2020;...;12.345\r\nNAM;2020;<0,5;999\r\n"
)
FROM_FILE = {
    "url": "", "fields": {"area": "País", "time_period": "Ano"}, "values": ("Pessoas (%)", "Assinaturas"),
}  # fmt: skip


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "utf-16"])
def test_a_file_of_a_ministry_is_read_without_a_question_a_number(
    root: Path, tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "Acesso 2021.csv"
    path.write_bytes(MINISTRY.encode(encoding))
    made(root, file=path, rows=2, **FROM_FILE)
    data = load_yaml(root / "sources" / "agencies" / "newcomer" / "source.yaml").data
    proposed = data["options"]
    assert proposed["delimiter"] == ";"
    assert proposed["title_rows"] == 1
    assert proposed.get("encoding", "utf-8") == encoding
    assert (proposed["decimal"], proposed["thousands"]) == (",", ".")
    assert proposed["columns"] == ["País", "Ano", "Pessoas (%)", "Assinaturas"]
    assert proposed["resources"] == {"file": {"path": "/Acesso%202021.csv"}}
    assert data["contract_verified"] is False
    asked = questions(root)
    assert {"base_url", "hosts", "missing...."} <= asked
    assert not [name for name in asked if "," in name or name == "missing.<0"]
    specimen = root / "tests" / "specimens" / "newcomer" / "acesso_2021.csv"
    assert specimen.read_bytes().decode(encoding).splitlines() == MINISTRY.splitlines()[:5]
    about = json.loads((specimen.parent / "acesso_2021.specimen.json").read_text())
    assert about["origin"] == "a file at hand; trimmed to 2 of 4 rows"
    contract = json.loads((root / "sources" / "agencies" / "newcomer" / "contract.json").read_text())
    assert contract["structure"]["column 'País'"] == "place 1"


def test_the_proposed_options_read_the_file(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was left open is answered; the reader then takes every number for what it is."""
    path = tmp_path / "acesso.csv"
    path.write_bytes(MINISTRY.encode("latin-1"))
    made(root, file=path, **FROM_FILE | {"url": "https://agency.example/acesso.csv"})
    folder = root / "sources" / "agencies" / "newcomer"
    text = (folder / "source.yaml").read_text()
    limit = "{limit: 0, reason: none}"
    for field, answer in {
        "homepage": "https://agency.example", "description": "made up", "commercial_use": "true",
        "redistribution": "true", "citation": "the agency", "cadence": "yearly", "ask_for": "all",
        '"..."': "O", "rows_lost_share": limit, "areas_lost": limit, "median_ratio": limit,
        "years_back": limit,
    }.items():  # fmt: skip
        text = re.sub(rf"^( *{re.escape(field)}:).*$", rf"\1 {answer}", text, flags=re.MULTILINE)
    (folder / "source.yaml").write_text(text)
    lines = (folder / "series.csv").read_text().replace("Pessoas (%),Pessoas (%),,", "users,users,PT,")
    (folder / "series.csv").write_text(lines.replace("Assinaturas,Assinaturas,,", "lines,lines,NUMBER,"))
    series = load_series("newcomer", folder.parent)
    for module in (options, rows_module):
        monkeypatch.setattr(module, "load_series", lambda _: series)
    source = load_source(folder / "source.yaml")
    staged = stage_source(source, [SnapshotFiles("a" * 64, "file", (path,))], tmp_path, folder.parent)
    rows = pq.read_table(staged.observation).to_pylist()
    by_key = {(row["series"], row["ref_area"], row["time_period"]): row["obs_value"] for row in rows}
    assert by_key["users", "KEN", 2021] == 38.75
    assert by_key["lines", "KEN", 2020] == 1_234_567
    assert by_key["users", "MOZ", 2020] is None
    assert staged.rows_in == staged.rows_out == 8


@pytest.mark.parametrize(
    ("texts", "decimal", "thousands", "unclear"),
    [
        (["1.5", "20"], ".", "", ""),
        (["1,5", "1.234"], ",", ".", ""),
        (["1,234.5", "2,000"], ".", ",", ""),
        (["1 234,5", "12"], ",", " ", ""),
        (["1'234.5"], ".", "'", ""),
        (["1.234.567"], ",", ".", ""),
        (["1,234", "2,345"], ".", "", "1,234"),
        (["Kenya", "n.a.", "2020"], ".", "", ""),
    ],
)
def test_signs_in_numbers(texts: list[str], decimal: str, thousands: str, unclear: str) -> None:
    style = number_style(texts)
    assert (style.decimal, style.thousands, style.unclear) == (decimal, thousands, unclear)


def test_what_may_be_read_either_way_is_one_question(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text('iso,year,users\nKEN,2020,"1,234"\nNAM,2020,"2,345"\n')
    made(root, file=path, fields={"area": "iso", "time_period": "year"}, values=("users",), url="")
    assert {"options.thousands", "missing.1,234"} & questions(root) == {"options.thousands"}


# --- trimming
def test_a_table_is_cut_between_records_not_lines() -> None:
    body = b'a,b\n1,"x\ny"\n2,z\n3,w\n'
    assert trim(Page("x", body), 2) == (b'a,b\n1,"x\ny"\n2,z\n', 2, 3)
    assert trim(Page("x", body), 9) == (body, 3, 3)


def test_json_keeps_its_header_true() -> None:
    header = {"page": 1, "pages": 2, "per_page": 9, "total": "3"}
    body = orjson.dumps([header, [{"v": 1}, {"v": 2}, {"v": 3}]])
    cut, kept, of = trim(Page("x", body), 2)
    assert orjson.loads(cut) == [header | {"pages": 1, "total": "2"}, [{"v": 1}, {"v": 2}]]
    assert (kept, of) == (2, 3)


def test_the_tables_in_a_zip_are_cut_and_a_workbook_is_not() -> None:
    def packed(name: str, body: bytes) -> Page:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(name, body)
        return Page("x", file.getvalue())

    cut, *_ = trim(packed("data.csv", b"a\n1\n2\n3\n"), 1)
    with zipfile.ZipFile(io.BytesIO(cut)) as archive:
        assert archive.read("data.csv") == b"a\n1\n"
    with pytest.raises(CompactError, match="is not trimmed"):
        trim(packed("xl/workbook.xml", b"<workbook/>"), 1)


# --- the tutorial
def blocks() -> list[tuple[str, str]]:
    """Command and output of each console block of the page."""
    page = (CHECKOUT / "docs" / "new-source.md").read_text(encoding="utf-8")
    commands = []
    for block in re.findall(r"```console\n\$ (.*?)\n```", page, re.DOTALL):
        command, _, output = re.sub(r"\\\n\s*", "", block).partition("\n")
        commands.append((command, output))
    return commands


def plain(text: str) -> list[str]:
    """Lines without what differs from run to run: seconds, the number of other tests, widths of columns."""
    text = re.sub(r"\d+ deselected in [\d.]+s|(?<= )\d+\.\d(?=\s|$)", "…", text, flags=re.MULTILINE)
    text = re.sub(r"(\bok +)\d+$", r"\1…", text, flags=re.MULTILINE)  # a whole number of seconds
    return [" ".join(line.split()) for line in text.splitlines() if line.strip(" -")]


@pytest.mark.slow
def test_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
    copy, bin_folder = tmp_path / "checkout", tmp_path / "bin"
    for name in COPIED:
        shutil.copytree(
            CHECKOUT / name, copy / name, ignore=shutil.ignore_patterns("un_yearbook", "__pycache__")
        )
    shutil.copy(CHECKOUT / "pyproject.toml", copy)
    bin_folder.mkdir()
    for name, arguments in (("compact", "-m pipelines.cli"), ("python", "")):
        (bin_folder / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
        (bin_folder / name).chmod(0o755)
    listed = blocks()
    assert [command.split(" ")[0:2] for command, _ in listed] == [
        ["compact", "new"], ["compact", "check"], ["compact", "check"], ["python", "-m"],
        ["compact", "contracts"], ["compact", "run"],
    ]  # fmt: skip
    with LocalAgency(Reply(TABLE.read_bytes())) as local:
        env = {k: v for k, v in os.environ.items() if not k.startswith("COMPACT_")} | {
            "PATH": f"{bin_folder}:{os.environ['PATH']}",
            "COMPACT_URL_UN_YEARBOOK": local.url,
            "COMPACT_HOME": str(tmp_path / "home"),
            "COMPACT_SHARED": str(tmp_path / "none"),
            "COMPACT_REPORTS": "none",  # the page shows what the run prints, not what it draws
        }
        for step, (command, output) in enumerate(listed):
            if step == 2:  # the questions are answered
                shutil.copy(
                    SOURCES / "un_yearbook" / "source.yaml", copy / "sources" / "agencies" / "un_yearbook"
                )
            done = subprocess.run(
                ["/bin/sh", "-c", command], cwd=copy, env=env, capture_output=True, text=True, timeout=240
            )
            said = done.stdout + ("" if "|" in command else done.stderr)
            assert plain(said) == plain(output), f"{command}\n{done.stdout}\n{done.stderr}"
            assert done.returncode == bool(re.search(r"\b[1-9]\d* problems", output))


def test_the_whole_table_of_the_yearbook_is_staged(shared: Path, tmp_path: Path) -> None:
    source = load_source(SOURCES / "un_yearbook" / "source.yaml")
    page = shared / "data" / "itu" / "SYB66_314_202310_Internet_Usage.csv"
    staged = stage_source(source, [SnapshotFiles("a" * 64, "file", (page,))], tmp_path)
    assert (staged.rows_in, staged.rows_out) == (1528, 1528)
    rows = pq.read_table(staged.observation).to_pylist()
    kenya = {row["time_period"]: row for row in rows if row["ref_area"] == "KEN"}
    assert 0 < kenya[2021]["obs_value"] < 100
    assert "M49:001" in {row["ref_area"] for row in rows}
