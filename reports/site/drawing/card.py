"""The preview image for links to the site: headline, bar of verdicts, name; 1200 by 630 points.

Typeset with Typst, like the briefs, in the colours of the light scheme.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from reports.shared.standing import Standing

TEMPLATE = Path(__file__).with_name("card.typ")
COLOURS: Mapping[str, str] = {
    "met": "#0b3c5d", "very_likely": "#1c6f99", "likely": "#86bcd6", "about_as_likely_as_not": "#ecdca0",
    "unlikely": "#e8a24c", "very_unlikely": "#b5382a", "not_met": "#7a1f2b", "insufficient_data": "#cfd5db",
}  # fmt: skip


def card(headline: str, answer: str, name: str, standing: Standing, language: str) -> bytes:
    """Return the image as PNG."""
    import typst

    bar = [[COLOURS[kind], share] for kind, _, share in standing.bar if kind in COLOURS]
    content = {"headline": headline, "answer": answer, "name": name, "bar": bar, "language": language}
    variables = {"content": json.dumps(content, ensure_ascii=False)}
    return bytes(typst.compile(str(TEMPLATE), format="png", ppi=72.0, sys_inputs=variables))
