"use strict";
// What the page is made of: elements, figures as text, sortable tables, line charts. Texts go in as text nodes only, so that
// no scenario can bring markup with it.

const DATA = JSON.parse(document.getElementById("data").textContent);
const STAGES = { mine: "Mined", refine: "Refined", fabricate: "Made", supply: "Last supplier" };
const PLACES = { mine: "at the mine", refine: "at the refinery", fabricate: "at the factory", supply: "by last supplier" };

const at = (id) => document.getElementById(id);
const scenario = () => DATA.scenarios[state.scenario];
const reference = () => DATA.scenarios[state.reference];
const last = (story) => story.years[story.years.length - 1];
const country = (id) => DATA.countries[id] || [id, ""];

function element(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

// ---- figures as text: narrow spaces between thousands, a real minus, an en dash for nothing

function number(value, decimals) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const [whole, part] = Math.abs(value).toFixed(decimals).split(".");
  const spaced = whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") + (part ? "." + part : "");
  return value < 0 && /[1-9]/.test(spaced) ? "\u2212" + spaced : spaced;
}

function signed(value, decimals) {
  const text = number(value, decimals);
  return value > 0 && /[1-9]/.test(text) ? "+" + text : text;
}

function significant(value, digits = 3) {
  if (!value) return number(value, 0);
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(value))));
  return number(Number(value.toPrecision(4)), Math.min(3, decimals));
}

// A count in words up to twelve, as Python has it.
const SMALL = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
const cardinal = (count) => SMALL[count] ?? String(count);
const counted = (count, one, several) => `${cardinal(count)} ${count < 2 ? one : several}`;
const sentence = (words) => words.charAt(0).toUpperCase() + words.slice(1);

const percent = (mille, decimals = 1) => (mille === undefined ? "–" : number(mille / 10, decimals) + "\u202f%");
const points = (mille) => (Number.isFinite(mille) ? signed(mille / 10, 1) : "–");

// ---- tables

const text = (content) => element("td", {}, content);
const named = (content) => element("th", { scope: "row" }, content);

function figure(content, value) {
  return element("td", { class: "n", "data-v": Number.isFinite(value) ? value : "" }, content);
}

function bar(value, most, kind) {
  const width = Math.max(0, Math.min(100, (100 * value) / (most || 1)));
  const strip = element("span", { class: "bar " + (kind || ""), style: `width:${width.toFixed(1)}%` });
  return element("td", { class: "spark", "aria-hidden": "true" }, strip);
}

function twoSided(value, most) {
  const width = Math.min(100, (100 * Math.abs(value)) / (most || 1)).toFixed(1);
  const strip = element("span", { class: "bar " + (value < 0 ? "less" : "more"), style: `width:${width}%` });
  return element("td", { class: "spark", "aria-hidden": "true" }, element("span", { class: "two-sided" }, strip));
}

// heads: rows of [label, is a number, columns spanned]; an empty label heads a bar, which nobody sorts by
function sheet(caption, heads, rows, kind) {
  const head = heads.map((cells, depth) => element("tr", {}, cells.map(([label, isNumber, span]) => {
    if (label === "") return element("td", {});
    const scope = span > 1 ? "colgroup" : "col";
    return element("th", { scope, class: isNumber ? "n" : null, colspan: span > 1 ? span : null,
      "data-fixed": depth < heads.length - 1 ? "" : null }, label);
  })));
  const table = element("table", { class: "sortable " + (kind || "") }, element("caption", {}, element("span", {}, caption)),
    element("thead", {}, head), element("tbody", {}, rows));
  sortable(table);
  offerTable(table);
  const box = element("div", { class: "box", role: "region", tabindex: "0", "aria-label": caption }, table);
  cue(box);
  return box;
}

function sortable(table) {
  const row = table.tHead.rows[table.tHead.rows.length - 1];
  for (const cell of row.querySelectorAll("th:not([data-fixed])")) {
    const button = element("button", { type: "button" }, ...cell.childNodes);
    button.addEventListener("click", () => sortBy(table, cell));
    cell.replaceChildren(button);
    cell.setAttribute("aria-sort", "none");
  }
}

function sortBy(table, head) {
  const isNumber = head.classList.contains("n");
  const now = head.getAttribute("aria-sort");
  const up = now === "none" ? !isNumber : now === "descending";
  for (const other of table.tHead.querySelectorAll("th[aria-sort]")) other.setAttribute("aria-sort", "none");
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  const body = table.tBodies[0];
  const rows = [...body.rows].filter((row) => !row.classList.contains("total"));
  const ordered = rows.map((row) => [valueOf(row.cells[head.cellIndex], isNumber), row]);
  ordered.sort((a, b) => compareValues(a[0], b[0], up));
  body.prepend(...ordered.map((pair) => pair[1]));
}

function valueOf(cell, isNumber) {
  const value = cell.dataset.v;
  if (!isNumber) return cell.textContent.trim();
  return value === undefined || value === "" ? null : Number(value);
}

function compareValues(a, b, up) {
  if (a === null || b === null) return (a === null) - (b === null);
  const order = typeof a === "string" ? a.localeCompare(b, "en") : a - b;
  return up ? order : -order;
}

// Says of a box whether there is more of its table to the right.
function cue(box) {
  const tell = () => box.classList.toggle("more", box.scrollLeft + box.clientWidth < box.scrollWidth - 1);
  new ResizeObserver(tell).observe(box);
  box.addEventListener("scroll", tell, { passive: true });
}

// ---- data: each table and figure as a file

function offer(place, title, lines) {
  const button = element("button", { type: "button", class: "data", "aria-label": `Data as CSV: ${title}` }, "Data (CSV)");
  button.addEventListener("click", () => download(title, lines()));
  place.append(button);
}

function download(title, lines) {
  const quoted = (cell) => (/[",\n]/.test(cell) ? `"${String(cell).replaceAll('"', '""')}"` : cell);
  const content = lines.map((line) => line.map((cell) => quoted(cell ?? "")).join(",")).join("\n") + "\n";
  const address = URL.createObjectURL(new Blob([content], { type: "text/csv" }));
  element("a", { href: address, download: `${fileName(title)}.csv` }).click();
  URL.revokeObjectURL(address);
}

// Of a title the words that have room in sixty letters.
function fileName(title) {
  const whole = title.toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "");
  const cut = whole.slice(0, 61).lastIndexOf("_");
  return whole.length > 60 && cut > 0 ? whole.slice(0, cut) : whole.slice(0, 60);
}

function offerTable(table) {
  if (table.caption) offer(table.caption.firstElementChild, table.caption.textContent, () => linesOf(table));
}

// What a table shows, as numbers without thin spaces and signs of percent, which its heads then have; bars are left out.
function linesOf(table) {
  const rows = [...table.tBodies[0].rows].filter((row) => !row.classList.contains("kind"));
  const shown = (row) => [...row.cells].filter((cell) => !cell.classList.contains("spark"));
  const body = rows.map((row) => shown(row).map((cell) => untagged(cell)));
  const isPercent = (i) => body.some((line) => line[i] !== "–") && body.every((line) => /^(–|[\d.\u202f]+%)$/.test(line[i]));
  const bars = rows.length ? [...rows[0].cells].flatMap((cell, i) => (cell.classList.contains("spark") ? [i] : [])) : [];
  const heads = headsOf(table).filter((_, i) => !bars.includes(i)).map((head, i) => (isPercent(i) ? `${head}, %` : head));
  return [heads, ...body.map((line) => line.map(plain))];
}

// What a cell says, without the badge behind a country's name.
function untagged(cell) {
  if (!cell.querySelector(".tag")) return cell.innerText.trim();
  const parts = [...cell.childNodes].filter((part) => !(part.classList && part.classList.contains("tag")));
  return parts.map((part) => part.textContent).join("").trim();
}

// Each column's heads, those that span it first.
function headsOf(table) {
  const names = [];
  for (const row of table.tHead.rows) {
    const spread = [...row.cells].flatMap((cell) => Array(cell.colSpan).fill(cell.textContent.trim()));
    spread.forEach((name, i) => { names[i] = [names[i], name].filter((part) => part).join(", "); });
  }
  return names;
}

function plain(shown) {
  if (shown === "–") return "";
  const number = shown.replaceAll("\u202f", "").replace("\u2212", "-").replace(/%$|pts$/, "");
  if (/^[+-]?\d+m$/.test(number)) return String(parseInt(number, 10) / 1e3);
  return /^[+-]?\d+(\.\d+)?$/.test(number) ? number.replace("+", "") : shown.replaceAll("\n", "; ");
}

// ---- line charts, drawn for the width they get so that their text keeps its size

let charts = [];

function chart(caption, unit, lines) {
  const place = element("div", {});
  const shown = lines.filter(([, , values]) => values && values.length);
  const keys = element("p", { class: "keys" }, shown.map(([title, kind]) => element("span", {}, element("i", { class: kind }), title)));
  charts.push([place, caption, unit, shown]);
  return element("div", { class: "chart" }, element("h4", {}, caption), keys, place);
}

function svg(tag, attributes, content) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (content !== undefined) node.textContent = content;
  return node;
}

function ticksTo(most) {
  const rough = most / 3;
  const power = 10 ** Math.floor(Math.log10(rough || 1));
  const step = [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n >= rough) || power;
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, i) => i * step);
}

function drawCharts() {
  for (const [place, caption, unit, lines] of charts) place.replaceChildren(drawn(place.clientWidth || 320, caption, unit, lines));
}

function drawn(width, caption, unit, lines) {
  const [height, left, right, bottom, top] = [200, 44, 20, 24, 10];
  const years = [...new Set(lines.flatMap(([, , , y]) => y))].sort();
  const ticks = ticksTo(Math.max(...lines.flatMap(([, , v]) => v), 1) / unit);
  const x = (year) => left + ((year - years[0]) / (years[years.length - 1] - years[0] || 1)) * (width - left - right);
  const y = (value) => height - bottom - (value / ticks[ticks.length - 1]) * (height - bottom - top);
  const said = lines.map(([title, , values]) =>
    `${title}: ${number(values[0] / unit, 0)} at first, ${number(Math.max(...values) / unit, 0)} at most, ${number(values[values.length - 1] / unit, 0)} at last`);
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": `${caption}. ${said.join("; ")}.` });
  for (const tick of ticks) {
    root.append(svg("line", { x1: left, x2: width - right, y1: y(tick), y2: y(tick), stroke: tick ? "#dde1e6" : "#1b2026" }));
    root.append(svg("text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, number(tick, tick % 1 ? 1 : 0)));
  }
  const every = Math.ceil(years.length / Math.max(2, Math.floor((width - left) / 70)));
  years.filter((_, i) => i % every === 0).forEach((year) =>
    root.append(svg("text", { x: x(year), y: height - 5, "text-anchor": "middle" }, year)));
  for (const [, kind, values, when] of lines) {
    const path = values.map((value, i) => `${i ? "L" : "M"}${x(when[i]).toFixed(1)} ${y(value / unit).toFixed(1)}`).join("");
    root.append(svg("path", { d: path, fill: "none", stroke: kind === "old" ? "#6b7482" : "#1f4e79",
      "stroke-width": kind === "old" ? 2 : 3, "stroke-dasharray": kind === "old" ? "5 4" : "none" }));
  }
  return root;
}
