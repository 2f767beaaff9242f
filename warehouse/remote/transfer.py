"""Publishes releases to S3 or a compatible store, and pulls them back.

The store is structured like `$COMPACT_HOME/releases`: a folder per release, and `latest` with the id of one.
S3 has no rename, so atomicity comes from the order of writes: every file of the release first, SHA256SUMS
last of them, all read back; then `latest`, in one conditional put that fails if another client has changed it
since it was read. A reader of `latest` therefore always gets a complete release, the old or the new one, even
if the upload is interrupted.

Requests to a store are in object_store.py.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath

from schemas.display import counted
from schemas.errors import CompactError
from sources.snapshots.atomic import write_atomic
from warehouse.remote.object_store import Remote
from warehouse.remote.pull_rules import judge, pull_event, refuse_older
from warehouse.store.history import withdrawn
from warehouse.store.latest import CARD, LATEST, latest_release, move
from warehouse.store.publish import SUMS, building, file_sha256, publish, publishing, read_release_metadata
from warehouse.verification.signing import SIGNATURE
from warehouse.verification.verify import verify_release

AT_ONCE = 8  # concurrent files; more gains nothing over one connection to a store
USABLE_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,99}")


class NotInStore(CompactError):
    """The store does not have this release, or has none."""


@dataclass(frozen=True)
class Published:
    """Result of a publication. sent and there: files that were sent, and that existed already."""

    release: str
    before: str | None
    sent: int
    there: int
    bytes: int
    conditional: bool


# --- out
def publish_to(
    url: str, folder: Path, *, back: bool = False, tell: Callable[[str], None] = print
) -> Published:
    """Send a whole release and point the store's `latest` to it. back: allowed even if the store has a
    newer one.
    """
    if findings := verify_release(folder):
        raise CompactError(
            f"the release is damaged in {counted(len(findings), 'place')}: {findings[0]}",
            where=str(folder),
            next_step="see `compact verify`; nothing was sent",
        )
    remote = Remote(url)
    seen = remote.read_version(LATEST)
    before = _id(seen[0]) if seen else None
    if not back:
        _not_older(remote, before, folder)
    files = _files(folder)
    tell(f"{len(files)} files to {remote.url}/{folder.name}")
    with ThreadPoolExecutor(AT_ONCE) as workers:
        sent = sum(workers.map(lambda name: _send(remote, folder, name), files))
    _send(remote, folder, SUMS)
    if (folder / SIGNATURE).is_file():  # made after the release, perhaps repeatedly
        place = f"{folder.name}/{SIGNATURE}"
        signed = remote.read_version(place)
        remote.replace(place, (folder / SIGNATURE).read_bytes(), signed[1] if signed else None)
    put, conditional = remote.replace(LATEST, f"{folder.name}\n".encode(), seen[1] if seen else None)
    if not put:
        raise CompactError(
            f"`latest` was changed by somebody else meanwhile: it names {_now(remote)}",
            where=f"{remote.url}/{LATEST}",
            allowed=f"as it was when this began: {before or 'none'}",
            next_step="look which release is right, and publish that one; the files of this one are there",
        )
    size = sum((folder / name).stat().st_size for name in files)
    return Published(folder.name, before, sent, len(files) - sent, size, conditional)


def _files(folder: Path) -> list[str]:
    names = (p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return sorted(name for name in names if name not in (SUMS, SIGNATURE))


def _send(remote: Remote, folder: Path, name: str) -> bool:
    """Send one file unless it exists, and read it back. Returns False if it existed."""
    body, place = (folder / name).read_bytes(), f"{folder.name}/{name}"
    try:
        sent = remote.create(place, body)
    except NotImplementedError:
        sent = remote.read(place) != body and remote.replace(place, body, None)[0]
    there = remote.read(place)
    if there is None or sha256(there).digest() != sha256(body).digest():
        raise CompactError(
            "is not what was sent" if sent else "is another file than that of this release",
            where=f"{remote.url}/{place}",
            allowed="a release is never changed",
            next_step="take that folder out of the store, then publish again; `latest` there is as it was",
        )
    return sent


def _not_older(remote: Remote, before: str | None, folder: Path) -> None:
    card = remote.read(f"{before}/{CARD}") if before and before != folder.name else None
    if card and json.loads(card)["created"] > read_release_metadata(folder)["created"]:
        raise CompactError(
            f"`latest` there is {before}, which is newer than {folder.name}",
            where=f"{remote.url}/{LATEST}",
            allowed="a newer release, or --back",
            next_step="`compact publish --back` if you mean it",
        )


# --- in
def pull_from(
    url: str,
    home: Path,
    release: str | None = None,
    signers: Path | None = None,
    *,
    back: bool = False,
    by: str = "",
    now: datetime | None = None,
) -> Path:
    """Pull a release into a home and, if the store's `latest` names it, make it the latest here.

    It is verified every time, even if it exists here: complete, with one id in pointer, folder and
    release.json, signed by a configured signer if there are any, and not older than the latest here.

    Args:
        url: the store.
        home: COMPACT_HOME.
        release: an id; by default the one that the store's `latest` names.
        signers: the allowed-signers file; None if no signature is required.
        back: follow `latest` even to a release that is older than the latest here.
        by: the operator, for the history.
        now: the moment, for the history.

    Returns:
        The folder of the release.

    Raises:
        CompactError: the release failed verification; nothing here has changed.
    """
    remote = Remote(url)
    latest = _now(remote)
    release_id = _wanted(remote, release, latest)
    with publishing(home) as folder:
        final, before = folder / release_id, latest_release(home)
        with building(folder, release_id) as partial:
            if final.is_dir():
                _same(remote, release_id, final)
                shutil.copytree(final, partial, symlinks=True, dirs_exist_ok=True)
                _fetch_signature(remote, release_id, partial)
            else:
                _fetch(remote, release_id, partial)
            signature = judge(partial, release_id, remote.url, signers)
            if release_id == latest and not back:
                refuse_older(partial, before, remote.url, withdrawn(home))
            if final.is_dir():
                if (partial / SIGNATURE).is_file():
                    write_atomic(final / SIGNATURE, (partial / SIGNATURE).read_bytes())
            elif release_id != latest:
                partial.rename(final)
            if release_id != latest or (before is not None and before.name == release_id):
                return final
            event = pull_event(before, release_id, remote.url, signature, by, now)
            if final.is_dir():
                move(folder, release_id, lambda: None, event)
            else:
                publish(partial, release_id, event)
    return final


@contextmanager
def brought(url: str, release: str | None = None) -> Iterator[Path]:
    """Yield a copy of a store's release in a temporary folder named after its id."""
    remote = Remote(url)
    release_id = _wanted(remote, release, _now(remote))
    with tempfile.TemporaryDirectory(prefix="compact-check-") as aside:
        folder = Path(aside) / release_id
        folder.mkdir()
        _fetch(remote, release_id, folder)
        yield folder


def _wanted(remote: Remote, release: str | None, latest: str | None) -> str:
    release_id = release or latest
    if release_id is None or not USABLE_ID.fullmatch(release_id) or release_id == LATEST:
        raise NotInStore(
            f"there is no release {release}" if release else "there is no release yet",
            where=remote.url,
            next_step="`compact publish` puts one there",
        )
    return release_id


def _now(remote: Remote) -> str | None:
    body = remote.read(LATEST)
    return _id(body) if body is not None else None


def _id(body: bytes) -> str:
    return body.decode("utf-8", "replace").strip()


def _fetch(remote: Remote, release: str, aside: Path) -> None:
    """Download SHA256SUMS and all files that it lists."""
    sums = remote.read(f"{release}/{SUMS}")
    if sums is None:
        raise NotInStore(
            f"release {release} is not there as a whole: it has no {SUMS}",
            where=remote.url,
            next_step="publish it again, or name another",
        )
    (aside / SUMS).write_bytes(sums)
    listed = dict(line.split("  ", 1)[::-1] for line in sums.decode("utf-8").splitlines())

    def bring(name: str) -> None:
        body = remote.read(f"{release}/{_inside(name)}")
        if body is not None:
            (aside / name).parent.mkdir(parents=True, exist_ok=True)
            (aside / name).write_bytes(body)

    with ThreadPoolExecutor(AT_ONCE) as workers:
        list(workers.map(bring, listed))
    _fetch_signature(remote, release, aside)


def _fetch_signature(remote: Remote, release: str, folder: Path) -> None:
    """Download the current signature: a release may be signed after its publication."""
    if (signature := remote.read(f"{release}/{SIGNATURE}")) is not None:
        (folder / SIGNATURE).write_bytes(signature)


def _inside(name: str) -> str:
    """Return the name if it stays inside the release: the content of a store is untrusted."""
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or "\\" in name or any(part in ("..", ".") for part in parts):
        raise CompactError(
            f"{SUMS} lists {name!r}, which lies outside of the release",
            next_step="do not use this store",
        )
    return name


def _same(remote: Remote, release: str, final: Path) -> None:
    sums = remote.read(f"{release}/{SUMS}") or b""
    if sha256(sums).hexdigest() != file_sha256(final / SUMS):
        raise CompactError(
            f"release {release} here is another than the one in the store",
            where=str(final),
            allowed="a release is never changed",
            next_step="`compact verify` both, and keep the right one",
        )
