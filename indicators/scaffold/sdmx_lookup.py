"""Resolves an SDMX dataflow reference to series of our sources, such as
`OECD.WISE.INE:DSD_WISE_IDD@DF_IDD(1.0)/.A.INC_DISP_GINI......`.

It resolves only dataflows that an existing source reads, because source.yaml declares the meaning of a flow's
dimensions. It sends no request.
"""

from __future__ import annotations

import re
from pathlib import Path

from schemas.errors import CompactError
from sources.registry.sources import SOURCES, load_series, load_sources

REFERENCE = re.compile(
    r"(?:urn:sdmx:org\.sdmx\.infomodel\.datastructure\.Dataflow=)?"
    r"(?P<agency>[A-Za-z][\w.-]*)[:,](?P<flow>[\w@$-]+)(?:\((?P<version>[\d.+*]+)\)|,[\d.+*]*)?(?:/(?P<key>.*))?"
)


def series_of_dataflow(reference: str, sources_folder: Path = SOURCES) -> list[str]:
    """Return the series, as SOURCE:CODE, of a reference: those of its key, or all of the flow without one.
    Raises CompactError if the reference is invalid or no source has the flow or the key.
    """
    match = REFERENCE.fullmatch(reference.strip())
    if match is None:
        raise CompactError(
            f"{reference!r} is no reference to a dataflow",
            where="--from-sdmx",
            allowed="AGENCY:FLOW, AGENCY:FLOW(VERSION), AGENCY,FLOW,VERSION, or a URN; then /KEY",
        )
    flows = _flows(sources_folder)
    name = (match["agency"], match["flow"])
    if name not in flows:
        raise CompactError(
            f"no source here reads the dataflow {':'.join(name)}",
            where="--from-sdmx",
            allowed=", ".join(sorted(":".join(one) for one in flows)),
            next_step="add it to a source, or a source for it: docs/new-source.md",
        )
    keys = flows[name]
    series = [one for one, key in keys.items() if match["key"] in (None, "", "all", key)]
    if not series:
        raise CompactError(
            f"no series of {':'.join(name)} has the key {match['key']}",
            where="--from-sdmx",
            allowed=", ".join(sorted(set(keys.values()))),
            next_step="add the series with its key to series.csv of the source",
        )
    return series


def _flows(folder: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Return agency and flow to our series in it with their keys."""
    by_reference: dict[tuple[str, str], dict[str, str]] = {}
    for source in load_sources(folder).values():
        flows = source.options.get("flows") if source.reader == "sdmx_csv" else None
        for code, info in load_series(source.id, folder).items():
            if not flows:
                break
            agency, flow = str(flows[info.more["flow"]]["dataflow"]).split(",")[:2]
            by_reference.setdefault((agency, flow), {})[f"{source.id}:{code}"] = info.more["key"]
    return by_reference
