"""What making things costs by country: what a source says of its mines and plants, else inputs at national prices."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from supplychain.facts.checks import base_year
from supplychain.facts.dataset import PLACE, Dataset

LINE = PLACE[:2]
# What a tonne takes of each input (as in `inputs`), and what the input costs (as in `input_prices`).
INPUTS = {
    "electricity_kwh_per_t": "electricity_usd_per_kwh",
    "fuel_gj_per_t": "fuel_usd_per_gj",
    "labour_h_per_t": "labour_usd_per_h",
}
LABOUR = "labour_h_per_t"
ELECTRICITY = "electricity_kwh_per_t"
CONTRACT = "electricity_contract_usd_per_kwh"
# From here on a plant has a contract of its own for electricity, kWh/t.
LARGE_USER = 8000.0
# How far wages that are higher are earned by work that is more productive.
PRODUCTIVITY = 0.7
# Inputs that are bought at national prices are at most this part of the cost; the rest is bought on world markets.
MOST_NATIONAL = 0.9
# The places that matter make this part of a stage's output together.
MOST_OUTPUT = 0.9
REPORTED, COMPUTED = "reported", "computed"


def operating_costs(dataset: Dataset, places: pd.DataFrame, usual: pd.DataFrame) -> pd.DataFrame:
    """Operating cost of every place, before any levelling to the normal price.

    A place without a figure of its own has the line's usual cost, its electricity, fuel and labour at the country's
    prices in place of the world's (mean weighted by output), and all of it times what the figures that there are say
    of the line: the median of reported over computed.

    Parameters
    ----------
    places : mineral, stage, country, output_t. usual : mineral, stage, opex_usd_per_t (of the stage itself).

    Returns
    -------
    DataFrame: mineral, stage, country, opex_usd_per_t (USD of the base year per tonne leaving the stage), basis
    (`reported` or `computed`).
    """
    table = places[[*PLACE, "output_t"]].merge(usual[[*LINE, "opex_usd_per_t"]], on=LINE)
    costs = dataset["costs"]
    told = costs[costs["project"] == ""].groupby(PLACE)["usd_per_t"].mean()
    reported = told.reindex(pd.MultiIndex.from_frame(table[PLACE])).to_numpy(dtype=float)
    computed = table["opex_usd_per_t"].to_numpy() * _at_national_prices(dataset, table)
    ratio = pd.Series(reported / np.where(computed > 0, computed, np.nan)).groupby([table[k] for k in LINE])
    value = np.where(np.isnan(reported), computed * ratio.transform("median").fillna(1.0).to_numpy(), reported)
    basis = np.where(np.isnan(reported), COMPUTED, REPORTED)
    return table[PLACE].assign(opex_usd_per_t=value, basis=basis)


def reported_places(dataset: Dataset, also: Collection[str] = ()) -> pd.DataFrame:
    """Which of the places that make nine tenths of a stage's output have a cost that a source gives.

    Parameters
    ----------
    also : countries of which every place counts.

    Returns
    -------
    DataFrame: mineral, stage, country, share (of the output of all countries), reported.
    """
    table = dataset["production"]
    made = table[(table["year"] == base_year(dataset)) & (table["output_t"] > 0)].groupby(PLACE)["output_t"].sum()
    share = (made / made.groupby(LINE).transform("sum")).rename("share").sort_values(ascending=False, kind="stable")
    before = share.groupby(LINE).cumsum() - share
    found = share[(before < MOST_OUTPUT) | share.index.isin(also, level="country")].sort_index().reset_index()
    told = dataset["costs"].query("project == ''")[PLACE]
    return found.assign(reported=pd.MultiIndex.from_frame(found[PLACE]).isin(pd.MultiIndex.from_frame(told)))


def project_costs(dataset: Dataset) -> pd.Series:
    """What a source says of a named project's operating cost, by project: USD per tonne leaving the stage."""
    costs = dataset["costs"]
    return costs[costs["project"] != ""].groupby("project")["usd_per_t"].mean()


def _at_national_prices(dataset: Dataset, table: pd.DataFrame) -> np.ndarray:
    """Cost of each place over that of the same inputs at the world's mean prices."""
    taken = _wide(dataset["inputs"], LINE)
    level = np.ones(len(table))
    shares = {}
    for item, price in INPUTS.items():
        amount = taken.get(item, pd.Series(dtype=float)).reindex(pd.MultiIndex.from_frame(table[LINE])).fillna(0.0)
        paid = _price(dataset, table, amount.to_numpy(), item, price)
        mean = _world_mean(table, paid)
        shares[item] = (
            (amount.to_numpy() * mean / table["opex_usd_per_t"].replace(0.0, np.nan)).fillna(0.0),
            paid / mean,
        )
    whole = sum(share for share, _ in shares.values())
    scale = np.minimum(1.0, MOST_NATIONAL / np.maximum(whole, 1e-12))
    for item, (share, relative) in shares.items():
        dearer = relative ** (1.0 - PRODUCTIVITY) if item == LABOUR else relative
        level += share.to_numpy() * scale * (dearer - 1.0)
    return np.asarray(level)


def _price(dataset: Dataset, table: pd.DataFrame, amount: np.ndarray, item: str, price: str) -> np.ndarray:
    """What each place pays for an input: a large user of electricity its contract; without a figure, the median."""
    prices = _wide(dataset["input_prices"], ["country"])
    if price not in prices:
        return np.ones(len(table))
    paid = table["country"].map(prices[price]).fillna(prices[price].median()).to_numpy(dtype=float)
    if item != ELECTRICITY or CONTRACT not in prices:
        return paid
    contract = table["country"].map(prices[CONTRACT]).to_numpy(dtype=float)
    return np.where((amount >= LARGE_USER) & ~np.isnan(contract), contract, paid)


def _wide(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    return table.pivot_table(index=keys, columns="item", values="value", aggfunc="first")


def _world_mean(table: pd.DataFrame, paid: np.ndarray) -> np.ndarray:
    """The mean price that a line's places pay, weighted by their output (plain where nothing is made)."""
    weight = table["output_t"] + 1e-9 * (1.0 + table.groupby(LINE)["output_t"].transform("sum"))
    keys = [table[k] for k in LINE]
    return ((weight * paid).groupby(keys).transform("sum") / weight.groupby(keys).transform("sum")).to_numpy()


def of_joint_products(costs: pd.DataFrame, basket: pd.DataFrame, prices: pd.Series) -> pd.DataFrame:
    """Operating costs of what is won from an ore: the ore's cost in the country, shared out by the products' value.

    Parameters
    ----------
    costs : mineral, stage, country, opex_usd_per_t, basis, those of ores among them. basket : product, product_stage,
        host, host_stage, country, ratio, of ores. prices : normal price by mineral, USD/t.

    Returns
    -------
    DataFrame: like `costs`, for the products; one drawn from several ores has the cheapest's cost.
    """
    hosts = costs.rename(columns={"mineral": "host", "stage": "host_stage"})
    table = basket.merge(hosts, on=["host", "host_stage", "country"])
    table["value"] = table["ratio"] * table["product"].map(prices).fillna(0.0)
    whole = table.groupby(["host", "host_stage", "country"])["value"].transform("sum")
    table["opex_usd_per_t"] *= table["product"].map(prices).fillna(0.0) / whole.replace(0.0, np.nan)
    table = table.dropna(subset=["opex_usd_per_t"]).sort_values("opex_usd_per_t", kind="stable")
    named = table.rename(columns={"product": "mineral", "product_stage": "stage"})
    return named.drop_duplicates(PLACE)[[*PLACE, "opex_usd_per_t", "basis"]].reset_index(drop=True)
