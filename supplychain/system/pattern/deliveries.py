"""Who delivered to which market: import sources for the traced market, known buyers, trade or proportion for others."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.facts.dataset import OTHER
from supplychain.system.pattern.facts import SEED, Facts
from supplychain.system.pattern.matrices import as_rows, matters, normalised

SMALLEST_SHARE = 0.003
MOST_AT_HOME = 0.98


def taken_by_others(facts: Facts, mineral: str, stage: str, output: pd.Series) -> pd.Series:
    """What the chains of other minerals take from this one's sites, by proportion of output."""
    borrowed = facts.chain[(facts.chain["ore"] == mineral) & (facts.chain["mineral"] != mineral)]
    taken = 0.0
    for row in borrowed[borrowed["stage"] == stage].itertuples():
        following = facts.chain[(facts.chain["mineral"] == row.mineral) & (facts.chain["position"] > row.position)]
        made = facts.outputs.get((row.mineral, following["stage"].iloc[0]), pd.Series(dtype=float))
        taken += float(made.sum()) * row.ratio / float(following["ratio"].iloc[0])
    return output * min(0.9, taken / max(float(output.sum()), 1e-12))


def us_deliveries(facts: Facts, mineral: str, output: pd.Series) -> tuple[pd.Series, pd.DataFrame]:
    """Tonnes to the US by supplier, and its use: apparent primary consumption, or energy's if that is more.

    Exports are taken from domestic output and imports alike, in proportion. What energy takes beyond the statistics of
    the material arrives inside goods (`goods_t`), from those who make them. `secondary_t` is what scrap gives beside.
    """
    domestic, imports, exports = (facts.statistic(mineral, s) for s in ("domestic_primary", "imports", "exports"))
    stays = max(0.0, 1.0 - exports / max(domestic + imports, 1e-12))
    home = min(domestic * stays, MOST_AT_HOME * float(output.get("USA", 0.0)))
    energy = float(facts.energy.get((mineral, "USA"), 0.0))
    counted = max(domestic + imports - exports, home)
    goods = max(energy - counted, 0.0) if mineral in facts.in_goods else 0.0
    total = max(counted, energy)
    deliveries = _import_shares(facts, mineral, output) * (total - home - goods)
    if goods > 0:
        makers = normalised(facts.in_goods[mineral].drop(OTHER, errors="ignore"))
        deliveries = deliveries.add(makers * goods, fill_value=0.0)
    deliveries = _without_small(facts, deliveries).add(pd.Series({"USA": home}), fill_value=0.0)
    use = {"base_t": total, "energy_t": energy, "goods_t": goods, "secondary_t": facts.statistic(mineral, "secondary")}
    return deliveries[deliveries > 0], pd.DataFrame({"market": ["USA"], **{k: [v] for k, v in use.items()}})


def _without_small(facts: Facts, tonnes: pd.Series) -> pd.Series:
    """The same sum without suppliers of next to nothing, but with all Central Asian ones."""
    kept = tonnes[(tonnes >= SMALLEST_SHARE * tonnes.sum()) | tonnes.index.isin(facts.central_asia)]
    return normalised(kept) * tonnes.sum()


def _import_shares(facts: Facts, mineral: str, output: pd.Series) -> pd.Series:
    """Shares of imports by country; the source's "other" spread over unlisted sellers, then makers.

    A source names the leading countries: nobody that it leaves unnamed has more than the smallest that it names. What
    that cuts off follows those named.
    """
    listed = facts.imports.get(mineral, pd.Series({OTHER: 100.0}))
    named = listed.drop(OTHER, errors="ignore")
    other = float(listed.get(OTHER, 0.0))
    most = facts.least_named.get(mineral, float(named.min()) if len(named) else other)
    trade = facts.traded(mineral, "refine") if mineral not in facts.imports else pd.DataFrame()
    for weights in (trade.get("USA", pd.Series(dtype=float)), output):
        weights = weights.drop([*named.index, "USA", OTHER], errors="ignore")
        weights = weights[weights > 0.01 * weights.sum()]
        if len(weights):
            spread = (other * weights / weights.sum()).clip(upper=most)
            return normalised(named.add(spread, fill_value=0.0))
    return normalised(named)


def pooled_deliveries(
    facts: Facts, mineral: str, stage: str, remaining: pd.Series, to_us: pd.Series
) -> tuple[pd.DataFrame, pd.Series]:
    """Tonnes by supplier and pooled market: what is known, then by trade and the rest at home, or home first.

    Beside them, for Central Asian suppliers whose buyers are known, the part of their own market's tonnes that leaves.
    """
    markets = [m for m in facts.consumption_share.index if m not in facts.traced]
    told = _told(facts, mineral, stage, remaining)
    known = _by_market(facts, told, markets)
    left = remaining.sub(known.sum(axis=1), fill_value=0.0).clip(lower=0.0)
    sold = _exports(facts, mineral, stage, remaining, to_us)
    if sold is None:
        abroad, far = _surplus_by_proportion(facts, left, known), pd.Series(dtype=float)
    else:
        sold = sold.mul(left / remaining.replace(0.0, np.nan), axis=0).fillna(0.0)
        abroad, far = _abroad(facts, _by_market(facts, sold, markets)), _far_in_own_market(facts, sold)
    table = _with_the_rest(facts, abroad, left)
    # Where the buyer of a part is not known it is taken to be far.
    far = (_in_own_market(facts, table)[known.index] + _far_in_own_market(facts, told)).combine_first(far)
    table = table.add(known, fill_value=0.0)
    shares = table / table.sum()
    kept = table.where((shares >= SMALLEST_SHARE) | matters(table, facts.watched), 0.0)
    cargo_share = (far / _in_own_market(facts, table).replace(0.0, np.nan)).clip(upper=1.0)
    return as_rows(kept, "supplier", "market"), cargo_share[cargo_share.index.isin(facts.central_asia)].dropna()


def _told(facts: Facts, mineral: str, stage: str, remaining: pd.Series) -> pd.DataFrame:
    """Tonnes by exporter and importer of those whose destinations are known, the traced market apart."""
    known = facts.known(mineral, stage)
    known = known.loc[known.index.isin(remaining.index)]
    traced = known.columns.map(facts.market_of).isin(facts.traced)
    others = (1.0 - known.loc[:, traced].sum(axis=1)).clip(lower=1e-9)
    parts = known.loc[:, ~traced].div(others, axis=0)
    return parts.mul(remaining.reindex(parts.index), axis=0)


def _with_the_rest(facts: Facts, abroad: pd.DataFrame, remaining: pd.Series) -> pd.DataFrame:
    """What is sold abroad, and the rest in the supplier's own market; one without a pooled market sells to all."""
    home = remaining.index.map(facts.market_of)
    table = abroad.copy()
    rest = (remaining - abroad.sum(axis=1)).clip(lower=0.0)
    for market in table.columns:
        table[market] += rest.where(home == market, 0.0)
    foreign = rest[~home.isin(table.columns)]
    if len(foreign):
        table.loc[foreign.index] += np.outer(foreign, normalised(facts.consumption_share[table.columns]))
    return table


def _by_market(facts: Facts, sold: pd.DataFrame, markets: list[str]) -> pd.DataFrame:
    """Tonnes by exporter and market, of a matrix by exporter and importer."""
    return sold.T.groupby(sold.columns.map(facts.market_of)).sum().T.reindex(columns=markets, fill_value=0.0)


def _abroad(facts: Facts, table: pd.DataFrame) -> pd.DataFrame:
    """A matrix by supplier and market without what is in the market where the supplier lies itself."""
    home = table.index.map(facts.market_of).to_numpy()
    return table.where(np.not_equal.outer(home, table.columns.to_numpy()), 0.0)


def _in_own_market(facts: Facts, table: pd.DataFrame) -> pd.Series:
    """What each supplier has in the market where it lies itself."""
    return (table - _abroad(facts, table)).sum(axis=1)


def _far_in_own_market(facts: Facts, sold: pd.DataFrame) -> pd.Series:
    """What each exporter sells to countries of its own market that are no neighbours."""
    home, market = (c.map(facts.market_of).to_numpy() for c in (sold.index, sold.columns))
    far = np.equal.outer(home, market) & ~sold.columns.isin(facts.near)
    return sold.where(far, 0.0).sum(axis=1)


def _exports(facts: Facts, mineral: str, stage: str, remaining: pd.Series, to_us: pd.Series) -> pd.DataFrame | None:
    """Traded tonnes by producer and importer, hubs traced back to producers; None without trade data.

    Nobody sells more than nine tenths of its output to other markets.
    """
    trade = facts.traded(mineral, stage)
    if trade.empty:
        return None
    market = trade.columns.map(facts.market_of)
    pooled = trade.loc[:, market.notna() & ~market.isin(facts.traced)]
    content = _content(facts, mineral, stage, trade, to_us)
    makers = pooled.reindex(remaining.index, fill_value=0.0)
    hubs = pooled.drop(remaining.index, errors="ignore")
    bought = trade.reindex(index=remaining.index, columns=hubs.index, fill_value=0.0)
    bought = bought / bought.sum().replace(0.0, np.nan)
    makers = (makers + bought.fillna(0.0) @ hubs) * content
    abroad = _abroad(facts, _by_market(facts, makers, list(facts.consumption_share.index))).sum(axis=1)
    scale = (0.9 * remaining / abroad.replace(0.0, np.nan)).clip(upper=1.0).fillna(1.0)
    return makers.mul(scale, axis=0)


def _content(facts: Facts, mineral: str, stage: str, trade: pd.DataFrame, to_us: pd.Series) -> float:
    """Tonnes of the mineral per tonne traded, so that the United States' imports meet its statistics.

    Where one product holds several minerals (a magnet), its imports give one ratio for all of them, shared out as the
    world's output is: the same magnets go everywhere.
    """
    us = float(trade["USA"].sum()) if "USA" in trade else 0.0
    inside = facts.inside_one_product(mineral, stage)
    made = {other: facts.outputs[(other, stage)] for other in inside}
    bought = [to_us if other == mineral else us_deliveries(facts, other, made[other])[0] for other in inside]
    imports = sum(float(tonnes.drop("USA", errors="ignore").sum()) for tonnes in bought)
    if us <= 0 or imports <= 0:
        return 1.0
    whole = sum(float(output.sum()) for output in made.values())
    return imports / us * float(made[mineral].sum()) / whole


def _surplus_by_proportion(facts: Facts, remaining: pd.Series, known: pd.DataFrame) -> pd.DataFrame:
    """Each market's own output serves it first; what is left over goes to the others' needs by proportion.

    The needs are what `known` deliveries, by exporter and market, leave of each market's part in the whole.
    """
    markets = list(known.columns)
    home = remaining.index.map(facts.market_of)
    whole = remaining.sum() + known.to_numpy().sum()
    wanted = (whole * normalised(facts.consumption_share[markets]) - known.sum()).clip(lower=0.0)
    made = remaining.groupby(home).sum().reindex(markets, fill_value=0.0)
    surplus, deficit = (made - wanted).clip(lower=0.0), (wanted - made).clip(lower=0.0)
    exported = remaining * (surplus / made.replace(0.0, np.nan)).reindex(home).fillna(0.0).to_numpy()
    exported[~home.isin(markets)] = 0.0
    return pd.DataFrame(np.outer(exported, deficit / max(deficit.sum(), 1e-12)), remaining.index, markets)


def use_of(pooled: pd.DataFrame) -> pd.DataFrame:
    """What the pooled markets use: all that is delivered to them."""
    return (
        pooled.groupby("market", sort=False)["base_t"]
        .sum()
        .reset_index()
        .assign(energy_t=0.0, goods_t=0.0, secondary_t=0.0)
    )


def with_seeds(deliveries: pd.DataFrame, use: pd.DataFrame, candidates: pd.Series) -> pd.DataFrame:
    """Add pairs that did not trade, each with a seed in proportion to the supplier's world share."""
    seeds = candidates.rename("share").rename_axis("supplier").reset_index().merge(use, how="cross")
    seeds["base_t"] = SEED * seeds["share"].clip(upper=1.0) * seeds["base_t"]
    both = pd.concat([deliveries.assign(observed=True), seeds.assign(observed=False)], ignore_index=True)
    both = both[both["base_t"] > 0].drop_duplicates(["supplier", "market"], ignore_index=True)
    return both[["supplier", "market", "base_t", "observed"]]
