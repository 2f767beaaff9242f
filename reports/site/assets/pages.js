// Puts charts and tables into the indicator pages, the profiles and the world page.
"use strict";
(() => {
  const { t, el, number, figure, areaName, areaLink, indicatorLink, title } = CT;
  const { indicator: id, area } = CT.body;
  const at = (name) => document.getElementById(name);
  const meta = CT.get("indicators")[id];
  const WORLD = "M49:001";
  const link = (code) => el("a", { href: areaLink(code) }, areaName(code));
  const statusOf = (codes) => [...new Set(codes.split(";"))].map((code) => t(`status.${code}`)).join("; ");
  const yearCell = (year, newest) => year <= newest - 5 ? el("span", { class: "old" }, `${year} `, el("small", {}, t("js.old"))) : String(year);
  const toTarget = (value, m, brief = false) => {
    if (m.t == null) return el("span", { class: "none" }, t("table.no_target"));
    const met = m.d === "h" ? value >= m.t : m.d === "l" ? value <= m.t : value === m.t;
    return met ? t("js.met") : brief ? number(Math.abs(m.t - value)) : t("js.gap_to", { n: number(Math.abs(m.t - value)), target: figure(m.t, m.u), year: m.ty ?? "–" });
  };

  // No model is as sure as 0 or 100 per cent.
  const chanceOf = (p) => p == null ? "" : p > 0.99 ? `> ${CT.percent(0.99)}` : p < 0.01 ? `< ${CT.percent(0.01)}` : CT.percent(p);

  const select = (label, options, chosen, onchange) => {
    const key = `s-${CT.plain(label).replaceAll(/\W/g, "-")}`;
    return el("p", { class: "pick" }, el("label", { for: key }, label), " ",
      el("select", { id: key, onchange: (event) => onchange(event.target.value) },
        ...options.map(([value, text]) => el("option", { value, selected: value === chosen }, text))));
  };

  // --- an indicator
  const fanOf = (packed) => packed?.slice(2).map((row, n, all) => [packed[0] + n, ...row, n === all.length - 1 ? packed[1] : null]);
  const lineOf = (data, code) => ({
    code, name: areaName(code), strong: code === WORLD,
    points: data.groups[code] ? data.groups[code].map(([year, value]) => ({ year, value })) : Charts.unpack(data.series[code]),
    fan: fanOf(data.projections?.[code]),
  });
  const sorted = (codes) => codes.sort((a, b) => areaName(a).localeCompare(areaName(b), CT.language));

  const trend = (data) => {
    const codes = at("trend").dataset.lines.split(" ").filter(Boolean);
    const regions = codes.filter((c) => c.startsWith("M49")), incomes = codes.filter((c) => c === WORLD || c.startsWith("WB"));
    const canvas = el("div", { class: "canvas" }), numbers = el("details"), unsaid = el("p", { class: "fine", role: "status" });
    const draw = (choice) => {
      unsaid.textContent = data.projections && choice in CT.get("areas") && !data.projections[choice] ? t("js.no_fan", { name: areaName(choice) }) : "";
      const lines = (choice === "regions" ? regions : choice === "incomes" ? incomes : [...new Set([WORLD, choice])]).map((code) => lineOf(data, code)).filter((line) => line.points.length);
      if (choice !== "regions" && choice !== "incomes") lines.forEach((line) => { line.strong = line.code === choice; });
      else lines.forEach((line) => { if (line.code !== WORLD) line.fan = null; });
      const fresh = el("div", { class: "canvas" });
      canvas.replaceChildren(fresh);
      if (!lines.length) { fresh.append(t("js.no_data")); return; }
      Charts.trend(fresh, { lines, meta, label: t("js.trend_label", { title: title(id), names: lines.map((l) => `${l.name} ${figure(l.points.at(-1).value, meta.u)} (${l.points.at(-1).year})`).join("; ") }) });
      const rows = lines.flatMap((line) => [...line.points.map((p) => ({ line, ...p })), ...(line.fan ?? []).map(([year, value, a, b, , , p]) => ({ line, year, value, a, b, p }))]);
      numbers.replaceChildren(el("summary", {}, t("js.numbers")), CT.table([
        { head: t("table.area"), cell: (r) => r.line.name, row: true, value: (r) => r.line.name }, { head: t("table.year"), cell: (r) => String(r.year), n: true, value: (r) => r.year },
        { head: t("table.value"), cell: (r) => r.a == null ? figure(r.value, meta.u) : `${figure(r.value, meta.u)} (${t("js.projected")})`, n: true, value: (r) => r.value },
        { head: t("js.interval"), cell: (r) => r.a == null ? "" : `${number(r.a)} – ${number(r.b)}`, n: true },
        { head: t("js.chance"), cell: (r) => chanceOf(r.p), n: true },
      ], rows, { caption: t("js.numbers"), sort: 1, down: true }));
    };
    const groups = sorted(Object.keys(data.groups).filter((c) => c !== WORLD)), countries = sorted(Object.keys(data.series));
    const first = regions.length ? "regions" : incomes.length ? "incomes" : countries[0];
    at("trend").replaceChildren(select(t("js.show"), [
      ...(regions.length ? [["regions", t("js.regions")]] : []), ...(incomes.length ? [["incomes", t("js.incomes")]] : []),
      ...[...groups, ...countries].map((code) => [code, areaName(code)])], first, draw), canvas, unsaid, numbers);
    draw(first);
  };

  const gaps = (data) => {
    const kinds = [...new Set(data.gaps.map((g) => [g[1], g[2], g[3]].join("|")))].sort();
    const word = (dimension, code) => t(`js.gap.${dimension}.${code}`) ;
    const safe = (dimension, code) => { try { return word(dimension, code); } catch { return code.replaceAll("_", " "); } };
    const canvas = el("div"), lines = el("div");
    const draw = (kind) => {
      const [dimension, a, b] = kind.split("|");
      const rows = data.gaps.filter((g) => g[1] === dimension && g[2] === a && g[3] === b).map((g) => ({ code: g[0], name: areaName(g[0]), year: g[4], a: g[5], b: g[6], difference: g[7], ratio: g[8] }));
      const newest = Math.max(...rows.map((r) => r.year)), recent = rows.filter((r) => r.year > newest - 10);
      for (const list of [rows, recent]) list.sort((x, y) => Math.abs(y.difference) - Math.abs(x.difference));
      const labels = [safe(dimension, a), safe(dimension, b)];
      const fresh = el("div", { class: "canvas" });
      canvas.replaceChildren(el("p", {}, t("js.gaps_widest", { n: Math.min(15, recent.length), of: recent.length, year: newest - 9 })), fresh);
      Charts.gaps(fresh, { rows: recent.slice(0, 15).map((r) => ({ ...r, name: `${r.name} ${r.year}` })), meta, labels, label: t("js.gaps_label", { title: title(id), a: labels[0], b: labels[1], area: recent[0].name, difference: number(recent[0].difference) }) });
      lines.replaceChildren(CT.table([
        { head: t("table.area"), cell: (r) => link(r.code), row: true, value: (r) => r.name }, { head: labels[0], cell: (r) => figure(r.a, meta.u), n: true, value: (r) => r.a },
        { head: labels[1], cell: (r) => figure(r.b, meta.u), n: true, value: (r) => r.b }, { head: t("js.difference"), cell: (r) => number(r.difference), n: true, value: (r) => r.difference },
        { head: t("js.ratio"), cell: (r) => number(r.ratio, 2), n: true, value: (r) => r.ratio }, { head: t("table.year"), cell: (r) => String(r.year), n: true, value: (r) => r.year },
      ], rows, { caption: labels.join(" / "), first: 10 }));
    };
    at("gaps").replaceChildren(select(t("js.gap_between"), kinds.map((kind) => { const [d, a, b] = kind.split("|"); return [kind, `${safe(d, a)} / ${safe(d, b)}`]; }), kinds[0], draw), canvas, lines);
    draw(kinds[0]);
  };

  // How many countries have a value, by year: one bar each.
  const coverage = (data) => {
    const counts = d3.rollup(Object.values(data.series).flatMap((line) => Charts.unpack(line)), (all) => all.length, (p) => p.year);
    const rows = [...counts].map(([year, n]) => ({ year, n })).sort((a, b) => a.year - b.year);
    if (!rows.length) { at("strip").replaceChildren(t("js.no_data")); return; }
    const best = rows.reduce((a, b) => b.n > a.n ? b : a);
    const canvas = el("div", { class: "canvas" });
    at("strip").replaceChildren(canvas);
    Charts.counts(canvas, { rows, label: t("js.strip.label", { title: title(id), first: rows[0].year, last: rows.at(-1).year, best: best.year, n: best.n }) });
  };

  const ranking = (data) => {
    const newest = Math.max(...data.rows.map((r) => r[1]));
    const paced = data.rows.some((r) => r[6] != null);
    const groups = sorted(Object.entries(CT.get("areas")).filter(([, d]) => d.k === "g").map(([code]) => code));
    const lines = el("div");
    const draw = (group) => {
      const members = group === "all" ? null : new Set(Object.entries(CT.get("areas")).filter(([, d]) => d.g.includes(group)).map(([code]) => code));
      const rows = members ? data.rows.filter((r) => members.has(r[0])) : data.rows;
      lines.replaceChildren(rows.length ? CT.table([
        { head: t("js.rank"), cell: (r) => r[5] == null ? "–" : String(r[5]), n: true, value: (r) => r[5] },
        { head: t("table.country"), cell: (r) => link(r[0]), row: true, value: (r) => areaName(r[0]) },
        { head: t("table.value"), cell: (r) => CT.why(id, r[0], figure(r[2], meta.u)), n: true, value: (r) => r[2] },
        { head: t("table.year"), cell: (r) => yearCell(r[1], newest), n: true, value: (r) => r[1] },
        { head: t("js.status"), cell: (r) => statusOf(r[3]), value: (r) => r[3] },
        ...(paced ? [{ head: t("js.pace"), cell: (r) => Charts.badge(r[6]), value: (r) => r[6] }] : []),
        ...(meta.t == null ? [] : [{ head: t("js.to_target"), cell: (r) => toTarget(r[2], meta, true), n: true, value: (r) => meta.t - r[2] }]),
        { head: t("table.source"), cell: (r) => el("span", {}, ...data.sources[r[4]].split(";").flatMap((s, i) => [i ? ", " : "", el("a", { href: `${CT.body.up}sources.html#${s}` }, s)])), value: (r) => data.sources[r[4]] },
      ], rows, { caption: title(id), first: 25, sort: 0 }) : el("p", {}, t("js.no_data")));
    };
    at("table").replaceChildren(select(t("js.countries_of"), [["all", t("js.all_countries")], ...groups.map((g) => [g, areaName(g)])], "all", draw), lines);
    draw("all");
  };

  const csv = (data) => CT.download(`${id}.csv`, [
    ["indicator", "ref_area", "name", "time_period", "value", "unit", "obs_status", "source", "category", "baseline_year", "baseline_value", "projected_value"],
    ...data.rows.map((r) => [id, r[0], areaName(r[0]), r[1], r[2], meta.u, r[3], data.sources[r[4]], r[6] == null ? "" : Charts.CLASSES[r[6]], r[8], r[9], r[7]]),
  ]);

  // --- a profile
  const strip = (data) => {
    const own = CT.get("areas")[area];
    const usable = data.rows.filter((row) => CT.get("indicators")[row[0]].c > 1).map((row) => row[0]);
    const preferred = ["internet_use", "mobile_ownership", "gini", "gni_per_capita"].find((i) => usable.includes(i)) ?? usable[0];
    if (!preferred) { at("peers").replaceChildren(t("js.no_data")); return; }
    const canvas = el("div"), words = el("p", { class: "fine" });
    const draw = async (chosen) => {
      const found = await CT.load(`i/${chosen}`, `data/i/${chosen}.js`), m = CT.get("indicators")[chosen];
      const all = CT.get("areas");
      const peers = own.k === "g" ? found.rows.filter((r) => all[r[0]].g.includes(area)).map((r) => r[0])
        : found.rows.filter((r) => r[0] !== area && all[r[0]].g.includes(data.region) && all[r[0]].g.includes(data.income)).map((r) => r[0]);
      const named = [...(own.k === "c" ? [area] : []), ...peers.slice(0, 24)].map((code) => ({ code, own: code === area }));
      const fresh = el("div", { class: "canvas" });
      canvas.replaceChildren(fresh);
      const mine = found.rows.find((r) => r[0] === area);
      const whose = `${title(chosen)}: ${areaName(area)}`;  // ranks are among UN Member States; others have none
      const label = mine?.[5] != null ? t("js.strip_label", { area: areaName(area), title: title(chosen), value: figure(mine[2], m.u), year: mine[1], rank: mine[5], of: m.c }) : mine ? `${whose}, ${figure(mine[2], m.u)} (${mine[1]})` : whose;
      Charts.strip(fresh, { rows: found.rows.map((r) => r.slice(0, 6)), meta: m, named, label });
      words.textContent = label;
    };
    at("peers").replaceChildren(select(t("table.indicator"), usable.map((i) => [i, title(i)]), preferred, draw), canvas, words);
    draw(preferred);
  };

  const byObjective = (rows) => {
    const found = new Map([..."ABCDEFGH", ""].map((code) => [code, []]));
    for (const row of rows) found.get(CT.get("indicators")[row[0]].o[0] ?? "")?.push(row);
    return [...found].filter(([, list]) => list.length);
  };
  const head = (code) => el("h3", {}, ...(code ? [el("a", { href: `${CT.body.up}objective/${code}.html` }, el("b", { class: "code" }, code), ` ${t(`objective.${code}`)}`)] : [t("js.other")]));
  const metaOf = (row) => CT.get("indicators")[row[0]];

  const country = (data) => {
    const newest = Math.max(...data.rows.map((r) => r[1]));
    const columns = [
      { head: t("table.indicator"), cell: (r) => el("a", { href: indicatorLink(r[0]) }, title(r[0])), row: true, value: (r) => title(r[0]) },
      { head: t("table.value"), cell: (r) => el("b", {}, CT.why(r[0], area, figure(r[2], metaOf(r).u))), n: true },
      { head: t("table.year"), cell: (r) => yearCell(r[1], newest), n: true, value: (r) => r[1] },
      { head: t("js.since", { year: data.first }), cell: (r) => Charts.sparkline(r[9]) },
      { head: t("js.status"), cell: (r) => el("span", {}, statusOf(r[3]), el("small", {}, ` ${data.sources[r[4]].replaceAll(";", ", ").replaceAll("_", " ")}`)), value: (r) => r[3] },
      { head: t("js.pace"), cell: (r) => Charts.badge(r[6]), value: (r) => r[6] },
      { head: t("js.to_target"), cell: (r) => toTarget(r[2], metaOf(r)), n: true },
      ...(data.rows.some((r) => r[10] != null) ? [{ head: t("js.chance"), cell: (r) => chanceOf(r[10]), n: true, value: (r) => r[10] }] : []),
      { head: t("js.median_region"), cell: (r) => CT.short(r[7]), n: true },
      { head: t("js.median_income"), cell: (r) => CT.short(r[8]), n: true },
      { head: t("js.rank"), cell: (r) => r[5] == null ? "–" : t("js.rank_of", { n: r[5], of: metaOf(r).c }), n: true, value: (r) => r[5] == null ? null : r[5] / metaOf(r).c },
    ];
    const peers = [data.region, data.income].filter(Boolean).map(areaName).join("; ");
    at("profile").replaceChildren(el("p", { class: "fine" }, t("js.medians_of", { names: peers || "–" })),
      ...byObjective(data.rows).flatMap(([code, rows]) => [head(code), CT.table(columns, rows, { caption: code ? t(`objective.${code}`) : t("js.other") })]));
  };

  const group = (data) => {
    const stack = (counts) => {
      const total = counts.reduce((a, b) => a + b, 0);
      if (!total) return el("span", { class: "none" }, t("table.not_assessed"));
      const bar = el("span", { class: "stack", role: "img", "aria-label": counts.map((n, i) => n ? `${t(`category.${Charts.CLASSES[i]}`)}: ${n}` : null).filter(Boolean).join("; ") });
      counts.forEach((n, i) => { if (n) { const part = el("i", { class: `c-${Charts.CLASSES[i]}`, title: `${t(`category.${Charts.CLASSES[i]}`)}: ${n}` }); part.style.flex = n; bar.append(part); } });
      return bar;
    };
    const columns = [
      { head: t("table.indicator"), cell: (r) => el("a", { href: indicatorLink(r[0]) }, title(r[0])), row: true, value: (r) => title(r[0]) },
      { head: t("js.group_value"), cell: (r) => r[1] ? el("b", {}, CT.why(r[0], area, figure(r[1][1], metaOf(r).u))) : el("span", { class: "none" }, t("table.no_group_value")), n: true },
      { head: t("table.year"), cell: (r) => r[1] ? String(r[1][0]) : "", n: true, value: (r) => r[1]?.[0] },
      { head: t("js.since", { year: data.first }), cell: (r) => Charts.sparkline(r[5]) },
      { head: t("js.covered"), cell: (r) => !r[1] ? "" : r[1][3] ? t("table.official") : r[1][2] == null ? t("js.n_of", { n: r[1][4], of: r[1][5] }) : CT.percent(r[1][2]), n: true, value: (r) => r[1]?.[2] },
      { head: t("js.median_members"), cell: (r) => CT.short(r[2]), n: true },
      { head: t("js.members_with"), cell: (r) => t("js.n_of", { n: r[3], of: data.members.length }), n: true, value: (r) => r[3] },
      { head: t("js.members_pace"), cell: (r) => stack(r[4]), class: "wide" },
    ];
    at("profile").replaceChildren(...byObjective(data.rows).flatMap(([code, rows]) => [head(code), CT.table(columns, rows, { caption: code ? t(`objective.${code}`) : t("js.other") })]));
  };

  const start = async () => {
    if (id) {
      const data = await CT.load(`i/${id}`, `data/i/${id}.js`);
      if (at("map")) Charts.map(at("map"), { id, data, meta });
      if (at("trend")) trend(data);
      if (at("strip")) coverage(data);
      if (at("gaps")) gaps(data);
      if (at("table")) ranking(data);
      document.querySelector("[data-csv]")?.addEventListener("click", () => csv(data));
    }
    if (area) {
      const data = await CT.load(`a/${area}`, `data/a/${CT.slug(area)}.js`);
      (CT.get("areas")[area].k === "c" ? country : group)(data);
      strip(data);
    }
  };
  start();
})();
