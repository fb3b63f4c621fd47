"""Who supplies a mineral, stage by stage and year by year."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.text import Text

from supplychain.results.result import Result
from supplychain.show.figures import style

# Panels of an overview in a row; inches beside them, and between them for the tick labels and titles.
COLUMNS, LEFT, RIGHT, ACROSS, DOWN = 5, 0.416, 0.06, 0.476, 0.439
PERCENT = (0, 25, 50, 75, 100)
STAGES = ("mine", "refine", "fabricate", "supply")


def supply_shares(
    result: Result, mineral: str, stage: str = style.SOLD, market: str = "USA", most: int = 9
) -> pd.DataFrame:
    """What `supply` draws: shares of a market's supply (1) by year (rows) and country (columns).

    The largest come first; `other` has the countries beyond the `most` largest, those never over 4 %, and those that a
    source does not name.
    """
    table = result.tables["supply"]
    return _largest(_by_country(table[table["mineral"] == mineral], stage, market), most)


def _by_country(table: pd.DataFrame, stage: str, market: str) -> pd.Series:
    """Shares of supply by mineral, year and country; a country's owners are together."""
    table = table[(table["stage"] == stage) & (table["market"] == market)]
    return table.groupby(["mineral", "year", "country"])["share"].sum()


def _largest(shares: pd.Series, most: int = 9) -> pd.DataFrame:
    """One mineral's shares by year and country, the largest first, and all others together."""
    wide = shares.droplevel("mineral").unstack(fill_value=0.0)
    named = style.largest(wide.loc[:, wide.max() > 0.04].mean(), most)
    rest = wide.drop(columns=named).sum(axis=1)
    return wide[named].assign(other=rest) if rest.max() > 1e-6 else wide[named]


@style.styled
def supply(result: Result, mineral: str, stage: str = style.SOLD, ax: Axes | None = None, market: str = "USA") -> Axes:
    """Who supplies a mineral to a market at one stage, year by year.

    Parameters
    ----------
    mineral : mineral id. stage : `mine`, `refine`, `fabricate`, or `supply` for the last supplier.

    Returns
    -------
    Axes with one band a country, share of supply in percent; the data are those of `supply_shares`.
    """
    ax = style.axes(ax)
    shares = supply_shares(result, mineral, stage, market)
    title = (
        f"{style.market_name(market)} supply of {style.spoken(mineral).lower()}, by where it was {style.done(stage)}"
    )
    if shares.empty:
        return style.nothing(ax, title, result.title, "This mineral has no such stage or no such market.")
    _bands(ax, shares)
    _names_beside(ax, shares, 4.6)
    ax.set_yticks(PERCENT)
    ax.set(ylabel="percent of supply")
    ax.set_xticks(_few(shares.index))
    return style.headed(ax, title, f"{_amounts(result, mineral, stage, market)}. {result.title}")


def _amounts(result: Result, mineral: str, stage: str, market: str) -> str:
    """The first and last year's tonnes in words."""
    table = result.tables["supply"]
    table = table[(table["mineral"] == mineral) & (table["stage"] == stage) & (table["market"] == market)]
    total = table.groupby("year")["tonnes"].sum()
    first, last = total.index[0], total.index[-1]
    return f"Percent of {style.tonnes(total[first])} in {first}, {style.tonnes(total[last])} in {last}"


def _few(years: pd.Index) -> list[int]:
    """Every year of a short horizon, every second or third of a longer one."""
    step = 1 if len(years) <= 11 else 2 if len(years) <= 17 else 5
    return [int(year) for year in years[::step]]


def _bands(ax: Axes, shares: pd.DataFrame) -> None:
    """Stacked bands, percent, a country each."""
    years = shares.index.to_numpy(dtype=float)
    edges = np.cumsum(np.column_stack([np.zeros(len(shares)), 100 * shares.to_numpy()]), axis=1)
    there_and_back = np.concatenate([years, years[::-1]])
    for i, country in enumerate(shares):
        band = np.column_stack([there_and_back, np.concatenate([edges[:, i], edges[::-1, i + 1]])])
        drawn = PolyCollection([band], facecolor=style.colour(str(country)), linewidth=0.5, edgecolor="white")
        # On an overview are hundreds: their limits are known, and the layout need not measure them.
        drawn.set(clip_on=False, in_layout=False)
        ax.add_collection(drawn, autolim=False)
    ax.set(ylim=(0, 100), xlim=(years[0], years[-1]))


def _names_beside(ax: Axes, shares: pd.DataFrame, gap: float) -> None:
    """Names to the right of the bands' ends, `gap` percent apart; a band that has ended is named inside itself."""
    last = 100 * shares.iloc[-1]
    middles = last.cumsum() - last / 2
    ending = [country for country in shares if last[country] >= 1.5]
    at = style.spread([middles[country] for country in ending], gap, 0.0, 100.0)
    for country, position in zip(ending, at, strict=True):
        _name_beside(ax, str(country), f"{last[country]:.0f} %", float(middles[country]), position)
    for country in shares.columns.difference(ending):
        _name_inside(ax, shares, str(country), 8.0, least=7.0, code=False)


def _name_beside(ax: Axes, country: str, share: str, middle: float, position: float) -> None:
    ax.annotate(
        f"{style.country_name(country)} {share}",
        xy=(1, middle / 100),
        xytext=(1.05, position / 100),
        xycoords="axes fraction",
        textcoords="axes fraction",
        va="center",
        fontsize=8,
        arrowprops={"arrowstyle": "-", "color": style.colour(country), "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0},
        annotation_clip=False,
    )


def _name_inside(ax: Axes, shares: pd.DataFrame, country: str, size: float, least: float, code: bool) -> None:
    """A country's name where its band is broadest, if it is `least` percent there over three years."""
    height = 100 * shares[country]
    around = height.rolling(3, center=True, min_periods=2).min()
    year = int(around.idxmax())
    if around[year] < least:
        return
    top = 100 * shares.loc[year].cumsum()[country]
    name = country if code else style.country_name(country)
    tint = style.ink(style.colour(country))
    middle = top - height[year] / 2
    ax.text(_inside(shares.index, year), middle, name, fontsize=size, color=tint, **style.INSIDE)


def _inside(years: pd.Index, year: int) -> float:
    """The year, moved inwards from the edges by an eighth of the span."""
    margin = (years[-1] - years[0]) / 8
    return float(np.clip(year, years[0] + margin, years[-1] - margin))


@style.styled
def supply_stages(result: Result, mineral: str, market: str = "USA") -> Figure:
    """A mineral from the mine to the market: one panel a stage, each as `supply` draws it."""
    table = result.tables["supply"].query("mineral == @mineral and market == @market")
    stages = [stage for stage in STAGES if (table["stage"] == stage).any()]
    figure = style.new_figure(6.6, 2.0 * max(len(stages), 1) + 0.4)
    for i, stage in enumerate(stages):
        ax = figure.add_subplot(len(stages), 1, i + 1)
        shares = supply_shares(result, mineral, stage, market)
        _bands(ax, shares)
        _names_beside(ax, shares, 11.5)
        ax.set_yticks(PERCENT)
        ax.set_xticks(_few(shares.index))
        ax.set(ylabel="percent")
        ax.set_title(f"Where it was {style.done(stage)}" if stage != "supply" else "Who sold it last", fontsize=9, y=1)
    title = f"{style.market_name(market)} supply of {mineral.replace('_', ' ')}, by country — {result.title}"
    _head(figure, title)
    figure.supxlabel(style.SOURCE, fontsize=7, x=0.01, ha="left", color=style.QUIET)
    return figure


def _head(figure: Figure, title: str) -> Text:
    """The title over several panels, in as many lines as it needs."""
    lines = textwrap.fill(title, int(10.5 * figure.get_figwidth()))
    return figure.suptitle(lines, x=0.01, ha="left", weight="bold", fontsize=11)


@style.styled
def supply_overview(result: Result, stage: str, market: str = "USA") -> Figure:
    """Who supplies every mineral at one stage, a panel each; countries by their ISO codes."""
    table = result.tables["supply"]
    minerals = list(_by_country(table, stage, market).groupby(level="mineral"))
    rows = max(1, -(-len(minerals) // COLUMNS))
    figure = style.new_figure(8.2, 1.45 * rows + 1.5, layout=None)
    for i, (mineral, shares) in enumerate(minerals):
        _panel(figure.add_subplot(rows, COLUMNS, i + 1), _largest(shares), str(mineral))
    title = f"{style.market_name(market)} supply by where it was {style.done(stage)}, percent — {result.title}"
    head = _head(figure, title)
    head.set_y(1 - 0.06 / figure.get_figheight())
    _arrange(figure, rows, 0.506 + 0.206 * head.get_text().count("\n"), _legend(figure) + 0.27)
    return figure


def _arrange(figure: Figure, rows: int, head: float, foot: float) -> None:
    """Panels in rows below a head and above a foot, inches: all are alike, so no engine need measure each."""
    width, height = figure.get_size_inches()
    wide = (width - LEFT - RIGHT - ACROSS * (COLUMNS - 1)) / COLUMNS
    high = (height - head - foot - DOWN * (rows - 1)) / rows
    edges = {"left": LEFT / width, "right": 1 - RIGHT / width, "bottom": foot / height, "top": 1 - head / height}
    figure.subplots_adjust(**edges, wspace=ACROSS / wide, hspace=DOWN / high)


def _panel(ax: Axes, shares: pd.DataFrame, mineral: str) -> None:
    _bands(ax, shares)
    for country in shares.columns.drop("other", errors="ignore"):
        _name_inside(ax, shares, str(country), 7, least=11, code=True)
    ax.set_title(style.spoken(mineral), fontsize=8.5, y=1)
    ax.set_xticks([int(shares.index[0]), int(shares.index[-1])])
    first, last = ax.get_xticklabels()
    first.set_horizontalalignment("left")
    last.set_horizontalalignment("right")
    ax.set_yticks([0, 50, 100], ["0", "50", "100 %"])
    ax.tick_params(labelsize=7, length=0, bottom=False, left=False)


def _legend(figure: Figure) -> float:
    """Which colour is which country, for those that are named in a panel, below them all; above it the source line.

    Returns
    -------
    How high it reaches from the foot of the figure, inches.
    """
    drawn = {text.get_text() for ax in figure.axes for text in ax.texts}
    named = [code for code in style.COLOURS if code in drawn]
    patches = [_patch(style.colour(code), f"{code} {style.country_name(code)}") for code in named]
    patches += [_patch(style.GREYS[0], "another country"), _patch(style.REST, "all others")]
    legend = figure.legend(handles=patches, loc="lower left", ncols=5, frameon=False, handlelength=1.2)
    legend.set_title(style.SOURCE)
    legend.get_title().set(fontsize=7, color=style.QUIET)
    legend.set_alignment("left")
    return float(legend.get_window_extent().y1 / figure.get_dpi())


def _patch(tint: str, label: str) -> Patch:
    return Patch(facecolor=tint, label=label)
