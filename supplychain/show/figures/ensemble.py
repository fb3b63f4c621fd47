"""How far an ensemble spreads, year by year, and what it hangs on."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from supplychain.results.writing import whole_set
from supplychain.show.figures import style
from supplychain.show.figures.svg import save_both

CONCERN, REGION = "share_feoc", "share_central_asia"
NAMES = {
    "share_central_asia": "Central Asia",
    "share_feoc": "countries of concern",
    "top_share": "the largest supplier",
    "resource_cost": "cost",
    "us_bill": "the US bill",
}
SUBJECTS = {
    "countries": "cost of capital",
    "input_prices": "power, fuel and wages",
    "inputs": "power, fuel and labour used",
    "costs": "operating cost",
    "services": "worth of",
    "parameters": "parameter",
}
FANS = {CONCERN: style.COLOURS["CHN"], REGION: style.COLOURS["KAZ"]}
MORE, LESS = style.CORRIDORS["northern"], style.CORRIDORS["sea"]
TALLEST = 10  # factors of a tornado
CHANCE = 0.35  # opacity of what may be chance
LONGEST = 44  # letters of a factor's name


@style.styled
def fan(bands: pd.DataFrame, metric: str = REGION, about: str = "", ax: Axes | None = None) -> Axes:
    """A share of US supply over the years: the middle run, and the bands that hold half and nine tenths of the runs.

    Parameters
    ----------
    bands : metric, year, central, p5, p25, p50, p75, p95, shares of 1. about : the scenario's title.

    Returns
    -------
    Axes: year against percent of US supply; the data are those of `bands`.
    """
    ax, table = style.axes(ax, 6.6, 3.8), bands[bands["metric"] == metric]
    years, colour = table["year"], FANS.get(metric, style.CORRIDORS["sea"])
    for low, high, alpha, label in (("p5", "p95", 0.18, "9 of 10 runs"), ("p25", "p75", 0.36, "half of the runs")):
        ax.fill_between(years, 100 * table[low], 100 * table[high], color=colour, alpha=alpha, lw=0, label=label)
    ax.plot(years, 100 * table["p50"], color=colour, lw=1.8, label="middle run")
    ax.plot(years, 100 * table["central"], color=style.INK, lw=1.0, ls="--", label="facts as they are")
    ax.set(ylabel="percent of US supply", xlim=(years.min(), years.max()))
    ax.set_ylim(bottom=0)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(axis="y")
    title = f"How sure is the share of {NAMES.get(metric, style.spoken(metric).lower())}"
    said = "Mine or refinery, whichever is higher, mean over minerals, over the published ranges of the facts"
    return style.headed(ax, title, f"{said}; {about}" if about else said, legend_columns=4)


@style.styled
def tornado(ranks: pd.DataFrame, metric: str = REGION, about: str = "", ax: Axes | None = None) -> Axes:
    """The facts that a figure hangs on most: rank correlations, those pale that may be chance.

    Parameters
    ----------
    ranks : metric, factor, correlation, significant; strongest first. about : the scenario's title.

    Returns
    -------
    Axes with one bar a factor, the strongest on top, to the right where more of it goes with a higher figure.
    """
    table = ranks[ranks["metric"] == metric].head(TALLEST)
    ax = style.axes(ax, 6.6, style.rows_height(len(table), 0.27, 1.6))
    title = f"What {_of(metric)} hangs on"
    said = f"Spearman's rank correlation over the runs, {len(table)} strongest facts; pale: may be chance"
    said = f"{said}; {about}" if about else said
    if table.empty:
        return style.nothing(ax, title, said, "It is the same in every run, or there are too few runs.")
    place, value = np.arange(len(table)), table["correlation"].to_numpy(dtype=float)
    colours = np.where(value > 0, MORE, LESS)
    alphas = np.where(table["significant"].to_numpy(dtype=bool), 1.0, CHANCE)
    for y, x, colour, alpha in zip(place, value, colours, alphas, strict=True):
        ax.barh(y, x, color=colour, alpha=alpha, height=0.7)
    ax.axvline(0, color=style.INK, lw=0.8)
    ax.set_yticks(place, [_spoken(name) for name in table["factor"]])
    ax.tick_params(axis="y", length=0)
    ax.invert_yaxis()
    reach = 1.1 * np.abs(value).max()
    ax.set(xlim=(-reach, reach), xlabel="falls as the fact rises  |  rises with it")
    ax.grid(axis="x")
    return style.headed(ax, title, said)


def _spoken(factor: str) -> str:
    """A factor as words: `countries: KAZ` is the cost of capital there."""
    table, what = factor.split(": ")
    return textwrap.shorten(f"{style.spoken(SUBJECTS.get(table, table))}: {what.replace('_', ' ')}", LONGEST)


def _of(metric: str) -> str:
    name = NAMES.get(metric, style.spoken(metric).lower())
    return f"the share of {name}" if "share" in metric else name


def draw_ensemble(tables: Mapping[str, pd.DataFrame], about: str, folder: Path) -> list[Path]:
    """The fans of both shares, and what they and the cost hang on, as PNG and SVG; returns the files.

    Parameters
    ----------
    tables : of an ensemble, `bands` and `ranks` among them.
    """
    bands, ranks = tables["bands"], tables["ranks"]
    axes = {f"fan_{metric}": fan(bands, metric, about) for metric in FANS}
    axes |= {f"tornado_{metric}": tornado(ranks, metric, about) for metric in (*FANS, "resource_cost")}
    figures: dict[str, Figure] = {name: style.figure_of(ax) for name, ax in axes.items()}
    with whole_set(folder) as new:
        files = [
            file
            for name, figure in figures.items()
            if not style.is_nothing(figure)
            for file in save_both(figure, new / f"{name}.png", name)
        ]
    return [folder / file.name for file in files]
