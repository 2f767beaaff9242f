"""What needs no verb: overview, version, completion. `compact` begins here, so that these import little."""

from __future__ import annotations

import sys

PROGRAM = "compact-tracker"


def main() -> None:
    """Answer what needs no verb, or hand over to the command line."""
    answered(sys.argv[1:])
    from pipelines.cli.app import main as run

    run()


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
