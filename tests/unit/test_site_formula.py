"""Formulas as the pages draw them."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from reports.site.drawing.mathml import mathml

DRAWN = {
    "female / male": "<mfrac><mi>female</mi><mi>male</mi></mfrac>",
    "100 * (a - b) / c_d": "<mfrac><mrow><mn>100</mn><mo>×</mo><mrow><mo>(</mo><mrow><mi>a</mi><mo>−</mo>"
    "<mi>b</mi></mrow><mo>)</mo></mrow></mrow><mi>c d</mi></mfrac>",
    "(a + b) / (c + d)": "<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mrow><mi>c</mi><mo>+</mo>"
    "<mi>d</mi></mrow></mfrac>",
    "a / nullif(b, 0)": "<mfrac><mi>a</mi><mi>b</mi></mfrac>",
    "-a": "<mrow><mo>−</mo><mi>a</mi></mrow>",
    "moving_average(a, 3)": "<mrow><mi>moving_average</mi><mo>(</mo><mi>a</mi><mo>,</mo>"
    "<mn>3</mn><mo>)</mo></mrow>",
}


@pytest.mark.parametrize("formula", list(DRAWN))
def test_arithmetic_is_drawn_as_mathematics(formula: str) -> None:
    drawn = mathml(formula)
    assert drawn == f'<math display="block">{DRAWN[formula]}</math>'
    assert ElementTree.fromstring(drawn).tag == "math"  # noqa: S314  our own text


@pytest.mark.parametrize(
    "formula",
    [
        "value",
        "case when value > 1000 then 1 else value end",
        "a +",
        "a || '<script>'",
        "a = 1",
        "a + " * 90 + "a",
    ],
)
def test_what_is_more_than_arithmetic_stays_text(formula: str) -> None:
    assert mathml(formula) == ""


def test_coalesce_is_a_call_of_all_its_arguments() -> None:
    assert mathml("coalesce(a, b + c)").count("<mi>") == 4
