// The charts, by Observable Plot: map and tiles, trend with its fan, strip of peers, gaps. Each has a table beside it
// (pages.js), so a chart is one image to a screen reader, with a sentence that says what it shows.
"use strict";
const Charts = (() => {
  const { t, el, number, figure, areaName } = CT;
  const CLASSES = ["met", "very_likely", "likely", "about_as_likely_as_not", "unlikely", "very_unlikely", "not_met", "improving", "no_clear_change", "worsening", "insufficient_data", "not_applicable"];
  // Colours are the style sheet's tokens, so that a chart follows the reader's colour scheme.
  const TOKENS = ["met", "very_likely", "likely", "even", "unlikely", "very_unlikely", "not_met", "improving", "no_change", "worsening"];
  const CLASS_COLOURS = [...TOKENS.map((name) => `var(--${name})`), "url(#hatch)", "url(#hatch)"];
  const BLUES = [1, 2, 3, 4, 5, 6].map((n) => `var(--value-${n})`);
  const INK = "var(--ink)", QUIET = "var(--quiet)", LINE = "var(--edge)", PAPER = "var(--paper)", OWN = "var(--line-2)", MAIN = "var(--line-1)", SECOND = "var(--line-3)";
  const LINES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((n) => `var(--line-${n})`);
  // The ink that is read on a class or on a step of the blues.
  const onto = (colour) => colour.startsWith("url") ? INK : `${colour.slice(0, -1)}-t)`;
  const style = { fontFamily: "inherit", fontSize: "13px", color: INK, background: "none", overflow: "visible" };

  const hatch = () => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("width", 0); svg.setAttribute("height", 0); svg.setAttribute("aria-hidden", "true");
    svg.style.position = "absolute";
    svg.innerHTML = `<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="5" height="5" style="fill: var(--hatch-a)"/><line x1="0" y1="0" x2="0" y2="5" style="stroke: var(--hatch-b)" stroke-width="1.6"/></pattern></defs>`;
    return svg;
  };
  if (!document.getElementById("hatch")) document.body.prepend(hatch());

  const wide = (node) => Math.max(300, Math.min(1120, node.clientWidth || 800));
  // Drawn anew when the width changes, so that letters keep their size.
  const fit = (node, draw) => {
    let was = 0;
    const again = () => { const now = wide(node); if (Math.abs(now - was) > 8) { was = now; node.replaceChildren(draw(now)); } };
    again();
    new ResizeObserver(() => requestAnimationFrame(again)).observe(node);
  };
  const image = (svg, label) => {
    const chart = svg.tagName === "svg" ? svg : svg.querySelector("svg");
    chart.setAttribute("role", "img"); chart.setAttribute("aria-label", label);
    chart.querySelectorAll("[aria-label]").forEach((part) => part.removeAttribute("aria-label"));
    return svg;
  };

  // Six classes with borders that a reader can say: for shares by tens and twenties, else by sixths of the countries.
  const bins = (rows, unit, values) => {
    const sorted = values.slice().sort((a, b) => a - b);
    const [low, high] = [sorted[0], sorted.at(-1)];
    if (unit === "PT" && low >= 0 && high <= 100 && high > 40) return [20, 40, 60, 80, 95];
    const nice = (v) => v === 0 ? 0 : Number(v.toPrecision(2));
    return [...new Set([1, 2, 3, 4, 5].map((k) => nice(d3.quantileSorted(sorted, k / 6))))].filter((b) => b > low && b < high);
  };

  const legend = (entries) => el("ul", { class: "key", "aria-label": t("js.key") }, ...entries.map(([colour, label]) => {
    const swatch = el("i", { class: colour.startsWith("url") ? "c-insufficient_data" : null });
    if (!colour.startsWith("url")) swatch.style.background = colour;
    return el("li", {}, swatch, label);
  }));

  // rows: [area, year, value, status, source, rank, class, ...]
  const map = (node, { id, data, meta }) => {
    const rows = new Map(data.rows.map((row) => [row[0], row]));
    const { topology, tiles } = CT.get("geometry");
    const areas = topojson.feature(topology, topology.objects.areas).features;
    const edges = topojson.mesh(topology, topology.objects.areas, (a, b) => a !== b);
    const values = data.rows.map((row) => row[2]);
    const borders = bins(rows, meta.u, values);
    const scale = d3.scaleThreshold(borders, BLUES.slice(BLUES.length - borders.length - 1));
    const paced = data.rows.some((row) => row[6] != null && row[6] < 7);
    const newest = d3.max(data.rows, (row) => row[1]);
    const state = { what: "value", how: "map" };
    const fill = (area) => {
      const row = rows.get(area);
      if (!row) return "url(#hatch)";
      return state.what === "value" ? scale(row[2]) : row[6] == null ? "url(#hatch)" : CLASS_COLOURS[row[6]];
    };
    const say = (area) => {
      const row = rows.get(area);
      if (!row) return `${areaName(area)}\n${t("js.no_data")}`;
      return `${areaName(area)}\n${figure(row[2], meta.u)}, ${row[1]} (${t(`status.${row[3].split(";")[0]}`)})${row[6] == null ? "" : `\n${t(`category.${CLASSES[row[6]]}`)}`}`;
    };
    const bound = (v) => Math.abs(v) >= 1e6 ? `${CT.short(v)} ${CT.unit(meta.u)}`.trim() : figure(v, meta.u);
    const label = () => t("js.map_label", { title: CT.title(id), n: rows.size, low: figure(d3.min(values), meta.u), high: figure(d3.max(values), meta.u) });
    const drawMap = (width) => Plot.plot({
      width, height: Math.round(width * 0.49), style, projection: { type: "equal-earth", domain: { type: "MultiPoint", coordinates: [[-168, 0], [179, 0], [0, 82], [0, -55]] } },
      marks: [
        Plot.geo(areas, { fill: (f) => f.id ? fill(f.id) : "url(#hatch)", stroke: "none" }),
        Plot.geo(edges, { stroke: PAPER, strokeWidth: 0.6 }),
        Plot.dot(areas.filter((f) => f.id && d3.geoArea(f) < 0.00006 && rows.has(f.id)), Plot.centroid({ r: 2.6, fill: (f) => fill(f.id), stroke: QUIET, strokeWidth: 0.5 })),
        Plot.tip(areas.filter((f) => f.id), Plot.pointer(Plot.centroid({ title: (f) => say(f.id), maxRadius: 30 }))),
      ],
    });
    const drawTiles = (width) => {
      const cells = Object.entries(tiles).map(([area, [x, y]]) => ({ area, x, y }));
      const columns = d3.max(cells, (c) => c.x) + 1, lines = d3.max(cells, (c) => c.y) + 1, size = width / columns;
      return Plot.plot({
        width, height: size * lines, margin: 0, style, x: { axis: null, domain: [0, columns] }, y: { axis: null, domain: [lines, 0] },
        marks: [
          Plot.rect(cells, { x1: "x", x2: (c) => c.x + 1, y1: "y", y2: (c) => c.y + 1, fill: (c) => fill(c.area), inset: 0.8, rx: 2 }),
          size < 22 ? null : Plot.text(cells, { x: (c) => c.x + 0.5, y: (c) => c.y + 0.5, text: "area", fontSize: Math.min(12, size / 2.7), fill: (c) => onto(fill(c.area)) }),
          Plot.tip(cells, Plot.pointer({ x: (c) => c.x + 0.5, y: (c) => c.y + 0.5, title: (c) => say(c.area), maxRadius: size })),
        ],
      });
    };
    const canvas = el("div", { class: "canvas" }), key = el("div");
    const draw = (width = wide(canvas)) => {
      const present = [...new Set(data.rows.map((row) => row[6]).filter((c) => c != null))].sort((a, b) => a - b);
      key.replaceChildren(legend(state.what === "value"
        ? [...scale.range().map((colour, i) => [colour, i === 0 ? t("js.below", { n: bound(borders[0]) }) : i === borders.length ? t("js.from", { n: bound(borders[i - 1]) }) : t("js.between", { a: CT.short(borders[i - 1]), b: bound(borders[i]) })]), ["url(#hatch)", t("js.no_data")]]
        : [...present.filter((c) => c < 10).map((c) => [CLASS_COLOURS[c], t(`category.${CLASSES[c]}`)]), ["url(#hatch)", t("js.no_class")]]));
      return image(state.how === "map" ? drawMap(width) : drawTiles(width), label());
    };
    const redraw = () => canvas.replaceChildren(draw());
    const choice = (name, key_, options) => el("fieldset", { class: "switch" }, el("legend", { class: "quiet" }, t(`js.${name}`)), ...options.map((option) => el("label", {},
      el("input", { type: "radio", name: `${name}-${id}`, value: option, checked: state[key_] === option, onchange: () => { state[key_] = option; redraw(); } }), t(`js.${name}_${option}`))));
    const years = d3.extent(data.rows, (row) => row[1]);
    const old = data.rows.filter((row) => row[1] <= newest - 5).length;
    node.replaceChildren(
      el("div", { class: "switches" }, paced ? choice("what", "what", ["value", "pace"]) : null, choice("how", "how", ["map", "tiles"])),
      key, canvas,
      el("p", { class: "fine" }, years[0] === years[1] ? t("js.one_year", { year: years[0] }) : t("js.mixed_years", { first: years[0], last: years[1], old }), " ", t("js.tiles_note")),
    );
    fit(canvas, draw);
  };

  const unpack = (spark) => spark?.length ? spark.slice(1).map((v, i) => ({ year: spark[0] + i, value: v })).filter((p) => p.value != null) : [];

  // lines: [{code, name, points: [{year, value}], fan: [[year, value, l80, u80, l95, u95, p]]}]
  const trend = (node, { lines, meta, label, target = true, height = 0.45, names = true }) => fit(node, (width) => {
    const shown = lines.filter((line) => line.points.length);
    const colour = new Map(lines.map((line, i) => [line.code, line.colour ?? LINES[i % LINES.length]]));
    const points = shown.flatMap((line) => line.points.map((p) => ({ ...p, line })));
    const fans = shown.filter((line) => line.fan?.length).flatMap((line) => {
      const last = line.points.at(-1);
      return [{ line, year: last.year, value: last.value, a: last.value, b: last.value, c: last.value, d: last.value },
        ...line.fan.map(([year, value, a, b, c, d]) => ({ line, year, value, a, b, c, d }))];
    });
    const goal = target && meta.t != null ? [meta] : [];
    const values = [...points.map((p) => p.value), ...fans.flatMap((f) => [f.a, f.b]), ...goal.map((g) => g.t)];
    const roomy = width > 560;
    const ends = shown.map((line) => ({ line, ...(line.fan?.length ? { year: line.fan.at(-1)[0], value: line.fan.at(-1)[1] } : line.points.at(-1)) }));
    const years = d3.extent([...points, ...fans], (p) => p.year);
    if (goal.length && meta.ty) years[1] = Math.max(years[1], Math.min(meta.ty, 2035));
    const chartHeight = Math.round(Math.max(220, Math.min(460, width * height)));
    const y = d3.scaleLinear([Math.min(d3.min(values), meta.u === "PT" ? 0 : d3.min(values)), d3.max(values)], [chartHeight - 30, 20]).nice();
    // Names at the ends of lines are pushed apart, so that each can be read.
    const spread = ends.map((end) => ({ ...end, at: y(end.value) })).sort((a, b) => a.at - b.at);
    for (let i = 1; i < spread.length; i++) spread[i].at = Math.max(spread[i].at, spread[i - 1].at + 15);
    for (let i = spread.length - 1, floor = chartHeight - 26; i >= 0; i--, floor -= 15) spread[i].at = Math.min(spread[i].at, floor);
    const many = shown.length > 1 && names;
    const chart = Plot.plot({
      width, height: chartHeight, marginRight: roomy && many ? 190 : 20, marginLeft: 46, marginTop: 20, style,
      x: { domain: years, tickFormat: "d", label: null, ticks: roomy ? 8 : 4 }, y: { domain: y.domain(), grid: true, label: CT.unit(meta.u) || null, labelArrow: "none", tickFormat: CT.short },
      marks: [
        Plot.ruleY([y.domain()[0]], { stroke: LINE }),
        Plot.areaY(fans, { x: "year", y1: "c", y2: "d", z: (f) => f.line.code, fill: (f) => colour.get(f.line.code), fillOpacity: 0.1 }),
        Plot.areaY(fans, { x: "year", y1: "a", y2: "b", z: (f) => f.line.code, fill: (f) => colour.get(f.line.code), fillOpacity: 0.2 }),
        Plot.lineY(fans, { x: "year", y: "value", z: (f) => f.line.code, stroke: (f) => colour.get(f.line.code), strokeDasharray: "4 3", strokeWidth: 1.6 }),
        Plot.ruleY(goal, { y: "t", stroke: "var(--goal)", strokeDasharray: "6 3", strokeWidth: 1.4 }),
        Plot.text(goal, { y: "t", frameAnchor: "left", dx: 4, dy: y(meta.t ?? 0) < 40 ? 9 : -8, text: () => t("js.target", { n: figure(meta.t, meta.u), year: meta.ty }), textAnchor: "start", fill: "var(--goal)", stroke: PAPER, strokeWidth: 4 }),
        Plot.lineY(points, { x: "year", y: "value", z: (p) => p.line.code, stroke: (p) => colour.get(p.line.code), strokeWidth: (p) => p.line.strong ? 3 : 1.8 }),
        Plot.dot(points.filter((p) => p.line.points.length < 12), { x: "year", y: "value", fill: (p) => colour.get(p.line.code), r: 2.6 }),
        roomy && many ? Plot.text(spread, { x: () => years[1], y: (s) => y.invert(s.at), dx: 8, text: (s) => s.line.name.length > 27 ? `${s.line.name.slice(0, 26)}…` : s.line.name, textAnchor: "start", fill: (s) => colour.get(s.line.code), fontWeight: (s) => s.line.strong ? 700 : 500 }) : null,
        Plot.tip(points, Plot.pointer({ x: "year", y: "value", title: (p) => `${p.line.name}\n${figure(p.value, meta.u)}, ${p.year}` })),
      ],
    });
    const parts = [image(chart, label)];
    if (many && !roomy) parts.unshift(legend(shown.map((line) => [colour.get(line.code), line.name])));
    return el("div", {}, ...parts);
  });

  // One dot a country on one line; named: codes to name and colour.
  const strip = (node, { rows, meta, named, label }) => fit(node, (width) => {
    const mark = new Map(named.map((n) => [n.code, { ...n, colour: n.own ? OWN : MAIN }]));
    const log = meta.u.startsWith("USD") || meta.u.startsWith("INTL") || meta.u === "PS";
    const usable = rows.filter((row) => !log || row[2] > 0);
    const marked = usable.filter((row) => mark.has(row[0]));
    const x = (log ? d3.scaleLog() : d3.scaleLinear()).domain(d3.extent(usable, (row) => row[2])).range([20, width - 20]);
    const rowsOf = [];
    for (const row of marked.slice().sort((a, b) => (mark.get(b[0]).colour === OWN) - (mark.get(a[0]).colour === OWN))) {
      const text = areaName(row[0]), half = text.length * 3.6 + 6;
      const at = Math.min(width - half, Math.max(half, x(row[2])));
      let level = rowsOf.findIndex((taken) => taken.every(([a, b]) => at + half < a || at - half > b));
      if (level < 0) level = rowsOf.push([]) - 1;
      if (level > 5) continue;
      rowsOf[level].push([at - half, at + half]);
      row.place = { at, level };
    }
    const labelled = marked.filter((row) => row.place);
    const base = 30 + 16 * Math.min(6, rowsOf.length);
    return image(Plot.plot({
      width, height: base + 60, margin: 0, marginLeft: 20, marginRight: 20, marginBottom: 32, style,
      x: { type: log ? "log" : "linear", domain: x.domain(), range: [20, width - 20], label: CT.unit(meta.u) || null, labelArrow: "none", ticks: width > 560 ? 8 : 4, tickFormat: CT.short },
      y: { axis: null, domain: [0, 1], range: [0, 1] },
      marks: [
        Plot.tickX(usable, { x: (r) => r[2], stroke: LINE, strokeOpacity: 0.55, y: undefined, insetTop: base, insetBottom: 0 }),
        Plot.ruleX(labelled, { x: (r) => r[2], stroke: (r) => mark.get(r[0]).colour, strokeWidth: (r) => mark.get(r[0]).colour === OWN ? 3 : 1.6, insetTop: base - 8 }),
        Plot.text(labelled, { x: (r) => x.invert(r.place.at), y: (r) => base - 16 - 16 * r.place.level, text: (r) => areaName(r[0]), fill: (r) => mark.get(r[0]).colour, fontWeight: (r) => mark.get(r[0]).colour === OWN ? 700 : 500 }),
        Plot.tip(usable, Plot.pointerX({ x: (r) => r[2], y: () => base + 8, title: (r) => `${areaName(r[0])}\n${figure(r[2], meta.u)}, ${r[1]}` })),
      ],
    }), label);
  });

  // rows: {name, a, b, year}: a dumbbell for each.
  const gaps = (node, { rows, meta, labels, label }) => fit(node, (width) => {
    const left = width > 560 ? 215 : 130;
    return el("div", {}, legend([[OWN, labels[0]], [MAIN, labels[1]]]), image(Plot.plot({
      width, height: 40 + 22 * rows.length, marginLeft: left, marginTop: 24, style,
      x: { axis: "top", grid: true, label: CT.unit(meta.u) || null, labelArrow: "none", ticks: width > 560 ? 8 : 4 }, y: { label: null, domain: rows.map((r) => r.name), tickSize: 0, tickFormat: (n) => n.length > left / 6.6 ? `${n.slice(0, Math.floor(left / 6.6) - 7)}… ${n.slice(-4)}` : n },
      marks: [
        Plot.link(rows, { x1: "a", x2: "b", y1: "name", y2: "name", stroke: LINE, strokeWidth: 3 }),
        Plot.dot(rows, { x: "b", y: "name", fill: MAIN, r: 5 }),
        Plot.dot(rows, { x: "a", y: "name", fill: OWN, r: 5 }),
        Plot.tip(rows, Plot.pointerY({ x: "a", y: "name", title: (r) => `${r.name} (${r.year})\n${labels[0]}: ${figure(r.a, meta.u)}\n${labels[1]}: ${figure(r.b, meta.u)}` })),
      ],
    }), label));
  });

  // rows: {year, n}
  const counts = (node, { rows, label }) => fit(node, (width) => image(Plot.plot({
    width, height: 130, marginLeft: 46, marginTop: 14, style,
    x: { type: "band", domain: d3.range(rows[0].year, rows.at(-1).year + 1), label: null, tickFormat: (y) => y % (width > 560 ? 5 : 10) ? "" : String(y), tickSize: 0 }, y: { grid: true, label: null, ticks: 3 },
    marks: [
      Plot.barY(rows, { x: "year", y: "n", fill: SECOND, inset: 0.5 }), Plot.ruleY([0], { stroke: LINE }),
      Plot.tip(rows, Plot.pointerX({ x: "year", y: "n", title: (r) => t("js.strip.year", { year: r.year, n: r.n }) })),
    ],
  }), label));

  // rows: {name, rank, low, high}: where each could stand under other weights.
  const ranks = (node, { rows, of, label }) => fit(node, (width) => {
    const left = width > 560 ? 200 : 120, cut = Math.floor(left / 7.8);
    const names = new Map(rows.map((r) => [r.name, r.name.length > cut ? `${r.name.slice(0, cut - 1)}…` : r.name]));
    return image(Plot.plot({
      width, height: 46 + 17 * rows.length, marginLeft: left, marginTop: 30, style,
      x: { axis: "top", grid: true, domain: [1, Math.min(of, d3.max(rows, (r) => r.high) + 2)], label: null, ticks: width > 560 ? 8 : 4, tickFormat: "d" }, y: { label: null, domain: rows.map((r) => r.name), tickSize: 0, tickFormat: (n) => names.get(n) },
      marks: [
        Plot.link(rows, { x1: "low", x2: "high", y1: "name", y2: "name", stroke: SECOND, strokeWidth: 6 }),
        Plot.dot(rows, { x: "rank", y: "name", fill: MAIN, r: 3.6 }),
        Plot.tip(rows, Plot.pointerY({ x: "rank", y: "name", title: (r) => `${r.name}\n${r.rank} (${r.low} – ${r.high})` })),
      ],
    }), label);
  });

  // points: [share of people, share held], from the least; the diagonal is equality.
  const lorenz = (node, { points, label }) => fit(node, (width) => {
    const size = Math.min(width, 460), shown = points.map(([x, y]) => ({ x: 100 * x, y: 100 * y }));
    const axis = (word) => ({ domain: [0, 100], ticks: [0, 20, 40, 60, 80, 100], label: t(word), labelArrow: "none", grid: true });
    return image(Plot.plot({
      width: size, height: size * 0.92, marginLeft: 46, style, x: axis("js.inequality.people"), y: axis("js.inequality.held"),
      marks: [
        Plot.areaY(shown, { x: "x", y1: "y", y2: "x", fill: SECOND, fillOpacity: 0.35 }),
        Plot.line([[0, 0], [100, 100]], { stroke: QUIET, strokeDasharray: "4 3" }),
        Plot.lineY(shown, { x: "x", y: "y", stroke: MAIN, strokeWidth: 2.4 }),
        Plot.tip(shown, Plot.pointerX({ x: "x", y: "y", title: (p) => t("js.inequality.point", { x: number(p.x, 0), y: number(p.y, 1) }) })),
      ],
    }), label);
  });

  // A line the size of a word; the table says the numbers.
  const sparkline = (spark, colour = SECOND) => {
    const points = unpack(spark);
    if (points.length < 2) return "";
    const [w, h] = [96, 24];
    const x = d3.scaleLinear(d3.extent(points, (p) => p.year), [2, w - 4]), y = d3.scaleLinear(d3.extent(points, (p) => p.value), [h - 3, 3]);
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", `0 0 ${w} ${h}`); svg.setAttribute("class", "spark"); svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", t("js.spark_label", { a: points[0].year, va: number(points[0].value), b: points.at(-1).year, vb: number(points.at(-1).value) }));
    svg.innerHTML = `<path d="${d3.line((p) => x(p.year).toFixed(1), (p) => y(p.value).toFixed(1))(points)}" fill="none" stroke="${colour}" stroke-width="1.5"/><circle cx="${x(points.at(-1).year)}" cy="${y(points.at(-1).value)}" r="2.4" fill="${colour}"/>`;
    return svg;
  };
  const badge = (number_) => number_ == null ? el("span", { class: "none" }, t("table.not_assessed")) : el("span", { class: `badge c-${CLASSES[number_]}` }, t(`category.${CLASSES[number_]}`));
  return { map, trend, strip, gaps, counts, ranks, lorenz, sparkline, badge, unpack, legend, CLASSES, LINES };
})();
