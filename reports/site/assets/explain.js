// How a number came about: from data/e/<indicator>.js, which holds what `compact explain` says of every newest value.
"use strict";
(() => {
  const { t, el, number, figure, areaName, title } = CT;
  const at = (name) => document.getElementById(name);
  const [areas, indicators] = [CT.get("areas"), CT.get("indicators")];
  const exact = (value) => value == null ? "–" : String(value);
  const code = (text) => el("code", {}, text);
  const moment = (iso) => iso ? `${new Intl.DateTimeFormat(CT.language, { dateStyle: "long", timeStyle: "short", timeZone: "UTC" }).format(new Date(iso))} UTC` : "–";
  const statusOf = (codes) => [...new Set(codes.split(";"))].map((c) => t(`status.${c}`)).join("; ");
  const list = (...pairs) => el("dl", { class: "about" }, ...pairs.filter((pair) => pair && pair[1] != null && pair[1] !== "").flatMap(([word, what]) => [el("dt", {}, word), el("dd", {}, ...[what].flat())]));
  const read = () => new URLSearchParams(location.hash.slice(1));
  const nameOf = (item) => item.indicator ? title(item.indicator) : `${CT.source(item.source)}, ${item.series}`;
  const pre = (text) => el("pre", { tabindex: 0 }, code(text));

  // The formula with the numbers in the place of the names.
  const filled = (formula, taken, value) => {
    const names = Object.keys(taken);
    const pattern = new RegExp(`\\b(${names.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})\\b`, "g");
    return `${formula.trim().replaceAll(pattern, (name) => number(taken[name]?.v))} = ${number(value)}`;
  };

  const place = (data, one) => {
    if (!one.place) return one.lost != null ? t("js.why.lost") : t(data.store ? "js.why.lost" : "js.why.no_store");
    const [which, offset, length, fitting] = one.place, [object, , page, pages, member] = data.pages[which];
    const file = `snapshots/objects/${object.slice(0, 2)}/${object}`;
    return [
      el("p", {}, t("js.why.place_text", { page, pages, offset: number(offset, 0), length: number(length, 0) }), member ? ` (${member})` : "", fitting > 1 ? ` ${t("js.why.fitting", { n: fitting })}` : ""),
      pre(one.record),
      el("p", { class: "fine" }, t("js.why.read"), " ", code(member ? `unzip -p ${file} ${member} | tail -c +${offset + 1} | head -c ${length}` : `tail -c +${offset + 1} ${file} | head -c ${length}`)),
    ];
  };

  const observed = (data, item, one) => {
    const snap = data.snapshots[one.at];
    const url = one.place ? data.pages[one.place[0]][1] : snap.url;
    return list(
      [t("table.series"), [el("a", { href: `${CT.body.up}sources.html#${snap.source}` }, CT.source(snap.source)), " ", code(item.series)]],
      [t("js.why.observation"), [el("b", {}, exact(one.sent ?? one.v)), one.mult ? ` ${t("js.why.times", { n: one.mult })}` : "", ` · ${statusOf(one.s)}`]],
      one.detail == null ? null : [t("js.why.detail"), el("span", { lang: "en" }, data.texts[one.detail])],
      one.note == null ? null : [t("js.why.note"), el("span", { lang: "en" }, data.texts[one.note])],
      [t("js.why.fetched"), [`${moment(snap.fetched_at)}${snap.agency_release ? ` · ${t("js.why.agency_release", { name: snap.agency_release })}` : ""}`, el("br"), code(url)]],
      [t("js.why.snapshot"), [code(snap.snapshot), el("br"), el("small", {}, t("js.why.bytes", { n: number(snap.bytes, 0), pages: snap.pages }), ` · ${snap.licence}`)]],
      snap.rows ? [t("js.why.ledger"), t("js.why.rows", { taken: number(snap.rows[0]), kept: number(snap.rows[1]), refused: number(snap.rows[2]) }) + (snap.rows[2] ? ` (${Object.entries(snap.reasons).map(([why, n]) => `${why.replaceAll("_", " ")} ${number(n)}`).join(", ")})` : "")] : null,
      [t("js.why.place"), place(data, one)],
    );
  };

  // What each named input took, and what it is made of in its turn.
  const inputs = (data, made, taken, deep) => Object.entries(taken).map(([name, one]) => {
    const items = made.inputs[name];
    const head = el(deep ? "h3" : "h2", { class: "input-head" }, t("js.why.input", { name }), one ? ` = ${number(one.v)}` : `: ${t("js.no_data")}`);
    if (!one) return el("section", { class: "input" }, head, el("p", {}, t("js.why.without", { names: items.map(nameOf).join(", ") })));
    const before = items.slice(0, one.k).map(nameOf);
    return el("section", { class: "input" }, head,
      el("p", { class: "fine" }, t("js.why.choice", { n: one.k + 1, of: items.length, name: nameOf(items[one.k]) }), before.length ? ` ${t("js.why.without", { names: before.join(", ") })}` : ""),
      one.of ? value(data, items[one.k].indicator, one.of, deep + 1) : observed(data, items[one.k], one));
  });

  const value = (data, id, node, deep) => {
    const made = data.made_of[id], plain = made.formula.trim() in made.inputs;
    return el("div", { class: deep ? "made-of" : null },
      deep ? el("p", {}, el("a", { href: `${CT.body.up}indicator/${id}.html` }, title(id)), ` (${node.y}): `, el("b", {}, figure(node.v, indicators[id].u)), ` · ${statusOf(node.s)}`) : null,
      list(
        deep ? null : [t("table.value"), [el("b", {}, exact(node.v)), ` ${CT.unit(indicators[id].u)} · ${statusOf(node.s)}`]],
        node.lo != null || node.up != null ? [t("js.why.bounds"), `${exact(node.lo)} – ${exact(node.up)}`] : null,
        plain ? null : [t("js.why.formula"), code(made.formula)],
        plain ? null : [t("js.why.filled"), code(filled(made.formula, node.in, node.v))],
        node.note == null ? null : [t("js.why.note"), el("span", { lang: "en" }, data.texts[node.note])],
        deep ? null : [t("js.why.again"), t(node.same == null ? "js.why.again_not" : node.same ? "js.why.again_same" : "js.why.again_differs")],
      ),
      ...inputs(data, made, node.in, deep),
      ...Object.entries(node.years ?? {}).flatMap(([year, taken]) => [el("p", {}, el("b", {}, t("js.why.other_year", { year }))), ...inputs(data, made, taken, deep + 1)]));
  };

  // A group's value: its members, as the site's own data have them.
  const group = async (data, id, code_, node) => {
    const unit = indicators[id].u, weight = node.how?.includes(" by ") ? node.how.split(" by ")[1] : null;
    const own = await CT.load(`i/${id}`, `data/i/${id}.js`), by = weight in indicators ? await CT.load(`i/${weight}`, `data/i/${weight}.js`) : null;
    const of = (found, area) => { const line = found?.series[area]; return line ? line[1 + node.y - line[0]] : null; };
    const newest = new Map(own.rows.map((row) => [row[0], row[1]]));
    const members = Object.entries(areas).filter(([, d]) => d.k === "c" && d.g.includes(code_)).map(([area]) => ({ area, v: of(own, area), w: of(by, area) })).filter((m) => m.v != null);
    const name = (m) => newest.get(m.area) === node.y ? CT.why(id, m.area, areaName(m.area)) : areaName(m.area);
    return [
      list(
        [t("js.why.own"), node.v == null ? [el("span", { class: "none" }, t("js.why.withheld")), " ", el("span", { lang: "en" }, node.why ?? "")] : [el("b", {}, exact(node.v)), ` ${CT.unit(unit)}`]],
        node.official == null ? null : [t(node.os === "F" ? "table.nowcast" : "table.official"), `${exact(node.official)} ${CT.unit(unit)} (${node.by ?? ""})`],
        [t("js.why.how"), t(`js.why.method.${data.method}`) + (weight ? ` (${title(weight)})` : "")],
        node.total == null ? null : [t("js.covered"), t("js.why.members_text", { used: node.used, total: node.total }) + (node.share == null ? "" : ` ${t("table.covers", { share: CT.percent(node.share, 1) })}`)],
      ),
      members.length ? CT.table([
        { head: t("table.country"), cell: name, row: true, value: (m) => areaName(m.area) },
        { head: t("table.value"), cell: (m) => figure(m.v, unit), n: true, value: (m) => m.v },
        ...(by ? [{ head: t("js.why.weight"), cell: (m) => number(m.w), n: true, value: (m) => m.w }] : []),
      ], members, { caption: t("js.why.members"), first: 15, sort: by ? 2 : 1, down: true }) : null,
      members.length ? el("p", { class: "fine" }, t("js.why.members_note")) : null,
    ];
  };

  const checks = (data) => el("ul", { class: "checks" }, ...data.checks.map(([name, passed, , what]) => el("li", {},
    el("span", { class: `verdict ${passed ? "v-holds" : "v-revised"}` }, t(passed ? "js.why.passed" : "js.why.look")), " ", el("span", { lang: "en" }, `${name.replaceAll("_", " ")}: ${what}`))));

  const statement = (data, area, node) => data.sql[node.sql].replaceAll("{area}", area).replaceAll("{share}", exact(node.share))
    .replaceAll(/\{year(?:-(\d+))?\}/g, (_, back) => node.y - (back ?? 0));

  const show = async () => {
    const asked = read(), id = asked.get("i"), area = asked.get("a");
    choose(id);
    const why = at("why");
    if (!(id in indicators)) { why.replaceChildren(el("p", { class: "notice" }, t("js.why.choose"))); return; }
    let data;
    try { data = await CT.load(`e/${id}`, `data/e/${id}.js`); } catch {
      why.replaceChildren(el("p", { class: "notice" }, t(indicators[id].c ? "js.why.none" : "js.no_data"))); return;
    }
    offer(data, area);
    const node = data.values[area];
    if (!node) { why.replaceChildren(el("p", { class: "notice" }, area ? t("js.why.no_value", { area: areaName(area) }) : t("js.why.choose"))); return; }
    const heading = t("js.why.of", { title: title(id), area: areaName(area), year: node.y });
    at("why-title").textContent = heading;
    document.title = `${heading} – ${document.title.split(" – ").at(-1)}`;
    at("said").textContent = heading;
    const whole = node.group ? await group(data, id, area, node) : [value(data, id, node, 0)];
    why.replaceChildren(...[
      el("p", { class: "facts-line" }, el("b", { class: "big" }, figure(node.official ?? node.v, indicators[id].u)), " ",
        el("a", { href: CT.indicatorLink(id) }, title(id)), " · ", el("a", { href: CT.areaLink(area) }, areaName(area)), ` · ${node.y}`, node.os === "F" ? ` · ${t("table.nowcast")}` : ""),
      ...whole.filter(Boolean),
      el("h2", {}, t("js.why.checks")), data.checks?.length ? checks(data) : el("p", {}, t("js.why.no_checks")),
      node.sql == null ? null : el("h2", {}, t("js.why.sql")), node.sql == null ? null : pre(statement(data, area, node)),
      el("h2", {}, t("js.why.command")), pre(`compact explain ${id} --area ${area} --year ${node.y}`),
      el("p", { class: "fine" }, t("js.why.fingerprint"), " ", code(data.fingerprint)),
    ].filter(Boolean));
  };

  // --- what to explain: the address holds it
  const go = (id, area) => { location.hash = `i=${id}&a=${area}`; };
  const sorted = (codes, name) => codes.sort((a, b) => name(a).localeCompare(name(b), CT.language));
  const choose = (id) => {
    if (!at("of-indicator").options.length) at("of-indicator").append(el("option", { value: "" }, "–"), ...sorted(Object.keys(indicators).filter((i) => indicators[i].c), title).map((i) => el("option", { value: i }, title(i))));
    at("of-indicator").value = id ?? "";
  };
  const offer = (data, area) => {
    at("of-area").replaceChildren(el("option", { value: "" }, "–"), ...sorted(Object.keys(data.values), areaName).map((a) => el("option", { value: a }, areaName(a))));
    at("of-area").value = area in data.values ? area : "";
  };
  at("of-indicator").addEventListener("change", (event) => go(event.target.value, read().get("a") ?? "M49:001"));
  at("of-area").addEventListener("change", (event) => go(read().get("i"), event.target.value));
  at("ask").addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", show);
  show();
})();
