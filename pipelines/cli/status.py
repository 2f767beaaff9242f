"""The verbs of whoever watches: `compact status` and `compact alert`. They read files and ask no agency."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pipelines.console.output import emit, emit_one, note
from sources.settings import compact_home

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
COLUMNS = ("source", "state", "cadence", "last_asked", "last_confirmed", "agency_release", "stale_since",
           "held", "next_due")  # fmt: skip


def status(as_json: Json = False) -> None:
    """How each source, the last run and the latest release stand; exit code 1 if something needs a person."""
    from pipelines.monitoring.status import facts

    found = facts(compact_home())
    if as_json:
        emit_one(found, as_json=True)
    else:
        _print(found)
    raise typer.Exit(1 if found["needs_a_person"] else 0)


def alert(
    test: Annotated[bool, typer.Option(help="Send a test message to every receiver that is set.")] = False,
) -> None:
    """Send what needs a person to the receivers that COMPACT_ALERT_* name; each matter once. For a timer of
    your own: `compact run` and the sensor `alerts` do it by themselves."""
    from pipelines.monitoring.alerts import Message, receivers, send, send_news
    from pipelines.monitoring.status import facts

    home = compact_home()
    if not receivers():
        note("nobody is to be told: set COMPACT_ALERT_WEBHOOK or COMPACT_ALERT_SMTP")
        raise typer.Exit(1)
    if test:
        failed = send(Message("a test", ["This is a test: alerts of Compact Tracker reach you."]))
    else:
        failed = send_news(home, facts(home))
    for text in failed:
        note(text)
    raise typer.Exit(1 if failed else 0)


def _print(found: dict[str, Any]) -> None:
    emit([{name: row[name] for name in COLUMNS} for row in found["sources"]], as_json=False)
    run, release = found["last_run"], found["release"]
    print()
    if run:
        seconds = f" in {run['seconds']:.0f} s" if "seconds" in run else ""
        print(f"Last run: {run['outcome']}{seconds}, ended {run['ended'][:16].replace('T', ' ')} UTC")
    else:
        print("Last run: none is on record")
    if release:
        sound = "damaged" if release["damaged"] else "its checksums hold"
        size = f"{release['age_days']} days old, {release['values']:,} values"
        print(f"Latest release: {release['id']}, {size}, {sound}")
    else:
        print("Latest release: none")
    for text in found["needs_a_person"]:
        note(f"needs a person: {text}")
    if not found["needs_a_person"]:
        note("nothing needs a person")
