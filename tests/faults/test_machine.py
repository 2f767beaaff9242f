"""System faults: each has its message and exit code 2, and changes nothing."""

from __future__ import annotations

import errno
import io
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.cli import app as cli
from pipelines.cli.make.run_summary import tell
from pipelines.steps.system_errors import SystemFault, system_fault
from schemas.errors import CompactError
from sources.locks import HomeLocked, WriterStuck, home_lock, write_lock
from sources.model import Page, Resource, SourceResponse
from sources.snapshots.objects import Objects
from sources.snapshots.store import Store
from tests.faults.bench import must_succeed, values
from tests.faults.kills import facts
from tests.faults.table import saw
from tests.faults.tiny_bank import TinyBank, of_bank
from tests.unit.local_agency import make_source
from warehouse.store.as_of import StoreAsOf
from warehouse.store.publish import latest_release, read_release_metadata
from warehouse.verification.verify import verify_release

CHECKOUT = Path(cli.__file__).resolve().parents[2]


@pytest.fixture
def bank(monkeypatch: pytest.MonkeyPatch) -> Iterator[TinyBank]:
    monkeypatch.setenv("COMPACT_REPORTS", "none")
    with TinyBank() as made:
        monkeypatch.setenv("COMPACT_URL_WORLDBANK_WDI", made.url)
        yield made


@contextmanager
def full_beyond(limit: int) -> Iterator[None]:
    """No file may grow beyond so many bytes: the system itself refuses to write on, to whichever library."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.fault("the disk is full")
def test_a_full_disk_stops_a_run_with_words_and_leaves_latest_whole(
    bank: TinyBank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dagster's own database on disk is what stops growing first."""
    home = tmp_path / "home"
    must_succeed(of_bank(home))
    before = latest_release(home)
    assert before is not None
    bank.next_release()
    for limit in (100, 2_000, 8_000, 100_000):
        said = io.StringIO()
        made = of_bank(home)
        with monkeypatch.context() as patched, full_beyond(limit):
            patched.setattr(sys, "stdout", said)
            patched.setattr(sys, "stderr", said)
            code = tell(made.run())
        text = said.getvalue()
        assert (code, "the disk is full, or a file may not grow" in text) == (2, True), f"{limit}: {text}"
        assert "make room (`compact gc`" in text
        saw(next(line for line in text.splitlines() if "the disk is full" in line))
        assert "Traceback" not in text
        assert latest_release(home) == before
        assert verify_release(before) == []
    must_succeed(of_bank(home))
    must_succeed(of_bank(tmp_path / "other"))
    assert values(home).equals(values(tmp_path / "other"))
    assert facts(home)["left over"] == []


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/a/file"), "the disk is full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "the disk is full"),
        (duckdb.IOException("IO Error: Could not write file: No space left on device"), "the disk is full"),
        (sqlite3.OperationalError("database or disk is full"), "the disk is full"),
        (OSError("Error writing bytes: No space left on device"), "the disk is full"),
        (PermissionError(errno.EACCES, "Permission denied", "/a"), "may not read or write there"),
        (OSError(errno.EROFS, "Read-only file system", "/a"), "may not read or write there"),
        (sqlite3.OperationalError("attempt to write a readonly database"), "may not read or write there"),
        (OSError(errno.EIO, "Input/output error"), "did not do what was asked"),
        (OSError(errno.EMFILE, "Too many open files"), "too many files are open: this process may have "),
        (ImportError("a.so: failed to map segment from shared object"), "memory is exhausted"),
        (MemoryError(), "memory is exhausted (MemoryError)"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "memory is exhausted"),
        (duckdb.OutOfMemoryException("Out of Memory Error: failed to allocate"), "memory is exhausted"),
        (pa.ArrowMemoryError("malloc of size 64 failed"), "memory is exhausted"),
        (RuntimeError("can't start new thread"), "memory is exhausted"),
        (OSError(errno.ENAMETOOLONG, "File name too long", "/a"), "a path is longer than"),
    ],
)
@pytest.mark.fault("a library's words for a machine fault")
def test_every_library_s_words_for_a_fault_are_known(error: Exception, what: str, tmp_path: Path) -> None:
    try:
        raise RuntimeError("a step failed") from error
    except RuntimeError as outer:
        result = system_fault(outer, tmp_path)
    assert isinstance(result, SystemFault)
    saw(result.what)
    assert what in result.what
    assert result.where in (str(tmp_path), "/a/file", "/a")
    assert result.next_step


@pytest.mark.parametrize(
    "error", [ValueError("No space left on device"), KeyError("x"), OSError(errno.ENOENT, "x")]
)
def test_a_mistake_of_ours_is_not_taken_for_a_fault_of_the_machine(error: Exception, tmp_path: Path) -> None:
    assert system_fault(error, tmp_path) is None


@pytest.mark.fault("COMPACT_HOME is read-only")
def test_a_home_that_cannot_be_written_is_said_with_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Root may write anywhere, so the refusal is the system call's, made up."""

    def refuse(path: object, *_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system", os.fspath(path))  # type: ignore[call-overload]

    monkeypatch.setenv("COMPACT_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(os, "mkdir", refuse)
    for arguments in (["run", "--offline"], ["gc"]):
        monkeypatch.setattr(sys, "argv", ["compact", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capfd.readouterr().err
        assert ended.value.code == 2
        assert "this user may not read or write there (" in said
        assert "set COMPACT_HOME to another folder" in said
        saw(next(line for line in said.splitlines() if "may not read or write" in line))
        assert "Traceback" not in said


def test_a_run_as_another_user_than_the_home_s_owner_is_told(tmp_path: Path) -> None:
    """The real refusal of the real system, where the tests run as root and can become nobody."""
    if os.getuid() != 0:
        tmp_path.chmod(0o500)
    done = subprocess.run(
        [sys.executable, "-c", "import os; os.getuid() or os.setuid(65534); os.mkdir(os.environ['HERE'])"],
        env=os.environ | {"HERE": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert isinstance(system_fault(PermissionError(done.stderr.splitlines()[-1]), tmp_path), SystemFault)


@pytest.mark.fault("64 open files (ulimit -n)")
def test_a_run_with_too_few_open_files_is_refused_before_it_starts(tmp_path: Path) -> None:
    done = limited("-n", tmp_path)
    saw(done.stderr)
    assert done.returncode == 2, done.stderr
    assert "this process may have 64 files open at once" in done.stderr
    assert "allowed: at least 256" in done.stderr
    assert "raise it (`ulimit -n 1024`" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.fault("64 open files (ulimit -Sn)")
def test_a_soft_limit_of_open_files_is_raised(tmp_path: Path) -> None:
    done = limited("-Sn", tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, "1024"), done.stderr


def limited(option: str, home: Path) -> subprocess.CompletedProcess[str]:
    """What a run looks at before it starts, under `ulimit OPTION 64`; prints the limit that it leaves."""
    work = (
        "import resource, sys; from pathlib import Path\n"
        "from pipelines.steps import UnfitSurroundings, check_surroundings\n"
        "try: check_surroundings(Path(sys.argv[1]))\n"
        "except UnfitSurroundings as problem: print(problem, file=sys.stderr); sys.exit(2)\n"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    return subprocess.run(
        ["sh", "-c", f'ulimit {option} 64; exec "$@"', "sh", sys.executable, "-c", work, str(home)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.fault("a path that is too long")
def test_a_home_in_which_sqlite_can_open_nothing_is_a_run_that_could_not_start(
    bank: TinyBank, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path.joinpath("x" * 200, "y" * 200, "z" * 200)
    code = tell(of_bank(home).run())
    said = capfd.readouterr().err
    saw(next(line for line in said.splitlines() if "has a path of" in line))
    assert code == 2
    assert "set COMPACT_HOME to a shorter path" in said
    assert bank.paths() == [], "the agency is not even asked"


@pytest.mark.fault("a path with a sign of addresses")
@pytest.mark.parametrize("sign", ["%", "?"])
def test_a_home_that_dagster_would_look_for_elsewhere_is_refused(
    bank: TinyBank, tmp_path: Path, capfd: pytest.CaptureFixture[str], sign: str
) -> None:
    code = tell(of_bank(tmp_path / f"a{sign}41" / "home").run())
    said = capfd.readouterr().err
    saw(next(line for line in said.splitlines() if "has a path with" in line))
    assert code == 2
    assert "set COMPACT_HOME to another folder" in said
    assert bank.paths() == [], "the agency is not even asked"
    assert not [*tmp_path.rglob("*.db")], "nothing is written, here or beside"


@pytest.mark.fault("two runs at once")
def test_two_runs_at_once_are_one_run_and_one_that_is_told(bank: TinyBank, tmp_path: Path) -> None:
    with home_lock(tmp_path, "compact run"):
        made = of_bank(tmp_path)
        with pytest.raises(HomeLocked, match="locked by another process: compact run, process") as caught:
            made.run()
    assert bank.paths() == [], "the agency is not even asked"
    assert isinstance(caught.value, CompactError)
    saw(caught.value.what)
    assert "wait until it has ended" in caught.value.next_step
    must_succeed(of_bank(tmp_path))
    assert [row.name for row in (tmp_path / "releases").glob("*-*")] == [latest_release(tmp_path).name]  # type: ignore[union-attr]


@pytest.mark.fault("a process is stopped while it writes")
def test_who_waits_for_a_stopped_process_is_told_after_a_while(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    hold = (
        "import os, signal, sys; from pathlib import Path; from sources.locks import write_lock\n"
        "with write_lock(Path(sys.argv[1])): os.kill(os.getpid(), signal.SIGSTOP)"
    )
    process = subprocess.Popen([sys.executable, "-c", hold, str(path)], cwd=CHECKOUT)
    try:
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        with pytest.raises(WriterStuck) as caught, write_lock(path, deadline=0.1):
            pass
        saw(caught.value.what)
        assert caught.value.where == str(path)
        assert caught.value.retriable
    finally:
        process.kill()
        process.wait()
    with write_lock(path, deadline=0.1):
        pass  # the system has freed it


def test_several_may_work_beside_each_other_but_not_beside_a_run(tmp_path: Path) -> None:
    shared, again = (home_lock(tmp_path, what, alone=False) for what in ("accept", "as of"))
    with shared, again, pytest.raises(HomeLocked), home_lock(tmp_path, "compact run"):
        pass
    with (
        home_lock(tmp_path, "compact run"),
        pytest.raises(HomeLocked),
        home_lock(tmp_path, "accept", alone=False),
    ):
        pass


@pytest.mark.fault("a reader holds the old release")
def test_who_reads_the_old_release_goes_on_reading_it(bank: TinyBank, tmp_path: Path) -> None:
    """In one connection, in open files and by its path, while a new one is published."""
    must_succeed(of_bank(tmp_path))
    old = latest_release(tmp_path)
    assert old is not None
    with duckdb.connect(str(tmp_path / "releases" / "latest" / "warehouse.duckdb"), read_only=True) as con:
        sums = con.execute("select count(*), sum(value) from indicator").fetchone()
        with pq.ParquetFile(old / "indicator.parquet") as held:
            bank.next_release()
            must_succeed(of_bank(tmp_path))
            assert latest_release(tmp_path) != old
            assert con.execute("select count(*), sum(value) from indicator").fetchone() == sums
            assert held.read().equals(pq.read_table(old / "indicator.parquet"))
    assert verify_release(old) == []


@pytest.mark.fault("the clock jumps back")
def test_a_clock_that_jumps_back_changes_no_content_and_no_order(
    bank: TinyBank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    must_succeed(of_bank(tmp_path / "home"))
    first = latest_release(tmp_path / "home")
    bank.next_release()

    class Before(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime(2020, 1, 1, tzinfo=UTC)

    for module in (
        "pipelines.steps.fetch",
        "warehouse.release.build",
        "sources.snapshots.events",
        "sources.ingest.fetch",
    ):
        monkeypatch.setattr(f"{module}.datetime", Before)
    must_succeed(of_bank(tmp_path / "home"))
    second = latest_release(tmp_path / "home")
    assert first is not None
    assert second is not None
    assert read_release_metadata(second)["created"] > read_release_metadata(first)["created"]
    assert second.name > first.name[:10]
    must_succeed(of_bank(tmp_path / "other"))
    assert values(tmp_path / "home").equals(values(tmp_path / "other"))


@pytest.mark.fault("the clock jumps back")
def test_the_past_is_what_stood_in_the_manifest_before_not_what_its_clock_says(tmp_path: Path) -> None:
    source, store = make_source(), Store(tmp_path)
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    for number, at in enumerate((noon, noon - timedelta(days=30))):  # put back between the two
        page = Page("https://a.example", f"page {number}".encode())
        snapshot = store.keep(source, SourceResponse(Resource("r", ("r",)), (page,), 1, 1, f"{number}"), at)
        store.accept([snapshot], "right", at)
    live: Callable[[datetime], object] = lambda at: StoreAsOf(tmp_path, at).live("agency").get("r")  # noqa: E731
    assert live(noon - timedelta(days=1)) is None
    assert live(noon) == store.live("agency")["r"]


@pytest.mark.fault("a write fails in the middle")
def test_a_write_that_fails_in_the_middle_leaves_no_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    objects = Objects(tmp_path)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        objects.put(b"page")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
