"""Where things are made: sites, their owners and capacity, what can be built, and what comes with what."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from supplychain.facts.costs import annuity
from supplychain.facts.dataset import OTHER, PLACE, Dataset
from supplychain.facts.growth import expected, members_of, yearly_growth
from supplychain.facts.operating import of_joint_products, operating_costs, project_costs
from supplychain.facts.parameters import parameter, parameters
from supplychain.system.curves import CHEAP, IDLE, LINE, steps
from supplychain.system.pattern import ORE, ore_baskets

PRODUCT = ["product", "product_stage", "country"]
# What a project is called whose capital is partly spent, or all of it.
UNDER_WAY = ["construction", "operating_ramp"]


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
    """mineral, stage, country of all that makes something, has capacity, or is named by a project or the outlook.

    Where an ore is dug or may be, its products are won.
    """
    coming = members_of(dataset["outlook"]).merge(dataset["outlook"], on=["commodity", "stage"])
    coming = coming.loc[(coming["output_t"] > 0) & (coming["country"] != OTHER), PLACE].drop_duplicates()
    named = [dataset[t][PLACE] for t in ("production", "capacity", "projects")]
    places = pd.concat([*named, coming[coming["mineral"].isin(dataset.names("minerals"))]], ignore_index=True)
    dug = places.rename(columns={"mineral": "host", "stage": "host_stage"}).drop_duplicates()
    won = ore_baskets(dataset).merge(dug, on=["host", "host_stage", "country"])[PRODUCT].set_axis(PLACE, axis=1)
    return pd.concat([places, won], ignore_index=True).drop_duplicates(ignore_index=True)


def sites(
    dataset: Dataset, costs: pd.DataFrame, base_year: int, on: Sequence[str] = ("mineral", "stage")
) -> pd.DataFrame:
    """Every place that makes something now, has capacity, or is named by a project, with its costs.

    Parameters
    ----------
    costs : by mineral and stage, as `stage_costs` gives them, or by place, as `ore_costs` does.
    on : columns by which costs are given.

    Returns
    -------
    DataFrame: mineral, stage, country, output_t, world_t, reserves_t, wacc, cost_multiplier and the columns of `costs`.
    """
    table = with_output(dataset, all_places(dataset), base_year)
    table = table.assign(world_t=table.groupby(["mineral", "stage"])["output_t"].transform("sum"))
    reserves = dataset["reserves"].groupby(["mineral", "country"])["reserves_t"].sum()
    table = table.join(reserves, on=["mineral", "country"])
    table["reserves_t"] = table["reserves_t"].where(table["stage"] == "mine")
    table = table.merge(dataset["countries"][["country", "wacc", "cost_multiplier"]], on="country")
    return table.merge(costs, on=list(on)).sort_values(PLACE, ignore_index=True)


def with_output(dataset: Dataset, places: pd.DataFrame, base_year: int) -> pd.DataFrame:
    """The places with what they make in the base year, output_t."""
    production = dataset["production"]
    output = production[production["year"] == base_year].groupby(PLACE)["output_t"].sum()
    return places.join(output, on=PLACE).fillna({"output_t": 0.0})


def national_costs(dataset: Dataset, costs: pd.DataFrame, prices: pd.Series, base_year: int) -> pd.DataFrame:
    """Operating costs by place, before any levelling; of what is won from an ore, its part of what digging that costs.

    Parameters
    ----------
    costs : as `stage_costs` gives them, by mineral and stage. prices : normal price by mineral.

    Returns
    -------
    DataFrame: mineral, stage, country, opex_usd_per_t, basis.
    """
    told = dataset["costs"]
    of_ores = told[told["mineral"].isin(_ores(dataset))].groupby(LINE)["usd_per_t"].median()
    usual = pd.concat([costs[[*LINE, "opex_usd_per_t"]], of_ores.rename("opex_usd_per_t").reset_index()])
    table = operating_costs(dataset, with_output(dataset, all_places(dataset), base_year), usual)
    joint = of_joint_products(table, ore_baskets(dataset), prices)
    joint = joint.merge(table[PLACE], on=PLACE)
    return pd.concat([without(table, joint), joint], ignore_index=True)


def _ores(dataset: Dataset) -> list[str]:
    minerals = dataset["minerals"]
    return list(minerals.loc[minerals["class"] == ORE, "mineral"])


_PAID = ["opex_usd_per_t", "full_opex_usd_per_t", "value_usd_per_t", "capex_usd_per_t"]


def ore_costs(joint: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """Costs of an ore's site per tonne of ore: those of its products, each times its part of the basket.

    Parameters
    ----------
    joint : as `byproducts` gives it. costs : the sites of the products, as `curves.at_level` gives them.

    Returns
    -------
    DataFrame: mineral (the ore), stage, country and the columns of `stage_costs` and `curves.at_level`.
    """
    basket = joint[joint["joint"]]
    costs = costs.drop(columns=["output_t", "world_t", "reserves_t", "wacc", "cost_multiplier"])
    basket = basket.merge(costs.rename(columns={"mineral": "product", "stage": "product_stage"}), on=PRODUCT)
    basket[_PAID] = basket[_PAID].mul(basket["ratio"], axis=0)
    keys = ["host", "host_stage", "country"]
    paid = basket.groupby(keys)[_PAID].sum()
    others = basket.groupby(keys)[[c for c in costs if c not in (*PLACE, *_PAID)]].first()
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
    """Part of each by-product site's capacity that needs no host: mineral, stage, country, share.

    All of it where the facts are a part of others, and leave out every host that the site has in the country.
    """
    places = table.loc[~table["joint"], PRODUCT[:2]].drop_duplicates().set_axis(PLACE[:2], axis=1)
    given = dataset["primary_shares"]
    places = places.merge(all_places(dataset), on=PLACE[:2])
    own = given[given["country"] != ""].set_index(PLACE)["share"]
    general = given[given["country"] == ""].set_index(PLACE[:2])["share"]
    share = own.reindex(pd.MultiIndex.from_frame(places[PLACE])).to_numpy()
    default = general.reindex(pd.MultiIndex.from_frame(places[PLACE[:2]])).fillna(0.0).to_numpy()
    alone = _hosted(byproducts(dataset.whole)).difference(_hosted(table))
    share = np.where(pd.MultiIndex.from_frame(places[PLACE]).isin(alone), 1.0, share)
    return places.assign(share=np.where(np.isnan(share), default, share))


def _hosted(table: pd.DataFrame) -> pd.MultiIndex:
    """The places of by-products that have a host."""
    return pd.MultiIndex.from_frame(table.loc[~table["joint"], PRODUCT].drop_duplicates())


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
        {c: "first" for c in ["name", *PLACE, "capacity_t", "earliest_year", "capex_musd", "status"]} | {"part": "sum"}
    )


def existing(
    dataset: Dataset, places: pd.DataFrame, basket: pd.DataFrame, shares: pd.DataFrame, years: list[int], ran: pd.Series
) -> pd.DataFrame:
    """Capacity by owner and year, in the steps of `curves.steps`: what ran in the base year, and what stood idle.

    Capacity is the source's where it has one, else output over the usual utilisation; that of an ore counts as that of
    each of its products. What is under construction, or in the outlook's base case, is new, its capital sunk: it comes
    to the cheapest step; where the outlook expects a country to make less, what it has fades. Named projects under
    way are a part of what the outlook expects of their place, and come by their own decision. The `tail` of what
    ran counts as idle: each place's own dearest tonnes cost what the price brings. Plants of a place that made
    nothing stand still until they have been started again (`restart`).

    Parameters
    ----------
    places : sites, those of ores among them. basket : as `byproducts` gives it. shares : as `owners` gives them.
    ran : what passed through each place in the base year's pattern, t.

    Returns
    -------
    DataFrame: mineral, stage, country, owner, year, step, existing_t, dearer_usd_per_t (what it costs beyond the
    place's cheapest).
    """
    table = _of_products(dataset, _capacity(dataset, places, years), basket)
    # Without a base year there is nothing that stood idle in it.
    passed = ran.reindex(pd.MultiIndex.from_frame(table[PLACE]), fill_value=0.0).to_numpy()
    table["ran_t"] = passed if len(ran) else table["base_t"]
    table = table.merge(expected(dataset, years), on=[*PLACE, "year"], how="left").fillna({"change_t": 0.0})
    stands = (
        1.0 + (table["change_t"] / table["base_t"].replace(0.0, np.nan)).fillna(0.0).clip(-1.0, 0.0)
    ) * np.maximum(table["base_t"], table["ran_t"])
    unnamed = (table["change_t"] - _under_way(dataset, table)).clip(lower=0.0)
    added = np.maximum(unnamed, table["capacity_t"] - table["base_t"])
    given = parameters(dataset)
    tail = parameter(given, "tail") if len(ran) else 0.0
    runs = np.minimum((1.0 - tail) * table["ran_t"], stands)
    others_ran = table.groupby(LINE)["ran_t"].transform("sum") > 0
    shut = (table["ran_t"] <= 0) & others_ran & (table["year"] < years[0] + parameter(given, "restart"))
    table = table[[*PLACE, "year"]].assign(runs=runs, added=added, idle=(stands - runs).where(~shut, 0.0))
    table = table.merge(steps(places, parameter(given, "spread")), on=PLACE)
    capacity = np.where(table["step"] == IDLE, table["idle"], table["runs"] * table["part"])
    capacity += np.where(table["step"] == CHEAP, table["added"], 0.0)
    table = table.assign(capacity_t=capacity).merge(shares, on=PLACE)
    table = table.assign(existing_t=table["capacity_t"] * table["share"])
    return table[[*PLACE, "owner", "year", "step", "existing_t", "dearer_usd_per_t"]]


def _under_way(dataset: Dataset, table: pd.DataFrame) -> np.ndarray:
    """Size of the named projects that are being built, or whose output is rising, at each place and year of a table."""
    projects = dataset["projects"]
    projects = projects.loc[projects["status"].isin(UNDER_WAY), [*PLACE, "earliest_year", "capacity_t"]]
    met = table[[*PLACE, "year"]].rename_axis("row").reset_index().merge(projects, on=PLACE)
    come = met[met["earliest_year"] <= met["year"]].groupby("row")["capacity_t"].sum()
    return come.reindex(table.index, fill_value=0.0).to_numpy(dtype=float)


def _of_products(dataset: Dataset, table: pd.DataFrame, basket: pd.DataFrame) -> pd.DataFrame:
    """Capacity and base capacity by place and year, an ore's told as that of each of its products."""
    tonnes = ["capacity_t", "base_t"]
    of_ore = basket[basket["joint"]].merge(
        table.rename(columns={"mineral": "host", "stage": "host_stage"}), on=["host", "host_stage", "country"]
    )
    of_ore[tonnes] = of_ore[tonnes].mul(of_ore["ratio"], axis=0)
    of_ore = of_ore[[*PRODUCT, "year", *tonnes]].set_axis([*PLACE, "year", *tonnes], axis=1)
    table = table[~table["mineral"].isin(_ores(dataset))]
    table = pd.concat([without(table, joint_places(basket)), of_ore], ignore_index=True)
    return table.groupby([*PLACE, "year"], as_index=False)[tonnes].sum()


def _capacity(dataset: Dataset, places: pd.DataFrame, years: list[int]) -> pd.DataFrame:
    """Capacity of every site and year, never falling: mineral, stage, country, year, capacity_t, base_t (in the first).

    What a source gives for the base year, or last before it, stands; output is below it, or shows it to be too small.
    """
    given = dataset["capacity"][[*PLACE, "year", "capacity_t"]].merge(places[PLACE], on=PLACE)
    past = given[given["year"] <= years[0]].sort_values("year", kind="stable").groupby(PLACE)["capacity_t"].last()
    known = np.maximum(places[PLACE].join(past, on=PLACE)["capacity_t"], places["output_t"])
    base = known.fillna(places["output_t"] / places["utilisation"])
    now = places[PLACE].assign(year=years[0], base_t=base.to_numpy())
    points = pd.concat([now.rename(columns={"base_t": "capacity_t"}), given[given["year"] > years[0]]])
    table = over_years(points, PLACE, "capacity_t", years).merge(now.drop(columns="year"), on=PLACE)
    return table.assign(capacity_t=table[["capacity_t", "base_t"]].max(axis=1))


_BUILD = ["build", "project", "name", *PLACE, "owner", "capex_usd_per_t", "entry_usd_per_t", "wacc", "life_years"]
_BUILD = [*_BUILD, "first_year", "lead_years", "yearly_t", "total_t"]


def builds(dataset: Dataset, places: pd.DataFrame, shares: pd.DataFrame, years: list[int]) -> pd.DataFrame:
    """What could be built: every producer's own growth, by its present owners, and the named projects up to their size.

    Returns
    -------
    DataFrame: build, project and name (blank for growth), mineral, stage, country, owner, capex_usd_per_t (per annual
    tonne), entry_usd_per_t (operating cost beyond, or below, that of what runs at the place), wacc, life_years,
    first_year, lead_years (from the decision to coming on line), yearly_t, total_t.
    """
    growing = places[(places["output_t"] > 0) & (places["growth_limit"] > 0) & (places["country"] != OTHER)]
    growing = growing.assign(own_t=_own_growth(dataset, growing, years)).merge(shares[shares["share"] > 0], on=PLACE)
    first = years[0] + np.ceil(growing["lead_time_years"]).astype(int)
    yearly = growing["own_t"] * growing["share"]
    # The best deposits and plants came first: what is new costs as much as the dear ones of the place.
    known = parameters(dataset)
    dear = 1.0 + parameter(known, "spread")
    growing["full_opex_usd_per_t"] *= dear
    growth = growing.assign(project="", name="", own_capex=np.nan, yearly_t=yearly, total_t=np.inf, first_year=first)
    named = project_owners(dataset).merge(places, on=PLACE)
    size = named["capacity_t"] * named["part"]
    capex = 1e6 * named["capex_musd"] / named["capacity_t"].replace(0.0, np.nan)
    first = named["earliest_year"].clip(lower=years[0] + 1)
    # What a source says of a project holds all that the level adds to others' costs: its capital stands beside it.
    opex = named["project"].map(project_costs(dataset))
    named = named.assign(own_capex=capex, yearly_t=size, total_t=size, first_year=first)
    named["full_opex_usd_per_t"] = opex.fillna(dear * named["full_opex_usd_per_t"])
    table = pd.concat([growth, named], ignore_index=True)
    # What is spent already is no reason not to finish.
    to_spend = table["status"].map({"construction": 1.0 - parameter(known, "sunk"), "operating_ramp": 0.0}).fillna(1.0)
    # What can come on line sooner than the stage's usual time is on its way already.
    table["lead_years"] = np.fmin(np.ceil(table["lead_time_years"]), table["first_year"] - years[0]).astype(int)
    level = table["cost_multiplier"] / table["mean_multiplier"]
    table["capex_usd_per_t"] = table["own_capex"].fillna(table["capex_usd_per_t"] * level) * to_spend
    table["entry_usd_per_t"] = table["full_opex_usd_per_t"] - table["opex_usd_per_t"]
    told = members_of(dataset["outlook"])[LINE]
    foreseen = (table["project"] == "") & pd.MultiIndex.from_frame(table[LINE]).isin(pd.MultiIndex.from_frame(told))
    worth = table["value_usd_per_t"] - table["opex_usd_per_t"]
    least = worth - table["capex_usd_per_t"] * annuity(table["wacc"], table["life_years"])
    table["entry_usd_per_t"] = table["entry_usd_per_t"].where(~foreseen, np.maximum(table["entry_usd_per_t"], least))
    return table.assign(build=np.arange(len(table)))[_BUILD]


def _own_growth(dataset: Dataset, places: pd.DataFrame, years: list[int]) -> np.ndarray:
    """What each producer can add in a year, t: what it has shown that it can, less what is coming anyway."""
    limit = places["growth_limit"] * places["world_t"]
    own = parameter(parameters(dataset), "own_growth")
    usual = np.minimum(limit, own * places["output_t"])
    named = pd.MultiIndex.from_frame(places[PLACE])
    shown = yearly_growth(dataset).reindex(named).to_numpy(dtype=float)
    coming = expected(dataset, years).query("year == @years[-1]").set_index(PLACE)["change_t"].clip(lower=0.0)
    coming = coming.reindex(named).fillna(0.0).to_numpy(dtype=float) / max(len(years) - 1, 1)
    return np.clip(np.where(np.isnan(shown), usual, shown) - coming, 0.0, None)


def charges(table: pd.DataFrame, years: list[int]) -> pd.DataFrame:
    """Annuity per annual tonne of what comes on line in each year: build, year, charge_usd_per_t."""
    yearly = table["capex_usd_per_t"] * annuity(table["wacc"], table["life_years"])
    return table[["build"]].assign(charge_usd_per_t=yearly).merge(pd.DataFrame({"year": years}), how="cross")


def availability(places: pd.DataFrame, years: list[int]) -> pd.DataFrame:
    """Part of what is built that can run: mineral, stage, country, year, factor (1)."""
    return places[PLACE].merge(pd.DataFrame({"year": years}), how="cross").assign(factor=1.0)
