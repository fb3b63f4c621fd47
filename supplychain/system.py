"""Facts and scenario brought together: the finished tables from which the program is written.

Only tables: who could supply whom along which path, what each site can make and could be enlarged to,
what is demanded, what is limited. Nothing here knows of variables or solvers.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
import pandas as pd

from supplychain import policies
from supplychain.dataset import Dataset
from supplychain.economics import annuity, calibration_prices, freight_between, stage_costs
from supplychain.pattern import OTHER, STAGES, Pattern, base_pattern
from supplychain.scenario import Scenario

CARGO_INTEREST = 0.08
OWN_GROWTH = 0.2
SMALL_GROWTH = 0.1
HUB_UTILISATION = 0.8
SCALE = 1000.0


@dataclass(frozen=True)
class System:
    """The finished tables of one scenario; tonnes are of contained mineral, money is the data's.

    Attributes
    ----------
    years : year, weight (present value of 1 spent in the year).
    minerals : mineral, price, unit_t (a thousandth of world output), substitution, short_run, long_run.
    chain : mineral, stage, position, ore, ratio, last.
    use : mineral, market, traced, year, tonnes (price-responsive), growth (of total use), base_t.
    sites : mineral (owner of the site), stage, country, output_t, opex_usd_per_t, charge_usd_per_t, unit_t,
        reserves_t, and the tie to `existing`.
    existing : mineral, stage, country, year, existing_t.
    builds : build, project, mineral, stage, country, capex_usd_per_t, charge_usd_per_t, first_year,
        yearly_t, total_t.
    deliveries : delivery, mineral, supplier, market, traced, observed, base_t, and costs per tonne.
    feeds : feed, mineral, stage, origin, destination, hub, share, seed, and costs per tonne.
    paths : path, mineral, market, mine, refine, fabricate, supplier, corridor, base_t, and costs per tonne.
    hubs : mineral, supplier, market, base_t.
    services, technologies, intensities : of the traced market, by year.
    homes : country, market in which its own use is counted.
    limits, members, export_limits, funds : what the policies wrote.
    """

    years: pd.DataFrame
    minerals: pd.DataFrame
    chain: pd.DataFrame
    use: pd.DataFrame
    sites: pd.DataFrame
    existing: pd.DataFrame
    builds: pd.DataFrame
    deliveries: pd.DataFrame
    feeds: pd.DataFrame
    paths: pd.DataFrame
    services: pd.DataFrame
    technologies: pd.DataFrame
    intensities: pd.DataFrame
    homes: pd.DataFrame
    limits: pd.DataFrame
    members: pd.DataFrame
    export_limits: pd.DataFrame
    funds: pd.DataFrame
    money: str

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table by name, so that two systems can be compared before anything is solved."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "money"}


def build_system(dataset: Dataset, scenario: Scenario) -> System:
    """Join facts and scenario.

    Returns
    -------
    System ; its base year is the first year of the scenario's horizon.
    """
    base_year, years = scenario.years[0], list(scenario.years)
    technologies, services = _technologies(dataset, years), _services(dataset, years)
    intensities = dataset["intensities"][["technology", "mineral", "t_per_unit"]]
    energy = _energy_use(technologies, services, intensities)
    pattern = base_pattern(dataset, base_year, energy[energy["year"] == base_year])
    prices = calibration_prices(dataset)
    costs = stage_costs(dataset, pattern.chain, prices, base_year)
    sites = _sites(dataset, pattern, costs, base_year)
    minerals = _minerals(dataset, pattern, sites, prices)
    feeds = _feeds(dataset, pattern, sites, minerals)
    deliveries = _deliveries(dataset, pattern, sites, minerals, feeds)
    feeds = _with_base(pattern.chain, deliveries, feeds)
    return System(
        years=pd.DataFrame({"year": years, "weight": [(1 + scenario.discount_rate) ** (base_year - y) for y in years]}),
        minerals=minerals,
        chain=pattern.chain,
        use=_use(dataset, pattern, energy, years),
        sites=sites,
        existing=_existing(dataset, sites, years),
        builds=_builds(dataset, sites, base_year),
        deliveries=deliveries,
        feeds=feeds,
        paths=_paths(pattern.chain, sites, deliveries, feeds),
        services=services,
        technologies=technologies,
        intensities=intensities[intensities["t_per_unit"] > 0],
        homes=dataset["countries"][["country", "market"]],
        **policies.tables(dict(scenario.policies), dataset, scenario.years),
        money=dataset.money,
    )


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


def _services(dataset: Dataset, years: list[int]) -> pd.DataFrame:
    target = over_years(dataset["deployment"], ["service"], "amount", years)
    return target.merge(dataset["services"][["service", "unit", "value_usd_per_unit"]], on="service")


def _technologies(dataset: Dataset, years: list[int]) -> pd.DataFrame:
    mix = over_years(dataset["technology_mix"], ["technology"], "share", years)
    return mix.merge(dataset["technologies"][["technology", "service"]], on="technology")


def _energy_use(technologies: pd.DataFrame, services: pd.DataFrame, intensities: pd.DataFrame) -> pd.DataFrame:
    """What deployment takes of each mineral in the traced market, tonnes a year."""
    table = technologies.merge(services, on=["service", "year"]).merge(intensities, on="technology")
    taken = table["share"] * table["amount"] * table["t_per_unit"]
    taken = taken.groupby([table["mineral"], table["year"]]).sum()
    return taken.rename("energy_t").reset_index().assign(market="USA")


def _minerals(dataset: Dataset, pattern: Pattern, sites: pd.DataFrame, prices: pd.Series) -> pd.DataFrame:
    last = pattern.chain.loc[pattern.chain["last"], ["mineral", "ore", "stage"]]
    output = sites.groupby(["mineral", "stage"])["output_t"].sum().rename("world_t")
    table = dataset["minerals"][["mineral", "name", "class", "controlled"]].merge(last, on="mineral")
    table = table.join(output, on=["ore", "stage"])
    values = dataset["elasticities"].pivot(index="class", columns="parameter", values="value")
    values = values.reindex(columns=["substitution", "short_run", "long_run"]).astype(float)
    table = table.join(values, on="class").assign(price=table["mineral"].map(prices).fillna(0.0))
    used = pattern.use.groupby("mineral")["base_t"].sum().reindex(table["mineral"]).to_numpy()
    table["unit_t"] = np.where(table["world_t"] > 0, table["world_t"], used) / SCALE
    return table.drop(columns=["ore", "stage"])


def _use(dataset: Dataset, pattern: Pattern, energy: pd.DataFrame, years: list[int]) -> pd.DataFrame:
    """Price-responsive use by mineral, market and year, and the growth of all use, energy's included."""
    table = pattern.use.merge(pd.DataFrame({"year": years}), how="cross")
    index = over_years(dataset["demand"], ["mineral", "market"], "index", years)
    table = table.merge(index, on=["mineral", "market", "year"], how="left").fillna({"index": 1.0})
    table = table.merge(dataset["markets"][["market", "traced"]], on="market")
    responsive = (table["base_t"] - table["energy_t"]).clip(lower=0.0) * table["index"]
    of_energy = energy.set_index(["mineral", "market", "year"])["energy_t"]
    taken = of_energy.reindex(pd.MultiIndex.from_frame(table[["mineral", "market", "year"]]), fill_value=0.0)
    growth = (responsive + taken.to_numpy()) / table["base_t"].replace(0.0, np.nan)
    return table.assign(tonnes=responsive, growth=growth.fillna(1.0)).drop(columns=["index", "energy_t"])


def _sites(dataset: Dataset, pattern: Pattern, costs: pd.DataFrame, base_year: int) -> pd.DataFrame:
    """Every place that makes something now, has capacity, or is named by a project."""
    keys = ["mineral", "stage", "country"]
    places = [dataset[t][keys] for t in ("production", "capacity", "projects")]
    table = pd.concat(places, ignore_index=True).drop_duplicates(ignore_index=True)
    production = dataset["production"]
    output = production[production["year"] == base_year].groupby(keys)["output_t"].sum()
    table = table.join(output, on=keys).fillna({"output_t": 0.0})
    table = table.merge(costs, on=["mineral", "stage"])
    world = table.groupby(["mineral", "stage"])["output_t"].transform("sum")
    reserves = dataset["reserves"].groupby(["mineral", "country"])["reserves_t"].sum()
    table = table.join(reserves, on=["mineral", "country"])
    table["reserves_t"] = table["reserves_t"].where(table["stage"] == "mine")
    table = table.merge(dataset["countries"][["country", "wacc", "cost_multiplier"]], on="country")
    return table.assign(world_t=world).sort_values(keys, ignore_index=True)


def _existing(dataset: Dataset, sites: pd.DataFrame, years: list[int]) -> pd.DataFrame:
    """Capacity by year: the source's where it has one, else output over the usual utilisation; never retired."""
    keys = ["mineral", "stage", "country"]
    base = sites.assign(year=years[0], capacity_t=sites["output_t"] / sites["utilisation"])[
        [*keys, "year", "capacity_t"]
    ]
    given = dataset["capacity"][[*keys, "year", "capacity_t"]]
    points = pd.concat([given, base], ignore_index=True)
    points = points.groupby([*keys, "year"], as_index=False)["capacity_t"].max()
    known = points[points["year"] <= years[0]].groupby(keys)["capacity_t"].max().rename("least")
    table = over_years(points[points["year"] >= years[0]], keys, "capacity_t", years).join(known, on=keys)
    table["existing_t"] = table["capacity_t"].clip(lower=table["least"].fillna(0.0))
    return table[[*keys, "year", "existing_t"]]


def _builds(dataset: Dataset, sites: pd.DataFrame, base_year: int) -> pd.DataFrame:
    """What could be built: every producer's own growth, and the named projects up to their size."""
    growing = sites[(sites["output_t"] > 0) & (sites["growth_limit"] > 0) & (sites["country"] != OTHER)]
    limit = growing["growth_limit"] * growing["world_t"]
    own = np.maximum(OWN_GROWTH * growing["output_t"], SMALL_GROWTH * limit)
    first = base_year + np.ceil(growing["lead_time_years"]).astype(int)
    growth = growing.assign(project="", yearly_t=np.minimum(limit, own), total_t=np.inf, first_year=first)
    keys = ["mineral", "stage", "country"]
    named = dataset["projects"][["project", *keys, "capacity_t", "earliest_year", "capex_musd"]].merge(sites, on=keys)
    own_capex = 1e6 * named["capex_musd"] / named["capacity_t"].replace(0.0, np.nan)
    named = named.assign(
        yearly_t=named["capacity_t"],
        total_t=named["capacity_t"],
        first_year=named["earliest_year"].clip(lower=base_year + 1),
    )
    table = pd.concat([growth.assign(own_capex=np.nan), named.assign(own_capex=own_capex)], ignore_index=True)
    level = table["cost_multiplier"] / table["mean_multiplier"]
    table["capex_usd_per_t"] = table["own_capex"].fillna(table["capex_usd_per_t"] * level)
    table["charge_usd_per_t"] = table["capex_usd_per_t"] * annuity(table["wacc"], table["life_years"])
    table = table.assign(build=np.arange(len(table)))
    return table[
        ["build", "project", *keys, "capex_usd_per_t", "charge_usd_per_t", "first_year", "yearly_t", "total_t"]
    ]


def _value_of_stage(chain: pd.DataFrame, sites: pd.DataFrame, minerals: pd.DataFrame) -> pd.DataFrame:
    """Value of each stage's product per tonne of it: the price, shared out by the costs incurred so far."""
    costs = sites.drop_duplicates(["mineral", "stage"])[["mineral", "stage", "opex_usd_per_t", "charge_usd_per_t"]]
    table = chain.merge(costs.rename(columns={"mineral": "ore"}), on=["ore", "stage"], how="left")
    table["cost"] = (table["opex_usd_per_t"] + table["charge_usd_per_t"]).fillna(0.0) * table["ratio"]
    table["so_far"] = table.groupby("mineral", sort=False)["cost"].cumsum()
    whole = table.groupby("mineral", sort=False)["cost"].transform("sum")
    share = np.where(whole > 0, table["so_far"] / whole.replace(0.0, 1.0), 1.0)
    table = table.merge(minerals[["mineral", "price"]], on="mineral")
    table["value_usd_per_t"] = share * table["price"] / table["ratio"]
    return table


def _feeds(dataset: Dataset, pattern: Pattern, sites: pd.DataFrame, minerals: pd.DataFrame) -> pd.DataFrame:
    """Feeds with their costs per tonne of the origin's product.

    The freight of observed feeds is levelled by a margin: by proportion they cost the same, so that the base
    year's pattern is an optimum; a new feed pays its freight where that is more.
    """
    stages = _value_of_stage(pattern.chain, sites, minerals)[
        ["mineral", "stage", "ore", "position", "ratio", "value_usd_per_t"]
    ]
    table = pattern.feeds.merge(stages, on=["mineral", "stage"])
    cost = freight_between(dataset, table, CARGO_INTEREST)
    table = pd.concat([table, cost], axis=1)
    moved = table["freight_usd_per_t"] + table["time_usd_per_t"]
    keys = [table["mineral"], table["stage"], table["hub"]]
    weight = table["share"].fillna(0.0)
    level = (moved * weight).groupby(keys).transform("sum") / weight.groupby(keys).transform("sum").replace(0.0, np.nan)
    level = level.where(~table["hub"], 0.0)
    observed = table["share"] > 0
    table["level_usd_per_t"] = level.fillna(0.0)
    gap = (level - moved).where(observed, (level - moved).clip(lower=0.0))
    table["margin_usd_per_t"] = gap.fillna(0.0)
    table["next_stage"] = _next_stage(stages, table)
    return table.assign(feed=np.arange(len(table)))


def _next_stage(stages: pd.DataFrame, table: pd.DataFrame) -> pd.Series:
    """The stage that a feed enters: the one after its origin's, or the supplier itself for a hub."""
    after = {
        (mineral, stage): following
        for mineral, links in stages.sort_values("position").groupby("mineral")
        for stage, following in zip(links["stage"], [*links["stage"][1:], "supply"], strict=True)
    }
    pairs = zip(table["mineral"], table["stage"], table["hub"], strict=True)
    return pd.Series(["supply" if hub else after[m, s] for m, s, hub in pairs], index=table.index, dtype=object)


def _deliveries(
    dataset: Dataset, pattern: Pattern, sites: pd.DataFrame, minerals: pd.DataFrame, feeds: pd.DataFrame
) -> pd.DataFrame:
    """Deliveries with their costs; the margin closes each observed pair to the observed price."""
    table = pattern.deliveries.merge(minerals[["mineral", "price", "substitution"]], on="mineral")
    table = table.merge(dataset["markets"][["market", "traced"]], on="market")
    pairs = table.rename(columns={"supplier": "origin", "market": "destination", "price": "value_usd_per_t"})
    table = pd.concat([table, freight_between(dataset, pairs, CARGO_INTEREST)], axis=1)
    chain_cost = _chain_cost(pattern.chain, sites, feeds)
    left = table["price"] - table["mineral"].map(chain_cost).fillna(0.0)
    moved = table["freight_usd_per_t"] + table["time_usd_per_t"]
    weight = table["base_t"].where(table["observed"], 0.0).fillna(0.0)
    mean = (moved * weight).groupby(table["mineral"]).transform("sum")
    mean = (mean / weight.groupby(table["mineral"]).transform("sum").replace(0.0, np.nan)).fillna(0.0)
    extra = (moved - mean).clip(lower=0.0)
    margin = (left - moved).where(table["observed"], left - moved + extra)
    table["margin_usd_per_t"] = margin.where(table["price"] > 0, 0.0)
    return table.assign(delivery=np.arange(len(table)))


def _chain_cost(chain: pd.DataFrame, sites: pd.DataFrame, feeds: pd.DataFrame) -> pd.Series:
    """Operating cost, capital charge and levelled freight of the whole chain, per delivered tonne."""
    costs = sites.drop_duplicates(["mineral", "stage"])[["mineral", "stage", "opex_usd_per_t", "charge_usd_per_t"]]
    table = chain.merge(costs.rename(columns={"mineral": "ore"}), on=["ore", "stage"], how="left")
    level = feeds[~feeds["hub"]].groupby(["mineral", "stage"])["level_usd_per_t"].max()
    table = table.join(level, on=["mineral", "stage"]).fillna(0.0)
    each = (table["opex_usd_per_t"] + table["charge_usd_per_t"] + table["level_usd_per_t"]) * table["ratio"]
    return each.groupby(table["mineral"]).sum()


def _with_base(chain: pd.DataFrame, deliveries: pd.DataFrame, feeds: pd.DataFrame) -> pd.DataFrame:
    """Feeds with the tonnes that they carry for the pooled markets in the base year."""
    out = deliveries[~deliveries["traced"] & deliveries["observed"]].groupby(["mineral", "supplier"])["base_t"].sum()
    feeds = feeds.assign(base_t=0.0)
    links = chain.assign(following=chain.groupby("mineral", sort=False)["ratio"].shift(-1))
    for link in links[~links["last"]].sort_values("position", ascending=False).itertuples():
        here = (feeds["mineral"] == link.mineral) & (feeds["stage"] == link.stage) & ~feeds["hub"]
        made = feeds.loc[here, "destination"].map(out.loc[[link.mineral]].droplevel(0) if link.mineral in out else {})
        feeds.loc[here, "base_t"] = (
            made.fillna(0.0) * feeds.loc[here, "share"].fillna(0.0) * link.ratio / link.following
        )
        origin = feeds[here].groupby("origin")["base_t"].sum()
        out = out.drop(link.mineral, level=0, errors="ignore")
        out = pd.concat([out, pd.concat({link.mineral: origin}, names=["mineral", "supplier"])])
    return feeds


def _paths(chain: pd.DataFrame, sites: pd.DataFrame, deliveries: pd.DataFrame, feeds: pd.DataFrame) -> pd.DataFrame:
    """Every chain of sites from mine to a traced market that deliveries and feeds allow, with its base tonnes."""
    stage_cost = sites.drop_duplicates(["mineral", "stage"]).set_index(["mineral", "stage"])["opex_usd_per_t"]
    found = []
    for mineral, links in chain.groupby("mineral", sort=False):
        arcs = feeds[feeds["mineral"] == mineral]
        paths = deliveries[deliveries["traced"] & (deliveries["mineral"] == mineral)]
        paths = paths[["delivery", "mineral", "market", "supplier", "base_t", "own_share", "corridor", *_MOVES]]
        makers = sites[(sites["mineral"] == links["ore"].iloc[-1]) & (sites["stage"] == links["stage"].iloc[-1])]
        paths = _through_hubs(paths, arcs[arcs["hub"]], set(makers["country"]), links["stage"].iloc[-1])
        for i in range(len(links) - 2, -1, -1):
            paths = _fed_from(paths, arcs[~arcs["hub"]], links.iloc[i], links["stage"].iloc[i + 1])
        for link in links.itertuples():
            paths[f"{link.stage}_usd_per_t"] = float(stage_cost.get((link.ore, link.stage), 0.0)) * link.ratio
        found.append(paths)
    table = pd.concat(found, ignore_index=True)
    for stage in STAGES:
        table[stage] = table[stage].fillna("") if stage in table else ""
        cost = f"{stage}_usd_per_t"
        table[cost] = table[cost].fillna(0.0) if cost in table else 0.0
    return table.assign(path=np.arange(len(table)))


_MOVES = ["freight_usd_per_t", "time_usd_per_t", "margin_usd_per_t"]


def _through_hubs(paths: pd.DataFrame, hubs: pd.DataFrame, makers: set[str], last: str) -> pd.DataFrame:
    """Deliveries that the supplier makes itself, and those that it passes on from other makers.

    A supplier that is hub and maker is both: the part that it can make is its own.
    """
    passed_on = set(hubs["destination"])
    own = paths[paths["supplier"].isin(makers)].assign(**{last: lambda t: t["supplier"]})
    own["base_t"] *= own["own_share"]
    via = paths[paths["supplier"].isin(passed_on)].merge(
        hubs[["origin", "destination", "share", *_MOVES]].rename(columns={"origin": last, "destination": "supplier"}),
        on="supplier",
        suffixes=("", "_hub"),
    )
    via["base_t"] *= via["share"] * (1.0 - via["own_share"])
    for cost in _MOVES:
        via[cost] += via.pop(f"{cost}_hub")
    return pd.concat([own.assign(via_hub=False), via.drop(columns="share").assign(via_hub=True)], ignore_index=True)


def _fed_from(paths: pd.DataFrame, feeds: pd.DataFrame, link: pd.Series, following: str) -> pd.DataFrame:
    """The paths lengthened by one stage upstream: one for each origin that may feed their site."""
    arcs = feeds[feeds["stage"] == link["stage"]][["feed", "origin", "destination", "share", *_MOVES]]
    arcs = arcs.rename(columns={"origin": link["stage"], "destination": following, "feed": f"feed_{link['stage']}"})
    paths = paths.merge(arcs, on=following, suffixes=("", "_feed"))
    paths["base_t"] *= paths.pop("share").fillna(1.0)
    for cost in _MOVES:
        paths[cost] += paths.pop(f"{cost}_feed") * link["ratio"]
    return paths
