"""The corridors out of Central Asia: how full each leg is, and what its fullness costs."""

from __future__ import annotations

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize

from supplychain.results.result import Result
from supplychain.show.figures import style


def corridor_use(result: Result) -> pd.DataFrame:
    """The legs that have a capacity, year by year.

    Returns
    -------
    DataFrame: leg, name, corridor, year, capacity_t, background_t, used_t (cargo, t/yr), filled (1: all cargo over
    capacity), shadow_price_usd_per_t; legs without a limit are left out.
    """
    table = result.tables.get("corridors", pd.DataFrame())
    if table.empty:
        return pd.DataFrame(columns=["leg", "name", "corridor", "year", "filled", "shadow_price_usd_per_t"])
    table = table[np.isfinite(table["capacity_t"].astype(float))]
    filled = (table["background_t"] + table["used_t"]) / table["capacity_t"].where(table["capacity_t"] > 0)
    named = table["name"] if "name" in table else table["leg"].map(lambda leg: leg.replace("_", " ").title())
    return table.assign(filled=filled, name=named)


@style.styled
def corridors(result: Result, ax: Axes | None = None) -> Axes:
    """How full each leg of the corridors is: a row a leg, a column a year.

    Returns
    -------
    Axes; percent of capacity, other cargo included; a leg that is full and worth more has its shadow price below the
    percentage, one without capacity says that it is closed. The data are those of `corridor_use`.
    """
    use = corridor_use(result)
    title = "How full the corridors are"
    unit = "All cargo, percent of the leg's capacity; where it is full, what one more tonne would save, USD"
    subtitle = f"{unit}. {result.title}"
    if use.empty:
        return style.nothing(style.axes(ax, 6.6, 2.2), title, subtitle, "No leg of a corridor has a limit in this run.")
    filled = 100 * use.pivot_table(index=["corridor", "name"], columns="year", values="filled")
    worth = use.pivot_table(index=["corridor", "name"], columns="year", values="shadow_price_usd_per_t")
    worth = worth.reindex_like(filled).abs()
    ax = style.axes(ax, 7.6, style.rows_height(len(filled), 0.36, 1.3))
    filled.index = [fill(f"{style.spoken(corridor)}: {_short(name)}", 32) for corridor, name in filled.index]
    style.heat(ax, filled, lambda _: "", cmap="YlGnBu", norm=Normalize(0, 100, clip=True))
    _write(ax, filled, worth)
    return style.headed(ax, title, subtitle)


def _short(name: str) -> str:
    """A leg's name without what is in parentheses or behind a comma."""
    return name.split(",")[0].split(" (")[0]


def _write(ax: Axes, filled: pd.DataFrame, worth: pd.DataFrame) -> None:
    for (i, j), share in np.ndenumerate(filled.to_numpy()):
        price = worth.to_numpy()[i, j]
        text = f"{share:.0f}" + (f"\n${price:,.0f}" if price >= 0.5 else "") if np.isfinite(share) else "closed"
        ax.text(j, i, text, fontsize=7, color="white" if share > 55 else style.INK, **style.INSIDE)


@style.styled
def leg_use(result: Result, leg: str, ax: Axes | None = None) -> Axes:
    """Use of one leg against its capacity, year by year, million tonnes of cargo.

    Returns
    -------
    Axes: other cargo and these minerals as stacked bars, capacity as a line; the data are those of `corridor_use`.
    """
    use = corridor_use(result)
    use = use[use["leg"] == leg].sort_values("year")
    name = use["name"].iloc[0] if len(use) else leg
    title, subtitle = f"{name}: use against capacity", f"Million tonnes of cargo a year. {result.title}"
    if use.empty:
        return style.nothing(style.axes(ax, 6.6, 2.2), title, subtitle, "This leg has no limit in this run.")
    ax = style.axes(ax, 6.6, 3.0)
    background, used = use["background_t"] / 1e6, use["used_t"] / 1e6
    ax.bar(use["year"], background, color=style.OTHERS, label="other cargo", width=0.8)
    tint = style.CORRIDORS.get(str(use["corridor"].iloc[0]), style.CORRIDORS["sea"])
    ax.bar(use["year"], used, bottom=background, color=tint, label="these minerals", width=0.8)
    ax.step(use["year"], use["capacity_t"] / 1e6, where="mid", color="black", linewidth=1.5, label="capacity")
    ax.set(ylabel="million t/yr")
    ax.set_ylim(0, 1.08 * float((use["capacity_t"] / 1e6).max()))
    ax.set_xticks([int(year) for year in use["year"][:: 1 if len(use) <= 11 else 3]])
    return style.headed(ax, title, subtitle, legend_columns=3)
