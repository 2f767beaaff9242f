"""One module or package per wire format, each with plan, fetch and wire (sources/model.py, Reader); `common`
holds shared parts.

A reader knows how an agency writes its answers and how to tell that one is whole. What the values mean for
us (areas, units, dimensions, statuses) is data in source.yaml, and is applied in stage.
"""

from __future__ import annotations

# The value of `reader` in a source.yaml, and the module that reads that format.
READERS = {
    "data360": "sources.readers.worldbank.data360",
    "delimited": "sources.readers.delimited.reader",
    "events": "sources.readers.delimited.events",
    "giga": "sources.readers.giga",
    "ilostat_csv": "sources.readers.ilostat",
    "itu_datahub": "sources.readers.itu.reader",
    "jsonstat": "sources.readers.jsonstat",
    "ookla_tiles": "sources.readers.ookla.reader",
    "records_json": "sources.readers.json_records",
    "sdmx_csv": "sources.readers.sdmx.csv_reader",
    "undata": "sources.readers.undata",
    "unsd_sdg": "sources.readers.unsd.reader",
    "workbook": "sources.readers.workbook.reader",
    "world_factbook": "sources.readers.world_factbook",
    "worldbank_bulk": "sources.readers.worldbank.reader",
    "worldbank_json": "sources.readers.worldbank.api_route",
}
