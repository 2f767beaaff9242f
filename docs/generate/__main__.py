"""Writes every generated file of the checkout, or checks that none is stale."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from docs.generate import (
    backtest,
    benchmarks,
    cases,
    cli,
    coverage,
    field_reference,
    formula_reference,
    json_schemas,
    methods,
    notebooks,
    settings,
    sources,
    tables,
    targets,
    translations,
)

CHECKOUT = Path(__file__).resolve().parents[2]
Generator = Callable[[], dict[Path, str]]
GENERATORS: tuple[Generator, ...] = (
    backtest.files,
    benchmarks.files,
    cli.files,
    coverage.files,
    field_reference.files,
    formula_reference.files,
    json_schemas.files,
    methods.files,
    settings.files,
    sources.files,
    tables.files,
    targets.files,
    translations.files,
)


def generated(generators: Sequence[Generator] = GENERATORS) -> dict[Path, str]:
    """Return the text of every generated file by its path in the checkout."""
    return {path: text for files in generators for path, text in files().items()}


def stale(files: dict[Path, str]) -> list[Path]:
    """Return the paths with a missing or outdated file."""
    return [path for path, text in files.items() if _read(CHECKOUT / path) != text]


def orphans(files: Iterable[Path]) -> list[Path]:
    """Return pages with a generator's mark that no generator writes any more."""
    present = (path.relative_to(CHECKOUT) for path in (CHECKOUT / "docs" / "methods").glob("*.md"))
    written = set(files)
    return [
        path
        for path in present
        if path not in written and methods.MARK in (CHECKOUT / path).read_text("utf-8")
    ]


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def main(arguments: list[str] | None = None, generators: Sequence[Generator] = GENERATORS) -> int:
    """Run the command. Exit code 1 if `--check` finds a stale file."""
    parser = argparse.ArgumentParser(prog="python -m docs.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file is stale")
    parser.add_argument(
        "--release",
        type=Path,
        help="count the indicators with values, and show the cases, of this release folder",
    )
    options = parser.parse_args(arguments)
    files = generated(generators)
    if options.release:
        files |= coverage.files(options.release) | cases.files(options.release)
        files |= notebooks.files(options.release)
    outdated, removed = stale(files), orphans(files)
    if options.check:
        for path in [*outdated, *removed]:
            print(f"{path}: stale; run `python -m docs.generate`", file=sys.stderr)
        return 1 if outdated or removed else 0
    for path in outdated:
        (CHECKOUT / path).parent.mkdir(parents=True, exist_ok=True)
        (CHECKOUT / path).write_text(files[path], encoding="utf-8")
        print(path)
    for path in removed:
        (CHECKOUT / path).unlink()
        print(f"{path} removed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
