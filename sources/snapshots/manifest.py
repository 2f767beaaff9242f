"""The manifest: an append-only file with one JSON line per event. state.py interprets the events.

A line truncated by a crash is neither repaired nor trusted: readers skip and report it, and the next append
starts a new line with an event `torn` that accounts for it. Any other unreadable line is damage.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from sources.snapshots.events import Event
from sources.snapshots.objects import StoreDamaged

TORN = "torn"


@dataclass
class Manifest:
    """The file and the position of the reader. torn: the skipped lines, as text for a message."""

    path: Path
    torn: list[str] = field(default_factory=list)
    _offset: int = 0  # offset of the first unread byte
    _line: int = 0
    _open: bool = False  # whether the last line read has no line end yet
    _unread: list[str] = field(default_factory=list)  # unreadable lines that the next event must account for

    def new_events(self) -> Iterator[tuple[int, Event]]:
        """Return the events appended since the last call, each with its line number."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self._offset)
            data = file.read()
        if self._open and data:  # the line end that the next append supplied
            data, self._offset, self._open = data[1:], self._offset + 1, False
        whole, newline, tail = data.rpartition(b"\n")
        for line in whole.split(b"\n") if newline else ():
            self._line += 1
            self._offset += len(line) + 1
            if line.strip() and (event := self._event(line)) is not None:
                yield self._line, event
        if tail and _parse(tail) is None:
            self._skipped(self._line + 1, tail)
        elif tail:  # complete except for its line end, which the next append supplies
            self._line += 1
            self._offset += len(tail)
            self._open = True
            if (event := self._event(tail)) is not None:
                yield self._line, event

    def _event(self, line: bytes) -> Event | None:
        event = _parse(line)
        if event is None:
            self._unread.append(f"line {self._line}")
            self._skipped(self._line, line)
            return None
        if self._unread and event["event"] != TORN:
            raise StoreDamaged(
                f"{self._unread[0]} is not an event, and it is not the end that a crash tore off",
                where=str(self.path),
                allowed="one JSON object a line",
                next_step="restore the file from a copy; if there is none, delete that line: what it named "
                "is fetched again",
            )
        self._unread.clear()
        return None if event["event"] == TORN else event

    def _skipped(self, number: int, line: bytes) -> None:
        note = f"{self.path.name} line {number}: skipped {len(line)} bytes that a crash tore off"
        if note not in self.torn:
            self.torn.append(note)

    def append(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Append the events as separate lines, synced to disk on return. Requires the store's lock."""
        with self.path.open("ab+") as file:
            end = file.seek(0, os.SEEK_END)
            before = _last_line(file, end)
            lines = [dict(event) for event in events]
            if before and _parse(before) is None:
                lines.insert(0, {"event": TORN, "bytes": len(before)})
            start = b"\n" if before and not before.endswith(b"\n") else b""
            file.write(start + b"".join(orjson.dumps(line) + b"\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())


def _parse(line: bytes) -> Event | None:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) and isinstance(value.get("event"), str) else None


def _last_line(file: BinaryIO, end: int) -> bytes:
    """Return the last line that is not empty, with its line end if it has one."""
    data, start = b"", end
    while start > 0 and data.strip(b"\n").rfind(b"\n") < 0:
        step = min(64 * 1024, start)
        start -= step
        file.seek(start)
        data = file.read(step) + data
    return data[data.rstrip(b"\n").rfind(b"\n") + 1 :]
