"""Facts and scenario brought together: the finished tables from which the program is written.

Only tables: who could supply whom along which path, what each site can make and could be enlarged to,
what is demanded, what is limited. Nothing here knows of variables or solvers.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from supplychain.facts.costs import calibration_prices, stage_costs
from supplychain.facts.dataset import PLACE, Dataset
from supplychain.facts.parameters import parameter, parameters
from supplychain.scenario import policies
from supplychain.scenario.policies import Tables
from supplychain.scenario.scenario import Scenario
from supplychain.system import curves, moves, sites, uses
from supplychain.system.pattern import ORE, Pattern, base_pattern

HUB_UTILISATION = 0.8
SCALE = 1000.0
# Multiple of the normal price at which use ends, where the facts do not say.
CEILING = 10.0


@dataclass(frozen=True)
class System:
    """The finished tables of one scenario; tonnes are of contained mineral, money is the data's.

    Attributes
    ----------
    years : year, weight (present value of 1 spent in the year). parameters : parameter, value.
    minerals : mineral, name, class, controlled, price, unit_t (a thousandth of world output), world_t, substitution,
        short_run, long_run, ceiling (multiple of the price at which use outside energy ends), energy_share (of the use
        outside the traced market that goes into the technologies).
    chain : mineral, stage, position, ore, ratio, whole_ratio, last, scrap_usd_per_t (paid for the scrap in a tonne).
    use : mineral, market, traced, year, tonnes (price-responsive), growth (of total use), base_t, goods_t (the part
        of base_t that arrives inside goods), secondary_t (in the base year, beside base_t), stock_t (what private
        stocks usually hold), value_usd_per_t.
    sites : mineral (owner of the site), stage, country, output_t, world_t, reserves_t, value_usd_per_t (added by the
        stage at the normal price), level, opex_usd_per_t (of the cheapest that runs), full_opex_usd_per_t (the mean,
        and that of new plant), basis, capex_usd_per_t, wacc, life_years ...; the sites of ores among them.
    owners : mineral, stage, country, owner (nationality), share (of the site's existing capacity).
    existing : mineral, stage, country, owner, year, step, existing_t, dearer_usd_per_t.
    availability : mineral, stage, country, year, factor (part of what is built that can run).
    builds : build, project, name, mineral, stage, country, owner, capex_usd_per_t, entry_usd_per_t, wacc, life_years,
        first_year, lead_years, yearly_t, total_t.
    charges : build, year (of coming on line), charge_usd_per_t (annuity).
    byproducts : product, product_stage, host, host_stage, country, ratio, joint. primary : mineral, stage, country,
        share.
    deliveries : delivery, mineral, stage, supplier, market, traced, observed, base_t, routed, and costs per tonne.
    feeds : feed, mineral, stage, origin, next_stage, destination, hub, share, seed, base_t, routed, and costs per
        tonne.
    paths : path, delivery, mineral, market, mine, refine, fabricate, supplier, via_hub, feed_mine, feed_refine,
        hub_feed, corridor, base_t, and costs per tonne.
    ways : way, kind (feed or delivery), move (its number), mineral, stage, country, zone, corridor, abroad, usual,
        cargo_share, gross_t_per_t, value_usd_per_t, margin_usd_per_t. way_legs : country, zone, corridor, leg.
    legs : leg, name, corridor, year, capacity_t, background_t, usd_per_t, days.
    services : service, year, amount, unit, value_usd_per_unit. intensities : technology, mineral, t_per_unit.
    technologies : technology, service, year, share, least_share, most_share, pace_per_year, shift_usd_per_unit,
        margin_usd_per_unit.
    collection : mineral, service, year, collection, base_collection, recovery, cost_usd_per_t, available_share.
    survival : service, age, density. past_scrap : mineral, service, year, scrap_t.
    homes : country, market in which its own use is counted.
    limits, members, losses, concentrations, export_limits, tariffs, credits, funds, rates, stocks : what the policies
        wrote (`EMPTY` lists the columns).
    """

    years: pd.DataFrame
    minerals: pd.DataFrame
    chain: pd.DataFrame
    use: pd.DataFrame
    sites: pd.DataFrame
    owners: pd.DataFrame
    existing: pd.DataFrame
    availability: pd.DataFrame
    builds: pd.DataFrame
    charges: pd.DataFrame
    byproducts: pd.DataFrame
    primary: pd.DataFrame
    deliveries: pd.DataFrame
    feeds: pd.DataFrame
    paths: pd.DataFrame
    ways: pd.DataFrame
    way_legs: pd.DataFrame
    legs: pd.DataFrame
    services: pd.DataFrame
    technologies: pd.DataFrame
    intensities: pd.DataFrame
    collection: pd.DataFrame
    survival: pd.DataFrame
    past_scrap: pd.DataFrame
    homes: pd.DataFrame
    limits: pd.DataFrame
    members: pd.DataFrame
    losses: pd.DataFrame
    concentrations: pd.DataFrame
    export_limits: pd.DataFrame
    tariffs: pd.DataFrame
    credits: pd.DataFrame
    funds: pd.DataFrame
    rates: pd.DataFrame
    stocks: pd.DataFrame
    parameters: pd.DataFrame
    money: str

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table by name, so that two systems can be compared before anything is solved."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "money"}

    def parameter(self, name: str) -> float:
        """One of the model's own parameters."""
        return parameter(self.parameters, name)


_PLACE_YEAR = {"policy": str, "kind": str, "mineral": str, "stage": str, "country": str}
# The tables that policies write, with the type of each column.
EMPTY: dict[str, dict[str, type]] = {
    "limits": {
        **{"policy": str, "kind": str, "by": str, "basket": str, "mineral": str, "stage": str, "scope": str},
        **{"market": str, "year": int, "share": float, "tonnes": float, "sense": int},
    },
    "members": {"scope": str, "country": str},
    "losses": {
        **{"policy": str, "mineral": str, "stage": str, "scope": str, "market": str, "year": int},
        **{"share": float, "surge": float},
    },
    "concentrations": {"policy": str, "mineral": str, "stage": str, "market": str, "year": int, "hhi": float},
    "export_limits": {
        **_PLACE_YEAR,
        **{"against": str, "year": int, "cut": float, "quota_t": float, "leak": float, "detour_usd_per_t": float},
    },
    "tariffs": {**_PLACE_YEAR, "market": str, "year": int, "usd_per_t": float},
    "credits": {**_PLACE_YEAR, "year": int, "usd_per_t": float, "floor_usd_per_t": float},
    "funds": {
        **{"policy": str, "mineral": str, "stage": str, "country": str, "from_year": int, "to_year": int},
        **{"capex_share": float, "budget_musd": float},
    },
    "rates": {"policy": str, "kind": str, "build": int, "year": int, "factor": float},
    "stocks": {
        **{"policy": str, "mineral": str, "market": str, "year": int, "target_t": float, "most_t": float},
        **{"initial_t": float, "holding_usd_per_t": float, "release": bool},
    },
}


def build_system(dataset: Dataset, scenario: Scenario, base: Tables | None = None) -> System:
    """Join facts and scenario: the base tables, then what each policy edits in them.

    Parameters
    ----------
    base : what `base_tables` gives for these facts and the scenario's years, where it has been made already.

    Returns
    -------
    System ; its base year is the first year of the scenario's horizon.
    """
    years = list(scenario.years)
    weights = [(1 + scenario.discount_rate) ** (years[0] - year) for year in years]
    base = base_tables(dataset, scenario.years) if base is None else base
    tables = base | {"years": pd.DataFrame({"year": years, "weight": weights})}
    tables |= {name: _empty(columns) for name, columns in EMPTY.items()}
    tables = policies.apply(dict(scenario.policies), tables, dataset, scenario.years)
    tables["use"] = uses.with_growth(tables)
    return System(**tables, money=dataset.money)


def _empty(columns: dict[str, type]) -> pd.DataFrame:
    types = {column: object if kind is str else kind for column, kind in columns.items()}
    return pd.DataFrame({column: [] for column in columns}).astype(types)


def base_tables(dataset: Dataset, horizon: range) -> Tables:
    """The tables before any policy: they depend on facts and horizon alone, and no policy changes them in place."""
    years = list(horizon)
    prices = calibration_prices(dataset)
    wanted = _wants(dataset, years, prices)
    energy = uses.energy_use(wanted["technologies"], wanted["services"], wanted["intensities"])
    pattern = base_pattern(dataset, years[0], energy[energy["year"] == years[0]])
    costs = stage_costs(dataset, pattern.chain, prices, years[0])
    national = sites.national_costs(dataset, costs, prices, years[0])
    places = sites.sites(dataset, costs.drop(columns="opex_usd_per_t"), years[0]).merge(national, on=PLACE)
    minerals = _minerals(dataset, pattern, places, prices)
    given = parameters(dataset)
    spread = parameter(given, "spread")
    top = curves.dearest(places, parameter(given, "dearest"), spread)
    moved = _moves(dataset, pattern, places, top, minerals, years[0])
    freight = moves.freight_levels(pattern.chain, moved["deliveries"], moved["feeds"])
    values = curves.levels(pattern.chain, top, prices, freight)
    places, chain = curves.at_level(places, values, spread), curves.with_scrap(pattern.chain, values)
    ran = moves.ran(pattern.chain, moved["paths"], moved["deliveries"], moved["feeds"])
    made = _places(dataset, places, years, ran)
    return {
        **wanted,
        **made,
        **moved,
        "paths": moves.with_costs(moved["paths"], chain, places),
        "minerals": _with_ores(dataset, minerals, made["sites"]),
        "chain": chain,
        "use": uses.use(dataset, pattern, years),
        "legs": moves.legs(dataset, years),
        "homes": dataset["countries"][["country", "market"]],
        "parameters": given,
    }


def _wants(dataset: Dataset, years: list[int], prices: pd.Series) -> Tables:
    intensities = dataset["intensities"][["technology", "mineral", "t_per_unit"]]
    mix = uses.technologies(dataset, years, prices)
    return {
        "services": uses.services(dataset, years),
        "technologies": mix,
        "intensities": intensities[intensities["t_per_unit"] > 0].reset_index(drop=True),
        "collection": uses.collection(dataset, years, prices),
        "survival": uses.survival(dataset),
        "past_scrap": uses.past_scrap(dataset, mix, years),
    }


def _places(dataset: Dataset, places: pd.DataFrame, years: list[int], ran: pd.Series) -> Tables:
    """Sites, the ores' among them, their owners and capacity, builds, and what comes with what."""
    basket = sites.byproducts(dataset)
    dug = sites.sites(dataset, sites.ore_costs(basket, places), years[0], PLACE)
    places = pd.concat([places, dug], ignore_index=True)
    own = sites.without(places, sites.joint_places(basket))
    shares = sites.owners(dataset, places, basket)
    builds = sites.builds(dataset, own, shares, years)
    return {
        "sites": sites.with_ore_reserves(places, basket),
        "owners": shares,
        "existing": sites.existing(dataset, places, basket, shares, years, ran),
        "availability": sites.availability(places, years),
        "builds": builds,
        "charges": sites.charges(builds, years),
        "byproducts": basket,
        "primary": sites.primary_shares(dataset, basket),
    }


def _moves(
    dataset: Dataset,
    pattern: Pattern,
    places: pd.DataFrame,
    top: pd.Series,
    minerals: pd.DataFrame,
    base_year: int,
) -> Tables:
    feeds, feed_ways = moves.feeds(dataset, pattern, top, minerals, base_year)
    sold, sold_ways = moves.deliveries(dataset, pattern, minerals, base_year)
    feeds = moves.with_base(pattern.chain, sold, feeds)
    ways = pd.concat([feed_ways, sold_ways], ignore_index=True)
    return {
        "feeds": feeds,
        "deliveries": sold,
        "paths": moves.paths(pattern.chain, places, sold, feeds),
        "ways": ways.assign(way=np.arange(len(ways))),
        "way_legs": moves.way_legs(dataset),
    }


def _minerals(dataset: Dataset, pattern: Pattern, places: pd.DataFrame, prices: pd.Series) -> pd.DataFrame:
    last = pattern.chain.loc[pattern.chain["last"], ["mineral", "ore", "stage"]]
    output = places.groupby(["mineral", "stage"])["output_t"].sum().rename("world_t")
    table = dataset["minerals"][["mineral", "name", "class", "controlled"]].merge(last, on="mineral")
    table = table.join(output, on=["ore", "stage"])
    values = dataset["elasticities"].pivot(index="class", columns="parameter", values="value")
    values = values.reindex(columns=["substitution", "short_run", "long_run", "ceiling"]).astype(float)
    table = table.join(values, on="class").assign(price=table["mineral"].map(prices).fillna(0.0))
    energy = dataset["energy_shares"].set_index("mineral")["share"]
    table = table.fillna({"ceiling": CEILING}).assign(energy_share=table["mineral"].map(energy).fillna(0.0))
    used = pattern.use.groupby("mineral")["base_t"].sum().reindex(table["mineral"]).to_numpy()
    table["unit_t"] = np.where(table["world_t"] > 0, table["world_t"], used) / SCALE
    return table.drop(columns=["ore", "stage"])


def _with_ores(dataset: Dataset, minerals: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """The minerals with the ores that hold several of them: without price or use of their own."""
    ores = dataset["minerals"][["mineral", "name", "class", "controlled"]]
    ores = ores[ores["class"] == ORE]
    world = places.groupby("mineral")["output_t"].sum()
    ores = ores.assign(world_t=ores["mineral"].map(world[world > 0]).fillna(1.0), price=0.0)
    ores = ores.assign(unit_t=ores["world_t"] / SCALE)
    return pd.concat([minerals, ores], ignore_index=True) if len(ores) else minerals
