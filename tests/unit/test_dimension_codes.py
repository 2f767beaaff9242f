"""The codes by which an input selects rows: only those of the code lists and of the source's map."""

from __future__ import annotations

import pytest

from indicators.dimension_codes import LISTED, code_findings
from schemas.codelists.code_names import age_words
from schemas.codelists.reader import read_codelist
from schemas.definitions.indicator import Input
from sources.registry.sources import SOURCES
from sources.staging.lookups import is_own_code


def told(source: str, where: dict[str, str]) -> list[tuple[str, str]]:
    item = Input(source=source, series="S", where=where)  # type: ignore[arg-type]
    return [(what, step) for _, what, _, step in code_findings(item, ("inputs", 0), SOURCES)]


@pytest.mark.parametrize(
    ("source", "where", "what"),
    [
        ("world_factbook", {"age": "Y15T24"}, "world_factbook has no dimension age"),
        ("worldbank_pip", {"other_dims": "WELFARE=income"}, "worldbank_pip has no dimension WELFARE"),
        ("unsd_sdg", {"age": "Y24T15"}, "no input has a code Y24T15 of age"),
        ("unsd_sdg", {"quantile": "Q6"}, "no input has a code Q6 of quantile"),
        ("wid", {"quantile": "p99p101"}, "no input has a code p99p101 of quantile"),
    ],
)
def test_what_no_input_has_is_refused_with_the_next_step(
    source: str, where: dict[str, str], what: str
) -> None:
    ((result, step),) = told(source, where)
    assert result == what
    assert step


@pytest.mark.parametrize(
    ("source", "where"),
    [
        ("unsd_sdg", {"age": "Y_GE15", "sex": "F"}),
        ("unsd_sdg", {"age": "Y30T70"}),  # of the source's own map alone
        ("unsd_sdg", {"education": "PRIMAR"}),
        ("wid", {"quantile": "p99p100"}),
        ("worldbank_pip", {"other_dims": "WELFARE_TYPE=income"}),
    ],
)
def test_what_a_source_has_is_accepted(source: str, where: dict[str, str]) -> None:
    assert told(source, where) == []


def test_every_listed_code_has_the_form_that_staging_accepts_and_says_where_it_is_from() -> None:
    rows = [row for row in read_codelist("code_names") if row["codelist"] in LISTED]
    for row in rows:
        assert is_own_code(row["codelist"], row["code"]), row
        assert row["origin"], row
    ages = {row["code"]: row["name"] for row in rows if row["codelist"] == "age" and row["code"][0] != "_"}
    assert ages == {code: age_words(code) for code in ages}
