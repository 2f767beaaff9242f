"""A release store on S3, against a local stand-in: a reader gets the old or the new release however an
upload ends; incomplete, unsigned or foreign releases are rejected.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import obstore
import pyarrow.fs
import pyarrow.parquet as pq
import pytest
from moto.server import ThreadedMotoServer

from pipelines.maintenance.rollback import roll_back
from schemas.errors import CompactError
from tests.command import CHECKOUT, in_process
from tests.faults.table import saw
from tests.unit.test_pointer import another
from tests.unit.test_signature import keys
from warehouse.remote.object_store import Remote
from warehouse.remote.transfer import _inside, brought, publish_to, pull_from
from warehouse.store.history import history
from warehouse.store.latest import latest_release
from warehouse.store.listing import open_release
from warehouse.verification.signing import sign
from warehouse.verification.verify import verify_release

pytestmark = pytest.mark.slow

__all__ = ["keys"]  # a fixture of test_signature

KEYS = {
    "AWS_ACCESS_KEY_ID": "key-of-the-test",
    "AWS_SECRET_ACCESS_KEY": "secret-of-the-test",
    "AWS_REGION": "us-east-1",
}
NEW = "2999-01-01-00000000"
MONDAY = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    made = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    made.start()
    host, port = made.get_host_and_port()
    yield f"http://{host}:{port}"
    made.stop()


@pytest.fixture
def bucket(server: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a prefix of its own in a bucket."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    s3 = pyarrow.fs.S3FileSystem(
        access_key=KEYS["AWS_ACCESS_KEY_ID"],
        secret_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        region="us-east-1",
        endpoint_override=server,
        allow_bucket_creation=True,
    )
    s3.create_dir("releases")
    return f"s3://releases/{sha256(request.node.nodeid.encode()).hexdigest()[:12]}"


def quiet(_: str) -> None:
    return None


def names(url: str) -> list[str]:
    return sorted(row["path"] for page in obstore.list(Remote(url).store) for row in page)


@pytest.fixture
def second(tiny_release: Path) -> Path:
    return another(tiny_release, NEW)


def test_a_published_release_is_the_same_bytes_and_can_be_read_by_others(
    bucket: str, server: str, tiny_release: Path, tmp_path: Path
) -> None:
    done = publish_to(bucket, tiny_release, tell=quiet)
    files = sorted(p.relative_to(tiny_release).as_posix() for p in tiny_release.rglob("*") if p.is_file())
    assert (done.release, done.before, done.there, done.conditional) == (tiny_release.name, None, 0, True)
    assert names(bucket) == sorted(["latest", *(f"{tiny_release.name}/{name}" for name in files)])
    s3 = pyarrow.fs.S3FileSystem(
        access_key=KEYS["AWS_ACCESS_KEY_ID"],
        secret_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        region="us-east-1",
        endpoint_override=server,
    )
    place = bucket.removeprefix("s3://")
    named = s3.open_input_stream(f"{place}/latest").read().decode().strip()
    table = pq.read_table(f"{place}/{named}/indicator.parquet", filesystem=s3)
    assert table.equals(pq.read_table(tiny_release / "indicator.parquet"))
    again = publish_to(bucket, tiny_release, tell=quiet)
    assert (again.sent, again.before) == (0, tiny_release.name)


def test_a_release_goes_from_home_to_home_by_the_verbs(
    bucket: str, tiny_release: Path, tmp_path: Path
) -> None:
    environment = {name: os.environ[name] for name in (*KEYS, "AWS_ENDPOINT_URL")}
    home = tiny_release.parent.parent
    sent = in_process("publish", bucket, "--json", home=home, env=environment)
    assert (sent.code, sent.json["release"]) == (0, tiny_release.name), sent.err
    store = environment | {"COMPACT_STORE": bucket}
    assert in_process("pull", home=tmp_path / "other", env=store).code == 0
    assert verify_release(open_release(tmp_path / "other")) == []
    shown = in_process("show", "use", "--json", home=tmp_path / "other", env=store)
    assert (shown.code, shown.json) == (0, in_process("show", "use", "--json", home=home).json)
    assert in_process("verify", bucket, home=tmp_path / "none", env=store).code == 0
    obstore.put(Remote(bucket).store, f"{tiny_release.name}/NOTES.md", b"changed")
    result = in_process("verify", bucket, "--json", home=tmp_path / "none", env=store)
    assert (result.code, [one["file"] for one in result.json]) == (1, ["NOTES.md"])
    for text in (sent.out, sent.err, result.out, result.err):
        assert KEYS["AWS_SECRET_ACCESS_KEY"] not in text


def cut_after(monkeypatch: pytest.MonkeyPatch, count: int) -> Callable[..., Any]:
    """The network goes after so many puts."""
    put, done = obstore.put, []

    def cut(*given: Any, **more: Any) -> Any:
        if len(done) >= count:
            raise obstore.exceptions.GenericError("connection reset by peer")
        done.append(given[1])
        return put(*given, **more)

    monkeypatch.setattr(obstore, "put", cut)
    return put


@pytest.mark.fault("an upload to a store is cut midway")
@pytest.mark.parametrize("count", [0, 9, -1])
def test_an_upload_that_is_cut_leaves_latest_as_it_was(
    count: int, bucket: str, tiny_release: Path, second: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_to(bucket, tiny_release, tell=quiet)
    files = sum(path.is_file() for path in second.rglob("*"))
    with monkeypatch.context() as patched:
        cut_after(patched, count if count >= 0 else files + 1 + count)
        with pytest.raises(CompactError, match="connection reset by peer") as caught:
            publish_to(bucket, second, tell=quiet)
    saw(caught.value.what)
    assert "`latest` there is as it was" in caught.value.next_step
    assert pull_from(bucket, tmp_path / "reader").name == tiny_release.name
    done = publish_to(bucket, second, tell=quiet)
    assert done.there == max(0, min(count if count >= 0 else files, files - 1))
    assert pull_from(bucket, tmp_path / "reader").name == NEW
    assert verify_release(open_release(tmp_path / "reader")) == []


KILLED = """
import os, signal, sys, obstore
from hashlib import sha256
from pathlib import Path
from warehouse.remote.transfer import publish_to
put, done = obstore.put, []
def counted(*given, **more):
    if len(done) >= int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
    done.append(1)
    return put(*given, **more)
obstore.put = counted
publish_to(sys.argv[1], Path(sys.argv[2]), tell=lambda text: None)
"""


@pytest.mark.fault("kill -9 while a release is uploaded")
def test_a_killed_upload_leaves_latest_and_the_next_one_completes(
    bucket: str, tiny_release: Path, second: Path, tmp_path: Path
) -> None:
    publish_to(bucket, tiny_release, tell=quiet)
    done = subprocess.run([sys.executable, "-c", KILLED, bucket, second, "12"], cwd=CHECKOUT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert pull_from(bucket, tmp_path / "reader").name == tiny_release.name
    assert publish_to(bucket, second, tell=quiet).there >= 5
    assert pull_from(bucket, tmp_path / "reader").name == NEW


@pytest.mark.fault("two publish to one store at once")
def test_who_comes_second_does_not_overwrite_latest(
    bucket: str, tiny_release: Path, second: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_to(bucket, tiny_release, tell=quiet)
    other = another(tiny_release, "2999-01-02-00000000", days=2)
    read, once = Remote.read_version, []

    def meanwhile(self: Remote, name: str) -> Any:
        result = read(self, name)
        if name == "latest" and not once:
            once.append(name)
            publish_to(bucket, other, tell=quiet)
        return result

    monkeypatch.setattr(Remote, "read_version", meanwhile)
    with pytest.raises(
        CompactError, match=f"changed by somebody else meanwhile: it names {other.name}"
    ) as caught:
        publish_to(bucket, second, tell=quiet)
    saw(caught.value.what)
    assert Remote(bucket).read("latest") == f"{other.name}\n".encode()


def test_an_older_release_does_not_replace_a_newer_one_unless_that_is_meant(
    bucket: str, tiny_release: Path, second: Path
) -> None:
    publish_to(bucket, second, tell=quiet)
    with pytest.raises(CompactError, match=f"`latest` there is {NEW}, which is newer"):
        publish_to(bucket, tiny_release, tell=quiet)
    assert publish_to(bucket, tiny_release, back=True, tell=quiet).before == NEW


def test_a_release_of_the_same_name_with_other_bytes_is_not_touched(bucket: str, tiny_release: Path) -> None:
    obstore.put(Remote(bucket).store, f"{tiny_release.name}/NOTES.md", b"another")
    with pytest.raises(CompactError, match="is another file than that of this release"):
        publish_to(bucket, tiny_release, tell=quiet)
    assert "latest" not in names(bucket)


def test_a_damaged_release_is_not_sent(bucket: str, tiny_release: Path) -> None:
    (tiny_release / "NOTES.md").write_text("changed", encoding="utf-8")
    with pytest.raises(CompactError, match="damaged in 1 place:"):
        publish_to(bucket, tiny_release, tell=quiet)
    assert names(bucket) == []


@pytest.mark.fault("a store sends other bytes than were published")
def test_what_the_store_has_damaged_is_not_taken(
    bucket: str, tiny_release: Path, second: Path, tmp_path: Path
) -> None:
    publish_to(bucket, tiny_release, tell=quiet)
    home = tmp_path / "reader"
    pull_from(bucket, home)
    publish_to(bucket, second, tell=quiet)
    store = Remote(bucket).store
    for name, body in (("indicator.parquet", b"PAR1"), ("NOTES.md", None)):
        whole = (second / name).read_bytes()
        if body is None:
            obstore.delete(store, f"{NEW}/{name}")
        else:
            obstore.put(store, f"{NEW}/{name}", body)
        with pytest.raises(CompactError, match=f"damaged in .*{name}") as caught:
            pull_from(bucket, home)
        saw(caught.value.what)
        assert latest_release(home) == home / "releases" / tiny_release.name
        left = {p.name for p in (home / "releases").iterdir()}
        assert left == {".lock", "history.jsonl", tiny_release.name, "latest"}
        obstore.put(store, f"{NEW}/{name}", whole)
    assert pull_from(bucket, home).name == NEW


def test_where_signers_are_named_an_unsigned_release_is_not_taken(
    bucket: str, tiny_release: Path, tmp_path: Path
) -> None:
    publish_to(bucket, tiny_release, tell=quiet)
    signers = tmp_path / "signers"
    signers.write_text("", encoding="utf-8")
    with pytest.raises(CompactError):
        pull_from(bucket, tmp_path / "reader", signers=signers)
    assert latest_release(tmp_path / "reader") is None


@pytest.mark.parametrize("name", ["../a", "/etc/passwd", "a/../../b", "a\\b", ".", "a/./../c", ""])
def test_a_hostile_list_of_files_writes_nothing_outside(name: str) -> None:
    with pytest.raises(CompactError, match="lies outside of the release"):
        _inside(name)


@pytest.mark.parametrize("named", ["../elsewhere", "latest", ".hidden", "a/b", "x" * 101])
def test_a_hostile_pointer_is_not_followed(named: str, bucket: str, tmp_path: Path) -> None:
    obstore.put(Remote(bucket).store, "latest", named.encode())
    with pytest.raises(CompactError, match="there is no release"), brought(bucket):
        pass
    with pytest.raises(CompactError, match="there is no release"):
        pull_from(bucket, tmp_path / "home")


@pytest.mark.parametrize(
    "url", ["", "releases", "https://a.example/b", "s3://", "file:///tmp/x", "s3://b/c?d=e"]
)
def test_what_is_no_store_is_said(url: str, tmp_path: Path) -> None:
    with pytest.raises(CompactError, match="is no address of a store"):
        pull_from(url, tmp_path)


def test_a_home_is_a_folder_and_no_address(tmp_path: Path) -> None:
    done = in_process("show", "use", home=tmp_path, env={"COMPACT_HOME": "s3://bucket/releases"})
    assert done.code == 2
    assert "COMPACT_HOME is an address, and must be a folder" in done.err
    assert "`compact pull`" in done.err


def test_keys_never_go_over_the_network_unencrypted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://store.example")
    with pytest.raises(CompactError, match="unencrypted"):
        pull_from("s3://bucket", tmp_path)


def test_a_store_without_conditions_is_used_and_told_apart(
    bucket: str, tiny_release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = obstore.put

    def simple(*given: Any, mode: Any = None, **more: Any) -> Any:
        if mode != "overwrite":
            raise obstore.exceptions.GenericError("501 Not Implemented: <Code>NotImplemented</Code>")
        return put(*given, mode=mode, **more)

    monkeypatch.setattr(obstore, "put", simple)
    done = publish_to(bucket, tiny_release, tell=quiet)
    assert not done.conditional
    assert Remote(bucket).read("latest") == f"{tiny_release.name}\n".encode()


def test_a_copy_of_the_store_is_a_folder_of_releases(bucket: str, tiny_release: Path, tmp_path: Path) -> None:
    publish_to(bucket, tiny_release, tell=quiet)
    folder = tmp_path / "copy" / "releases"
    for name in names(bucket):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(Remote(bucket).read(name) or b"")
    assert latest_release(tmp_path / "copy") == folder / tiny_release.name
    assert verify_release(open_release(tmp_path / "copy")) == []
    assert json.loads((folder / tiny_release.name / "release.json").read_text())["id"]
    shutil.rmtree(folder)


def set_latest(bucket: str, name: str) -> None:
    obstore.put(Remote(bucket).store, "latest", f"{name}\n".encode())


@pytest.mark.fault("a store's latest is set back")
def test_a_pointer_that_was_set_back_is_followed_only_if_that_is_meant(
    bucket: str, tiny_release: Path, second: Path, tmp_path: Path
) -> None:
    home = tmp_path / "reader"
    publish_to(bucket, tiny_release, tell=quiet)
    pull_from(bucket, home, by="ada", now=MONDAY)
    publish_to(bucket, second, tell=quiet)
    pull_from(bucket, home, by="ada", now=MONDAY)
    set_latest(bucket, tiny_release.name)
    with pytest.raises(CompactError) as caught:
        pull_from(bucket, home)
    saw(caught.value.what)
    assert latest_release(home) == home / "releases" / NEW
    pull_from(bucket, home, back=True, by="ada", now=MONDAY)
    assert latest_release(home) == home / "releases" / tiny_release.name
    moves = [(event["from"], event["to"], event["by"]) for event in history(home)]
    assert moves == [
        (None, tiny_release.name, "ada"),
        (tiny_release.name, NEW, "ada"),
        (NEW, tiny_release.name, "ada"),
    ]
    pull_from(bucket, home)
    assert len(history(home)) == 3, "nothing moves, nothing is recorded"


@pytest.mark.fault("a release is copied under another id")
def test_a_copy_under_another_id_is_not_taken(bucket: str, tiny_release: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(tiny_release, tiny_release.with_name("2999-12-31-ffffffff")))
    store = Remote(bucket).store
    for path in (p for p in copy.rglob("*") if p.is_file()):
        obstore.put(store, f"{copy.name}/{path.relative_to(copy).as_posix()}", path.read_bytes())
    set_latest(bucket, copy.name)
    with pytest.raises(CompactError) as caught:
        pull_from(bucket, tmp_path / "reader")
    saw(caught.value.what)
    assert tiny_release.name in caught.value.what
    assert latest_release(tmp_path / "reader") is None


@pytest.mark.fault("an unsigned release is at home already")
def test_what_is_at_home_already_is_judged_as_well(
    bucket: str, tiny_release: Path, second: Path, keys: Path, tmp_path: Path
) -> None:
    home, signers = tmp_path / "reader", keys / "signers"
    publish_to(bucket, tiny_release, tell=quiet)
    pull_from(bucket, home)  # nobody asked for signatures then
    sign(second, keys / "ours")
    publish_to(bucket, second, tell=quiet)
    pull_from(bucket, home, None, signers)
    set_latest(bucket, tiny_release.name)
    with pytest.raises(CompactError) as caught:
        pull_from(bucket, home, None, signers, back=True)
    saw(caught.value.what)
    assert latest_release(home) == home / "releases" / NEW
    sign(tiny_release, keys / "ours")
    set_latest(bucket, NEW)
    publish_to(bucket, tiny_release, back=True, tell=quiet)
    pull_from(bucket, home, None, signers, back=True)
    assert latest_release(home) == home / "releases" / tiny_release.name
    assert history(home)[-1]["signer"] == "office@example.org"
    damaged = home / "releases" / tiny_release.name / "NOTES.md"
    damaged.write_text("changed", encoding="utf-8")
    with pytest.raises(CompactError):
        pull_from(bucket, home, None, signers)


def test_a_release_that_was_withdrawn_here_is_not_taken_back_by_a_pull(
    bucket: str, tiny_release: Path, second: Path, tmp_path: Path
) -> None:
    home = tmp_path / "reader"
    publish_to(bucket, tiny_release, tell=quiet)
    pull_from(bucket, home)
    publish_to(bucket, second, tell=quiet)
    pull_from(bucket, home)
    roll_back(home, tiny_release.name, "its values are wrong", "ada")
    with pytest.raises(CompactError) as caught:
        pull_from(bucket, home)
    assert "its values are wrong" in caught.value.what
    assert latest_release(home) == home / "releases" / tiny_release.name
