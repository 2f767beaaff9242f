"""Runs killed at every kind of moment, and the recovery by the next run.

    python -m tests.faults.kills --points 300 --seed 1

Three kinds of kill (SIGKILL each): just before the nth change of a file or folder; in the middle of a write,
half of whose bytes are then on disk; and at a moment of the clock, which also falls into the libraries. Some
runs that clear up are killed in turn. What is proved of each is in `survived`.

A run here is a fork of this process, so that nothing is reimported; the agency is the one of tiny_bank.py.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import warnings
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from typing import Any

from pipelines.cli.make.run_summary import tell
from pipelines.dagster_instance.home import open_instance
from pipelines.maintenance.cleanup import UNFINISHED
from sources.snapshots.store import Store
from tests.faults.tiny_bank import TinyBank, of_bank
from warehouse.models.dependencies import published_inputs
from warehouse.release.tables import MODEL_TABLES
from warehouse.store.publish import SUMS, latest_release
from warehouse.verification.database import database_findings
from warehouse.verification.files import card_findings, checksum_findings
from warehouse.verification.verify import verify_release

Facts = dict[str, Any]
CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.symlink", "os.chmod")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
LIMIT = 90.0  # seconds of processor time for a run that takes five: beyond it, it is busy for ever
PATIENCE = 3600.0  # seconds by the clock, where other work takes the processors: beyond it, it waits for ever
TICKS = os.sysconf("SC_CLK_TCK")
KINDS = ("change", "torn", "clock")
PARTIAL = re.compile(r"\.\d+-\d+$")  # the end of the name of a file that was not renamed into place
STRAY = (*UNFINISHED, "releases/.building-*", "releases/.removed-*", "releases/.moving*", "releases/.latest*")


@dataclass(frozen=True)
class Point:
    """Where a run is killed. at: a share of all changes, torn writes or seconds of a run, where each step of
    the run has the same share of changes; twice: the run that clears up is killed too."""

    home: str  # first: an empty one; later: one with a release, and the agency has published again
    kind: str
    at: float
    twice: float | None = None

    def __str__(self) -> str:
        return f"{self.home} {self.kind} {self.at:.4f}" + (f" twice {self.twice:.4f}" if self.twice else "")


@dataclass
class Kill:
    """In the run itself: counts the changes under home and kills the process at one of them. report: where
    the names of the changes, or of the one before which it died, are written."""

    home: Path
    report: Path
    change: int | None = None
    torn: int | None = None
    seed: float = 0.0

    def arm(self) -> None:
        self.changes, self.writes, self.sizes = 0, 0, dict[str, int]()
        self.prefix, self.apart = f"{self.home}/", f"{self.home}/dagster"
        self.log = self.report.open("w", encoding="utf-8", buffering=1)
        self.fsync, os.fsync = os.fsync, self._fsync
        sys.addaudithook(self._hook)

    def _hook(self, event: str, given: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(given[2], int) and given[2] & WRITING:
            self._changed(event, given[0])
        elif event in CHANGES:
            self._changed(event, given[1] if event in ("os.rename", "os.symlink") else given[0])

    def _changed(self, event: str, path: object) -> None:
        name = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else ""
        if not name.startswith(self.prefix) or name.startswith(self.apart):
            return
        if event == "open":
            self.sizes[name] = os.stat(name).st_size if os.path.exists(name) else 0  # noqa: PTH110, PTH116
        self.changes += 1
        self.log.write(f"change {event} {name.removeprefix(self.prefix)}\n")
        if self.changes == self.change:
            os.kill(os.getpid(), signal.SIGKILL)

    def _fsync(self, handle: int) -> None:
        name = str(Path(f"/proc/self/fd/{handle}").readlink())
        if name.startswith(self.prefix) and Path(name).is_file():
            self.writes += 1
            self.log.write(f"torn write {name.removeprefix(self.prefix)}\n")
            if self.writes == self.torn:
                before, after = self.sizes.get(name, 0), Path(name).stat().st_size
                os.truncate(name, before + int(self.seed * (after - before)))
                os.kill(os.getpid(), signal.SIGKILL)
        self._changed("fsync", name)
        self.fsync(handle)


def fork(work: Callable[[], int], said: Path, seconds: float | None = None) -> int:
    """Do the work in a process of its own, its output in a file. The exit code, or minus the signal; after
    `seconds` it is killed. Raises AssertionError where it does not end by itself, see LIMIT and PATIENCE."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads: only the agency's, which are idle
        process = os.fork()
    if process == 0:
        gc.freeze()  # objects of the parent's threads must not be finalised here
        code = 70
        try:
            with said.open("ab", buffering=0) as out:
                os.dup2(out.fileno(), 1)
                os.dup2(out.fileno(), 2)
            sys.stdout = os.fdopen(1, "w", closefd=False)
            sys.stderr = os.fdopen(2, "w", closefd=False)
            code = work()
        except BaseException:  # noqa: BLE001 - whatever it is, this process must not go on as its parent
            import traceback

            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(process, signal.SIGKILL)
    end = time.monotonic() + PATIENCE
    while True:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end or processor_seconds(process) > LIMIT:
            break
        time.sleep(0.02)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    raise AssertionError(f"it does not end by itself; it said: {said.read_text()[-800:]}")


def processor_seconds(process: int) -> float:
    """Processor time that a child has taken."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def run_once(home: Path, kill: Kill | None) -> int:
    """`compact run` on the tiny bank alone, in this process, Dagster's records on disk. The exit code."""
    if kill is not None:
        kill.arm()
    return tell(of_bank(home).run())


def facts(home: Path, proven: Mapping[str, str] | None = None) -> Facts:
    """All that must be the same after any kill and one more run: the release, what is stored and recorded,
    and that nothing is left over. proven: the tables of a release that was verified, by their sha256."""
    import pyarrow.parquet as pq

    release = latest_release(home)
    tables: dict[str, str] = {}
    if release is not None:
        for path in sorted(release.glob("*.parquet")):
            body = path.read_bytes()
            if path.stem == "snapshot":  # says when it was fetched
                body = str(pq.read_table(path).drop_columns(["fetched_at"]).to_pylist()).encode()
            tables[path.stem] = sha256(body).hexdigest()
    store = Store(home)
    events = [
        f"{e['event']} {e['source']} {e['resource']} {e.get('snapshot')}"
        for source_id in store.source_ids
        for e in store.events(source_id)
        if e["event"] != "confirmed"
    ]
    return {
        "latest": undated(release.name) if release else None,
        "damage": damage(release, tables == proven) if release else [],
        "stored damage": store.verify(),
        "tables": tables,
        "events": sorted(events),
        "left over": sorted({str(p.relative_to(home)) for p in left_over(home)}),
        **{
            part: sorted(str(p.relative_to(home)) for p in home.glob(f"{part}/{pattern}"))
            for part, pattern in (("staged", "*/*"), ("evaluated", "*/*.parquet"))
        },
        "releases": sorted(undated(p.name) for p in home.glob("releases/*-*")),
        "objects": sorted(p.name for p in home.glob("snapshots/objects/*/*")),
    }


def left_over(home: Path) -> Iterator[Path]:
    """Whatever is unfinished by its name, and every partial file, wherever it is."""
    for pattern in STRAY:
        yield from home.glob(pattern)
    yield from (path for path in home.rglob(".*") if PARTIAL.search(path.name))


def undated(release_id: str) -> str:
    """The id of a release without the day on which it was made: kills go on over midnight."""
    return release_id.rpartition("-")[2]


def damage(release: Path, proven: bool) -> list[str]:
    """What is wrong with a release. proven: its tables are those of a release that was verified, so that what
    is left to look at are its checksums, its card and its database."""
    if not proven:
        return [str(finding) for finding in verify_release(release)]
    names = [path.stem for path in release.glob("*.parquet")]
    _, problems = card_findings(release, "")
    return [str(one) for one in (*checksum_findings(release), *problems, *database_findings(release, names))]


class Bench:
    """Templates of homes, what undisturbed runs make of them, and how many changes such runs make."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.said, self.report = self.folder / "said.txt", self.folder / "changes.txt"
        self.banks = {"first": TinyBank(), "later": TinyBank()}
        self.banks["later"].next_release()
        self.templates = {"first": self.folder / "empty", "later": self.folder / "good"}
        self.templates["first"].mkdir()  # and Dagster's tables in it: half of such a run would be making them
        self.order: dict[tuple[str, str], list[str]] = {}  # the changes of an undisturbed run, by kind
        self.seconds: dict[str, float] = {}
        self.wanted: dict[str, Facts] = {}
        self.verified = set[bytes]()  # SHA256SUMS of releases that were verified

    def prepare(self) -> None:
        """Run both homes undisturbed, and one before them that only imports what runs need."""
        self.run("first", self.copy("first", self.folder / "clean-first"))
        self._open_records(self.templates["first"])
        self._import_what_it_did()
        for table in MODEL_TABLES:
            published_inputs(table.name)  # kept by the process: parsing every model is a tenth of a run
        for name in ("first", "later"):
            home = self.copy(name, self.folder / f"clean-{name}")
            started = time.monotonic()
            code = self.run(name, home, Kill(home, self.report))
            self.seconds[name] = time.monotonic() - started
            if code != 0:
                raise AssertionError(f"an undisturbed run ends with {code}\n{self.said.read_text()}")
            lines = self.report.read_text(encoding="utf-8").splitlines()
            for kind in ("change", "torn"):
                self.order[name, kind] = [line for line in lines if line.startswith(kind)]
            self.wanted[name] = self.facts(home)
            if name == "first":
                shutil.copytree(home, self.templates["later"], symlinks=True)
                self.verified.add((home / "releases" / "latest" / SUMS).read_bytes())

    def _open_records(self, home: Path) -> None:
        def work() -> int:
            with open_instance(home):
                return 0

        fork(work, self.said)

    def _import_what_it_did(self) -> None:
        """What a run imports late is there for all forks after it, which would take most of their time."""
        for name in (self.folder / "imported.txt").read_text(encoding="utf-8").split():
            if name not in sys.modules and not name.startswith(("__", "encodings", "tests.")):
                with suppress(Exception), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    importlib.import_module(name)

    def copy(self, name: str, to: Path) -> Path:
        shutil.rmtree(to, ignore_errors=True)
        return shutil.copytree(self.templates[name], to, symlinks=True)

    def run(self, name: str, home: Path, kill: Kill | None = None, seconds: float | None = None) -> int:
        os.environ["COMPACT_URL_WORLDBANK_WDI"] = self.banks[name].url
        self.said.write_text("", encoding="utf-8")

        def work() -> int:
            code = run_once(home, kill)
            (self.folder / "imported.txt").write_text("\n".join(sys.modules), encoding="utf-8")
            return code

        return fork(work, self.said, seconds)

    def facts(self, home: Path, proven: Mapping[str, str] | None = None) -> Facts:
        out = self.folder / "facts.json"

        def write() -> int:
            out.write_text(json.dumps(facts(home, proven)), encoding="utf-8")
            return 0

        self.said.write_text("", encoding="utf-8")
        if (code := fork(write, self.said)) != 0:
            raise AssertionError(f"the home cannot be looked at ({code})\n{self.said.read_text()}")
        text: Facts = json.loads(out.read_text(encoding="utf-8"))
        return text

    def survived(self, point: Point) -> tuple[str, list[str]]:
        """Kill, look, run again, look again. Where it died, and every way in which it did not survive."""
        home, wrong = self.copy(point.home, self.folder / "home"), list[str]()
        kill = Kill(home, self.report, seed=random.Random(str(point)).random())  # noqa: S311
        seconds = None
        if point.kind == "clock":
            seconds = point.at * self.seconds[point.home]
        elif point.kind == "torn":
            kill.torn = self.nth(point.home, "torn", point.at)
        else:
            kill.change = self.nth(point.home, "change", point.at)
        code = self.run(point.home, home, kill, seconds)
        where = self._last()
        if code not in (-signal.SIGKILL, 0) or (code == 0 and point.kind != "clock"):
            wrong.append(f"the run that was to be killed ended with {code}")
        wrong += self._latest_is_whole(home)
        if point.twice is not None:
            again = Kill(home, self.report, change=self.nth(point.home, "change", point.twice))
            self.run(point.home, home, again)
            where += f", then {self._last()}"
            wrong += self._latest_is_whole(home)
        if (code := self.run(point.home, home)) != 0:
            return where, [*wrong, f"the next run ends with {code}: {self.said.read_text()[-2000:]}"]
        expected = self.wanted[point.home]
        result = self.facts(home, expected["tables"])
        wrong += [
            f"{name}: {result[name]} in place of {expected[name]}"
            for name in expected
            if result[name] != expected[name]
        ]
        return where, wrong

    def nth(self, home: str, kind: str, at: float) -> int:
        """The number of the change at that share, counted from 1. Every step of a run has the same share,
        although most changes are made while a release is written."""
        steps = [phase(line) for line in self.order[home, kind]]
        sizes = Counter(steps)
        ends = list(accumulate(1 / sizes[step] / len(sizes) for step in steps))
        return 1 + min(bisect_right(ends, at), len(ends) - 1)

    def _latest_is_whole(self, home: Path) -> list[str]:
        release = latest_release(home)
        if release is None:
            return []

        def verify() -> int:
            sums = (release / SUMS).read_bytes() if (release / SUMS).is_file() else b""
            whole = sums in self.verified and not checksum_findings(release)  # the release of the template
            results = [*map(str, [] if whole else verify_release(release)), *Store(home).verify()]
            print("\n".join(results))
            return 1 if results else 0

        self.said.write_text("", encoding="utf-8")
        return [f"after the kill: {self.said.read_text()}"] if fork(verify, self.said) else []

    def _last(self) -> str:
        lines = self.report.read_text(encoding="utf-8").splitlines() if self.report.exists() else []
        return lines[-1] if lines else "before the first change"

    def close(self) -> None:
        for bank in self.banks.values():
            bank.__exit__()


@contextmanager
def bench(folder: Path) -> Iterator[Bench]:
    """A bench whose undisturbed runs are done."""
    made = Bench(folder)
    try:
        made.prepare()
        yield made
    finally:
        made.close()


def sample(points: int, seed: int) -> list[Point]:
    """That many points, spread evenly over both homes and over what happens in a run."""
    dice = random.Random(seed)  # noqa: S311
    groups = [(home, kind) for kind in KINDS for home in ("first", "later")]
    sizes = Counter(groups[i % len(groups)] for i in range(points))
    results = [
        Point(
            home,
            kind,
            (i + dice.random()) / sizes[home, kind],
            dice.random() if dice.random() < 0.2 else None,
        )
        for home, kind in groups
        for i in range(sizes[home, kind])
    ]
    dice.shuffle(results)
    return results


def phase(where: str) -> str:
    """The step of a run to which the file belongs before whose change it died."""
    name = where.split(", then")[0].split(" ")[-1]
    steps = {"snapshots": "fetch and accept", "status": "fetch and accept", "staged": "stage",
             "evaluated": "evaluate", "releases": "release"}  # fmt: skip
    return steps.get(name.split("/")[0], "before and after")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: a table of what was tried and survived; exit code 1 if anything was not."""
    given = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    given.add_argument("--points", type=int, default=300)
    given.add_argument("--seed", type=int, default=1)
    given.add_argument("--skip", type=int, default=0, help="points that an earlier command has tried")
    options = given.parse_args(arguments)
    os.environ["COMPACT_REPORTS"] = "none"
    tried, lost, died = Counter[str](), list[str](), Counter[str]()
    with tempfile.TemporaryDirectory(prefix="kills-") as folder, bench(Path(folder)) as made:
        print(
            f"undisturbed runs: {made.seconds} seconds, changes: "
            f"{ {key: len(lines) for key, lines in made.order.items()} }",
            flush=True,
        )
        for number, point in enumerate(sample(options.points, options.seed), 1):
            if number <= options.skip:
                continue
            where, wrong = made.survived(point)
            tried[f"{point.kind:<7}{phase(where)}"] += 1
            if wrong:
                died[f"{point.kind:<7}{phase(where)}"] += 1
                lost.append(f"{point} ({where}):\n    " + "\n    ".join(wrong))
                print(lost[-1], flush=True)
            if number % 10 == 0:
                print(f"{number} of {options.points}, {len(lost)} not survived", flush=True)
    print(f"\n{'kill':<7}{'while':<20}{'tried':>6}{'survived':>10}")
    for name, count in sorted(tried.items()):
        print(f"{name:<27}{count:>6}{count - died[name]:>10}")
    print(f"{'all':<27}{tried.total():>6}{tried.total() - len(lost):>10}")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
