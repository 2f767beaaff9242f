"""docs/notebooks: the notebooks with their output on a release (`python -m docs.generate --release FOLDER`).

A cell runs as in Jupyter: its last expression is shown, as HTML or SVG if it has that form. No kernel is
started. Without a release nothing is written; a test compares the cells with the committed pages.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

CHECKOUT = Path(__file__).resolve().parents[2]
NOTEBOOKS = CHECKOUT / "notebooks"
PAGES = Path("docs/notebooks")
NOTE = "*Run on release {release}, with `python -m docs.generate --release FOLDER`. The notebook is `notebooks/{name}.ipynb`.*"


def files(release: Path) -> dict[Path, str]:
    """Return a page for each notebook, and its drawings."""
    found: dict[Path, str] = {}
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        found |= page(path.stem, executed(path, release), release.resolve().name)
    return found


def page(name: str, cells: list[tuple[str, str, str | None]], release: str) -> dict[Path, str]:
    """Return the page of one notebook by its path, with its drawings.

    Args:
        name: of the notebook.
        cells: kind, source and output of each.
        release: id of the release.
    """
    found: dict[Path, str] = {}
    parts = []
    for number, (kind, source, output) in enumerate(cells):
        if kind == "markdown":
            parts.append(source if number else f"{source}\n\n{NOTE.format(release=release, name=name)}")
            continue
        parts.append(f"```python\n{source}\n```")
        if output is None:
            continue
        if output.startswith("<svg"):
            drawing = PAGES / f"{name}-{number:02d}.svg"
            found[drawing] = output + "\n"
            parts.append(f"![{_title(output)}]({drawing.name})")
        else:
            parts.append(output if output.startswith(("<table", "<p")) else f"```text\n{output}\n```")
    found[PAGES / f"{name}.md"] = "\n\n".join(parts) + "\n"
    return found


def executed(path: Path, release: Path) -> list[tuple[str, str, str | None]]:
    """Return kind, source and output of each cell of a notebook that reads a release as the latest."""
    cells = [(cell["cell_type"], "".join(cell["source"])) for cell in json.loads(path.read_text())["cells"]]
    shown: list[tuple[str, str, str | None]] = []
    names: dict[str, Any] = {"__name__": "__main__"}
    with _reading(release):
        for kind, source in cells:
            shown.append((kind, source, _run(source, names) if kind == "code" else None))
    return shown


def _run(source: str, names: dict[str, Any]) -> str | None:
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), names)  # noqa: S102 (a notebook of this checkout)
    if not isinstance(last, ast.Expr):
        return None
    value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)  # noqa: S307
    form = getattr(value, "_repr_html_", None)
    return str(form()) if form else repr(value)


@contextmanager
def _reading(release: Path) -> Iterator[None]:
    """Make `Release.latest()` return a release, and `import charts` the module next to the notebooks."""
    from warehouse import Release

    with (
        mock.patch.object(Release, "latest", classmethod(lambda _cls, _home=None: Release(release))),
        mock.patch.object(sys, "path", [str(NOTEBOOKS), *sys.path]),
    ):
        yield


def _title(svg: str) -> str:
    return svg.partition('aria-label="')[2].partition('"')[0]
