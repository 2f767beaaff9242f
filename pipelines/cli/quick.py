"""What needs no verb: overview, version, completion. `compact` begins here, so that these import little."""

from __future__ import annotations

import gc
import os
import sys

PROGRAM = "compact-tracker"
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
    from pipelines.cli.app import main as run

    try:
        run()
    except SystemExit as end:
        if sys.argv[1] in READING and isinstance(end.code, int):
            _leave(end.code)
        raise


def answered(words: list[str]) -> None:
    """Answer what needs no verb, and exit; nothing for other words."""
    if not words or words in (["--help"], ["help"]):
        from pipelines.cli.verbs import overview

        print(overview())
        sys.exit(0 if words else 2)
    if words == ["--version"]:
        print(f"compact {version()}")
        sys.exit(0)
    if words[:2] == ["completion", "--words"]:
        from pipelines.cli.operate.words import candidates

        print("\n".join(candidates(words[2:])))
        sys.exit(0)


def _leave(code: int) -> None:
    """End the process of a verb that only read, without taking its modules apart: that costs as much as the
    answer, and there is nothing left to write."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:  # who read the answer is gone
        code = code or 1
    os._exit(code)


def version() -> str:
    """The version of the installed package."""
    from importlib.metadata import version as installed

    return installed(PROGRAM)
