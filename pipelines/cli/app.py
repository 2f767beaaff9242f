"""`compact`: the command line. Finds the verb, imports it alone, turns problems into messages and exit codes.

The verbs are listed in verbs.py. `--help`, `--version` and completion import neither Typer nor a verb.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from importlib import import_module
from types import FrameType
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from pipelines.cli.quick import answered, version
from pipelines.cli.verbs import VERBS, overview
from pipelines.console.output import UNBOUNDED, note, use_any_encoding
from sources.settings import compact_home, debug_is_on, switch_debug_on

INTERRUPTED, TERMINATED = 130, 143
DAGSTER_INTERRUPTED = "DagsterExecutionInterruptedError"  # by name: Dagster takes a second to import
stopped_by: list[int] = []  # the signals that asked this process to end


class _Commands(Mapping[str, Any]):
    """The verbs as commands, each made when it is asked for."""

    def __getitem__(self, name: str) -> Any:
        verb = VERBS[name]
        found = getattr(import_module(verb.module), verb.function)
        if isinstance(found, typer.Typer):
            command = get_command(found)
            command.name = name
        else:
            alone = typer.Typer(add_completion=False, rich_markup_mode=None)
            alone.command(name, hidden=verb.hidden)(found)
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
    """Holds --wide, which every verb has that prints a table."""


def _wide() -> Any:
    """The option --wide, which is handled before its verb and not passed on to it."""
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    alone.command()(_holder)
    (made,) = (one for one in get_command(alone).params if one.name == "wide")
    made.expose_value = False
    return made


class VerbGroup(TyperGroup):
    """The verbs in their groups; help is that of verbs.py."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = _Commands()  # type: ignore[assignment]

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """The verbs in the order of use."""
        return list(VERBS)

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Write the overview."""
        formatter.write(overview() + "\n")


app = typer.Typer(
    cls=VerbGroup,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _print_version(value: bool) -> None:
    if value:
        print(f"compact {version()}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    version: Annotated[  # noqa: ARG001
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options before the verb."""
    context.obj = {"debug": debug}
    if debug:
        switch_debug_on()


def main() -> None:
    """Run a verb; a problem of ours is printed as such, without a traceback, and means exit code 2."""
    from schemas.errors import CompactError, DefinitionError

    use_any_encoding()
    answered(sys.argv[1:])
    os.environ.pop(UNBOUNDED, None)
    before = _listen()
    try:
        compact_home()  # raises for an address
        app()
    except CompactError as problem:
        if debug_is_on():
            traceback.print_exc()
        note(str(problem))
        sys.exit(1 if isinstance(problem, DefinitionError) else 2)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        _ended()
    except SystemExit as end:
        if end.code == INTERRUPTED:
            _ended()
        raise
    except Exception as error:
        from pipelines.steps.system_errors import system_fault

        if stopped_by:
            _ended()
        if debug_is_on() or (fault := system_fault(error, compact_home())) is None:
            raise
        note(str(fault))
        sys.exit(2)
    except BaseException as error:
        if stopped_by or type(error).__name__ == DAGSTER_INTERRUPTED:
            _ended()
        raise
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def _listen() -> Any:
    """Let SIGTERM end a verb as Ctrl-C does: what is open is closed, and the run is recorded as stopped.

    Returns what was to happen before, or None where nothing was changed.
    """

    def stop(number: int, _frame: FrameType | None) -> None:
        stopped_by.append(number)
        raise KeyboardInterrupt

    stopped_by.clear()
    main_thread = threading.current_thread() is threading.main_thread()
    if main_thread and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        return signal.signal(signal.SIGTERM, stop)
    return None


def _ended() -> None:
    """One line on how it ended, and the exit code of the signal."""
    by_request = signal.SIGTERM in stopped_by
    note("Stopped by SIGTERM." if by_request else "Interrupted.")
    sys.exit(TERMINATED if by_request else INTERRUPTED)
