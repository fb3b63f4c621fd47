"""The base-year pattern: who delivered to whom, and what fed each refinery.

US deliveries follow the import sources that USGS publishes; the other markets' follow trade
statistics where there are any, else output sold at home first and its surplus by proportion. What is known of
where one country's output goes comes before either. A supplier
that ships more to the US than it makes is a hub: it stays the last supplier, and its feed is followed
back to the producers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from supplychain.dataset import Dataset

STAGES = ("mine", "refine", "fabricate")
OTHER = "XXX"
ORE = "ore"
IMPORT_PERIOD = (2021, 2024)
SMALLEST_SHARE = 0.003
SMALLEST_FEED = 0.01
OWN_PART = 0.05
SEED = 0.02
LARGE_SUPPLIER = 0.01


@dataclass(frozen=True)
class Pattern:
    """The base year as tables.

    Attributes
    ----------
    chain : mineral, stage, position, ore (whose sites), ratio (tonnes at the stage per delivered tonne), last.
    use : mineral, market, base_t (primary supply delivered), energy_t (the part that energy technologies take).
    deliveries : mineral, supplier, market, base_t (tonnes, or the seed of a new pair), observed, own_share
        (the part that the supplier makes itself; a hub passes on the rest), leaving (the part that leaves Central Asia
        for more than Russia: below 1 only in the market where the supplier itself lies).
    feeds : mineral, stage (of the origin), origin, destination, hub, share (of the destination's feed), seed.
    """

    chain: pd.DataFrame
    use: pd.DataFrame
    deliveries: pd.DataFrame
    feeds: pd.DataFrame


def base_pattern(dataset: Dataset, base_year: int, energy: pd.DataFrame) -> Pattern:
    """The base year's deliveries and feeds.

    Parameters
    ----------
    base_year : the year whose production is used.
    energy : mineral, market, energy_t: what the energy technologies of a traced market take in that year.

    Returns
    -------
    Pattern ; where the data have no production, every pair that a freight row joins, without base tonnes.
    """
    outputs = _outputs(dataset, base_year)
    chain = _chain(dataset, outputs)
    if not outputs:
        return _all_pairs(dataset, chain)
    facts = _Facts(dataset, outputs, chain, energy)
    use: list[pd.DataFrame] = []
    deliveries: list[pd.DataFrame] = []
    feeds: list[pd.DataFrame] = []
    for mineral, links in chain.groupby("mineral", sort=False):
        parts = _mineral(facts, str(mineral), links)
        for whole, part in zip((use, deliveries, feeds), parts, strict=True):
            whole.append(part.assign(mineral=mineral))
    return Pattern(chain, *(pd.concat(tables, ignore_index=True) for tables in (use, deliveries, feeds)))


def _outputs(dataset: Dataset, year: int) -> dict[tuple[str, str], pd.Series]:
    """Output by country for every mineral and stage."""
    table = dataset["production"]
    table = table[table["year"] == year]
    grouped = table.groupby(["mineral", "stage"], sort=False)
    return {key: group.set_index("country")["output_t"] for key, group in grouped}  # type: ignore[misc]


def _chain(dataset: Dataset, outputs: dict[tuple[str, str], pd.Series]) -> pd.DataFrame:
    """Every mineral's stages in order, an ore's mine first, with tonnes at each per delivered tonne."""
    ores = dataset["minerals"].loc[dataset["minerals"]["class"] != ORE, ["mineral", "ore"]]
    stages = dataset["stages"][["mineral", "stage", "product", "yield"]]
    stages = stages[stages["mineral"].isin(ores["mineral"])]
    borrowed = ores[ores["ore"] != ""].assign(stage="mine", product="", **{"yield": np.nan})
    chain = pd.concat([stages.assign(ore=stages["mineral"]), borrowed], ignore_index=True)
    chain["position"] = chain["stage"].map({stage: i for i, stage in enumerate(STAGES)})
    chain = chain.sort_values(["mineral", "position"], kind="stable", ignore_index=True)
    chain["last"] = ~chain["mineral"].duplicated(keep="last")
    chain["ratio"] = 1.0
    for _, links in chain.groupby("mineral", sort=False):
        ratio = 1.0
        for row in links.index[::-1]:
            chain.loc[row, "ratio"] = ratio
            if row != links.index[0]:
                ratio *= _feed_ratio(outputs, chain.loc[row], chain.loc[row - 1])
    order = {mineral: i for i, mineral in enumerate(dataset.names("minerals"))}
    return chain.sort_values(
        ["mineral", "position"], key=lambda c: c.map(order) if c.name == "mineral" else c, ignore_index=True
    )


def _feed_ratio(outputs: dict[tuple[str, str], pd.Series], stage: pd.Series, before: pd.Series) -> float:
    """Tonnes of the previous stage per tonne; never more than the world had, the rest being secondary feed."""
    ratio = 1.0 if np.isnan(stage["yield"]) else 1.0 / float(stage["yield"])
    fed, made = outputs.get((before["ore"], before["stage"])), outputs.get((stage["ore"], stage["stage"]))
    if fed is None or made is None:
        return ratio
    return min(ratio, float(fed.sum() / made.sum()))


def _all_pairs(dataset: Dataset, chain: pd.DataFrame) -> Pattern:
    """Every pair that a freight row joins, for data without a base year."""
    sites = dataset["capacity"][["mineral", "stage", "country"]].drop_duplicates()
    last = chain.loc[chain["last"], ["mineral", "stage"]].merge(sites)
    legs = dataset["freight"][["country", "market"]].drop_duplicates()
    deliveries = last.merge(legs).rename(columns={"country": "supplier"}).assign(base_t=np.nan, observed=False)
    deliveries = deliveries.assign(own_share=1.0, leaving=1.0)
    feeds = chain.assign(next_stage=chain.groupby("mineral")["stage"].shift(-1))
    feeds = feeds.merge(sites.rename(columns={"country": "origin"}), on=["mineral", "stage"])
    feeds = feeds.merge(
        sites.rename(columns={"stage": "next_stage", "country": "destination"}), on=["mineral", "next_stage"]
    )
    use = dataset["consumption"].groupby(["mineral", "market"], sort=False, as_index=False)["consumption_t"].max()
    return Pattern(
        chain,
        use.rename(columns={"consumption_t": "base_t"}).assign(energy_t=0.0),
        deliveries[["mineral", "supplier", "market", "base_t", "observed", "own_share", "leaving"]],
        feeds[["mineral", "stage", "origin", "destination"]].assign(hub=False, share=np.nan, seed=np.nan),
    )


class _Facts:
    """The tables that the pattern needs, indexed for look-ups by mineral."""

    def __init__(
        self,
        dataset: Dataset,
        outputs: dict[tuple[str, str], pd.Series],
        chain: pd.DataFrame,
        energy: pd.DataFrame,
    ):
        self.outputs, self.chain = outputs, chain
        self.market_of = dataset["countries"].set_index("country")["market"]
        markets = dataset["markets"].set_index("market")
        self.traced = list(markets.index[markets["traced"]])
        self.consumption_share = markets["consumption_share"]
        self.trade = {
            key: _matrix(g, "quantity_t") for key, g in dataset["trade"].groupby(["mineral", "stage"], sort=False)
        }
        self.destinations = {
            key: _matrix(g, "share_pct") / 100
            for key, g in dataset["destinations"].groupby(["mineral", "stage"], sort=False)
        }
        sources = dataset["import_sources"]
        self.imports = {
            m: g.groupby("country")["share_pct"].sum() for m, g in sources[sources["last_stage"]].groupby("mineral")
        }
        self.statistics = _usual_statistics(dataset["us_supply"])
        self.energy = energy.set_index(["mineral", "market"])["energy_t"]
        self.projects = _planned(dataset)
        groups = dataset["groups"]
        self.central_asia = set(groups.loc[groups["group"] == "central_asia", "country"])
        # No way with legs that can fill up leads there: they are reached by land within the market.
        self.near = self.central_asia | (set(dataset["routes"]["zone"]) & set(self.market_of.index))

    def traded(self, mineral: str, stage: str) -> pd.DataFrame:
        """Tonnes from exporter (rows) to importer (columns); empty where there are no statistics."""
        return self.trade.get((mineral, stage), pd.DataFrame())

    def known(self, mineral: str, stage: str) -> pd.DataFrame:
        """Part of an exporter's output (rows) that goes to each importer (columns), where that is known."""
        return self.destinations.get((mineral, stage), pd.DataFrame(dtype=float))

    def candidates(self, mineral: str, stage: str, output: pd.Series) -> pd.Series:
        """World share of those who could start to supply: large, Central Asian, or with a project."""
        share = output / max(output.sum(), 1e-12)
        try:
            planned = self.projects.loc[mineral, stage] / max(output.sum(), 1e-12)
        except KeyError:
            planned = pd.Series(dtype=float)
        everyone = share.index.union(planned.index)
        share, planned = share.reindex(everyone, fill_value=0.0), planned.reindex(everyone, fill_value=0.0)
        wanted = (share >= LARGE_SUPPLIER) | (planned > 0) | everyone.isin(self.central_asia)
        return np.maximum(share, planned)[wanted & (everyone != OTHER)]


def _planned(dataset: Dataset) -> pd.Series:
    """Capacity of the named projects by mineral, stage and country; an ore's counts for each product of its basket."""
    projects = dataset["projects"][["mineral", "stage", "country", "capacity_t"]]
    basket = ore_baskets(dataset).rename(columns={"host": "mineral", "host_stage": "stage"})
    of_ore = projects.merge(basket, on=["mineral", "stage", "country"])
    of_ore = of_ore.assign(
        mineral=of_ore["product"], stage=of_ore["product_stage"], capacity_t=of_ore["capacity_t"] * of_ore["ratio"]
    )
    both = pd.concat([projects, of_ore[projects.columns]], ignore_index=True)
    return both.groupby(["mineral", "stage", "country"])["capacity_t"].sum()


def ore_baskets(dataset: Dataset) -> pd.DataFrame:
    """What a tonne of ore holds of each product, in every country: product, product_stage, host, host_stage, country,
    ratio.

    A country without a basket of its own has the general one.
    """
    ores = dataset["minerals"].loc[dataset["minerals"]["class"] == ORE, "mineral"]
    given = dataset["byproducts"]
    keys = ["product", "product_stage", "host", "host_stage"]
    given = given.loc[given["host"].isin(ores), [*keys, "country", "ratio"]]
    everywhere = (
        given[given["country"] == ""].drop(columns="country").merge(dataset["countries"][["country"]], how="cross")
    )
    both = pd.concat([given[given["country"] != ""], everywhere], ignore_index=True)
    return both.drop_duplicates([*keys, "country"], ignore_index=True)


def _matrix(trade: pd.DataFrame, value: str) -> pd.DataFrame:
    rows, exporters = pd.factorize(trade["exporter"])
    columns, importers = pd.factorize(trade["importer"])
    sums = np.zeros((len(exporters), len(importers)))
    np.add.at(sums, (rows, columns), trade[value].fillna(0.0))
    return pd.DataFrame(sums, exporters, importers)


def _usual_statistics(table: pd.DataFrame) -> pd.Series:
    """Each US statistic's mean over the years of the import sources, before the bans; else of what there is."""
    keys = ["mineral", "statistic"]
    usual = table[table["year"].between(*IMPORT_PERIOD)].groupby(keys)["tonnes"].mean()
    return usual.combine_first(table.groupby(keys)["tonnes"].mean())


def _mineral(facts: _Facts, mineral: str, links: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Use, deliveries and feeds of one mineral."""
    last = links.iloc[-1]
    output = facts.outputs.get((last["ore"], last["stage"]), pd.Series(dtype=float))
    output = output - _taken_by_others(facts, mineral, last["stage"], output)
    to_us, use = _us_deliveries(facts, mineral, output)
    direct = np.minimum(to_us, 0.98 * output.reindex(to_us.index, fill_value=0.0))
    via = (to_us - direct)[lambda t: t > 1e-9 * to_us.sum()]
    hub_feeds = _hub_feeds(facts, mineral, last["stage"], via.index, output)
    remaining = output.sub(direct, fill_value=0.0).sub(via @ hub_feeds if len(via) else 0.0, fill_value=0.0)
    pooled, leaving = _pooled_deliveries(facts, mineral, last["stage"], remaining.clip(lower=0.0), to_us)
    use = pd.concat([use, _use_of(pooled)], ignore_index=True)
    deliveries = pd.concat([_long(to_us.to_frame("USA"), "supplier", "market"), pooled], ignore_index=True)
    deliveries = _with_seeds(deliveries, use, facts.candidates(mineral, last["stage"], output))
    own = (direct / to_us).reindex(deliveries["supplier"]).to_numpy()
    deliveries["own_share"] = np.where((deliveries["market"] == "USA") & deliveries["observed"], own, 1.0)
    at_home = deliveries["market"] == deliveries["supplier"].map(facts.market_of)
    deliveries["leaving"] = deliveries["supplier"].map(leaving).where(at_home).fillna(1.0)
    feeds = [_feeds(facts, mineral, links.iloc[i], links.iloc[i + 1]) for i in range(len(links) - 1)]
    hubs = _long(hub_feeds.T, "origin", "destination", "share").assign(stage=last["stage"], hub=True, seed=0.0)
    return use, deliveries, pd.concat([*feeds, hubs[hubs["share"] > 0]], ignore_index=True)


def _taken_by_others(facts: _Facts, mineral: str, stage: str, output: pd.Series) -> pd.Series:
    """What the chains of other minerals take from this one's sites, by proportion of output."""
    borrowed = facts.chain[(facts.chain["ore"] == mineral) & (facts.chain["mineral"] != mineral)]
    taken = 0.0
    for row in borrowed[borrowed["stage"] == stage].itertuples():
        following = facts.chain[(facts.chain["mineral"] == row.mineral) & (facts.chain["position"] > row.position)]
        made = facts.outputs.get((row.mineral, following["stage"].iloc[0]), pd.Series(dtype=float))
        taken += float(made.sum()) * row.ratio / float(following["ratio"].iloc[0])
    return output * min(0.9, taken / max(float(output.sum()), 1e-12))


def _us_deliveries(facts: _Facts, mineral: str, output: pd.Series) -> tuple[pd.Series, pd.DataFrame]:
    """Tonnes to the US by supplier, and its use: apparent primary consumption, or energy's if that is more."""
    get = facts.statistics.get
    domestic, imports, exports = (float(get((mineral, s), 0.0)) for s in ("domestic_primary", "imports", "exports"))
    home = min(max(domestic - exports, 0.0), 0.98 * float(output.get("USA", 0.0)))
    energy = float(facts.energy.get((mineral, "USA"), 0.0))
    total = max(domestic + imports - exports, home, energy)
    shares = _import_shares(facts, mineral, output)
    deliveries = (shares * (total - home)).add(pd.Series({"USA": home}), fill_value=0.0)
    use = pd.DataFrame({"market": ["USA"], "base_t": [total], "energy_t": [energy]})
    return deliveries[deliveries > 0], use


def _import_shares(facts: _Facts, mineral: str, output: pd.Series) -> pd.Series:
    """Shares of US imports by country; the source's "other" spread over unlisted sellers, then makers."""
    listed = facts.imports.get(mineral, pd.Series(dtype=float))
    named = listed.drop(OTHER, errors="ignore")
    other = float(listed.get(OTHER, 0.0)) if len(listed) else 100.0
    trade = facts.traded(mineral, "refine") if mineral not in facts.imports else pd.DataFrame()
    for weights in (trade.get("USA", pd.Series(dtype=float)), output):
        weights = weights.drop([*named.index, "USA", OTHER], errors="ignore")
        weights = weights[weights > 0.01 * weights.sum()]
        if len(weights):
            spread = other * weights / weights.sum()
            return _normalised(named.add(spread, fill_value=0.0))
    return _normalised(named)


def _normalised(values: pd.Series) -> pd.Series:
    return values / values.sum() if values.sum() > 0 else values


def _hub_feeds(facts: _Facts, mineral: str, stage: str, hubs: pd.Index, output: pd.Series) -> pd.DataFrame:
    """Shares of producers (columns) in what each hub (rows) ships: its imports, else world output."""
    trade = facts.traded(mineral, stage)
    makers = output[(output > 0) & (output.index != "USA")]
    rows = {}
    for hub in hubs:
        weights = trade[hub].reindex(makers.index, fill_value=0.0) if hub in trade else makers * 0
        weights = weights.drop(hub, errors="ignore")
        weights = weights if weights.sum() > 0 else makers.drop(hub, errors="ignore")
        rows[hub] = _pruned(weights)
    return pd.DataFrame.from_dict(rows, orient="index").fillna(0.0)


def _pruned(weights: pd.Series) -> pd.Series:
    """Shares, without the crumbs."""
    shares = _normalised(weights)
    return _normalised(shares.where(shares >= SMALLEST_FEED, 0.0))


def _pooled_deliveries(
    facts: _Facts, mineral: str, stage: str, remaining: pd.Series, to_us: pd.Series
) -> tuple[pd.DataFrame, pd.Series]:
    """Tonnes by supplier and pooled market: what is sold abroad, and the rest at home, or home first.

    Beside them, for Central Asian suppliers whose buyers are known, the part of their own market's tonnes that leaves.
    """
    markets = [m for m in facts.consumption_share.index if m not in facts.traced]
    home = remaining.index.map(facts.market_of)
    sold = _exports(facts, mineral, stage, remaining, to_us)
    if sold is None:
        abroad, far = _surplus_by_proportion(facts, remaining, home, markets), pd.Series(dtype=float)
    else:
        abroad, far = _abroad(facts, _by_market(facts, sold, markets)), _far_in_own_market(facts, sold)
    table = abroad.copy()
    rest = (remaining - abroad.sum(axis=1)).clip(lower=0.0)
    for market in markets:
        table[market] += rest.where(home == market, 0.0)
    foreign = rest[~home.isin(markets)]
    if len(foreign):
        weights = facts.consumption_share[markets]
        table.loc[foreign.index] += np.outer(foreign, weights / weights.sum())
    table, far = _as_known(facts, mineral, stage, table, far)
    shares = table / table.sum()
    kept = table.where((shares >= SMALLEST_SHARE) | _matters(facts, table), 0.0)
    leaving = (far / (table - _abroad(facts, table)).sum(axis=1).replace(0.0, np.nan)).clip(upper=1.0)
    return _long(kept, "supplier", "market"), leaving[leaving.index.isin(facts.central_asia)].dropna()


def _as_known(
    facts: _Facts, mineral: str, stage: str, table: pd.DataFrame, far: pd.Series
) -> tuple[pd.DataFrame, pd.Series]:
    """Deliveries of those whose destinations are known; what is not known keeps its proportions, and leaves."""
    known = facts.known(mineral, stage)
    known = known.loc[known.index.isin(table.index)]
    traced = known.columns.map(facts.market_of).isin(facts.traced)
    parts = known.loc[:, ~traced].div(1.0 - known.loc[:, traced].sum(axis=1), axis=0)
    tonnes = table.loc[known.index].sum(axis=1)
    unknown = table.loc[known.index].mul(1.0 - parts.sum(axis=1), axis=0)
    told = parts.mul(tonnes, axis=0)
    leaves = _far_in_own_market(facts, told) + (unknown - _abroad(facts, unknown)).sum(axis=1)
    deliveries = _by_market(facts, told, list(table.columns)) + unknown
    return deliveries.reindex(table.index).combine_first(table), leaves.combine_first(far)


def _by_market(facts: _Facts, sold: pd.DataFrame, markets: list[str]) -> pd.DataFrame:
    """Tonnes by exporter and market, of a matrix by exporter and importer."""
    return sold.T.groupby(sold.columns.map(facts.market_of)).sum().T.reindex(columns=markets, fill_value=0.0)


def _abroad(facts: _Facts, table: pd.DataFrame) -> pd.DataFrame:
    """A matrix by supplier and market without what is in the market where the supplier lies itself."""
    home = table.index.map(facts.market_of).to_numpy()
    return table.where(np.not_equal.outer(home, table.columns.to_numpy()), 0.0)


def _far_in_own_market(facts: _Facts, sold: pd.DataFrame) -> pd.Series:
    """What each exporter sells to countries of its own market that are no neighbours."""
    home, market = (c.map(facts.market_of).to_numpy() for c in (sold.index, sold.columns))
    far = np.equal.outer(home, market) & ~sold.columns.isin(facts.near)
    return sold.where(far, 0.0).sum(axis=1)


def _exports(facts: _Facts, mineral: str, stage: str, remaining: pd.Series, to_us: pd.Series) -> pd.DataFrame | None:
    """Traded tonnes by producer and importer, hubs traced back to producers; None without trade data.

    Nobody sells more than nine tenths of its output to other markets.
    """
    trade = facts.traded(mineral, stage)
    if trade.empty:
        return None
    market = trade.columns.map(facts.market_of)
    pooled = trade.loc[:, market.notna() & ~market.isin(facts.traced)]
    us = float(trade["USA"].sum()) if "USA" in trade else 0.0
    content = float(np.clip(to_us.drop("USA", errors="ignore").sum() / us, 0.1, 3.0)) if us > 0 else 1.0
    makers = pooled.reindex(remaining.index, fill_value=0.0)
    hubs = pooled.drop(remaining.index, errors="ignore")
    bought = trade.reindex(index=remaining.index, columns=hubs.index, fill_value=0.0)
    bought = bought / bought.sum().replace(0.0, np.nan)
    makers = (makers + bought.fillna(0.0) @ hubs) * content
    abroad = _abroad(facts, _by_market(facts, makers, list(facts.consumption_share.index))).sum(axis=1)
    scale = (0.9 * remaining / abroad.replace(0.0, np.nan)).clip(upper=1.0).fillna(1.0)
    return makers.mul(scale, axis=0)


def _surplus_by_proportion(facts: _Facts, remaining: pd.Series, home: pd.Index, markets: list[str]) -> pd.DataFrame:
    """Each market's own output serves it first; what is left over goes to the others' needs by proportion."""
    share = facts.consumption_share[markets]
    wanted = remaining.sum() * share / share.sum()
    made = remaining.groupby(home).sum().reindex(markets, fill_value=0.0)
    surplus, deficit = (made - wanted).clip(lower=0.0), (wanted - made).clip(lower=0.0)
    exported = remaining * (surplus / made.replace(0.0, np.nan)).reindex(home).fillna(0.0).to_numpy()
    exported[~home.isin(markets)] = 0.0
    return pd.DataFrame(np.outer(exported, deficit / max(deficit.sum(), 1e-12)), remaining.index, markets)


def _use_of(pooled: pd.DataFrame) -> pd.DataFrame:
    return pooled.groupby("market", sort=False)["base_t"].sum().reset_index().assign(energy_t=0.0)


def _long(table: pd.DataFrame, row: str, column: str, value: str = "base_t") -> pd.DataFrame:
    """The positive cells of a matrix, one a row."""
    long = table.rename_axis(index=row, columns=column).stack().rename(value).reset_index()
    return long[long[value] > 0].reset_index(drop=True)


def _with_seeds(deliveries: pd.DataFrame, use: pd.DataFrame, candidates: pd.Series) -> pd.DataFrame:
    """Add pairs that did not trade, each with a seed in proportion to the supplier's world share."""
    seeds = candidates.rename("share").rename_axis("supplier").reset_index().merge(use, how="cross")
    seeds["base_t"] = SEED * seeds["share"].clip(upper=1.0) * seeds["base_t"]
    both = pd.concat([deliveries.assign(observed=True), seeds.assign(observed=False)], ignore_index=True)
    both = both[both["base_t"] > 0].drop_duplicates(["supplier", "market"], ignore_index=True)
    return both[["supplier", "market", "base_t", "observed"]]


def _feeds(facts: _Facts, mineral: str, stage: pd.Series, following: pd.Series) -> pd.DataFrame:
    """What fed each site of the following stage: its own country's output first, the rest by trade or proportion."""
    empty = pd.Series(dtype=float)
    fed = facts.outputs.get((stage["ore"], stage["stage"]), empty)
    made = facts.outputs.get((following["ore"], following["stage"]), empty)
    ratio = stage["ratio"] / following["ratio"]
    planned = facts.candidates(mineral, following["stage"], made)
    now = made[made > 0] * ratio
    shares = _feed_shares(facts, stage, fed, now)
    # What is only planned draws on nobody yet: its proportions stand beside those of who makes something now.
    later = (planned[planned > 0] * made.sum() * ratio).drop(now.index, errors="ignore")
    if len(later):
        beside = _feed_shares(facts, stage, fed, pd.concat([now, later]))
        shares = shares.join(beside[later.index], how="outer").fillna(0.0)
    return _feed_rows(facts, mineral, stage, fed, planned, made, shares)


def _feed_shares(facts: _Facts, stage: pd.Series, fed: pd.Series, need: pd.Series) -> pd.DataFrame:
    """Share of each origin (rows) in each destination's feed: its own country's output first, the rest by trade."""
    everyone = fed.index.union(need.index)
    fed, need = fed.reindex(everyone, fill_value=0.0), need.reindex(everyone, fill_value=0.0)
    told = facts.known(stage["ore"], stage["stage"]).reindex(index=everyone, columns=everyone, fill_value=0.0)
    trade = facts.traded(stage["ore"], stage["stage"]).reindex(index=everyone, columns=everyone, fill_value=0.0)
    known, left = _known_feeds(told, fed, need)
    matrix = known + _fitted(trade, left, (need - known.sum()).clip(lower=0.0))
    shares = matrix / matrix.sum().replace(0.0, np.nan)
    shares = shares.where((shares >= SMALLEST_FEED) | _matters(facts, matrix), 0.0)
    return (shares / shares.sum().replace(0.0, np.nan)).fillna(0.0).loc[:, need > 0]


def _known_feeds(told: pd.DataFrame, fed: pd.Series, need: pd.Series) -> tuple[pd.DataFrame, pd.Series]:
    """Tonnes that go to plants at home and to known destinations, and what each origin has left for anybody.

    What is known to be sold abroad is not there for the plants at home; what is known to stay is not there for others.
    """
    away = told.where(~np.eye(len(told), dtype=bool), 0.0)
    home = np.minimum(fed * (1.0 - away.sum(axis=1)), need)
    known = away.mul(fed, axis=0)
    known = known.mul(((need - home) / known.sum().replace(0.0, np.nan)).clip(upper=1.0).fillna(0.0), axis=1)
    stays = np.diag(told) > 0.0
    left = (fed - home - known.sum(axis=1)).where(~stays, fed * (1.0 - told.sum(axis=1)))
    return known + np.diag(home), left.clip(lower=0.0)


def _matters(facts: _Facts, tonnes: pd.DataFrame) -> pd.DataFrame:
    """Where a Central Asian origin (rows) sends at least a twentieth of its own: no crumb, however large the buyer."""
    part = tonnes.div(tonnes.sum(axis=1).replace(0.0, np.nan), axis=0) >= OWN_PART
    return part & np.isin(tonnes.index, list(facts.central_asia))[:, None]


def _fitted(trade: pd.DataFrame, surplus: pd.Series, deficit: pd.Series) -> pd.DataFrame:
    """A matrix with the column sums of the deficit and at most the row sums of the surplus, like the trade."""
    proportional = pd.DataFrame(np.outer(surplus, deficit), surplus.index, deficit.index)
    proportional /= max(float(surplus.sum()), 1e-12)
    if trade.empty or trade.to_numpy().sum() == 0:
        return proportional
    matrix = trade / trade.to_numpy().sum() + 1e-3 * proportional / max(proportional.to_numpy().sum(), 1e-12)
    matrix = matrix.mul(surplus > 0, axis=0)
    for _ in range(30):
        matrix = matrix.mul((surplus / matrix.sum(axis=1).replace(0.0, np.nan)).clip(upper=1.0).fillna(0.0), axis=0)
        matrix = matrix.mul((deficit / matrix.sum().replace(0.0, np.nan)).fillna(0.0), axis=1)
    return matrix


def _feed_rows(
    facts: _Facts,
    mineral: str,
    stage: pd.Series,
    fed: pd.Series,
    planned: pd.Series,
    made: pd.Series,
    shares: pd.DataFrame,
) -> pd.DataFrame:
    """Observed feeds, and seeds from every large or new origin to every large or new destination."""
    observed = _long(shares, "origin", "destination", "share")
    origins = facts.candidates(stage["ore"], stage["stage"], fed).rename("seed").rename_axis("origin")
    large = made.index[made >= LARGE_SUPPLIER * made.sum()]
    destinations = pd.DataFrame({"destination": planned.index.union(large).drop(OTHER, errors="ignore")})
    seeds = origins.clip(upper=1.0).mul(SEED).reset_index().merge(destinations, how="cross")
    table = observed.merge(seeds, on=["origin", "destination"], how="outer")
    return table.fillna({"share": 0.0, "seed": 0.0}).assign(stage=stage["stage"], hub=False)
