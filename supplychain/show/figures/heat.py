"""Heat maps: rows by years, the figure written in each cell that has something to say."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize, to_hex

from supplychain.show.figures import style

DEEPEST = "#5A1B00"
# White is normal or nothing; the same colour is dearer wherever prices are drawn.
DEAR = LinearSegmentedColormap.from_list("dear", ["#FFFFFF", style.DEARER, DEEPEST])
CHEAP_TO_DEAR = LinearSegmentedColormap.from_list(
    "cheap_to_dear", ["#0A2A4D", style.CHEAPER, "#FFFFFF", style.DEARER, DEEPEST]
)
LOST = LinearSegmentedColormap.from_list("lost", ["#FFFFFF", style.GIVEN_UP])
FULL = LinearSegmentedColormap.from_list("full", ["#FFFFFF", "#8DB3CF"]).with_extremes(over=style.DEARER)


def heat(ax: Axes, table: pd.DataFrame, text: Callable[[float], str], cmap: Colormap, norm: Normalize) -> Axes:
    """A heat map: rows by columns, the figure written in each cell that has something to say.

    Parameters
    ----------
    table : values; NaN stays white.
    text : what a cell says, "" for nothing.
    """
    values = table.to_numpy(dtype=float)
    image = ax.imshow(values, aspect="auto", interpolation="none", cmap=cmap, norm=norm)
    for (i, j), value in np.ndenumerate(values):
        if np.isfinite(value) and text(value):
            tint = to_hex(tuple(image.to_rgba(value)))
            ax.text(j, i, text(value), fontsize=7, color=style.ink(tint), **style.INSIDE)
    ax.set_xticks(range(table.shape[1]), [str(column) for column in table.columns])
    ax.set_yticks(range(table.shape[0]), [str(row) for row in table.index])
    ax.tick_params(length=0, bottom=False, left=False)
    if any("\n" in str(column) for column in table.columns):
        ax.tick_params(axis="x", labelsize=7)
    ax.spines[:].set_color("#DDDDDD")
    ax.spines[:].set_visible(True)
    return ax


def fitted(table: pd.DataFrame, form: style.Form) -> pd.DataFrame:
    """A table of years (columns) as wide as a form has room for: several years share a column, and the highest stands.

    Rows' names are wrapped to the form. The first year, history, stands alone where years are put together.
    """
    table = table.set_axis([textwrap.fill(str(name), form.label) for name in table.index])
    together = _together(table.shape[1], form)
    if together < 2:
        return table
    years = table.columns.to_numpy()
    group = -(-np.arange(len(years)) // together)
    names = {g: [int(year) for year in years[group == g]] for g in np.unique(group)}
    columns = {
        g: str(found[0]) if len(found) == 1 else f"{found[0]}\n–{found[-1] % 100:02d}" for g, found in names.items()
    }
    return table.T.groupby(group).max().T.rename(columns=columns)


def of_shared(years: int, form: style.Form, which: str) -> str:
    """What a description adds where years share a column: which of them stands; nothing where each has its own."""
    return f"; of years together {which}" if _together(years, form) > 1 else ""


def _together(years: int, form: style.Form) -> int:
    """How many years share a column, the first one alone."""
    return -(-(years - 1) // (form.years - 1))
