"""The manifest: one JSON line an event, only ever appended to. state.py says what the events mean.

A line that a crash tore off is never repaired and never believed: readers skip it and say so, and the next
append begins a new line with an event `torn` that vouches for what stands before it. Any other unreadable
line is damage.
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
    """The file and how far it has been read. torn: the skipped lines, as text for a person."""

    path: Path
    torn: list[str] = field(default_factory=list)
    _offset: int = 0  # of the first byte not yet taken in
    _line: int = 0
    _open: bool = False  # whether the last line read has no line end yet
    _unread: list[str] = field(default_factory=list)  # unreadable lines that the next event must vouch for

    def new_events(self) -> Iterator[tuple[int, Event]]:
        """The events that were appended since the last call, each with its line number."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self._offset)
            data = file.read()
        if self._open and data:  # the line end that the append after it supplied
            data, self._offset, self._open = data[1:], self._offset + 1, False
        whole, newline, tail = data.rpartition(b"\n")
        for line in whole.split(b"\n") if newline else ():
            self._line += 1
            self._offset += len(line) + 1
            if line.strip() and (event := self._event(line)) is not None:
                yield self._line, event
        if tail and _parse(tail) is None:
            self._skipped(self._line + 1, tail)
        elif tail:  # whole but for its line end, which the next append supplies
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
        """Write the events as lines of their own, on disk when this returns. Only under the store's lock."""
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
    """The last line that is not empty, with its line end if it has one."""
    data, start = b"", end
    while start > 0 and data.strip(b"\n").rfind(b"\n") < 0:
        step = min(64 * 1024, start)
        start -= step
        file.seek(start)
        data = file.read(step) + data
    return data[data.rstrip(b"\n").rfind(b"\n") + 1 :]
