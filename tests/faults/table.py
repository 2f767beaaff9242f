"""The table of faults: attempts, survived cases and the message to the user, generated from the actual runs.

A test of a fault has the marker `fault` with the words that name it, wherever the test is. What the user saw
is handed to `saw` while it runs. The table is printed at the end of any run of pytest that had such tests,
`make faults` and CI among them; a fault that was not survived is a failed test.
"""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

PROPERTY = "fault"
NOTHING = "nothing: it goes on"
WIDTHS = (44, 6, 9, 78)
Tried = tuple[str, int, int, str]  # fault, tries, survived, what the user saw
_SAID: list[str] = []
_TRIES: list[Tried] = []  # where a test tries many


@dataclass
class Line:
    tries: int = 0
    survived: int = 0
    saw: Counter[str] = field(default_factory=Counter)


def saw(text: object) -> None:
    """What the user was told in the test under way."""
    _SAID.append(plain(str(text)))


def tried(fault: str, tries: int, survived: int, said: str = "") -> None:
    """The test under way stands for so many tries of this fault. said: what the user was told in them, where
    it is not what `saw` was given."""
    _TRIES.append((fault, tries, survived, plain(said)))


def plain(text: str) -> str:
    """The first line, without what differs between two machines."""
    text = next((line.strip() for line in text.splitlines() if line.strip()), "")
    text = re.sub(r"https?://127\.0\.0\.1:\d+[^\s:]*", "AGENCY", text)
    text = re.sub(r"/\S*?/(pytest-[^/\s]+|[\w.-]*tmp\w*)/[^\s:,)]*", "HOME", text)
    text = re.sub(r"process \d+, since [\d :-]+ UTC", "process N, since T", text)
    text = re.sub(r"\b[0-9a-f]{12,64}\b", "…", text)
    return text.removeprefix("AGENCY: ").removeprefix("HOME: ")


# --- pytest
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "fault(words): a fault, as a row of the table of tests/faults/table.py"
    )


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    _SAID.clear()
    _TRIES.clear()
    yield


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    marker = item.get_closest_marker(PROPERTY)
    if marker is None or call.when != "call":
        return
    said = _SAID[0] if _SAID else NOTHING
    tries = list(_TRIES) or [(words(item, marker), 1, 1, "")]
    if call.excinfo is not None and all(count == survived for _, count, survived, _ in tries):
        tries = [(fault, count, 0, own) for fault, count, _, own in tries]
    item.user_properties.append(
        (PROPERTY, [[fault, count, survived, own or said] for fault, count, survived, own in tries])
    )


def words(item: pytest.Item, marker: pytest.Mark) -> str:
    """The name of a fault: the marker's words, in which {name} is a parameter of the test."""
    return str(marker.args[0]).format(**getattr(getattr(item, "callspec", None), "params", {}))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    results = [
        tuple(row)
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, rows in report.user_properties
        if name == PROPERTY
        for row in rows
    ]
    if results:
        terminalreporter.section("faults")
        terminalreporter.write(table(results))


# --- the table
def lines(rows: list[Tried]) -> dict[str, Line]:
    results: dict[str, Line] = {}
    for fault, tries, survived, said in rows:
        line = results.setdefault(fault, Line())
        line.tries += tries
        line.survived += survived
        line.saw[said] += 1
    return dict(sorted(results.items()))


def table(rows: list[Tried]) -> str:
    """The rows added up by fault, as text."""
    result = lines(rows)
    told = [("fault", "tries", "survived", "what the user saw"), tuple("-" * width for width in WIDTHS)]
    for fault, line in result.items():
        often = [said for said, _ in line.saw.most_common()]
        more = f" (and {len(often) - 1} other wordings)" if len(often) > 1 else ""
        said = textwrap.shorten(often[0], WIDTHS[3] - len(more), placeholder="…") + more
        lost = "" if line.survived == line.tries else "  NOT SURVIVED: "
        told.append((fault, str(line.tries), str(line.survived), lost + said))
    total, whole = sum(x.tries for x in result.values()), sum(x.survived for x in result.values())
    told += [told[1], (f"{len(result)} faults", str(total), str(whole), "")]
    return "".join(
        f"{textwrap.shorten(fault, WIDTHS[0], placeholder='…'):<{WIDTHS[0]}} {tries:>{WIDTHS[1]}}"
        f" {survived:>{WIDTHS[2]}}  {said}".rstrip()
        + "\n"
        for fault, tries, survived, said in told
    )
