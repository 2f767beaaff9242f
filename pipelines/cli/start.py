"""The entry point of `compact`: replies at once where no verb is needed, else runs the command line
(app.py).
"""

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
ALLOCATIONS = 20_000  # allocations between two garbage collections; Python's 700 cost imports a tenth


def main() -> None:
    """Reply without a verb, or run the command line."""
    gc.set_threshold(ALLOCATIONS)
    answered(sys.argv[1:])
    from pipelines.cli.app import main as run  # imports Typer: only where a verb is named

    try:
        run()
    except SystemExit as end:
        if sys.argv[1] in READING and isinstance(end.code, int):
            _leave(end.code)
        raise


def _leave(code: int) -> None:
    """End the process of a read-only verb without tearing down its modules.

    Teardown costs as much as the reply, and nothing is left to write.
    """
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:  # the reader of the output is gone
        code = code or 1
    os._exit(code)
