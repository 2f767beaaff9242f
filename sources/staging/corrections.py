"""Corrections of an agency's known errors until the agency fixes them, from
sources/agencies/<id>/corrections.yaml.

An entry names the wrong value that it expects. Once the agency no longer sends it, the entry fails and must
be removed, so a correction never outlives its error. No other module corrects values.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from schemas.definitions.base import Model
from schemas.definitions.parsing import parse
from schemas.definitions.source import Correction
from schemas.definitions.yaml_file import load_yaml
from schemas.errors import DefinitionError, Problem
from sources.registry.sources import SOURCES

if TYPE_CHECKING:
    import duckdb

# SDMX CL_OBS_STATUS: I, a value imputed by the receiving agency; Q, missing, suppressed.
CORRECTED, WITHHELD = "I", "Q"
PLACE = "series = $series and ref_area = $ref_area and time_period = $time_period and reason is null"


class _Corrections(Model):
    corrections: list[Correction] = Field(default=[])


def load_corrections(source_id: str, folder: Path = SOURCES) -> list[Correction]:
    """Return the corrections of a source, in the order of its file; none without a corrections.yaml."""
    path = folder / source_id / "corrections.yaml"
    if not path.exists():
        return []
    file = load_yaml(path)
    corrections = parse(_Corrections, file).corrections
    seen: dict[tuple[str, str, int, float], int] = {}
    problems = []
    for number, entry in enumerate(corrections):
        key = (entry.series, entry.ref_area, entry.time_period, entry.expect)
        if key in seen:
            problems.append(
                Problem(
                    str(path),
                    file.line(("corrections", number)),
                    f"corrections.{number}",
                    f"corrects the same value as entry {seen[key]}",
                    "one entry a value",
                    "remove one",
                )
            )
        seen[key] = number
    if problems:
        raise DefinitionError(problems)
    return corrections


def apply_corrections(con: duckdb.DuckDBPyConnection, corrections: list[Correction]) -> list[str]:
    """Correct the table `judged`; returns a sentence for each entry whose guard fails.

    An entry is not checked while its series has no rows.
    """
    return [failed for entry in corrections if (failed := _apply(con, entry))]


def _apply(con: duckdb.DuckDBPyConnection, entry: Correction) -> str:
    place = {"series": entry.series, "ref_area": entry.ref_area, "time_period": entry.time_period}
    if not con.execute("select 1 from judged where series = ? limit 1", [entry.series]).fetchone():
        return ""
    matches = con.execute(f"select obs_value from judged where {PLACE} order by all", place).fetchall()
    if (entry.expect,) not in matches:
        values = ", ".join(str(value) for (value,) in matches) or "no row"
        return (
            f"correction of {entry.series} {entry.ref_area} {entry.time_period} expects {entry.expect:g}, "
            f"found {values}: remove the entry if the agency has corrected it ({entry.reason})"
        )
    con.execute(
        f"""
        update judged
        set obs_value = $value, lower_bound = null, upper_bound = null, obs_status = $status,
            footnote = concat_ws(' ', footnote, $note)
        where {PLACE} and obs_value = $expect""",
        place
        | {
            "value": entry.value,
            "expect": entry.expect,
            "note": footnote(entry),
            "status": WITHHELD if entry.value is None else CORRECTED,
        },
    )
    return ""


def footnote(entry: Correction) -> str:
    """Return the footnote of the corrected value."""
    change = "withheld" if entry.value is None else f"replaced by {entry.value:g}"
    what = f"the agency's {entry.expect:g} is {change}"
    return f"[Compact Tracker {entry.date}: {what}: {entry.reason} Source: {entry.source}]"
