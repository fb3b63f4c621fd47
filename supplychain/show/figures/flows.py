"""Sankey diagram: from the mine through the refinery to the market, each tonne looked through to its origin."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import fill

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from supplychain.facts.dataset import OTHER
from supplychain.results.result import Result
from supplychain.show.figures import style
from supplychain.show.figures.words import DOES, in_words, percent, sentence
from supplychain.system.pattern import STAGES

HEADS = {"mine": "Mined in", "refine": "Refined in", "fabricate": "Made in", "market": "For"}
WIDTH, GAP = 0.055, 0.025
LETTER = 0.062  # inches: of a name
MOST, LEAST = 8, 0.02  # countries of a stage that stand by themselves, and the least part of all tonnes that each has


def chain_paths(result: Result, mineral: str, year: int, market: str = "USA") -> pd.DataFrame:
    """The paths of one mineral to one market (or `all`) in one year, with tonnes above nought."""
    table = result.tables["paths"]
    table = table[(table["mineral"] == mineral) & (table["year"] == year) & (table["tonnes"] > 0)]
    table = table if market == "all" else table[table["market"] == market]
    # A stage that the chain has not is blank throughout: an empty text or missing, by how the table was read.
    stages = table[list(STAGES)].replace("", None)
    known = stages.columns[stages.notna().any()]
    return table.assign(**{stage: stages[stage].fillna(OTHER) if stage in known else None for stage in STAGES})


def stages_of(paths: pd.DataFrame) -> list[str]:
    """Stages that these paths pass through, in order; a chain without mines begins at the refinery."""
    return [stage for stage in STAGES if paths[stage].notna().any()]


def sankey_flows(result: Result, mineral: str, year: int, market: str = "USA", most: int = MOST) -> pd.DataFrame:
    """What `sankey` draws: tonnes from each place of one stage to each of the next.

    Parameters
    ----------
    market : a market id, or `all` for every market whose paths are in the result.
    most : countries of a stage that stand by themselves; the rest, and those under two percent, are `other`.

    Returns
    -------
    DataFrame: from_stage, source, to_stage, target, tonnes (contained mineral). What enters a place leaves it.
    """
    paths = chain_paths(result, mineral, year, market)
    layers = [*stages_of(paths), "market"]
    for layer in layers[:-1]:
        parts = paths.groupby(layer)["tonnes"].sum()
        named = style.largest(parts[parts >= LEAST * parts.sum()], most)
        paths = paths.assign(**{layer: style.kept(paths[layer], named)})
    links = [_links(paths, layers[i], layers[i + 1]) for i in range(len(layers) - 1)]
    columns = ["from_stage", "source", "to_stage", "target", "tonnes"]
    return pd.concat(links, ignore_index=True)[columns] if links else pd.DataFrame(columns=columns)


def _links(paths: pd.DataFrame, here: str, there: str) -> pd.DataFrame:
    flows = paths.groupby([here, there], as_index=False)["tonnes"].sum()
    flows = flows.rename(columns={here: "source", there: "target"})
    return flows.assign(from_stage=here, to_stage=there)


@dataclass(frozen=True)
class _Node:
    """A place of a layer: how high it stands and how thick it is, shares of all flow."""

    top: float
    size: float


@style.styled
def sankey(
    result: Result,
    mineral: str,
    year: int,
    ax: Axes | None = None,
    market: str = "USA",
    most: int = MOST,
    form: style.Form = style.WIDE,
) -> Axes:
    """Where a market's mineral is mined, refined and made: bands as thick as the tonnes that flow.

    Parameters
    ----------
    market : a market id, or `all`. most : countries of a stage that stand by themselves.

    Returns
    -------
    Axes; the data are those of `sankey_flows`.
    """
    ax = style.axes(ax, form.width, 4.4 + form.head)
    flows = sankey_flows(result, mineral, year, market, most)
    where = "all markets with whole paths" if market == "all" else style.country_name(market)
    description = f"{style.spoken(mineral)} from mine to market, {where}, {year}"
    takeaway = sankey_takeaway(flows, mineral)
    if flows.empty:
        return style.nothing(ax, takeaway, description, result.title)
    total = flows.loc[flows["to_stage"] == "market", "tonnes"].sum()
    flows = flows.assign(share=flows["tonnes"] / total)
    layers = [*dict.fromkeys(flows["from_stage"]), "market"]
    nodes = _nodes(flows, layers)
    _draw_links(ax, flows, layers, nodes)
    for i, layer in enumerate(layers):
        _draw_layer(ax, nodes[layer], layer, i, form)
    lowest = max(node.top + node.size for layer in nodes.values() for node in layer.values())
    span = len(layers) - 0.5
    lines = max(text.get_text().count("\n") for text in ax.texts) + 1
    names = max(len(text.get_text()) for text in ax.texts) * LETTER
    ax.set(xlim=(-span * names / (form.width - names), span), ylim=(lowest + 0.01, -0.04 - 0.05 * lines))
    description += f": {style.tonnes(total)} of contained mineral, bands in proportion"
    return style.headed(style.bare(ax), takeaway, description, scenario=result.title)


def sankey_takeaway(flows: pd.DataFrame, mineral: str) -> str:
    """Which country has most at the first and at the last stage (the table of `sankey_flows`)."""
    if flows.empty:
        return f"No {in_words(mineral)} reaches this market"
    sold = flows[flows["to_stage"] == "market"]
    whole, markets = sold["tonnes"].sum(), sold["target"].unique()
    whose = f"{style.market_name(str(markets[0]))} " if len(markets) == 1 else ""
    tonnes = flows[flows["source"] != "other"].groupby(["from_stage", "source"], sort=False)["tonnes"].sum()
    parts, before = list[str](), ""
    for stage, share in (100 * tonnes / whole).groupby(level="from_stage", sort=False):
        who = style.country_name(share.idxmax()[1])
        of = "" if parts else f" of {whose}{in_words(mineral)} supply"
        parts.append(f"{'it' if who == before else who} {DOES[str(stage)]} {percent(share.max())}{of}")
        before = who
    return sentence(*parts) or f"No country has two percent of the {in_words(mineral)}"


def _nodes(flows: pd.DataFrame, layers: list[str]) -> dict[str, dict[str, _Node]]:
    """Nodes of each layer from top to bottom: first by size, then by where their tonnes come from."""
    sizes = {layer: flows[flows["from_stage"] == layer].groupby("source")["share"].sum() for layer in layers[:-1]}
    sizes["market"] = flows[flows["to_stage"] == "market"].groupby("target")["share"].sum()
    nodes: dict[str, dict[str, _Node]] = {}
    before: dict[str, _Node] = {}
    for layer in layers:
        inflow = flows[flows["to_stage"] == layer]
        nodes[layer] = before = _stacked(sizes[layer], _order(sizes[layer], inflow, before))
    return nodes


def _order(sizes: pd.Series, inflow: pd.DataFrame, before: dict[str, _Node]) -> list[str]:
    """The largest first; in later layers those fed from above stand above, so that bands cross less."""
    if inflow.empty:
        rank = -sizes
    else:
        height = inflow["source"].map({name: node.top + node.size / 2 for name, node in before.items()})
        rank = (height * inflow["share"]).groupby(inflow["target"]).sum() / sizes
    names = [str(name) for name in rank.sort_values(kind="stable").index]
    return sorted(names, key=lambda name: name == "other")


def _stacked(sizes: pd.Series, names: list[str]) -> dict[str, _Node]:
    """Nodes one below the other; a layer with fewer gaps is centred."""
    room = max(0.0, (MOST - len(names)) * GAP / 2)
    nodes, top = {}, room
    for name in names:
        nodes[name] = _Node(top, float(sizes[name]))
        top += float(sizes[name]) + GAP
    return nodes


def _draw_links(ax: Axes, flows: pd.DataFrame, layers: list[str], nodes: dict[str, dict[str, _Node]]) -> None:
    """Bands, each leaving its source and entering its target below those that come before it."""
    for i, layer in enumerate(layers[:-1]):
        left, right = nodes[layer], nodes[layers[i + 1]]
        out, into = {name: node.top for name, node in left.items()}, {name: node.top for name, node in right.items()}
        links = flows[flows["from_stage"] == layer].set_index(["source", "target"])["share"]
        for source in left:
            for target in (name for name in right if (source, name) in links.index):
                share = float(links[source, target])
                band = _band(i + WIDTH, i + 1, out[source], into[target], share)
                ax.add_patch(PathPatch(band, facecolor=style.colour(source), alpha=0.5, linewidth=0))
                out[source], into[target] = out[source] + share, into[target] + share


def _band(x0: float, x1: float, y0: float, y1: float, thick: float) -> Path:
    """A band of even thickness from one height to another, as two Bézier curves."""
    middle = (x0 + x1) / 2
    there = [(x0, y0), (middle, y0), (middle, y1), (x1, y1)]
    back = [(x1, y1 + thick), (middle, y1 + thick), (middle, y0 + thick), (x0, y0 + thick)]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    return Path([*there, *back, there[0]], codes)


def _draw_layer(ax: Axes, nodes: dict[str, _Node], layer: str, x: int, form: style.Form) -> None:
    head = fill(HEADS[layer], form.label // 3, break_long_words=False)
    ax.text(x + WIDTH / 2, -0.03, head, ha="center", va="bottom", fontsize=9, weight="bold")
    middles = [node.top + node.size / 2 for node in nodes.values()]
    first, last = x == 0, layer == "market"
    for (name, node), at in zip(nodes.items(), style.spread(middles, 0.047), strict=True):
        tint = "#444444" if last else style.colour(name)
        ax.add_patch(Rectangle((x, node.top), WIDTH, node.size, facecolor=tint, linewidth=0))
        alone = last and len(nodes) == 1
        words = form.place(name) + ("" if alone else f" {_percent(node.size)}")
        where, side = (x - 0.02, "right") if first else (x + WIDTH + 0.02, "left")
        text = ax.text(where, at, words, ha=side, va="center", fontsize=8)
        if not first and not last:
            text.set_bbox({"facecolor": "white", "alpha": 0.65, "linewidth": 0, "pad": 0.6})


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 else "<1 %"
