"""How it is computed: evaluation of indicators, SQL models, checks, and the release with its proof.

Nothing here asks an agency for anything, judges a definition file or knows when it is run. To read a release:
`from warehouse import Release`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from warehouse.client.release import Release as Release
    from warehouse.client.result import Result as Result

__all__ = ["Release", "Result"]


def __getattr__(name: str) -> Any:
    """`Release` and `Result`, imported when they are first used (PEP 562)."""
    if name == "Release":
        from warehouse.client.release import Release

        return Release
    if name == "Result":
        from warehouse.client.result import Result

        return Result
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
