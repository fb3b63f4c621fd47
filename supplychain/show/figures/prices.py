"""Prices against the normal ones, and what the policies' limits cost at the margin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import LogNorm
from matplotlib.ticker import NullLocator

from supplychain.results.result import Result
from supplychain.show.figures import heat, style
from supplychain.show.figures.words import (
    AT_END,
    CEILING,
    STOPS,
    counted,
    foremost,
    in_words,
    multiple,
    percent,
    sentence,
)

SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D1F")
# Parts of the normal price: a mineral whose price never moves by so much has no row, and smaller moves are left white.
STILL, SLIGHT = 0.1, 0.05
OVER = 99.5 * CEILING  # percent of the normal price: a limit that costs more costs ten times the price or more
MULTIPLES = (1, 1.5, 2, 3, 5, 10)
THREAD = 0.03  # of the years: from the end of a line to its name


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
    results : scenarios to compare, in the order of the legend.
    observed : price of 2025 over the calibration price, by mineral.

    Returns
    -------
    Axes with a row a mineral and a dot for each, on a line from 1×; dots beyond 10× stand there.
    """
    peaks = pd.DataFrame({result.title: price_multiples(result).max(axis=1) for result in results})
    peaks = peaks.loc[observed.index.intersection(peaks.index)]
    peaks = peaks.loc[peaks.max(axis=1).sort_values().index]
    ax = style.axes(ax, 6.6, style.rows_height(len(peaks), 0.27, 1.9))
    y = np.arange(len(peaks))
    seen = peaks.assign(**{"observed, 2025": observed.reindex(peaks.index)}).clip(upper=CEILING)
    ax.hlines(y, 1.0, seen.max(axis=1), color=style.REST, linewidth=2, zorder=1)
    for i, name in enumerate(seen):
        tint = "black" if name == seen.columns[-1] else SERIES[i % len(SERIES)]
        label = str(name) if name == seen.columns[-1] else f"{name}, peak"
        ax.scatter(seen[name], y + 0.3 - 0.6 * i / max(seen.shape[1] - 1, 1), s=26, color=tint, label=label, zorder=2)
    ax.set(xscale="log", xlim=(0.95, _up_to(float(seen.max().max()))), ylim=(-0.6, len(peaks) - 0.4))
    ax.axvline(1.0, color="#888888", linewidth=0.8, zorder=0)
    _multiples_axis(ax.xaxis, float(seen.max().max()))
    ax.set_yticks(y, [style.spoken(name) for name in peaks.index])
    ax.grid(axis="x")
    takeaway = outside_takeaway(peaks, observed.reindex(peaks.index))
    description = f"Highest price outside China, multiple of the normal price, logarithmic scale. {STOPS}"
    return style.headed(ax, takeaway, description, legend_columns=1)


def outside_takeaway(peaks: pd.DataFrame, observed: pd.Series) -> str:
    """Which price was seen to rise most, and which does in the scenarios (columns of `peaks`)."""
    parts = [
        f"{words} {_dearest(of)}, {multiple(of.max())}"
        for words, of in (("seen in 2025:", observed.dropna()), ("in the scenarios:", peaks.max(axis=1)))
        if len(of)
    ]
    return sentence(*parts)


def _dearest(peaks: pd.Series) -> str:
    """The mineral whose price rises most; how many, where several reach the end of the scale."""
    at_end = int((peaks >= AT_END).sum())
    return counted(at_end, "mineral") if at_end > 1 else f"{in_words(str(peaks.idxmax()))} most"


def _multiples_axis(axis: Axis, highest: float) -> None:
    """Ticks of a logarithmic axis at 1×, 2×, 3×, 5×, 10×+."""
    fine = (1, 1.2, 1.5, 2) if highest < 2 else MULTIPLES
    shown = [tick for tick in fine if tick <= _up_to(highest)]
    axis.set_ticks(shown, labels=[f"{tick}×+" if tick == CEILING else f"{tick}×" for tick in shown])
    axis.set_minor_locator(NullLocator())


def _up_to(highest: float) -> float:
    """Where an axis of multiples ends: a little beyond the highest, and never below 1.6."""
    return max(highest * 1.1, 1.6)


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
    description = (
        f"Price outside China of {len(paths)} minerals, multiple of the normal price, logarithmic scale. {STOPS}"
    )
    if paths.empty:
        return style.nothing(ax, "None of these minerals has a normal price", description, result.title)
    named = style.largest(paths.max(axis=1), most)
    drawn = paths.clip(upper=CEILING)
    for name in paths.index.difference(named):
        ax.plot(paths.columns, drawn.loc[name], color="#CCCCCC", linewidth=1)
    for i, name in enumerate(named):
        ax.plot(paths.columns, drawn.loc[name], color=SERIES[i % len(SERIES)], linewidth=1.8)
    lowest, highest = float(drawn.to_numpy().min()), float(drawn.to_numpy().max())
    ax.set(yscale="log", ylim=(0.9 * lowest, _up_to(highest)))
    _multiples_axis(ax.yaxis, highest)
    _names_at_end(ax, drawn.loc[named])
    ax.set_xticks([int(year) for year in paths.columns[:: 1 if paths.shape[1] <= 11 else 3]])
    return style.headed(ax, price_takeaway(paths), description, scenario=result.title)


def _names_at_end(ax: Axes, paths: pd.DataFrame) -> None:
    """The name of each line to the right of its end, moved apart where two would touch, and a thread from one to it."""
    low, high = np.log10(ax.get_ylim())
    year, ends = paths.columns[-1], paths.iloc[:, -1]
    at = style.spread(list(np.log10(ends.to_numpy(dtype=float))), (high - low) * 0.048, low + 0.02 * (high - low), high)
    beside = year + THREAD * (year - paths.columns[0])
    for i, (mineral, position) in enumerate(zip(ends.index, at, strict=True)):
        tint = SERIES[i % len(SERIES)]
        ax.plot([year, beside], [ends[mineral], 10**position], color=tint, linewidth=0.7, clip_on=False)
        where: dict[str, Any] = {"xytext": (2, 0), "textcoords": "offset points", "annotation_clip": False}
        name = style.spoken(str(mineral))
        ax.annotate(name, xy=(beside, 10**position), va="center", fontsize=8, color=tint, **where)
    ax.set_xlim(paths.columns[0] - 0.5, year + 0.1)


def price_takeaway(table: pd.DataFrame) -> str:
    """Which price rises highest and when, and how many rise with it.

    Parameters
    ----------
    table : multiples of the normal price, minerals by years.
    """
    peaks = table.max(axis=1)
    dearer = peaks[peaks >= 1 + STILL]
    if dearer.empty:
        return f"No price rises by {100 * STILL:.0f} percent"
    at_end, first = int((dearer >= AT_END).sum()), str(dearer.idxmax())
    if at_end:
        reached = table.columns[(table >= AT_END).any()][0]
        said = f"{counted(at_end, 'mineral reaches', 'minerals reach')} ten times the normal price"
        return sentence(said, f"{in_words(first) if at_end == 1 else 'the first'} in {reached}")
    top = f"{foremost(in_words(first), len(dearer))}, {multiple(dearer.max())} in {table.loc[first].idxmax()}"
    return sentence(f"{counted(len(dearer), 'mineral gets', 'minerals get')} dearer by a tenth or more", top)


@style.styled
def price_heatmap(
    result: Result, ax: Axes | None = None, market: str = "USA", most: int = 36, form: style.Form = style.WIDE
) -> Axes:
    """Price over the normal one: a row a mineral, a column a year, the highest peaks first.

    Minerals whose price stays within ten percent of the normal one are not drawn, but counted in the description.

    Returns
    -------
    Axes; from ten times on a cell says `10×+`. The data are those of `price_multiples`.
    """
    table = price_multiples(result, market)
    moved = (table - 1).abs().max(axis=1) >= STILL
    takeaway, still, table = price_takeaway(table), int((~moved).sum()), table[moved]
    table = table.loc[table.max(axis=1).sort_values(ascending=False, kind="stable").index[:most]]
    other = "" if table.empty else "other "
    stay = counted(still, f"{other}mineral stays", f"{other}minerals stay") + f" within {100 * STILL:.0f}\u00a0%"
    description = f"Delivered price, {style.country_name(market)}, multiple of the normal price; {stay}"
    if table.empty:
        return style.nothing(style.axes(ax, form.width, 1.2), takeaway, description, result.title)
    description += heat.of_shared(table.shape[1], form, "the dearer")
    ends = f". {STOPS}" if table.max().max() >= AT_END else ""
    ax = style.axes(ax, form.width, style.rows_height(len(table), 0.2, 1.4, form))
    table.index = [style.spoken(name) for name in table.index]
    table = heat.fitted(table.where((table - 1).abs() >= SLIGHT), form)
    heat.heat(ax, table, multiple, heat.CHEAP_TO_DEAR, LogNorm(0.1, 10, clip=True))
    return style.headed(ax, takeaway, description + ends, scenario=result.title)


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


def shadow_takeaway(table: pd.DataFrame) -> str:
    """How many minerals' limits cost anything, and which most.

    Parameters
    ----------
    table : shadow prices, percent of the normal price, minerals by years.
    """
    if table.empty:
        return "No limit on a mineral costs anything at the margin"
    first = str(table.max(axis=1).idxmax())
    year, most = table.loc[first].idxmax(), table.loc[first].max()
    size = f"{percent(most)} of" if most < 150 else f"{most / 100:.1f} times" if most < OVER else "over ten times"
    return sentence(
        f"limits on {counted(len(table), 'mineral cost', 'minerals cost')} something at the margin",
        f"{foremost(in_words(first), len(table))}, {size} its price in {year}",
    )


@style.styled
def shadow_heatmap(result: Result, ax: Axes | None = None, most: int = 36) -> Axes:
    """What the policies' limits cost at the margin: a row a mineral, a column a year.

    Returns
    -------
    Axes; colours are logarithmic. The data are those of `shadow_prices`, percent of the normal price.
    """
    table = shadow_prices(result)
    takeaway = shadow_takeaway(table)
    description = (
        "What the policies' limits cost: shadow price of the dearest limit, percent of the mineral's normal price"
    )
    if table.empty:
        return style.nothing(style.axes(ax, 6.6, 1.2), takeaway, description, result.title)
    table = table.loc[table.max(axis=1).sort_values(ascending=False, kind="stable").index[:most]]
    ax = style.axes(ax, 6.6, style.rows_height(len(table), 0.2, 1.4))
    table.index = [style.spoken(name) for name in table.index]
    heat.heat(ax, table.where(table >= 0.5), _relative, heat.DEAR, LogNorm(0.5, OVER, clip=True))
    return style.headed(ax, takeaway, description, scenario=result.title)


def _relative(value: float) -> str:
    return f"{value:.0f}" if value < OVER else "1000+"
