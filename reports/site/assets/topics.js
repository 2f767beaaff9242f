// The pages on scores and inequality: choices, charts and tables over data/scores.js and data/inequality.js.
"use strict";
(() => {
  const { t, el, number, areaName, areaLink, title } = CT;
  const at = (name) => document.getElementById(name);
  const areas = CT.get("areas");
  const link = (code) => el("a", { href: areaLink(code) }, areaName(code));
  const sorted = (codes) => codes.sort((a, b) => areaName(a).localeCompare(areaName(b), CT.language));
  const groups = (members) => sorted(Object.entries(areas).filter(([code, d]) => d.k === "g" && members.some((m) => areas[m]?.g.includes(code))).map(([code]) => code));
  const select = (label, id, options, chosen, onchange) => el("p", { class: "pick" }, el("label", { for: id }, label), " ",
    el("select", { id, onchange: (event) => onchange(event.target.value) }, ...options.map(([value, text]) => el("option", { value, selected: value === chosen }, text))));

  const component = (name) => {
    const [framework, code] = name.split("/");
    return framework === "esg" ? t(`pillar.${code}`) : `${code} ${t(`objective.${code}`)}`;
  };
  const scores = async () => {
    const data = await CT.load("scores", "data/scores.js"), names = Object.keys(data);
    const state = { name: names.find((n) => n === "compact_brief/A") ?? names[0], group: "all" };
    const canvas = el("div", { class: "figure" }), lines = el("div"), words = el("p"), second = el("div");
    const draw = () => {
      const all = data[state.name], year = d3.max(all, (r) => r[1]);
      const before = new Map(all.filter((r) => r[1] < year).map((r) => [r[0], r]));
      const newest = all.filter((r) => r[1] === year);
      const rows = state.group === "all" ? newest : newest.filter((r) => areas[r[0]]?.g.includes(state.group));
      second.replaceChildren(select(t("js.countries_of"), "score-group", [["all", t("js.all_countries")], ...groups(newest.map((r) => r[0])).map((g) => [g, areaName(g)])], state.group, (v) => { state.group = v; draw(); }));
      words.textContent = t("js.scores.text", { n: newest.length, year, wide: number(d3.median(newest, (r) => r[5] - r[4]), 0) });
      const shown = rows.slice(0, 40), fresh = el("div", { class: "canvas" });
      canvas.replaceChildren(fresh);
      if (shown.length) Charts.ranks(fresh, { rows: shown.map((r) => ({ name: areaName(r[0]), rank: r[3], low: r[4], high: r[5], score: r[2] })), of: newest.length, label: t("js.scores.label", { name: component(state.name), n: shown.length, first: areaName(shown[0][0]), low: shown[0][4], high: shown[0][5] }) });
      lines.replaceChildren(CT.table([
        { head: t("js.rank"), cell: (r) => String(r[3]), n: true, value: (r) => r[3] },
        { head: t("table.country"), cell: (r) => link(r[0]), row: true, value: (r) => areaName(r[0]) },
        { head: t("js.scores.range"), cell: (r) => `${r[4]} – ${r[5]}`, n: true, value: (r) => r[5] - r[4] },
        { head: t("js.scores.score"), cell: (r) => number(r[2], 1), n: true, value: (r) => r[2] },
        { head: t("js.scores.change"), cell: (r) => before.has(r[0]) ? `${r[2] > before.get(r[0])[2] ? "+" : ""}${number(r[2] - before.get(r[0])[2], 1)} (${before.get(r[0])[1]})` : "–", n: true, value: (r) => before.has(r[0]) ? r[2] - before.get(r[0])[2] : null },
        { head: t("js.scores.used"), cell: (r) => t("js.n_of", { n: r[7], of: r[8] }), n: true, value: (r) => r[7] },
        { head: t("js.scores.oldest"), cell: (r) => String(r[9] ?? "–"), n: true, value: (r) => r[9] },
      ], rows, { caption: component(state.name), first: 40, sort: 0 }));
    };
    const framework = (name) => t(`framework.${name.split("/")[0]}`);
    at("scores").replaceChildren(select(t("js.scores.of"), "score-of", names.map((n) => [n, `${framework(n)}: ${component(n)}`]), state.name, (v) => { state.name = v; draw(); }), second, words, canvas, lines);
    draw();
  };

  const WORLD = "M49:001";
  const last = (points) => points?.at(-1);
  const lorenz = (node, curve, name) => { if (curve) Charts.lorenz(node, { points: curve[1], label: t("js.inequality.lorenz_label", { name, year: curve[0], half: number(100 * half(curve[1]), 0) }) }); };
  // The share that the lower half of people holds.
  const half = (points) => { const i = points.findIndex((p) => p[0] >= 0.5), [a, b] = [points[Math.max(0, i - 1)], points[i]]; return b[0] === a[0] ? b[1] : a[1] + (b[1] - a[1]) * (0.5 - a[0]) / (b[0] - a[0]); };
  const between = (data) => {
    const names = Object.keys(data), state = { of: names.includes("internet_use") ? "internet_use" : names[0], scope: WORLD };
    const body = el("div"), second = el("div");
    const draw = () => {
      const found = data[state.of], scopes = sorted(Object.keys(found));
      if (!(state.scope in found)) state.scope = WORLD in found ? WORLD : scopes[0];
      second.replaceChildren(select(t("js.inequality.scope"), "unequal-scope", scopes.map((s) => [s, areaName(s)]), state.scope, (v) => { state.scope = v; draw(); }));
      const entry = found[state.scope], left = el("div", { class: "canvas" }), right = el("div", { class: "canvas" });
      const line = (key, colour) => ({ code: key, name: t(`js.inequality.${key}`), colour, points: (entry[key] ?? []).map(([year, value]) => ({ year, value })) });
      const drawn = [line("gini", "var(--line-1)")].filter((l) => l.points.length);
      body.replaceChildren(el("div", { class: "pair figure" },
        el("div", {}, el("h3", {}, t("js.inequality.curve", { year: entry.lorenz?.[0] ?? "–" })), left),
        el("div", {}, el("h3", {}, `${t("js.inequality.gini")}, ${t("js.inequality.course")}`), right)),
      CT.table([
        { head: t("table.area"), cell: (r) => link(r[0]), row: true, value: (r) => areaName(r[0]) },
        ...["gini", "theil", "mean_log_deviation"].map((key) => ({ head: t(`js.inequality.${key}`), cell: (r) => number(last(r[1][key])?.[1], key === "gini" ? 1 : 3), n: true, value: (r) => last(r[1][key])?.[1] })),
        { head: t("table.year"), cell: (r) => String(last(r[1].gini)?.[0] ?? "–"), n: true, value: (r) => last(r[1].gini)?.[0] },
        { head: t("table.countries"), cell: (r) => String(r[1].n ?? "–"), n: true, value: (r) => r[1].n },
      ], Object.entries(found).filter(([, e]) => e.gini), { caption: title(state.of), first: 15, sort: 1, down: true }));
      lorenz(left, entry.lorenz, `${title(state.of)}, ${areaName(state.scope)}`);
      if (drawn.length) Charts.trend(right, { lines: drawn, meta: { u: "INDEX", t: null }, target: false, height: 0.75, label: t("js.trend_label", { title: title(state.of), names: drawn.map((l) => `${l.name} ${number(l.points.at(-1).value, 1)} (${l.points.at(-1).year})`).join("; ") }) });
    };
    at("between").replaceChildren(select(t("table.indicator"), "unequal-of", names.map((n) => [n, title(n)]), state.of, (v) => { state.of = v; draw(); }), second, body);
    draw();
  };
  const within = (data) => {
    const rows = Object.entries(data).flatMap(([kind, found]) => Object.entries(found).filter(([, e]) => e.gini).map(([area, e]) => ({ kind, area, e })));
    if (!rows.length) { at("within").replaceChildren(el("p", {}, t("js.no_data"))); return; }
    const key = (r) => `${r.area} ${r.kind}`, name = (r) => `${areaName(r.area)}, ${t(`js.inequality.${r.kind}`)}`;
    rows.sort((a, b) => name(a).localeCompare(name(b), CT.language));
    const figure = el("div", { class: "pair figure" }), newest = d3.max(rows, (r) => last(r.e.gini)[0]);
    const draw = (chosen) => {
      const r = rows.find((one) => key(one) === chosen), left = el("div", { class: "canvas" }), right = el("div", { class: "canvas" });
      figure.replaceChildren(el("div", {}, el("h3", {}, t("js.inequality.curve", { year: r.e.lorenz?.[0] ?? "–" })), left), el("div", {}, el("h3", {}, `${t("js.inequality.gini")}, ${t("js.inequality.course")}`), right));
      lorenz(left, r.e.lorenz, name(r));
      const points = r.e.gini.map(([year, value]) => ({ year, value }));
      Charts.trend(right, { lines: [{ code: "gini", name: t("js.inequality.gini"), colour: "var(--line-1)", points }], meta: { u: "INDEX", t: null }, target: false, height: 0.75, label: t("js.trend_label", { title: name(r), names: `${number(points.at(-1).value, 1)} (${points.at(-1).year})` }) });
    };
    const measure = (word, digits) => ({ head: t(`js.inequality.${word}`), cell: (r) => number(last(r.e[word])?.[1], digits), n: true, value: (r) => last(r.e[word])?.[1] });
    const first = key(rows.find((r) => r.area === "BRA") ?? rows[0]);
    at("within").replaceChildren(select(t("table.country"), "unequal-country", rows.map((r) => [key(r), name(r)]), first, draw), figure, CT.table([
      { head: t("table.country"), cell: (r) => link(r.area), row: true, value: (r) => areaName(r.area) },
      { head: t("js.inequality.kind"), cell: (r) => t(`js.inequality.${r.kind}`), value: (r) => r.kind },
      { head: t("table.year"), cell: (r) => last(r.e.gini)[0] <= newest - 5 ? el("span", { class: "old" }, `${last(r.e.gini)[0]} `, el("small", {}, t("js.old"))) : String(last(r.e.gini)[0]), n: true, value: (r) => last(r.e.gini)[0] },
      measure("gini", 1), { head: t("js.inequality.published"), cell: (r) => number(r.e.published, 1), n: true, value: (r) => r.e.published },
      measure("palma", 2), measure("s80_s20", 1), measure("theil", 3), measure("mean_log_deviation", 3), measure("bottom_40_premium", 1),
    ], rows, { caption: t("js.inequality.table"), first: 25, sort: 3, down: true }), el("p", { class: "fine" }, t("js.inequality.note")));
    draw(first);
  };
  const inequality = async () => {
    const data = await CT.load("inequality", "data/inequality.js");
    if (Object.keys(data.between).length) between(data.between); else at("between").replaceChildren(t("js.no_data"));
    within(data.within);
  };
  if (at("scores")) scores();
  if (at("between")) inequality();
})();
