"""What fed every plant, and every hub: its own country first, known sellers, then trade or proportion."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.facts.dataset import OTHER
from supplychain.system.pattern.facts import SEED, Facts
from supplychain.system.pattern.matrices import SMALLEST_FEED, as_rows, matters, without_crumbs

LARGE_FEEDER = 0.05


def hub_feeds(facts: Facts, mineral: str, stage: str, hubs: pd.Index, output: pd.Series) -> pd.DataFrame:
    """Shares of producers (columns) in what each hub (rows) ships: its imports, else world output."""
    trade = facts.traded(mineral, stage)
    makers = output[(output > 0) & (output.index != "USA")]
    rows = {}
    for hub in hubs:
        weights = trade[hub].reindex(makers.index, fill_value=0.0) if hub in trade else makers * 0
        weights = weights.drop(hub, errors="ignore")
        weights = weights if weights.sum() > 0 else makers.drop(hub, errors="ignore")
        rows[hub] = without_crumbs(weights)
    return pd.DataFrame.from_dict(rows, orient="index").fillna(0.0)


def feeds_of(facts: Facts, mineral: str, stage: pd.Series, following: pd.Series) -> pd.DataFrame:
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


def _feed_shares(facts: Facts, stage: pd.Series, fed: pd.Series, need: pd.Series) -> pd.DataFrame:
    """Share of each origin (rows) in each destination's feed: its own country's output first, the rest by trade."""
    everyone = fed.index.union(need.index)
    fed, need = fed.reindex(everyone, fill_value=0.0), need.reindex(everyone, fill_value=0.0)
    told = facts.known(stage["ore"], stage["stage"]).reindex(index=everyone, columns=everyone, fill_value=0.0)
    trade = facts.traded(stage["ore"], stage["stage"]).reindex(index=everyone, columns=everyone, fill_value=0.0)
    known, left = _known_feeds(told, fed, need)
    matrix = known + _fitted(trade, left, (need - known.sum()).clip(lower=0.0))
    shares = matrix / matrix.sum().replace(0.0, np.nan)
    shares = shares.where((shares >= SMALLEST_FEED) | matters(matrix, facts.central_asia), 0.0)
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
    facts: Facts,
    mineral: str,
    stage: pd.Series,
    fed: pd.Series,
    planned: pd.Series,
    made: pd.Series,
    shares: pd.DataFrame,
) -> pd.DataFrame:
    """Observed feeds, seeds from every large or new origin to every large or new destination, and one from an origin
    that feeds nobody to the largest."""
    observed = as_rows(shares, "origin", "destination", "share")
    able = (
        facts.sellers(stage["ore"], stage["stage"], fed).clip(upper=1.0).mul(SEED).rename("seed").rename_axis("origin")
    )
    origins = facts.candidates(stage["ore"], stage["stage"], fed, LARGE_FEEDER).index
    large = made.index[made >= LARGE_FEEDER * made.sum()]
    destinations = planned.index.union(large).drop(OTHER, errors="ignore")
    seeds = able[able.index.isin(origins)].reset_index().merge(destinations.to_frame(name="destination"), how="cross")
    idle = able[~able.index.isin(origins.union(observed["origin"]))].reset_index()
    seeds = pd.concat([seeds, idle.assign(destination=made.idxmax() if len(made) else "")], ignore_index=True)
    table = observed.merge(seeds[seeds["destination"] != ""], on=["origin", "destination"], how="outer")
    return table.fillna({"share": 0.0, "seed": 0.0}).assign(stage=stage["stage"], hub=False)
