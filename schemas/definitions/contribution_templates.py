"""Templates of stakeholders' contributions, one per kind: the empty workbook, the checks, the stored table
and its contract are generated from them.

sources/contributions reads, validates and stores the files. The 21 core metrics of companies are in
codelists/stakeholder_capitalism.csv.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from schemas.columns.model import Column, Table
from schemas.columns.observation import (
    AGE,
    EDUCATION,
    OTHER_DIMS,
    QUANTILE,
    SEX,
    SNAPSHOT,
    SOURCE,
    TIME_PERIOD,
    URBANISATION,
)

KINDS = ("pledge", "national_figure", "corporate_disclosure")

# Limits. The whole file is validated in memory, and a contributor reads the returned workbook.
MOST_BYTES = 10 * 2**20  # a workbook of MOST_ROWS full rows is about 3 MB
MOST_UNPACKED = 128 * 2**20  # the XML of such a workbook is about 40 MB; a zip bomb unpacks to gigabytes
MOST_PARTS = 1_000  # files within a workbook; a spreadsheet program writes some dozens
MOST_ROWS = 20_000  # 60 indicators by 25 years by 12 breakdowns of one country are 18,000
MOST_COLUMNS = 100  # the largest template has 18; a returned workbook nearly doubles it
LONGEST = 200  # characters of a name or a code
LONGEST_LINK = 2_000  # characters of an address; browsers take that many
LONGEST_TEXT = 4_000  # characters of a text in sentences: a page

# Only terms that allow redistribution, including commercial use: a contribution is for publication.
LICENCES = {
    "CC0-1.0": "Creative Commons Zero: no rights reserved",
    "PDDL-1.0": "Public Domain Dedication and License",
    "CC-BY-4.0": "Creative Commons Attribution 4.0",
    "CC-BY-3.0-IGO": "Creative Commons Attribution 3.0 IGO",
    "ODC-By-1.0": "Open Data Commons Attribution",
}
# Without C: a bound needs the column of the bound. Without F: a forecast is not a figure.
STATUSES = {
    "A": "normal", "B": "break: not comparable with earlier years", "D": "definition differs from the indicator's",
    "E": "estimated", "I": "imputed", "P": "provisional", "U": "low reliability", "V": "not validated",
    "L": "missing: exists, but was not collected", "M": "missing: cannot exist", "O": "missing",
    "Q": "missing: suppressed, as of confidentiality",
}  # fmt: skip
MISSING_STATUSES = ("L", "M", "O", "Q")

Code = Literal["", "area", "indicator", "target", "source", "series", "unit", "metric", "lei", "link", "date", "dims"]
Check = Literal["any_of", "exactly_one_of", "together", "not_before", "value_or_missing", "unit_of_metric"]


@dataclass(frozen=True)
class Field:
    """A column that a contributor fills in. code: code list or form of its text (checked in
    sources/contributions/code_checks.py); per_file: may be set once for all rows, on the sheet `file`;
    long: sentences; optional: the column itself may be absent, as in files of an earlier template.
    """

    column: Column
    example: str
    code: Code = ""
    per_file: bool = False
    long: bool = False
    optional: bool = False

    @property
    def name(self) -> str:
        return self.column.name

    @property
    def longest(self) -> int:
        return LONGEST_TEXT if self.long else LONGEST_LINK if self.code == "link" else LONGEST


@dataclass(frozen=True)
class Rule:
    """A rule across the cells of a row. says: the rule in a sentence, for instructions and reasons."""

    check: Check
    columns: tuple[str, ...]
    says: str


@dataclass(frozen=True)
class Template:
    """One kind of contribution. key: the columns by which a later import replaces an earlier row."""

    kind: str
    title: str
    description: str
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...]
    key: tuple[str, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields)

    @cached_property
    def contract(self) -> str:
        return f"{self.kind}/1"

    @cached_property
    def table(self) -> Table:
        """The table of accepted rows."""
        columns = tuple(field.column for field in self.fields) + PROVENANCE
        return Table(self.kind, self.title, self.description, columns, self.key)


def _text(name: str, description: str, *, nullable: bool = False, pattern: str = "", allowed: tuple[str, ...] = (),
          dimension: bool = False) -> Column:
    return Column(name, "string", "dimension" if dimension else "attribute", description, nullable=nullable,
                  pattern=pattern, allowed=allowed)


def _number(name: str, description: str, *, nullable: bool = False) -> Column:
    return Column(name, "float64", "measure", description, nullable=nullable)


def _year(name: str, description: str) -> Column:
    return replace(TIME_PERIOD, name=name, description=description)


# Publisher, terms and URL: required of every row, in the row or once for the file.
def _common(kind: str) -> tuple[Field, ...]:
    return (
        Field(_text("evidence", "Public page or document in which the row can be read: an https address.",
                    pattern="^https://"), "https://example.org/report-2025.pdf", "link", per_file=True),
        Field(_text("contributor", "Organisation that sends the row.", dimension=True), "Example Foundation", per_file=True),
        Field(_text("contact", "Whom to ask: an e-mail address, best a role's such as data@, or an https address. Not published without consent; a person's never.",
                    pattern=r"^([^\s@]+@[^\s@]+\.[^\s@]+|https://\S+)$"), "data@example.org", per_file=True),
        Field(_text("consent", "yes: whom the contact names agrees that it is published, if it is a role's mailbox or a web page. "
                    "no or blank: the contact stays with this office.", nullable=True, allowed=("yes", "no")),
              "yes", per_file=True, optional=True),
        Field(_text("licence", "Terms under which the row may be passed on.", allowed=tuple(LICENCES)),
              "CC-BY-4.0", per_file=True),
        Field(_text("contract", "The edition of this template. Writing it says: the row is ours to give, and may be published "
                    "with the organisation's name.", allowed=(f"{kind}/1",)), f"{kind}/1", per_file=True),
    )


PROVENANCE = (
    SNAPSHOT,
    Column("row", "int32", "attribute", "Row in the file, the header being row 1.", minimum=2),
    Column("imported_at", "timestamp", "attribute", "When the file was imported, UTC."),
    Column("imported_by", "string", "attribute", "Who imported it."),
)

PLEDGE = Template(
    "pledge", "Pledges", "One pledge by an organisation or a government, as it states it. A pledge is not a result.",
    (
        Field(_text("pledge_id", "Your own lasting id of the pledge; a later file replaces the row of this id.",
                    pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$", dimension=True), "EX-2024-01"),
        Field(_text("who", "Who pledged."), "Example Foundation"),
        Field(_text("what", "What was pledged, in the pledger's words."), "Connect 1,000 schools in Kenya.", long=True),
        Field(_text("target", "Id of the target that the pledge serves.", nullable=True,
                    pattern=r"^[A-Z][A-Z0-9]*-[A-Za-z0-9]+(\.[A-Za-z0-9]+)*(/[0-9]+(\.[A-Za-z0-9]+)*)?$"), "U-12", "target"),
        Field(_text("indicator", "Id of the indicator that the pledge serves.", nullable=True,
                    pattern=r"^[a-z][a-z0-9_]*$"), "schools_internet", "indicator"),
        Field(_number("amount", "How much was pledged.", nullable=True), "1000"),
        Field(_text("unit", "Unit of the amount: a code of the sheet `codes`.", nullable=True,
                    pattern=r"^[A-Z][A-Z0-9_]*$"), "NUMBER", "unit"),
        Field(_year("year_made", "Year in which the pledge was made."), "2024"),
        Field(_text("deadline", "By when: a year, or a date written YYYY-MM-DD.", nullable=True,
                    pattern=r"^[0-9]{4}(-[0-9]{2}-[0-9]{2})?$"), "2030", "date"),
        *_common("pledge"),
    ),
    (
        Rule("any_of", ("target", "indicator"), "a pledge names a target, an indicator, or both"),
        Rule("together", ("amount", "unit"), "an amount has a unit, and a unit an amount"),
        Rule("not_before", ("deadline", "year_made"), "a deadline is not before the year in which the pledge was made"),
    ),
    ("contributor", "pledge_id"))

NATIONAL_FIGURE = Template(
    "national_figure", "National figures",
    "One figure of a country from a national authority. Kept apart from the agencies' figures, and never mixed with them.",
    (
        Field(_text("indicator", "Id of the indicator.", nullable=True, dimension=True,
                    pattern=r"^[a-z][a-z0-9_]*$"), "internet_use", "indicator"),
        Field(replace(SOURCE, nullable=True, description="Id of the source whose series this is a figure of, in place of an "
                      "indicator."), "", "source"),
        Field(_text("series", "The agency's own code of the series, in place of an indicator.", nullable=True, dimension=True,
                    pattern=r"^[^\s;][^;\r\n]*$"), "", "series"),
        Field(_text("ref_area", "ISO 3166-1 alpha-3 code of the country or territory. Names are not read.", dimension=True,
                    pattern=r"^[A-Z]{3}$"), "KEN", "area"),
        Field(replace(TIME_PERIOD, description="Calendar year that the figure is of."), "2024"),
        Field(replace(SEX, pattern="", allowed=("_T", "F", "M")), "_T"),
        Field(replace(AGE, pattern=r"^(_T|Y[0-9]{1,3}(T[0-9]{1,3})?|Y_(GE|LT)[0-9]{1,3})$"), "_T"),
        Field(replace(URBANISATION, pattern="", allowed=("_T", "U", "R")), "_T"),
        Field(QUANTILE, "_T"), Field(EDUCATION, "_T"), Field(OTHER_DIMS, "_T", "dims"),
        Field(_number("value", "The figure; blank only where obs_status says that it is missing.", nullable=True), "35.0"),
        Field(_text("unit", "Unit of the figure: a code of the sheet `codes`.", pattern=r"^[A-Z][A-Z0-9_]*$"), "PT", "unit"),
        Field(_text("obs_status", "What kind of figure it is.", allowed=tuple(STATUSES)), "A"),
        Field(_text("source_detail", "Survey, census or register, and its year."), "Household survey 2024", long=True),
        *_common("national_figure"),
    ),
    (
        Rule("exactly_one_of", ("indicator", "series"), "a figure is of an indicator or of a series, not of both"),
        Rule("together", ("source", "series"), "a series is named with its source, and a source with a series"),
        Rule("value_or_missing", ("value", "obs_status"),
             f"a figure has a value, or a status that says it is missing ({', '.join(MISSING_STATUSES)}); never both"),
    ),
    ("contributor", "indicator", "source", "series", "ref_area", "time_period", "sex", "age", "urbanisation", "quantile",
     "education", "other_dims"))

CORPORATE_DISCLOSURE = Template(
    "corporate_disclosure", "Corporate disclosures",
    "What one company discloses on one of the 21 core Stakeholder Capitalism Metrics of the World Economic Forum for one year. "
    "Figures of companies, never mixed with those of countries.",
    (
        Field(_text("company", "Legal name of the company."), "Example Industries plc"),
        Field(_text("lei", "Legal Entity Identifier (ISO 17442), 20 characters: names are not unique, and change.",
                    pattern=r"^[A-Z0-9]{18}[0-9]{2}$", dimension=True), "00EXAMPLECOMPANY0014", "lei"),
        Field(_text("country", "Country of registration, ISO 3166-1 alpha-3. Names are not read.", pattern=r"^[A-Z]{3}$"),
              "KEN", "area"),
        Field(_year("year", "Year in which the reporting period ends."), "2024"),
        Field(_text("metric", "Id of the metric: a code of the sheet `codes`.", pattern=r"^(GOV|PLA|PEO|PRO)-C[1-6]$",
                    dimension=True), "PLA-C1", "metric"),
        Field(_text("breakdown", "Which part of the metric (Scope 1, women, injuries), in your words; _T for the whole.",
                    dimension=True), "Scope 1"),
        Field(_number("value", "The figure disclosed.", nullable=True), "1250.5"),
        Field(_text("unit", "Unit of the value: one of those that the sheet `codes` has for the metric.", nullable=True,
                    pattern=r"^[A-Z][A-Z0-9_]*$"), "T_CO2E", "unit"),
        Field(_text("text", "What is disclosed in words, or what a reader of the value must know.", nullable=True), "",
              long=True),
        *_common("corporate_disclosure"),
    ),
    (
        Rule("any_of", ("value", "text"), "a disclosure has a value, a text, or both"),
        Rule("together", ("value", "unit"), "a value has a unit, and a unit a value"),
        Rule("unit_of_metric", ("unit", "metric"), "the unit is one that the list of metrics has for the metric"),
    ),
    ("contributor", "lei", "year", "metric", "breakdown"))

TEMPLATES = {template.kind: template for template in (PLEDGE, NATIONAL_FIGURE, CORPORATE_DISCLOSURE)}
