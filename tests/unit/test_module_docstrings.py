"""Modules are short, documented, and name only files that exist."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGES = ("schemas", "sources", "indicators", "warehouse", "reports", "pipelines", "docs/generate")
NAMED = re.compile(r"[\w./-]*\b[a-z_]+\.(?:py|sql|typ)\b")
MODULES = sorted(path for package in PACKAGES for path in (CHECKOUT / package).rglob("*.py"))


def _exists(name: str, module: Path) -> bool:
    """Beside the module, below its folder's package, or from the top of the checkout."""
    places = (module.parent, module.parent.parent, CHECKOUT)
    return any((place / name).exists() for place in places)


@pytest.mark.parametrize("package", PACKAGES)
def test_files_named_in_docstrings_exist(package: str) -> None:
    missing = [
        f"{module.relative_to(CHECKOUT)}: {name}"
        for module in MODULES
        if module.is_relative_to(CHECKOUT / package)
        for name in NAMED.findall(ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or "")
        if not _exists(name, module)
    ]
    assert missing == []


@pytest.mark.parametrize("package", PACKAGES)
def test_modules_are_short_and_documented(package: str) -> None:
    """At most 300 lines; a docstring that says what lives there."""
    modules = [module for module in MODULES if module.is_relative_to(CHECKOUT / package)]
    lengths = {m.relative_to(CHECKOUT).as_posix(): len(m.read_text("utf-8").splitlines()) for m in modules}
    assert {name: lines for name, lines in lengths.items() if lines > 300} == {}
    silent = [
        module.relative_to(CHECKOUT).as_posix()
        for module in modules
        if module.name != "__init__.py"
        and not ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))
    ]
    assert silent == []


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_say_what_they_hold_and_export_what_exists(package: str) -> None:
    """Each package has a docstring; each public name is one of a module, imported on first use."""
    for init in sorted((CHECKOUT / package).rglob("__init__.py")):
        assert ast.get_docstring(ast.parse(init.read_text(encoding="utf-8"))), init
        name = init.parent.relative_to(CHECKOUT).as_posix().replace("/", ".")
        module = importlib.import_module(name)
        assert [one for one in getattr(module, "__all__", ()) if not hasattr(module, one)] == []
