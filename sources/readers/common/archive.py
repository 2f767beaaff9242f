"""Unpacks zip and gzip responses without trusting their declared sizes.

Nothing is written to disk: a member is read like a file, one at a time. The reader interprets its content.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import PurePosixPath
from typing import IO

from pydantic import Field

from schemas.definitions.base import Model
from sources.model import Page
from sources.readers.common.paging import RUN_AGAIN, refuse

CHUNK = 1024 * 1024
SMALL = 1024 * 1024  # a smaller entry may have any compression ratio
PACKING = {zipfile.ZIP_STORED: "stored", zipfile.ZIP_DEFLATED: "deflated"}


class ArchiveRules(Model):
    """Allowed content of a zip, as source.yaml declares it under options.archive."""

    members: str = Field(description="pattern of the names of the members that hold data")
    beside: list[str] = Field(default=[], description="patterns of members that are known and not read")
    entries: int = Field(default=2_000, gt=0, description="most members")
    unpacked_bytes: int = Field(default=1024**3, gt=0, description="most bytes of all members together")
    ratio: float = Field(default=200, gt=1, description="most bytes unpacked for one byte packed")


class Member:
    """A member during unpacking: read like a file, once, and validated meanwhile."""

    def __init__(self, file: IO[bytes], entry: zipfile.ZipInfo, room: int, page: Page) -> None:
        self._file, self._entry, self._room, self._page = file, entry, room, page
        self.size, self._digest = 0, hashlib.sha256()

    def read(self, size: int) -> bytes:
        """Read at most so many bytes; none at the end. Raises InvalidResponse if they differ from the
        zip's declaration.
        """
        with _zip_faults(self._page):
            chunk = self._file.read(size)
        self.size += len(chunk)
        self._digest.update(chunk)
        declared = self._entry.file_size
        if self.size > min(self._room, declared) or (not chunk and self.size != declared):
            raise refuse(
                f"member {self._entry.filename} holds other than the {declared} bytes that it declares",
                [self._page],
                next_step=RUN_AGAIN,
            )
        return chunk

    def hexdigest(self) -> str:
        """Return the sha256 of the bytes read."""
        return self._digest.hexdigest()


def open_members(page: Page, rules: ArchiveRules) -> Iterator[tuple[str, Member]]:
    """Yield name and content of each data member in the order of names, or raise InvalidResponse.

    The whole list is validated before anything is unpacked, and each member again while it is read, before
    the next one.
    """
    with _zip_faults(page), page.open() as packed, zipfile.ZipFile(packed) as archive:
        room = rules.unpacked_bytes
        for entry in _judged(archive.infolist(), page, rules, page.size):
            with archive.open(entry) as file:
                member = Member(file, entry, room, page)
                yield entry.filename, member
            room -= member.size


@contextmanager
def _zip_faults(page: Page) -> Iterator[None]:
    """Translate the library's errors for a damaged zip into InvalidResponse."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise refuse(
            f"the zip cannot be opened: {error}", [page], allowed="a whole zip", next_step=RUN_AGAIN
        ) from None


def members(page: Page, rules: ArchiveRules) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of each data member, for archives with small members; see open_members."""
    for name, member in open_members(page, rules):
        body = BytesIO()
        while chunk := member.read(CHUNK):
            body.write(chunk)
        yield name, body.getvalue()


def packed_on(page: Page) -> str:
    """Return the date of the newest member, as 2022-07-15, which serves as the release of such a file."""
    with page.open() as packed, zipfile.ZipFile(packed) as archive:
        newest = max((entry.date_time for entry in archive.infolist()), default=(1980, 1, 1, 0, 0, 0))
    return "{:04}-{:02}-{:02}".format(*newest[:3])


def gunzip(page: Page, limit: int, ratio: float = 200) -> Page:
    """Unpack the page, all members of the gzip stream, or raise InvalidResponse. It never grows beyond the
    limit.
    """
    limit = min(limit, max(SMALL, int(len(page.body) * ratio)))
    out, data = BytesIO(), page.body
    unpacker = zlib.decompressobj(wbits=31)
    try:
        while data:
            out.write(unpacker.decompress(data, CHUNK))
            if out.tell() > limit:
                raise refuse(
                    f"the gzip unpacks to more than {limit} bytes",
                    [page],
                    allowed=f"{limit} bytes ({ratio:g} for each byte packed)",
                )
            data = unpacker.unconsumed_tail
            if unpacker.eof:
                data = unpacker.unused_data
                if data.strip(b"\x00"):
                    unpacker = zlib.decompressobj(wbits=31)
                else:
                    data = b""
        out.write(unpacker.flush())
    except zlib.error as error:
        raise refuse(f"the gzip cannot be unpacked: {error}", [page], next_step=RUN_AGAIN) from None
    if not unpacker.eof or out.tell() > limit:
        raise refuse(
            "the gzip ends in the middle, or after more than it may hold", [page], next_step=RUN_AGAIN
        )
    return Page(page.url, out.getvalue(), page.etag, page.last_modified)


def _judged(
    entries: Sequence[zipfile.ZipInfo], page: Page, rules: ArchiveRules, size: int
) -> list[zipfile.ZipInfo]:
    """Return the data members by name, if every entry is allowed."""
    if len(entries) > rules.entries:
        raise refuse(
            f"the zip has {len(entries)} members",
            [page],
            allowed=f"at most {rules.entries} (archive.entries)",
        )
    data: list[zipfile.ZipInfo] = []
    seen: set[str] = set()
    for entry in entries:
        name = entry.filename
        if problem := _problem(entry, seen, rules):
            raise refuse(f"the zip has a member {name[:120]!r} that {problem}", [page], allowed=rules.members)
        seen.add(name)
        if re.fullmatch(rules.members, name):
            data.append(entry)
        elif not any(re.fullmatch(pattern, name) for pattern in rules.beside):
            raise refuse(
                f"the zip has a member {name[:120]!r} that is not declared",
                [page],
                allowed=", ".join([rules.members, *rules.beside]),
                next_step="look at it; then add a pattern for it to options.archive in source.yaml",
            )
    unpacked, packed = sum(e.file_size for e in entries), sum(e.compress_size for e in entries)
    if unpacked > rules.unpacked_bytes or packed > size:
        raise refuse(
            f"the zip declares {unpacked} bytes in {packed} of its {size}",
            [page],
            allowed=f"at most {rules.unpacked_bytes} unpacked (archive.unpacked_bytes), and no overlap",
        )
    if not data:
        raise refuse("the zip has no data member", [page], allowed=rules.members)
    return sorted(data, key=lambda entry: entry.filename)


def _problem(entry: zipfile.ZipInfo, seen: set[str], rules: ArchiveRules) -> str:
    """Return the problem of an entry regardless of its name, or nothing."""
    name = entry.filename
    if "\\" in name or ":" in name or name.startswith("/") or ".." in PurePosixPath(name).parts:
        return "points out of its folder"
    if "\x00" in entry.orig_filename or not name.isprintable():
        return "has a name that cannot be printed"
    if name in seen:
        return "appears there twice"
    if entry.flag_bits & 0x1:
        return "is encrypted"
    if entry.compress_type not in PACKING:
        return f"is packed by method {entry.compress_type}, not {' or '.join(PACKING.values())}"
    if entry.file_size > max(SMALL, entry.compress_size * rules.ratio):
        return f"unpacks {entry.compress_size} bytes to {entry.file_size}, beyond {rules.ratio:g} for one"
    return ""
