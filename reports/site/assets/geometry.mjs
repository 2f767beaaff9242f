// Makes geometry.js from Natural Earth 1:50m as carried by the npm package world-atlas 2.0.2. Run by hand, seldom:
//   npm install world-atlas@2.0.2 topojson-client@3 topojson-server@3 topojson-simplify@3 d3@7
//   node geometry.mjs areas.csv geometry.js      areas.csv: the columns ref_area, m49, un_member of area.parquet
// What differs from Natural Earth, which draws who controls a territory: Crimea is drawn with Ukraine (A/RES/68/262);
// northern Cyprus and Somaliland with Cyprus and Somalia; the Siachen Glacier belongs to no area; Antarctica, which no
// indicator describes, is left out. The tiles: one square for each Member State, observer State, and four more
// economies with series of their own, as near as may be to where it lies.
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
const require = createRequire(process.cwd() + "/");
const [client, server, simplify] = ["client", "server", "simplify"].map((n) => require(`topojson-${n}`));
const d3m = await import("d3");
const atlas = require("world-atlas/countries-50m.json");
const [, , areas, out] = process.argv;
const rows = d3m.csvParse(readFileSync(areas, "utf8"));
const iso3 = new Map(rows.map((r) => [r.m49, r.ref_area]));
const byName = { Somaliland: "SOM", Kosovo: "XKX", "N. Cyprus": "CYP", "Indian Ocean Ter.": "AUS", "Siachen Glacier": "" };
const parts = new Map();
for (const f of client.feature(atlas, atlas.objects.countries).features) {
  const id = f.id ? iso3.get(f.id) : byName[f.properties.name];
  if (id === undefined) throw new Error(`no area for ${f.id} ${f.properties.name}`);
  if (id === "ATA") continue;
  for (const ring of f.geometry.type === "Polygon" ? [f.geometry.coordinates] : f.geometry.coordinates) {
    const [x, y] = d3m.geoCentroid({ type: "Polygon", coordinates: ring });
    const owner = id === "RUS" && x > 32.4 && x < 36.7 && y > 44.2 && y < 46.3 ? "UKR" : id;
    parts.set(owner, [...(parts.get(owner) ?? []), ring]);
  }
}
const features = [...parts].sort(([a], [b]) => d3m.ascending(a, b)).map(([id, coordinates]) => ({
  type: "Feature", id, properties: {}, geometry: { type: "MultiPolygon", coordinates },
}));
const merged = features.map((f) => {
  const own = server.topology({ f: { type: "FeatureCollection", features: f.geometry.coordinates.map((c) => (
    { type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: c } })) } });
  return { ...f, geometry: client.merge(own, own.objects.f.geometries) };
});
let topology = server.topology({ areas: { type: "FeatureCollection", features: merged } });
topology = simplify.presimplify(topology, simplify.sphericalTriangleArea);
topology = simplify.simplify(topology, simplify.quantile(topology, 0.55));
topology = client.quantize(topology, 8000);
// Simplifying may turn a ring round or flatten it, and a ring the wrong way round is the rest of the globe.
for (const g of topology.objects.areas.geometries) {
  delete g.properties;
  const rings = g.type === "Polygon" ? [g.arcs] : g.arcs;
  const area = (arcs) => d3m.geoArea(client.feature(topology, { type: "Polygon", arcs }));
  const kept = rings.map((ring) => area([ring[0]]) > 2 * Math.PI ? ring.map((r) => r.map((a) => ~a).reverse()) : ring)
    .filter((ring) => area(ring) < 2 * Math.PI && area(ring) > 1e-9);
  g.type = "MultiPolygon";
  g.arcs = kept.length ? kept : rings.slice(0, 1);
  if (!kept.length) console.log("flattened:", g.id);
}
topology.bbox = undefined;

const extra = new Set(["PSE", "VAT", "XKX", "HKG", "MAC", "PRI"]);
const project = d3m.geoEqualEarth().scale(1).translate([0, 0]);
const points = merged.filter((f) => f.id && (extra.has(f.id) || rows.find((r) => r.ref_area === f.id)?.un_member === "true"))
  .map((f) => {
    const main = d3m.greatest(f.geometry.coordinates, (c) => d3m.geoArea({ type: "Polygon", coordinates: c }));
    const [x, y] = project(d3m.geoCentroid({ type: "Polygon", coordinates: main }));
    return { id: f.id, p: [x < -2.2 ? x + 5.41 : x, y] }; // the Pacific beyond the date line is the east, not the west
  });
// Each tile gets a cell of its own; cells are taken from the most crowded places first, nearest free cell to the point.
const [width, height] = [30, 21];
const sx = d3m.scaleLinear(d3m.extent(points, (d) => d.p[0]), [1, width - 2]);
const sy = d3m.scaleLinear(d3m.extent(points, (d) => d.p[1]), [0, height - 1]);
for (const d of points) d.q = [sx(d.p[0]), sy(d.p[1])];
for (let round = 0; round < 400; round++) for (const a of points) for (const b of points) {
  const [dx, dy] = [a.q[0] - b.q[0], a.q[1] - b.q[1]], far = Math.hypot(dx, dy) || 0.01;
  if (a !== b && far < 1.15) { a.q[0] += (dx / far) * 0.06; a.q[1] += (dy / far) * 0.06; }
}
let cells = points.map((d) => ({ ...d, c: null }));
const taken = new Map();
for (const d of d3m.sort(cells, (d) => Math.hypot(d.q[0] - width / 2, d.q[1] - height / 2))) {
  let best = null;
  for (let x = -1; x <= width; x++) for (let y = -1; y <= height; y++) {
    const cost = Math.hypot(x - d.q[0], y - d.q[1]);
    if (!taken.has(`${x},${y}`) && (!best || cost < best.cost)) best = { x, y, cost };
  }
  taken.set(`${best.x},${best.y}`, d.id); d.c = [best.x, best.y];
}
// Swapping two tiles that lie the wrong way round mends what the greedy choice left.
const cost = (d, c) => (c[0] - d.q[0]) ** 2 + (c[1] - d.q[1]) ** 2;
for (let changed = true; changed;) {
  changed = false;
  for (const a of cells) for (const b of cells) if (cost(a, b.c) + cost(b, a.c) < cost(a, a.c) + cost(b, b.c) - 1e-9) {
    [a.c, b.c] = [b.c, a.c]; changed = true;
  }
}
const [minX, minY] = [d3m.min(cells, (d) => d.c[0]), d3m.min(cells, (d) => d.c[1])];
const tiles = Object.fromEntries(cells.map((d) => [d.id, [d.c[0] - minX, d.c[1] - minY]]));
writeFileSync(out, `// Made by geometry.mjs from Natural Earth 1:50m (public domain).\nCT.put("geometry",${JSON.stringify({ topology, tiles })});\n`);
