"""Locates the observations of traced values in the stored bytes: the manifest lists the pages of each
snapshot, and each page is read once for all its observations.

records.py recognises a record in bytes; this module is independent of the agencies' formats.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from warehouse.provenance.group import Row
from warehouse.provenance.locate import locate
from warehouse.provenance.records import Target

Key = tuple[str, str]  # source and snapshot
NO_STORE = {"found": False, "why": "the store of snapshots is not here"}


class Places:
    """Collects requests for places in the snapshot store below `home`; `resolve` answers them together.

    Args:
        home: COMPACT_HOME; None, or a folder without snapshots: nothing can be located.
        areas: rows of the table `area` by ref_area, for the names that an agency may write.
    """

    def __init__(self, home: Path | None, areas: Mapping[str, Row]) -> None:
        self._areas = areas
        self._store = home / "snapshots" if home and (home / "snapshots").is_dir() else None
        self._places: dict[Key, dict[Target, Row | None]] = {}

    @property
    def available(self) -> bool:
        """Whether a snapshot store exists."""
        return self._store is not None

    def request(self, observation: Row) -> None:
        """Request the place of an observation."""
        key, target = self._key(observation)
        self._places.setdefault(key, {}).setdefault(target, None)

    def resolve(self) -> None:
        """Locate everything requested since the last call."""
        if self._store is None:
            return
        pending = {
            key: [target for target, place in targets.items() if place is None]
            for key, targets in self._places.items()
        }
        pending = {key: targets for key, targets in pending.items() if targets}
        pages = fetched_pages(self._store / "manifest.jsonl", pending)
        for key, targets in pending.items():
            places = locate(self._store / "objects", pages.get(key, ()), targets)
            self._places[key].update(zip(targets, places, strict=True))

    def place(self, observation: Row) -> Row:
        """Return the place of a requested and resolved observation, or why there is none."""
        if self._store is None:
            return NO_STORE
        key, target = self._key(observation)
        place = self._places[key][target]
        assert place is not None, "resolve() comes before place()"  # noqa: S101
        return place

    def _key(self, observation: Row) -> tuple[Key, Target]:
        area = self._areas[observation["ref_area"]]
        return (observation["source"], observation["snapshot"]), target_of(area, observation)


def target_of(area: Row, observation: Row) -> Target:
    """Return the search target: how the agency may write the area, the year and the number."""
    code = str(observation["ref_area"]).partition(":")[2] or str(observation["ref_area"])
    m49 = area["m49"] or (code if code.isdigit() else None)
    names = [code, area["iso2"], m49, m49 and str(int(m49)), area["name"]]
    values = [observation[name] for name in ("obs_value", "lower_bound", "upper_bound")]
    return Target(
        tuple(dict.fromkeys(name for name in names if name)),
        observation["time_period"],
        tuple(value for value in values if value is not None),
        observation["series"],
    )


def fetched_pages(manifest: Path, keys: Collection[Key]) -> dict[Key, list[dict[str, Any]]]:
    """Return the pages of these snapshots from the manifest (sha256, bytes, url), in order. Unknown
    snapshots are omitted.
    """
    pages: dict[Key, list[dict[str, Any]]] = {}
    if not keys or not manifest.is_file():
        return pages
    with manifest.open("rb") as lines:
        for line in lines:
            if b'"fetched"' not in line or not line.rstrip().endswith(b"}"):  # the rest of a truncated line
                continue
            event = json.loads(line)
            if event["event"] == "fetched" and (key := (event["source"], event["snapshot"])) in keys:
                pages.setdefault(key, event["pages"])
    return pages
