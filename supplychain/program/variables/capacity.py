"""The columns of what is made with: use of capacity, builds, ore dug, and output by owner."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.facts.dataset import PLACE
from supplychain.program.lp import LinearProgram
from supplychain.program.variables.steps import sizes, yearly
from supplychain.system.build import System

NEARNESS = 100.0
# What is left of a stock at the end counts so much of the normal price: sold at once, it would lower the price.
KEPT_VALUE = 0.9


def capacities(lp: LinearProgram, system: System) -> None:
    """Use of existing capacity, step by step, and b: capacity built, paid for from then on.

    Capital that is there is sunk. What has been built is paid its annuity, and what it costs to run beyond the site's
    own operating cost.
    """
    table = system.existing.merge(system.years, on="year")
    cost = table["dearer_usd_per_t"] * table["weight"]
    label = [*PLACE, "owner", "year", "step"]
    lp.variable("used", table, upper=table["existing_t"], cost=cost, **sizes(table, system), label=label)
    built = _built(system)
    cost = (built["charge_usd_per_t"] + built["entry_usd_per_t"]) * built["annuity_weight"]
    label = ["build", *PLACE, "owner", "year"]
    lp.variable("build", built, upper=built["yearly_t"], cost=cost, **sizes(built, system), label=label)
    funded = _funded(built, system)
    paid = -funded["capex_share"] * funded["charge_usd_per_t"] * funded["annuity_weight"]
    lp.variable("subsidised", funded, cost=paid, **sizes(funded, system), label=["policy", "build", "year"])


def _built(system: System) -> pd.DataFrame:
    """Builds by year on line, with the present value of paying 1 a year from then on."""
    table = yearly(system.builds, system).query("year >= first_year")
    later = system.years.sort_values("year", ascending=False)
    annuity_weight = later.set_index("year")["weight"].cumsum()
    table = table.merge(system.charges, on=["build", "year"])
    return table.assign(annuity_weight=table["year"].map(annuity_weight))


def _funded(builds: pd.DataFrame, system: System) -> pd.DataFrame:
    """Builds that a fund may share in."""
    table = builds.merge(system.funds, on=PLACE)
    return table[(table["year"] >= table["from_year"]) & (table["year"] <= table["to_year"])]


def shared_places(system: System) -> pd.DataFrame:
    """mineral, stage, country, owner, share of the sites that owners of several nations share."""
    return system.owners[system.owners.duplicated(PLACE, keep=False)]


def owned_output(lp: LinearProgram, system: System) -> None:
    """Output of shared sites by the nationality of the owner: for each traced market, and for the pooled ones.

    `above` and `below`: how far that is from the owner's share of existing capacity. They cost nothing; what they are
    worth tells equally cheap plans apart.
    """
    shared = shared_places(system).rename(columns={"mineral": "ore"})
    ratios = system.chain[["mineral", "stage", "ore", "ratio"]]
    for name in ("through", "pooled"):
        table = lp.variables[name].table.drop(columns=["ore", "ratio"], errors="ignore")
        table = table.merge(ratios, on=["mineral", "stage"]).merge(shared, on=["ore", "stage", "country"])
        label = [*PLACE, "owner", *(["market"] if name == "through" else []), "year"]
        size = sizes(table, system)
        lp.variable(f"owned_{name}", table, **size, label=label)
        for side in ("above", "below"):
            lp.variable(f"owned_{name}_{side}", table, **size | {"worth": NEARNESS * size["worth"]}, label=label)


def sole_owners(table: pd.DataFrame, system: System) -> pd.DataFrame:
    """The rows of a table of places (ore, stage, country) that have one owner, with that `owner`."""
    sole = system.owners[~system.owners.duplicated(PLACE, keep=False)]
    return table.merge(sole.rename(columns={"mineral": "ore"}).drop(columns="share"), on=["ore", "stage", "country"])


def stocks(lp: LinearProgram, system: System) -> None:
    """q+, q-, q: tonnes bought into and released from a market's stock, and its level at the year's end.

    What is left at the end counts at nine tenths of the normal price.
    """
    table = system.stocks.drop(columns="kind", errors="ignore").merge(system.years, on="year")
    keys = ["mineral", "market", "year"]
    table = table.groupby(keys, as_index=False).agg(
        policy=("policy", "first"),
        target_t=("target_t", "max"),
        most_t=("most_t", "min"),
        initial_t=("initial_t", "sum"),
        holding_usd_per_t=("holding_usd_per_t", "max"),
        release=("release", "any"),
        weight=("weight", "first"),
    )
    price = table["mineral"].map(system.minerals.set_index("mineral")["price"])
    last = table["year"] == system.years["year"].max()
    cost = (table["holding_usd_per_t"] - np.where(last, KEPT_VALUE * price, 0.0)) * table["weight"]
    size = sizes(table, system)
    least = table["target_t"].where(~table["release"].astype(bool), 0.0)
    lp.variable("stock", table, lower=least, upper=table["most_t"], cost=cost, label=keys, **size)
    lp.variable("bought", table[keys], label=keys, **size)
    lp.variable("released", table[keys], label=keys, **size)
