"""Where things are made: sites, their owners and capacity, what can be built, and what comes with what."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from supplychain.facts.costs import annuity
from supplychain.facts.dataset import OTHER, PLACE, Dataset
from supplychain.system.pattern import ORE, ore_baskets

PRODUCT = ["product", "product_stage", "country"]
OWN_GROWTH = 0.2
SMALL_GROWTH = 0.1
# A new plant's charge over that of an idle one at the same site, at the least.
NEW_OVER_OLD = 1.01


def over_years(table: pd.DataFrame, keys: list[str], value: str, years: list[int]) -> pd.DataFrame:
    """Sparse yearly values made dense: linear between the years given, flat outside."""
    ordered = table.sort_values([*keys, "year"], kind="stable")
    groups = ordered.groupby(keys, sort=False)
    edges = np.concatenate([[0], np.cumsum(groups.size().to_numpy())]).astype(int)
    known, values = ordered["year"].to_numpy(dtype=float), ordered[value].to_numpy(dtype=float)
    dense = [np.interp(years, known[a:b], values[a:b]) for a, b in pairwise(edges)]
    labels = ordered[keys].drop_duplicates()
    out = labels.loc[labels.index.repeat(len(years))].reset_index(drop=True)
    flat = np.concatenate(dense) if dense else np.zeros(0)
    return out.assign(year=np.tile(np.array(years, dtype=int), len(labels)), **{value: flat})


def all_places(dataset: Dataset) -> pd.DataFrame:
    """mineral, stage, country of everything that makes something, has capacity, or is named by a project.

    Where an ore is dug or may be, its products are won.
    """
    places = pd.concat([dataset[t][PLACE] for t in ("production", "capacity", "projects")], ignore_index=True)
    dug = places.rename(columns={"mineral": "host", "stage": "host_stage"}).drop_duplicates()
    won = ore_baskets(dataset).merge(dug, on=["host", "host_stage", "country"])[PRODUCT].set_axis(PLACE, axis=1)
    return pd.concat([places, won], ignore_index=True).drop_duplicates(ignore_index=True)


def sites(
    dataset: Dataset, costs: pd.DataFrame, base_year: int, on: Sequence[str] = ("mineral", "stage")
) -> pd.DataFrame:
    """Every place that makes something now, has capacity, or is named by a project, with its costs.

    Parameters
    ----------
    costs : by mineral and stage, as `economics.stage_costs` gives them, or by place, as `ore_costs` does.
    on : columns by which costs are given.

    Returns
    -------
    DataFrame: mineral, stage, country, output_t, world_t, reserves_t, wacc, cost_multiplier and the columns of `costs`.
    """
    table = all_places(dataset)
    production = dataset["production"]
    output = production[production["year"] == base_year].groupby(PLACE)["output_t"].sum()
    table = table.join(output, on=PLACE).fillna({"output_t": 0.0})
    table = table.assign(world_t=table.groupby(["mineral", "stage"])["output_t"].transform("sum"))
    reserves = dataset["reserves"].groupby(["mineral", "country"])["reserves_t"].sum()
    table = table.join(reserves, on=["mineral", "country"])
    table["reserves_t"] = table["reserves_t"].where(table["stage"] == "mine")
    table = table.merge(dataset["countries"][["country", "wacc", "cost_multiplier"]], on="country")
    return table.merge(costs, on=list(on)).sort_values(PLACE, ignore_index=True)


def _ores(dataset: Dataset) -> list[str]:
    minerals = dataset["minerals"]
    return list(minerals.loc[minerals["class"] == ORE, "mineral"])


_PAID = ["opex_usd_per_t", "capex_usd_per_t", "charge_usd_per_t"]


def ore_costs(joint: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """Costs of an ore's site per tonne of ore: those of its products, each times its part of the basket.

    Parameters
    ----------
    joint : as `byproducts` gives it. costs : by mineral and stage, of the products.

    Returns
    -------
    DataFrame: mineral (the ore), stage, country and the columns of `costs`.
    """
    basket = joint[joint["joint"]]
    basket = basket.merge(costs.rename(columns={"mineral": "product", "stage": "product_stage"}), on=PRODUCT[:2])
    basket[_PAID] = basket[_PAID].mul(basket["ratio"], axis=0)
    keys = ["host", "host_stage", "country"]
    paid = basket.groupby(keys)[_PAID].sum()
    others = basket.groupby(keys)[[c for c in costs if c not in ("mineral", "stage", *_PAID)]].first()
    return paid.join(others).reset_index().rename(columns={"host": "mineral", "host_stage": "stage"})


def with_ore_reserves(places: pd.DataFrame, basket: pd.DataFrame) -> pd.DataFrame:
    """The sites, with reserves of an ore's products: the ore's, each times its part of the basket."""
    ore = places.rename(columns={"mineral": "host", "stage": "host_stage"})[
        ["host", "host_stage", "country", "reserves_t"]
    ]
    held = basket[basket["joint"]].merge(ore, on=["host", "host_stage", "country"])
    held = (held["reserves_t"] * held["ratio"]).groupby([held[k] for k in PRODUCT]).sum(min_count=1)
    of_ore = held.reindex(pd.MultiIndex.from_frame(places[PLACE])).to_numpy()
    return places.assign(reserves_t=places["reserves_t"].fillna(pd.Series(of_ore, index=places.index)))


def byproducts(dataset: Dataset) -> pd.DataFrame:
    """What a tonne of each host can give, by country (eq. 5).

    Returns
    -------
    DataFrame: product, product_stage, host, host_stage, country, ratio, joint (the host is an ore: its capacity is the
    product's).
    """
    given, places = dataset["byproducts"], all_places(dataset)
    ores = _ores(dataset)
    made = places.set_axis(PRODUCT, axis=1)
    hosts = places.set_axis(["host", "host_stage", "country"], axis=1)
    pairs = ["product", "product_stage", "host", "host_stage"]
    given = given.loc[~given["host"].isin(ores), [*pairs, "country", "ratio"]]
    spread = given[given["country"] == ""].drop(columns="country").merge(made, on=PRODUCT[:2])
    table = pd.concat([given[given["country"] != ""], spread], ignore_index=True)
    table = pd.concat([table.drop_duplicates([*pairs, "country"]), ore_baskets(dataset)], ignore_index=True)
    table = table.merge(hosts, on=["host", "host_stage", "country"])
    return table.assign(joint=table["host"].isin(ores))


def joint_places(table: pd.DataFrame) -> pd.DataFrame:
    """mineral, stage, country of products whose capacity is their ore's."""
    return table.loc[table["joint"], PRODUCT].drop_duplicates().set_axis(PLACE, axis=1)


def without(table: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """The table's rows at other places than these."""
    inside = pd.MultiIndex.from_frame(table[PLACE]).isin(pd.MultiIndex.from_frame(places[PLACE]))
    return table[~inside].reset_index(drop=True)


def primary_shares(dataset: Dataset, table: pd.DataFrame) -> pd.DataFrame:
    """Part of each by-product site's capacity that needs no host: mineral, stage, country, share."""
    places = table.loc[~table["joint"], PRODUCT[:2]].drop_duplicates().set_axis(PLACE[:2], axis=1)
    given = dataset["primary_shares"]
    places = places.merge(all_places(dataset), on=PLACE[:2])
    own = given[given["country"] != ""].set_index(PLACE)["share"]
    general = given[given["country"] == ""].set_index(PLACE[:2])["share"]
    share = own.reindex(pd.MultiIndex.from_frame(places[PLACE])).to_numpy()
    default = general.reindex(pd.MultiIndex.from_frame(places[PLACE[:2]])).fillna(0.0).to_numpy()
    return places.assign(share=np.where(np.isnan(share), default, share))


def owners(dataset: Dataset, places: pd.DataFrame, joint: pd.DataFrame) -> pd.DataFrame:
    """Who owns each site's capacity: mineral, stage, country, owner (nationality), share; the rest is the country's
    own.

    A product of an ore is owned as the ore is. The owner of a project stands there with a share of nothing.
    """
    given = dataset["owners"][[*PLACE, "owner_country", "share"]].rename(columns={"owner_country": "owner"})
    planned = project_owners(dataset)[[*PLACE, "owner"]].assign(share=0.0)
    given = pd.concat([given, planned], ignore_index=True)
    of_ore = joint[joint["joint"]].drop_duplicates(PRODUCT).drop(columns="ratio")
    of_ore = of_ore.merge(
        given.rename(columns={"mineral": "host", "stage": "host_stage"}), on=["host", "host_stage", "country"]
    )
    of_ore = of_ore[[*PRODUCT, "owner", "share"]].set_axis([*PLACE, "owner", "share"], axis=1)
    given = pd.concat([without(given, joint_places(joint)), of_ore], ignore_index=True).merge(places[PLACE], on=PLACE)
    left = 1.0 - given.groupby(PLACE)["share"].sum()
    home = places[PLACE].join(left.rename("share"), on=PLACE).fillna({"share": 1.0})
    table = pd.concat([given, home.assign(owner=home["country"])], ignore_index=True)
    named = given.groupby([*PLACE, "owner"]).size()
    table = table.groupby([*PLACE, "owner"], as_index=False)["share"].sum()
    is_named = pd.MultiIndex.from_frame(table[[*PLACE, "owner"]]).isin(named.index)
    return table[(table["share"] > 1e-6) | is_named].reset_index(drop=True)


def project_owners(dataset: Dataset) -> pd.DataFrame:
    """Every named project once for each nationality of its owners: the projects' columns, owner, part (of its size)."""
    projects = dataset["projects"]
    part = projects["owner_share"].where(projects["owner_country"] != "", 0.0).fillna(1.0)
    foreign = projects.assign(owner=projects["owner_country"], part=part)
    home = projects.assign(owner=projects["country"], part=1.0 - part)
    both = pd.concat([foreign, home], ignore_index=True).drop(columns=["owner_country", "owner_share"])
    both = both[both["part"] > 1e-6]
    return both.groupby(["project", "owner"], as_index=False, sort=False).agg(
        {c: "first" for c in ["name", *PLACE, "capacity_t", "earliest_year", "capex_musd"]} | {"part": "sum"}
    )


def existing(
    dataset: Dataset, places: pd.DataFrame, basket: pd.DataFrame, shares: pd.DataFrame, years: list[int]
) -> pd.DataFrame:
    """Capacity by owner and year: the source's where it has one, else output over the usual utilisation; never retired.

    The capacity of an ore counts as that of each of its products.

    Parameters
    ----------
    places : sites, those of ores among them. basket : as `byproducts` gives it. shares : as `owners` gives them.

    Returns
    -------
    DataFrame: mineral, stage, country, owner, year, existing_t.
    """
    table = _capacity(dataset, places, years)
    of_ore = basket[basket["joint"]].merge(
        table.rename(columns={"mineral": "host", "stage": "host_stage"}), on=["host", "host_stage", "country"]
    )
    of_ore = of_ore.assign(capacity_t=of_ore["capacity_t"] * of_ore["ratio"])[[*PRODUCT, "year", "capacity_t"]]
    of_ore = of_ore.set_axis([*PLACE, "year", "capacity_t"], axis=1)
    table = table[~table["mineral"].isin(_ores(dataset))]
    table = pd.concat([without(table, joint_places(basket)), of_ore], ignore_index=True)
    table = table.groupby([*PLACE, "year"], as_index=False)["capacity_t"].sum().merge(shares, on=PLACE)
    return table.assign(existing_t=table["capacity_t"] * table["share"])[[*PLACE, "owner", "year", "existing_t"]]


def _capacity(dataset: Dataset, places: pd.DataFrame, years: list[int]) -> pd.DataFrame:
    """Capacity of every site and year, never falling: mineral, stage, country, year, capacity_t.

    What a source gives for the base year, or last before it, stands; output is below it, or shows it to be too small.
    """
    given = dataset["capacity"][[*PLACE, "year", "capacity_t"]].merge(places[PLACE], on=PLACE)
    past = given[given["year"] <= years[0]].sort_values("year", kind="stable").groupby(PLACE)["capacity_t"].last()
    known = np.maximum(places[PLACE].join(past, on=PLACE)["capacity_t"], places["output_t"])
    base = known.fillna(places["output_t"] / places["utilisation"])
    now = places[PLACE].assign(year=years[0], least=base.to_numpy())
    points = pd.concat([now.rename(columns={"least": "capacity_t"}), given[given["year"] > years[0]]])
    table = over_years(points, PLACE, "capacity_t", years).merge(now.drop(columns="year"), on=PLACE)
    return table.assign(capacity_t=table[["capacity_t", "least"]].max(axis=1)).drop(columns="least")


_BUILD = ["build", "project", "name", *PLACE, "owner", "capex_usd_per_t", "wacc", "life_years"]
_BUILD = [*_BUILD, "first_year", "yearly_t", "total_t"]


def builds(dataset: Dataset, places: pd.DataFrame, shares: pd.DataFrame, base_year: int) -> pd.DataFrame:
    """What could be built: every producer's own growth, by its present owners, and the named projects up to their size.

    Returns
    -------
    DataFrame: build, project and name (blank for growth), mineral, stage, country, owner, capex_usd_per_t (per annual
    tonne), wacc, life_years, first_year, yearly_t, total_t.
    """
    growing = places[(places["output_t"] > 0) & (places["growth_limit"] > 0) & (places["country"] != OTHER)]
    growing = growing.merge(shares[shares["share"] > 0], on=PLACE)
    limit = growing["growth_limit"] * growing["world_t"]
    own = np.maximum(OWN_GROWTH * growing["output_t"], SMALL_GROWTH * limit)
    first = base_year + np.ceil(growing["lead_time_years"]).astype(int)
    yearly = np.minimum(limit, own) * growing["share"]
    growth = growing.assign(project="", name="", own_capex=np.nan, yearly_t=yearly, total_t=np.inf, first_year=first)
    named = project_owners(dataset).merge(places, on=PLACE)
    size = named["capacity_t"] * named["part"]
    capex = 1e6 * named["capex_musd"] / named["capacity_t"].replace(0.0, np.nan)
    first = named["earliest_year"].clip(lower=base_year + 1)
    named = named.assign(own_capex=capex, yearly_t=size, total_t=size, first_year=first)
    table = pd.concat([growth, named], ignore_index=True)
    level = table["cost_multiplier"] / table["mean_multiplier"]
    table["capex_usd_per_t"] = table["own_capex"].fillna(table["capex_usd_per_t"] * level)
    return table.assign(build=np.arange(len(table)))[_BUILD]


def charges(table: pd.DataFrame, places: pd.DataFrame, years: list[int]) -> pd.DataFrame:
    """Annuity per annual tonne of what comes on line in each year: build, year, charge_usd_per_t.

    Never less than what the site's idle plants are charged: nobody builds beside them because capital is cheap there.
    """
    own = table["capex_usd_per_t"] * annuity(table["wacc"], table["life_years"])
    old = table[PLACE].merge(places[[*PLACE, "charge_usd_per_t"]], on=PLACE, how="left")["charge_usd_per_t"]
    yearly = np.maximum(own, NEW_OVER_OLD * old.fillna(0.0).to_numpy())
    return table[["build"]].assign(charge_usd_per_t=yearly).merge(pd.DataFrame({"year": years}), how="cross")


def availability(places: pd.DataFrame, years: list[int]) -> pd.DataFrame:
    """Part of what is built that can run: mineral, stage, country, year, factor (1)."""
    return places[PLACE].merge(pd.DataFrame({"year": years}), how="cross").assign(factor=1.0)
