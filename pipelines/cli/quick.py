"""Replies that need no verb: overview, version and completion. They import little."""

from __future__ import annotations

import sys

PROGRAM = "compact-tracker"


def answered(words: list[str]) -> None:
    """Print the reply and exit if the arguments name no verb; otherwise do nothing."""
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


def version() -> str:
    """Return the version of the installed package."""
    from importlib.metadata import version as installed

    return installed(PROGRAM)
