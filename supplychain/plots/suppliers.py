"""Who supplies a mineral, stage by stage and year by year."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from supplychain.plots import style
from supplychain.results import Result

STAGES = ("mine", "refine", "fabricate", "supply")


def supply_shares(
    result: Result, mineral: str, stage: str = style.SOLD, market: str = "USA", most: int = 9
) -> pd.DataFrame:
    """What `supply` draws: shares of a market's supply (1) by year (rows) and country (columns).

    The largest come first; countries beyond the `most` largest, or never over 4 %, are together in `other`.
    """
    table = result.tables["supply"]
    table = table[(table["mineral"] == mineral) & (table["stage"] == stage) & (table["market"] == market)]
    wide = table.pivot_table(index="year", columns="country", values="share", aggfunc="sum").fillna(0.0)
    named = style.largest(wide.loc[:, wide.max() > 0.04].mean(), most)
    shown = wide[named].copy()
    shown["other"] = wide.drop(columns=named).sum(axis=1)
    return shown


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
    _bands(ax, shares, 7.5, least=4.5, codes=False)
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


def _bands(ax: Axes, shares: pd.DataFrame, size: float, least: float, codes: bool) -> None:
    """Stacked bands, percent, each with its country's name where it is broad enough (`least` percent)."""
    tops = (100 * shares).cumsum(axis=1)
    for country in shares:
        top, height = tops[country], 100 * shares[country]
        ax.fill_between(shares.index, top - height, top, color=_tint(country), linewidth=0.5, edgecolor="white")
        where = _broadest(height)
        if height[where] >= least:
            name = country if codes and country != "other" else style.country_name(str(country))
            middle = top[where] - height[where] / 2
            ax.text(_inside(shares.index, where), middle, name, **_label(str(country), size))
    ax.set(ylim=(0, 100), xlim=(shares.index[0] - 0.01, shares.index[-1] + 0.01))


def _tint(country: str) -> str:
    return "#DDDDDD" if country == "other" else style.colour(country)


def _label(country: str, size: float) -> dict[str, object]:
    return {"ha": "center", "va": "center", "fontsize": size, "color": style.ink(_tint(country))}


def _broadest(height: pd.Series) -> int:
    """The year around which a band is broadest over three years, so that a name fits."""
    return int(height.rolling(3, center=True, min_periods=2).min().idxmax())


def _inside(years: pd.Index, year: int) -> float:
    """The year, moved inwards from the edges by a tenth of the span."""
    margin = 0.1 * (years[-1] - years[0])
    return float(np.clip(year, years[0] + margin, years[-1] - margin))


@style.styled
def supply_stages(result: Result, mineral: str, market: str = "USA") -> Figure:
    """A mineral from the mine to the market: one panel a stage, each as `supply` draws it."""
    table = result.tables["supply"].query("mineral == @mineral and market == @market")
    stages = [stage for stage in STAGES if (table["stage"] == stage).any()]
    figure = style.new_figure(6.6, 1.95 * max(len(stages), 1) + 0.3)
    for i, stage in enumerate(stages):
        ax = figure.add_subplot(len(stages), 1, i + 1)
        shares = supply_shares(result, mineral, stage, market)
        _bands(ax, shares, 7, least=9, codes=False)
        ax.set_xticks(_few(shares.index))
        ax.set(ylabel="percent")
        ax.set_title(f"Where it was {style.done(stage)}" if stage != "supply" else "Who sold it last", fontsize=9)
    figure.suptitle(_stages_title(result, mineral, market), x=0.01, ha="left", weight="bold", fontsize=11)
    return _figure_source(figure)


def _stages_title(result: Result, mineral: str, market: str) -> str:
    return f"{style.market_name(market)} supply of {style.spoken(mineral).lower()}, by country — {result.title}"


def _figure_source(figure: Figure) -> Figure:
    figure.supxlabel(style.SOURCE, fontsize=6.5, x=0.01, ha="left", color=style.QUIET)
    return figure


@style.styled
def supply_overview(result: Result, stage: str, market: str = "USA") -> Figure:
    """Who supplies every mineral at one stage, a panel each; countries by their ISO codes."""
    table = result.tables["supply"]
    minerals = sorted(set(table[(table["stage"] == stage) & (table["market"] == market)]["mineral"]))
    columns = 5
    rows = max(1, -(-len(minerals) // columns))
    figure = style.new_figure(9.0, 1.5 * rows + 1.3)
    for i, mineral in enumerate(minerals):
        _panel(figure.add_subplot(rows, columns, i + 1), supply_shares(result, mineral, stage, market), mineral)
    title = f"{style.market_name(market)} supply by country, by where it was {style.done(stage)} — {result.title}"
    figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=12)
    _legend(figure)
    return _figure_source(figure)


def _panel(ax: Axes, shares: pd.DataFrame, mineral: str) -> None:
    _bands(ax, shares, 6.5, least=13, codes=True)
    ax.set_title(style.spoken(mineral), fontsize=8.5)
    ax.set_xticks([int(shares.index[0]), int(shares.index[-1])])
    for tick, side in zip(ax.get_xticklabels(), ("left", "right"), strict=True):
        tick.set_ha(side)
    ax.set_yticks([0, 50, 100], ["0", "50", "100 %"])
    ax.tick_params(labelsize=7)


def _legend(figure: Figure) -> None:
    """Which colour is which country, for those that are drawn, below the panels."""
    drawn = {text.get_text() for ax in figure.axes for text in ax.texts}
    named = [code for code in style.COLOURS if code in drawn]
    patches = [_patch(style.colour(code), f"{style.country_name(code)} ({code})") for code in named]
    patches += [_patch(style.OTHERS, "a country named in its band"), _patch(_tint("other"), "all others")]
    figure.legend(handles=patches, loc="outside lower left", ncols=6, frameon=False, fontsize=7, handlelength=1.2)


def _patch(tint: str, label: str) -> Patch:
    return Patch(facecolor=tint, label=label)
