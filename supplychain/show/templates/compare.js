// Two scenarios compared.
const METRICS = [
  ["cost_busd", "Resource cost of all supply, all markets", "bn USD", 1, 2, 1],
  ["rents_busd", "Rents, more than in the first scenario", "bn USD", 1, 2, 1],
  ["public_busd", "Public money", "bn USD", 2, 2, 1],
  ["revenue_busd", "Tariff revenue", "bn USD", 2, 2, 1],
  ["us_bill_busd", "US bill: delivered price times tonnes", "bn USD", 1, 2, 1],
  ["top_share", "Largest foreign supplier, average mineral", "%", 1, 1, 100],
  ["feoc_share", "Countries of concern, average mineral", "%", 1, 1, 100],
  ["central_asia_share", "Central Asia, average mineral", "%", 1, 1, 100],
  ["short", `Minerals short: ${DATA.shortage}`, "", 0, 0, 1],
  ["vehicles_lost", "Electric vehicles lost", "", 0, 0, 1],
  ["gw_lost", "Energy equipment lost", "GW", 1, 1, 1],
];

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
  at("verdict").textContent = `“${scenario().title}” beside “${reference().title}”: ${changesInMoney()}, the countries of concern ` +
    `${goes("feoc_share")} of the average mineral, Central Asia ${goes("central_asia_share")}; ${lackingInWords()}.`;
}

// The size of billion USD, in whole millions where it is less than one; nothing where it is under half a million.
function money(busd) {
  const size = Math.abs(busd);
  if (size < 0.0005) return "";
  return `USD\u202f${Math.round(1e3 * size) < 1e3 ? `${number(1e3 * size, 0)} million` : `${number(size, 1)} billion`}`;
}

function changesInMoney() {
  const [cost, paid, tariffs] = ["cost_busd", "public_busd", "revenue_busd"].map(difference);
  const more = (busd) => `${money(busd)} ${busd < 0 ? "less" : "more"}`;
  const parts = [`the resource cost of all supply ${money(cost) ? `${cost < 0 ? "falls" : "rises"} by ${money(cost)}` : "stays the same"}`];
  if (money(paid)) parts.push(`the treasury pays ${more(paid)}`);
  if (money(tariffs)) parts.push(`tariffs bring ${money(paid) ? "it" : "the treasury"} ${more(tariffs)}`);
  return `${parts.join(", ")} (present value${parts.length > 1 ? "s" : ""})`;
}

function goes(key) {
  const [old, now] = [reference(), scenario()].map((story) => `${number(100 * story.figures[key], 1)}`);
  return old === now ? `stay${key === "feoc_share" ? "" : "s"} at ${now}\u202f%` : `${key === "feoc_share" ? "go" : "goes"} from ${old} to ${now}\u202f%`;
}

function lackingInWords() {
  const [now, before] = [scenario(), reference()].map((story) => story.short);
  if (!now.length) return before.length ? `no mineral runs short, against ${cardinal(before.length)}` : "no mineral runs short in either";
  const names = now.join(", ").toLowerCase();
  return `${counted(now.length, "mineral runs", "minerals run")} short (${names}), against ${before.length ? cardinal(before.length) : "none"}`;
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
    link.addEventListener("click", () => { state.place = "mineral"; choose("mineral", id); });
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
  const note = missing ? element("p", { class: "note" }, `${sentence(counted(missing, "mineral has", "minerals have"))} no such stage.`) : "";
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
  const rows = differ.map((name) => element("tr", {}, named(name), side(old[name], now[name]), side(now[name], old[name])));
  const heads = [[["Policy", false], [reference().title, false], [scenario().title, false]]];
  const same = names.filter((name) => name !== "Horizon and discount rate" && !differ.includes(name)).length;
  const shared = same ? element("p", { class: "note" }, `${sentence(counted(same, "more policy is", "more policies are"))} the same in both.`) : null;
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

