"""Inputs of the models of targets, claims, crosswalk and scores: the definition files as tables.

indicators/targets.py reads the files; models/sql/*.sql, claims.py and scores.py use them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from schemas.definitions.targets import Commitment, FieldPart, Targets
from warehouse.engine.duckdb_engine import parquet
from warehouse.models.claims import load_claims
from warehouse.models.definition_inputs import load
from warehouse.models.scores import load_scores

TEXT, NUMBER, YEAR = pa.string(), pa.float64(), pa.int16()
TARGET_DEFINITION = pa.schema(
    [
        *(
            (name, TEXT)
            for name in ("target", "owner", "document", "text_ref", "indicator", "status", "reason")
        ),
        *((name, TEXT) for name in ("text", "unit", "direction", "baseline", "compact_brief")),
        *((name, TEXT) for name in ("compact_adopted", "public_data", "verified")),
        *((name, TEXT) for name in ("milestone_state", "milestone_date", "milestone_source")),
        ("milestone_year", YEAR),
        ("quoted", pa.bool_()),
        ("value", NUMBER),
        ("year", YEAR),
    ]
)
TARGET_TEST = pa.schema(
    [
        ("target", TEXT),
        ("part", YEAR),
        ("indicator", TEXT),
        ("group", TEXT),
        ("year", YEAR),
        ("comparison", TEXT),
        ("required", NUMBER),
        ("required_upper", NUMBER),
        ("accepted", NUMBER),
        ("change_from", YEAR),
        ("required_share", NUMBER),
    ]
)
DECLARED_LINK = pa.schema(
    [
        *((name, TEXT) for name in ("from_framework", "from_code", "to_framework", "to_code", "fit")),
        ("indicator", TEXT),
        ("indicators", pa.int64()),
        ("reason", TEXT),
    ]
)
FIELD_LINK = pa.schema(
    [
        *((name, TEXT) for name in ("from_framework", "from_code", "to_framework", "to_code")),
        *(
            (name, TEXT)
            for name in ("from_level", "from_parent", "measured", "indicator", "reason", "seen_at")
        ),
        ("indicators", pa.int64()),
    ]
)
FRAMEWORK_TITLE = pa.schema([("framework", TEXT), ("code", TEXT), ("title", TEXT)])


def load_commitments(con: duckdb.DuckDBPyConnection, folder: Path, targets: Targets) -> None:
    """target_definition, target_test, declared_link, field_link, framework_title; as_of: the year of the
    newest fetch, which decides whether a deadline has passed (the latest year of data without bytes);
    fetched: the day of each snapshot; and the claims for claims.py.
    """
    for name, rows, schema in (
        ("target_definition", _definitions(targets), TARGET_DEFINITION),
        ("target_test", _tests(targets), TARGET_TEST),
        ("declared_link", _links(targets), DECLARED_LINK),
        ("field_link", _field_links(targets), FIELD_LINK),
        ("framework_title", _titles(targets), FRAMEWORK_TITLE),
    ):
        load(con, name, pa.Table.from_pylist(list(rows), schema=schema))
    snapshots = folder / "snapshot.parquet"
    fetched = (
        f"select max(year(timezone('UTC', fetched_at))) from {parquet(snapshots)}"
        if snapshots.is_file()
        else "null"
    )
    days = (
        f"""select distinct snapshot, strftime(timezone('UTC', fetched_at), '%Y-%m-%d') as day
        from {parquet(snapshots)}"""
        if snapshots.is_file()
        else "select '' as snapshot, '' as day where false"
    )
    con.execute(f"create temp table fetched as {days}")
    load_claims(con, targets.claims)
    load_scores(con, targets.scores)
    con.execute(f"""
        create temp table as_of as
        select coalesce(({fetched}), (select max(time_period) from indicator), 2015)::smallint as year""")


def within(everything: Targets, known: Collection[str]) -> Targets:
    """Restrict the commitments to the known indicators: a redistributable release lacks some. A target
    that loses its last indicator states this in its reason.
    """
    targets = [
        file.model_copy(update={"targets": [_target_within(target, known) for target in file.targets]})
        for file in everything.targets
    ]
    links = [
        link.model_copy(update={"indicators": [name for name in link.indicators if name in known]})
        for link in everything.links
    ]
    field = [
        file.model_copy(update={"parts": [_part_within(part, known) for part in file.parts]})
        for file in everything.field
    ]
    return everything.model_copy(update={"targets": targets, "links": links, "field": field})


def _part_within(part: FieldPart, known: Collection[str]) -> FieldPart:
    kept = [name for name in part.indicators if name in known]
    return part.model_copy(update={"indicators": kept, "measured": part.measured if kept else "none"})


def _target_within(target: Commitment, known: Collection[str]) -> Commitment:
    kept = [name for name in target.indicators if name in known]
    lost = f"Not in this release: {', '.join(sorted(set(target.indicators) - set(kept)))}."
    return target.model_copy(
        update={
            "indicators": kept,
            "tests": [test for test in target.tests if test.indicator in known],
            "reason": target.reason if kept or not target.indicators else f"{target.reason} {lost}".strip(),
        }
    )


def _definitions(targets: Targets) -> Iterator[dict[str, Any]]:
    for file in targets.targets:
        for target in file.targets:
            event = target.milestone
            yield {
                "target": target.id,
                "owner": file.owner,
                "document": file.document,
                "text_ref": target.reference,
                "indicator": ";".join(sorted(target.indicators)) or None,
                "status": target.status,
                "reason": target.reason.strip() or None,
                "text": target.text,
                "unit": target.unit,
                "direction": target.direction,
                "baseline": target.baseline.strip() or None,
                "compact_brief": ";".join(target.compact_brief) or None,
                "compact_adopted": ";".join(target.compact_adopted) or None,
                "public_data": target.public_data,
                "verified": target.verified,
                "milestone_state": event.state if event else None,
                "milestone_date": event.date if event else None,
                "milestone_source": event.source if event else None,
                "milestone_year": int(event.date[:4]) if event else None,
                "quoted": target.quoted,
                "value": target.value,
                "year": target.year,
            }


def _tests(targets: Targets) -> Iterator[dict[str, Any]]:
    for target in (target for file in targets.targets for target in file.targets):
        for number, test in enumerate(target.tests, 1):
            yield {
                "target": target.id,
                "part": number,
                "indicator": test.indicator,
                "group": test.group,
                "year": target.year,
                "comparison": test.comparison,
                "required": test.value,
                "required_upper": test.upper,
                "accepted": test.accepted,
                "change_from": test.change_from,
                "required_share": None if test.group else test.countries,
            }


def _links(targets: Targets) -> Iterator[dict[str, Any]]:
    for link in targets.links:
        yield {
            **link.model_dump(exclude={"indicators"}),
            "indicator": ";".join(sorted(link.indicators)) or None,
            "indicators": len(link.indicators),
        }


def _field_links(targets: Targets) -> Iterator[dict[str, Any]]:
    """Return each part of a framework of the field with each objective that we propose for it, or with
    none.
    """
    for file in targets.field:
        for part in file.parts:
            objectives = [
                *(("compact_brief", code) for code in part.compact_brief),
                *(("compact_adopted", code) for code in part.compact_adopted),
            ]
            for framework, code in objectives or [("compact_adopted", "none")]:
                yield {
                    "from_framework": file.framework,
                    "from_code": part.code,
                    "to_framework": framework,
                    "to_code": code,
                    "from_level": part.level,
                    "from_parent": part.parent or None,
                    "measured": part.measured,
                    "indicator": ";".join(sorted(part.indicators)) or None,
                    "indicators": len(part.indicators),
                    "reason": "our proposal; the owner has published no mapping to the Compact that was seen",
                    "seen_at": part.source,
                }


def _titles(targets: Targets) -> Iterator[dict[str, Any]]:
    for framework, codes in sorted(targets.frameworks.items()):
        for code, title in codes.items():
            yield {"framework": framework, "code": code, "title": title}
    for file in targets.field:
        for part in file.parts:
            yield {"framework": file.framework, "code": part.code, "title": part.title}
