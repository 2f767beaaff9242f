"""How many indicators each objective has: the table of README.md that this module writes.

`python -m docs.generate.coverage [RELEASE]` puts it between its markers. The indicators, and those with a
target, are counted in the definition files; how many have values is read from the table `coverage` of a
release and stays as it was where none is given. Nothing here computes a value.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from indicators.registry import load_catalogue
from indicators.validation import frameworks
from schemas.definitions.indicator import Indicator

README = Path(__file__).resolve().parents[2] / "README.md"
BEGIN = "<!-- coverage by objective: written by python -m docs.generate.coverage -->"
END = "<!-- end -->"
PARTS = {
    "compact_brief": "Policy brief (2023)",
    "compact_adopted": "Adopted Compact (2024)",
    "esg": "Sovereign ESG data",
}
HEAD = "| objective | indicators | with a target | with values |\n|---|---|---|---|\n"


@dataclass(frozen=True)
class Row:
    """One objective. with_values: None where no release says it."""

    framework: str
    code: str
    title: str
    indicators: int
    with_target: int
    with_values: int | None


def coverage_rows(
    catalogue: Mapping[str, Indicator], with_values: Collection[str] | None = None
) -> list[Row]:
    """One row for each objective of the brief and of the adopted Compact, and for each pillar of the
    Sovereign ESG set, in their order. An indicator counts once in each framework that its file names.

    with_values: the indicators that have a value in a release, or None.
    """
    rows = []
    for framework in PARTS:
        for code, title in frameworks()[framework]["codes"].items():
            ids = [i for i, made in catalogue.items() if _belongs(made, framework, code)]
            targets = sum(catalogue[i].target is not None for i in ids)
            found = None if with_values is None else len(set(ids) & set(with_values))
            rows.append(Row(framework, code, title, len(ids), targets, found))
    return rows


def _belongs(indicator: Indicator, framework: str, code: str) -> bool:
    """Of the ESG pillars only what the Bank's own set holds counts, which is what has a theme of it."""
    if framework == "esg" and "esg_theme" not in indicator.frameworks:
        return False
    return str(indicator.frameworks.get(framework)) == code


def indicators_with_values(release: Path) -> set[str]:
    """The indicators that have at least one value in a release folder."""
    import duckdb

    found = duckdb.read_parquet(str(release / "coverage.parquet")).filter("latest_year is not null")
    return {str(indicator) for (indicator,) in found.project("indicator").distinct().fetchall()}


def table(rows: Iterable[Row]) -> str:
    """The rows as Markdown; a number of values that is not known is left blank."""
    return HEAD + "".join(
        f"| {_objective(row)} | {row.indicators} | {row.with_target} "
        f"| {'' if row.with_values is None else row.with_values} |\n"
        for row in rows
    )


def _objective(row: Row) -> str:
    code = "" if row.framework == "esg" else f" {row.code}"
    return f"{PARTS[row.framework]}{code}: {row.title}"


def cells(page: str) -> list[list[str]]:
    """The cells of the table that stands in a page, row by row, without its head."""
    inside = page.split(BEGIN, 1)[1].split(END, 1)[0]
    lines = [line for line in inside.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def with_table(page: str, rows: Iterable[Row]) -> str:
    """The page with the table between its markers; a number of values stays where none is known."""
    before = {objective: values for objective, _, _, values in cells(page)}
    kept = [
        replace(row, with_values=int(old))
        if row.with_values is None and (old := before.get(_objective(row)))
        else row
        for row in rows
    ]
    head, rest = page.split(BEGIN, 1)
    return f"{head}{BEGIN}\n{table(kept)}{END}{rest.split(END, 1)[1]}"


def main(arguments: list[str]) -> None:
    """Writes README.md. arguments: nothing, or the folder of one release."""
    values = indicators_with_values(Path(arguments[0])) if arguments else None
    rows = coverage_rows(load_catalogue(), values)
    README.write_text(with_table(README.read_text(encoding="utf-8"), rows), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
