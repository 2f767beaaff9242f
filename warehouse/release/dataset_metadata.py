"""Metadata of a release for search engines and catalogues: Croissant 1.0 (which is schema.org), DCAT 3 and
CITATION.cff.

Like datapackage.json, they are generated from the tables' descriptions and release.json. A release does not
know its final location: every URL is relative to its own folder.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from schemas.columns.model import Column, Table
from schemas.definitions.source import Source
from schemas.tables.registry import TABLES
from warehouse.release.datapackage import DESCRIPTION, TITLE, write_text

PARQUET = "application/vnd.apache.parquet"
CROISSANT_PARQUET = "application/x-parquet"  # the only name that mlcroissant 1.1 accepts
KEYWORDS = (
    "Global Digital Compact", "Sustainable Development Goals", "connectivity", "digital divide", "inequality",
    "statistics",
)  # fmt: skip
CREATOR = {"@type": "Organization", "name": TITLE}
CROISSANT = "http://mlcommons.org/croissant/1.0"
# The context of the specification (Croissant 1.0, MLCommons, 2024), appendix 1.
CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataBiases": "cr:dataBiases",
    "dataCollection": "cr:dataCollection",
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "personalSensitiveInformation": "cr:personalSensitiveInformation",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
DATA_TYPES = {
    "string": "sc:Text",
    "int16": "sc:Integer",
    "int32": "sc:Integer",
    "int64": "sc:Integer",
    "float64": "sc:Float",
    "bool": "sc:Boolean",
    "date": "sc:Date",
    "timestamp": "sc:DateTime",
}


def write_dataset_cards(folder: Path, card: Mapping[str, Any], sources: Mapping[str, Source]) -> None:
    """Write croissant.json, dcat.jsonld and CITATION.cff of a release. card: release.json."""
    used = [sources[name] for name in card["sources"]]
    write_text(folder / "croissant.json", _json(croissant(card, used)))
    write_text(folder / "dcat.jsonld", _json(dcat(card, used)))
    write_text(folder / "CITATION.cff", citation(card, used))


def croissant(card: Mapping[str, Any], used: Sequence[Source]) -> dict[str, Any]:
    """Return the release as a Croissant dataset: a file and a record set for each table."""
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CROISSANT,
        "name": "compact-tracker",
        "alternateName": TITLE,
        "description": DESCRIPTION,
        "url": "./",
        "version": card["id"],
        "datePublished": card["created"],
        "creator": CREATOR,
        "citeAs": cite_as(card),
        "keywords": list(KEYWORDS),
        "license": licences(used),
        "isBasedOn": [source.homepage for source in used],
        "distribution": [_file(name, facts) for name, facts in card["tables"].items()],
        "recordSet": [_records(TABLES[name]) for name in card["tables"]],
    }


def _file(name: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": f"{name}.parquet",
        "name": f"{name}.parquet",
        "description": TABLES[name].description,
        "contentUrl": f"{name}.parquet",
        "contentSize": f"{facts['bytes']} B",
        "encodingFormat": CROISSANT_PARQUET,
        "sha256": facts["sha256"],
    }


def _records(table: Table) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": table.description,
        "key": [{"@id": f"{table.name}/{name}"} for name in table.key],
        "field": [_field(table, column) for column in table.columns],
    }


def _field(table: Table, column: Column) -> dict[str, Any]:
    unit = f" Unit: {column.unit}." if column.unit else ""
    return {
        "@type": "cr:Field",
        "@id": f"{table.name}/{column.name}",
        "name": column.name,
        "description": column.description + unit,
        "dataType": DATA_TYPES[column.type],
        "source": {"fileObject": {"@id": f"{table.name}.parquet"}, "extract": {"column": column.name}},
    }


def dcat(card: Mapping[str, Any], used: Sequence[Source]) -> dict[str, Any]:
    """Return the release as a DCAT 3 dataset (W3C, 2024) with a distribution for each table."""
    return {
        "@context": {
            "dcat": "http://www.w3.org/ns/dcat#",
            "dct": "http://purl.org/dc/terms/",
            "foaf": "http://xmlns.com/foaf/0.1/",
            "spdx": "http://spdx.org/rdf/terms#",
            "xsd": "http://www.w3.org/2001/XMLSchema#",
        },
        "@id": "./",
        "@type": "dcat:Dataset",
        "dct:identifier": card["id"],
        "dct:title": {"@value": TITLE, "@language": "en"},
        "dct:description": {"@value": DESCRIPTION, "@language": "en"},
        "dct:issued": {"@value": card["created"], "@type": "xsd:dateTime"},
        "dct:publisher": {"@type": "foaf:Organization", "foaf:name": TITLE},
        "dct:license": [{"@id": url} for url in licences(used)],
        "dct:source": [{"@id": source.homepage} for source in used],
        "dcat:version": card["id"],
        "dcat:keyword": list(KEYWORDS),
        "dcat:distribution": [
            {
                "@type": "dcat:Distribution",
                "@id": f"{name}.parquet",
                "dct:title": TABLES[name].title,
                "dct:description": TABLES[name].description,
                "dcat:downloadURL": {"@id": f"{name}.parquet"},
                "dcat:mediaType": {"@id": f"https://www.iana.org/assignments/media-types/{PARQUET}"},
                "dcat:byteSize": {"@value": str(facts["bytes"]), "@type": "xsd:nonNegativeInteger"},
                "spdx:checksum": {
                    "@type": "spdx:Checksum",
                    "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
                    "spdx:checksumValue": {"@value": facts["sha256"], "@type": "xsd:hexBinary"},
                },
            }
            for name, facts in card["tables"].items()
        ],
    }


def citation(card: Mapping[str, Any], used: Sequence[Source]) -> str:
    """Return CITATION.cff 1.2.0: how to cite the release, and the owners of its figures."""
    return yaml.safe_dump(
        {
            "cff-version": "1.2.0",
            "type": "dataset",
            "title": f"{TITLE}: release {card['id']}",
            "message": "Cite the release, and with any figure the agency that it comes from (references).",
            "version": card["id"],
            "date-released": card["created"][:10],
            "authors": [{"name": TITLE}],
            "abstract": DESCRIPTION,
            "keywords": list(KEYWORDS),
            "references": [
                {
                    "type": "database",
                    "title": source.title,
                    "authors": [{"name": source.agency}],
                    "url": source.homepage,
                    "notes": f"{source.citation.rstrip('.')}. Licence: {source.licence.name}.",
                }
                for source in used
            ],
        },
        sort_keys=False,
        allow_unicode=True,
        width=110,
    )


def cite_as(card: Mapping[str, Any]) -> str:
    """Return the release in one line, for a footnote."""
    return f"{TITLE}, release {card['id']}, {card['created'][:10]}."


def licences(used: Sequence[Source]) -> list[str]:
    """Return the URLs of the licences, each once; each value has that of its own source."""
    return sorted({source.licence.url or source.homepage for source in used})


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
