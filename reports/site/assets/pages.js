// Puts charts and tables into the indicator pages and the profiles; the chart of an indicator is in block.js.
"use strict";
(() => {
  const { t, el, number, figure, areaName, areaLink, indicatorLink, title } = CT;
  const { indicator: id, area } = CT.body;
  const at = (name) => document.getElementById(name);
  const statusOf = (codes) => [...new Set(codes.split(";"))].map((code) => t(`status.${code}`)).join("; ");
  const yearCell = (year, newest) => year <= newest - 5 ? el("span", { class: "old" }, `${year} `, el("small", {}, t("js.old"))) : String(year);
  const toTarget = (value, m, brief = false) => {
    if (m.t == null) return el("span", { class: "none" }, t("table.no_target"));
    const met = m.d === "h" ? value >= m.t : m.d === "l" ? value <= m.t : value === m.t;
    const short = Math.abs(m.t - value), far = m.u === "PT" ? t("js.points", { n: number(short) }) : figure(short, m.u);
    const side = { h: "gap_to", l: "gap_over" }[m.d] ?? "gap_off";
    return met ? t("js.met") : brief ? number(short) : t(`js.${side}`, { n: far, target: figure(m.t, m.u), year: m.ty ?? "–" });
  };

  // No model is as sure as 0 or 100 per cent.
  const chanceOf = (p) => p == null ? "" : p > 0.99 ? `> ${CT.percent(0.99)}` : p < 0.01 ? `< ${CT.percent(0.01)}` : CT.percent(p);

  const select = (label, options, chosen, onchange) => {
    const key = `s-${CT.plain(label).replaceAll(/\W/g, "-")}`;
    return el("p", { class: "pick" }, el("label", { for: key }, label), " ",
      el("select", { id: key, onchange: (event) => onchange(event.target.value) },
        ...options.map(([value, text]) => el("option", { value, selected: value === chosen }, text))));
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

  // One table of all indicators, narrowed by objective and by words, with the file of what it shows.
  const listing = (columns, rows, note, csv) => {
    const lines = el("div"), words = el("input", { type: "search", autocomplete: "off", id: "find-indicator" });
    rows.sort((a, b) => title(a[0]).localeCompare(title(b[0]), CT.language));
    const codes = [..."ABCDEFGH"].filter((code) => rows.some((row) => metaOf(row).o[0] === code));
    const objective = el("select", { id: "of-objective" }, el("option", { value: "" }, t("js.every_objective")), ...codes.map((code) => el("option", { value: code }, `${code} ${t(`objective.${code}`)}`)), el("option", { value: "-" }, t("js.other")));
    const shown = () => {
      const asked = CT.plain(words.value), of = objective.value;
      return rows.filter((row) => (!of || (metaOf(row).o[0] ?? "-") === of) && (!asked || CT.plain(title(row[0])).includes(asked) || row[0].includes(asked)));
    };
    const draw = () => { const found = shown(); lines.replaceChildren(found.length ? CT.table(columns, found, { caption: t("js.every_objective"), first: 30, stacked: true }) : el("p", {}, t("js.no_data"))); };
    words.addEventListener("input", draw); objective.addEventListener("change", draw);
    at("profile").replaceChildren(note ? el("p", { class: "fine" }, note) : "", el("div", { class: "choices" },
      el("label", { class: "field" }, el("span", {}, t("js.of_objective")), objective), el("label", { class: "field" }, el("span", {}, t("js.filter_all")), words),
      el("button", { type: "button", class: "plain", onclick: () => csv(shown()) }, t("js.csv"))), lines);
    draw();
  };
  const metaOf = (row) => CT.get("indicators")[row[0]];

  const country = async (data) => {
    const medians = await CT.load("medians", "data/medians.js");
    const median = (group, indicator) => medians.of[group]?.[medians.ids.indexOf(indicator)];
    const newest = Math.max(...data.rows.map((r) => r[1]));
    const columns = [
      { head: t("table.indicator"), cell: (r) => el("span", {}, el("a", { href: indicatorLink(r[0]) }, title(r[0])), el("small", { class: "from" }, data.sources[r[4]].split(";").map(CT.source).join(", "))), row: true, value: (r) => title(r[0]) },
      { head: t("table.value"), cell: (r) => el("b", {}, CT.why(r[0], area, figure(r[2], metaOf(r).u))), n: true },
      { head: t("table.year"), cell: (r) => yearCell(r[1], newest), n: true, value: (r) => r[1] },
      { head: t("js.status"), cell: (r) => statusOf(r[3]), value: (r) => r[3] },
      { head: t("js.pace"), cell: (r) => Charts.badge(r[6]), value: (r) => r[6] },
      { head: t("js.to_target"), cell: (r) => toTarget(r[2], metaOf(r)), n: true },
      ...(data.rows.some((r) => r[7] != null) ? [{ head: t("js.chance"), cell: (r) => chanceOf(r[7]), n: true, value: (r) => r[7] }] : []),
      { head: t("js.median_region"), cell: (r) => CT.short(median(data.region, r[0])), n: true },
      { head: t("js.median_income"), cell: (r) => CT.short(median(data.income, r[0])), n: true },
      { head: t("js.rank"), cell: (r) => r[5] == null ? "–" : t("js.rank_of", { n: r[5], of: metaOf(r).c }), n: true, value: (r) => r[5] == null ? null : r[5] / metaOf(r).c },
    ];
    const peers = [data.region, data.income].filter(Boolean).map(areaName).join("; ");
    listing(columns, data.rows, t("js.medians_of", { names: peers || "–" }), (rows) => CT.download(`${area}.csv`, [
      ["ref_area", "indicator", "title", "time_period", "value", "unit", "obs_status", "source", "category", "probability", "rank"],
      ...rows.map((r) => [area, r[0], title(r[0]), r[1], r[2], metaOf(r).u, r[3], data.sources[r[4]], r[6] == null ? "" : Charts.CLASSES[r[6]], r[7], r[5]]),
    ]));
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
      { head: t("js.covered"), cell: (r) => !r[1] ? "" : r[1][3] ? t(r[1][3] === 2 ? "table.nowcast" : "table.official") : r[1][2] == null ? t("js.n_of", { n: r[1][4], of: r[1][5] }) : CT.percent(r[1][2]), n: true, value: (r) => r[1]?.[2] },
      { head: t("js.median_members"), cell: (r) => CT.short(r[2]), n: true },
      { head: t("js.members_with"), cell: (r) => t("js.n_of", { n: r[3], of: data.members.length }), n: true, value: (r) => r[3] },
      { head: t("js.members_pace"), cell: (r) => stack(r[4]), class: "wide" },
    ];
    listing(columns, data.rows, null, (rows) => CT.download(`${CT.slug(area)}.csv`, [
      ["group", "indicator", "title", "time_period", "value", "unit", "official", "share_covered", "median_of_members", "members_with_data"],
      ...rows.map((r) => [area, r[0], title(r[0]), r[1]?.[0], r[1]?.[1], metaOf(r).u, r[1] ? r[1][3] : "", r[1]?.[2], r[2], r[3]]),
    ]));
  };

  const start = async () => {
    if (id) {
      const data = await CT.load(`i/${id}`, `data/i/${id}.js`);
      Block.start(data);
      if (at("strip")) coverage(data);
    }
    if (area) {
      const data = await CT.load(`a/${area}`, `data/a/${CT.slug(area)}.js`);
      (CT.get("areas")[area].k === "c" ? country : group)(data);
      strip(data);
    }
  };
  start();
})();
