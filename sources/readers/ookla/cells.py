"""Builds cells.parquet: the country of each map cell at level 12 of the quadkeys. Run manually, rarely:

    npm install world-atlas@2.0.2
    python -m sources.ookla_open_data.cells node_modules/world-atlas/countries-10m.json

Borders are Natural Earth's 1:10m (public domain, version 4.1, by way of world-atlas, ISC). A level 12 cell is
some 10 km wide at the equator and holds 256 of Ookla's tiles. It is sampled at four points and belongs to the
country with most of them, ignoring the sea; so a tile near a border may be counted on its other side, and one
in a harbour belongs to the shore. tiles.py reads the table and joins the tiles."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.codelists.code_maps import code_map

LEVEL = 12
SIZE = 1 << (LEVEL + 1)  # samples: four points a cell
OUT = Path(__file__).with_name("cells.parquet")
# areas without a code there, assigned as the UN counts them
NAMED = {"Kosovo": "XKX", "N. Cyprus": "CYP", "Somaliland": "SOM"}
Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int16]


def main(topology: Path) -> None:
    """Sample the borders of a TopoJSON file and write the cells as runs in the order of their quadkeys."""
    world = json.loads(topology.read_text(encoding="utf-8"))
    lines = _lines(world)
    areas: list[str] = []
    samples: Codes = np.zeros((SIZE, SIZE), dtype=np.int16)
    for country in world["objects"]["countries"]["geometries"]:
        if name := _area(country):
            areas.append(name)
            _fill(samples, _rings(country, lines), len(areas))
    cells = _majority(samples)
    number = _place_in_quadkeys()
    ordered = np.zeros(cells.size, dtype=np.int16)
    ordered[number.ravel()] = cells.ravel()
    ends = np.concatenate([np.nonzero(np.diff(ordered))[0], [ordered.size - 1]])
    starts = np.concatenate([[0], ends[:-1] + 1])
    kept = ordered[ends] > 0
    named = np.array(["", *areas], dtype=object)
    table = pa.table(
        {
            "first": pa.array(starts[kept], pa.int32()),
            "last": pa.array(ends[kept], pa.int32()),
            "ref_area": pa.array(named[ordered[ends][kept]], pa.string()),
        }
    )
    near = dict.fromkeys(("first", "last"), "DELTA_BINARY_PACKED")
    pq.write_table(
        table,
        OUT,
        compression="zstd",
        compression_level=19,
        use_dictionary=["ref_area"],
        column_encoding=near,
    )
    print(f"{table.num_rows} runs, {len(set(areas))} areas, {OUT.stat().st_size} bytes")


def _area(country: dict[str, Any]) -> str | None:
    name = country["properties"]["name"]
    return NAMED.get(name) or code_map("m49").get(str(country.get("id")))


def _lines(world: dict[str, Any]) -> list[Floats]:
    scale, origin = (np.array(world["transform"][name]) for name in ("scale", "translate"))
    return [np.cumsum(np.array(arc), axis=0) * scale + origin for arc in world["arcs"]]


def _rings(country: dict[str, Any], lines: list[Floats]) -> list[Floats]:
    """Return every ring of a country, including inner ones, in samples from the upper left."""
    polygons = country["arcs"] if country["type"] == "MultiPolygon" else [country["arcs"]]
    rings = []
    for ring in (ring for polygon in polygons for ring in polygon):
        points = np.concatenate([lines[arc] if arc >= 0 else lines[~arc][::-1] for arc in ring])
        latitude = np.radians(np.clip(points[:, 1], -85.0511, 85.0511))
        x = (points[:, 0] + 180) / 360
        y = (1 - np.arcsinh(np.tan(latitude)) / np.pi) / 2
        rings.append(np.stack([x, y], axis=1) * SIZE)
    return rings


def _fill(samples: Codes, rings: list[Floats], code: int) -> None:
    """Return the samples inside the rings, by the even-odd rule on each line of samples."""
    rows, places = [], []
    for ring in rings:
        (x0, y0), (x1, y1) = ring.T, np.roll(ring, -1, axis=0).T
        first = np.ceil(np.minimum(y0, y1) - 0.5).astype(int)
        count = np.maximum(np.ceil(np.maximum(y0, y1) - 0.5).astype(int) - first, 0)
        edge = np.repeat(np.arange(len(ring)), count)
        row = first[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
        slope = (x1 - x0)[edge] / (y1 - y0)[edge]
        rows.append(row)
        places.append(x0[edge] + (row + 0.5 - y0[edge]) * slope)
    row, place = np.concatenate(rows), np.concatenate(places)
    order = np.lexsort((place, row))
    row, place = row[order], place[order]
    columns = np.clip(np.ceil(place - 0.5).astype(int), 0, SIZE)
    for one, left, right in zip(row[::2], columns[::2], columns[1::2], strict=True):
        if 0 <= one < SIZE:
            samples[one, left:right] = code


def _majority(samples: Codes) -> Codes:
    """Return the code that most of four samples have, ignoring the sea; the first in a tie."""
    four = samples.reshape(SIZE // 2, 2, SIZE // 2, 2).transpose(0, 2, 1, 3).reshape(SIZE // 2, SIZE // 2, 4)
    best = np.zeros(four.shape[:2], dtype=np.int16)
    votes = np.zeros(four.shape[:2], dtype=np.int8)
    for one in range(4):
        code = four[..., one]
        counts = (four == code[..., None]).sum(axis=2).astype(np.int8)
        better = (code > 0) & (counts > votes)
        best[better], votes[better] = code[better], counts[better]
    return best


def _place_in_quadkeys() -> npt.NDArray[np.int64]:
    """Return the place of each cell (row y, column x) in quadkey order: the bits of y and x interleaved."""
    side = np.arange(1 << LEVEL, dtype=np.int64)
    spread = np.zeros_like(side)
    for bit in range(LEVEL):
        spread |= ((side >> bit) & 1) << (2 * bit)
    return (spread[:, None] << 1) | spread[None, :]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
