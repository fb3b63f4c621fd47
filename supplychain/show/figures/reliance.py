"""On whom a market depends: shares against caps, and how another scenario changes them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from supplychain.results.result import Result
from supplychain.results.short import joined
from supplychain.show.figures import style
from supplychain.show.figures.words import cardinal, counted, in_words, percent, sentence

REACHED = 0.05  # percentage points under a cap that still are at it


def dependence_shares(result: Result, stage: str = style.SOLD, market: str = "USA", by: str = "place") -> pd.DataFrame:
    """What `dependence` draws, percent of a market's supply, by mineral.

    Parameters
    ----------
    by : `place` of the plant, or `owner`, the nationality of who owns it.

    Returns
    -------
    DataFrame by mineral: concern_first, concern_last (countries of concern in the first and last year), top_last
    (largest supplier abroad), top (who that is; "" where the table does not say), cap_last, single_last (caps on
    countries of concern and on that largest supplier; NaN where there is none), point_musd (what a point less of the
    countries of concern would cost in the last year, million USD), sorted by the first.
    """
    table = result.tables["dependence" if by == "place" else "dependence_by_owner"]
    table = table[(table["stage"] == stage) & (table["market"] == market)]
    first, last = (
        table[table["year"] == year].set_index("mineral") for year in (table["year"].min(), table["year"].max())
    )
    caps = _caps(result, stage, market, by)
    concern = caps[caps["scope"] == "feoc"].groupby("mineral")
    top = last["top_supplier"] if "top_supplier" in last else pd.Series("", last.index)
    single = caps[caps["scope"] == caps["mineral"].map(top)].groupby("mineral")
    shares = pd.DataFrame(
        {
            "concern_first": 100 * first["share_feoc"],
            "concern_last": 100 * last["share_feoc"],
            "top_last": 100 * last["top_share"],
            "top": top,
            "cap_last": 100 * concern["asked"].min(),
            "single_last": 100 * single["asked"].min(),
            "point_musd": concern["shadow_price"].max() / 1e6,
        },
        index=last.index,
    )
    return shares.sort_values(["concern_first", "concern_last"])


def _caps(result: Result, stage: str, market: str, by: str) -> pd.DataFrame:
    """Caps on suppliers in the last year that any has."""
    columns = ["kind", "stage", "year", "market", "mineral", "scope", "asked", "shadow_price"]
    table = result.tables.get("policies", pd.DataFrame()).reindex(columns=[*columns, "by"])
    table = table[table["kind"].isin(["supplier_cap", "import_ban"]) & (table["stage"] == stage)]
    table = table[(table["year"] == table["year"].max()) & table["market"].isin([market, "all"])]
    return table[table["by"].astype(object).fillna("place") == by].assign(
        shadow_price=lambda t: t["shadow_price"].abs()
    )


def dependence_takeaway(shares: pd.DataFrame, year: int) -> str:
    """How many minerals reach a cap and where it costs most; without caps, how many come mostly from concern.

    Parameters
    ----------
    shares : as `dependence_shares` gives them. year : the last one.
    """
    if shares.empty:
        return "No supply is recorded"
    if shares[["cap_last", "single_last"]].notna().any(axis=None):
        return _at_caps(shares)
    over, most = int((shares["concern_last"] > 50).sum()), float(shares["concern_last"].max())
    few = counted(over, "mineral comes", "minerals come") + f" mostly from countries of concern in {year}"
    mineral = in_words(str(shares["concern_last"].idxmax()))
    if over == 1:
        return sentence(f"{few}: {mineral}, {percent(most)}")
    return sentence(few, f"{mineral} most, {percent(most)}" if most > 0 else "")


def _at_caps(shares: pd.DataFrame) -> str:
    concern = int((shares["concern_last"] >= shares["cap_last"] - REACHED).sum())
    single = int((shares["top_last"] >= shares["single_last"] - REACHED).sum())
    reach = counted(concern, "mineral reaches", "minerals reach") + " the cap on countries of concern"
    also = f"{cardinal(single)} that on a single country" if single else ""
    dearest = shares["point_musd"].max() > 0
    dear = f"a point less would cost most in {in_words(shares['point_musd'].idxmax())}" if dearest else ""
    return sentence(reach, also, dear)


@style.styled
def dependence(
    result: Result,
    stage: str = style.SOLD,
    ax: Axes | None = None,
    market: str = "USA",
    by: str = "place",
    form: style.Form = style.WIDE,
) -> Axes:
    """Share of the countries of concern in a market's supply, first and last year, beside the caps of the scenario.

    Parameters
    ----------
    stage, market : whose supply, and at which stage. by : `place` of the plant or nationality of its `owner`.

    Returns
    -------
    Axes with one row a mineral, percent of supply, the largest supplier abroad named at the right; the data are those
    of `dependence_shares`.
    """
    shares = dependence_shares(result, stage, market, by)
    ax = style.axes(ax, form.width, style.rows_height(len(shares), 0.185, 1.9, form))
    owners = "by nationality of the owner" if by == "owner" else "by place of the plant"
    description = (
        f"{style.market_name(market)} supply from countries of concern, {style.place(stage)}, percent, {owners}"
    )
    years = result.tables["dependence"]["year"]
    first, last = int(years.min()), int(years.max())
    takeaway = dependence_takeaway(shares, last)
    if shares.empty:
        return style.nothing(ax, takeaway, description, result.title)
    y = np.arange(len(shares))
    ax.hlines(y, shares["concern_first"], shares["concern_last"], color=style.OTHERS, linewidth=2, zorder=1)
    _dots(ax, shares, y, first, last)
    ax.set_yticks(y, [style.spoken(name) for name in shares.index])
    ax.set(xlim=(-2, 102), ylim=(-0.7, len(shares) - 0.3), xlabel="percent of supply")
    ax.grid(axis="x")
    return style.headed(ax, takeaway, description, legend_columns=2, scenario=result.title)


def _dots(ax: Axes, shares: pd.DataFrame, y: np.ndarray, first: int, last: int) -> None:
    red, blue = style.colour("CHN"), style.colour("USA")
    was, now = f"countries of concern, {first}", f"countries of concern, {last}"
    ax.scatter(shares["concern_first"], y, s=30, c="white", edgecolors=red, label=was, zorder=2)
    ax.scatter(shares["concern_last"], y, s=30, color=red, label=now, zorder=3)
    largest = f"largest supplier abroad, {last}"
    ax.scatter(shares["top_last"], y, s=20, marker="d", color=blue, label=largest, zorder=5)
    for name, tint, label in (
        ("cap_last", "black", f"cap on countries of concern, {last}"),
        ("single_last", blue, f"cap on one country, {last}"),
    ):
        if shares[name].notna().any():
            ax.scatter(shares[name], y, s=110, marker="|", color=tint, label=label, zorder=4)
    for at, top in zip(y, shares["top"], strict=True):
        where = ("axes fraction", "data")
        ax.annotate(
            style.country_name(top) if top else "", (1.01, at), xycoords=where, fontsize=7.5, va="center", color=blue
        )


def dependence_changes(before: Result, after: Result, market: str = "USA") -> pd.DataFrame:
    """Shares of countries of concern in the last year in two scenarios, percent, at whichever stage is higher.

    Returns
    -------
    DataFrame by mineral: before, after; only minerals where they differ by a point or more, largest change first.
    """
    both = pd.DataFrame({"before": _worst(before, market), "after": _worst(after, market)}).dropna()
    change = (both["after"] - both["before"]).abs()
    return both.loc[change[change >= 1].sort_values(ascending=False).index]


def _worst(result: Result, market: str) -> pd.Series:
    table = result.tables["dependence"]
    table = table[(table["market"] == market) & (table["year"] == table["year"].max())]
    table = table[table["stage"].isin(["mine", "refine"])]
    return 100 * table.groupby("mineral")["share_feoc"].max()


def change_takeaway(both: pd.DataFrame) -> str:
    """For how many minerals dependence falls and for how many it rises, and where it moves most.

    Parameters
    ----------
    both : as `dependence_changes` gives it.
    """
    if both.empty:
        return "Dependence on countries of concern is the same, mineral by mineral"
    fall, rise = int((both["after"] < both["before"]).sum()), int((both["after"] > both["before"]).sum())
    ways = [f"{way} for {counted(n, 'mineral')}" for way, n in (("falls", fall), ("rises", rise)) if n]
    first, mineral = both.iloc[0], in_words(str(both.index[0]))
    move, said = f"from {first['before']:.0f} to {percent(first['after'])}", joined(ways)
    if len(both) == 1:
        return sentence(f"dependence on countries of concern {said}, {mineral}, {move}")
    return sentence(f"dependence on countries of concern {said}", f"most for {mineral}, {move}")


@style.styled
def dependence_change(before: Result, after: Result, ax: Axes | None = None, market: str = "USA") -> Axes:
    """How dependence on countries of concern in the last year differs between two scenarios, by mineral.

    Returns
    -------
    Axes with a line a mineral, percent of supply; the data are those of `dependence_changes`.
    """
    both = dependence_changes(before, after, market)
    takeaway, both = change_takeaway(both), both.iloc[::-1]
    ax = style.axes(ax, 6.6, style.rows_height(len(both), 0.2, 1.6))
    market = style.market_name(market)
    year = after.tables["dependence"]["year"].max()
    description = f"{market} supply from countries of concern, {year}, percent, at mine or refinery, the higher"
    if both.empty:
        return style.nothing(ax, takeaway, description, f"{after.title}, beside {before.title}")
    y, red = np.arange(len(both)), style.colour("CHN")
    ax.hlines(y, both["before"], both["after"], color=style.OTHERS, linewidth=2, zorder=1)
    ax.scatter(both["before"], y, s=30, c="white", edgecolors=red, label=before.title, zorder=2)
    ax.scatter(both["after"], y, s=30, color=red, label=after.title, zorder=3)
    ax.set_yticks(y, [style.spoken(name) for name in both.index])
    ax.set(xlim=(-2, 102), ylim=(-0.7, len(both) - 0.3), xlabel="percent of supply")
    ax.grid(axis="x")
    return style.headed(ax, takeaway, description, legend_columns=1)
