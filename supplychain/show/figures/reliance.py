"""On whom a market depends: shares against caps, and how another scenario changes them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from supplychain.results.result import Result
from supplychain.show.figures import style


def dependence_shares(result: Result, stage: str = style.SOLD, market: str = "USA", by: str = "place") -> pd.DataFrame:
    """What `dependence` draws, percent of a market's supply, by mineral.

    Parameters
    ----------
    by : `place` of the plant, or `owner`, the nationality of who owns it.

    Returns
    -------
    DataFrame by mineral: concern_first, concern_last (countries of concern in the first and last year), top_last
    (largest supplier abroad), cap_last (cap on countries of concern; NaN where there is none), sorted by the first.
    """
    table = result.tables["dependence" if by == "place" else "dependence_by_owner"]
    table = table[(table["stage"] == stage) & (table["market"] == market)]
    if table.empty:
        return pd.DataFrame(columns=["concern_first", "concern_last", "top_last", "cap_last"])
    first, last = (table[table["year"] == year].set_index("mineral") for year in _ends(table))
    shares = pd.DataFrame(
        {"concern_first": 100 * first["share_feoc"], "concern_last": 100 * last["share_feoc"]}
        | {"top_last": 100 * last["top_share"], "cap_last": _caps(result, stage, market, by)},
        index=last.index,
    )
    return shares.sort_values(["concern_first", "concern_last"])


def _ends(table: pd.DataFrame) -> tuple[int, int]:
    return int(table["year"].min()), int(table["year"].max())


def _caps(result: Result, stage: str, market: str, by: str) -> pd.Series:
    """Tightest cap on countries of concern in the last year, percent, by mineral."""
    table = result.tables.get("policies", pd.DataFrame())
    if table.empty:
        return pd.Series(dtype=float)
    kinds = ["supplier_cap", "import_ban"]
    table = table[table["kind"].isin(kinds) & (table["stage"] == stage) & (table["scope"] == "feoc")]
    table = table[(table["year"] == table["year"].max()) & table["market"].isin([market, "all"])]
    if "by" in table:
        table = table[table["by"] == by]
    return 100 * table.groupby("mineral")["asked"].min()


@style.styled
def dependence(
    result: Result, stage: str = style.SOLD, ax: Axes | None = None, market: str = "USA", by: str = "place"
) -> Axes:
    """Share of the countries of concern in a market's supply, first and last year, beside the caps of the scenario.

    Parameters
    ----------
    stage, market : whose supply, and at which stage. by : `place` of the plant or nationality of its `owner`.

    Returns
    -------
    Axes with one row a mineral, percent of supply; the data are those of `dependence_shares`.
    """
    shares = dependence_shares(result, stage, market, by)
    ax = style.axes(ax, 6.6, style.rows_height(len(shares), 0.185, 1.6))
    title = f"{style.market_name(market)} dependence on countries of concern, {style.place(stage)}"
    if shares.empty:
        return style.nothing(ax, title, result.title, "No supply of this market is recorded at this stage.")
    first, last = _ends(result.tables["dependence"])
    y = np.arange(len(shares))
    ax.hlines(y, shares["concern_first"], shares["concern_last"], color=style.OTHERS, linewidth=2, zorder=1)
    _dots(ax, shares, y, first, last)
    ax.set_yticks(y, [style.spoken(mineral) for mineral in shares.index])
    ax.set(xlim=(-2, 102), ylim=(-0.7, len(shares) - 0.3), xlabel="percent of supply")
    ax.grid(axis="x")
    owners = "by nationality of the owner" if by == "owner" else "by place of the plant"
    return style.headed(ax, title, f"Percent of supply, {owners}. {result.title}", legend_columns=2)


def _dots(ax: Axes, shares: pd.DataFrame, y: np.ndarray, first: int, last: int) -> None:
    red, blue = style.colour("CHN"), style.colour("USA")
    was, now = f"countries of concern, {first}", f"countries of concern, {last}"
    ax.scatter(shares["concern_first"], y, s=30, c="white", edgecolors=red, label=was, zorder=2)
    ax.scatter(shares["concern_last"], y, s=30, color=red, label=now, zorder=3)
    largest = f"largest supplier abroad, {last}"
    ax.scatter(shares["top_last"], y, s=24, marker="d", color=blue, label=largest, zorder=2)
    if shares["cap_last"].notna().any():
        ax.scatter(shares["cap_last"], y, s=110, marker="|", color="black", label=f"cap, {last}", zorder=4)


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


@style.styled
def dependence_change(before: Result, after: Result, ax: Axes | None = None, market: str = "USA") -> Axes:
    """How dependence on countries of concern in the last year differs between two scenarios, by mineral.

    Returns
    -------
    Axes with one arrow a mineral, percent of supply; the data are those of `dependence_changes`.
    """
    both = dependence_changes(before, after, market).iloc[::-1]
    ax = style.axes(ax, 6.6, style.rows_height(len(both), 0.2, 1.6))
    title = f"{style.market_name(market)} dependence on countries of concern, two scenarios"
    subtitle = "Percent of supply in the last year, at whichever of mine and refinery is higher"
    if both.empty:
        return style.nothing(ax, title, subtitle, "No mineral's share differs by a point or more.")
    y, red, blue = np.arange(len(both)), style.colour("CHN"), style.colour("USA")
    ax.hlines(y, both["before"], both["after"], color=style.OTHERS, linewidth=2, zorder=1)
    ax.scatter(both["before"], y, s=30, c="white", edgecolors=red, label=before.title, zorder=2)
    ax.scatter(both["after"], y, s=30, marker="D", color=blue, label=after.title, zorder=3)
    ax.set_yticks(y, [style.spoken(mineral) for mineral in both.index])
    ax.set(xlim=(-2, 102), ylim=(-0.7, len(both) - 0.3), xlabel="percent of supply")
    ax.grid(axis="x")
    return style.headed(ax, title, subtitle, legend_columns=1)
