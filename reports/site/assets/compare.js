// Choosing areas and indicators, and the charts and table that come of it. What is chosen stands in the address.
"use strict";
(() => {
  const { t, el, number, figure, areaName, title } = CT;
  const at = (name) => document.getElementById(name);
  const [areas, indicators] = [CT.get("areas"), CT.get("indicators")];
  const LIMIT = { a: 8, i: 6 };
  const read = () => {
    const given = new URLSearchParams(location.hash.slice(1));
    const list = (key, known) => (given.get(key) ?? "").split(",").filter((v) => v in known);
    return { a: list("a", areas), i: list("i", indicators) };
  };
  const state = read();
  if (!location.hash) state.a = ["M49:001"].filter((c) => c in areas);
  if (!state.i.length) state.i = CT.body.indicators.split(" ").filter((v) => v in indicators);
  const nameOf = { a: areaName, i: title };
  const names = { a: new Map(Object.keys(areas).map((c) => [CT.plain(areaName(c)), c])), i: new Map(Object.keys(indicators).map((c) => [CT.plain(title(c)), c])) };

  const series = (data, code) => Charts.broken(data, code, data.groups[code] ? Charts.ofGroup(data.groups[code]) : Charts.unpack(data.series[code]));
  const chips = (key, node) => node.replaceChildren(...state[key].map((code, n) => {
    const swatch = el("i"); if (key === "a") swatch.style.background = Charts.LINES[n % Charts.LINES.length];
    return el("li", {}, key === "a" ? swatch : null, nameOf[key](code), el("button", {
      type: "button", "aria-label": t("js.remove", { name: nameOf[key](code) }),
      onclick: () => { state[key] = state[key].filter((c) => c !== code); draw(); at(key === "a" ? "add-area" : "add-indicator").focus(); },
    }, "×"));
  }));

  const draw = async () => {
    history.replaceState(null, "", `#a=${state.a.join(",")}&i=${state.i.join(",")}`);
    window.dispatchEvent(new Event("hashchange"));
    chips("a", at("areas")); chips("i", at("indicators"));
    const data = Object.fromEntries(await Promise.all(state.i.map(async (id) => [id, await CT.load(`i/${id}`, `data/i/${id}.js`)])));
    const parts = state.i.map((id) => {
      const canvas = el("div", { class: "canvas" }), meta = indicators[id];
      const lines = state.a.map((code, n) => ({ code, name: areaName(code), colour: Charts.LINES[n % Charts.LINES.length], points: series(data[id], code) }));
      const missing = lines.filter((line) => !line.points.length).map((line) => line.name);
      const drawn = lines.filter((line) => line.points.length);
      return [el("section", {}, el("h2", {}, el("a", { href: CT.indicatorLink(id) }, title(id))), canvas, missing.length ? el("p", { class: "fine" }, t("js.no_data_for", { names: missing.join("; ") })) : null, Charts.breaks(drawn)),
        () => drawn.length ? Charts.trend(canvas, { lines: drawn, meta, label: t("js.trend_label", { title: title(id), names: drawn.map((l) => `${l.name} ${figure(l.points.at(-1).value, meta.u)} (${l.points.at(-1).year})`).join("; ") }) }) : canvas.append(t("js.no_data"))];
    });
    const cell = (id, code) => {
      const row = data[id].rows.find((r) => r[0] === code), group = data[id].groups[code]?.at(-1);
      if (row) return el("span", {}, CT.why(id, code, figure(row[2], indicators[id].u)), " ", el("small", {}, `${row[1]} · ${row[3].split(";").map((s) => t(`status.${s}`)).join("; ")} · ${data[id].sources[row[4]].split(";").map(CT.source).join(", ")}`), row[6] == null ? null : el("br"), row[6] == null ? null : Charts.badge(row[6]));
      if (group) return el("span", {}, CT.why(id, code, figure(group[1], indicators[id].u)), " ", el("small", {}, `${group[0]} · ${group[3] ? t(group[3] === 2 ? "table.nowcast" : "table.official") : group[2] == null ? t("js.n_of", { n: group[4], of: group[5] }) : t("table.covers", { share: CT.percent(group[2]) })}`));
      return el("span", { class: "none" }, t("js.no_data"));
    };
    const columns = [{ head: t("table.indicator"), cell: (id) => el("a", { href: CT.indicatorLink(id) }, title(id)), row: true }, ...state.a.map((code) => ({ head: areaName(code), cell: (id) => cell(id, code) }))];
    at("compared").replaceChildren(el("div", { class: "pair" }, ...parts.map(([node]) => node)), state.a.length && state.i.length ? CT.table(columns, state.i, { caption: t("js.compared") }) : el("p", {}, t("js.choose")));
    parts.forEach(([, start]) => start());
    at("said").textContent = t("js.comparing", { a: state.a.length, i: state.i.length });
  };

  const add = (key, input) => {
    const asked = CT.plain(input.value.trim());
    const code = names[key].get(asked) ?? [...names[key]].find(([name, c]) => asked && (name.includes(asked) || c.toLowerCase() === asked))?.[1];
    if (!code) at("said").textContent = t("js.unknown", { name: input.value });
    else if (state[key].length >= LIMIT[key]) at("said").textContent = t("js.too_many", { n: LIMIT[key] });
    else { if (!state[key].includes(code)) state[key].push(code); input.value = ""; draw(); }
  };
  const order = (map) => [...map.values()];
  at("area-list").append(...order(names.a).map((c) => el("option", { value: areaName(c) })));
  at("indicator-list").append(...order(names.i).map((c) => el("option", { value: title(c) })));
  at("choose").addEventListener("submit", (event) => {
    event.preventDefault();
    const key = event.submitter?.name === "indicator" || document.activeElement === at("add-indicator") ? "i" : "a";
    add(key, at(key === "a" ? "add-area" : "add-indicator"));
  });
  draw();
})();
