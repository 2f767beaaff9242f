"""Settings and formulas that look valid but are not: plain http to another machine, a logarithm with a
second argument.
"""

from __future__ import annotations

import pytest

from indicators.formula.parser import check_formula, formula_sql
from schemas.errors import CompactError
from sources.settings import url_override


@pytest.mark.parametrize(
    "url", ["http://mirror.example.org/v2", "http://192.0.2.7:8080", "http://127.0.0.1.example"]
)
def test_plain_http_to_another_machine_has_to_be_allowed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPACT_URL_WORLDBANK_WDI", url)
    monkeypatch.delenv("COMPACT_ALLOW_INSECURE", raising=False)
    with pytest.raises(CompactError) as caught:
        url_override("worldbank_wdi")
    assert caught.value.where == "COMPACT_URL_WORLDBANK_WDI"
    monkeypatch.setenv("COMPACT_ALLOW_INSECURE", "1")
    assert url_override("worldbank_wdi") == url


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000", "http://localhost/x", "http://[::1]:1", "https://a.example"]
)
def test_https_and_this_machine_need_no_permission(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPACT_URL_WORLDBANK_WDI", url)
    monkeypatch.delenv("COMPACT_ALLOW_INSECURE", raising=False)
    assert url_override("worldbank_wdi") == url


@pytest.mark.parametrize("formula", ["log10(a, b)", "a + LOG10 (a, 2)", "sqrt(log10(abs(a), b))"])
def test_log10_has_one_argument(formula: str) -> None:
    (fault,) = check_formula(formula, ["a", "b"])
    assert fault.allowed == "log10(x)"


def test_log10_of_an_expression_with_commas_inside_is_one_argument() -> None:
    assert check_formula("log10(greatest(a, b))", ["a", "b"]) == []
    assert "log10" in formula_sql("log10(greatest(a, b))", ["a", "b"])
