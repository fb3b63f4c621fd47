"""What is gone without: use of minerals by share, vehicles and gigawatts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize

from supplychain.results.result import Result
from supplychain.results.short import spoken
from supplychain.show.figures import heat, style
from supplychain.show.figures.words import counted, foremost, percent, sentence

SERVICES = {
    "light_ev": ("electric vehicles", "#CC79A7"),
    "onshore_wind": ("onshore wind", "#56B4E9"),
    "offshore_wind": ("offshore wind", "#0072B2"),
    "solar": ("solar power", "#E69F00"),
    "storage": ("grid storage", "#009E73"),
    "nuclear": ("nuclear power", "#F0E442"),
    "grid": ("grid connection", "#8C8C8C"),
}
# Unit of a service: what it is called, and how many of the service's units make one.
MEASURES = {"vehicle": ("thousand vehicles", 1e3), "MW": ("GW", 1e3)}


def item_name(item: str) -> str:
    """A mineral or a service in words."""
    return style.spoken(SERVICES[item][0] if item in SERVICES else item)


def _years(result: Result) -> list[int]:
    return sorted(int(year) for year in result.tables["prices"]["year"].unique())


def unmet_shares(result: Result, market: str = "USA") -> pd.DataFrame:
    """What `unmet` draws: percent of use given up, mineral or service by year; NaN up to half a percent."""
    years = _years(result)
    table = result.tables.get("unmet", pd.DataFrame())
    if table.empty:
        return pd.DataFrame(columns=years)
    table = table[(table["market"] == market) & (table["share"] > 0.005)]
    wide = table.pivot_table(index="item", columns="year", values="share").reindex(columns=years)
    return 100 * wide.loc[wide.max(axis=1).sort_values(ascending=False).index]


def unmet_takeaway(shares: pd.DataFrame) -> str:
    """Of how many minerals and services less is used, and of which most and when.

    Parameters
    ----------
    shares : percent of use, items by years.
    """
    if shares.empty:
        return "No use is given up"
    first = str(shares.max(axis=1).idxmax())
    name = foremost(item_name(first).lower(), len(shares))
    return sentence(
        f"less is used of {counted(len(shares), 'mineral or service', 'minerals or services')}",
        f"{name}, {percent(shares.loc[first].max())} given up in {shares.loc[first].idxmax()}",
    )


@style.styled
def unmet(
    result: Result, ax: Axes | None = None, market: str = "USA", most: int = 36, form: style.Form = style.WIDE
) -> Axes:
    """What a market goes without, percent of use by mineral or service and year, the worst first.

    Returns
    -------
    Axes; the data are those of `unmet_shares`.
    """
    shares = unmet_shares(result, market)
    takeaway = unmet_takeaway(shares)
    description = f"Use given up, {style.country_name(market)}, percent of use; over half a percent"
    if shares.empty:
        return style.nothing(style.axes(ax, form.width, 1.2), takeaway, description, result.title)
    left = f" (the {most} worst)" if len(shares) > most else ""
    left += heat.of_shared(shares.shape[1], form, "the worse")
    shares = shares.iloc[:most]
    ax = style.axes(ax, form.width, style.rows_height(len(shares), 0.21, 1.4, form))
    shares.index = [item_name(str(item)) for item in shares.index]
    top = max(25.0, float(np.nanmax(shares.to_numpy())))
    heat.heat(ax, heat.fitted(shares, form), "{:.0f}".format, heat.LOST, Normalize(0, top))
    return style.headed(ax, takeaway, description + left, scenario=result.title)


def services_lost(result: Result, unit: str = "vehicle", market: str = "USA") -> pd.DataFrame:
    """What `lost_services` draws: thousand vehicles or GW not delivered, by year (rows) and service (columns)."""
    years = _years(result)
    table = result.tables.get("unmet", pd.DataFrame())
    if table.empty:
        return pd.DataFrame(index=years)
    table = table[(table["market"] == market) & (table["unit"] == unit)]
    wide = table.pivot_table(index="year", columns="item", values="amount", aggfunc="sum")
    return wide.reindex(years).fillna(0.0) / MEASURES.get(unit, (unit, 1.0))[1]


@style.styled
def lost_services(result: Result, unit: str = "vehicle", ax: Axes | None = None, market: str = "USA") -> Axes:
    """What shortages cost in things that people see: electric vehicles, or gigawatts of wind, sun and storage.

    Parameters
    ----------
    unit : `vehicle` (drawn in thousands) or `MW` (drawn in GW).

    Returns
    -------
    Axes with one stacked bar a year; the data are those of `services_lost`.
    """
    lost = services_lost(result, unit, market)
    measure = MEASURES.get(unit, (unit, 1.0))[0]
    what = "thousand electric vehicles" if unit == "vehicle" else f"{measure} of power capacity"
    description = f"Not built for want of minerals, {style.country_name(market)}: {what} a year"
    takeaway = lost_takeaway(lost.sum(axis=1), what)
    if not lost.to_numpy().sum():
        return style.nothing(style.axes(ax, 6.6, 1.2), takeaway, description, result.title)
    ax = style.axes(ax, 6.6, 3.2)
    bottom = np.zeros(len(lost))
    for service in lost:
        tint = SERVICES[str(service)][1] if service in SERVICES else style.OTHERS
        ax.bar(lost.index, lost[service], bottom=bottom, color=tint, label=item_name(str(service)), width=0.8)
        bottom += lost[service].to_numpy()
    for year, total in zip(lost.index, bottom, strict=True):
        if total > 0:
            ax.text(year, total, spoken(total), ha="center", va="bottom", fontsize=8)
    ax.set(ylabel=measure, xlim=(lost.index[0] - 0.7, lost.index[-1] + 0.7))
    ax.set_xticks([int(year) for year in lost.index[:: 1 if len(lost) <= 11 else 3]])
    ax.margins(y=0.1)
    columns = 4 if lost.shape[1] > 1 else 0
    return style.headed(ax, takeaway, description, legend_columns=columns, scenario=result.title)


def lost_takeaway(lost: pd.Series, what: str) -> str:
    """How much is not built in all, and in which year most.

    Parameters
    ----------
    lost : by year. what : is lost, with what it is counted in.
    """
    if not lost.sum():
        return "Every year's plans can be built"
    in_all = f"{spoken(lost.sum())} {what} are not built"
    several = int((lost > 0).sum()) > 1
    return sentence(
        in_all, f"{spoken(lost.max())} of them in {lost.idxmax()}" if several else f"all in {lost.idxmax()}"
    )
