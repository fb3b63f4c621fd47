"""The base-year pattern: who delivered to whom, and what fed each refinery.

US deliveries follow the import sources that USGS publishes. The others' follow what is known of where a country's
output goes, then trade statistics where there are any; else output is sold at home first and its surplus by proportion.
A supplier that ships more to the US than it makes is a hub: it stays the last supplier, and its feed is followed back
to the producers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from supplychain.facts.dataset import Dataset
from supplychain.system.pattern.chain import ORE, STAGES, chains, outputs_in
from supplychain.system.pattern.deliveries import pooled_deliveries, taken_by_others, us_deliveries, use_of, with_seeds
from supplychain.system.pattern.facts import SEED, Facts, ore_baskets
from supplychain.system.pattern.feeds import feeds_of, hub_feeds
from supplychain.system.pattern.matrices import as_rows

__all__ = ["ORE", "SEED", "STAGES", "Pattern", "base_pattern", "ore_baskets"]


@dataclass(frozen=True)
class Pattern:
    """The base year as tables.

    Attributes
    ----------
    chain : mineral, stage, position, ore (whose sites), ratio (tonnes at the stage per delivered tonne), whole_ratio
        (the same, if what came as scrap had come that way too), last.
    use : mineral, market, base_t (primary supply delivered), energy_t (the part that energy technologies take),
        goods_t (the part that arrives inside goods, which statistics of the material leave out),
        secondary_t (secondary supply beside it, where a source gives it).
    deliveries : mineral, supplier, market, base_t (tonnes, or the seed of a new pair), observed, own_share
        (the part that the supplier makes itself; a hub passes on the rest), cargo_share (the part that leaves Central
        Asia for more than Russia: below 1 only in the market where the supplier itself lies).
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
    outputs = outputs_in(dataset, base_year)
    chain = chains(dataset, outputs)
    if not outputs:
        return _all_pairs(dataset, chain)
    facts = Facts(dataset, outputs, chain, energy, base_year)
    use: list[pd.DataFrame] = []
    deliveries: list[pd.DataFrame] = []
    feeds: list[pd.DataFrame] = []
    for mineral, links in chain.groupby("mineral", sort=False):
        parts = _mineral(facts, str(mineral), links)
        for whole, part in zip((use, deliveries, feeds), parts, strict=True):
            whole.append(part.assign(mineral=mineral))
    return Pattern(chain, *(pd.concat(tables, ignore_index=True) for tables in (use, deliveries, feeds)))


def _all_pairs(dataset: Dataset, chain: pd.DataFrame) -> Pattern:
    """Every pair that a freight row joins, for data without a base year."""
    sites = dataset["capacity"][["mineral", "stage", "country"]].drop_duplicates()
    last = chain.loc[chain["last"], ["mineral", "stage"]].merge(sites)
    legs = dataset["freight"][["country", "market"]].drop_duplicates()
    deliveries = last.merge(legs).rename(columns={"country": "supplier"}).assign(base_t=np.nan, observed=False)
    deliveries = deliveries.assign(own_share=1.0, cargo_share=1.0)
    feeds = chain.assign(next_stage=chain.groupby("mineral")["stage"].shift(-1))
    feeds = feeds.merge(sites.rename(columns={"country": "origin"}), on=["mineral", "stage"])
    feeds = feeds.merge(
        sites.rename(columns={"stage": "next_stage", "country": "destination"}), on=["mineral", "next_stage"]
    )
    use = dataset["consumption"].groupby(["mineral", "market"], sort=False, as_index=False)["consumption_t"].max()
    return Pattern(
        chain,
        use.rename(columns={"consumption_t": "base_t"}).assign(energy_t=0.0, goods_t=0.0, secondary_t=0.0),
        deliveries[["mineral", "supplier", "market", "base_t", "observed", "own_share", "cargo_share"]],
        feeds[["mineral", "stage", "origin", "destination"]].assign(hub=False, share=np.nan, seed=np.nan),
    )


def _mineral(facts: Facts, mineral: str, links: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Use, deliveries and feeds of one mineral."""
    last = links.iloc[-1]
    output = facts.outputs.get((last["ore"], last["stage"]), pd.Series(dtype=float))
    output = output - taken_by_others(facts, mineral, last["stage"], output)
    to_us, use = us_deliveries(facts, mineral, output)
    direct = np.minimum(to_us, 0.98 * output.reindex(to_us.index, fill_value=0.0))
    via = (to_us - direct)[lambda t: t > 1e-9 * to_us.sum()]
    through = hub_feeds(facts, mineral, last["stage"], via.index, output)
    remaining = output.sub(direct, fill_value=0.0).sub(via @ through if len(via) else 0.0, fill_value=0.0)
    pooled, cargo_share = pooled_deliveries(facts, mineral, last["stage"], remaining.clip(lower=0.0), to_us)
    use = pd.concat([use, use_of(pooled)], ignore_index=True)
    deliveries = pd.concat([as_rows(to_us.to_frame("USA"), "supplier", "market"), pooled], ignore_index=True)
    deliveries = with_seeds(deliveries, use, facts.sellers(mineral, last["stage"], output))
    own = (direct / to_us).reindex(deliveries["supplier"]).to_numpy()
    deliveries["own_share"] = np.where((deliveries["market"] == "USA") & deliveries["observed"], own, 1.0)
    at_home = deliveries["market"] == deliveries["supplier"].map(facts.market_of)
    deliveries["cargo_share"] = deliveries["supplier"].map(cargo_share).where(at_home).fillna(1.0)
    feeds = [feeds_of(facts, mineral, links.iloc[i], links.iloc[i + 1]) for i in range(len(links) - 1)]
    hubs = as_rows(through.T, "origin", "destination", "share").assign(stage=last["stage"], hub=True, seed=0.0)
    return use, deliveries, pd.concat([*feeds, hubs[hubs["share"] > 0]], ignore_index=True)
