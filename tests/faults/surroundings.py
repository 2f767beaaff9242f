"""Runs in unusual or constrained environments: each makes the result of an ordinary run, or fails with a
message and without loss.

    python -m tests.faults.surroundings --each yes

A file system without links and with times of whole seconds (a real ext2 where this user may mount one), paths
that are long and not ASCII, 64 open files, a clock that is far ahead and then set back, too little memory,
and another user who reads. Without --each all allowed ones are tried at once.
"""

from __future__ import annotations

import argparse
import errno
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

from tests.command import CHECKOUT, in_process
from tests.faults.kills import Facts, facts, fork, run_once
from tests.faults.tiny_bank import TinyBank

MIB = 1 << 20
OPEN_FILES = 64
MEMORY = (8, 48, 160)  # MiB beyond what the process has when a run begins
NAMES = ("Größe und Maß «é»", "数据 データ", "it's; 'quoted' $HOME & #1 [a] *", "x" * 200)
TOO_LONG = ("y" * 200, "z" * 200)
NOBODY = 65534
FAR = datetime(2031, 5, 17, 3, 4, 5, tzinfo=UTC)
CLOCKS = (
    "pipelines.steps.fetch",
    "warehouse.release.build",
    "sources.snapshots.events",
    "sources.ingest.fetch",
)
Around = Callable[[Path], AbstractContextManager[Path]]


@contextmanager
def without_links(home: Path) -> Iterator[Path]:
    """link(2) and symlink(2) answer as on vfat."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    with mock.patch.object(os, "link", refuse), mock.patch.object(os, "symlink", refuse):
        yield home


@contextmanager
def whole_seconds(home: Path) -> Iterator[Path]:
    """An ext2 with inodes of 128 bytes, whose times are whole seconds; the folder itself where no file system
    can be mounted."""
    image, mounted = home.with_name("disk.img"), home.with_name("disk")
    mounted.mkdir()
    with image.open("wb") as file:
        file.truncate(256 * MIB)
    made = subprocess.run(["mkfs.ext2", "-q", "-I", "128", str(image)], capture_output=True, check=False)
    ready = made.returncode == 0 and not _fails(["mount", "-o", "loop", str(image), str(mounted)])
    try:
        yield mounted / "home" if ready else home
    finally:
        if ready and _fails(["umount", str(mounted)]):
            subprocess.run(["umount", "-l", str(mounted)], capture_output=True, check=False)


def _fails(command: Sequence[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode != 0


@contextmanager
def long_path(home: Path) -> Iterator[Path]:
    """Some 300 bytes in several scripts, with quotes and signs of the shell."""
    yield home.joinpath(*NAMES)


@contextmanager
def few_files(home: Path) -> Iterator[Path]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, hard))
    try:
        yield home
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def clock(moment: datetime) -> Iterator[None]:
    """The clock as this project reads it."""

    class Then(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return moment

    with ExitStack() as held:
        for module in CLOCKS:
            held.enter_context(mock.patch(f"{module}.datetime", Then))
        yield


ALLOWED: dict[str, Around] = {
    "a file system with times of whole seconds": whole_seconds,
    "a file system without links": without_links,
    "a path of 300 bytes in several scripts": long_path,
    f"{OPEN_FILES} open files": few_files,
}
CLOCK = "a clock far ahead, then set back"


class Surroundings:
    """The homes, the agency, and what an ordinary run makes of what it publishes."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.said = folder.resolve(), folder.resolve() / "said.txt"
        self.banks = (TinyBank(), TinyBank())  # before and after it publishes anew
        self.banks[1].next_release()
        self.rows: list[dict[str, Any]] = []

    def run(self, home: Path, later: bool = True, limit: int | None = None) -> int:
        """`compact run` in a process of its own; its exit code. limit: MiB of memory beyond what it has."""
        os.environ["COMPACT_URL_WORLDBANK_WDI"] = self.banks[later].url
        self.said.write_text("", encoding="utf-8")

        def work() -> int:
            if limit is not None:
                now = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
                most = now * resource.getpagesize() + limit * MIB
                resource.setrlimit(resource.RLIMIT_AS, (most, most))
            return run_once(home, None)

        return fork(work, self.said)

    def facts(self, home: Path) -> Facts:
        out = self.folder / "facts.json"

        def write() -> int:
            out.write_text(json.dumps(facts(home)), encoding="utf-8")
            return 0

        code = fork(write, self.said)
        assert code == 0, self.said.read_text(encoding="utf-8")
        text: Facts = json.loads(out.read_text(encoding="utf-8"))
        return text

    def note(self, name: str, wrong: Sequence[str], saw: str = "nothing: it goes on") -> None:
        self.rows.append({"name": name, "wrong": list(wrong), "saw": saw})

    def words(self) -> str:
        """The line with which a run that failed says why."""
        lines = self.said.read_text(encoding="utf-8", errors="replace").splitlines()
        return next((line.strip() for line in lines if ": " in line and not line.startswith("absent")), "")

    def try_allowed(self, name: str, around: Sequence[Around], ahead: bool, wanted: Facts) -> None:
        """Two runs, the second after the agency has published anew: the values of an ordinary run."""
        wrong: list[str] = []
        base = self.folder / f"try-{len(self.rows)}"
        base.mkdir()
        with ExitStack() as held:
            home = base / "home"
            for one in around:
                home = held.enter_context(one(home))
            with clock(FAR) if ahead else nullcontext():
                wrong += self._ends_well(home, later=False)
            wrong += self._ends_well(home, later=True)
            result = self.facts(home)
        names = ("damage", "stored damage", "left over")
        wrong += [f"{part}: {result[part]}" for part in names if result[part]]
        if result["tables"].get("indicator") != wanted["tables"]["indicator"]:
            wrong.append("its values are not those of an ordinary run")
        if len(result["releases"]) != 2:
            wrong.append(f"releases: {result['releases']}")
        self.note(name, wrong)

    def _ends_well(self, home: Path, *, later: bool) -> list[str]:
        code = self.run(home, later)
        return [f"a run ends with {code}: {self.said.read_text(encoding='utf-8')[-1500:]}"] if code else []

    def try_memory(self, home: Path, limit: int, wanted: Facts) -> None:
        """A run of a new home with that much memory: it ends well or in words; the next succeeds."""
        code, wrong = self.run(home, limit=limit), list[str]()
        said, saw = self.said.read_text(encoding="utf-8", errors="replace"), self.words()
        if code not in (0, 2) or "Traceback" in said:
            wrong.append(f"it ends with {code}: {said[-1500:]}")
        if code == 2 and "memory is exhausted" not in said:
            wrong.append(f"it does not say that memory is exhausted: {said[-800:]}")
        wrong += self._ends_well(home, later=True)
        if self.facts(home)["tables"] != wanted["tables"]:
            wrong.append("its tables are not those of an ordinary run")
        self.note("too little memory (ulimit -v)", wrong, saw if code else "nothing: it goes on")

    def try_too_long(self) -> None:
        """A path in which SQLite can open nothing is refused at once, and so said."""
        home = self.folder.joinpath(*NAMES, *TOO_LONG)
        code, wrong = self.run(home), list[str]()
        said = self.said.read_text(encoding="utf-8", errors="replace")
        if code != 2 or "COMPACT_HOME has a path of" not in said or "Traceback" in said:
            wrong.append(f"it ends with {code}: {said[-1500:]}")
        self.note("a path too long for SQLite", wrong, self.words())

    def try_another_user(self, home: Path) -> None:
        """Someone who may not write lists, shows and verifies; their run is refused in words."""
        if closed := next((path for path in CHECKOUT.parents if not path.stat().st_mode & 0o001), None):
            self.note("another user reads", [], f"not tried: the checkout lies in {closed}, closed to others")
            return
        row = _first_value(home)
        asked = (
            ("list",),
            ("explain", row["indicator"], "--area", row["ref_area"]),
            ("verify",),
            ("releases",),
            ("run", "--offline"),
        )
        for path in (self.folder, *self.folder.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
        out = self.folder / "another.json"
        out.touch()
        out.chmod(0o666)

        def read() -> int:
            for arguments in asked:  # what Python imports late is in a folder that only root may open
                in_process(*arguments, home=self.folder / "warm" if arguments[0] == "run" else home)
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            done = [(arguments[0], in_process(*arguments, home=home)) for arguments in asked]
            out.write_text(json.dumps([(n, d.code, d.out[-300:] + d.err[-600:]) for n, d in done]), "utf-8")
            return 0

        code = fork(read, self.said)
        wrong = [] if code == 0 else [f"it ends with {code}: {self.said.read_text()[-1500:]}"]
        saw = ""
        for name, ended, said in json.loads(out.read_text(encoding="utf-8") or "[]"):
            expected = 2 if name == "run" else 0
            if ended != expected or "Traceback" in said:
                wrong.append(f"compact {name} ends with {ended}: {said}")
            if name == "run":
                saw = next((line for line in said.splitlines() if "may not" in line), said)
        self.note("another user reads", wrong, saw)

    def close(self) -> None:
        for bank in self.banks:
            bank.__exit__()


def _first_value(home: Path) -> dict[str, Any]:
    import pyarrow.parquet as pq

    row: dict[str, Any] = pq.read_table(home / "releases/latest/indicator.parquet").slice(0, 1).to_pylist()[0]
    return row


def try_all(folder: Path, *, each: bool) -> list[dict[str, Any]]:
    """What was tried, what was wrong with it, and what the user saw."""
    made = Surroundings(folder)
    try:
        ordinary = folder / "ordinary"
        assert made.run(ordinary) == 0, made.said.read_text(encoding="utf-8")
        expected = made.facts(ordinary)
        if each:
            for name, around in ALLOWED.items():
                made.try_allowed(name, [around], ahead=False, wanted=expected)
            made.try_allowed(CLOCK, [], ahead=True, wanted=expected)
        made.try_allowed("all of these at once", list(ALLOWED.values()), ahead=True, wanted=expected)
        made.try_too_long()
        for number, limit in enumerate(MEMORY if each else MEMORY[:1]):
            made.try_memory(folder / f"memory-{number}", limit, expected)
        if os.getuid() == 0:
            made.try_another_user(ordinary)
        return made.rows
    finally:
        made.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: a line for each try, as JSON; exit code 1 if anything was wrong."""
    given = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    given.add_argument("--each", choices=("yes", "no"), default="yes", help="each by itself as well")
    options = given.parse_args(arguments)
    os.environ["COMPACT_REPORTS"] = "none"
    with tempfile.TemporaryDirectory(prefix="surroundings-") as folder:
        rows = try_all(Path(folder).resolve(), each=options.each == "yes")
    for row in rows:
        print(json.dumps(row, ensure_ascii=False))
    return 1 if any(row["wrong"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
