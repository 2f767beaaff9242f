"""The entry point of `compact`: answers what needs no verb at once, else runs the command line (app.py)."""

from __future__ import annotations

import gc
import os
import sys

from pipelines.cli.quick import answered

READING = frozenset(  # verbs that change nothing
    (
        *("search", "list", "about", "areas", "units", "show", "data", "rank"),
        *("explain", "revisions", "diff", "releases"),
    )
)
ALLOCATIONS = 20_000  # between two passes of the garbage collector; Python's 700 cost imports a tenth


def main() -> None:
    """Answer what needs no verb, or hand over to the command line."""
    gc.set_threshold(ALLOCATIONS)
    answered(sys.argv[1:])
    from pipelines.cli.app import main as run  # imports Typer: only where a verb is meant

    try:
        run()
    except SystemExit as end:
        if sys.argv[1] in READING and isinstance(end.code, int):
            _leave(end.code)
        raise


def _leave(code: int) -> None:
    """End the process of a verb that only read, without taking its modules apart: that costs as much as the
    answer, and there is nothing left to write."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:  # who read the answer is gone
        code = code or 1
    os._exit(code)
