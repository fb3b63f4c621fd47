"""Indicators of dependence, computed from the tidy tables: shares, concentration, import reliance."""

from __future__ import annotations

import numpy as np
import pandas as pd

SUPPLY_KEYS = ["year", "mineral", "stage", "market"]
SUPPLY, UPSTREAM = "supply", ("mine", "refine")
HEADLINE = ("top_share", "share_feoc", "share_central_asia")


def hhi(shares: pd.Series) -> float:
    """Herfindahl-Hirschman index of shares that add to 1: their sum of squares, 0 to 1."""
    return float(np.square(shares).sum())


def hhi_range(low: np.ndarray, high: np.ndarray, total: float) -> tuple[float, float]:
    """Least and greatest HHI of supplies within their bounds that add up to a total.

    The least levels the supplies as far as the bounds let it (water-filling); the greatest is that of the chords
    x^2 <= (low + high) x - low high, filled steepest first. Both bound the HHI of every equally cheap plan.
    """
    if total <= 0:
        return 0.0, 0.0
    edges = np.unique(np.concatenate([low, high]))
    level = np.interp(total, np.clip(edges[:, None], low, high).sum(axis=1), edges)
    flat = np.clip(level, low, high)
    steepest = np.argsort(-(low + high), kind="stable")
    room = (high - low)[steepest]
    full = low.astype(float).copy()
    full[steepest] += np.clip(total - low.sum() - (np.cumsum(room) - room), 0.0, room)
    chord = ((low + high) * full - low * high).sum() / total**2
    return float(np.square(flat / total).sum()), min(1.0, float(chord))


def group_share(supply: pd.DataFrame, countries: set[str]) -> pd.Series:
    """Share of supply that passes through a group of countries, by year, mineral, stage and market."""
    inside = supply["tonnes"].where(supply["country"].isin(countries), 0.0)
    sums = pd.DataFrame({"inside": inside, "all": supply["tonnes"]}).groupby([supply[k] for k in SUPPLY_KEYS]).sum()
    return (sums["inside"] / sums["all"].replace(0.0, np.nan)).fillna(0.0)


def by_owner(supply: pd.DataFrame) -> pd.DataFrame:
    """Supply with the owner's nationality in the place of the country.

    Where owners of several nations share a site, each could deliver nothing, or all that the site can.
    """
    site = supply.groupby(["year", "mineral", "stage", "country", "market"])["high_t"]
    shared = site.transform("size") > 1
    low, high = supply["low_t"].where(~shared, 0.0), supply["high_t"].where(~shared, site.transform("sum"))
    return supply.assign(country=supply["owner"], low_t=low, high_t=high)


def by_country(supply: pd.DataFrame) -> pd.DataFrame:
    """Supply summed over what stands at one country: year, mineral, stage, country, market, tonnes, low_t, high_t."""
    keys = ["year", "mineral", "stage", "country", "market"]
    return supply.groupby(keys, as_index=False)[["tonnes", "low_t", "high_t"]].sum()


def at_worst(dependence: pd.DataFrame, market: str, year: int) -> pd.DataFrame:
    """How far a market depends on others, each mineral at mine or refinery, whichever is higher.

    Returns
    -------
    DataFrame by mineral: top_share, share_feoc, share_central_asia. Their means are the headline figures.
    """
    upstream = dependence["stage"].isin(UPSTREAM)
    table = dependence[upstream & (dependence["market"] == market) & (dependence["year"] == year)]
    return table.groupby("mineral")[list(HEADLINE)].max()


def net_import_reliance(supply: pd.DataFrame, secondary: pd.Series) -> pd.Series:
    """Net imports over consumption, nil for net exporters: by year, mineral, stage and market.

    At stage `supply`, as USGS defines it: what comes from outside the market less what its own makers sell to others,
    over primary and secondary supply. At the stages before it, where sales to others are not told by market, the share
    of supply from outside.

    Parameters
    ----------
    supply : year, mineral, stage, country, market, tonnes, home (the market in which the country lies).
    secondary : supply from scrap by year, mineral and market, t.
    """
    last, abroad = supply["stage"] == SUPPLY, supply["home"] != supply["market"]
    table = supply.assign(outside=supply["tonnes"].where(abroad, 0.0)).groupby(SUPPLY_KEYS)[["tonnes", "outside"]].sum()
    sold = supply[last & abroad].groupby(["year", "mineral", "stage", "home"])["tonnes"].sum()
    sold = sold.rename_axis(SUPPLY_KEYS).reindex(table.index, fill_value=0.0)
    scrap = secondary.reindex(table.index.droplevel("stage")).fillna(0.0).to_numpy()
    scrap = np.where(table.index.get_level_values("stage") == SUPPLY, scrap, 0.0)
    whole = (table["tonnes"] + scrap).replace(0.0, np.nan)
    return ((table["outside"] - sold) / whole).clip(lower=0.0).fillna(0.0)


def dependence(
    supply: pd.DataFrame, groups: pd.DataFrame, homes: pd.DataFrame, secondary: pd.Series | None = None
) -> pd.DataFrame:
    """Who a market depends on, look-through: at the mine, at each later stage, and by last supplier.

    Parameters
    ----------
    supply : year, mineral, stage, country, market, tonnes, low_t, high_t (range over equally cheap plans).
    groups : group, country. homes : country, market.
    secondary : supply from scrap by year, mineral and market, t (default: none).

    Returns
    -------
    DataFrame: year, mineral, stage, market, top_supplier (the largest outside the market), top_share, hhi,
    hhi_low, hhi_high, share_feoc, share_central_asia, net_import_reliance (net imports over
    consumption).
    """
    supply = by_country(supply)
    home = dict(zip(homes["country"], homes["market"], strict=True))
    supply = supply.assign(home=supply["country"].map(home).fillna(supply["country"]))
    supply = supply.assign(foreign=supply["home"] != supply["market"])
    if supply.empty:
        return pd.DataFrame(columns=[*SUPPLY_KEYS, "top_supplier", "top_share", "hhi"])
    table = _concentration(supply).join(_top_supplier(supply)).reset_index()
    index = pd.MultiIndex.from_frame(table[SUPPLY_KEYS])
    for group in ("feoc", "central_asia"):
        members = set(groups.loc[groups["group"] == group, "country"])
        table[f"share_{group}"] = group_share(supply, members).reindex(index).to_numpy()
    secondary = pd.Series(dtype=float) if secondary is None else secondary
    table["net_import_reliance"] = net_import_reliance(supply, secondary).reindex(index).to_numpy()
    table = table.fillna({"top_supplier": "", "top_share": 0.0})
    columns = [*SUPPLY_KEYS, "top_supplier", "top_share", "hhi", "hhi_low", "hhi_high"]
    return table[[*columns, "share_feoc", "share_central_asia", "net_import_reliance"]]


def _concentration(supply: pd.DataFrame) -> pd.DataFrame:
    """HHI and its range by year, mineral, stage and market."""
    ordered = supply.sort_values(SUPPLY_KEYS, kind="stable")
    groups = ordered.groupby(SUPPLY_KEYS, sort=True)
    total = groups["tonnes"].sum()
    share = ordered["tonnes"] / groups["tonnes"].transform("sum").replace(0.0, np.nan)
    table = pd.DataFrame({"hhi": share.pow(2).groupby([ordered[k] for k in SUPPLY_KEYS]).sum()})
    low, high = ordered["low_t"].to_numpy(), ordered["high_t"].to_numpy()
    edges = np.concatenate([[0], np.cumsum(groups.size().to_numpy())])
    ranges = [
        (h, h) if np.all(high[a:b] - low[a:b] <= 1e-9 * t) else hhi_range(low[a:b], high[a:b], t)
        for a, b, t, h in zip(edges[:-1], edges[1:], total, table["hhi"], strict=True)
    ]
    return table.assign(hhi_low=[r[0] for r in ranges], hhi_high=[r[1] for r in ranges])


def _top_supplier(supply: pd.DataFrame) -> pd.DataFrame:
    """The largest supplier from outside the market, and its share."""
    whole = supply.groupby(SUPPLY_KEYS)["tonnes"].sum()
    foreign = supply[supply["foreign"] & (supply["tonnes"] > 0)].sort_values(
        [*SUPPLY_KEYS, "tonnes", "country"], ascending=[True] * 4 + [False, True]
    )
    top = foreign.drop_duplicates(SUPPLY_KEYS).set_index(SUPPLY_KEYS)
    return pd.DataFrame({"top_supplier": top["country"], "top_share": top["tonnes"] / whole.reindex(top.index)})


def import_shares(supply: pd.DataFrame, market: str, year: int) -> pd.DataFrame:
    """Shares of a market's imports by last supplier, as customs would record them: mineral, country, share."""
    table = supply[(supply["stage"] == "supply") & (supply["market"] == market) & (supply["year"] == year)]
    table = table[table["country"] != market]
    total = table.groupby("mineral")["tonnes"].transform("sum")
    return table.assign(share=table["tonnes"] / total)[["mineral", "country", "share"]].reset_index(drop=True)
