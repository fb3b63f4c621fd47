"use strict";
// The pickers of the page. Texts go in as text nodes only, so that no scenario can bring markup with it.
const DATA = JSON.parse(document.getElementById("data").textContent);
const STAGES = { mine: "Mined", refine: "Refined", fabricate: "Made", supply: "Last supplier" };
const PLACES = { mine: "at the mine", refine: "at the refinery", fabricate: "at the factory", supply: "by last supplier" };
const METRICS = [
  ["cost_busd", "Cost of all supply, all markets", "bn USD", 1, 2, 1],
  ["us_bill_busd", "US bill: delivered price times tonnes", "bn USD", 1, 2, 1],
  ["public_busd", "Public money", "bn USD", 2, 2, 1],
  ["top_share", "Largest foreign supplier, average mineral", "%", 1, 1, 100],
  ["feoc_share", "Countries of concern, average mineral", "%", 1, 1, 100],
  ["central_asia_share", "Central Asia, average mineral", "%", 1, 1, 100],
  ["short", "Minerals short by over 1 % of use in some year", "", 0, 0, 1],
  ["vehicles_lost", "Electric vehicles lost", "", 0, 0, 1],
  ["gw_lost", "Energy equipment lost", "GW", 1, 1, 1],
];
const state = { scenario: DATA.shown, reference: DATA.reference, mineral: DATA.mineral, stage: "refine" };

const at = (id) => document.getElementById(id);
const scenario = () => DATA.scenarios[state.scenario];
const reference = () => DATA.scenarios[state.reference];
const last = (story) => story.years[story.years.length - 1];
const country = (id) => DATA.countries[id] || [id, "", ""];

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
  const text = Math.abs(value).toFixed(decimals);
  const spaced = text.replace(/\B(?=(\d{3})+(?!\d))/, "\u202f").replace(/^\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, "\u202f"));
  return value < 0 && /[1-9]/.test(text) ? "\u2212" + spaced : spaced;
}

function signed(value, decimals) {
  const text = number(value, decimals);
  return value > 0 && /[1-9]/.test(text) ? "+" + text : text;
}

function significant(value) {
  if (!value) return number(value, 0);
  return number(value, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))));
}

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
  return element("div", { class: "box", role: "region", tabindex: "0", "aria-label": caption }, table);
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

// ---- two scenarios compared

function difference(key) {
  return scenario().figures[key] - reference().figures[key];
}

function showMetrics() {
  const rows = METRICS.filter(([key]) => key in scenario().figures && key in reference().figures)
    .map(([key, label, unit, decimals, fine, scale]) => {
      const [old, now, change] = [reference().figures[key], scenario().figures[key], difference(key)].map((v) => v * scale);
      const relative = scale === 1 && unit && old > 0 ? signed((100 * change) / old, 2) + "\u202f%" : "–";
      const name = unit ? `${label}, ${unit}` : label;
      const shown = signed(change, fine) + (unit === "%" ? "\u202fpts" : "");
      return element("tr", {}, named(name), figure(number(old, decimals), old), figure(number(now, decimals), now),
        figure(shown, change), figure(relative, old ? change / old : NaN));
    });
  const heads = [[["Figure", false], [reference().title, true], [scenario().title, true], ["Difference", true], ["in percent", true]]];
  at("metrics").replaceChildren(sheet(
    `${scenario().title} beside ${reference().title}: money as present value, shares in ${last(scenario())}`, heads, rows));
}

function showVerdict() {
  const known = "feoc_share" in scenario().figures && "feoc_share" in reference().figures;
  const same = state.scenario === state.reference;
  at("story").textContent = scenario().story;
  if (same || !known) {
    at("verdict").textContent = same ? "Choose two different scenarios to see what differs." : "";
    return;
  }
  const cost = difference("cost_busd");
  const money = Math.abs(cost) < 0.1 ? `${significant(Math.abs(cost) * 1e3)} million` : `${number(Math.abs(cost), 1)} billion`;
  const share = (key) => `from ${number(100 * reference().figures[key], 1)} to ${number(100 * scenario().figures[key], 1)}\u202f%`;
  at("verdict").textContent = `“${scenario().title}” beside “${reference().title}”: the cost of all supply ` +
    `${cost < 0 ? "falls" : "rises"} by USD\u202f${money}, the countries of concern go ${share("feoc_share")} of the average ` +
    `mineral, Central Asia ${share("central_asia_share")}; ${number(scenario().figures.short, 0)} minerals are short, against ` +
    `${number(reference().figures.short, 0)}.`;
}

function showItems() {
  const [old, now] = [reference().costs, scenario().costs];
  const items = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  const lines = items.map((item) => [DATA.items[item] || item, old[item] || 0, now[item] || 0]);
  const most = Math.max(...lines.map(([, a, b]) => Math.abs(b - a)), 0);
  const shown = lines.filter(([, a, b]) => Math.max(a, b) >= 0.005 || Math.abs(b - a) >= 0.005);
  shown.sort((x, y) => Math.abs(y[2] - y[1]) - Math.abs(x[2] - x[1]));
  const rows = shown.map(([label, a, b]) => element("tr", {}, named(label), figure(number(a, 1), a), figure(number(b, 1), b),
    figure(signed(b - a, 2), b - a), twoSided(b - a, most)));
  const total = (costs) => Object.values(costs).reduce((sum, value) => sum + value, 0);
  const [a, b] = [total(old), total(now)];
  rows.push(element("tr", { class: "total" }, named("All"), figure(number(a, 1), a), figure(number(b, 1), b),
    figure(signed(b - a, 2), b - a), element("td", {})));
  const heads = [[["Kind of cost", false], [reference().title, true], [scenario().title, true], ["Difference", true], ["", false]]];
  at("items").replaceChildren(sheet("Cost of all supply by kind, present value, billion USD; the largest difference first", heads, rows));
}

function showGainers() {
  const [old, now] = [reference().values[state.stage] || {}, scenario().values[state.stage] || {}];
  const every = [...new Set([...Object.keys(old), ...Object.keys(now)])].map((id) => [id, old[id] || 0, now[id] || 0]);
  every.sort((x, y) => Math.abs(y[2] - y[1]) - Math.abs(x[2] - x[1]));
  const lines = every.filter(([, a, b]) => Math.abs(b - a) >= 0.5).slice(0, 12).sort((x, y) => (y[2] - y[1]) - (x[2] - x[1]));
  const most = Math.max(...lines.map(([, a, b]) => Math.abs(b - a)), 0);
  const rows = lines.map(([id, a, b]) => element("tr", {}, countryName(id), figure(number(a, 0), a), figure(number(b, 0), b),
    figure(signed(b - a, 0), b - a), twoSided(b - a, most)));
  const heads = [[["Country", false], [reference().title, true], [scenario().title, true], ["Difference", true], ["", false]]];
  const caption = `US supply ${PLACES[state.stage]} in ${last(scenario())} at normal prices, million USD a year: the largest changes`;
  at("gainers").replaceChildren(rows.length ? sheet(caption, heads, rows) : element("p", {}, "No country’s part changes by half a million USD a year."));
}

function countryName(id) {
  const [name, , group] = country(id);
  const tag = group === "concern" ? "of concern" : group === "asia" ? "Central Asia" : "";
  return element("th", { scope: "row" }, name, tag ? element("span", { class: "tag " + group }, tag) : null);
}

function byMineral(story, id) {
  const mineral = story.minerals[id] || {};
  const stage = (mineral.d || {})[state.stage];
  const end = stage ? stage[stage.length - 1] : [];
  return { top: end[0], topShare: end[1], concern: end[2], asia: end[3], price: (mineral.p || []).slice(-1)[0],
    most: Math.max(0, ...(mineral.u || [])) };
}

function changeCells(a, b, decimals) {
  return [figure(percent(a, decimals), a), figure(percent(b, decimals), b), figure(points(b - a), b - a)];
}

function showByMineral() {
  const pairs = Object.entries(DATA.minerals).map(([id, [name]]) => {
    const [a, b] = [byMineral(reference(), id), byMineral(scenario(), id)];
    if (a.top === undefined && b.top === undefined) return null;
    const link = element("a", { href: "#mineral" }, name);
    link.addEventListener("click", () => choose("mineral", id));
    const supplier = (one) => (one.top ? `${country(one.top)[0]} ${percent(one.topShare, 0)}` : "–");
    const row = element("tr", {}, named(link), ...changeCells(a.concern, b.concern, 1), ...changeCells(a.asia, b.asia, 1),
      ...changeCells(a.price, b.price, 0), figure(percent(a.most), a.most), figure(percent(b.most), b.most), text(supplier(a)),
      text(supplier(b)));
    for (const i of [1, 4, 7, 10, 12]) row.cells[i].classList.add("start");
    return [Math.max(...["concern", "asia", "price"].map((key) => Math.abs(b[key] - a[key]) || 0)), row];
  }).filter((pair) => pair);
  const missing = Object.keys(DATA.minerals).length - pairs.length;
  const rows = pairs.sort((x, y) => y[0] - x[0]).map((pair) => pair[1]);
  const three = [["ref.", true], ["scen.", true], ["change", true]];
  const heads = [
    [["", false], ["Countries of concern", false, 3], ["Central Asia", false, 3], ["US price, % of normal", false, 3],
      ["Given up, worst year", false, 2], ["Largest foreign supplier", false, 2]],
    [["Mineral", false], ...three, ...three, ...three, ["ref.", true], ["scen.", true], ["ref.", false], ["scen.", false]],
  ];
  const caption = `Share of US supply ${PLACES[state.stage]} in ${last(scenario())}: ref. is ${reference().title}, scen. is ` +
    `${scenario().title}; changes in percentage points, the largest first`;
  const note = missing ? element("p", { class: "note" }, `${missing} minerals have no such stage.`) : "";
  at("by-mineral").replaceChildren(sheet(caption, heads, rows), note);
}

function fields(pairs, other) {
  const known = new Map(other || []);
  const shown = other ? pairs.filter(([name, value]) => known.get(name) !== value) : pairs;
  return element("dl", { class: "fields" }, shown.map(([name, value]) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, value))));
}

function showPolicies() {
  const [old, now] = [reference().policies, scenario().policies];
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  const differ = names.filter((name) => JSON.stringify(old[name]) !== JSON.stringify(now[name]));
  const side = (mine, theirs) => text(mine ? fields(mine, theirs) : "not in it");
  const rows = differ.map((name) => element("tr", {}, named(name.replaceAll("_", " ")), side(old[name], now[name]), side(now[name], old[name])));
  const heads = [[["Policy", false], [reference().title, false], [scenario().title, false]]];
  const same = names.filter((name) => name !== "Horizon and discount rate" && !differ.includes(name)).length;
  const shared = same ? element("p", { class: "note" }, `${same} more ${same === 1 ? "policy is" : "policies are"} the same in both.`) : null;
  const caption = "Policies and settings that differ, and how";
  at("policies").replaceChildren(...[rows.length ? sheet(caption, heads, rows, "policies") : element("p", {}, "No policy differs."), shared]
    .filter((part) => part));
}

// ---- one mineral

function shareTable(stage) {
  const [a, b] = [reference(), scenario()].map((story) => ((story.minerals[state.mineral] || {}).s || {})[stage]);
  if (!a && !b) return null;
  const same = state.scenario === state.reference;
  const every = [...new Set([...Object.keys((b || a).c), ...Object.keys((a || b).c)])];
  const part = (side, id, i) => (side ? (side.c[id] || [0, 0])[i] : undefined);
  const lines = every.map((id) => [id, part(b, id, 0), part(b, id, 1), part(a, id, 1)]);
  lines.sort((x, y) => (y[2] || 0) - (x[2] || 0));
  const shown = lines.filter((line) => Math.max(...line.slice(1).map((v) => v || 0)) >= 5).slice(0, 12);
  const rows = shown.map(([id, first, end, old]) => element("tr", {}, countryName(id), figure(percent(first), first),
    figure(percent(end), end), bar(end || 0, 1000, country(id)[2]), same ? null : figure(percent(old), old),
    same ? null : figure(points(end - old), end - old)));
  const heads = [["Country", false], [`${scenario().years[0]}`, true], [`${last(scenario())}`, true], ["", false],
    ...(same ? [] : [[`${last(reference())}, ${reference().title}`, true], ["Change, points", true]])];
  const tonnes = (b || a).t;
  const caption = `${STAGES[stage]}: who supplies the ${significant(tonnes[1])} t of ${last(scenario())}, ${scenario().title}`;
  return sheet(caption, [heads], rows);
}

// The stages of a mineral; the last supplier only where it is not simply the last plant.
function ownStages() {
  const supply = (scenario().minerals[state.mineral] || {}).s || {};
  const stages = Object.keys(STAGES).filter((stage) => supply[stage]);
  const plant = stages.filter((stage) => stage !== "supply").pop();
  const same = plant && JSON.stringify(supply[plant].c) === JSON.stringify((supply.supply || {}).c);
  return same ? stages.filter((stage) => stage !== "supply") : stages;
}

function factRows() {
  const [a, b] = [reference(), scenario()].map((story) => story.minerals[state.mineral] || {});
  const rows = [];
  const add = (label, show, first, end, old, scale) => {
    if ([first, end, old].every((v) => v === undefined)) return;
    const cell = (v) => figure(show(v), v === undefined ? NaN : v / (scale || 1));
    rows.push(element("tr", {}, named(label), cell(first), cell(end), cell(old)));
  };
  for (const stage of ownStages()) {
    const where = PLACES[stage];
    const [da, db] = [(a.d || {})[stage], (b.d || {})[stage]];
    const owner = [(a.o || {})[stage], (b.o || {})[stage]];
    const get = (list, i, column) => (list && list[i] ? list[i][column] : undefined);
    const top = (list, i) => (list && list[i] && list[i][0] ? `${country(list[i][0])[0]} ${percent(list[i][1], 0)}` : "–");
    rows.push(element("tr", {}, named(`Largest foreign supplier ${where}`), figure(top(db, 0), get(db, 0, 1)),
      figure(top(db, 1), get(db, 1, 1)), figure(top(da, 1), get(da, 1, 1))));
    add(`Countries of concern ${where}`, percent, get(db, 0, 2), get(db, 1, 2), get(da, 1, 2));
    add(`Countries of concern ${where}, by owner`, percent, get(owner[1], 0, 2), get(owner[1], 1, 2), get(owner[0], 1, 2));
    add(`Central Asia ${where}`, percent, get(db, 0, 3), get(db, 1, 3), get(da, 1, 3));
  }
  const [na, nb] = [a, b].map((mineral) => ((mineral.d || {}).supply || []).map((end) => end[4]));
  add("Net import reliance", percent, nb[0], nb[1], na[1]);
  const ends = (list) => (list ? [list[0], list[list.length - 1]] : [undefined, undefined]);
  add("US price, percent of the normal price", (v) => percent(v, 0), ...ends(b.p), ends(a.p)[1]);
  add("Use given up", percent, ...(b.u ? ends(b.u) : [0, 0]), a.u ? ends(a.u)[1] : 0);
  add("Recovered from scrap, t", significant, ...ends(b.r), ends(a.r)[1]);
  add("In US stockpiles, t", significant, ...ends(b.k), ends(a.k)[1]);
  return rows;
}

function showMineral() {
  const [name, price] = DATA.minerals[state.mineral];
  const mine = scenario().minerals[state.mineral] || {};
  const heads = [[["Figure", false], [`${scenario().years[0]}`, true], [`${last(scenario())}`, true],
    [`${last(reference())}, ${reference().title}`, true]]];
  const parts = [
    element("h3", {}, `${name}: ${scenario().title}`),
    element("p", {}, `Normal price USD\u202f${number(price, price < 100 ? 2 : 0)} per tonne contained, on which the model is calibrated.`),
    element("div", { class: "side" }, ...ownStages().map(shareTable).filter((part) => part)),
    sheet(`${name} in figures, ${scenario().title}`, heads, factRows()),
    element("div", { class: "side" }, priceChart(name), concernChart(name)),
    element("h4", {}, "What binds"),
    list(mine.w, "No policy, plant or by-product binds for it."),
    element("h4", {}, "Built in Central Asia"),
    builtTable(name, mine.b),
  ];
  at("one-mineral").replaceChildren(...parts);
  drawCharts();
}

function list(sentences, nothing) {
  if (!sentences || !sentences.length) return element("p", {}, nothing);
  return element("ul", {}, sentences.map((sentence) => element("li", {}, sentence)));
}

function builtTable(name, built) {
  if (!built) return element("p", {}, `Nothing is built there for ${name.toLowerCase()} in this scenario.`);
  const plain = (value) => Number(value.replaceAll("\u202f", "").replace("\u2212", "-"));
  const rows = built.map(([place, stage, site, years, tonnes, capex, subsidy]) => element("tr", {}, named(place),
    text(STAGES[stage] || stage), text(site), text(years), figure(tonnes, plain(tonnes)), figure(capex, plain(capex)),
    figure(subsidy, plain(subsidy))));
  const heads = [[["Country", false], ["Stage", false], ["Site", false], ["Comes on line", false], ["Capacity, t/yr", true],
    ["Capital, million USD", true], ["of it public", true]]];
  return sheet(`${name}: capacity built in Central Asia, ${scenario().title}`, heads, rows);
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

function ownAndOld(pick) {
  const lines = [[scenario().title, "new", pick(scenario().minerals[state.mineral] || {}), scenario().years]];
  if (state.scenario !== state.reference) {
    lines.unshift([reference().title, "old", pick(reference().minerals[state.mineral] || {}), reference().years]);
  }
  return lines;
}

const priceChart = (name) => chart(`US price of ${name.toLowerCase()}, percent of normal`, 10, ownAndOld((m) => m.p));

function concernChart(name) {
  const has = (scenario().minerals[state.mineral] || {}).f || {};
  const stage = has.refine ? "refine" : "mine";
  return chart(`Countries of concern ${PLACES[stage]}, percent`, 10, ownAndOld((m) => (m.f || {})[stage]));
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

// ---- what is chosen, and what follows from it

function choose(what, value) {
  state[what] = value;
  show();
}

function show() {
  charts = [];
  for (const select of document.querySelectorAll("[data-pick]")) select.value = state[select.dataset.pick];
  for (const radio of document.querySelectorAll("input[name=stage]")) radio.checked = radio.value === state.stage;
  for (const block of document.querySelectorAll("[data-of]")) block.hidden = block.dataset.of !== state.scenario;
  if (!at("compare")) return;
  for (const part of [showVerdict, showMetrics, showItems, showGainers, showByMineral, showPolicies, showMineral]) part();
}

function start() {
  document.documentElement.classList.add("js");
  document.querySelectorAll("table.sortable").forEach(sortable);
  for (const select of document.querySelectorAll("[data-pick]")) {
    select.addEventListener("change", () => choose(select.dataset.pick, select.value));
  }
  for (const radio of document.querySelectorAll("input[name=stage]")) {
    radio.addEventListener("change", () => choose("stage", radio.value));
  }
  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth !== width) drawCharts();
    width = window.innerWidth;
  });
  window.addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((part) => { part.open = true; }));
  show();
}

start();
