"""Prices against the normal ones, and what the policies' limits cost at the margin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import LogNorm, Normalize
from matplotlib.ticker import NullLocator

from supplychain.results.result import Result
from supplychain.show.figures import style

SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D1F")
STILL = 0.05
MULTIPLES = (1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 500)


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
    peaks = pd.DataFrame({result.title: price_multiples(result).max(axis=1) for result in results})
    peaks = peaks.loc[observed.index.intersection(peaks.index)]
    peaks = peaks.sort_values(peaks.columns[-1], ascending=False)
    ax = style.axes(ax, 6.6, style.rows_height(len(peaks), 0.13 * (len(results) + 2), 1.6))
    y, height = np.arange(len(peaks)), 0.8 / (len(results) + 1)
    ax.barh(y - 0.4 + height / 2, observed.reindex(peaks.index), height, color="black", label="observed, 2025")
    for i, title in enumerate(peaks):
        tint = SERIES[i % len(SERIES)]
        ax.barh(y - 0.4 + (i + 1.5) * height, peaks[title], height, color=tint, label=f"{title}, peak")
    ax.axvline(1.0, color="#888888", linewidth=0.8)
    highest = max(float(peaks.to_numpy().max()), float(observed.max()))
    ax.set(xscale="log", xlim=(0.8, _up_to(highest)))
    _multiples_axis(ax.xaxis, highest)
    ax.set_yticks(y, [style.spoken(mineral) for mineral in peaks.index])
    ax.set_ylim(len(peaks) - 0.4, -0.6)
    ax.grid(axis="x")
    subtitle = "Multiple of the normal price, logarithmic scale"
    return style.headed(ax, "Price outside China, scenarios beside what was observed", subtitle, legend_columns=1)


def _multiples_axis(axis: Axis, highest: float) -> None:
    """Ticks of a logarithmic axis at 1×, 2×, 3×, 5×, 10× ..."""
    fine = (1, 1.2, 1.5, 2) if highest < 2 else MULTIPLES
    shown = [tick for tick in fine if tick <= _up_to(highest)]
    axis.set_ticks(shown, labels=[f"{tick}×" for tick in shown])
    axis.set_minor_locator(NullLocator())


def _up_to(highest: float) -> float:
    """Where an axis of multiples ends: a little beyond the highest, and never below 1.6."""
    return max(highest * 1.2, 1.6)


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
    lowest, highest = float(paths.to_numpy().min()), float(paths.to_numpy().max())
    ax.set(yscale="log", ylim=(0.9 * lowest, _up_to(highest)))
    _multiples_axis(ax.yaxis, highest)
    _names_at_end(ax, paths.loc[named])
    ax.set_xticks([int(year) for year in paths.columns[:: 1 if paths.shape[1] <= 11 else 3]])
    return style.headed(ax, title, subtitle)


def _names_at_end(ax: Axes, paths: pd.DataFrame) -> None:
    """The name of each line to the right of its end, moved apart where two would touch."""
    low, high = np.log10(ax.get_ylim())
    year, ends = paths.columns[-1], paths.iloc[:, -1]
    at = style.spread(list(np.log10(ends.to_numpy(dtype=float))), (high - low) * 0.048, low + 0.02 * (high - low), high)
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

    Minerals whose price stays within five percent of the normal one are not drawn, but counted in the subtitle.

    Returns
    -------
    Axes; the data are those of `price_multiples`.
    """
    table = price_multiples(result, market)
    moved = (table - 1).abs().max(axis=1) >= STILL
    still, table = int((~moved).sum()), table[moved]
    table = table.loc[table.max(axis=1).sort_values(ascending=False).index[:most]]
    title = f"Delivered price, {style.country_name(market)}"
    counted = f"all {still} minerals" if table.empty else f"{still} other minerals"
    subtitle = f"Multiple of the normal price; {counted} stay within 5 %. {result.title}"
    if table.empty:
        why = "Every mineral's price stays within five percent of the normal one."
        return style.nothing(style.axes(ax, 6.6, 2.2), title, subtitle, why)
    ax = style.axes(ax, 6.6, style.rows_height(len(table), 0.2, 1.2))
    table.index = [style.spoken(mineral) for mineral in table.index]
    style.heat(ax, table.where((table - 1).abs() >= STILL), _multiple, cmap="PuOr_r", norm=LogNorm(0.1, 10, clip=True))
    return style.headed(ax, title, subtitle)


def _multiple(value: float) -> str:
    return f"{value:.1f}×" if value < 10 else f"{value:.0f}×"


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
    ax = style.axes(ax, 6.6, style.rows_height(len(table), 0.2, 1.2))
    table.index = [style.spoken(mineral) for mineral in table.index]
    top = float(np.nanmax(table.to_numpy()))
    style.heat(ax, table.where(table >= 0.5), _percent, cmap="YlOrBr", norm=Normalize(0, min(top, 100.0), clip=True))
    return style.headed(ax, title, subtitle)


def _percent(value: float) -> str:
    return f"{value:.0f}"
