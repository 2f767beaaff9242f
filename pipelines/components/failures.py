"""Converts errors for Dagster: each is recorded in the run log and becomes a failure without a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg

from pipelines.monitoring.run_log import BY, RUN, RunLog
from pipelines.steps.state import RunState
from pipelines.steps.system_errors import system_fault
from schemas.errors import CompactError

FAILED = "red"  # of a run, in the run log


def run_log(context: dg.AssetExecutionContext, run: RunState) -> RunLog:
    """Return the log of the run that a step belongs to."""
    return RunLog(run.context.home, context.run.tags.get(RUN, context.run.run_id))


@contextmanager
def step(
    context: dg.AssetExecutionContext, run: RunState, event: str, **facts: Any
) -> Iterator[dict[str, Any]]:
    """Log a step when it ends; raise a CompactError or a system fault as dg.Failure.

    Entries put into the dictionary are logged too.
    """
    log = run_log(context, run)
    try:
        with log.step(event, **facts) as logged:
            yield logged
    except CompactError as problem:
        raise failure(context, run, problem) from None
    except Exception as error:
        if fault := system_fault(error, run.context.home):
            raise failure(context, run, fault) from error
        raise


def failure(context: dg.AssetExecutionContext, run: RunState, problem: CompactError) -> dg.Failure:
    """Convert an error to a dg.Failure; retry only if the error is transient.

    Records the failure in the run log, unless the CLI records the whole run.
    """
    run.note(problem)
    if context.run.tags.get(BY) is None:
        run_log(context, run).ended(FAILED, problems=[problem.what])
    return dg.Failure(description=str(problem), allow_retries=problem.retriable)
