"""Many readers query `latest` with DuckDB while releases are made.

    python -m tests.faults.load --readers 50 --releases 3 --rounds 3

Half of them open `latest/warehouse.duckdb`, half read the parquet files of the folder that `latest` names
when they ask. An answer joins several tables; it is torn if it is not, as a whole, what one of the releases
says. Then, in so many rounds, one process rolls back and forward while another removes what nothing needs.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import duckdb

from pipelines.maintenance.gc import collect
from pipelines.maintenance.rollback import roll_back
from schemas.errors import CompactError
from tests.faults.kills import fork, run_once
from tests.faults.tiny_bank import TinyBank
from warehouse.store.latest import HISTORY, latest_release, read_history
from warehouse.store.listing import releases as releases_of
from warehouse.verification.verify import verify_release

ASKED = ("indicator", "latest", "progress", "observation", "snapshot", "aggregate", "projection")
QUESTION = """
select
    (select count(*) || ' ' || sum(value) from {indicator}),
    (select sum(value) || ' ' || max(time_period) from {latest}),
    (select count(*) || ' ' || sum(latest_value) from {progress}),
    (select count(*) || ' ' || sum(obs_value) from {observation}),
    (select min(snapshot) from {snapshot}),
    (select count(*) || ' ' || sum(value) from {aggregate}),
    (select count(*) || ' ' || sum(value) from {projection})
"""


def ask(pointer: Path, *, database: bool) -> list[Any]:
    """What the latest release says, from its database or from its parquet files."""
    if database:
        with duckdb.connect(str(pointer / "warehouse.duckdb"), read_only=True, config={"threads": 1}) as con:
            row = con.execute(QUESTION.format(**{name: f'"{name}"' for name in ASKED})).fetchone()
    else:
        folder = pointer.resolve()
        files = {name: f"read_parquet('{folder / name}.parquet')" for name in ASKED}
        with duckdb.connect(config={"threads": 1}) as con:
            row = con.execute(QUESTION.format(**files)).fetchone()
    return list(row or ())


def read_on(pointer: Path, stop: Path, log: Path, pause: float, *, database: bool) -> int:
    """Ask until told to stop; a line for each answer or error. Readers let the runs go first."""
    os.nice(10)
    parent = os.getppid()
    with log.open("w", encoding="utf-8") as out:
        while not stop.exists() and os.getppid() == parent:
            started = time.monotonic()
            try:
                line: dict[str, Any] = {"answer": ask(pointer, database=database)}
            except Exception as error:  # noqa: BLE001 - any error of a reader is what is looked for
                line = {"error": f"{type(error).__name__}: {error}"}
            out.write(json.dumps(line | {"ms": 1000 * (time.monotonic() - started)}) + "\n")
            time.sleep(pause)
    return 0


def spawn(work: Any) -> int:
    process = os.fork()
    if process == 0:
        code = 70
        try:
            code = work()
        finally:
            os._exit(code)
    return process


def make(home: Path, bank: TinyBank, said: Path, number: int) -> Path:
    bank.released = f"2026-08-{number + 1:02}"
    bank.figures = {key: round(value + 0.1, 3) for key, value in bank.figures.items()}
    if code := fork(lambda: run_once(home, None), said):
        raise AssertionError(f"a run ends with {code}\n{said.read_text()}")
    release = latest_release(home)
    assert release is not None
    return release


def go_back_and_forward(home: Path, rounds: int) -> int:
    """`compact rollback` to the release before the latest and to the latest again, so many times."""
    newest, before = [row["id"] for row in releases_of(home)][:2]
    for _ in range(rounds):
        for release in (before, newest):
            patiently(lambda release=release: roll_back(home, release, "a test of the load", "a test"))
    return 0


def remove_on(home: Path, stop: Path) -> int:
    """`compact gc` until told to stop and once more, keeping as few releases as it may. While a
    rollback is in force the release before the one in use is kept: an early pass may remove nothing."""
    parent = os.getppid()
    while not stop.exists() and os.getppid() == parent:
        patiently(lambda: collect(home, 1))
    patiently(lambda: collect(home, 1))
    return 0


def patiently(work: Callable[[], object], seconds: float = 300.0) -> None:
    """Again while another process is said to be publishing; any other refusal is raised."""
    end = time.monotonic() + seconds
    while True:
        try:
            work()
            return
        except CompactError as problem:
            if "another run is publishing" not in problem.what or time.monotonic() > end:
                raise
        time.sleep(0.01)


def shake(home: Path, folder: Path, rounds: int) -> list[str]:
    """Both at once, each in a process of its own. What of it ended badly."""
    stop = folder / "stop-gc"
    remover = spawn(lambda: remove_on(home, stop))
    mover = spawn(lambda: go_back_and_forward(home, rounds))
    codes = {"rollback": os.waitstatus_to_exitcode(os.waitpid(mover, 0)[1])}
    stop.touch()
    codes["gc"] = os.waitstatus_to_exitcode(os.waitpid(remover, 0)[1])
    told = [row["event"] for row in read_history(home / "releases" / HISTORY)]
    wrong = [f"{name} ends with {code}" for name, code in codes.items() if code]
    if told.count("rollback") != 2 * rounds:
        wrong.append(f"{told.count('rollback')} rollbacks on record in place of {2 * rounds}")
    latest = latest_release(home)
    return [*wrong, *map(str, verify_release(latest) if latest else ["there is no latest release"])]


def load(folder: Path, readers: int, releases: int, pause: float, rounds: int) -> dict[str, Any]:
    """Make one release, start the readers, make the others, roll back and remove, and judge every answer."""
    home, stop, said = folder / "home", folder / "stop", folder / "said.txt"
    with TinyBank() as bank:
        os.environ["COMPACT_URL_WORLDBANK_WDI"] = bank.url
        made = [make(home, bank, said, 0)]
        logs = [folder / f"reader-{n}.jsonl" for n in range(readers)]
        started = time.monotonic()
        pointer = home / "releases" / "latest"
        processes = [
            spawn(lambda n=n, log=log: read_on(pointer, stop, log, pause, database=n % 2 == 0))
            for n, log in enumerate(logs)
        ]
        try:
            made += [make(home, bank, said, number) for number in range(1, releases + 1)]
            right = {json.dumps(ask(release, database=mode)) for release in made for mode in (True, False)}
            shaken = shake(home, folder, rounds) if rounds else []
            time.sleep(1)
        finally:
            stop.touch()
            codes = [os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for process in processes]
        seconds = time.monotonic() - started
    lines = [json.loads(line) for log in logs for line in log.read_text(encoding="utf-8").splitlines()]
    answers = [json.dumps(line["answer"]) for line in lines if "answer" in line]
    took = sorted(line["ms"] for line in lines)
    return {
        "readers": readers,
        "releases": len(set(made)),
        "seconds": round(seconds, 1),
        "answers": len(answers),
        "different": len(set(answers)),
        "errors": sorted({line["error"] for line in lines if "error" in line})[:5],
        "shaken": shaken,
        "removed": sum(not release.is_dir() for release in made),
        "torn": sum(answer not in right for answer in answers),
        "died": sum(code != 0 for code in codes),
        "silent": sum(not log.read_text() for log in logs),
        "median_ms": round(median(took), 1),
        "p99_ms": round(quantiles(took, n=100)[-1], 1),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: the figures as JSON, exit code 1 if a reader saw an error or a torn answer."""
    given = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    given.add_argument("--readers", type=int, default=50)
    given.add_argument("--releases", type=int, default=3)
    given.add_argument("--pause", type=float, default=2.0, help="seconds between two questions of a reader")
    given.add_argument("--rounds", type=int, default=0, help="of rollback, back and forward, beside gc")
    options = given.parse_args(arguments)
    os.environ["COMPACT_REPORTS"] = "none"
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        result = load(
            Path(folder).resolve(), options.readers, options.releases, options.pause, options.rounds
        )
    print(json.dumps(result))
    whole = not (result["errors"] or result["shaken"] or result["torn"] or result["died"] or result["silent"])
    return 0 if whole and result["different"] == result["releases"] == options.releases + 1 else 1


if __name__ == "__main__":
    sys.exit(main())
