"""What needs no verb: overview, version, completion. They import little."""

from __future__ import annotations

import sys

PROGRAM = "compact-tracker"


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


def version() -> str:
    """The version of the installed package."""
    from importlib.metadata import version as installed

    return installed(PROGRAM)
