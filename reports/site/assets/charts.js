// The charts, by Observable Plot: trend with its fan, strip of peers, gaps; maps are in atlas.js. Each has a table beside
// it, so a chart is one image to a screen reader, with a sentence that says what it shows.
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
    svg.innerHTML = `<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="5" height="5" style="fill: var(--hatch-a)"/><line x1="0" y1="0" x2="0" y2="5" style="stroke: var(--hatch-b)" stroke-width="1.6"/></pattern><pattern id="stale" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><line x1="0" y1="0" x2="0" y2="5" style="stroke: var(--paper)" stroke-width="2.4"/></pattern></defs>`;
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

  const legend = (entries) => el("ul", { class: "key", "aria-label": t("js.key") }, ...entries.map(([colour, label]) => {
    const swatch = el("i", { class: colour === "url(#stale)" ? "c-stale" : colour.startsWith("url") ? "c-insufficient_data" : null });
    if (!colour.startsWith("url")) swatch.style.background = colour;
    return el("li", {}, swatch, label);
  }));

  const unpack = (spark) => spark?.length ? spark.slice(1).map((v, i) => ({ year: spark[0] + i, value: v })).filter((p) => p.value != null) : [];

  // A group's values; an agency's nowcast or projection has the status of a forecast.
  const ofGroup = (rows) => rows.map(([year, value, , kind]) => ({ year, value, s: kind === 2 ? "F" : "" }));

  // A declared break, of every series or of one country's, cuts the first value from its year on from what is before.
  const broken = (data, code, points) => {
    for (const [applies, year, why] of data.breaks ?? []) {
      const at = applies === "all" || applies === code ? points.findIndex((p) => p.year >= year) : 0;
      if (at > 0) points[at].why = points[at].why ? `${points[at].why}; ${why}` : why;
    }
    return points;
  };
  const breaks = (lines) => {
    const told = new Set(lines.flatMap((line) => line.points.filter((p) => p.why).map((p) => `${p.year}: ${p.why}`)));
    return told.size ? el("p", { class: "fine" }, t("js.breaks", { listed: [...told].sort().join("; ") })) : null;
  };

  // A year without a value breaks a line: dots bridge it. A break, declared or marked by the agency, is a cut, and the way to an
  // agency's own nowcast or projection is dashed.
  const cut = (p) => p.why || p.s === "B";
  const pieces = (points) => points.reduce((all, p, i) => {
    const before = points[i - 1];
    if (before && (cut(p) || p.year - before.year > 2 || p.s === "F" || before.s === "F")) all.push([p]); else all.at(-1).push(p);
    return all;
  }, [[]]);
  const bridges = (points) => points.slice(1).map((p, i) => [points[i], p]).filter(([a, b]) => b.year - a.year > 2 && !cut(b));
  const casts = (points) => points.slice(1).map((p, i) => [points[i], p]).filter(([a, b]) => b.year - a.year <= 2 && !cut(b) && (a.s === "F" || b.s === "F"));
  const GUESSED = new Set(["E", "I", "F", "P", "U"]);

  // lines: [{code, name, points: [{year, value, s: status}], fan: [[year, value, l80, u80, l95, u95, p]]}]
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
    const many = shown.length > 1 && names;
    const right = roomy && many ? 190 : 20;
    // Names at the ends of lines are pushed apart, so that each can be read; a leader joins a name to its line.
    const spread = ends.map((end) => ({ ...end, at: y(end.value) })).sort((a, b) => a.at - b.at);
    for (let i = 1; i < spread.length; i++) spread[i].at = Math.max(spread[i].at, spread[i - 1].at + 15);
    for (let i = spread.length - 1, floor = chartHeight - 26; i >= 0; i--, floor -= 15) spread[i].at = Math.min(spread[i].at, floor);
    const edge = Math.max(...ends.map((end) => end.year)), newest = Math.max(...shown.map((line) => line.points.at(-1).year));
    // A line that ends long before the others says when.
    const named = (line) => { const last = line.points.at(-1).year, year = last <= newest - 5 ? ` ${last}` : ""; return `${line.name.length > 27 - year.length ? `${line.name.slice(0, 26 - year.length)}…` : line.name}${year}`; };
    const x = d3.scaleLinear(years, [46, width - right]);
    const tied = spread.filter((s) => s.year < edge || Math.abs(y(s.value) - s.at) > 3);
    const cuts = points.filter(cut);
    const few = (line) => line.points.length < 40 && shown.length < 7;
    const stroke = (p) => colour.get(p.line.code), thick = (line) => line.strong ? 3 : 1.8;
    const chart = Plot.plot({
      width, height: chartHeight, marginRight: right, marginLeft: 46, marginTop: 20, style,
      x: { domain: years, range: x.range(), tickFormat: "d", label: null, ticks: roomy ? 8 : 4 }, y: { domain: y.domain(), range: y.range(), grid: true, label: CT.unit(meta.u) || null, labelArrow: "none", tickFormat: CT.short },
      marks: [
        Plot.ruleY([y.domain()[0]], { stroke: LINE }),
        Plot.areaY(fans, { x: "year", y1: "c", y2: "d", z: (f) => f.line.code, fill: stroke, fillOpacity: 0.1 }),
        Plot.areaY(fans, { x: "year", y1: "a", y2: "b", z: (f) => f.line.code, fill: stroke, fillOpacity: 0.2 }),
        Plot.lineY(fans, { x: "year", y: "value", z: (f) => f.line.code, stroke, strokeDasharray: "4 3", strokeWidth: 1.6 }),
        Plot.ruleY(goal, { y: "t", stroke: "var(--goal)", strokeDasharray: "6 3", strokeWidth: 1.4 }),
        Plot.text(goal, { y: "t", frameAnchor: "left", dx: 4, dy: y(meta.t ?? 0) < 40 ? 9 : -8, text: () => t("js.target", { n: figure(meta.t, meta.u), year: meta.ty }), textAnchor: "start", fill: "var(--goal)", stroke: PAPER, strokeWidth: 4 }),
        ...shown.flatMap((line) => [
          ...bridges(line.points).map((pair) => Plot.lineY(pair, { x: "year", y: "value", stroke: colour.get(line.code), strokeDasharray: "1 5", strokeLinecap: "round", strokeWidth: thick(line) })),
          ...casts(line.points).map((pair) => Plot.lineY(pair, { x: "year", y: "value", stroke: colour.get(line.code), strokeDasharray: "3 3", strokeWidth: thick(line) })),
          ...pieces(line.points).filter((piece) => piece.length > 1).map((piece) => Plot.lineY(piece, { x: "year", y: "value", stroke: colour.get(line.code), strokeWidth: thick(line) })),
        ]),
        Plot.dot(points.filter((p) => few(p.line) || p.line.points.length < 12 || p.s === "F"), { x: "year", y: "value", stroke, strokeWidth: 1.4, fill: (p) => GUESSED.has(p.s) ? PAPER : colour.get(p.line.code), r: 2.6 }),
        Plot.ruleX(cuts, { title: (p) => `${p.year}: ${p.why ?? t("status.B")}`, x: (p) => p.year - 0.5, y1: (p) => y.invert(y(p.value) - 12), y2: (p) => y.invert(y(p.value) + 12), stroke: INK, strokeWidth: 1.5 }),
        ...(roomy && many ? [
          Plot.link(tied, { x1: "year", y1: "value", x2: () => x.invert(x(edge) + 8), y2: (s) => y.invert(s.at), stroke: "var(--edge)", strokeWidth: 0.7, strokeOpacity: 0.8 }),
          Plot.text(spread, { x: () => edge, y: (s) => y.invert(s.at), dx: 11, text: (s) => named(s.line), textAnchor: "start", fill: (s) => colour.get(s.line.code), fontWeight: (s) => s.line.strong ? 700 : 500, stroke: PAPER, strokeWidth: 3 }),
        ] : []),
      ],
    });
    image(chart, label);
    const parts = [Pointer.years(chart, { label, x, y, shown, colour, meta, top: 20, bottom: chartHeight - 30 })];
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

  const badge = (number_) => number_ == null ? el("span", { class: "none" }, t("table.not_assessed")) : el("span", { class: `badge c-${CLASSES[number_]}` }, t(`category.${CLASSES[number_]}`));
  return { fit, wide, image, style, onto, CLASS_COLOURS, BLUES, GUESSED, trend, strip, gaps, counts, ranks, lorenz, badge, unpack, ofGroup, broken, breaks, legend, CLASSES, LINES };
})();
