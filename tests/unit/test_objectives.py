"""Every objective of the policy brief and of the adopted Compact is measured directly by some indicator."""

from __future__ import annotations

import pytest

from indicators.registry import load_catalogue
from indicators.validation import frameworks

FEWEST = 3  # direct indicators that an objective has, or its page says why not
OBJECTIVES = [
    (framework, str(code))
    for framework in ("compact_brief", "compact_adopted")
    for code in frameworks()[framework]["codes"]
]


def direct(framework: str, code: str) -> list[str]:
    """The indicators that measure a part of a framework directly."""
    catalogue = load_catalogue()
    return sorted(
        name
        for name in catalogue
        if str(catalogue[name].frameworks.get(framework)) == code
        and (link := catalogue[name].links.get(framework)) is not None  # type: ignore[call-overload]
        and link.direct
    )


@pytest.mark.parametrize(("framework", "code"), OBJECTIVES)
def test_an_objective_has_three_direct_indicators(framework: str, code: str) -> None:
    assert len(direct(framework, code)) >= FEWEST
