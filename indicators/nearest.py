"""The nearest known names, for the hint of a message. Areas have a separate search,
warehouse/query/areas.py.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection


def did_you_mean(word: str, known: Collection[str], otherwise: str) -> str:
    folded = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), folded, 1, 0.7)
    return f"did you mean {folded[near[0]]}? Otherwise {otherwise}" if near else otherwise
