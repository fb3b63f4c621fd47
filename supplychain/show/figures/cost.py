"""What supply costs: by item and year, and item by item from one scenario to another."""

from __future__ import annotations

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from supplychain.results.result import Result
from supplychain.results.tables.costs import TRANSFER, kind_of
from supplychain.show.figures import style
from supplychain.show.figures.words import money, sentence, signed

# In the order of the drawing; an item that is not here is drawn after them under its own name.
ITEMS = {
    "mine": ("mining", "#2B5C8A"),
    "refine": ("refining and scrap", "#56B4E9"),
    "fabricate": ("fabricating", "#A6D8F5"),
    "recycling": ("recycling", "#B8D8A8"),
    "dearer": ("a country’s dearer plants", "#009E73"),
    "entry": ("new plant, dearer to run", "#4FB89A"),
    "capex": ("capital, new", "#8FD6BF"),
    "freight": ("freight and time", "#E69F00"),
    "margin": ("quality and contracts", "#F5D48A"),
    "tariff": ("tariffs", "#8C6D1F"),
    "credit": ("production credits", "#5C4B8A"),
    "subsidy": ("paid by funds", "#3F6F5F"),
    "cheap_capital": ("saved by lower rates", "#6FA08F"),
    "technology": ("other technologies", "#B9A7E0"),
    "stock": ("stockpiles", "#999999"),
    "private_stock": ("private stocks", "#7A6248"),
    "detour": ("detours of what leaks", "#C9A0A0"),
    "switching": ("switching suppliers", "#CC79A7"),
    "forgone": ("use given up", style.GIVEN_UP),
    "gained": ("use gained", "#7FB069"),
    "undelivered": ("services lost", "#4A0E27"),
}
TOGETHER = {"time": "freight"}
UNSEEN = 1e-6  # billion USD: no difference
SAME = 0.005  # billion USD: what differs by less is called the same


def cost_items(result: Result) -> pd.DataFrame:
    """What `costs` draws: billion USD a year, not discounted, by year (rows) and item (columns).

    Time in transit is counted with freight; what funds and credits pay is negative.
    """
    table = result.tables["costs"].assign(item=lambda t: t["item"].replace(TOGETHER))
    wide = table.pivot_table(index="year", columns="item", values="musd", aggfunc="sum").fillna(0.0) / 1e3
    order = [item for item in ITEMS if item in wide] + sorted(set(wide) - set(ITEMS))
    return wide[[item for item in order if wide[item].abs().sum() > 1e-9]]


@style.styled
def costs(result: Result, ax: Axes | None = None, before: Result | None = None) -> Axes:
    """What supplying all markets costs by year and item, billion USD: beside another scenario, how much more or less.

    Parameters
    ----------
    before : the scenario that this one is held against; without it the whole cost is drawn.

    Returns
    -------
    Axes with a stacked bar a year; the data are those of `cost_items`, less those of `before`.
    """
    ax = style.axes(ax)
    items = cost_items(result)
    if before is None:
        takeaway, scenario = whole_takeaway(items), result.title
        description = "Cost of supply, all markets, by item, billion USD of 2025 a year, not discounted"
    else:
        more = items.sub(cost_items(before), fill_value=0.0)
        takeaway, scenario = more_takeaway(more, before.title), f"{result.title}, less {before.title}"
        description = (
            "Difference in the cost of supply, all markets, transfers in it, billion USD of 2025, not discounted"
        )
        items = _largest(more)
    if items.abs().max(axis=None) < UNSEEN:
        return style.nothing(ax, takeaway, description, scenario)
    _stacked(ax, items)
    ax.set(ylabel="billion USD of 2025")
    ax.set_xticks([int(year) for year in items.index[:: 1 if len(items) <= 11 else 3]])
    return style.headed(ax, takeaway, description, legend_columns=4, scenario=scenario)


def _stacked(ax: Axes, items: pd.DataFrame) -> None:
    """A bar a year from nought up and, for what is earned or saved, from nought down; a dot where they end together."""
    above, below = np.zeros(len(items)), np.zeros(len(items))
    for item in items:
        amount = items[item].to_numpy()
        start = np.where(amount >= 0, above, below)
        ax.bar(items.index, amount, bottom=start, color=_tint(str(item)), label=item_name(str(item)), width=0.85)
        above, below = above + amount.clip(min=0), below + amount.clip(max=0)
    if (below < -0.05 * above.max()).any():
        ax.plot(
            items.index, items.sum(axis=1), "D", color="white", markeredgecolor=style.INK, markersize=5, label="sum"
        )
    ax.axhline(0, color="#888888", linewidth=0.8)


def _largest(items: pd.DataFrame, most: int = 7) -> pd.DataFrame:
    """The items that differ most, in their order, and all others together."""
    size = items.abs().max()
    order = [item for item in ITEMS if item in items] + sorted(set(items) - set(ITEMS))
    shown = [item for item in order if item in size.nlargest(most).index and size[item] > 0.01 * size.max()]
    return items[shown].assign(**{"all else": items.drop(columns=shown).sum(axis=1)})


def whole_takeaway(items: pd.DataFrame) -> str:
    """What supply costs in the first and last year, and the largest item then (billion USD, years by items)."""
    whole = items.sum(axis=1)
    first, last = whole.index[0], whole.index[-1]
    largest = items.loc[last].idxmax()
    share = 100 * items.loc[last, largest] / whole.iloc[-1]
    return sentence(
        f"supply costs {whole.iloc[0]:,.0f} billion USD in {first} and {whole.iloc[-1]:,.0f} in {last}",
        f"{item_name(str(largest))} is the largest part then, {share:.0f} percent",
    )


def more_takeaway(items: pd.DataFrame, before: str) -> str:
    """In which year supply costs most more, or less, than in another scenario, and by which item.

    Parameters
    ----------
    items : billion USD more, years by items. before : title of the other scenario.
    """
    change = items.sum(axis=1)
    year = change.abs().idxmax()
    if abs(change[year]) < SAME:
        return f"Supply costs as much as in {before} in every year"
    difference = f"in {year} supply costs {_more(change[year])} than in {before}{_without_transfers(items.loc[year])}"
    return sentence(f"{difference}, the largest difference", _largest_item(items.loc[year]))


def _more(busd: float) -> str:
    return f"{money(busd)} {'more' if busd > 0 else 'less'}"


def _without_transfers(change: pd.Series) -> str:
    used = resources_used(change)
    if used is None:
        return ""
    return f" ({_more(used) if abs(used) >= SAME else 'no difference'} without transfers)"


def _largest_item(change: pd.Series) -> str:
    """The item that differs most (billion USD by item), whichever way the sum goes."""
    item = str(change.abs().idxmax())
    return f"largest item: {item_name(item)}, {_more(change[item])}"


def resources_used(change: pd.Series) -> float | None:
    """What of a change (billion USD by item) the world's resources bear; None where the treasury has no part in it."""
    moved = float(change[[kind_of(str(item)) == TRANSFER for item in change.index]].sum())
    return None if abs(moved) < SAME else float(change.sum()) - moved


def item_name(item: str) -> str:
    """An item of cost in words."""
    return ITEMS[item][0] if item in ITEMS else item.replace("_", " ")


def _tint(item: str) -> str:
    return ITEMS[item][1] if item in ITEMS else style.OTHERS


def present_values(result: Result) -> pd.Series:
    """Present value of each item of cost, million USD, at the scenario's discount rate, seen from its first year."""
    table = result.tables["costs"].assign(item=lambda t: t["item"].replace(TOGETHER))
    rate = float(result.manifest["scenario"]["resolved"]["discount_rate"])
    weight = (1 + rate) ** -(table["year"] - table["year"].min())
    return (table["musd"] * weight).groupby(table["item"]).sum()


def cost_changes(before: Result, after: Result) -> pd.DataFrame:
    """What `waterfall` draws: how each item's present value differs between two scenarios.

    Returns
    -------
    DataFrame: item, label, before_busd, after_busd, change_busd (present value, billion USD), in the order of ITEMS.
    """
    values = pd.DataFrame({"before_busd": present_values(before), "after_busd": present_values(after)}).fillna(0.0)
    order = [item for item in ITEMS if item in values.index] + sorted(set(values.index) - set(ITEMS))
    values = (values.loc[order] / 1e3).rename_axis("item").reset_index()
    labels = [item_name(item) for item in values["item"]]
    return values.assign(label=labels, change_busd=values["after_busd"] - values["before_busd"])


@style.styled
def waterfall(before: Result, after: Result, ax: Axes | None = None, form: style.Form = style.WIDE) -> Axes:
    """From one scenario's cost to another's, item by item, present value, billion USD (million where
    no item differs by a billion).

    Items that differ by less than half a percent of the largest difference are drawn together as `all else`.

    Returns
    -------
    Axes with one bar an item and one for the sum; the data are those of `cost_changes`.
    """
    changes = cost_changes(before, after)
    takeaway, steps = waterfall_takeaway(changes), _steps(changes)
    unit = "billion" if steps.abs().max() >= 1 else "million"
    description = f"Cost of supply, all markets, transfers in it, by item: difference in present value, {unit} USD"
    scenario = f"{after.title}, less {before.title}"
    if steps.empty:
        return style.nothing(style.axes(ax, form.width, 1.2), takeaway, description, scenario)
    steps.index = [fill(str(label), form.label) for label in steps.index]
    lines = max(label.count("\n") for label in steps.index) + 1
    ax = style.axes(ax, form.width, style.rows_height(len(steps) + 1, 0.12 + 0.15 * lines, 1.5, form))
    _bars(ax, steps * (1 if unit == "billion" else 1e3))
    ax.set(xlabel=f"{unit} USD, present value")
    return style.headed(ax, takeaway, description, scenario=scenario)


def waterfall_takeaway(changes: pd.DataFrame) -> str:
    """How much more or less a scenario costs, and by which item most (the table of `cost_changes`)."""
    change = changes.set_index("item")["change_busd"]
    whole = float(change.sum())
    if change.abs().max() < UNSEEN:
        return "The two scenarios cost the same, item by item"
    if abs(whole) < UNSEEN:
        return "The two scenarios cost the same in all"
    more = f"supply costs {_more(whole)} over all years{_without_transfers(change)}"
    return sentence(more, _largest_item(change))


def _steps(changes: pd.DataFrame) -> pd.Series:
    """The change of each item by its label; those too small to see are together."""
    change = changes.set_index("label")["change_busd"]
    if change.abs().max() < UNSEEN:
        return change.iloc[:0]
    seen = change.abs() >= 0.005 * change.abs().max()
    rest = change[~seen].sum()
    if abs(rest) <= 1e-6 * change.abs().max():
        return change[seen]
    return pd.concat([change[seen], pd.Series({"all else": rest})])


def _bars(ax: Axes, steps: pd.Series) -> None:
    ends = steps.cumsum().to_numpy()
    starts = ends - steps.to_numpy()
    y = np.arange(len(steps) + 1)
    tints = [style.DEARER if step > 0 else style.CHEAPER for step in steps] + ["#444444"]
    decimals = 2 if steps.abs().max() < 10 else 1 if steps.abs().max() < 100 else 0
    lengths, lefts = [*steps, ends[-1]], [*starts, 0.0]
    ax.barh(y, lengths, left=lefts, color=tints, height=0.65)
    ax.vlines(ends, y[:-1] - 0.33, y[1:] + 0.33, color="#888888", linewidth=0.7)
    for at, left, length in zip(y, lefts, lengths, strict=True):
        ax.annotate(
            signed(length, decimals),
            xy=(max(left, left + length), at),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            bbox={"facecolor": "white", "linewidth": 0, "pad": 0.5},
        )
    ax.set_yticks(y, [*map(str, steps.index), "sum"])
    ax.invert_yaxis()
    ax.axvline(0, color="#888888", linewidth=0.8)
    low, high = min(0.0, *ends), max(0.0, *ends)
    ax.set_xlim(low - 0.06 * (high - low), high + 0.16 * (high - low))
