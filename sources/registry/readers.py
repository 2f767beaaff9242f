"""The names of readers in source.yaml. A module is imported when a source that uses it is."""

from __future__ import annotations

# The value of `reader` in a source.yaml, and the module for that format.
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
