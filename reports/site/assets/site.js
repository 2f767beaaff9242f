// What every page has: the store that data files write to, words, numbers, search, and tables that sort.
"use strict";
const CT = (() => {
  const store = {}, waiting = {};
  const body = document.body.dataset;
  const language = document.documentElement.lang;
  const order = ["en", "fr", "es"].indexOf(language);

  // Data files call put; whoever needs one that the page does not carry asks load for it.
  const put = (key, value) => { store[key] = value; };
  // A packed file, as packing.py writes it: gzip, six bytes in seven characters. Who asks by load gets it unpacked, with tables
  // by row and nodes whole.
  const ALPHABET = [...Array(128).keys()].filter((c) => !'\0\n\r"\\'.includes(String.fromCharCode(c)));
  const filled = (shape, ends, texts) => Array.isArray(shape) ? shape.map((part) => filled(part, ends, texts))
    : typeof shape === "object" ? Object.fromEntries(Object.entries(shape).map(([key, part]) => [key, filled(part, ends, texts)]))
      : (shape ? texts : ends).next().value;
  const byRow = (_, value) => {
    if (Array.isArray(value)) return value[0] === "|" ? (value[1] ?? []).map((_cell, row) => value.slice(1).map((column) => column[row])) : value;
    if (!value?.["|"]) return value;
    return Object.fromEntries(value["|"].flatMap(([shape, long, keys, ...columns]) => {
      const texts = long.values();
      return keys.map((key, row) => [key, filled(shape, columns.map((column) => column[row]).values(), texts)]);
    }));
  };
  const zip = (key, text, size) => {
    const place = new Uint8Array(128), bytes = new Uint8Array(size);
    ALPHABET.forEach((code, n) => { place[code] = n; });
    for (let i = 0, at = 0; at < size; i += 7, at += 6) {
      let held = 0; // below 2 ** 48, so that a double is exact; bytes beyond the size are not kept
      for (let k = 0; k < 7; k++) held = held * ALPHABET.length + place[text.charCodeAt(i + k)];
      for (let k = 5; k >= 0; k--) { bytes[at + k] = held % 256; held = Math.floor(held / 256); }
    }
    store[key] = new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text().then((found) => (store[key] = JSON.parse(found, byRow)));
  };
  const get = (key) => store[key];
  const ready = (key) => key in store && !(store[key] instanceof Promise);
  const load = (key, path) => waiting[key] ??= store[key] ? Promise.resolve(store[key]) : new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = body.home + path;
    script.onload = () => done(store[key]);
    script.onerror = () => failed(new Error(path));
    document.head.append(script);
  });
  const slug = (area) => area.replace(":", "-");

  // --- words and numbers
  const plurals = new Intl.PluralRules(language);
  const t = (key, values = {}) => {
    const words = store.words ?? {};
    if (!(key in words)) throw new Error(`no message ${key}`);
    const form = (_, name, one, other) => plurals.select(Number(String(values[name]).replace(/\D/g, "") || 2)) === "one" ? one : other;
    return words[key].replace(/\{(\w+)\|([^{}|]*)\|([^{}|]*)\}/g, form).replace(/\{(\w+)\}/g, (_, name) => values[name]);
  };
  const formats = {};
  const number = (value, digits) => {
    if (value == null) return "–";
    const size = Math.abs(value);
    const n = digits ?? (size >= 1000 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : size >= 0.1 ? 2 : 3);
    formats[n] ??= new Intl.NumberFormat(language, { minimumFractionDigits: n, maximumFractionDigits: n });
    return formats[n].format(value);
  };
  // For axes and narrow columns: millions in a word.
  const compact = new Intl.NumberFormat(language, { notation: "compact", maximumSignificantDigits: 4 });
  const short = (value) => value != null && Math.abs(value) >= 1e6 ? compact.format(value) : number(value, Number.isInteger(value) ? 0 : undefined);
  const unit = (code) => { const key = `unit.${code}`; return key in store.words ? t(key) : code.toLowerCase().replaceAll("_", " "); };
  const figure = (value, code) => value == null ? "–" : unit(code).startsWith("%")
    ? t("table.percent", { n: number(value) }) + unit(code).slice(1) : `${number(value)} ${unit(code)}`.trim();
  const percent = (share, digits = 0) => t("table.percent", { n: number(100 * share, digits) });
  const areaName = (code) => store.areas?.[code]?.n[order] ?? code;
  const title = (id) => store.indicators?.[id]?.n[order] ?? id;
  const source = (id) => store.words[`source.${id}`] ?? id;
  const areaLink = (code) => `${body.up}area/${slug(code)}.html`;
  // A figure that leads to how it came about.
  const why = (id, area, text) => el("a", { class: "why", href: `${body.up}explain.html#i=${id}&a=${area}`, title: t("js.why.link") }, text);
  const indicatorLink = (id) => `${body.up}indicator/${id}.html`;

  // --- building the page: el("td", {class: "n"}, "text", node)
  const el = (name, attributes = {}, ...children) => {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else if (value === true) node.setAttribute(key, "");
      else if (value != null && value !== false) node.setAttribute(key, value);
    }
    node.append(...children.filter((child) => child != null));
    return node;
  };

  // --- tables: columns [{head, cell(row) -> text or node, value(row) to sort by, n: numeric, row: is the row's head}]
  const table = (columns, rows, { caption, first = Infinity, sort = null, down = false, stacked = false } = {}) => {
    let [key, reverse, shown] = [sort, down, first];
    const head = el("tr"), lines = el("tbody");
    const more = el("button", { type: "button", class: "more-rows", onclick: () => { shown = Infinity; draw(); } });
    columns.forEach((column, i) => {
      const button = column.value
        ? el("button", { type: "button", onclick: () => { reverse = key === i ? !reverse : !!column.n; key = i; draw(); } }, column.head)
        : column.head;
      head.append(el("th", { scope: "col", class: column.n ? "n" : null, "data-head": column.value ? column.head : null }, button));
    });
    const draw = () => {
      const by = key == null ? null : columns[key].value;
      const compare = (a, b) => a == null ? (b == null ? 0 : 1) : b == null ? -1
        : (typeof a === "string" ? a.localeCompare(b, language) : a - b) * (reverse ? -1 : 1);
      const sorted = by ? [...rows].sort((a, b) => compare(by(a), by(b))) : rows;
      lines.replaceChildren(...sorted.slice(0, shown).map((row) => el("tr", {}, ...columns.map((column) =>
        el(column.row ? "th" : "td", { scope: column.row ? "row" : null, class: column.n ? "n" : column.class ?? null, "data-head": stacked && !column.row ? column.head : null }, column.cell(row))))));
      [...head.children].forEach((cell, i) => cell.setAttribute("aria-sort", i !== key ? "none" : reverse ? "descending" : "ascending"));
      more.hidden = rows.length <= shown;
      more.textContent = t("js.show_all", { n: rows.length });
    };
    draw();
    window.addEventListener("beforeprint", () => { shown = Infinity; draw(); });
    const label = caption ?? "";
    return el("div", {}, el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label },
      el("table", { class: stacked ? "grid stacked" : "grid" }, el("caption", { class: "quiet" }, label), el("thead", {}, head), lines)), more);
  };

  // --- files for the reader
  const download = (name, rows) => {
    const quote = (v) => v == null ? "" : /[",\n]/.test(v) ? `"${String(v).replaceAll('"', '""')}"` : v;
    const blob = new Blob([rows.map((row) => row.map(quote).join(",")).join("\r\n") + "\r\n"], { type: "text/csv" });
    const link = el("a", { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  // --- search: what there is to find, with all its names; the matching is in search.js
  const plain = Search.plain;
  let index = null;
  const build = async () => {
    if (index) return index;
    const [areas, indicators, more] = await Promise.all([load("areas", "data/areas.js"), load("indicators", "data/indicators.js"), load("search", "data/search.js")]);
    const own = (names) => [names[order], ...names];
    index = Search.prepare([
      ...Object.entries(areas).map(([code, d]) => ({ kind: t(d.k === "c" ? "js.country" : "js.group"), href: areaLink(code), keys: [...own(d.n), ...more.a[code] ?? []], weight: d.k === "c" ? 0 : 0.02 })),
      ...Object.entries(indicators).map(([id, d]) => ({ kind: t("js.indicator"), href: indicatorLink(id), keys: [...own(d.n), id.replaceAll("_", " "), ...more.i[id].slice(1)], weight: (d.c ? 0.02 : 0.03) + more.i[id][0] / 1e4 })),
      ...more.o.map(([code, names]) => ({ kind: t("js.objective"), href: `${body.up}objective/${code}.html`, keys: [`${code} ${names[order]}`, ...names], weight: 0.1 })),
      ...more.p.map(([name, names, words]) => ({ kind: t("js.page"), href: `${body.up}${name}.html`, keys: [...own(names), ...words], weight: 0.1 })),
    ].map((entry) => ({ ...entry, name: entry.keys[0] })));
    return index;
  };
  const search = async (text) => Search.find(await build(), text, (a, b) => a.name.localeCompare(b.name, language));

  const start = () => {
    const input = document.getElementById("q"), hits = el("ul", { id: "hits", class: "hits", role: "listbox", "aria-label": t("js.hits"), hidden: true });
    for (const [name, value] of Object.entries({ autocomplete: "off", role: "combobox", "aria-expanded": "false", "aria-controls": "hits", "aria-autocomplete": "list" })) input.setAttribute(name, value);
    input.after(hits);
    let at = -1;
    const close = () => { hits.hidden = true; at = -1; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };
    const mark = () => [...hits.children].forEach((li, i) => {
      li.setAttribute("aria-selected", i === at);
      if (i === at) { input.setAttribute("aria-activedescendant", li.id); li.scrollIntoView({ block: "nearest" }); }
    });
    const show = async () => {
      const asked = input.value;
      const found = (await search(asked)).slice(0, 10);
      if (input.value !== asked) return;
      if (!asked.trim()) return close();
      hits.replaceChildren(...(found.length ? found : [null]).map((entry, i) => entry
        ? el("li", { role: "option", id: `hit-${i}`, "aria-selected": "false", "data-href": entry.href, onmousedown: () => { location.href = entry.href; } }, entry.name, el("small", {}, entry.kind))
        : el("li", { role: "option", "aria-disabled": "true", "aria-selected": "false" }, t("js.nothing_found"))));
      hits.hidden = false; at = -1;
      input.setAttribute("aria-expanded", "true");
    };
    input.addEventListener("input", show);
    input.addEventListener("blur", () => setTimeout(() => { if (document.activeElement !== input) close(); }, 150));
    input.addEventListener("keydown", (event) => {
      const n = hits.hidden ? 0 : hits.children.length;
      if (event.key === "Escape") close();
      else if (n && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
        at = (at + (event.key === "ArrowDown" ? 1 : n - 1 + (at < 0))) % n; mark(); event.preventDefault();
      } else if (event.key === "Enter" && at >= 0 && hits.children[at].dataset.href) {
        location.href = hits.children[at].dataset.href; event.preventDefault();
      }
    });
    // The other languages' pages open where this one stands.
    const carry = () => document.querySelectorAll(".tongues a").forEach((a) => { a.href = a.getAttribute("href").split(/[?#]/)[0] + location.search + location.hash; });
    carry();
    window.addEventListener("hashchange", carry);
    window.addEventListener("statechange", carry);
    document.querySelectorAll("a.why").forEach((a) => { a.title = t("js.why.link"); });
    // Without scripts a bar says all its parts at once; with them, each its own.
    document.querySelectorAll(".stack[title]").forEach((bar) => {
      const parts = [...bar.children], shares = parts.map((part) => Number(part.style.flexGrow));
      const all = shares.reduce((sum, n) => sum + n, 0), words = bar.title.split("; ");
      bar.setAttribute("aria-label", bar.title);
      bar.removeAttribute("title");
      parts.forEach((part, n) => { part.title = `${words[n]} (${percent(shares[n] / all)})`; });
    });
    const results = document.getElementById("results");
    if (results) {
      const asked = new URLSearchParams(location.search).get("q") ?? "";
      input.value = asked;
      if (asked) search(asked).then((found) => {
        document.getElementById("found").textContent = t("js.found", { n: found.length, text: asked });
        results.replaceChildren(...found.map((entry) => el("li", {}, el("a", { href: entry.href }, entry.name), " ", el("small", {}, entry.kind))));
      });
    }
  };
  document.addEventListener("DOMContentLoaded", start);
  return { put, zip, get, ready, load, why, source, short, t, number, figure, unit, percent, areaName, title, areaLink, indicatorLink, el, table, download, slug, search, plain, language, body };
})();
