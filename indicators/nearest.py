"""The nearest of the names that there are, for the remedy of a message. Areas have a search of their own,
warehouse/query/areas.py."""

from __future__ import annotations

import difflib
from collections.abc import Collection


def did_you_mean(word: str, known: Collection[str], otherwise: str) -> str:
    folded = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), folded, 1, 0.7)
    return f"did you mean {folded[near[0]]}? Otherwise {otherwise}" if near else otherwise
