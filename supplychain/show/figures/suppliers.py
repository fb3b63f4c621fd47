"""Who supplies a mineral, stage by stage and year by year."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from supplychain.results.result import Result
from supplychain.results.short import joined
from supplychain.show.figures import style
from supplychain.show.figures.words import cardinal, counted, in_words, percent, sentence

# Panels of an overview in a row; inches beside them, between them for the tick labels and titles, and their height.
COLUMNS, LEFT, RIGHT, ACROSS, DOWN, HIGH = 4, 0.416, 0.06, 0.476, 0.439, 1.25
WIDTH, FOOT = 8.2, 1.75  # inches: of an overview, and the room for its legend
STRIP, BESIDE = 0.2, 1.15  # inches: height of a mineral that hardly changes, and room for its name
MOVED = 0.1  # of supply: a country whose share moves by so much between two years changes a mineral's supply
PERCENT = (0, 25, 50, 75, 100)
STAGES = ("mine", "refine", "fabricate", "supply")


def supply_shares(
    result: Result, mineral: str, stage: str = style.SOLD, market: str = "USA", most: int = 9
) -> pd.DataFrame:
    """What `supply` draws: shares of a market's supply (1) by year (rows) and country (columns).

    Countries stand in the same order in every figure, China first; `other` has the countries beyond the `most` largest,
    those never over 4 %, and those that a source does not name.
    """
    table = result.tables["supply"]
    return _largest(_by_country(table[table["mineral"] == mineral], stage, market), most)


def _by_country(table: pd.DataFrame, stage: str, market: str) -> pd.Series:
    """Shares of supply by mineral, year and country; a country's owners are together."""
    table = table[(table["stage"] == stage) & (table["market"] == market)]
    return table.groupby(["mineral", "year", "country"])["share"].sum()


def _largest(shares: pd.Series, most: int = 9) -> pd.DataFrame:
    """One mineral's shares by year and country, in the order of their colours, and all others together."""
    wide = shares.droplevel("mineral").unstack(fill_value=0.0)
    order = [*style.COLOURS, *sorted(set(wide) - set(style.COLOURS))]
    named = sorted(style.largest(wide.loc[:, wide.max() > 0.04].mean(), most), key=order.index)
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
    description = f"{style.market_name(market)} supply of {in_words(mineral)}, by where it was {style.done(stage)}"
    if shares.empty:
        return style.nothing(ax, "This mineral has no such stage or no such market", description, result.title)
    _bands(ax, shares)
    _names_beside(ax, shares, 4.6)
    ax.set_yticks(PERCENT)
    ax.set(ylabel="percent of supply")
    ax.set_xticks(_few(shares.index))
    description = f"{description}, percent of {_amounts(result, mineral, stage, market)}"
    return style.headed(ax, supply_takeaway(shares), description, scenario=result.title)


def supply_takeaway(shares: pd.DataFrame) -> str:
    """Whose share moves most from the first year to the last, and who supplies most then.

    Parameters
    ----------
    shares : of supply (1), years by countries, as `supply_shares` gives them.
    """
    named = 100 * shares.drop(columns="other", errors="ignore")
    if named.empty:
        return "No country has four percent of supply"
    first, last = named.iloc[0], named.iloc[-1]
    most = str(last.idxmax())
    supplies = f"{style.country_name(most)} supplies most in {named.index[-1]}, {percent(last[most])}"
    moved = str((last - first).abs().idxmax())
    if abs(last[moved] - first[moved]) < 100 * MOVED:
        return sentence(supplies, "no share changes by ten points")
    way = "rises" if last[moved] > first[moved] else "falls"
    return sentence(f"{style.country_name(moved)} {way} from {first[moved]:.0f} to {percent(last[moved])}", supplies)


def _amounts(result: Result, mineral: str, stage: str, market: str) -> str:
    """The first and last year's tonnes in words."""
    table = result.tables["supply"]
    table = table[(table["mineral"] == mineral) & (table["stage"] == stage) & (table["market"] == market)]
    total = table.groupby("year")["tonnes"].sum()
    first, last = total.index[0], total.index[-1]
    return f"{style.tonnes(total[first])} in {first}, {style.tonnes(total[last])} in {last}"


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
    figure = style.new_figure(6.6, 2.0 * max(len(stages), 1) + 0.6)
    for i, stage in enumerate(stages):
        ax = figure.add_subplot(len(stages), 1, i + 1)
        shares = supply_shares(result, mineral, stage, market)
        _bands(ax, shares)
        _names_beside(ax, shares, 11.5)
        ax.set_yticks(PERCENT)
        ax.set_xticks(_few(shares.index))
        ax.set(ylabel="percent")
        ax.set_title(f"Where it was {style.done(stage)}" if stage != "supply" else "Who sold it last", fontsize=9, y=1)
    description = f"{style.market_name(market)} supply of {in_words(mineral)}, stage by stage, by country, percent"
    takeaway = supply_takeaway(supply_shares(result, mineral, "supply", market))
    first, below = style.head_lines(takeaway, description, result.title, 6.5)
    figure.suptitle(first, x=0.01, ha="left", weight="bold", fontsize=11)
    if stages:
        style.above(figure.axes[0], below, 18, fontsize=8, color=style.QUIET)
    figure.supxlabel(style.SOURCE, fontsize=7, x=0.01, ha="left", color=style.QUIET)
    return figure


@style.styled
def supply_overview(result: Result, stage: str, market: str = "USA") -> Figure:
    """Who supplies every mineral at one stage: a panel each where a country's share moves by ten points or more.

    Minerals that change less have a strip each below, of the last year; countries are named by their ISO codes.
    """
    table = _by_country(result.tables["supply"], stage, market)
    minerals = {str(name): _largest(shares) for name, shares in table.groupby(level="mineral")}
    moved = {name: shares for name, shares in minerals.items() if _moves(shares)}
    still = {name: shares.iloc[-1] for name, shares in minerals.items() if name not in moved}
    description = f"{style.market_name(market)} supply by where it was {style.done(stage)}, percent"
    head = style.head_lines(overview_takeaway(minerals), description, result.title, WIDTH - 0.2)
    rows, top = -(-len(moved) // COLUMNS), 0.35 + 0.19 * sum(1 + text.count("\n") for text in head)
    strips, panels = (STRIP * len(still) + 0.15) * bool(still), (HIGH + DOWN) * rows
    figure = style.new_figure(WIDTH, top + panels + strips + FOOT, layout=None)
    style.headed_panels(figure, *head)
    for i, (name, shares) in enumerate(moved.items()):
        _panel(_box(figure, i % COLUMNS, top + (HIGH + DOWN) * (i // COLUMNS)), shares, name)
    if still:
        _strips(figure, still, top + panels)
    _legend(figure)
    return figure


def _moves(shares: pd.DataFrame) -> bool:
    """Whether any country's share moves by ten points or more between two years."""
    named = shares.drop(columns="other", errors="ignore")
    return bool((named.max() - named.min()).max() >= MOVED)


def overview_takeaway(minerals: dict[str, pd.DataFrame]) -> str:
    """In how many minerals a country's share moves by ten points, and in how many China's falls or rises by them.

    Parameters
    ----------
    minerals : shares of supply (1), years by countries, by mineral.
    """
    moved = sum(map(_moves, minerals.values()))
    china = pd.Series(
        {name: shares["CHN"].iloc[-1] - shares["CHN"].iloc[0] for name, shares in minerals.items() if "CHN" in shares}
    )
    fall, rise = int((china <= -MOVED).sum()), int((china >= MOVED).sum())
    suppliers = f"suppliers change in {cardinal(moved) if moved else 'none'} of {counted(len(minerals), 'mineral')}"
    if not fall + rise:
        return sentence(suppliers, "China's share changes by ten points in none" if len(china) else "")
    ways = [f"{way} in {cardinal(n)}" for way, n in (("falls", fall), ("rises", rise)) if n]
    first = str(china.abs().idxmax())
    shares = 100 * minerals[first]["CHN"]
    way = "falls" if china[first] < 0 else "rises"
    most = f"it {way} most in {in_words(first)}, from {shares.iloc[0]:.0f} to {percent(shares.iloc[-1])}"
    return sentence(suppliers, f"China's share {joined(ways)}", most)


def _box(figure: Figure, column: int, down: float) -> Axes:
    """Axes of a panel, `down` inches below the figure's top: all are alike, so no engine need measure each."""
    width, height = figure.get_size_inches()
    wide = (width - LEFT - RIGHT - ACROSS * (COLUMNS - 1)) / COLUMNS
    left = LEFT + (wide + ACROSS) * column
    return figure.add_axes((left / width, 1 - (down + HIGH) / height, wide / width, HIGH / height))


def _panel(ax: Axes, shares: pd.DataFrame, mineral: str) -> None:
    _bands(ax, shares)
    for country in shares.columns.drop("other", errors="ignore"):
        _name_inside(ax, shares, str(country), 7, least=9, code=True)
    ax.set_title(style.spoken(mineral), fontsize=8.5, y=1)
    style.two_years(ax, int(shares.index[0]), int(shares.index[-1]))
    ax.set_yticks([0, 50, 100], ["0", "50", "100 %"])
    ax.tick_params(labelsize=7, length=0, bottom=False, left=False)


def _strips(figure: Figure, still: dict[str, pd.Series], down: float) -> None:
    """The minerals whose suppliers hardly change, a bar each of the last year, in the same order of countries."""
    width, height = figure.get_size_inches()
    high = STRIP * len(still)
    box = (BESIDE / width, 1 - (down + 0.1 + high) / height, (width - BESIDE - RIGHT) / width, high / height)
    ax = style.bare(figure.add_axes(box))
    for at, shares in enumerate(still.values()):
        start = 0.0
        for country, share in (100 * shares).items():
            tint = style.colour(str(country))
            ax.barh(at, share, left=start, height=0.8, color=tint, edgecolor="white", linewidth=0.5)
            if share >= 5 and country != "other":
                ax.text(start + share / 2, at, str(country), fontsize=7, color=style.ink(tint), **style.INSIDE)
            start += share
    ax.set(xlim=(0, 100), ylim=(len(still) - 0.5, -0.5))
    ax.set_yticks(range(len(still)), [style.spoken(name) for name in still], fontsize=8)
    ax.tick_params(length=0)
    ax.set_title(f"Hardly changing, {next(iter(still.values())).name}", fontsize=8.5, y=1)


def _legend(figure: Figure) -> None:
    """Which colour is which country, for those that are named in a panel, below them all."""
    drawn = {text.get_text() for ax in figure.axes for text in ax.texts}
    named = [code for code in style.COLOURS if code in drawn] + sorted(drawn - set(style.COLOURS))
    patches = [_patch(style.colour(code), f"{code} {style.country_name(code)}") for code in named]
    patches += [_patch(style.GREYS[0], "a country not named"), _patch(style.REST, "all others")]
    style.sourced_legend(figure, patches, columns=5)


def _patch(tint: str, label: str) -> Patch:
    return Patch(facecolor=tint, label=label)
