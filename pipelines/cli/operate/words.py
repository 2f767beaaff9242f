"""Candidates for the next word on a command line, for shell completion."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipelines.cli.verbs import VERBS

CHECKOUT = Path(__file__).resolve().parents[3]
OF_INDICATOR = ("about", "show", "data", "rank", "explain", "revisions", "why")
AREA_OPTIONS = ("--area", "--in")


def candidates(words: Sequence[str]) -> list[str]:
    """Return the candidates for the last word.

    Args:
        words: the words after `compact`; the last one is incomplete and may be empty.
    """
    *before, typed = words or [""]
    if not before:
        offered = [verb.name for verb in VERBS.values() if not verb.hidden] + [
            "--help",
            "--version",
            "--debug",
        ]
    elif before[-1] in AREA_OPTIONS:
        offered = _countries()
    elif typed.startswith("-"):
        offered = _options(before[0])
    elif before[0] in OF_INDICATOR:
        offered = _indicators()
    elif before == ["new"]:
        offered = ["indicator", "source"]
    else:
        offered = {"completion": ["bash", "zsh", "fish"], "export": ["sdmx", "lake", "sql"]}.get(
            before[0], []
        )
    return sorted(word for word in offered if word.startswith(typed))


def _indicators() -> list[str]:
    """Return the ids of the catalogue, which are in a release made from this checkout."""
    folder = CHECKOUT / "indicators" / "catalogue"
    return [
        path.stem for path in folder.glob("*/*.yaml") if path.parent.name not in ("frameworks", "targets")
    ]


def _countries() -> list[str]:
    text = (CHECKOUT / "schemas" / "codelists" / "countries.csv").read_text(encoding="utf-8")
    return [line[:3] for line in text.splitlines()[1:]]


def _options(verb: str) -> list[str]:
    from pipelines.cli.verb_group import VerbGroup

    if verb not in VERBS:
        return []
    command = VerbGroup(name="compact").commands[verb]
    return [name for option in command.params for name in option.opts if name.startswith("--")] + ["--help"]
