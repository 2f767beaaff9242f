"""The offline release read by its Croissant, DCAT and citation files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlcroissant
import pyarrow.parquet as pq
import pytest
import rdflib
import yaml

from schemas.tables.registry import TABLES
from tests.command import Finished
from warehouse.store.publish import file_sha256

# rdflib 7.6 warns of its own classes when it reads JSON-LD; mlcroissant 1.1 uses what pandas 3.1 is to drop
pytestmark = [
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.reset_index"),
]


@pytest.fixture
def folder(first_run: tuple[Path, Finished]) -> Path:
    return (first_run[0] / "releases" / "latest").resolve()


def test_mlcroissant_finds_no_fault_and_reads_the_tables(folder: Path) -> None:
    dataset = mlcroissant.Dataset(str(folder / "croissant.json"))
    assert dataset.metadata.ctx.issues.errors == set()
    assert {records.name for records in dataset.metadata.record_sets} == set(TABLES)
    for name in ("indicator", "progress", "coverage", "area"):
        first: dict[str, Any] = next(iter(dataset.records(name)))
        assert [key.removeprefix(f"{name}/") for key in first] == list(TABLES[name].names)
    values = pq.read_table(folder / "area.parquet").column("ref_area").to_pylist()
    assert [row["area/ref_area"].decode() for row in dataset.records("area")] == values


def test_every_file_is_named_with_its_own_hash(folder: Path) -> None:
    card = json.loads((folder / "croissant.json").read_text(encoding="utf-8"))
    assert {file["name"] for file in card["distribution"]} == {f"{name}.parquet" for name in TABLES}
    for file in card["distribution"]:
        assert file["sha256"] == file_sha256(folder / file["contentUrl"])


def test_dcat_is_linked_data_with_a_distribution_for_each_table(folder: Path) -> None:
    graph = rdflib.Graph()
    graph.parse(folder / "dcat.jsonld", format="json-ld", publicID="https://release.test/")
    dcat = rdflib.Namespace("http://www.w3.org/ns/dcat#")
    dataset = rdflib.URIRef("https://release.test/")
    assert (dataset, rdflib.RDF.type, dcat.Dataset) in graph
    urls = {str(url) for url in graph.objects(None, dcat.downloadURL)}
    assert urls == {f"https://release.test/{name}.parquet" for name in TABLES}
    assert len(list(graph.objects(dataset, dcat.distribution))) == len(TABLES)


def test_the_citation_names_the_release_and_the_agencies(folder: Path) -> None:
    citation = yaml.safe_load((folder / "CITATION.cff").read_text(encoding="utf-8"))
    card = json.loads((folder / "release.json").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == card["id"]
    assert citation["type"] == "dataset"
    assert len(citation["references"]) == len(card["sources"])
    assert all(entry["authors"][0]["name"] for entry in citation["references"])
