"""The `compact` command line: finds the verb, imports its module, turns errors into messages and exit codes.

The verbs are listed in verbs.py. `--help`, `--version` and completion import neither Typer nor a verb.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from types import FrameType
from typing import Annotated, Any

import typer

from pipelines.cli.quick import answered, version
from pipelines.cli.verb_group import VerbGroup
from pipelines.console.output import UNBOUNDED, note, use_any_encoding
from sources.settings import compact_home, debug_is_on, switch_debug_on

INTERRUPTED, TERMINATED = 130, 143
DAGSTER_INTERRUPTED = "DagsterExecutionInterruptedError"  # by name: Dagster takes a second to import
stopped_by: list[int] = []  # the signals received that end this process


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
    """Run a verb; print a CompactError without a traceback and return exit code 2."""
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
    """Let SIGTERM end a verb as Ctrl-C does: open resources are closed and the run is recorded as stopped.

    Returns the previous signal handler, or None where nothing was changed.
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
    """Return one line on how the verb ended, and the exit code of the signal."""
    by_request = signal.SIGTERM in stopped_by
    note("Stopped by SIGTERM." if by_request else "Interrupted.")
    sys.exit(TERMINATED if by_request else INTERRUPTED)
