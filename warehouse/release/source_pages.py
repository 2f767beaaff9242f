"""The pages sources/<id>.md of a release: description, owner and licence of a source, its snapshots, and
refused rows.

The first half comes from the definition, the second from the tables of the release.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from schemas.definitions.source import Source
from warehouse.engine.duckdb_engine import engine, parquet

EXAMPLES = 3  # number of refused rows shown for a reason
YES = {True: "yes", False: "no"}


def write_source_pages(folder: Path, sources: Mapping[str, Source], states: Mapping[str, str]) -> None:
    """Write a page for every source. states: status of each source in the run."""
    (folder / "sources").mkdir()
    for source_id, source in sources.items():
        lines = [
            *_about(source, states[source_id]),
            *_snapshots(folder, source_id),
            *_refused(folder, source),
        ]
        text = "\n".join(lines) + "\n"
        (folder / "sources" / f"{source_id}.md").write_text(text, encoding="utf-8", newline="\n")


def _about(source: Source, state: str) -> list[str]:
    licence = source.licence
    verified = "yes" if source.contract_verified else "**no**"
    facts = {
        "agency": source.agency,
        "page": source.homepage,
        "address": source.base_url,
        "licence": f"{licence.name} {licence.url}".strip(),
        "commercial use": YES[licence.commercial_use],
        "may be passed on": YES[licence.redistribution],
        "cite as": source.citation,
        "published": source.cadence,
        "answers as recorded live": f"{verified}. {source.contract_note}".strip(),
        "in this release": state,
    }
    return [
        f"# {source.title}",
        "",
        source.description.strip(),
        "",
        "| | |",
        "|---|---|",
        *(f"| {name} | {_cell(value)} |" for name, value in facts.items()),
        *(["", source.licence.note.strip()] if source.licence.note else []),
        *(["", source.notes.strip()] if source.notes else []),
        "",
        "A new snapshot is held if it differs from the one before by more than this:",
        "",
        "| threshold | limit | why |",
        "|---|---|---|",
        *(
            f"| {name} | {rule['limit']:g} | {_cell(rule['reason'])} |"
            for name, rule in source.acceptance.model_dump().items()
        ),
    ]


def _snapshots(folder: Path, source_id: str) -> list[str]:
    with engine() as con:
        count, length, last, release = con.execute(
            f"""select count(*), coalesce(sum(bytes), 0), max(fetched_at), max(agency_release)
            from {parquet(folder / "snapshot.parquet")} where source = $source""",
            {"source": source_id},
        ).fetchall()[0]
    if not count:
        return ["", "## Snapshots", "", "None: the agency could not be reached yet."]
    named = f"; the release that the agency names is {release}" if release else ""
    when = f"{last:%Y-%m-%d %H:%M} UTC"
    return ["", "## Snapshots", "", f"{count:,} of {length:,} bytes, the last one fetched {when}{named}."]


def _refused(folder: Path, source: Source) -> list[str]:
    with engine() as con:
        rows_in, rows_out = con.execute(
            f"select coalesce(sum(rows_in), 0), coalesce(sum(rows_out), 0) "
            f"from {parquet(folder / 'ledger.parquet')} where source = $source",
            {"source": source.id},
        ).fetchall()[0]
        reasons = con.execute(
            f"""
            select reason.key, sum(reason.value::bigint)
            from {parquet(folder / "ledger.parquet")} as ledger, json_each(ledger.reasons) as reason
            where source = $source
            group by all
            order by 2 desc, 1""",
            {"source": source.id},
        ).fetchall()
        examples = con.execute(
            f"""
            select reason, list(detail order by snapshot, row)[1:{EXAMPLES}]
            from {parquet(folder / "quarantine.parquet")}
            where source = $source
            group by reason""",
            {"source": source.id},
        ).fetchall()
    shown = {reason: "; ".join(_cell(text) for text in texts) for reason, texts in examples}
    lines = ["", "## What was kept and refused", "", f"{rows_in:,} rows came, {rows_out:,} were kept."]
    if not reasons:
        return lines
    return [
        *lines,
        "",
        "| refused because of | rows | for example |",
        "|---|---|---|",
        *(
            f"| {reason} | {count:,} | {shown.get(reason) or _cell(source.counted_only.get(reason, ''))} |"
            for reason, count in reasons
        ),
    ]


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ").strip()
