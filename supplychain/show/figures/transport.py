"""The corridors out of Central Asia: how full each leg is, and what its fullness costs."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize

from supplychain.results.result import Result
from supplychain.show.figures import heat, style
from supplychain.show.figures.words import cardinal, counted, percent, sentence

FULL = 0.995  # of the capacity, from where on a leg is called full


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


def corridors_takeaway(use: pd.DataFrame) -> str:
    """Which legs fill up, or how full the fullest is, and where none is open.

    Parameters
    ----------
    use : as `corridor_use` gives it.
    """
    if use["filled"].dropna().empty:
        return "No leg of a corridor has a limit"
    full = use[use["filled"] >= FULL].groupby("name").size().sort_values(ascending=False, kind="stable")
    if full.empty:
        top = use.loc[use["filled"].idxmax()]
        closest = f"fullest: {_short(top['name'])}, {percent(100 * top['filled'])} in {top['year']}"
        return sentence("no leg fills up", closest)
    longest = "longest " if len(full) > 1 else ""
    first = f"{longest}{_short(str(full.index[0]))}"
    years = f"full in {cardinal(int(full.iloc[0]))} of {counted(use['year'].nunique(), 'year')}"
    return sentence(f"{counted(len(full), 'leg fills', 'legs fill')} up, {first}: {years}")


@style.styled
def corridors(result: Result, ax: Axes | None = None, form: style.Form = style.WIDE) -> Axes:
    """How full each leg of the corridors is: a row a leg, a column a year.

    Returns
    -------
    Axes; percent of capacity, other cargo included; a leg that is full and worth more has its shadow price below the
    percentage, one without capacity says that it is shut. The data are those of `corridor_use`.
    """
    use = corridor_use(result)
    takeaway = corridors_takeaway(use)
    worth = "; $: what one more tonne would save where a leg is full, USD" if (use["filled"] >= FULL).any() else ""
    shared = heat.of_shared(use["year"].nunique(), form, "the fuller")
    description = f"Corridors' legs, all cargo, percent of capacity{worth}{shared}"
    if use.empty:
        return style.nothing(style.axes(ax, form.width, 1.2), takeaway, description, result.title)
    filled = 100 * use.pivot_table(index=["corridor", "name"], columns="year", values="filled")
    price = use.pivot_table(index=["corridor", "name"], columns="year", values="shadow_price_usd_per_t")
    names = [f"{style.spoken(corridor)}: {_short(name)}" for corridor, name in filled.index]
    price = heat.fitted(price.reindex_like(filled).abs().set_axis(names), form)
    filled = heat.fitted(filled.set_axis(names), form)
    lines = max(name.count("\n") for name in filled.index) + 1
    ax = style.axes(ax, form.width, style.rows_height(len(filled), max(0.36, 0.15 * lines), 1.5, form))
    heat.heat(ax, filled, lambda _: "", heat.FULL, Normalize(0, 100 * FULL))
    _write(ax, filled, price)
    return style.headed(ax, takeaway, description, scenario=result.title)


def _short(name: str) -> str:
    """A leg's name without what is in parentheses or behind a comma."""
    return name.split(",")[0].split(" (")[0]


def _write(ax: Axes, filled: pd.DataFrame, worth: pd.DataFrame) -> None:
    for (i, j), share in np.ndenumerate(filled.to_numpy()):
        price = worth.to_numpy()[i, j]
        text = (
            f"{share:.0f}" + (f"\n${price:,.0f}" if price >= 0.5 and share >= 100 * FULL else "")
            if np.isfinite(share)
            else "shut"
        )
        ax.text(j, i, text, fontsize=7, color="white" if share >= 100 * FULL else style.INK, **style.INSIDE)


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
    description = f"{_short(name)}: use against capacity, million tonnes of cargo a year"
    if use.empty:
        return style.nothing(style.axes(ax, 6.6, 1.2), "This leg has no limit", description, result.title)
    ax = style.axes(ax, 6.6, 3.0)
    background, used = use["background_t"] / 1e6, use["used_t"] / 1e6
    ax.bar(use["year"], background, color=style.OTHERS, label="other cargo", width=0.8)
    tint = style.CORRIDORS.get(str(use["corridor"].iloc[0]), style.CORRIDORS["sea"])
    ax.bar(use["year"], used, bottom=background, color=tint, label="these minerals", width=0.8)
    ax.step(use["year"], use["capacity_t"] / 1e6, where="mid", color="black", linewidth=1.5, label="capacity")
    ax.set(ylabel="million t/yr")
    ax.set_ylim(0, 1.08 * float((use["capacity_t"] / 1e6).max()))
    ax.set_xticks([int(year) for year in use["year"][:: 1 if len(use) <= 11 else 3]])
    takeaway = corridors_takeaway(use)
    return style.headed(ax, takeaway, description, legend_columns=3, scenario=result.title)
