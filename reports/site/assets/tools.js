// The tools below a chart: link, embed, picture as PNG and SVG, data as CSV with its metadata (made with the release), citation.
"use strict";
const Tools = (() => {
  const { t, el, title } = CT;
  const NS = "http://www.w3.org/2000/svg";
  const about = () => ({
    ...document.getElementById("chart").dataset, cite: document.getElementById("cite").textContent.trim(),
  });
  const address = () => (document.querySelector("link[rel=canonical]")?.href ?? location.href.split("#")[0]);
  const hash = () => location.hash.slice(1).split("&").filter((part) => part && !part.startsWith("embed=")).join("&");
  const save = (name, content, type) => {
    const link = el("a", { href: URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type })), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  // --- a picture that says what it shows, of what, and whose it is, without the page: tokens become colours.
  const lines = (text, most) => text.split(" ").reduce((all, word) => { if ((all.at(-1) + word).length > most) all.push(""); all[all.length - 1] += `${word} `; return all; }, [""]);
  const picture = (panel) => {
    const chart = panel.querySelector("svg[role=img]");
    if (!chart) return null;
    const box = chart.viewBox.baseVal, width = box?.width || Number(chart.getAttribute("width")), height = box?.height || Number(chart.getAttribute("height"));
    const copy = chart.cloneNode(true), key = [...panel.querySelectorAll(".key li")];
    copy.querySelectorAll(".here").forEach((part) => part.classList.remove("here"));
    const root = getComputedStyle(document.documentElement);
    const text = (x, y, size, words, weight = 400, colour = "--ink") => `<text x="${x}" y="${y}" font-size="${size}" font-weight="${weight}" fill="var(${colour})">${new Option(words).innerHTML}</text>`;
    const heads = lines(`${title(CT.body.indicator)}${about().unit ? ` (${about().unit})` : ""}`, width / 10.5);
    let y = 8;
    const parts = heads.map((line) => text(0, y += 24, 20, line, 700));
    let x = 0;
    y += 12;
    for (const item of key) {
      const words = item.textContent, colour = item.querySelector("i").style.background, size = 24 + 6.6 * words.length;
      if (x + size > width) { x = 0; y += 20; }
      parts.push(`<rect x="${x}" y="${y}" width="12" height="12" fill="${colour || "url(#hatch)"}"/>${text(x + 17, y + 11, 12, words)}`);
      x += size;
    }
    const top = y + (key.length ? 28 : 8);
    copy.setAttribute("x", 0); copy.setAttribute("y", top); copy.setAttribute("width", width); copy.setAttribute("height", height);
    let bottom = top + height + 6;
    const foot = lines(`${about().source} ${address().startsWith("http") ? address() : ""}`, width / 6.2).map((line) => text(0, bottom += 16, 11, line, 400, "--quiet"));
    const hatch = document.getElementById("hatch").parentNode.innerHTML;
    const svg = `<svg xmlns="${NS}" viewBox="-16 -8 ${width + 32} ${bottom + 26}" width="${width + 32}" height="${bottom + 26}" font-family="Segoe UI, Roboto, Helvetica, Arial, sans-serif"><defs>${hatch}</defs><rect x="-16" y="-8" width="100%" height="100%" fill="var(--paper)"/>${parts.join("")}${new XMLSerializer().serializeToString(copy)}${foot.join("")}</svg>`;
    return { svg: svg.replace(/var\((--[\w-]+)\)/g, (_, name) => root.getPropertyValue(name).trim()).replaceAll("currentColor", root.getPropertyValue("--ink").trim()), width: width + 32, height: bottom + 26 };
  };
  const png = ({ svg, width, height }) => new Promise((done, failed) => {
    const image = new Image(), canvas = el("canvas", { width: 2 * width, height: 2 * height });
    image.onload = () => { canvas.getContext("2d").drawImage(image, 0, 0, 2 * width, 2 * height); canvas.toBlob((blob) => blob ? done(blob) : failed(new Error("png")), "image/png"); };
    image.onerror = failed;
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  });

  const bar = (given) => {
    const { id, panel } = given;
    const note = el("p", { class: "fine", role: "status" }), box = el("div", { class: "handed", hidden: true });
    const hand = (label, text) => {
      const area = el("textarea", { readonly: true, rows: 3, "aria-label": label });
      area.value = text;
      box.replaceChildren(el("p", { class: "fine" }, label), area, el("button", { type: "button", onclick: async () => { area.select(); try { await navigator.clipboard.writeText(text); note.textContent = t("js.tool.copied"); } catch { note.textContent = t("js.tool.select"); } } }, t("js.tool.copy")));
      box.hidden = false; note.textContent = "";
      area.focus(); area.select();
    };
    const drawn = async (kind) => {
      const found = picture(panel);
      if (!found) { note.textContent = t("js.tool.no_picture"); return; }
      save(`${id}.${kind}`, kind === "svg" ? found.svg : await png(found), "image/svg+xml");
    };
    const local = location.protocol === "file:" ? ` ${t("js.tool.local")}` : "";
    const tool = (name, act) => el("button", { type: "button", class: "plain", "data-tool": name, onclick: act }, t(`js.tool.${name}`));
    return el("div", { class: "tools" }, el("div", { class: "tool-row", role: "group", "aria-label": t("js.tool.all") },
      tool("link", () => hand(t("js.tool.link_text") + local, address() + (hash() ? `#${hash()}` : ""))),
      tool("embed", () => hand(t("js.tool.embed_text") + local, `<iframe src="${address()}#${[hash(), "embed=1"].filter(Boolean).join("&")}" title="${title(id).replaceAll('"', "&quot;")}" width="100%" height="640" loading="lazy" style="border:0"></iframe>`)),
      tool("png", () => drawn("png")), tool("svg", () => drawn("svg")),
      el("a", { class: "plain", "data-tool": "csv", href: `${CT.body.home}../chart-data/${id}.zip`, download: true }, t("js.tool.csv")),
      tool("cite", () => hand(t("js.tool.cite_text"), about().cite)),
    ), box, note);
  };
  return { bar };
})();
