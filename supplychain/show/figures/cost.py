"""What supply costs: by item and year, and item by item from one scenario to another."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from supplychain.results.result import Result
from supplychain.show.figures import style

# In the order of the drawing; an item that is not here is drawn after them under its own name.
ITEMS = {
    "mine": ("mining", "#0072B2"),
    "refine": ("refining", "#56B4E9"),
    "fabricate": ("fabricating", "#A6D8F5"),
    "recycling": ("recycling", "#B8D8A8"),
    "dearer": ("dearer plants of a place", "#009E73"),
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
    "switching": ("switching suppliers", "#CC79A7"),
    "forgone": ("use given up", "#D55E00"),
    "gained": ("use gained", "#7FB069"),
    "undelivered": ("services lost", "#7A2E00"),
}
TOGETHER = {"time": "freight"}


def cost_items(result: Result) -> pd.DataFrame:
    """What `costs` draws: billion USD a year, not discounted, by year (rows) and item (columns).

    Time in transit is counted with freight; what funds and credits pay is negative.
    """
    table = result.tables["costs"].assign(item=lambda t: t["item"].replace(TOGETHER))
    wide = table.pivot_table(index="year", columns="item", values="musd", aggfunc="sum").fillna(0.0) / 1e3
    order = [item for item in ITEMS if item in wide] + sorted(set(wide) - set(ITEMS))
    return wide[[item for item in order if wide[item].abs().sum() > 1e-9]]


@style.styled
def costs(result: Result, ax: Axes | None = None) -> Axes:
    """What supplying all markets costs by year and item, billion USD; the data are those of `cost_items`."""
    ax = style.axes(ax)
    items = cost_items(result)
    above, below = np.zeros(len(items)), np.zeros(len(items))
    for item in items:
        amount = items[item].to_numpy()
        start = np.where(amount >= 0, above, below)
        ax.bar(items.index, amount, bottom=start, color=_tint(str(item)), label=item_name(str(item)), width=0.85)
        above, below = above + amount.clip(min=0), below + amount.clip(max=0)
    ax.set(ylabel="billion USD of 2025")
    ax.set_xticks([int(year) for year in items.index[:: 1 if len(items) <= 11 else 3]])
    title, subtitle = "Cost of supply, all markets, by item", f"Billion USD a year, not discounted. {result.title}"
    return style.headed(ax, title, subtitle, legend_columns=4)


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
def waterfall(before: Result, after: Result, ax: Axes | None = None) -> Axes:
    """From one scenario's cost to another's, item by item, present value, billion USD (million where
    no item differs by a billion).

    Items that differ by less than half a percent of the largest difference are drawn together as `all else`.

    Returns
    -------
    Axes with one bar an item and one for the sum; the data are those of `cost_changes`.
    """
    changes = cost_changes(before, after)
    title = "What supply costs more, and what less"
    steps = _steps(changes)
    unit = "billion" if steps.abs().max() >= 1 else "million"
    subtitle = f"Present value, {unit} USD, all markets, transfers in it: {after.title}, less {before.title}"
    ax = style.axes(ax, 6.6, style.rows_height(len(steps) + 1, 0.27, 1.3))
    if steps.empty:
        return style.nothing(ax, title, subtitle, "The two scenarios cost the same, item by item.")
    _bars(ax, steps * (1 if unit == "billion" else 1e3))
    ax.set(xlabel=f"{unit} USD, present value")
    return style.headed(ax, title, subtitle)


def _steps(changes: pd.DataFrame) -> pd.Series:
    """The change of each item by its label; those too small to see are together."""
    change = changes.set_index("label")["change_busd"]
    if change.abs().max() < 1e-6:
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
    dearer, cheaper = style.CORRIDORS["northern"], style.CORRIDORS["sea"]
    tints = [dearer if step > 0 else cheaper for step in steps] + ["#444444"]
    lengths, lefts = [*steps, ends[-1]], [*starts, 0.0]
    ax.barh(y, lengths, left=lefts, color=tints, height=0.65)
    ax.vlines(ends, y[:-1] - 0.33, y[1:] + 0.33, color="#888888", linewidth=0.7)
    for at, left, length in zip(y, lefts, lengths, strict=True):
        ax.annotate(
            f"{length:+.3g}",
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
