"""What a sudden stop does to prices and what a foreseen cap does, beside what has been observed."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from supplychain.results.result import Result
from supplychain.show.figures import style
from supplychain.show.figures.prices import price_multiples
from supplychain.show.figures.words import CEILING, STOPS, cardinal, in_words, multiple, percent, sentence

# Panels in a row; inches: of the figure, of a row with its title and years, above and below them, and beside them.
COLUMNS, WIDTH, HIGH, HEAD, FOOT, LEFT = 5, 8.2, 1.5, 1.1, 1.15, 0.4
DEARER = 1.5  # times the normal price
SEEN = "observed in 2025"


def stop_paths(stop: Result, cap: Result, observed: pd.Series, market: str = "USA") -> pd.DataFrame:
    """What `stop_and_cap` draws: a market's price over the normal one.

    Parameters
    ----------
    observed : price of 2025 over the calibration price, by mineral.

    Returns
    -------
    DataFrame: stop, cap, observed, by mineral and year; minerals by falling peak after the stop.
    """
    both = {"stop": price_multiples(stop, market), "cap": price_multiples(cap, market)}
    there = observed.index.intersection(both["stop"].index).intersection(both["cap"].index)
    order = both["stop"].loc[there].max(axis=1).sort_values(ascending=False, kind="stable").index
    table = pd.DataFrame({name: of.loc[order].stack() for name, of in both.items()}).reindex(order, level="mineral")
    return table.assign(observed=observed.reindex(table.index.get_level_values("mineral")).to_numpy())


@style.styled
def stop_and_cap(stop: Result, cap: Result, observed: pd.Series, market: str = "USA") -> Figure:
    """A panel a mineral: the price after a sudden stop, under a cap that is foreseen, and what was observed.

    Returns
    -------
    Figure; the data are those of `stop_paths`.
    """
    table = stop_paths(stop, cap, observed, market)
    minerals = list(table.index.unique("mineral"))
    description = f"{style.market_name(market)} price, multiple of the normal price, logarithmic scale. {STOPS}"
    if not minerals:
        ax = style.axes(None)
        return style.figure_of(style.nothing(ax, "None of these minerals has a normal price", description))
    rows = -(-len(minerals) // COLUMNS)
    height = HEAD + HIGH * rows + FOOT
    figure = style.new_figure(WIDTH, height, layout=None)
    grid = figure.add_gridspec(rows, COLUMNS, wspace=0.12, hspace=0.45)
    grid.update(left=LEFT / WIDTH, right=1 - 0.1 / WIDTH, top=1 - HEAD / height, bottom=FOOT / height)
    for i, mineral in enumerate(minerals):
        _panel(figure.add_subplot(grid[i // COLUMNS, i % COLUMNS]), table.loc[mineral], mineral, i % COLUMNS == 0)
    style.headed_panels(figure, *style.head_lines(stop_takeaway(table), description, "", WIDTH - 0.2))
    handles = [
        Line2D([], [], color=style.DEARER, label=stop.title),
        Line2D([], [], color=style.CHEAPER, label=f"{cap.title}, foreseen"),
        Line2D([], [], color=style.INK, linestyle=":", label=SEEN),
    ]
    style.sourced_legend(figure, handles)
    return figure


def _panel(ax: Axes, table: pd.DataFrame, mineral: str, named: bool) -> None:
    drawn = table.clip(lower=1 / DEARER, upper=CEILING)
    years = drawn.index.to_numpy(dtype=int)
    ax.axhline(1.0, color=style.REST, linewidth=0.8, zorder=0)
    ax.plot(years, drawn["stop"], color=style.DEARER, linewidth=1.8)
    ax.plot(years, drawn["cap"], color=style.CHEAPER, linewidth=1.8)
    ax.axhline(drawn["observed"].iloc[0], color=style.INK, linestyle=":", linewidth=1.2)
    ax.set(yscale="log", ylim=(0.6, 1.15 * CEILING))
    ax.set_yticks([1, 2, 5, CEILING], ["1×", "2×", "5×", "10×+"] if named else [])
    ax.yaxis.set_minor_locator(NullLocator())
    style.two_years(ax, int(years[0]), int(years[-1]))
    ax.tick_params(labelsize=7, length=2)
    ax.set_title(style.spoken(mineral), fontsize=8.5, y=1)


def stop_takeaway(table: pd.DataFrame) -> str:
    """How many prices the stop makes jump, how many of them are back in the end, and what the cap does to these.

    Parameters
    ----------
    table : as `stop_paths` gives it.
    """
    peak, last = table["stop"].groupby("mineral").max(), table["stop"].groupby("mineral").last()
    jumped = peak[peak >= DEARER].index
    back = int((last[jumped] < DEARER).sum())
    stop = f"a sudden stop takes {cardinal(len(jumped))} of {cardinal(len(peak))} prices over {multiple(DEARER)}"
    parts = [f"{stop}, {cardinal(back)} of them back by {table.index[-1][1]}"]
    if len(jumped):
        capped = table["cap"].groupby("mineral").max()[jumped]
        most = f"{percent(100 * (capped.max() - 1))}" if capped.max() < DEARER else multiple(capped.max())
        parts.append(f"a foreseen cap costs {most} at most, {in_words(str(capped.idxmax()))}")
    return sentence(*parts)
