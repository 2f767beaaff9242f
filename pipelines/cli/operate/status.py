"""`compact status` and `compact alert`, for operators. They read files and send no request to an agency."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import typer

from pipelines.cli.options import Json
from pipelines.console.output import emit, emit_one, note, say
from schemas.display import counted
from sources.settings import compact_home

COLUMNS = ("source", "state", "cadence", "last_asked", "last_confirmed", "held", "stale_since", "next_due",
           "agency_release")  # fmt: skip


def status(as_json: Json = False) -> None:
    """Show the status of each source, the last run and the latest release. Exits with 1 if action is
    required."""
    from pipelines.monitoring.status import facts

    state = facts(compact_home())
    if as_json:
        emit_one(state, as_json=True)
    else:
        _print(state)
    raise typer.Exit(1 if state["action_required"] else 0)


def alert(
    test: Annotated[bool, typer.Option(help="Send a test message to every receiver that is set.")] = False,
    as_json: Json = False,
) -> None:
    """Send open issues to the receivers named by COMPACT_ALERT_*, each issue once. For a timer: `compact run`
    and the sensor `alerts` send them automatically.
    """
    from pipelines.monitoring.alerts import Message, receivers, send, send_news
    from pipelines.monitoring.status import facts

    home = compact_home()
    if not receivers():
        note("No alert receivers configured: set COMPACT_ALERT_WEBHOOK or COMPACT_ALERT_SMTP")
        raise typer.Exit(1)
    if test:
        failed = send(Message("a test", ["This is a test: Compact Tracker alerts reach you."]))
    else:
        failed = send_news(home, facts(home))
    if as_json:
        emit([{"failed": text} for text in failed], as_json=True)
    else:
        for text in failed:
            note(text)
    raise typer.Exit(1 if failed else 0)


def age_in_words(age: timedelta) -> str:
    """How old something is, in the largest unit of which it has one or more."""
    if age.days:
        return f"{counted(age.days, 'day')} old"
    hours, minutes = divmod(age.seconds // 60, 60)
    return f"{counted(hours, 'hour') if hours else counted(minutes, 'minute')} old"


def _print(state: dict[str, Any]) -> None:
    emit(state["sources"], as_json=False, columns=COLUMNS)
    run, release, running = state["last_run"], state["release"], state["running"]
    say()
    if running:
        say(f"Running: {running.what}, process {running.process}, since {running.since:%Y-%m-%d %H:%M} UTC")
    if run:
        seconds = f" in {run['seconds']:.0f} s" if "seconds" in run else ""
        say(f"Last run: {run['outcome']}{seconds}, ended {run['ended'][:16].replace('T', ' ')} UTC")
    else:
        say("Last run: none recorded")
    if release:
        sound = "damaged" if release["damaged"] else "checksums match"
        size = f"{age_in_words(state['at'] - release['made'])}, {counted(release['values'], 'value')}"
        say(f"Latest release: {release['id']}, {size}, {sound}")
    else:
        say("Latest release: none")
    for text in state["action_required"]:
        note(f"action required: {text}")
    if not state["action_required"]:
        note("no action required")
