"""What binds in a scenario, and at what shadow price: policies, capacity, corridors, by-products."""

from __future__ import annotations

import pandas as pd

from supplychain.show.report.cases import Case
from supplychain.show.report.words import span

SCARCE = 0.02
FULL = 0.999


def bound_policies(case: Case) -> pd.DataFrame:
    """Limits that bind, one row a policy, mineral, stage, scope and market, the dearest first.

    Returns
    -------
    DataFrame: policy, kind, mineral, stage, scope, market, years (text), year (of the highest shadow price), asked,
    achieved, shadow_price, unit and shadow_price_usd_per_t of that year, of_price (the last over the mineral's normal
    price; blank for limits in money).
    """
    keys = ["policy", "kind", "mineral", "stage", "scope", "market"]
    table = case.table("policies")
    table = _filled(table[table["binding"].astype(bool)], keys) if len(table) else table
    if table.empty:
        return pd.DataFrame(columns=[*keys, "years", "of_price"])
    table = table.sort_values(["shadow_price", "year"], ascending=[False, True], kind="stable")
    peak = table.drop_duplicates(keys)
    years = table.groupby(keys)["year"].agg(lambda y: span(y.dropna())).rename("years").reset_index()
    peak = peak.merge(years, on=keys, how="left")
    peak["of_price"] = peak["shadow_price_usd_per_t"] / peak["mineral"].map(normal_prices(case))
    return peak.sort_values("of_price", ascending=False, kind="stable", ignore_index=True)


def _filled(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    return table.assign(**{key: table[key].fillna("").astype(str) for key in keys})


def normal_prices(case: Case) -> pd.Series:
    """The price on which the model is calibrated, USD/t by mineral."""
    table = case.table("prices")
    return table.groupby("mineral")["observed_usd_per_t"].first() if len(table) else pd.Series(dtype=float)


def scarce_capacity(case: Case) -> pd.DataFrame:
    """Plants and mines that run full and are worth enlarging, the scarcest first.

    Returns
    -------
    DataFrame: mineral, stage, country, years (text), year (of the highest rent), scarcity_rent_usd_per_t, of_price
    (the rent over the normal price); rents under 2 % of the price are left out.
    """
    keys = ["mineral", "stage", "country"]
    table = case.table("capacity")
    if table.empty:
        return pd.DataFrame(columns=[*keys, "years", "of_price"])
    rent = table["scarcity_rent_usd_per_t"] / table["mineral"].map(normal_prices(case))
    # What is not there yet has a rent too: it says what building costs, not that anything is scarce.
    return _peaks(table.assign(of_price=rent)[(rent > SCARCE) & (table["existing_t"] > 0)], keys, "of_price")


def full_corridors(case: Case) -> pd.DataFrame:
    """Each leg of the corridors with its fullest year, the dearest to be short of first.

    Returns
    -------
    DataFrame: leg, corridor, year (of the highest shadow price, else of the fullest), capacity_t, background_t,
    used_t, load (all cargo over capacity), shadow_price_usd_per_t, years (in which it is full, text).
    """
    table = case.table("corridors")
    table = table[(table["capacity_t"] > 0) & (table["capacity_t"] < float("inf"))] if len(table) else table
    if table.empty:
        return pd.DataFrame(columns=["leg", "corridor", "years", "load"])
    table = table.assign(load=(table["used_t"] + table["background_t"]) / table["capacity_t"])
    order = table.sort_values(["shadow_price_usd_per_t", "load"], ascending=False, kind="stable")
    peak = order.drop_duplicates("leg")
    full = {leg: span(part["year"]) for leg, part in table[table["load"] >= FULL].groupby("leg")}
    return peak.assign(years=[full.get(leg, "") for leg in peak["leg"]])


def tight_byproducts(case: Case) -> pd.DataFrame:
    """By-products of which a host gives no more, one row a mineral, stage and country, the dearest first.

    Returns
    -------
    DataFrame: mineral, stage, country, years (text), year (of the highest shadow price), available_t, used_t,
    unsold_t, shadow_price_usd_per_t, of_price (the last over the normal price).
    """
    keys = ["mineral", "stage", "country"]
    table = case.table("byproducts")
    if table.empty:
        return pd.DataFrame(columns=[*keys, "years", "of_price"])
    rent = table["shadow_price_usd_per_t"] / table["mineral"].map(normal_prices(case))
    return _peaks(table.assign(of_price=rent)[rent > SCARCE], keys, "of_price")


def _peaks(table: pd.DataFrame, keys: list[str], value: str) -> pd.DataFrame:
    """The row of each key's highest value, with every year that the table has for the key; the highest first."""
    if table.empty:
        return table.assign(years="")
    years = table.groupby(keys)["year"].agg(span).rename("years").reset_index()
    peak = table.sort_values(value, ascending=False, kind="stable").drop_duplicates(keys)
    return peak.merge(years, on=keys)
