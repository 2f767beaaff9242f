"""Verifies the files of a release folder: names, kinds, checksums, and release.json as a document.

It opens only regular files inside the folder: a link, a pipe or a device is reported, never followed.
verify.py checks the content of the tables.
"""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from warehouse.store.publish import CARD, SUMS, file_sha256
from warehouse.verification.finding import CHECKSUM, Finding
from warehouse.verification.signing import SIGNATURE

MAX_LISTED_BYTES = 64 << 20  # SHA256SUMS and release.json: a release has some thousand files
SHOWN = 80  # characters of a name that a finding repeats
LINE = re.compile(r"([0-9a-f]{64})  (\S.*)", re.ASCII)
KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def is_regular(path: Path) -> bool:
    """Return whether it is a regular file, not a link to one."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def checksum_findings(folder: Path) -> list[Finding]:
    """Find every file that is missing, added, of another kind, or different from SHA256SUMS."""
    odd = list(_kinds(folder))
    if not is_regular(folder / SUMS):
        return [*odd, Finding(SUMS, "files", "is missing, so nothing can be checked against it")]
    listed, problems = read_sums(folder / SUMS)
    findings = [*odd, *problems]
    known = {finding.file for finding in odd}
    present = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if is_regular(p)}
    present -= {SUMS, SIGNATURE}
    findings += [
        Finding(_shown(name), "files", f"is listed in {SUMS} and is missing")
        for name in sorted(listed.keys() - present - known)
    ]
    findings += [
        Finding(_shown(name), "files", f"is not listed in {SUMS}") for name in sorted(present - listed.keys())
    ]
    for name in sorted(present & listed.keys()):
        try:
            differs = file_sha256(folder / name) != listed[name]
        except OSError as error:
            findings.append(Finding(_shown(name), "files", f"cannot be read: {error.strerror}"))
        else:
            if differs:
                findings.append(
                    Finding(_shown(name), CHECKSUM, "is not the file that was published: its sha256 differs")
                )
    return findings


def read_sums(path: Path) -> tuple[dict[str, str], list[Finding]]:
    """Read SHA256SUMS: name to sha256, and the problems of the document."""
    if path.stat().st_size > MAX_LISTED_BYTES:
        return {}, [Finding(SUMS, "files", f"is larger than {MAX_LISTED_BYTES} bytes")]
    body = path.read_bytes()
    listed: dict[str, str] = {}
    malformed = False
    for line in body.decode("utf-8", "backslashreplace").split("\n"):
        match = LINE.fullmatch(line)
        if match and _is_inside(match[2]):
            listed[match[2]] = match[1]
        else:
            malformed = malformed or line != ""
    if (
        malformed
        or not listed
        or "".join(f"{listed[name]}  {name}\n" for name in sorted(listed)).encode() != body
    ):
        return listed, [
            Finding(SUMS, "files", "is malformed: it has one line a file, sha256 and name, sorted by name")
        ]
    return listed, []


def card_findings(folder: Path, release_id: str = "") -> tuple[dict[str, Any] | None, list[Finding]]:
    """Return release.json (None if it is missing or invalid) and the problems of the document.

    Args:
        folder: the release's folder.
        release_id: the id that it must name; the folder's name by default.
    """
    path = folder / CARD
    if not is_regular(path):
        return None, [Finding(CARD, "files", "is missing")]
    if path.stat().st_size > MAX_LISTED_BYTES:
        return None, [Finding(CARD, "document", f"is larger than {MAX_LISTED_BYTES} bytes")]
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # including bytes that are not UTF-8
        return None, [Finding(CARD, "document", f"is not JSON ({type(error).__name__})")]
    if problem := _card_problem(card):
        return None, [Finding(CARD, "document", problem)]
    name = release_id or folder.resolve().name
    if card["id"] != name:
        return card, [Finding(CARD, "id", f"names release {_shown(card['id'])}, but this is {name}")]
    return card, []


def _card_problem(card: object) -> str:
    """Return why a value is not valid content of release.json; empty if it is."""
    if not isinstance(card, dict):
        return "is not a JSON object"
    for field in ("id", "created", "fingerprint"):
        if not isinstance(card.get(field), str):
            return f"has no text {field!r}"
    try:
        datetime.fromisoformat(card["created"])
    except ValueError:
        return "its field 'created' is not a valid time"
    tables = card.get("tables")
    if not isinstance(tables, dict):
        return "has no object 'tables'"
    for name, facts in tables.items():
        if not isinstance(facts, dict) or type(facts.get("rows")) is not int:
            return f"has no number of rows for table {_shown(name)}"
    return ""


def _kinds(folder: Path) -> Iterator[Finding]:
    """Find everything that is neither a regular file nor a non-empty folder."""
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        name = path.relative_to(folder).as_posix()
        if stat.S_ISDIR(mode):
            if not any(path.iterdir()):
                yield Finding(_shown(name), "files", "is an empty folder")
        elif not stat.S_ISREG(mode):
            kind = KINDS.get(stat.S_IFMT(mode), "not a regular file")
            yield Finding(_shown(name), "files", f"is {kind}, not a file of its own")


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\0" not in name


def _shown(name: object) -> str:
    text = str(name).encode("unicode_escape").decode() if not str(name).isprintable() else str(name)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
