"""The supply curve of every stage: what a tonne is worth there at the normal price, and what it costs each country.

The price is the cost of the dearest tonnes that are still needed; all others earn a rent, which is no cost but the dual
of the capacity that earns it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.facts.dataset import PLACE
from supplychain.facts.parameters import DEFAULTS

LINE = PLACE[:2]
# The plants of one country differ: a third of what ran costs the mean less the spread, a third the mean and the spread.
CHEAP, IDLE = "cheap", "idle"
RAN = {CHEAP: -1.0, "usual": 0.0, "dear": 1.0}
DEAREST, SPREAD = DEFAULTS["dearest"], DEFAULTS["spread"]
# The least part of the price that a mineral's own stages are worth.
LEAST_ROOM = 0.02


def dearest(places: pd.DataFrame, part: float = DEAREST, spread: float = SPREAD) -> pd.Series:
    """Operating cost by mineral and stage above which only the dearest part of the output lies, USD/t.

    Parameters
    ----------
    places : mineral, stage, country, output_t, opex_usd_per_t. part : of the base year's output that just pays, from
        its dearest tonne down (the usual reading of a cost curve). spread : of a place's plants, over its mean cost.
    """
    parts = [places.assign(opex_usd_per_t=places["opex_usd_per_t"] * (1.0 + spread * side)) for side in RAN.values()]
    table = pd.concat(parts)[[*LINE, "output_t", "opex_usd_per_t"]]
    table = table.sort_values([*LINE, "opex_usd_per_t"], kind="stable")
    weight = table["output_t"] + 1e-9 * (1.0 + table.groupby(LINE)["output_t"].transform("sum"))
    below = weight.groupby([table[k] for k in LINE]).cumsum()
    below /= weight.groupby([table[k] for k in LINE]).transform("sum")
    return table[below >= 1.0 - part - 1e-12].groupby(LINE)["opex_usd_per_t"].first()


def levels(chain: pd.DataFrame, top: pd.Series, prices: pd.Series, moved: pd.Series) -> pd.DataFrame:
    """What a tonne is worth at each stage, so that the dearest tenth of the output just pays at the normal price.

    The price less freight is shared out over the stages by their dearest costs; that one factor a mineral is its level.
    An ore that another mineral's mines give is worth there what it is worth to those, and scrap what ore is.

    Parameters
    ----------
    chain : mineral, stage, ore, whole_ratio. top : as `dearest` gives it. prices, moved : normal price and usual
        freight of the whole chain by mineral, USD per delivered tonne.

    Returns
    -------
    DataFrame: mineral, stage (where it is made under its own name), value_usd_per_t (added by the stage, per tonne
    leaving it), level (of the mineral's costs over what the facts say); not a number for a mineral without a price.
    """
    cost = top.reindex(pd.MultiIndex.from_frame(chain[["ore", "stage"]])).to_numpy(dtype=float)
    table = chain.assign(cost=np.nan_to_num(cost) * chain["whole_ratio"], own=chain["mineral"] == chain["ore"])
    whole = table[table["own"]].groupby("mineral")["cost"].sum().replace(0.0, np.nan)
    price = prices.reindex(whole.index).where(lambda p: p > 0)
    room = price - moved.reindex(whole.index).fillna(0.0)
    level = np.maximum(room, LEAST_ROOM * price) / whole
    borrowed = table[~table["own"]]
    paid = (borrowed["cost"] * borrowed["ore"].map(level).fillna(1.0)).groupby(borrowed["mineral"]).sum()
    left = np.maximum(room - paid.reindex(whole.index).fillna(0.0), LEAST_ROOM * price)
    level = (left / whole).rename("level")
    own = table[table["own"]].join(level, on="mineral")
    value = own["level"] * own["cost"] / own["whole_ratio"]
    return own.assign(value_usd_per_t=value)[[*LINE, "value_usd_per_t", "level"]]


def with_scrap(chain: pd.DataFrame, values: pd.DataFrame) -> pd.DataFrame:
    """The chain with what the scrap in it costs each stage: as much as what it takes the place of is worth.

    Parameters
    ----------
    chain : mineral, stage, ore, ratio, whole_ratio, in order. values : as `levels` gives them.

    Returns
    -------
    DataFrame: the chain with scrap_usd_per_t (USD per tonne leaving the stage; nil where all of the feed was mined).
    """
    added = values.set_index(LINE)["value_usd_per_t"].reindex(pd.MultiIndex.from_frame(chain[["ore", "stage"]]))
    per_delivered = chain["whole_ratio"] * added.fillna(0.0).to_numpy(dtype=float)
    chains = chain["mineral"]
    worth = per_delivered.groupby(chains).cumsum() / chain["whole_ratio"]
    part = {c: chain.groupby(chains)[c].shift(1) / chain[c] for c in ("ratio", "whole_ratio")}
    scrap = (part["whole_ratio"] - part["ratio"]) * worth.groupby(chains).shift(1)
    return chain.assign(scrap_usd_per_t=scrap.fillna(0.0))


def at_level(places: pd.DataFrame, values: pd.DataFrame, spread: float = SPREAD) -> pd.DataFrame:
    """The places with their costs at their minerals' level.

    Returns
    -------
    DataFrame: the places with value_usd_per_t, level, full_opex_usd_per_t (what new plant costs to run),
    opex_usd_per_t (of the cheapest that runs).
    """
    table = places.merge(values, on=LINE, how="left")
    full = table["opex_usd_per_t"] * table["level"].fillna(1.0)
    priced = table["value_usd_per_t"].notna()
    cheapest = np.fmin(full, table["value_usd_per_t"]) * np.where(priced, 1.0 - spread, 1.0)
    return table.assign(full_opex_usd_per_t=full, opex_usd_per_t=cheapest)


def steps(places: pd.DataFrame, spread: float = SPREAD) -> pd.DataFrame:
    """The steps of each place's supply curve.

    What ran in the base year never costs more than its tonne was worth, or it would not have run; what stood idle costs
    just that, because it did not pay.

    Parameters
    ----------
    places : as `at_level` gives them.

    Returns
    -------
    DataFrame: mineral, stage, country, step, part (of what ran), dearer_usd_per_t (than the place's cheapest).
    """
    worth, cheapest = places["value_usd_per_t"], places["opex_usd_per_t"]
    mean = np.fmin(places["full_opex_usd_per_t"], worth)
    costs = {step: np.fmin(mean * (1.0 + spread * side), worth) for step, side in RAN.items()} | {IDLE: worth}
    dearer = pd.DataFrame({step: (cost - cheapest).fillna(0.0).clip(lower=0.0) for step, cost in costs.items()})
    dearer = dearer.where(worth.notna(), 0.0)
    table = places[PLACE].join(dearer).melt(PLACE, var_name="step", value_name="dearer_usd_per_t")
    return table.assign(part=(table["step"] != IDLE) / len(RAN))
