// Reading a chart point by point, alike by pointer, touch and keyboard: a frame that takes the focus, a tip, and a line
// for screen readers. The drawing itself comes from charts.js or atlas.js.
"use strict";
const Pointer = (() => {
  const { t, el, figure } = CT;
  const NS = "http://www.w3.org/2000/svg";

  // A frame round a drawing. move(step) goes on by keys; at(event) finds what the pointer is over; both say what to show:
  // {x, y, head, rows: [{colour, text, value, note}]}, in the drawing's own units, or nothing.
  const frame = (chart, { hint, move, at, leave = () => {}, open = null }) => {
    const tip = el("div", { class: "tip", "aria-hidden": "true", hidden: true }), said = el("p", { class: "quiet", role: "status" });
    const box = el("div", { class: "pointer", tabindex: 0, role: "group", "aria-label": hint }, chart, tip, said);
    const scale = () => chart.getBoundingClientRect().width / chart.viewBox.baseVal.width;
    const close = () => { tip.hidden = true; leave(); };
    const show = (found, spoken) => {
      if (!found) return close();
      tip.replaceChildren(el("b", {}, found.head), ...found.rows.map((row) => {
        const swatch = row.colour ? el("i") : null;
        if (swatch) swatch.style.background = row.colour;
        return el("span", {}, swatch, row.text ? `${row.text} ` : "", el("b", {}, row.value), row.note ? el("small", {}, ` ${row.note}`) : null);
      }));
      tip.hidden = false;
      const [k, wide, high] = [scale(), box.clientWidth, box.clientHeight];
      const x = found.x * k, y = found.y * k;
      tip.style.left = `${Math.max(0, Math.min(wide - tip.offsetWidth, x + 14 + tip.offsetWidth > wide ? x - tip.offsetWidth - 14 : x + 14))}px`;
      tip.style.top = `${Math.max(0, Math.min(high - tip.offsetHeight, y - tip.offsetHeight / 2))}px`;
      if (spoken) said.textContent = `${found.head}: ${found.rows.map((row) => [row.text, row.value, row.note].filter(Boolean).join(" ")).join("; ")}`;
    };
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, PageDown: 5, PageUp: -5, Home: -Infinity, End: Infinity };
    box.addEventListener("keydown", (event) => {
      if (event.key in steps) { show(move(steps[event.key]), true); event.preventDefault(); }
      else if (event.key === "Escape") close();
      else if (event.key === "Enter" && open) open();
    });
    box.addEventListener("focus", () => { if (box.matches(":focus-visible")) show(move(0), true); });
    box.addEventListener("blur", close);
    const over = (event) => {
      const here = chart.getBoundingClientRect(), k = scale();
      show(at((event.clientX - here.left) / k, (event.clientY - here.top) / k, event.target));
    };
    chart.addEventListener("pointermove", over);
    chart.addEventListener("pointerdown", over);
    chart.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") close(); });
    return box;
  };

  // Lines by year. x and y: scales of the drawing; shown: its lines with their points and fans.
  const years = (chart, { x, y, shown, colour, meta, top, bottom }) => {
    const values = shown.map((line) => ({ line, at: new Map([...line.points.map((p) => [p.year, p]), ...(line.fan ?? []).map(([year, value, a, b]) => [year, { year, value, a, b }])]) }));
    const all = [...new Set(values.flatMap((v) => [...v.at.keys()]))].sort((a, b) => a - b);
    const newest = Math.max(...shown.map((line) => line.points.at(-1).year));
    const rule = document.createElementNS(NS, "g");
    rule.setAttribute("pointer-events", "none");
    chart.append(rule);
    let now = null;
    const show = (year) => {
      now = year;
      const here = values.map((v) => ({ line: v.line, p: v.at.get(year) })).filter((v) => v.p).sort((a, b) => b.p.value - a.p.value);
      const dots = here.map((v) => `<circle cx="${x(year)}" cy="${y(v.p.value)}" r="4" fill="${colour.get(v.line.code)}" stroke="var(--paper)"/>`).join("");
      rule.innerHTML = `<line x1="${x(year)}" x2="${x(year)}" y1="${top}" y2="${bottom}" stroke="var(--edge)" stroke-width="0.8"/>${dots}`;
      const note = (p) => p.a != null ? `${CT.number(p.a)} – ${CT.number(p.b)}, ${t("js.projected")}` : p.s && p.s !== "A" ? t(`status.${p.s}`) : "";
      const rows = here.slice(0, 14).map((v) => ({ colour: colour.get(v.line.code), text: v.line.name, value: figure(v.p.value, meta.u), note: note(v.p) }));
      return { x: x(year), y: y(here[0].p.value), head: String(year), rows };
    };
    const step = (by) => {
      const from = now == null ? all.indexOf(newest) : all.indexOf(now);
      return show(all[Math.max(0, Math.min(all.length - 1, by === Infinity ? all.length - 1 : by === -Infinity ? 0 : from + by))]);
    };
    const nearest = (px) => all.reduce((best, year) => Math.abs(x(year) - px) < Math.abs(x(best) - px) ? year : best);
    return frame(chart, { hint: t("js.keys_years"), move: step, at: (px) => show(nearest(px)), leave: () => { rule.replaceChildren(); } });
  };

  // Areas one by one. order(): codes as the keys should go through them; say(code): what the tip shows; place(code): where.
  const areas = (chart, { order, say, place, open }) => {
    let now = null;
    const mark = (code) => {
      chart.querySelectorAll(".here").forEach((part) => part.classList.remove("here"));
      if (code) chart.querySelector(`[data-area="${code}"]`)?.classList.add("here");
      now = code ?? now;
      if (!code) return null;
      const [x, y] = place(code);
      return { x, y, ...say(code) };
    };
    const step = (by) => {
      const codes = order();
      if (!codes.length) return null;
      const from = now == null ? -1 : codes.indexOf(now);
      return mark(codes[Math.max(0, Math.min(codes.length - 1, by === Infinity ? codes.length - 1 : by === -Infinity ? 0 : from + (from < 0 ? 1 : by)))]);
    };
    chart.addEventListener("click", (event) => { const code = event.target.closest("[data-area]")?.dataset.area; if (code) open(code); });
    return frame(chart, {
      hint: t("js.keys_areas"), move: step, open: () => { if (now) open(now); }, leave: () => { mark(null); },
      at: (x, y, target) => { const code = target.closest?.("[data-area]")?.dataset.area; return code ? { ...mark(code), x, y } : mark(null); },
    });
  };
  return { years, areas };
})();
