// The pickers of the page: two scenarios compared, and one mineral.
const DATA = JSON.parse(document.getElementById("data").textContent);
const STAGES = { mine: "Mined", refine: "Refined", fabricate: "Made", supply: "Last supplier" };
const PLACES = { mine: "at the mine", refine: "at the refinery", fabricate: "at the factory", supply: "by last supplier" };
const METRICS = [
  ["cost_busd", "Resource cost of all supply, all markets", "bn USD", 1, 2, 1],
  ["rents_busd", "Rents, more than in the first scenario", "bn USD", 1, 2, 1],
  ["public_busd", "Public money", "bn USD", 2, 2, 1],
  ["revenue_busd", "Tariff revenue", "bn USD", 2, 2, 1],
  ["us_bill_busd", "US bill: delivered price times tonnes", "bn USD", 1, 2, 1],
  ["top_share", "Largest foreign supplier, average mineral", "%", 1, 1, 100],
  ["feoc_share", "Countries of concern, average mineral", "%", 1, 1, 100],
  ["central_asia_share", "Central Asia, average mineral", "%", 1, 1, 100],
  ["short", "Minerals short by over 5 % of use in some year", "", 0, 0, 1],
  ["vehicles_lost", "Electric vehicles lost", "", 0, 0, 1],
  ["gw_lost", "Energy equipment lost", "GW", 1, 1, 1],
];
const state = { scenario: DATA.shown, reference: DATA.reference, mineral: DATA.mineral, stage: "refine" };

const at = (id) => document.getElementById(id);
const scenario = () => DATA.scenarios[state.scenario];
const reference = () => DATA.scenarios[state.reference];
const last = (story) => story.years[story.years.length - 1];
const country = (id) => DATA.countries[id] || [id, ""];

// ---- two scenarios compared

function difference(key) {
  return scenario().figures[key] - reference().figures[key];
}

function showMetrics() {
  const rows = METRICS.filter(([key]) => key in scenario().figures && key in reference().figures)
    .map(([key, label, unit, decimals, fine, scale]) => {
      const [old, now, change] = [reference().figures[key], scenario().figures[key], difference(key)].map((v) => v * scale);
      const relative = scale === 1 && unit && old > 0 ? (change > 0 ? "+" : "") + significant((100 * change) / old, 2) + "\u202f%" : "–";
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
  const money = Math.abs(cost) < 1 ? `${significant(Math.abs(cost) * 1e3)} million` : `${number(Math.abs(cost), 1)} billion`;
  const share = (key) => `from ${number(100 * reference().figures[key], 1)} to ${number(100 * scenario().figures[key], 1)}\u202f%`;
  at("verdict").textContent = `“${scenario().title}” beside “${reference().title}”: the resource cost of all supply ` +
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
  const total = (costs, kind) => Object.entries(costs).filter(([item]) => !kind || (DATA.kinds[item] || "resource") === kind)
    .reduce((sum, [, value]) => sum + value, 0);
  for (const [label, kind] of [["Resources used up", "resource"], ["Transfers", "transfer"], ["All", ""]]) {
    const [a, b] = [total(old, kind), total(now, kind)];
    rows.push(element("tr", { class: "total" }, named(label), figure(number(a, 1), a), figure(number(b, 1), b),
      figure(signed(b - a, 2), b - a), element("td", {})));
  }
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
  const [name, group] = country(id);
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
  const table = sheet(caption, heads, rows);
  table.querySelectorAll("thead tr:last-child th").forEach((head, i) => { if (i === 12) head.classList.add("start"); });
  at("by-mineral").replaceChildren(table, note);
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
  const side = (mine, theirs) => mine ? text(fields(mine, theirs)) : element("td", { class: "absent" }, "not in it");
  const rows = differ.map((name) => element("tr", {}, named(name.replaceAll("_", " ")), side(old[name], now[name]), side(now[name], old[name])));
  const heads = [[["Policy", false], [reference().title, false], [scenario().title, false]]];
  const same = names.filter((name) => name !== "Horizon and discount rate" && !differ.includes(name)).length;
  const shared = same ? element("p", { class: "note" }, `${same} more ${same === 1 ? "policy is" : "policies are"} the same in both.`) : null;
  const caption = "Policies and settings that differ, and how";
  at("policies").replaceChildren(...[rows.length ? sheet(caption, heads, rows, "policies") : element("p", {}, "No policy differs."), shared]
    .filter((part) => part));
}

function showTechnologies() {
  const [old, now] = [reference().technologies, scenario().technologies];
  const moved = Object.keys(now).filter((name) => name in old && Math.abs(now[name] - old[name]) >= 0.1);
  moved.sort((x, y) => Math.abs(now[y] - old[y]) - Math.abs(now[x] - old[x]));
  const rows = moved.map((name) => element("tr", {}, named(name), figure(number(old[name], 1), old[name]),
    figure(number(now[name], 1), now[name]), figure(signed(now[name] - old[name], 1), now[name] - old[name])));
  const heads = [[["Technology", false], [reference().title, true], [scenario().title, true], ["Change, points", true]]];
  const caption = `Share of its service in ${last(scenario())}, percent, where it moves`;
  const parts = rows.length ? [element("h3", {}, "Technologies that move"), sheet(caption, heads, rows)] : [];
  at("technologies").replaceChildren(...parts);
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
    figure(percent(end), end), bar(end || 0, 1000, country(id)[1]), same ? null : figure(percent(old), old),
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
  for (const part of [showVerdict, showMetrics, showItems, showGainers, showByMineral, showTechnologies, showPolicies, showMineral]) part();
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
  show();
}

start();
