"""docs/targets.md, made from the files of targets. `python -m indicators.target_docs` writes it.

A test says when it is out of date. How a target stood at its deadline depends on the data: that is in the
table `target` of a release, not here.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from indicators.targets import load_commitments
from schemas.definitions.targets import Commitment, CommitmentFile

PAGE = Path(__file__).resolve().parents[2] / "docs" / "targets.md"
STATUSES = ("measured", "proxy", "milestone", "not_measurable")
HEAD = """# Targets, claims and commitments

Generated from `indicators/catalogue/targets` by `python -m indicators.target_docs`; do not edit.
All {number} that the tracker follows, those that nobody can measure among them: that is part of the message.
Every one has its owner, since the adopted Compact itself sets almost no number. What the statuses mean and
how a deadline is judged is in [methods/targets.md](methods/targets.md); how each stands
is in `target.parquet` and `deadline.parquet` of a release.

"""


def targets_page() -> str:
    """The whole page as Markdown."""
    files = load_commitments().targets
    number = sum(len(file.targets) for file in files)
    return HEAD.format(number=number) + _summary(files) + "".join(map(_section, files))


def _summary(files: list[CommitmentFile]) -> str:
    lines = [f"| owner | all | {' | '.join(STATUSES)} |", "|---|---|---|---|---|---|"]
    every: Counter[str] = Counter()
    for file in files:
        found: Counter[str] = Counter(target.status for target in file.targets)
        every.update(found)
        lines.append(_counts(file.owner, found))
    return "\n".join([*lines, _counts("**all**", every)]) + "\n"


def _counts(owner: str, found: Counter[str]) -> str:
    cells = [owner, str(found.total()), *(str(found[status]) for status in STATUSES)]
    return f"| {' | '.join(cells)} |"


def _section(file: CommitmentFile) -> str:
    rows = "".join(f"| {' | '.join(_cells(target))} |\n" for target in file.targets)
    return (
        f"\n## {file.owner}\n{file.document}.\n\n"
        "| id | where | target | status | indicators | value | by | why |\n"
        "|---|---|---|---|---|---|---|---|\n"
        f"{rows}"
    )


def _cells(target: Commitment) -> list[str]:
    value = "" if target.value is None else f"{target.value:,.10g} {target.unit}"
    event = target.milestone
    said = f" {event.state.replace('_', ' ')} ({event.date}): {event.source}" if event else ""
    text = f"“{target.text}”" if target.quoted else target.text
    cells = [
        target.id,
        target.reference,
        text,
        target.status.replace("_", " "),
        ", ".join(f"`{name}`" for name in target.indicators),
        value,
        str(target.year or ""),
        f"{target.reason}{said}",
    ]
    return [cell.replace("|", "\\|") for cell in cells]


if __name__ == "__main__":
    PAGE.write_text(targets_page(), encoding="utf-8")
