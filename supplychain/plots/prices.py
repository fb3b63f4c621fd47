"""Prices against the normal ones, and what the policies' limits cost at the margin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize

from supplychain.plots import style
from supplychain.results import Result

SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D1F")
MULTIPLES = (1, 2, 3, 5, 10, 20, 30, 50, 100)


def price_multiples(result: Result, market: str = "") -> pd.DataFrame:
    """Price over the normal price: minerals by years.

    Parameters
    ----------
    market : a market id; "" for the mean of the markets outside China.
    """
    table = result.tables["prices"]
    table = table[table["market"] == market] if market else table[table["market"] != "CHN"]
    table = table[table["observed_usd_per_t"] > 0]
    ratio = table.assign(multiple=table["usd_per_t"] / table["observed_usd_per_t"])
    return ratio.pivot_table(index="mineral", columns="year", values="multiple")


@style.styled
def outside_prices(results: Sequence[Result], observed: pd.Series, ax: Axes | None = None) -> Axes:
    """Highest price outside China over the normal one, by mineral: the scenarios beside what was observed.

    Parameters
    ----------
    results : scenarios to compare, in the order of the bars.
    observed : price of 2025 over the calibration price, by mineral.
    """
    ax = style.axes(ax, 6.6, 4.6)
    peaks = pd.DataFrame({result.title: price_multiples(result).max(axis=1) for result in results})
    peaks = peaks.loc[observed.index.intersection(peaks.index)]
    peaks = peaks.sort_values(peaks.columns[-1], ascending=False)
    x, width = np.arange(len(peaks)), 0.8 / (len(results) + 1)
    ax.bar(x - 0.4 + width / 2, observed.reindex(peaks.index), width, color="black", label="observed, 2025")
    for i, title in enumerate(peaks):
        tint = SERIES[i % len(SERIES)]
        ax.bar(x - 0.4 + (i + 1.5) * width, peaks[title], width, color=tint, label=f"{title}, peak")
    ax.axhline(1.0, color=style.OTHERS, linewidth=0.8, zorder=0)
    _multiples_axis(ax, max(float(peaks.to_numpy().max()), float(observed.max())))
    ax.set_xticks(x, [style.spoken(mineral) for mineral in peaks.index], rotation=40, ha="right")
    subtitle = "Multiple of the normal price, logarithmic scale"
    return style.headed(ax, "Price outside China, scenarios beside what was observed", subtitle, legend_columns=1)


def _multiples_axis(ax: Axes, highest: float, lowest: float = 0.8) -> None:
    """A logarithmic axis of multiples, ticks at 1×, 2×, 3×, 5×, 10× ..."""
    ax.set_yscale("log")
    shown = [tick for tick in MULTIPLES if tick <= highest * 1.3]
    ax.set_yticks(shown, [f"{tick}×" for tick in shown])
    ax.minorticks_off()
    ax.set_ylim(lowest, max(highest * 1.25, 2.2))


@style.styled
def price_paths(result: Result, minerals: Sequence[str], ax: Axes | None = None, most: int = 8) -> Axes:
    """Price outside China over the normal one, year by year.

    Parameters
    ----------
    minerals : minerals to draw; the `most` that rise highest have a colour and their name, the others are grey.
    """
    ax = style.axes(ax)
    paths = price_multiples(result)
    paths = paths.loc[[mineral for mineral in minerals if mineral in paths.index]]
    title, subtitle = "Price outside China", f"Multiple of the normal price, logarithmic scale. {result.title}"
    if paths.empty:
        return style.nothing(ax, title, subtitle, "None of these minerals has a normal price.")
    named = style.largest(paths.max(axis=1), most)
    for mineral in paths.index.difference(named):
        ax.plot(paths.columns, paths.loc[mineral], color="#CCCCCC", linewidth=1)
    for i, mineral in enumerate(named):
        ax.plot(paths.columns, paths.loc[mineral], color=SERIES[i % len(SERIES)], linewidth=1.8)
    _multiples_axis(ax, float(paths.to_numpy().max()), 0.9 * float(paths.to_numpy().min()))
    _names_at_end(ax, paths.loc[named].iloc[:, -1])
    ax.set_xticks([int(year) for year in paths.columns[:: 1 if paths.shape[1] <= 11 else 3]])
    return style.headed(ax, title, subtitle)


def _names_at_end(ax: Axes, ends: pd.Series) -> None:
    """The name of each line to the right of its end, moved apart where two would touch."""
    low, high = np.log10(ax.get_ylim())
    year = ax.get_lines()[-1].get_xdata()[-1]
    at = style.spread(list(np.log10(ends.to_numpy(dtype=float))), (high - low) * 0.048)
    for i, (mineral, position) in enumerate(zip(ends.index, at, strict=True)):
        ax.annotate(
            style.spoken(str(mineral)),
            xy=(year, 10**position),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=SERIES[i % len(SERIES)],
            annotation_clip=False,
        )


@style.styled
def price_heatmap(result: Result, ax: Axes | None = None, market: str = "USA", most: int = 36) -> Axes:
    """Price over the normal one: a row a mineral, a column a year, the highest peaks first.

    Returns
    -------
    Axes; the data are those of `price_multiples`.
    """
    table = price_multiples(result, market)
    table = table.loc[table.max(axis=1).sort_values(ascending=False).index[:most]]
    ax = style.axes(ax, 6.6, style.rows_height(len(table), 0.185, 1.2))
    title = f"Delivered price, {style.country_name(market)}"
    subtitle = f"Multiple of the normal price. {result.title}"
    if table.empty:
        return style.nothing(ax, title, subtitle, "No mineral of this market has a normal price.")
    table.index = [style.spoken(mineral) for mineral in table.index]
    reach = max(3.0, float(np.nanmax(table.to_numpy())))
    style.heat(ax, table, _multiple, cmap="PuOr_r", norm=LogNorm(1 / reach, reach))
    return style.headed(ax, title, subtitle)


def _multiple(value: float) -> str:
    """What a cell says; prices within five percent of the normal one are left blank."""
    return "" if abs(value - 1) < 0.05 else f"{value:.1f}×" if value < 10 else f"{value:.0f}×"


def shadow_prices(result: Result) -> pd.DataFrame:
    """What the dearest limit on a mineral costs, percent of its normal price: minerals by years.

    It is the shadow price of a tonne moved off the limited countries (policies table) over the mean normal price;
    where several policies or stages limit one mineral in a year, the dearest counts.
    """
    table = result.tables.get("policies", pd.DataFrame())
    if table.empty or "shadow_price_usd_per_t" not in table:
        return pd.DataFrame()
    prices = result.tables["prices"]
    normal = prices[prices["observed_usd_per_t"] > 0].groupby("mineral")["observed_usd_per_t"].mean()
    table = table.dropna(subset=["year", "mineral"]).astype({"year": int})
    relative = 100 * table["shadow_price_usd_per_t"].abs() / table["mineral"].map(normal)
    wide = table.assign(relative=relative).pivot_table(
        index="mineral", columns="year", values="relative", aggfunc="max"
    )
    return wide[wide.max(axis=1) >= 0.5]


@style.styled
def shadow_heatmap(result: Result, ax: Axes | None = None, most: int = 36) -> Axes:
    """What the policies' limits cost at the margin: a row a mineral, a column a year.

    Returns
    -------
    Axes; the data are those of `shadow_prices`, percent of the normal price.
    """
    table = shadow_prices(result)
    title = "What the policies' limits cost at the margin"
    subtitle = f"Shadow price of the dearest limit, percent of the mineral's normal price. {result.title}"
    if table.empty:
        return style.nothing(style.axes(ax, 6.6, 2.4), title, subtitle, "No limit on a mineral binds in this scenario.")
    table = table.loc[table.max(axis=1).sort_values(ascending=False).index[:most]]
    ax = style.axes(ax, 6.6, style.rows_height(len(table), 0.185, 1.2))
    table.index = [style.spoken(mineral) for mineral in table.index]
    top = float(np.nanmax(table.to_numpy()))
    style.heat(ax, table, _percent, cmap="YlOrBr", norm=Normalize(0, min(top, 100.0), clip=True))
    return style.headed(ax, title, subtitle)


def _percent(value: float) -> str:
    return f"{value:.0f}" if value >= 0.5 else ""
