"""Public names of a package, imported on first use (PEP 562): read-only commands import little."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


def lazy_exports(package: str, **modules: str) -> tuple[Callable[[str], Any], list[str]]:
    """Return the `__getattr__` and `__all__` of a package.

    Args:
        package: Its `__name__`.
        modules: Each module of the package to its public names, separated by spaces.

    Raises:
        AttributeError: From `__getattr__`, for a name that is not public.
    """
    module_of = {name: module for module, names in modules.items() for name in names.split()}

    def __getattr__(name: str) -> Any:  # noqa: N807 - the name that Python looks for in a module
        if name not in module_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{module_of[name]}"), name)

    return __getattr__, sorted(module_of)
