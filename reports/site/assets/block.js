// The chart of an indicator: map, line, table and gaps in one block. What is chosen stands in the address, so that a link
// or an embedded frame shows the same. Drawings are in charts.js and atlas.js, the tools below them in tools.js.
"use strict";
const Block = (() => {
  const { t, el, number, figure, areaName, areaLink, title } = CT;
  const { indicator: id } = CT.body;
  const WORLD = "M49:001", MOST = 12, PACE_MS = 700;
  const root = document.getElementById("chart");
  const meta = CT.get("indicators")[id], areas = CT.get("areas");
  const link = (code) => el("a", { href: areaLink(code) }, areaName(code));
  const statusOf = (codes) => [...new Set(codes.split(";"))].map((code) => t(`status.${code}`)).join("; ");
  const yearCell = (year, newest) => year <= newest - Atlas.STALE ? el("span", { class: "old" }, `${year} `, el("small", {}, t("js.old"))) : String(year);
  const sorted = (codes) => codes.sort((a, b) => areaName(a).localeCompare(areaName(b), CT.language));
  const chanceOf = (p) => p == null ? "" : p > 0.99 ? `> ${CT.percent(0.99)}` : p < 0.01 ? `< ${CT.percent(0.01)}` : CT.percent(p);
  const field = (label, node) => el("label", { class: "field" }, el("span", {}, label), node);
  const select = (label, options, chosen, onchange) => field(label, el("select", { onchange: (event) => onchange(event.target.value) },
    ...options.map(([value, text]) => el("option", { value, selected: value === chosen }, text))));
  const choice = (label, name, options, chosen, onchange) => el("fieldset", { class: "switch" }, el("legend", { class: "quiet" }, label), ...options.map(([value, text]) => el("label", {},
    el("input", { type: "radio", name: `${name}-${id}`, value, checked: chosen === value, onchange: () => onchange(value) }), text)));

  let data = null, state = null, basis = null, playing = null;
  const panels = {};

  // --- the state and the address
  const presets = () => {
    const given = root.dataset.lines.split(" ").filter(Boolean);
    return { regions: given.filter((c) => c.startsWith("M49")), incomes: given.filter((c) => c === WORLD || c.startsWith("WB")) };
  };
  const known = (code) => code in data.series || code in data.groups;
  const initial = () => {
    const { regions, incomes } = presets();
    const c = regions.length ? regions : incomes.length ? incomes : [];
    const gaps = data.gaps ? [...new Set(data.gaps.map((g) => [g[1], g[2], g[3]].join("|")))].sort() : [];
    return { tab: c.length ? "line" : "map", c: c.length ? c : sorted(Object.keys(data.series)).slice(0, 1), y: "", show: "value", how: "map", gap: gaps[0] ?? "", g: "" };
  };
  const read = () => {
    const given = new URLSearchParams(location.hash.slice(1)), found = { ...basis };
    const take = (key, allowed) => { const value = given.get(key); if (value != null && allowed(value)) found[key] = value; };
    take("tab", (v) => v in panels);
    take("y", (v) => { const span = Atlas.yearsOf(data); return /^\d{4}$/.test(v) && span && v >= span[0] && v < span[1]; });
    take("show", (v) => v === "value" || (v === "pace" && paced()));
    take("how", (v) => v === "map" || v === "tiles");
    take("gap", (v) => data.gaps?.some((g) => [g[1], g[2], g[3]].join("|") === v));
    take("g", (v) => v in areas);
    const codes = (given.get("c") ?? "").split(",").filter(known).slice(0, MOST);
    if (codes.length) found.c = codes;
    return found;
  };
  const paced = () => data.rows.some((row) => row[6] != null && row[6] < 10);
  const write = () => {
    const given = new URLSearchParams(location.hash.slice(1)), parts = [];
    for (const key of Object.keys(basis)) {
      const [now, before] = [state[key], basis[key]].map((v) => Array.isArray(v) ? v.join(",") : v);
      if (now !== before) parts.push(`${key}=${encodeURIComponent(now).replaceAll("%3A", ":").replaceAll("%2C", ",")}`);
    }
    if (given.get("embed")) parts.push("embed=1");
    history.replaceState(null, "", parts.length ? `#${parts.join("&")}` : location.pathname + location.search);
    window.dispatchEvent(new Event("statechange"));
  };
  const set = (changes) => { Object.assign(state, changes); write(); };

  // --- line
  const fanOf = (packed) => packed?.[2].map((row, n, all) => [packed[0] + n, ...row, n === all.length - 1 ? packed[1] : null]);
  const lineOf = (code, alone) => ({
    code, name: areaName(code), strong: alone || code === WORLD,
    points: Charts.broken(data, code, data.groups[code] ? Charts.ofGroup(data.groups[code]) : Charts.unpack(data.series[code]).map((p) => ({ ...p, s: Atlas.statusAt(data, code, p.year) }))),
    fan: alone || code === WORLD || state.c.length < 4 ? fanOf(data.projections?.[code]) : null,
  });
  const lineTable = (lines) => CT.table([
    { head: t("table.area"), cell: (r) => r.line.name, row: true, value: (r) => r.line.name }, { head: t("table.year"), cell: (r) => String(r.year), n: true, value: (r) => r.year },
    { head: t("table.value"), cell: (r) => r.a == null ? figure(r.value, meta.u) : `${figure(r.value, meta.u)} (${t("js.projected")})`, n: true, value: (r) => r.value },
    { head: t("js.status"), cell: (r) => r.s ? t(`status.${r.s}`) : "" },
    { head: t("js.interval"), cell: (r) => r.a == null ? "" : `${number(r.a)} – ${number(r.b)}`, n: true },
    { head: t("js.chance"), cell: (r) => chanceOf(r.p), n: true },
  ], lines.flatMap((line) => [...line.points.map((p) => ({ line, ...p })), ...(line.fan ?? []).map(([year, value, a, b, , , p]) => ({ line, year, value, a, b, p }))]), { caption: t("js.numbers"), sort: 1, down: true, first: 25 });
  const chips = (redraw) => {
    const names = new Map(sorted([...Object.keys(data.groups), ...Object.keys(data.series)]).map((code) => [areaName(code), code]));
    const input = el("input", { list: "chart-areas", autocomplete: "off", placeholder: t("js.add_area"), "aria-label": t("js.add_area") });
    const said = el("span", { class: "fine", role: "status" });
    const add = () => {
      const asked = CT.plain(input.value);
      if (!asked) return;
      const code = names.get(input.value) ?? [...names].find(([name, c]) => CT.plain(name).startsWith(asked) || c.toLowerCase() === asked)?.[1];
      said.textContent = !code ? t("js.unknown", { name: input.value }) : state.c.length >= MOST && !state.c.includes(code) ? t("js.too_many", { n: MOST }) : "";
      if (said.textContent) return;
      input.value = "";
      set({ c: [...new Set([...state.c, code])] });
      redraw(true);
    };
    input.addEventListener("change", add);
    input.addEventListener("keydown", (event) => { if (event.key === "Enter") { add(); event.preventDefault(); } });
    const list = el("ul", { class: "chips", "aria-label": t("js.shown") }, ...state.c.map((code, n) => {
      const swatch = el("i");
      swatch.style.background = Charts.LINES[n % Charts.LINES.length];
      return el("li", {}, swatch, areaName(code), state.c.length > 1 ? el("button", { type: "button", "aria-label": t("js.remove", { name: areaName(code) }), onclick: () => { set({ c: state.c.filter((c) => c !== code) }); redraw(true); } }, "×") : null);
    }));
    const { regions, incomes } = presets();
    const preset = (codes, label) => codes.length > 1 && codes.join() !== state.c.join() ? el("button", { type: "button", class: "plain", onclick: () => { set({ c: codes }); redraw(true); } }, label) : null;
    return el("div", { class: "choices" }, list, input, el("datalist", { id: "chart-areas" }, ...[...names.keys()].map((name) => el("option", { value: name }))), preset(regions, t("js.regions")), preset(incomes, t("js.incomes")), said);
  };
  panels.line = (panel) => {
    const redraw = (focus) => {
      const lines = state.c.map((code) => lineOf(code, state.c.length === 1)).filter((line) => line.points.length);
      const canvas = el("div", { class: "canvas" }), refused = data.projections ? state.c.filter((code) => !data.projections[code] && code in data.series) : [];
      panel.replaceChildren(chips(redraw), canvas,
        el("p", { class: "fine" }, t("js.line_key"), lines.some((line) => line.points.some((p) => p.s === "F")) ? ` ${t("js.nowcast_key")}` : "", refused.length ? ` ${t("js.no_fan", { name: refused.map(areaName).join(", ") })}` : ""),
        Charts.breaks(lines) ?? "", el("details", {}, el("summary", {}, t("js.numbers")), lineTable(lines)));
      Charts.trend(canvas, { lines, meta, label: t("js.trend_label", { title: title(id), names: lines.map((l) => `${l.name} ${figure(l.points.at(-1).value, meta.u)} (${l.points.at(-1).year})`).join("; ") }) });
      if (focus) panel.querySelector(".choices input").focus();
    };
    redraw(false);
  };

  // --- map
  panels.map = async (panel) => {
    if (!CT.ready("geometry")) {
      panel.replaceChildren(el("p", { class: "wait" }, t("js.loading")));
      await CT.load("geometry", "assets/geometry.js");
      if (state.tab !== "map") return;
    }
    const canvas = el("div", { class: "canvas" }), key = el("div"), note = el("p", { class: "fine" });
    const span = Atlas.yearsOf(data), newest = span?.[1] ?? Math.max(...data.rows.map((row) => row[1]));
    let show = null;
    const slider = span && span[0] < span[1] ? el("input", { type: "range", min: span[0], max: span[1], step: 1, value: state.y || span[1], id: "chart-year" }) : null;
    const output = el("output", { for: "chart-year" });
    const say = (rows) => {
      const years = [...rows.values()].map((row) => row.year), until = Number(state.y) || newest;
      output.textContent = state.y || t("js.newest");
      slider?.setAttribute("aria-valuetext", output.textContent);
      const [first, last] = d3.extent(years);
      note.textContent = [!rows.size ? t("js.no_data") : first === last ? t("js.one_year", { year: first }) : t("js.mixed_years", { first, last, old: years.filter((year) => year <= until - Atlas.STALE).length }), t("js.tiles_note"), t("js.map_disclaimer")].join(" ");
    };
    const turn = () => { set({ y: Number(slider.value) >= span[1] ? "" : slider.value }); say(show(state.y ? Number(state.y) : null)); };
    const play = el("button", { type: "button", class: "play", "aria-pressed": "false" }, t("js.play"));
    const stop = () => { clearInterval(playing); playing = null; play.textContent = t("js.play"); play.setAttribute("aria-pressed", "false"); };
    if (slider) {
      slider.addEventListener("input", () => { stop(); turn(); });
      play.addEventListener("click", () => {
        if (playing) return stop();
        if (Number(slider.value) >= span[1]) slider.value = span[0];
        turn();
        play.textContent = t("js.pause"); play.setAttribute("aria-pressed", "true");
        playing = setInterval(() => { slider.value = Number(slider.value) + 1; turn(); if (Number(slider.value) >= span[1]) stop(); }, PACE_MS);
      });
    }
    const redraw = () => {
      const fresh = el("div", { class: "canvas" });
      canvas.replaceChildren(fresh);
      const year = state.y && state.show === "value" ? Number(state.y) : null;
      show = Atlas.draw(fresh, { id, data, meta, what: state.show, how: state.how, year, key });
      time.hidden = !slider || state.show !== "value";
      say(Atlas.valuesAt(data, year));
    };
    const time = el("div", { class: "time" }, play, el("label", { class: "quiet", for: "chart-year" }, t("table.year")), slider, output);
    panel.replaceChildren(el("div", { class: "switches" },
      paced() ? choice(t("js.what"), "what", [["value", t("js.what_value")], ["pace", t("js.what_pace")]], state.show, (show_) => { stop(); set({ show: show_ }); redraw(); }) : null,
      choice(t("js.how"), "how", [["map", t("js.how_map")], ["tiles", t("js.how_tiles")]], state.how, (how) => { set({ how }); redraw(); })), key, canvas, time, note);
    redraw();
  };

  // --- table
  panels.table = (panel) => {
    const newest = Math.max(...data.rows.map((r) => r[1])), lines = el("div");
    const groups = sorted(Object.entries(areas).filter(([, d]) => d.k === "g").map(([code]) => code));
    const name = el("input", { type: "search", autocomplete: "off" });
    const toTarget = (value) => {
      const met = meta.d === "h" ? value >= meta.t : meta.d === "l" ? value <= meta.t : value === meta.t;
      return met ? t("js.met") : number(Math.abs(meta.t - value));
    };
    const draw = () => {
      const asked = CT.plain(name.value);
      const rows = data.rows.filter((r) => (!state.g || areas[r[0]].g.includes(state.g)) && (!asked || CT.plain(areaName(r[0])).includes(asked)));
      lines.replaceChildren(rows.length ? CT.table([
        { head: t("js.rank"), cell: (r) => r[5] == null ? "–" : String(r[5]), n: true, value: (r) => r[5] },
        { head: t("table.country"), cell: (r) => link(r[0]), row: true, value: (r) => areaName(r[0]) },
        { head: t("table.value"), cell: (r) => CT.why(id, r[0], figure(r[2], meta.u)), n: true, value: (r) => r[2] },
        { head: t("table.year"), cell: (r) => yearCell(r[1], newest), n: true, value: (r) => r[1] },
        { head: t("js.status"), cell: (r) => statusOf(r[3]), value: (r) => r[3] },
        ...(data.rows.some((r) => r[6] != null) ? [{ head: t("js.pace"), cell: (r) => Charts.badge(r[6]), value: (r) => r[6] }] : []),
        ...(meta.t == null ? [] : [{ head: t("js.to_target"), cell: (r) => toTarget(r[2]), n: true, value: (r) => meta.t - r[2] }]),
        { head: t("table.source"), cell: (r) => el("span", {}, ...data.sources[r[4]].split(";").flatMap((s, i) => [i ? ", " : "", el("a", { href: `${CT.body.up}sources.html#${s}` }, CT.source(s))])), value: (r) => data.sources[r[4]] },
      ], rows, { caption: title(id), first: 25, sort: 0 }) : el("p", {}, t("js.no_data")));
    };
    name.addEventListener("input", draw);
    panel.replaceChildren(el("div", { class: "choices" }, select(t("js.countries_of"), [["", t("js.all_countries")], ...groups.map((g) => [g, areaName(g)])], state.g, (g) => { set({ g }); draw(); }), field(t("js.filter"), name)),
      lines, el("p", { class: "fine" }, t("js.explain")));
    draw();
  };

  // --- gaps
  panels.gaps = (panel) => {
    const kinds = [...new Set(data.gaps.map((g) => [g[1], g[2], g[3]].join("|")))].sort();
    const word = (dimension, code) => { try { return t(`js.gap.${dimension}.${code}`); } catch { return code.replaceAll("_", " "); } };
    const canvas = el("div"), lines = el("div");
    const draw = () => {
      const [dimension, a, b] = state.gap.split("|");
      const rows = data.gaps.filter((g) => g[1] === dimension && g[2] === a && g[3] === b).map((g) => ({ code: g[0], name: areaName(g[0]), year: g[4], a: g[5], b: g[6], difference: g[7], ratio: g[8] }));
      const newest = Math.max(...rows.map((r) => r.year)), recent = rows.filter((r) => r.year > newest - 10);
      for (const list of [rows, recent]) list.sort((x, y) => Math.abs(y.difference) - Math.abs(x.difference));
      const labels = [word(dimension, a), word(dimension, b)], fresh = el("div", { class: "canvas" });
      canvas.replaceChildren(el("p", {}, t("js.gaps_widest", { n: Math.min(15, recent.length), of: recent.length, year: newest - 9 })), fresh);
      Charts.gaps(fresh, { rows: recent.slice(0, 15).map((r) => ({ ...r, name: `${r.name} ${r.year}` })), meta, labels, label: t("js.gaps_label", { title: title(id), a: labels[0], b: labels[1], area: recent[0].name, difference: number(recent[0].difference) }) });
      lines.replaceChildren(CT.table([
        { head: t("table.area"), cell: (r) => link(r.code), row: true, value: (r) => r.name }, { head: labels[0], cell: (r) => figure(r.a, meta.u), n: true, value: (r) => r.a },
        { head: labels[1], cell: (r) => figure(r.b, meta.u), n: true, value: (r) => r.b }, { head: t("js.difference"), cell: (r) => number(r.difference), n: true, value: (r) => r.difference },
        { head: t("js.ratio"), cell: (r) => number(r.ratio, 2), n: true, value: (r) => r.ratio }, { head: t("table.year"), cell: (r) => String(r.year), n: true, value: (r) => r.year },
      ], rows, { caption: labels.join(" / "), first: 10 }));
    };
    panel.replaceChildren(el("div", { class: "choices" }, select(t("js.gap_between"), kinds.map((kind) => { const [d, a, b] = kind.split("|"); return [kind, `${word(d, a)} / ${word(d, b)}`]; }), state.gap, (gap) => { set({ gap }); draw(); })), canvas, lines);
    draw();
  };

  // --- the block: tabs by pointer and by arrow keys, one panel
  const start = (loaded) => {
    data = loaded;
    if (!data.gaps) delete panels.gaps;
    basis = initial();
    state = read();
    const panel = el("div", { role: "tabpanel", id: "chart-panel", tabindex: -1 });
    const names = ["map", "line", "table", "gaps"].filter((name) => name in panels);
    const tabs = names.map((name) => el("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "chart-panel", onclick: () => pick(name) }, t(`js.tab_${name}`)));
    const pick = (name, focus = false) => {
      clearInterval(playing); playing = null;
      if (name !== state.tab) set({ tab: name });
      tabs.forEach((tab, i) => {
        const here = names[i] === name;
        tab.setAttribute("aria-selected", String(here)); tab.tabIndex = here ? 0 : -1;
        if (here && focus) tab.focus();
      });
      panel.setAttribute("aria-labelledby", `tab-${name}`);
      panels[name](panel);
    };
    const bar = el("div", { class: "tabs", role: "tablist", "aria-label": t("js.views") }, ...tabs);
    bar.addEventListener("keydown", (event) => {
      const at = names.indexOf(state.tab), to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: names.length - 1 }[event.key];
      if (to != null) { pick(names[(to + names.length) % names.length], true); event.preventDefault(); }
    });
    root.replaceChildren(bar, panel, Tools.bar({ id, data, meta, panel, state: () => state }));
    if (new URLSearchParams(location.hash.slice(1)).get("embed")) document.body.classList.add("embedded");
    pick(state.tab);
    window.addEventListener("hashchange", () => { state = read(); pick(state.tab); });
  };
  return { start };
})();
