"""Cleans up Dagster's records after a killed run: closes the run and frees the slots it claimed.

Dagster frees them only while a daemon runs. Without one a claimed slot stays claimed, and the next run that
needs it waits forever.
"""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

OPEN = (
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)


def close_dead_runs(instance: dg.DagsterInstance, tags: Mapping[str, str]) -> list[str]:
    """Mark open runs with these tags as failed, and free every slot that an ended run still claims.

    Args:
        instance: Dagster's records.
        tags: Tags of runs that execute only under the exclusive lock on COMPACT_HOME. The caller holds that
            lock, so an open run with these tags belongs to a dead process.

    Returns:
        The ids of the runs that were closed.
    """
    dead = instance.get_runs(dg.RunsFilter(statuses=list(OPEN), tags=dict(tags)))
    for run in dead:
        instance.report_run_failed(run, "The process of this run was killed: the next run closed it.")
    log = instance.event_log_storage
    if log.supports_global_concurrency_limits:
        for run_id in log.get_concurrency_run_ids():
            holder = instance.get_run_by_id(run_id)
            if holder is None or holder.is_finished:
                log.free_concurrency_slots_for_run(run_id)
    return [run.run_id for run in dead]
