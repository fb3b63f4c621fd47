// Figures: drawn anew from their data where the printed drawing does not fit, and the chain of the mineral that is picked.
const LINE = 13;
const HUES = { concern: "#cc3311", asia: "#009988", "": "#7f9dbb" };
const dataOf = (one) => JSON.parse((one.querySelector("script.data") || { textContent: "null" }).textContent);
const write = (x, y, anchor, size, fill) => ({ x, y, "text-anchor": anchor, "font-size": size, fill });

// A drawing has the width at which its text is 12 px; where there is less, its data are drawn for what there is.
function fitFigures() {
  for (const one of document.querySelectorAll("figure")) {
    const drawing = one.querySelector(".drawing");
    if (!drawing || !one.clientWidth) continue;
    const narrow = parseFloat(drawing.style.width) > one.clientWidth;
    one.classList.toggle("anew", narrow);
    one.querySelector(".redrawn").replaceChildren(...(narrow ? redrawn(one) : []));
  }
}

function redrawn(one) {
  const data = dataOf(one);
  const draw = { heat, dots, bars }[data.look];
  if (!draw) return [element("p", { class: "note" }, "This drawing needs a wider screen.")];
  const root = draw(one.clientWidth, data);
  root.setAttribute("role", "img");
  root.setAttribute("aria-label", one.querySelector("figcaption p").textContent);
  return [root];
}

function canvas(width, height) {
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height });
}

// Rows of tinted cells, each row under its name; the columns' names again above every tenth.
function heat(width, { unit, columns, rows }) {
  const [tall, cell] = [2.9 * LINE, width / columns.length];
  const heads = Math.ceil(rows.length / 10);
  const root = canvas(width, rows.length * tall + heads * 1.6 * LINE);
  const most = Math.max(...rows.flatMap(([, values]) => values), 1);
  let y = 0;
  rows.forEach(([label, values], i) => {
    if (i % 10 === 0) {
      y += 1.6 * LINE;
      columns.forEach((name, j) => root.append(svg("text", write((j + 0.5) * cell, y - 4, "middle", 11, "#4a5260"), short(name, cell))));
    }
    root.append(svg("text", write(0, y + LINE, "start", 12, "#1b2026"), label));
    values.forEach((value, j) => {
      if (value === null) return;
      const [hue, part] = tint(value, unit, most);
      const box = { x: j * cell, y: y + 1.3 * LINE, width: cell - 1, height: 1.35 * LINE };
      root.append(svg("rect", { ...box, fill: hue, "fill-opacity": part.toFixed(2) }));
      root.append(svg("text", write((j + 0.5) * cell, y + 2.3 * LINE, "middle", 11, part > 0.55 ? "#fff" : "#1b2026"),
        unit === "×" ? multiple(value) : number(value, 0)));
    });
    y += tall;
  });
  return root;
}

// From ten times the normal price on most uses stop, and a figure would only seem exact.
const multiple = (value) => (value < 9.95 ? number(value, 1) : "10+");

// Of prices the powers of ten from the normal one, up and down; of percentages how much of the most.
function tint(value, unit, most) {
  if (unit !== "×") return ["#1f4e79", Math.min(1, value / most)];
  return [value < 1 ? "#5e3c99" : "#b35806", Math.min(1, Math.abs(Math.log10(value || 0.1)))];
}

const short = (name, room) => (name.length * 6 > room ? name.replace(/^(\w)\w+, /, "$1. ") : name);

// Marks on a scale of 0 to 100: then, now, and the largest supplier, under each row's name.
function dots(width, { columns, rows }) {
  const tall = 2.3 * LINE;
  const keys = columns.length * 1.3 * LINE + 6;
  const root = canvas(width, keys + 1.6 * LINE + rows.length * tall);
  const x = (value) => 8 + (value / 100) * (width - 16);
  columns.forEach((name, i) => {
    root.append(mark(i, 8, (i + 0.6) * 1.3 * LINE), svg("text", write(20, (i + 0.9) * 1.3 * LINE, "start", 12, "#1b2026"), name));
  });
  for (const tick of [0, 25, 50, 75, 100]) {
    root.append(svg("text", write(x(tick), keys + LINE, tick === 100 ? "end" : tick ? "middle" : "start", 11, "#4a5260"), `${tick}\u202f%`));
  }
  rows.forEach(([label, values], i) => {
    const y = keys + 1.6 * LINE + i * tall;
    root.append(svg("text", write(0, y + LINE, "start", 12, "#1b2026"), label));
    root.append(svg("line", { x1: x(0), x2: x(100), y1: y + 1.7 * LINE, y2: y + 1.7 * LINE, stroke: "#dde1e6" }));
    [2, 0, 1].filter((j) => values[j] !== null).forEach((j) => root.append(mark(j, x(values[j]), y + 1.7 * LINE)));
  });
  return root;
}

function mark(kind, x, y) {
  if (kind === 2) return svg("rect", { x: x - 3.5, y: y - 3.5, width: 7, height: 7, fill: "#3f5fbb", transform: `rotate(45 ${x} ${y})` });
  return svg("circle", { cx: x, cy: y, r: 4.5, fill: kind ? HUES.concern : "#fff", stroke: HUES.concern, "stroke-width": 1.5 });
}

// Bars to the left and right of nought, each under its name, its figure behind it.
function bars(width, { unit, rows }) {
  const tall = 2.4 * LINE;
  const ends = [Math.min(0, ...rows.map(([, [v]]) => v)), Math.max(0, ...rows.map(([, [v]]) => v))];
  const million = unit === "billion USD" && Math.max(-ends[0], ends[1]) < 1;
  const x = (value) => 56 + ((value - ends[0]) / (ends[1] - ends[0] || 1)) * (width - 112);
  const root = canvas(width, 1.5 * LINE + rows.length * tall);
  root.append(svg("text", write(0, LINE, "start", 11, "#4a5260"), million ? "million USD" : unit));
  root.append(svg("line", { x1: x(0), x2: x(0), y1: 1.5 * LINE, y2: 1.5 * LINE + rows.length * tall, stroke: "#6b7482" }));
  rows.forEach(([label, [value]], i) => {
    const y = 1.5 * LINE + i * tall;
    root.append(svg("text", write(0, y + LINE, "start", 12, "#1b2026"), label));
    root.append(svg("rect", { x: Math.min(x(0), x(value)), y: y + 1.35 * LINE, height: 0.8 * LINE,
      width: Math.abs(x(value) - x(0)), fill: value < 0 ? "#35679a" : "#b5651d" }));
    root.append(svg("text", write(x(value) + (value < 0 ? -4 : 4), y + 2.1 * LINE, value < 0 ? "end" : "start", 12, "#1b2026"),
      signed(million ? 1e3 * value : value, million ? 0 : 1)));
  });
  return root;
}

// ---- the chain of one mineral: who mines it, who refines it, by which corridor it comes

// Each way as [mine, refinery, factory, supplier, corridor], thousandths of the supply; see payload.py
function waysOf(coded) {
  return (coded || "").split(";").filter((way) => way).map((way) => {
    const stops = way.split(".");
    const part = Number(stops.pop());
    stops[3] ||= stops[2] || stops[1] || stops[0];
    return { stops, part };
  });
}

function layersOf(ways, room) {
  const heads = ["Mined in", "Refined in", "Made in", "Shipped from", "Arrives by"];
  const used = heads.map((head, i) => [head, i]).filter(([, i]) => ways.some((way) => way.stops[i]));
  const moves = ways.some(({ stops }) => stops[3] !== (stops[2] || stops[1] || stops[0]));
  return used.filter(([, i]) => i !== 3 || (moves && room >= 700) || used.length === 2);
}

// Of a layer each place and its thousandths of the supply, the largest first: the figures of the table of that stage.
function sums(layer) {
  const mineral = scenario().minerals[state.mineral] || {};
  const stage = (mineral.s || {})[["mine", "refine", "fabricate", "supply"][layer]];
  const parts = layer === 4 ? Object.entries(mineral.a || {}) : Object.entries((stage || { c: {} }).c).map(([id, ends]) => [id, ends[1]]);
  return parts.filter(([, part]) => part > 0).sort((a, b) => b[1] - a[1]);
}

const WAYS = { sea: "sea", land: "land", air: "air", domestic: "domestic transport" };
const wayName = (id) => WAYS[id] || `${id[0].toUpperCase()}${id.slice(1)} corridor`;
const stopName = (layer, id) => (id === "" ? "others" : layer === 4 ? wayName(id) : country(id)[0]);

function waysInWords(coded) {
  if (!waysOf(coded).length) return "No ways to the United States are recorded in these results.";
  const most = (layer) => sums(layer).slice(0, 3).map(([id, part]) => `${stopName(layer, id)} (${percent(part, 0)})`).join(", ");
  const said = [["mined in", 0], ["refined in", 1], ["made in", 2], ["arriving by", 4]].filter(([, layer]) => most(layer));
  return `On its way to the United States in ${last(scenario())}: ${said.map(([words, layer]) => `${words} ${most(layer)}`).join("; ")}.`;
}

function showChain() {
  const place = at("chain");
  if (!place) return;
  const name = DATA.minerals[state.mineral][0];
  const title = `${name} from the mine to the United States: ${scenario().title}`;
  const coded = (scenario().minerals[state.mineral] || {}).c;
  const ways = waysOf(coded);
  const drawn = ways.length ? " Bands: ways that carry half a percent or more." : "";
  const caption = element("figcaption", {}, element("p", {}, waysInWords(coded) + drawn));
  place.replaceChildren(element("h3", {}, title), ways.length ? chain(place.clientWidth || 360, ways, `${title}. ${waysInWords(coded)}`) : "", caption);
  if (!ways.length) return;
  const heads = ["Mined in", "Refined in", "Made in", "Shipped from", "Arrives by", "Percent of supply"];
  const smaller = Math.max(0, 1000 - ways.reduce((sum, { part }) => sum + part, 0));
  offer(caption, title, () => [heads, ...ways.map(({ stops, part }) => [...stops.map((id, i) => (id ? stopName(i, id) : "")), part / 10]),
    ["all smaller ways", "", "", "", "", smaller / 10]]);
}

function chain(width, ways, said) {
  const layers = layersOf(ways, width);
  const most = width < 700 ? 6 : 9;
  const named = layers.map(([, layer]) => sums(layer).slice(0, most));
  const at = (way, i) => (named[i].some(([id]) => id === way.stops[layers[i][1]]) ? way.stops[layers[i][1]] : "");
  const scale = 0.3;
  const label = Math.min(190, width / layers.length - 14);
  const columns = layers.map(([, layer], i) => stacked(layer, named[i], label, scale));
  const x = (i) => (i * (width - label - 14)) / Math.max(1, layers.length - 1);
  const root = canvas(width, Math.max(...columns.map((column) => column.height)) + 6);
  root.setAttribute("role", "img");
  root.setAttribute("aria-label", said);
  for (let i = 0; i + 1 < layers.length; i += 1) {
    for (const way of ways) {
      const [from, to] = [columns[i].take(at(way, i), way.part, "out"), columns[i + 1].take(at(way, i + 1), way.part, "in")];
      const [x0, x1] = [x(i) + 10, x(i + 1)];
      const middle = (x0 + x1) / 2;
      root.append(svg("path", { d: `M${x0} ${from}C${middle} ${from} ${middle} ${to} ${x1} ${to}`, fill: "none",
        stroke: HUES[country(way.stops[layers[0][1]])[1]], "stroke-opacity": 0.4, "stroke-width": Math.max(0.6, way.part * scale) }));
    }
  }
  layers.forEach(([head, layer], i) => {
    root.append(svg("text", write(x(i), LINE, "start", 12, "#4a5260"), head));
    for (const [id, { top, height, lines }] of columns[i].nodes) {
      root.append(svg("rect", { x: x(i), y: top, width: 10, height, fill: layer === 4 ? "#4a5260" : HUES[id && country(id)[1]] }));
      const first = top + height / 2 + 4 - ((lines.length - 1) * LINE) / 2;
      const name = svg("text", { ...write(x(i) + 14, first, "start", 12, "#1b2026"), class: "halo" });
      lines.forEach((line, j) => name.append(svg("tspan", { x: x(i) + 14, y: first + j * LINE }, j + 1 < lines.length ? `${line} ` : line)));
      root.append(name);
    }
  });
  return root;
}

const pen = document.createElement("canvas").getContext("2d");

function widthOf(words) {
  pen.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  return pen.measureText(words).width;
}

// A place and its part on as many lines as it takes; its code where one of its words has no room.
function labelled(layer, id, part, room) {
  const full = layer === 4 && id ? id : stopName(layer, id);
  const name = full.split(" ").every((word) => widthOf(word) <= room) ? full : id;
  const lines = [];
  for (const word of [...name.split(" "), percent(part, 0)]) {
    const longer = lines.length ? `${lines[lines.length - 1]} ${word}` : "";
    if (longer && widthOf(longer) <= room) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

// One layer of the chain: its places from the largest down, the others last; each hands out its height from the top.
function stacked(layer, named, room, scale) {
  const rest = 1000 - named.reduce((sum, [, part]) => sum + part, 0);
  const nodes = new Map();
  let y = 1.8 * LINE;
  for (const [id, part] of rest >= 5 ? [...named, ["", rest]] : named) {
    const lines = labelled(layer, id, part, room);
    const height = Math.max(1.5, part * scale);
    const tall = Math.max(height, lines.length * LINE);
    nodes.set(id, { top: y + (tall - height) / 2, height, lines, in: 0, out: 0 });
    y += tall + 4;
  }
  const take = (id, part, side) => {
    const node = nodes.get(id) || [...nodes.values()].pop();
    const middle = node.top + (node[side] + part / 2) * scale;
    node[side] += part;
    return middle;
  };
  return { nodes, take, height: y };
}

// ---- the data of each figure

function offerFigure(one) {
  const data = dataOf(one);
  if (!data) return;
  const heading = one.querySelector("h2, h4").textContent;
  const title = one.closest("[data-of]") ? `${heading}, ${DATA.scenarios[one.closest("[data-of]").dataset.of].title}` : heading;
  const columns = data.columns.map((name) => (data.unit ? `${name}, ${data.unit}` : name));
  offer(one.querySelector("figcaption"), title, () => [[data.of, ...columns], ...data.rows.map(([label, values]) => [label, ...values])]);
}
