"""Central Asia: its share of supply, what is built there and when, and whom it displaces."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from matplotlib.lines import Line2D

from supplychain.results.result import Result
from supplychain.show.figures import style
from supplychain.show.figures.words import DOES, counted, in_words, percent, points, sentence

TINTS = {"mine": "#007A5A", "refine": "#0072B2"}


def central_asia_shares(result: Result, market: str = "USA") -> pd.DataFrame:
    """What `central_asia` draws: percent of a market's supply by mineral; columns are (stage, year), first and last."""
    table = result.tables["dependence"]
    table = table[(table["market"] == market) & table["stage"].isin(["mine", "refine"])]
    if table.empty:
        return pd.DataFrame()
    ends = (int(table["year"].min()), int(table["year"].max()))
    wide = 100 * table.pivot_table(index="mineral", columns=["stage", "year"], values="share_central_asia").fillna(0.0)
    wide = wide[[(stage, year) for stage in ("mine", "refine") for year in ends if (stage, year) in wide]]
    return wide.loc[wide.max(axis=1).sort_values().index].loc[lambda t: t.max(axis=1) >= 0.5]


def region_takeaway(shares: pd.DataFrame, market: str = "USA") -> str:
    """What Central Asia supplies most of in the last year, and what it gains most in since the first.

    Parameters
    ----------
    shares : as `central_asia_shares` gives them. market : whose supply that is.
    """
    if shares.empty:
        return "Central Asia supplies half a percent of no mineral"
    years = shares.columns.get_level_values("year")
    first, last = (shares.xs(year, axis=1, level="year") for year in (years.min(), years.max()))
    top = str(last.max(axis=1).idxmax())
    stage = str(last.loc[top].idxmax())
    before = first.loc[top, stage] if stage in first else 0.0
    of = f"of {style.market_name(market)} {in_words(top)} supply"
    most = f"Central Asia {DOES[stage]} {percent(last.loc[top, stage])} {of} in {years.max()}"
    most += f", {before:.0f} in {years.min()}"
    gain = largest_gain(shares)
    return sentence(most, f"it gains most in {in_words(gain[0])}, {gain[1]}" if gain else "it gains nowhere")


def largest_gain(shares: pd.DataFrame) -> tuple[str, str] | None:
    """In which mineral Central Asia gains most from the first year to the last, and how much at which stage, in words.

    Parameters
    ----------
    shares : as `central_asia_shares` gives them. None where nothing rises by half a point.
    """
    years = shares.columns.get_level_values("year")
    first, last = (shares.xs(year, axis=1, level="year") for year in (years.min(), years.max()))
    gains = (last - first).where(last >= 0.5)
    if not gains.max(axis=None) >= 0.5:
        return None
    mineral = gains.max(axis=1).idxmax()
    stage = gains.loc[mineral].idxmax()
    return str(mineral), f"{points(gains.loc[mineral, stage])} ({style.done(str(stage))})"


@style.styled
def central_asia(result: Result, ax: Axes | None = None, market: str = "USA", form: style.Form = style.WIDE) -> Axes:
    """Central Asia's share of a market's supply by mineral, at the mine and at the refinery, first and last year.

    Returns
    -------
    Axes with a line for each stage of a mineral, from the first year's ring to the last year's dot; the data are those
    of `central_asia_shares`.
    """
    shares = central_asia_shares(result, market)
    takeaway = region_takeaway(shares, market)
    description = f"Central Asia in {style.market_name(market)} supply, percent; minerals with half a percent or more"
    if shares.empty:
        return style.nothing(style.axes(ax, form.width, 1.2), takeaway, description, result.title)
    ax = style.axes(ax, form.width, style.rows_height(len(shares), 0.27, 1.8, form))
    years = shares.columns.get_level_values("year")
    y, first, last = np.arange(len(shares)), int(years.min()), int(years.max())
    for stage, up in (("mine", 0.17), ("refine", -0.17)):
        if (stage, last) in shares:
            ends = shares[[(stage, first), (stage, last)]].where(lambda t: t.max(axis=1) >= 0.5)
            _ends(
                ax, ends.to_numpy().T, y + up, TINTS[stage], [f"{style.done(stage)}, {year}" for year in (first, last)]
            )
    ax.set_yticks(y, [style.spoken(name) for name in shares.index])
    ax.set(xlabel="percent of supply", xlim=(0, max(10.0, 1.05 * shares.max().max())), ylim=(-0.6, len(shares) - 0.4))
    ax.grid(axis="x")
    return style.headed(ax, takeaway, description, legend_columns=4, scenario=result.title)


def _ends(ax: Axes, ends: np.ndarray, y: np.ndarray, tint: str, labels: list[str]) -> None:
    """A line from the first year's ring to the last year's dot."""
    ax.hlines(y, *ends, color=tint, linewidth=2, alpha=0.4, zorder=2)
    ax.scatter(ends[0], y, s=24, c="white", edgecolors=tint, label=labels[0], zorder=3, clip_on=False)
    ax.scatter(ends[1], y, s=26, color=tint, label=labels[1], zorder=4, clip_on=False)


def built(result: Result, countries: tuple[str, ...] = style.CENTRAL_ASIA) -> pd.DataFrame:
    """What comes on line in some countries, when, and what a year's output of it is worth at normal prices.

    Returns
    -------
    DataFrame: year, mineral, stage, country, site (its name; blank for growth), built_t (t/yr of capacity),
    capex_musd, value_musd (capacity times the mineral's normal price, million USD a year; a mine's output is valued
    as the refined mineral in it, so that minerals and stages compare).
    """
    table = result.tables["capacity"]
    table = table[table["country"].isin(countries) & (table["built_t"] > 1e-6)]
    prices = result.tables["prices"].groupby("mineral")["observed_usd_per_t"].mean()
    value = table["built_t"] * table["mineral"].map(prices).fillna(0.0) / 1e6
    columns = ["year", "mineral", "stage", "country", "site", "built_t", "capex_musd", "value_musd"]
    return table.assign(value_musd=value, site=_names(table))[columns].reset_index(drop=True)


def _names(table: pd.DataFrame) -> pd.Series:
    """What a site is called; blank for growth of what is there."""
    grows = table["site"].fillna("").isin(["", "expansion"])
    named = table["name"] if "name" in table else table["site"].map(lambda site: style.spoken(str(site)))
    return named.where(~grows, "")


@style.styled
def central_asia_built(result: Result, ax: Axes | None = None, most: int = 24) -> Axes:
    """What is built in Central Asia and when: a row a project, a circle for what comes on line in a year.

    Parameters
    ----------
    most : rows to draw, those with the most valuable output; the subtitle says how many there are in all.

    Returns
    -------
    Axes; a circle's area is a year's output of the new capacity at normal prices, its colour the country; at the right
    the capacity built in all. The data are those of `built`.
    """
    new = built(result)
    takeaway = built_takeaway(new)
    description = "What is built in Central Asia; circle: a year's output of the new capacity at normal prices"
    if new.empty:
        return style.nothing(style.axes(ax, 6.6, 1.2), takeaway, description, result.title)
    keys = ["country", "site", "mineral", "stage"]
    sizes = new.groupby(keys, sort=False).agg(
        first=("year", "min"), value=("value_musd", "sum"), built_t=("built_t", "sum")
    )
    rows = sizes.nlargest(most, "value").assign(grows=lambda t: t.index.get_level_values("site") == "")
    rows = rows.sort_values(["grows", "first", "value"], ascending=[False, False, True])
    ax = style.axes(ax, 8.6, style.rows_height(len(rows), 0.22, 1.9))
    _circles(ax, new.set_index(keys), rows)
    count = f"{len(rows)} largest of {len(sizes)}" if len(sizes) > len(rows) else "all that is built"
    years = [int(year) for year in sorted(result.tables["prices"]["year"].unique())]
    ax.set(xlim=(years[0] - 0.7, years[-1] + 0.7), ylim=(-0.8, len(rows) - 0.2))
    ax.set_xticks(years[:: 2 if len(years) <= 11 else 3])
    if 0 < rows["grows"].sum() < len(rows):
        ax.axhline(rows["grows"].sum() - 0.5, color=style.QUIET, linewidth=0.8)
    described = f"{description}; right: capacity ({count})"
    return style.headed(ax, takeaway, described, legend_columns=6, scenario=result.title)


def built_takeaway(new: pd.DataFrame) -> str:
    """How many projects come on line, and the most valuable of them, with its first year (the table of `built`)."""
    if new.empty:
        return "Nothing is built in Central Asia"
    projects = new[new["site"] != ""]
    if projects.empty:
        return "No project is built in Central Asia; only what stands grows"
    value = projects.groupby("site")["value_musd"].sum()
    first = projects.loc[projects["site"] == value.idxmax(), "year"].min()
    count = f"{counted(len(value), 'project comes', 'projects come')} on line in Central Asia"
    return sentence(count, f"{'the largest is ' if len(value) > 1 else ''}{value.idxmax()}, from {first} on")


def _circles(ax: Axes, new: pd.DataFrame, rows: pd.DataFrame) -> None:
    scale = 500 / max(float(new["value_musd"].max()), 1e-9)
    for y, (key, row) in enumerate(rows.iterrows()):
        part = new.loc[[key]]
        ax.axhline(y, color="#EEEEEE", linewidth=0.8, zorder=0)
        area = (scale * part["value_musd"]).clip(lower=4)
        ax.scatter(part["year"], [y] * len(part), s=area, color=style.colour(key[0]), alpha=0.85, linewidths=0)
        ax.annotate(
            style.tonnes(row["built_t"]) + "/yr",
            xy=(1, y),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=7.5,
        )
    ax.set_yticks(range(len(rows)), [_site(*key) for key in rows.index], fontsize=8)
    _circle_legend(ax, sorted({key[0] for key in rows.index}), float(new["value_musd"].max()), scale)


def _site(country: str, site: str, mineral: str, stage: str) -> str:
    """A project's row: its name, or the country where what is there grows."""
    where = site or style.country_name(country)
    return f"{where}: {mineral.replace('_', ' ')} {style.place(stage)}{'' if site else ', growth'}"


def _circle_legend(ax: Axes, countries: list[str], most: float, scale: float) -> None:
    for country in countries:
        ax.scatter([], [], s=45, color=style.colour(country), label=style.country_name(country))
    size = float(f"{most / 2:.1g}")
    line = Line2D([], [], marker="o", color="none", markerfacecolor="#999999", markeredgewidth=0)
    line.set(markersize=(scale * size) ** 0.5, label=f"{size:,.3g} million USD a year")
    ax.add_line(line)


def displaced(
    before: Result, after: Result, stage: str = style.SOLD, market: str = "USA", year: int | None = None
) -> pd.DataFrame:
    """How shares of a market's supply differ between two scenarios where Central Asia's share does.

    Parameters
    ----------
    year : the year compared (default: the last).

    Returns
    -------
    DataFrame: minerals (those where Central Asia's share differs by half a point or more) by country, percentage
    points; each row sums to nought where both scenarios have supply.
    """
    year = year or int(after.tables["supply"]["year"].max())
    change = _shares(after, stage, market, year).sub(_shares(before, stage, market, year), fill_value=0.0)
    wide = 100 * change.unstack(fill_value=0.0)
    gain = wide[[c for c in style.CENTRAL_ASIA if c in wide]].sum(axis=1)
    return wide.loc[gain[gain.abs() >= 0.5].sort_values().index]


def _shares(result: Result, stage: str, market: str, year: int) -> pd.Series:
    table = result.tables["supply"]
    table = table[(table["stage"] == stage) & (table["market"] == market) & (table["year"] == year)]
    return table.groupby(["mineral", "country"])["share"].sum()


@style.styled
def central_asia_displaces(
    before: Result,
    after: Result,
    ax: Axes | None = None,
    stage: str = style.SOLD,
    market: str = "USA",
    form: style.Form = style.WIDE,
) -> Axes:
    """Whom Central Asia displaces (or who displaces it) between two scenarios in the last year.

    Returns
    -------
    Axes with one row a mineral: gains of share to the right, losses to the left, by country; the data are those of
    `displaced`.
    """
    year = int(after.tables["supply"]["year"].max())
    change = displaced(before, after, stage, market, year)
    takeaway = displaced_takeaway(change)
    description = (
        f"Change of shares of {style.market_name(market)} supply, {style.place(stage)}, {year}, percentage points"
    )
    scenario = f"{after.title}, less {before.title}"
    if change.empty:
        return style.nothing(style.axes(ax, form.width, 1.2), takeaway, description, scenario)
    ax = style.axes(ax, form.width, style.rows_height(len(change), 0.3, 2.0, form))
    named = style.largest(change.abs().max(), 12)
    others = change.drop(columns=named)
    rest = {"other": others.clip(upper=0).sum(axis=1), "other_gain": others.clip(lower=0).sum(axis=1)}
    parts = change[named].assign(**{name: part for name, part in rest.items() if part.any()})
    _diverging(ax, parts, 0.33 / form.width)
    ax.set_yticks(range(len(parts)), [style.spoken(mineral) for mineral in parts.index])
    ax.set(xlabel="percentage points of supply", ylim=(-0.6, len(parts) - 0.4))
    return style.headed(ax, takeaway, description, legend_columns=4, scenario=scenario)


def displaced_takeaway(change: pd.DataFrame) -> str:
    """Where Central Asia gains or loses most, and who loses or gains most there.

    Parameters
    ----------
    change : as `displaced` gives it.
    """
    if change.empty:
        return "Central Asia's share moves by less than half a point in every mineral"
    inside = [country for country in style.CENTRAL_ASIA if country in change]
    gain = change[inside].sum(axis=1)
    top = str(gain.abs().idxmax())
    others = change.loc[top].drop(inside)
    way, other = ("gains", "loses") if gain[top] > 0 else ("loses", "gains")
    rival = str(others.idxmin() if gain[top] > 0 else others.idxmax())
    whom = "" if others.empty else f"{style.country_name(rival)} {other} {points(abs(others[rival]))} there"
    return sentence(f"Central Asia {way} most in {in_words(top)}, {points(abs(gain[top]))}", whom)


def _diverging(ax: Axes, parts: pd.DataFrame, least: float) -> None:
    """Gains to the right, losses to the left; a bar of `least` of the whole width bears its country's code."""
    right, left = np.zeros(len(parts)), np.zeros(len(parts))
    span = float(parts.clip(lower=0).sum(axis=1).max() - parts.clip(upper=0).sum(axis=1).min())
    for country in parts:
        change = parts[country].to_numpy()
        start = np.where(change >= 0, right, left)
        bars = ax.barh(np.arange(len(parts)), change, left=start, height=0.75, edgecolor="white", linewidth=0.6)
        _name_bars(ax, bars, str(country), least * span)
        right, left = right + change.clip(min=0), left + change.clip(max=0)
    ax.axvline(0, color="#888888", linewidth=0.8)
    ax.margins(x=0.04)
    ax.use_sticky_edges = False


def _name_bars(ax: Axes, bars: BarContainer, country: str, least: float) -> None:
    """Colour a country's bars, and write its code where there is room; countries with a colour enter the legend."""
    other = country.startswith("other")
    tint = style.REST if other else style.colour(country)
    for bar in bars:
        bar.set_facecolor(tint)
        if abs(bar.get_width()) >= least and not other:
            middle = (bar.get_x() + bar.get_width() / 2, bar.get_y() + bar.get_height() / 2)
            ax.text(*middle, country, fontsize=7, color=style.ink(tint), **style.INSIDE)
    if other or country in style.COLOURS:
        bars.set_label("All others" if other else style.country_name(country))


def shares_by_scenario(results: Sequence[Result]) -> pd.DataFrame:
    """What `central_asia_by_scenario` draws: title, percent (Central Asia's part of US supply in the last year, each
    mineral at mine or refinery, whichever is higher, and each counting the same), by scenario."""
    rows = {
        result.name: (
            result.title,
            100 * float(result.tables["summary"].set_index("metric")["value"]["share_central_asia"]),
        )
        for result in results
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["title", "percent"])


@style.styled
def central_asia_by_scenario(results: Sequence[Result], ax: Axes | None = None) -> Axes:
    """Central Asia's share of US supply in the last year, scenario by scenario.

    Parameters
    ----------
    results : solved scenarios, the one that the others are held against first.

    Returns
    -------
    Axes; the line is the first scenario's share. The data are those of `shares_by_scenario`.
    """
    shares = shares_by_scenario(results)
    reference = float(shares["percent"].iloc[0])
    order = shares.sort_values("percent")
    ax = style.axes(ax, 10.0, style.rows_height(len(order), 0.24, 1.5))
    tints = [style.OTHERS if name == results[0].name else style.COLOURS["KAZ"] for name in order.index]
    bars = ax.barh(range(len(order)), order["percent"], color=tints, height=0.7)
    ax.bar_label(bars, [f"{percent:.1f}" for percent in order["percent"]], padding=3, fontsize=8)
    ax.axvline(reference, color="#888888", linewidth=0.9, linestyle=":")
    ax.set_yticks(range(len(order)), order["title"], fontsize=8)
    ax.set(xlabel="percent of US supply", xlim=(0, 1.12 * order["percent"].max()))
    takeaway = f"Central Asia: from {reference:.1f} to {order['percent'].iloc[-1]:.1f} percent of US supply at most"
    description = "Last year, at mine or refinery, whichever is higher; each mineral counts the same"
    return style.headed(ax, takeaway, description)
