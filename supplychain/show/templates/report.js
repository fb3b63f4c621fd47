// The pickers of the page, the address that keeps what they say, and one mineral.
const PICKS = { compare: "scenario", with: "reference", mineral: "mineral", stage: "stage" };
const FIRST = { scenario: DATA.shown, reference: DATA.reference, mineral: DATA.mineral, stage: "refine" };
const state = { ...FIRST, place: "" };

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
    const owner = [(a.o || a.d || {})[stage], (b.o || b.d || {})[stage]];
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
    element("p", {}, waysInWords(mine.c)),
    element("div", { class: "side" }, priceChart(name), concernChart(name)),
    element("h4", {}, "What binds"),
    list((mine.w || []).map(bindingInWords), "No policy, plant or by-product binds for it."),
    element("h4", {}, "Built in Central Asia"),
    builtTable(name, mine.b),
  ];
  at("one-mineral").replaceChildren(...parts);
  drawCharts();
}

// [kind, who, stage, years, worth, dearest year, policy] as payload.py has it
function bindingInWords([kind, who, stage, years, worth, year, policy]) {
  const where = PLACES[stage] ? ` ${PLACES[stage]}` : "";
  if (kind === "limit") return `${policy}${where} binds in ${years}: a ${who} more would save up to ${worth}, in ${year}.`;
  if (kind === "policy") return `${policy}, on ${who}${where}, binds in ${years}: loosening it by a tonne would save up to ${worth}, in ${year}.`;
  const place = country(who)[0];
  if (kind === "full") return `${place} runs full${where} in ${years}: one more tonne a year would save up to ${worth}, in ${year}.`;
  return `The host metal gives no more of it${where} in ${place} in ${years}: one tonne more would be worth up to ${worth}.`;
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

// ---- what is chosen, where the address keeps it, and what follows from it

function choose(what, value) {
  state[what] = value;
  show();
  keepAddress();
}

function known(what, value) {
  if (what === "scenario" || what === "reference") return value in DATA.scenarios;
  return what === "mineral" ? value in DATA.minerals : ["mine", "refine", "supply"].includes(value);
}

// `#compare=…&with=…&mineral=…&stage=…&at=…`, or a plain `#section`; what the page does not know is passed over
function readAddress() {
  const said = decodeURIComponent(location.hash.slice(1));
  const asked = new URLSearchParams(said.includes("=") ? said : `at=${said}`);
  for (const [key, what] of Object.entries(PICKS)) if (known(what, asked.get(key))) state[what] = asked.get(key);
  if (at(asked.get("at"))) state.place = asked.get("at");
}

function keepAddress() {
  const told = Object.entries(PICKS).filter(([key, what]) => key === "compare" || key === "mineral" || state[what] !== FIRST[what]);
  const said = told.map(([key, what]) => `${key}=${state[what]}`);
  if (state.place) said.push(`at=${state.place}`);
  history.replaceState(null, "", `#${said.join("&")}`);
}

function follow() {
  readAddress();
  show();
  if (state.place) at(state.place).scrollIntoView();
  if (location.hash) keepAddress();
}

function show() {
  charts = [];
  for (const select of document.querySelectorAll("[data-pick]")) select.value = state[select.dataset.pick];
  for (const radio of document.querySelectorAll("input[name=stage]")) radio.checked = radio.value === state.stage;
  for (const block of document.querySelectorAll("[data-of]")) block.hidden = block.dataset.of !== state.scenario;
  for (const one of document.querySelectorAll("figure[data-mineral]")) one.hidden = one.dataset.mineral !== state.mineral;
  const parts = [showVerdict, showMetrics, showItems, showGainers, showByMineral, showTechnologies, showPolicies, showMineral, showChain];
  if (at("compare")) parts.forEach((part) => part());
  fitFigures();
}

function start() {
  document.documentElement.classList.add("js");
  document.querySelectorAll("table.sortable").forEach(sortable);
  document.querySelectorAll("table").forEach(offerTable);
  document.querySelectorAll(".box").forEach(cue);
  document.querySelectorAll("figure").forEach(offerFigure);
  for (const select of document.querySelectorAll("[data-pick]")) {
    select.addEventListener("change", () => choose(select.dataset.pick, select.value));
  }
  for (const radio of document.querySelectorAll("input[name=stage]")) {
    radio.addEventListener("change", () => choose("stage", radio.value));
  }
  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth !== width) [drawCharts, fitFigures, showChain].forEach((draw) => draw());
    width = window.innerWidth;
  });
  window.addEventListener("hashchange", follow);
  follow();
}

start();
