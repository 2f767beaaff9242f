// The map and the tiles: values or verdicts of a year, stale values hatched, missing ones hatched and named.
"use strict";
const Atlas = (() => {
  const { t, el, figure, areaName } = CT;
  const { CLASS_COLOURS, BLUES, CLASSES, onto, legend, image, fit } = Charts;
  const STALE = 5; // years after which a value is drawn as old
  const NONE = "url(#hatch)";

  // Six classes with borders that a reader can say: by twenties for shares, unless half the countries are in one
  // of the lower classes; then, and for other units, by sixths of the countries.
  const bins = (unit, values) => {
    const sorted = values.slice().sort((a, b) => a - b);
    const [low, high] = [sorted[0], sorted.at(-1)];
    const shares = [20, 40, 60, 80, 95], crowd = d3.max([20, 40, 60, 80], (to) => sorted.filter((v) => v >= to - 20 && v < to).length);
    if (unit === "PT" && low >= 0 && high <= 100 && crowd <= sorted.length / 2) return shares;
    const nice = (v) => v === 0 ? 0 : Number(v.toPrecision(2));
    return [...new Set([1, 2, 3, 4, 5].map((k) => nice(d3.quantileSorted(sorted, k / 6))))].filter((b) => b > low && b < high);
  };
  // Area to its newest value up to a year: {year, value, status, source, cls}. Without a year the newest of all, which alone
  // have a verdict.
  const valuesAt = (data, year) => {
    if (year == null) return new Map(data.rows.map((row) => [row[0], { year: row[1], value: row[2], status: row[3].split(";")[0], cls: row[6] }]));
    const found = new Map();
    for (const [area, spark] of Object.entries(data.series)) {
      for (let at = Math.min(year - spark[0] + 1, spark.length - 1); at > 0; at--) {
        if (spark[at] != null) { found.set(area, { year: spark[0] + at - 1, value: spark[at], status: statusAt(data, area, spark[0] + at - 1), cls: null }); break; }
      }
    }
    return found;
  };
  const statusAt = (data, area, year) => {
    const changes = data.st?.[area] ?? [];
    let status = "A";
    for (let i = 0; i < changes.length && changes[i] <= year; i += 2) status = changes[i + 1];
    return status;
  };
  const yearsOf = (data) => {
    const sparks = Object.values(data.series).filter((spark) => spark.length > 1);
    return sparks.length ? [d3.min(sparks, (s) => s[0]), d3.max(sparks, (s) => s[0] + s.length - 2)] : null;
  };

  const drawn = {}; // width to the paths of a map of that width
  const shapes = (width) => drawn[width] ??= (() => {
    const { topology } = CT.get("geometry"), height = Math.round(width * 0.49);
    const frame = { type: "MultiPoint", coordinates: [[-168, 0], [179, 0], [0, 82], [0, -55]] };
    const path = d3.geoPath(d3.geoEqualEarth().fitExtent([[1, 1], [width - 1, height - 1]], frame)).digits(1);
    const areas = topojson.feature(topology, topology.objects.areas).features;
    const edges = path(topojson.mesh(topology, topology.objects.areas, (a, b) => a !== b));
    const parts = areas.map((f) => ({ code: f.id, d: path(f), middle: path.centroid(f), small: d3.geoArea(f) < 0.00006 }));
    return { height, edges, parts, at: new Map(parts.map((p) => [p.code, p])) };
  })();

  // what: value or verdict; how: map or tiles; year: null for the newest values. Returns a function that draws another year.
  const draw = (node, { id, data, meta, what, how, year, key }) => {
    const scale = (() => { const borders = bins(meta.u, data.rows.map((row) => row[2])); return d3.scaleThreshold(borders, BLUES.slice(BLUES.length - borders.length - 1)); })();
    const borders = scale.domain();
    let rows = valuesAt(data, year), until = year ?? d3.max(data.rows, (row) => row[1]), chart = null, svgWidth = 0;
    const fill = (code) => {
      const row = rows.get(code);
      return !row ? NONE : what === "value" ? scale(row.value) : row.cls == null ? NONE : CLASS_COLOURS[row.cls];
    };
    const stale = (code) => what === "value" && rows.has(code) && rows.get(code).year <= until - STALE;
    const say = (code) => {
      const row = rows.get(code);
      if (!row) return { head: areaName(code), rows: [{ value: t("js.no_data") }] };
      const note = `${row.year}, ${t(`status.${row.status}`)}${stale(code) ? ` ${t("js.old")}` : ""}`;
      return { head: areaName(code), rows: [{ value: figure(row.value, meta.u), note }, ...(row.cls == null ? [] : [{ value: t(`category.${CLASSES[row.cls]}`) }])] };
    };
    const label = () => {
      const values = [...rows.values()].map((row) => row.value);
      return t("js.map_label", { title: CT.title(id), n: rows.size, low: figure(d3.min(values), meta.u), high: figure(d3.max(values), meta.u) });
    };
    const { tiles } = CT.get("geometry");
    const cells = Object.entries(tiles), columns = d3.max(cells, (c) => c[1][0]) + 1, lines = d3.max(cells, (c) => c[1][1]) + 1;
    const paint = () => {
      const old = [];
      chart.querySelectorAll("[data-area]").forEach((part) => { const code = part.dataset.area; part.setAttribute("fill", fill(code)); if (stale(code)) old.push(code); });
      chart.querySelectorAll("[data-text]").forEach((part) => part.setAttribute("fill", onto(fill(part.dataset.text))));
      const size = svgWidth / columns;
      chart.querySelector(".stale").innerHTML = old.map((code) => how === "map"
        ? `<path d="${shapes(svgWidth).at.get(code)?.d ?? ""}"/>`
        : `<rect x="${tiles[code][0] * size + 0.8}" y="${tiles[code][1] * size + 0.8}" width="${size - 1.6}" height="${size - 1.6}" rx="2"/>`).join("");
      chart.setAttribute("aria-label", label());
    };
    const build = (width) => {
      svgWidth = Math.round(width);
      const size = svgWidth / columns, height = how === "map" ? shapes(svgWidth).height : size * lines;
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      svg.setAttribute("viewBox", `0 0 ${svgWidth} ${height.toFixed(0)}`);
      svg.setAttribute("class", "atlas");
      if (how === "map") {
        const { edges, parts } = shapes(svgWidth);
        const dots = parts.filter((p) => p.code && p.small).map((p) => `<circle data-area="${p.code}" cx="${p.middle[0].toFixed(1)}" cy="${p.middle[1].toFixed(1)}" r="2.8" stroke="var(--quiet)" stroke-width="0.5"/>`);
        svg.innerHTML = `${parts.map((p) => p.code ? `<path data-area="${p.code}" d="${p.d}"/>` : `<path fill="${NONE}" d="${p.d}"/>`).join("")}<g class="stale" fill="url(#stale)" pointer-events="none"></g><path d="${edges}" fill="none" stroke="var(--paper)" stroke-width="0.6" pointer-events="none"/>${dots.join("")}`;
      } else {
        svg.innerHTML = `${cells.map(([code, [x, y]]) => `<rect data-area="${code}" x="${x * size + 0.8}" y="${y * size + 0.8}" width="${size - 1.6}" height="${size - 1.6}" rx="2"/>`).join("")}<g class="stale" fill="url(#stale)" pointer-events="none"></g>${size < 22 ? "" : cells.map(([code, [x, y]]) => `<text data-text="${code}" x="${(x + 0.5) * size}" y="${(y + 0.5) * size + 4}" font-size="${Math.min(12, size / 2.7)}" text-anchor="middle" pointer-events="none">${code}</text>`).join("")}`;
      }
      chart = image(svg, "");
      paint();
      return Pointer.areas(chart, {
        order: () => [...rows].filter(([code]) => chart.querySelector(`[data-area="${code}"]`)).sort((a, b) => b[1].value - a[1].value).map(([code]) => code),
        say, open: (code) => { location.href = CT.areaLink(code); },
        place: (code) => how === "map" ? shapes(svgWidth).at.get(code).middle : tiles[code].map((n) => (n + 0.5) * size),
      });
    };
    fit(node, build);
    const bound = (v) => Math.abs(v) >= 1e6 ? `${CT.short(v)} ${CT.unit(meta.u)}`.trim() : figure(v, meta.u);
    const classes = [...new Set(data.rows.map((row) => row[6]).filter((c) => c != null && c < 10))].sort((a, b) => a - b);
    key.replaceChildren(legend(what === "value"
      ? [...scale.range().map((colour, i) => [colour, borders.length === 0 ? figure(data.rows[0]?.[2], meta.u) : i === 0 ? t("js.below", { n: bound(borders[0]) }) : i === borders.length ? t("js.from", { n: bound(borders[i - 1]) }) : t("js.between", { a: CT.short(borders[i - 1]), b: bound(borders[i]) })]), [NONE, t("js.no_data")], ["url(#stale)", t("js.stale")]]
      : [...classes.map((c) => [CLASS_COLOURS[c], t(`category.${CLASSES[c]}`)]), [NONE, t("js.no_class")]]));
    return (to) => { rows = valuesAt(data, to); until = to ?? d3.max(data.rows, (row) => row[1]); paint(); return rows; };
  };
  return { draw, valuesAt, statusAt, yearsOf, STALE };
})();
