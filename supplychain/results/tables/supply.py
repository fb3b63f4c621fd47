"""Who supplies whom: paths, supply by place and owner, and what moves on the ways out of Central Asia."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.facts.dataset import PLACE
from supplychain.program.lp import LinearProgram, Variable
from supplychain.program.variables.capacity import sole_owners
from supplychain.results.tables.common import carried, dual_in_year, summed, values
from supplychain.solve.highs import TIE, Solution
from supplychain.system.build import System
from supplychain.system.pattern import STAGES

SUPPLY = ["year", "mineral", "stage", "country", "owner", "market"]


def paths(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """Tonnes along each path: year, mineral, market, mine, refine, fabricate, supplier, corridor, tonnes,
    cost_usd_per_t.

    A path with a leg out of Central Asia takes its ways in the proportion in which that move's tonnes are spread;
    `corridor` is that of its last such leg, `cost_usd_per_t` holds the way's cost. No way: the corridor of the last
    leg.
    """
    flow = lp.variables["flow"]
    moves = [column for column, _, _ in _MOVES_UPWARD]
    columns = ["path", *moves, "year", "mineral", "market", *STAGES, "supplier", "cost"]
    table = carried(solution, flow, columns).rename(columns={"cost": "cost_usd_per_t"})
    table = table.merge(system.paths[["path", "corridor"]], on="path")
    split = _spread(lp, solution)
    ratio = system.chain.pivot(index="mineral", columns="stage", values="ratio").reindex(columns=list(STAGES))
    for column, kind, stage in _MOVES_UPWARD:
        table = _along(
            table, split[split["kind"] == kind], column, table["mineral"].map(ratio[stage]) if stage else 1.0
        )
    order = ["year", "mineral", "market", *STAGES, "supplier", "corridor"]
    table = table.groupby(order, as_index=False).agg(
        tonnes=("tonnes", "sum"), cost_usd_per_t=("cost_usd_per_t", "mean")
    )
    return table.sort_values(order, ignore_index=True)


# Upstream first, so that the last leg that has ways names the path's corridor.
_MOVES_UPWARD = (
    ("feed_mine", "feed", "mine"),
    ("feed_refine", "feed", "refine"),
    ("hub_feed", "feed", ""),
    ("delivery", "delivery", ""),
)


def _spread(lp: LinearProgram, solution: Solution) -> pd.DataFrame:
    """Part of each move's tonnes on each way: kind, move, year, way_corridor, part, way_cost."""
    shipped = lp.variables["shipped"]
    table = carried(solution, shipped, ["kind", "move", "year", "corridor", "cost"])
    whole = table.groupby(["kind", "move", "year"])["tonnes"].transform("sum")
    table = table.assign(part=table["tonnes"] / whole).drop(columns="tonnes")
    return table.rename(columns={"corridor": "way_corridor", "cost": "way_cost"})


def _along(table: pd.DataFrame, split: pd.DataFrame, column: str, ratio: pd.Series | float) -> pd.DataFrame:
    """The paths spread over the ways of one of their moves."""
    table = table.assign(ratio=ratio)
    split = split.drop(columns="kind").rename(columns={"move": column})
    table = table.merge(split, on=[column, "year"], how="left")
    table["tonnes"] *= table["part"].fillna(1.0)
    table["cost_usd_per_t"] += table["way_cost"].fillna(0.0) * table["ratio"]
    table["corridor"] = table["way_corridor"].fillna(table["corridor"])
    return table.drop(columns=["part", "way_cost", "way_corridor", "ratio"])


def supply(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """Who supplies each market at each stage; stage `supply` is the last supplier, as customs record it.

    Columns: year, mineral, stage, country, owner (nationality of the plant's owners; of stage `supply` the country
    itself), market, tonnes, share, low_t, high_t. The last two bound the tonnes over all plans that cost exactly as
    little.
    """
    flows = _flows(lp, system, solution)
    parts = [_traced_supply(system, flows, stage) for stage in (*STAGES, "supplier")]
    owned = _by_owner(lp, system, solution, pd.concat(parts, ignore_index=True))
    table = pd.concat([owned, _pooled_supply(lp, system, solution)], ignore_index=True)
    total = table.groupby(["year", "mineral", "stage", "market"])["tonnes"].transform("sum")
    table = table.assign(share=(table["tonnes"] / total.replace(0.0, np.nan)).fillna(0.0))
    table["high_t"] = np.minimum(table["high_t"], total)
    table = table[(table["tonnes"] > 0) | (table["high_t"] > table["low_t"])]
    columns = [*SUPPLY, "tonnes", "share", "low_t", "high_t"]
    return table.sort_values(SUPPLY, ignore_index=True)[columns]


def _by_owner(lp: LinearProgram, system: System, solution: Solution, table: pd.DataFrame) -> pd.DataFrame:
    """Supply by place once for each owner: as the plan has it where owners of several nations share a site."""
    ore = system.chain[["mineral", "stage", "ore"]]
    table = table.merge(ore, on=["mineral", "stage"], how="left")
    last = table[table["stage"] == "supply"].assign(owner=lambda t: t["country"], part=1.0)
    single = sole_owners(table, system).assign(part=1.0)
    owned = lp.variables["owned_through"]
    keys = [*PLACE, "market", "year"]
    split = owned.table[[*keys, "owner"]].assign(owned_t=values(solution, owned))
    whole = split.groupby(keys)["owned_t"].transform("sum")
    split = split.assign(part=(split["owned_t"] / whole.replace(0.0, np.nan)).fillna(0.0)).drop(columns="owned_t")
    shared = table.merge(split, on=keys)
    both = pd.concat([last, single, shared], ignore_index=True)
    for column in ("tonnes", "low_t", "high_t"):
        both[column] *= both["part"]
    return both.drop(columns=["ore", "part"])


def _free(solution: Solution, lp: LinearProgram, variable: Variable) -> np.ndarray:
    """Columns without a reduced cost: those that another, equally cheap plan may move."""
    reduced = solution.reduced[variable.first : variable.first + len(variable)]
    return np.abs(reduced * variable.unit / lp.money_unit) <= TIE


def _flows(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """Paths that carry something, or could in an equally cheap plan: path, year, tonnes, low_t, high_t."""
    flow = lp.variables["flow"]
    value, free = values(solution, flow), _free(solution, lp, flow)
    low, high = np.where(free, 0.0, value), np.where(free, _most(lp, system, solution), value)
    table = flow.table[["path", "year"]].assign(tonnes=value, low_t=low, high_t=high)
    return table[high > 0]


def _traced_supply(system: System, flows: pd.DataFrame, place: str) -> pd.DataFrame:
    """What passes through each country at one place of the paths; not all paths have every place."""
    labels = system.paths[["mineral", place, "market"]].rename(columns={place: "country"})
    table = summed(flows.drop(columns="path"), flows["path"].to_numpy(), labels)
    return table[table["country"] != ""].assign(stage="supply" if place == "supplier" else place)


def _most(lp: LinearProgram, system: System, solution: Solution) -> np.ndarray:
    """The most that each path's supplier can deliver in an equally cheap plan: its steps, free ones full."""
    flow, delivered = lp.variables["flow"], lp.variables["delivered"]
    value = values(solution, delivered)
    full = np.where(_free(solution, lp, delivered) & np.isfinite(delivered.upper), delivered.upper, value)
    sums = pd.Series(full).groupby(_delivery_year(system, delivered)).sum()
    reach = np.zeros(len(system.deliveries) * len(system.years))
    reach[sums.index] = sums
    return np.maximum(reach[_delivery_year(system, flow)], values(solution, flow))


def _delivery_year(system: System, variable: Variable) -> np.ndarray:
    """A number for each row's delivery and year; the years of a horizon follow each other."""
    year = variable.table["year"].to_numpy() - int(system.years["year"].iloc[0])
    return variable.table["delivery"].to_numpy() * len(system.years) + year


def _pooled_supply(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """What is delivered to the pooled markets: all of it is the last supplier's own."""
    delivered = lp.variables["delivered"]
    table = carried(solution, delivered, ["delivery", "year"], only=~delivered.table["traced"].to_numpy(dtype=bool))
    labels = system.deliveries[["mineral", "supplier", "market"]].rename(columns={"supplier": "country"})
    table = summed(table[["year", "tonnes"]], table["delivery"].to_numpy(), labels)
    return table.assign(stage="supply", owner=table["country"], low_t=table["tonnes"], high_t=table["tonnes"])


def shipments(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """Every move out of or into Central Asia, for all markets: year, mineral, stage, origin, destination, corridor,
    tonnes, gross_t (weight of the cargo)."""
    shipped = lp.variables["shipped"]
    keys = ["year", "mineral", "stage", "origin", "destination", "corridor"]
    table = shipped.table[[*keys, "cargo_share", "gross_t_per_t"]].assign(moved=values(solution, shipped))
    table = table.assign(tonnes=table["moved"] * table["cargo_share"], gross_t=table["moved"] * table["gross_t_per_t"])
    table = table[table["tonnes"] > 0].groupby(keys, as_index=False)[["tonnes", "gross_t"]].sum()
    return table.sort_values(keys, ignore_index=True)


def corridors(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """Legs that can fill up: year, leg, name, corridor, capacity_t, background_t, used_t (cargo of these minerals),
    shadow_price_usd_per_t (what one more tonne of the leg's capacity would save in the year)."""
    rows = lp.constraints["leg_capacity"]
    used = shipped_on_legs(lp, system, solution)
    keys = pd.MultiIndex.from_frame(rows.table[["leg", "year"]])
    table = rows.table.merge(system.legs, on=["leg", "year"]).assign(
        used_t=used.reindex(keys).fillna(0.0).to_numpy(),
        shadow_price_usd_per_t=np.maximum(-dual_in_year(lp, system, solution, "leg_capacity"), 0.0),
    )
    columns = ["year", "leg", "name", "corridor", "capacity_t", "background_t", "used_t", "shadow_price_usd_per_t"]
    return table[columns].sort_values(["year", "leg"], ignore_index=True)


def shipped_on_legs(lp: LinearProgram, system: System, solution: Solution) -> pd.Series:
    """Cargo by leg and year, t."""
    shipped = lp.variables["shipped"]
    columns = ["country", "zone", "corridor", "year"]
    cargo = values(solution, shipped) * shipped.table["gross_t_per_t"].to_numpy(dtype=float)
    table = shipped.table[columns].assign(cargo=cargo)
    table = table.groupby(columns, as_index=False)["cargo"].sum().merge(system.way_legs, on=columns[:3])
    return table.groupby(["leg", "year"])["cargo"].sum()
