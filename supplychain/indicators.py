"""Indicators of dependence, computed from the tidy tables: shares, concentration, import reliance."""

from __future__ import annotations

import numpy as np
import pandas as pd

SUPPLY_KEYS = ["year", "mineral", "stage", "market"]


def hhi(shares: pd.Series) -> float:
    """Herfindahl-Hirschman index of shares that add to 1: their sum of squares, 0 to 1."""
    return float(np.square(shares).sum())


def hhi_range(low: np.ndarray, high: np.ndarray, total: float) -> tuple[float, float]:
    """Least and greatest HHI of supplies within their bounds that add up to a total.

    The least levels the supplies as far as the bounds let it (water-filling); the greatest fills the largest
    first. Both bound the HHI of every equally cheap plan.
    """
    if total <= 0:
        return 0.0, 0.0
    floor, ceiling = 0.0, total
    for _ in range(60):
        level = (floor + ceiling) / 2
        filled = np.clip(level, low, high).sum()
        floor, ceiling = (level, ceiling) if filled < total else (floor, level)
    flat = np.clip(ceiling, low, high)
    spare, full = total - low.sum(), low.astype(float).copy()
    for i in np.argsort(-high, kind="stable"):
        step = min(max(spare, 0.0), high[i] - low[i])
        full[i], spare = full[i] + step, spare - step
    return float(np.square(flat / total).sum()), float(np.square(full / total).sum())


def group_share(supply: pd.DataFrame, countries: set[str]) -> pd.Series:
    """Share of supply that passes through a group of countries, by year, mineral, stage and market."""
    inside = supply["tonnes"].where(supply["country"].isin(countries), 0.0)
    sums = pd.DataFrame({"inside": inside, "all": supply["tonnes"]}).groupby([supply[k] for k in SUPPLY_KEYS]).sum()
    return (sums["inside"] / sums["all"].replace(0.0, np.nan)).fillna(0.0)


def dependence(supply: pd.DataFrame, groups: pd.DataFrame, homes: pd.DataFrame) -> pd.DataFrame:
    """Who a market depends on, look-through: at the mine, at each later stage, and by last supplier.

    Parameters
    ----------
    supply : year, mineral, stage, country, market, tonnes, low_t, high_t (range over equally cheap plans).
    groups : group, country. homes : country, market.

    Returns
    -------
    DataFrame: year, mineral, stage, market, top_supplier (the largest outside the market), top_share, hhi,
    hhi_low, hhi_high, share_feoc, share_central_asia, net_import_reliance (share from outside the market).
    """
    home = dict(zip(homes["country"], homes["market"], strict=True))
    supply = supply.assign(foreign=supply["country"].map(home).fillna(supply["country"]) != supply["market"])
    rows = [_dependence_row(key, part) for key, part in supply.groupby(SUPPLY_KEYS, sort=True)]
    table = pd.DataFrame(rows)
    if table.empty:
        return pd.DataFrame(columns=[*SUPPLY_KEYS, "top_supplier", "top_share", "hhi"])
    index = pd.MultiIndex.from_frame(table[SUPPLY_KEYS])
    for group in ("feoc", "central_asia"):
        members = set(groups.loc[groups["group"] == group, "country"])
        table[f"share_{group}"] = group_share(supply, members).reindex(index).to_numpy()
    abroad = supply.loc[supply["foreign"], "country"]
    table["net_import_reliance"] = group_share(supply, set(abroad)).reindex(index).to_numpy()
    return table


def _dependence_row(key: object, part: pd.DataFrame) -> dict[str, object]:
    total = float(part["tonnes"].sum())
    foreign = part[part["foreign"]]
    top = foreign.loc[foreign["tonnes"].idxmax()] if len(foreign) and total > 0 else None
    low, high = hhi_range(part["low_t"].to_numpy(), part["high_t"].to_numpy(), total)
    return dict(zip(SUPPLY_KEYS, key, strict=True)) | {  # type: ignore[call-overload]
        "top_supplier": "" if top is None else top["country"],
        "top_share": 0.0 if top is None else float(top["tonnes"]) / total,
        "hhi": hhi(part["tonnes"] / total) if total > 0 else 0.0,
        "hhi_low": low,
        "hhi_high": high,
    }


def import_shares(supply: pd.DataFrame, market: str, year: int) -> pd.DataFrame:
    """Shares of a market's imports by last supplier, as customs would record them: mineral, country, share."""
    table = supply[(supply["stage"] == "supply") & (supply["market"] == market) & (supply["year"] == year)]
    table = table[table["country"] != market]
    total = table.groupby("mineral")["tonnes"].transform("sum")
    return table.assign(share=table["tonnes"] / total)[["mineral", "country", "share"]].reset_index(drop=True)
