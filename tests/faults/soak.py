"""Many incremental runs on one home, each with a random fault, against the small bank.

    python -m tests.faults.soak --runs 100 --seed 1

The bank publishes anew before about half of the runs, and before each with bad input. A fault is bad input,
an agency out of reach, a kill, a disk that is full, gc killed or not, or none. After every run `latest` must
verify and the exit code be one that the fault allows. After the last, with no fault, the home must hold the
same release as one that never saw a fault and made just the last two releases: every table the same bytes,
but for the time of the fetch.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pipelines.maintenance.gc import collect
from sources.snapshots.store import Store
from tests.faults.kills import Kill, facts, fork, run_once
from tests.faults.test_without_stand_in import FAULTS
from tests.faults.tiny_bank import SERIES, TinyBank, sound
from warehouse.store.publish import latest_release
from warehouse.verification.verify import verify_release

KILLED = -9
NOWHERE = "http://127.0.0.1:9"
# What a run may end with. A kill, or a limit of the disk, that it does not reach leaves 0.
ALLOWED = {
    "none": {0},
    "bad input": {1},
    "out of reach": {0},
    "killed": {0, KILLED},
    "killed in a write": {0, KILLED},
    "killed by the clock": {0, KILLED},
    "disk full": {0, 2},
    "gc": {0},
    "gc killed": {0, KILLED},
}
DAY = date(2026, 7, 1)


@dataclass
class Soak:
    """folder: for the home and what the runs say. After `go`, wrong says in which ways it did not hold."""

    folder: Path
    bank: TinyBank
    dice: random.Random
    published: int = 0
    ends: defaultdict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    wrong: list[str] = field(default_factory=list)
    figures: dict[str, dict[tuple[str, int], float]] = field(default_factory=dict)  # as published, by release

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def said(self) -> Path:
        return self.folder / "said.txt"

    def go(self, runs: int) -> None:
        self.publish()
        self.run(self.home)
        for number in range(1, runs + 1):
            fault = self.dice.choice(list(ALLOWED))
            if self.dice.random() < 0.5 or fault == "bad input":
                self.publish()
            code = self.one(fault)
            self.ends[fault][code] += 1
            if code not in ALLOWED[fault]:
                self.wrong.append(f"run {number}, {fault}: ends with {code}: {self.said.read_text()[-800:]}")
            if result := self.whole():
                self.wrong.append(f"after run {number}, {fault}: {result}")

    def publish(self) -> None:
        """The bank publishes: a small revision under a new date."""
        self.published += 1
        cell = self.dice.choice(sorted(self.bank.figures))
        self.bank.figures[cell] = round(30 + 10 * self.dice.random(), 2)
        self.bank.released = (DAY + timedelta(days=self.published)).isoformat()
        self.figures[self.bank.released] = dict(self.bank.figures)

    def one(self, fault: str) -> int:
        kill = Kill(self.home, self.folder / "changes.txt", seed=self.dice.random())
        if fault.startswith("gc"):
            kill.change = self.dice.randint(1, 30)
            return self.clear(kill if fault == "gc killed" else None)
        if fault == "killed":
            kill.change = self.dice.randint(1, 250)
        elif fault == "killed in a write":
            kill.torn = self.dice.randint(1, 50)
        elif fault == "bad input":
            self.bank.damage = FAULTS[self.dice.choice(sorted(FAULTS))][0]
        limit = self.dice.choice((100, 2_000, 8_000, 100_000)) if fault == "disk full" else 0
        seconds = 0.2 + 4 * self.dice.random() if fault == "killed by the clock" else None
        address = NOWHERE if fault == "out of reach" else self.bank.url
        code = self.run(self.home, kill if kill.change or kill.torn else None, limit, seconds, address)
        self.bank.damage = sound
        return code

    def run(
        self,
        home: Path,
        kill: Kill | None = None,
        limit: int = 0,
        seconds: float | None = None,
        address: str | None = None,
    ) -> int:
        os.environ["COMPACT_URL_WORLDBANK_WDI"] = address or self.bank.url
        self.said.write_text("", encoding="utf-8")

        def work() -> int:
            if limit:
                sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
            return run_once(home, kill)

        return fork(work, self.said, seconds)

    def clear(self, kill: Kill | None) -> int:
        def work() -> int:
            if kill is not None:
                kill.arm()
            collect(self.home, 2)
            return 0

        return fork(work, self.said)

    def whole(self) -> str:
        """What is wrong with the latest release or the stored bytes, in words."""

        def verify() -> int:
            release = latest_release(self.home)
            assert release is not None, "there is no release any more"
            results = [*map(str, verify_release(release)), *Store(self.home).verify()]
            print("\n".join(results))
            return 1 if results else 0

        self.said.write_text("", encoding="utf-8")
        return self.said.read_text() if fork(verify, self.said) else ""

    def compare(self) -> list[str]:
        """One more run without a fault, after another publication, and the same in a clean home."""
        if code := self.run(self.home):
            return [f"the last run but one ends with {code}: {self.said.read_text()[-800:]}"]
        before = self.bank.released
        self.publish()
        last = self.bank.released
        if code := self.run(self.home):
            return [f"the last run ends with {code}: {self.said.read_text()[-800:]}"]
        clean = self.folder / "clean"
        for released in (before, last):
            self.bank.released, self.bank.figures = released, dict(self.figures[released])
            if code := self.run(clean):
                return [f"a run of the clean home ends with {code}: {self.said.read_text()[-800:]}"]
        result, expected = self.facts(self.home), self.facts(clean)
        return [
            f"{part}: {result[part]} in place of {expected[part]}"
            for part in ("latest", "damage", "stored damage", "tables", "left over")
            if result[part] != expected[part]
        ]

    def facts(self, home: Path) -> dict[str, Any]:
        out = self.folder / "facts.json"

        def write() -> int:
            out.write_text(json.dumps(facts(home)), encoding="utf-8")
            return 0

        if fork(write, self.said):
            raise AssertionError(self.said.read_text())
        made: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
        return made

    def doubled(self) -> list[str]:
        """Every release of the bank is accepted at most once, and none that it never published."""
        events = [e for e in Store(self.home).events("worldbank_wdi") if e["resource"] == SERIES]
        accepted = Counter(e["snapshot"] for e in events if e["event"] == "accepted")
        return [f"{name[:12]} was accepted {n} times" for name, n in accepted.items() if n > 1]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: a table of faults and how runs ended, exit code 1 if anything did not hold."""
    given = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    given.add_argument("--runs", type=int, default=100)
    given.add_argument("--seed", type=int, default=1)
    options = given.parse_args(arguments)
    os.environ["COMPACT_REPORTS"] = "none"
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder, TinyBank() as bank:
        soak = Soak(Path(folder).resolve(), bank, random.Random(options.seed))  # noqa: S311
        soak.go(options.runs)
        wrong = soak.wrong + soak.compare() + soak.doubled()
    print("\n".join(wrong))
    print(f"{'fault':<22}{'runs':>6}  ended with")
    for fault, codes in sorted(soak.ends.items()):
        ends = ", ".join(f"{'SIGKILL' if code == KILLED else code}: {n}" for code, n in sorted(codes.items()))
        print(f"{fault:<22}{codes.total():>6}  {ends}")
    print(
        f"{options.runs} runs, seed {options.seed}, {soak.published} publications, {len(wrong)} not held, "
        f"{time.monotonic() - started:.0f} seconds"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
