"""Exports a release to SDMX: the definitions as a structure (concepts, code lists, data structure, dataflow),
and the values as SDMX-CSV 2.0 that is valid against it.

It reads only the release, except for the formulas, which come from the checkout. SDMX ids allow no colon, so
a group such as M49:001 has the code M49_001 here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from schemas.codelists.units import units
from schemas.columns.model import Table
from schemas.columns.observation import OBS_STATUSES
from schemas.tables.registry import INDICATOR
from warehouse.engine.duckdb_engine import engine, literal, parquet
from warehouse.store.publish import read_release_metadata

AGENCY, VERSION = "COMPACT_TRACKER", "1.0.0"
DATAFLOW = f"{AGENCY}:DF_INDICATOR({VERSION})"
# Map from our columns to SDMX concepts; dimensions first, in the order of the key.
DIMENSIONS = {
    "indicator": "INDICATOR",
    "ref_area": "REF_AREA",
    "sex": "SEX",
    "age": "AGE",
    "urbanisation": "URBANISATION",
    "quantile": "QUANTILE",
    "other_dims": "OTHER_DIMS",
    "time_period": "TIME_PERIOD",
}
MEASURE = {"value": "OBS_VALUE"}
ATTRIBUTES = {
    "lower_bound": "LOWER_BOUND",
    "upper_bound": "UPPER_BOUND",
    "obs_status": "OBS_STATUS",
    "unit": "UNIT_MEASURE",
    "source": "SOURCE",
    "series": "SERIES",
    "snapshot": "SNAPSHOT",
    "footnote": "FOOTNOTE",
}
NAMES = {"_T": "Total", "F": "Female", "M": "Male", "U": "Urban", "R": "Rural"}
NUMBERS = ("OBS_VALUE", "LOWER_BOUND", "UPPER_BOUND")


def export(release: Path, out: Path) -> list[Path]:
    """Write structure.xml and data.csv into a folder, and return the files."""
    out.mkdir(parents=True, exist_ok=True)
    paths = [out / name for name in ("structure.xml", "data.csv")]
    write_structure(release, paths[0])
    write_data(release, paths[1])
    return paths


def write_structure(release: Path, path: Path) -> None:
    """Write the definitions of a release as SDMX-ML 3.0, which pysdmx reads back."""
    from pysdmx.io import write_sdmx
    from pysdmx.io.format import Format
    from pysdmx.model import Organisation
    from pysdmx.model.message import Header

    card = read_release_metadata(release)
    header = Header(
        id=card["id"], prepared=datetime.fromisoformat(card["created"]), sender=Organisation(AGENCY)
    )
    write_sdmx(structure(release), Format.STRUCTURE_SDMX_ML_3_0, str(path), prettyprint=True, header=header)


def structure(release: Path) -> list[Any]:
    """Return code lists, concepts, data structure and dataflow, as objects of pysdmx."""
    from pysdmx.model import (
        Code,
        Codelist,
        Component,
        Components,
        Concept,
        ConceptScheme,
        Dataflow,
        DataStructureDefinition,
        DataType,
        ItemReference,
        Role,
    )

    common: dict[str, Any] = {"agency": AGENCY, "version": VERSION}
    lists = {
        name: Codelist(
            f"CL_{name}",
            name=f"Codes of {name}",
            items=[Code(code, name=title, description=text or None) for code, title, text in codes],
            **common,
        )
        for name, codes in code_lists(release).items()
    }
    described = _descriptions(INDICATOR)

    def kind(concept: str) -> DataType:
        return (
            DataType.DOUBLE
            if concept in NUMBERS
            else DataType.YEAR
            if concept == "TIME_PERIOD"
            else DataType.STRING
        )

    concepts = {
        concept: Concept(
            concept,
            name=concept.replace("_", " ").capitalize(),
            description=described.get(column),
            dtype=kind(concept),
        )
        for column, concept in (DIMENSIONS | MEASURE | ATTRIBUTES).items()
    }
    scheme = ConceptScheme(
        "CS_INDICATOR", name="Concepts of the indicator table", items=list(concepts.values()), **common
    )

    def component(concept: str, role: Role) -> Component:
        needed = role is Role.DIMENSION
        level = "O" if role is Role.ATTRIBUTE else None
        return Component(
            concept,
            needed,
            role,
            ItemReference("Concept", AGENCY, scheme.id, VERSION, concept),
            kind(concept),
            local_codes=lists.get(concept),
            attachment_level=level,
        )

    definition = DataStructureDefinition(
        "DSD_INDICATOR",
        name="Indicator values of the Compact Tracker",
        components=Components(
            [
                *(component(concept, Role.DIMENSION) for concept in DIMENSIONS.values()),
                *(component(concept, Role.MEASURE) for concept in MEASURE.values()),
                *(component(concept, Role.ATTRIBUTE) for concept in ATTRIBUTES.values()),
            ]
        ),
        **common,
    )
    flow = Dataflow("DF_INDICATOR", name="Indicator values", structure=definition, **common)
    return [*lists.values(), scheme, definition, flow]


Codes = list[tuple[str, str, str]]


def code_lists(release: Path) -> dict[str, Codes]:
    """Return every code that the data may use, with its name and description, by concept."""
    with engine() as con:
        values, meta, area = (
            parquet(release / f"{n}.parquet") for n in ("indicator", "indicator_meta", "area")
        )
        lists: dict[str, Codes] = {
            "INDICATOR": _rows(
                con,
                f"""
                select indicator, title, concat_ws(chr(10), description, notes)
                from {meta}
                order by indicator""",
            ),
            "REF_AREA": _rows(
                con, f"select replace(ref_area, ':', '_'), name, '' from {area} order by ref_area"
            ),
        }
        for column in ("sex", "age", "urbanisation", "quantile"):
            codes = _rows(con, f"select distinct {column} from {values} order by 1")
            lists[DIMENSIONS[column]] = [(code[0], NAMES.get(code[0], code[0]), "") for code in codes]
        known = units()
        used = _rows(con, f"select distinct unit from {meta} order by 1")
    lists["UNIT_MEASURE"] = [(code, known[code].name, known[code].note) for (code,) in used]
    lists["OBS_STATUS"] = [(code, f"Observation status {code}", "") for code in OBS_STATUSES]
    return lists


def write_data(release: Path, path: Path) -> None:
    """Write the values of a release as SDMX-CSV 2.0."""
    columns = DIMENSIONS | MEASURE | ATTRIBUTES
    own = {"ref_area": "replace(ref_area, ':', '_')"}
    chosen = ", ".join(f'{own.get(column, column)} as "{concept}"' for column, concept in columns.items())
    with engine() as con:
        con.execute(f"""
            copy (
                select 'dataflow' as "STRUCTURE", {literal(DATAFLOW)} as "STRUCTURE_ID", 'I' as "ACTION",
                    {chosen}
                from {parquet(release / "indicator.parquet")}
                join (select indicator, unit from {parquet(release / "indicator_meta.parquet")})
                    using (indicator)
                order by {", ".join(f'"{concept}"' for concept in DIMENSIONS.values())}
            ) to {literal(str(path))} (format csv, header)""")


def _descriptions(table: Table) -> dict[str, str]:
    return {column.name: column.description for column in table.columns}


def _rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[Any]:
    rows: Sequence[Any] = con.execute(sql).fetchall()
    return list(rows)
