"""Computation: evaluation of indicators, SQL models, checks, and verified releases.

This package sends no request to an agency, validates no definition file and schedules nothing. To read a
release: `from warehouse import Release`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from warehouse.client.release import Release as Release
    from warehouse.client.result import Result as Result

__all__ = ["Release", "Result"]


def __getattr__(name: str) -> Any:
    """Import `Release` and `Result` on first use (PEP 562)."""
    if name == "Release":
        from warehouse.client.release import Release

        return Release
    if name == "Result":
        from warehouse.client.result import Result

        return Result
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
