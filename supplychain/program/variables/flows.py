"""The columns of what moves: paths, deliveries, feeds, and shipments on the ways out of Central Asia.

Variables carry the names of docs/model.md in words: `flow` is x, `delivered` is z. Costs are present
values: each year's money times its weight.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.facts.dataset import PLACE
from supplychain.program.lp import LinearProgram
from supplychain.program.variables.steps import (
    delivery_reference,
    delivery_steps,
    pooled_excess,
    sizes,
    traced_excess,
    yearly,
)
from supplychain.system.build import System
from supplychain.system.moves import MOVES, way_costs
from supplychain.system.pattern import STAGES

PLACES = {**{stage: stage for stage in STAGES}, "supply": "supplier"}


def flows(lp: LinearProgram, system: System) -> None:
    """x[p,y]: tonnes delivered along each path, at the cost of its stages, freight, time, margin and tariffs."""
    columns = ["path", "delivery", "mineral", "market", *STAGES, "supplier", "via_hub"]
    columns += ["feed_mine", "feed_refine", "hub_feed"]
    costs = [*(f"{stage}_usd_per_t" for stage in STAGES), *MOVES]
    table = yearly(system.paths[columns].assign(cost=system.paths[costs].sum(axis=1)), system)
    table = table.assign(tariff_usd_per_t=path_tariffs(system))
    cost = (table["cost"] + table["tariff_usd_per_t"]) * table["weight"]
    label = ["mineral", *STAGES, "supplier", "market", "year"]
    lp.variable("flow", table, cost=cost, **sizes(table, system), label=label)
    through = pd.concat(
        [
            system.paths.loc[system.paths[stage] != "", ["mineral", "market", stage]]
            .set_axis(["mineral", "market", "country"], axis=1)
            .assign(stage=stage)
            for stage in STAGES
        ]
    ).drop_duplicates()
    through = yearly(through[[*PLACE, "market"]].merge(system.chain[["mineral", "stage", "ore", "ratio"]]), system)
    cost = -credit_of(through, system) * through["ratio"] * through["weight"]
    lp.variable("through", through, cost=cost, **sizes(through, system), label=[*PLACE, "market", "year"])
    total = yearly(system.use.loc[system.use["traced"], ["mineral", "market"]].drop_duplicates(), system)
    lp.variable("total", total, **sizes(total, system), label=["mineral", "market", "year"])


def path_tariffs(system: System) -> np.ndarray:
    """Tariffs on each path and year, USD per delivered tonne: on the last supplier, or looked through to a stage."""
    years = pd.Index(system.years["year"])
    paid = np.zeros((len(system.paths), len(years)))
    for stage, rows in system.tariffs[system.tariffs["year"].isin(years)].groupby("stage"):
        keys = ["mineral", PLACES[str(stage)], "market"]
        rate = rows.rename(columns={"country": keys[1]}).groupby([*keys, "year"], as_index=False)["usd_per_t"].sum()
        met = system.paths[keys].assign(row=np.arange(len(paid))).merge(rate, on=keys)
        paid[met["row"], years.get_indexer(met["year"])] += met["usd_per_t"]
    return paid.ravel()


def credit_of(table: pd.DataFrame, system: System) -> np.ndarray:
    """What the treasury pays per tonne made at a place in a year, USD/t."""
    keys = [*PLACE, "year"]
    rate = system.credits.groupby(keys)["usd_per_t"].sum()
    return rate.reindex(pd.MultiIndex.from_frame(table[keys])).fillna(0.0).to_numpy()


def deliveries(lp: LinearProgram, system: System) -> None:
    """z: deliveries within their steps; a pooled market's pay freight, margin and tariffs here."""
    steps = delivery_steps(system)
    cost = (steps["cost"] + steps["tariff_usd_per_t"]) * steps["weight"]
    label = ["mineral", "supplier", "market", "year", "step"]
    lp.variable("delivered", steps, upper=steps["width_t"], cost=cost, **sizes(steps, system), label=label)
    lp.offset += float((delivery_reference(steps)["musd"] * steps["weight"]).sum()) * 1e6


def pooled_flows(lp: LinearProgram, system: System) -> None:
    """In the pooled markets, the feeds between stages and the output of each place."""
    pooled = system.feeds[~system.feeds["hub"]] if len(system.use[~system.use["traced"]]) else system.feeds[:0]
    columns = ["feed", "mineral", "stage", "origin", "next_stage", "destination", "share"]
    feed = yearly(pooled[columns].assign(cost=pooled[MOVES].sum(axis=1)), system)
    label = ["mineral", "stage", "origin", "destination", "year"]
    lp.variable("feed", feed, cost=feed["cost"] * feed["weight"], **sizes(feed, system), label=label)
    output = yearly(_pooled_places(system, pooled), system)
    cost = (output["opex_usd_per_t"] - credit_of(output, system)) * output["weight"]
    lp.variable("pooled", output, cost=cost, **sizes(output, system), label=[*PLACE, "year"])
    for name, table in (("excess", traced_excess(system)), ("pooled_excess", pooled_excess(system, pooled))):
        cost = table["cost"] * table["weight"]
        label = [c for c in ("mineral", "stage", "origin", "destination", "market", "year", "step") if c in table]
        lp.variable(name, table, upper=table["width_t"], cost=cost, **sizes(table, system), label=label)


def _pooled_places(system: System, pooled: pd.DataFrame) -> pd.DataFrame:
    """Places that make something for the pooled markets, with what they pay themselves and for scrap, per tonne."""
    out = system.deliveries.loc[~system.deliveries["traced"], ["mineral", "stage", "supplier"]]
    ends = [
        pooled[["mineral", "stage", "origin"]].set_axis(PLACE, axis=1),
        pooled[["mineral", "next_stage", "destination"]].set_axis(PLACE, axis=1),
        out.set_axis(PLACE, axis=1),
    ]
    places = pd.concat(ends, ignore_index=True).drop_duplicates(ignore_index=True)
    opex = system.sites[[*PLACE, "opex_usd_per_t"]].rename(columns={"mineral": "ore"})
    chain = system.chain[["mineral", "stage", "ore", "ratio", "scrap_usd_per_t"]]
    places = places.merge(chain, on=["mineral", "stage"])
    places = places.merge(opex, on=["ore", "stage", "country"], how="left").fillna({"opex_usd_per_t": 0.0})
    return places.assign(opex_usd_per_t=places["opex_usd_per_t"] + places.pop("scrap_usd_per_t"))


def shipments(lp: LinearProgram, system: System) -> None:
    """Tonnes on each way out of or into Central Asia, at the cost of its legs in the year."""
    table = yearly(system.ways, system)
    table = table.assign(cost=way_costs(table, system.legs, system.way_legs))
    label = ["mineral", "stage", "origin", "destination", "corridor", "year"]
    lp.variable("shipped", table, cost=table["cost"] * table["weight"], **sizes(table, system), label=label)


def detours(lp: LinearProgram, system: System) -> None:
    """Tonnes that leave in spite of an export ban, through third countries, at what the way round costs."""
    table = system.export_limits.reset_index(drop=True).rename_axis("row").reset_index()
    table = table[table["leak"] > 0].merge(system.years, on="year").sort_values("row", ignore_index=True)
    label = ["policy", *PLACE, "against", "year"]
    cost = table["detour_usd_per_t"] * table["weight"]
    lp.variable("detoured", table, cost=cost, **sizes(table, system), label=label)
