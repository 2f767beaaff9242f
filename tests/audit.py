"""Checks the dependencies: `make audit`, or `python -m tests.audit [--osv-url URL]`.

First the lock, offline: each package is pinned to one version with the sha256 of its files and comes from the
index alone; every dependency of pyproject.toml is there, at a version that it allows; the environment has
what the lock says. Then pip-audit asks the database of known vulnerabilities (osv.dev), a request a package;
where it cannot be reached, that is said, and the lock's review stands alone.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CHECKOUT = Path(__file__).resolve().parent.parent
PROJECT, LOCKS = CHECKOUT / "pyproject.toml", sorted(CHECKOUT.glob("requirements*.lock"))
OSV = "https://api.osv.dev/v1/query"
PINNED = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(\[[^\]]*\])?==(?P<version>[^\s;]+)\s*(;(?P<marker>.*))?"
)
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Locked:
    """A package of the lock. marker: on which machines it is installed; empty for all."""

    name: str
    version: str
    marker: str
    hashes: int


def read_lock(text: str) -> tuple[list[Locked], list[str]]:
    """The packages of a lock, and what is not right with it."""
    result, wrong = [], []
    for entry in re.sub(r"\\\n\s*", " ", text).splitlines():
        line = entry.split(" #")[0].strip()
        if not line or line.startswith("#"):
            continue
        match = PINNED.match(line)
        if match is None:
            wrong.append(f"is not pinned to a version of the index: {line[:80]}")
            continue
        hashes = HASH.findall(line)
        marker = (match["marker"] or "").split("--hash")[0].strip()
        one = Locked(canonicalize_name(match["name"]), match["version"], marker, len(hashes))
        if not hashes or line.count("--hash=") != len(hashes):
            wrong.append(f"{one.name} has no sha256 of its files")
        result.append(one)
    return result, wrong


def required(text: str, lock: str = "") -> list[Requirement]:
    """What pyproject.toml asks of a lock.

    Args:
        text: pyproject.toml.
        lock: The group in the name requirements-GROUP.lock: `dev` holds the dependencies of the project and
            its own, any other group is alone. Empty for requirements.lock, which holds the project's
            dependencies and the group `build`.
    """
    project = tomllib.loads(text)
    groups = project.get("dependency-groups", {})
    names = {"": ["build"], "dev": ["build", "dev"]}.get(lock, [lock])
    listed = list(project["project"]["dependencies"]) if lock in ("", "dev") else []
    listed += [one for name in names for one in groups.get(name, ()) if isinstance(one, str)]
    return [Requirement(one) for one in listed]


def group_of(lock: Path) -> str:
    """The group that a lock is of; empty for the main one."""
    return lock.stem.partition("-")[2]


def review(lock: str, project: str, group: str = "") -> tuple[int, list[str]]:
    """How many packages are locked, and what is not right."""
    packages, wrong = read_lock(lock)
    versions: dict[str, list[Locked]] = {}
    for one in packages:
        versions.setdefault(one.name, []).append(one)
    for name, several in versions.items():
        if len({one.marker for one in several}) < len(several):
            wrong.append(f"{name} is locked twice for the same machines")
    for expected in required(project, group):
        there = versions.get(canonicalize_name(expected.name), [])
        if not there:
            wrong.append(f"{expected.name} is in pyproject.toml and not locked: run `make lock`")
        elif not any(expected.specifier.contains(one.version, prereleases=True) for one in there):
            wrong.append(
                f"{expected.name} is locked at {there[0].version}, and pyproject.toml says {expected}"
            )
    return len(versions), wrong


def installed(lock: str) -> list[str]:
    """Packages of which this environment has another version than the lock."""
    packages, wrong = read_lock(lock)[0], []
    locked: dict[str, set[str]] = {}
    for one in packages:
        locked.setdefault(one.name, set()).add(one.version)
    for name, right in locked.items():
        try:
            there = version(name)
        except PackageNotFoundError:
            continue  # for another machine
        if there not in right:
            wrong.append(f"{name} is installed at {there}, and locked at {', '.join(sorted(right))}")
    return wrong


def known(lock: Path, url: str) -> tuple[bool, list[str]]:
    """Whether the database answered, and what it knows."""
    done = subprocess.run(
        [sys.executable, "-m", "pip_audit", "-r", lock, "--no-deps", "--disable-pip", "--format=json",
         "--vulnerability-service=osv", f"--osv-url={url}", "--progress-spinner=off", "--timeout=10"],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return False, [(done.stderr.strip().splitlines() or ["no answer"])[-1][:200]]
    return True, [
        f"{one['name']} {one['version']}: {bug['id']}, fixed in {', '.join(bug['fix_versions']) or 'none'}"
        for one in packages
        for bug in one.get("vulns", ())
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Exit code 1 if the lock is not right or a vulnerability is known."""
    given = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    given.add_argument("--osv-url", default=OSV)
    given.add_argument("--lock", type=Path, action="append", help="all of the checkout by default")
    options = given.parse_args(arguments)
    codes = [audit(lock, options.osv_url) for lock in options.lock or LOCKS]
    return max(codes)


def audit(lock: Path, url: str) -> int:
    """Review one lock, ask, and say what was found."""
    text = lock.read_text(encoding="utf-8")
    count, wrong = review(text, PROJECT.read_text(encoding="utf-8"), group_of(lock))
    wrong += installed(text)
    print("\n".join(wrong), end="\n" if wrong else "")
    print(f"{lock.name}: {count} packages, each pinned and with sha256; {len(wrong)} findings")
    answered, bugs = known(lock, url)
    if answered:
        print("\n".join(bugs), end="\n" if bugs else "")
        print(f"known vulnerabilities: {len(bugs)}")
    else:
        print(f"known vulnerabilities: NOT CHECKED, {url} cannot be asked: {bugs[0]}")
    return 1 if wrong or (answered and bugs) else 0


if __name__ == "__main__":
    sys.exit(main())
