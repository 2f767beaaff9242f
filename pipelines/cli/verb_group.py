"""The verbs as Typer commands, each imported on first use.

The list of verbs is in verbs.py; the work before and after a verb is in app.py.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from pipelines.cli.verbs import VERBS, overview
from pipelines.console.output import UNBOUNDED


class _Plain:
    """Pass strings and integers through without conversion. Typer would import pydantic for it, which costs
    as much as the reply. Other types, and their messages, are left to Typer.
    """

    WHOLE = re.compile(r"-?[0-9]{1,9}")

    def __init__(self, parameter: Any) -> None:
        self._annotation = parameter.type_descriptor.annotation
        self._ranged = parameter.type_descriptor.is_ranged
        self._several = parameter.multiple or parameter.nargs == -1
        self._typer = parameter.get_runtime_param

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """Convert the value of a parameter for its verb."""
        if value is None:
            return () if self._several else None
        if self._annotation is str and isinstance(value, str):
            return value
        if self._annotation == list[str] and isinstance(value, list | tuple):
            return list(value)
        if self._annotation is int and not self._ranged and self.WHOLE.fullmatch(str(value)):
            return int(value)
        return self._typer().coerce(value, param=param, ctx=ctx)


def _plainly(parameters: list[Any]) -> list[Any]:
    """Return the parameters of a command, each converted by _Plain."""
    for one in parameters:
        if "get_runtime_param" not in vars(one):
            plain = _Plain(one)
            one.get_runtime_param = lambda plain=plain: plain
    return parameters


class VerbCommand(TyperCommand):
    """A verb as a Typer command."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return arguments and options, including `--help`."""
        return _plainly(super().get_params(ctx))


class _Commands(Mapping[str, Any]):
    """The verbs as commands, each created on first use."""

    def __getitem__(self, name: str) -> Any:
        verb = VERBS[name]
        function = getattr(import_module(verb.module), verb.function)
        if isinstance(function, typer.Typer):
            command = get_command(function)
            command.name = name
        else:
            alone = typer.Typer(add_completion=False, rich_markup_mode=None)
            alone.command(name, cls=VerbCommand, hidden=verb.hidden)(function)
            command = get_command(alone)
            if any("--json" in option.opts for option in command.params):
                command.params.append(_wide())
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(VERBS)

    def __len__(self) -> int:
        return len(VERBS)


def _widen(value: bool) -> None:
    if value:
        os.environ[UNBOUNDED] = "1"


def _holder(
    wide: Annotated[
        bool, typer.Option("--wide", callback=_widen, help="Show every column and character, however wide.")
    ] = False,
) -> None:
    """Set --wide, which every verb that prints a table has."""


def _wide() -> Any:
    """Return the option --wide. It is handled before the verb and not passed to it."""
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    alone.command()(_holder)
    (made,) = (one for one in get_command(alone).params if one.name == "wide")
    made.expose_value = False
    return made


class VerbGroup(TyperGroup):
    """The verbs in their groups; help is that of verbs.py."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = _Commands()  # type: ignore[assignment]

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the options before a verb."""
        return _plainly(super().get_params(ctx))

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """List the commands in the order of use."""
        return list(VERBS)

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Write the overview."""
        formatter.write(overview() + "\n")
