"""Formatting of results: verdict, status and vintage in words; fields common to all rows appear once."""

from __future__ import annotations

from typing import Any

from schemas.codelists.obs_status import STATUS_WORDS
from schemas.definitions.default_method import DEFAULT_METHOD
from warehouse.client.release import Release
from warehouse.query.tables import ask

Row = dict[str, Any]
# moved out of the rows where all rows share it
REPEATED = ("title", "unit", "licence", "method", "indicator")


def verdict_of(release: Release, row: Row | None) -> Row:
    """Format a class in words with its likelihood, in one field."""
    if row is None or row["method"] != DEFAULT_METHOD:
        return {}
    words = release.verdict_words().get(row["category"], row["category"].replace("_", " "))
    parts = [f"probability {row['probability']:.0%}"] if row.get("probability") is not None else []
    parts += [f"{row['confidence']} confidence"] if row.get("confidence") else []
    sentence = f"{words} ({', '.join(parts)})" if parts else words
    return {"verdict": f"{sentence}: {row['reason']}" if row.get("reason") else sentence}


def with_status(row: Row) -> Row:
    """Return a row with its status in words."""
    status = row.get("obs_status")
    return row | {"status": STATUS_WORDS.get(status, status)} if status else row


def with_vintage(release: Release, row: Row) -> Row:
    """Return a row with its status in words and its vintage: the snapshot and when it was fetched."""
    row = with_status(row)
    names = str(row.get("snapshot") or "").split(";")
    vintage = ask(
        release.folder,
        """
        select distinct snapshot, source, url, fetched_at, agency_release
        from {snapshot}
        where list_contains($names, snapshot)
        order by source, snapshot""",
        names=names,
    )
    return row | {"vintage": vintage, "source": row.get("source") or "; ".join(v["source"] for v in vintage)}


def as_answer(release: Release, rows: list[Row], unknown: str | None) -> Row:
    """Return rows with their common fields moved to the top."""
    shared = {
        name: rows[0][name]
        for name in REPEATED
        if len(rows) > 1 and all(row.get(name) == rows[0].get(name) is not None for row in rows)
    }
    answer: Row = {"release": release.id, "released": release.metadata["created"]}
    if shared:
        answer["of_every_row"] = shared
        rows = [{name: value for name, value in row.items() if name not in shared} for row in rows]
    answer |= {"answer": rows, "rows": len(rows), "unknown": unknown}
    if unknown:
        answer["say"] = (
            f"That is not known from release {release.id}. {unknown.removeprefix('unknown: ').capitalize()}."
        )
    return answer
