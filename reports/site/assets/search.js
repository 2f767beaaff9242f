// Search that forgives: whole words before parts, names and codes before synonyms, and up to two typing errors.
// entries: [{keys: [text, ...] (the own language's name first), weight}]. Needs nothing of the page.
"use strict";
const Search = (() => {
  const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/[’']/g, " ").replace(/[^\p{L}\p{N}.&%+:_-]+/gu, " ").replace(/\.(?!\d)/g, "").trim();
  const split = (text) => text.split(/[\s_-]+/).filter(Boolean);

  // Edit distance with swapped neighbours; larger than most is said as most + 1.
  const distance = (a, b, most) => {
    if (Math.abs(a.length - b.length) > most) return most + 1;
    let before = [], last = Array.from({ length: b.length + 1 }, (_, j) => j);
    for (let i = 1; i <= a.length; i++) {
      const row = [i];
      for (let j = 1; j <= b.length; j++) {
        row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] !== b[j - 1]));
        if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], before[j - 2] + 1);
      }
      if (Math.min(...row) > most) return most + 1;
      [before, last] = [last, row];
    }
    return last[b.length];
  };
  const errors = (word) => word.length < 4 || /\d/.test(word) ? 0 : word.length < 7 ? 1 : 2;

  // How far a key is from what was asked: 0 the same, below 1 its beginning, 1 all words whole, 2 beginnings of words,
  // 3 parts, from 4 on with typing errors; none if it does not match.
  const rank = (asked, words, key) => {
    if (key.text === asked) return 0;
    if (key.text.startsWith(`${asked} `)) return 0.3;
    if (key.text.startsWith(asked) && asked.length > 1) return 0.6;
    if (words.every((w) => key.words.includes(w))) return 1;
    if (words.every((w) => key.words.some((k) => k.startsWith(w)))) return 2;
    if (words.every((w) => w.length > 2 && key.text.includes(w))) return 3;
    let sum = 0;
    for (const word of words) {
      const most = errors(word);
      const best = Math.min(...key.words.map((k) => k.startsWith(word) ? 0 : distance(word, k, most)));
      if (best > most) return null;
      sum += best;
    }
    return 4 + sum + 0.1 * Math.max(0, key.words.length - words.length);
  };

  const prepare = (entries) => entries.map((entry) => ({
    ...entry, ready: entry.keys.filter(Boolean).map((key) => plain(key)).map((text) => ({ text, words: split(text) })),
  }));
  const find = (entries, text, compare = () => 0) => {
    const asked = plain(text), words = split(asked);
    if (!words.length) return [];
    return entries.map((entry) => {
      const ranks = entry.ready.map((key, i) => { const r = rank(asked, words, key); return r == null ? null : r + (i ? 0.05 : 0); }).filter((r) => r != null);
      return ranks.length ? { entry, score: Math.min(...ranks) + (entry.weight ?? 0) } : null;
    }).filter(Boolean).sort((a, b) => a.score - b.score || a.entry.keys[0].length - b.entry.keys[0].length || compare(a.entry, b.entry)).map((hit) => hit.entry);
  };
  return { plain, prepare, find };
})();
