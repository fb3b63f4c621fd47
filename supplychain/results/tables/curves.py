"""What every place costs beside what its tonnes are worth: cost curves, gaps of projects, and what no cost explains."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from supplychain.facts.dataset import PLACE
from supplychain.program.lp import LinearProgram
from supplychain.results.tables.common import scarcity, values
from supplychain.solve.highs import Solution
from supplychain.system.build import System
from supplychain.system.curves import LINE

YEARLY = [*PLACE, "year"]


def cost_curve(system: System) -> pd.DataFrame:
    """The supply curve of every stage in the first year: what there is, step by step, and the projects.

    Returns
    -------
    DataFrame, one row a step of a place and one a project: mineral, stage, country, step (`cheap`, `usual`, `dear`,
    `idle`, or `project`), site (a project's id), capacity_t (t/yr), cost_usd_per_t (operating; a project's with its
    annuity), worth_usd_per_t (what a tonne is worth there at the normal price), delivered_usd_per_t (per delivered
    tonne, all other stages, scrap and freight at what they get at the normal price), level (of the mineral's costs
    over what the facts say), basis (`reported` or `computed`). Costs and worth are the stage's own, per tonne.
    """
    now = system.existing["year"] == system.years["year"].iloc[0]
    stands = system.existing[now].groupby([*PLACE, "step"], as_index=False)
    stands = stands.agg(capacity_t=("existing_t", "sum"), dearer=("dearer_usd_per_t", "first"))
    about = system.sites[[*PLACE, "opex_usd_per_t", "value_usd_per_t", "level", "basis"]]
    stands = stands.merge(about, on=PLACE)
    stands = stands.assign(site="", cost_usd_per_t=stands["opex_usd_per_t"] + stands["dearer"])
    planned = _costs_of_builds(system).query("project != ''").merge(about, on=PLACE)
    planned = planned[planned["year"] == planned.groupby("project")["year"].transform("min")]
    planned = planned.drop_duplicates(["project", *PLACE]).assign(step="project", site=planned["project"])
    planned["cost_usd_per_t"] = planned["running"] + planned["charge_usd_per_t"]
    columns = [*PLACE, "step", "site", "capacity_t", "cost_usd_per_t", "value_usd_per_t", "level", "basis"]
    table = pd.concat([stands[columns], planned[columns]], ignore_index=True)
    table = table[table["capacity_t"] > 0].rename(columns={"value_usd_per_t": "worth_usd_per_t"})
    price = table["mineral"].map(system.minerals.set_index("mineral")["price"].where(lambda p: p > 0))
    earned = (table["worth_usd_per_t"] - table["cost_usd_per_t"]) * _ratios(system, table)
    table.insert(list(table).index("level"), "delivered_usd_per_t", price - earned)
    return table.sort_values([*LINE, "cost_usd_per_t", "country", "step"], ignore_index=True)


def _ratios(system: System, places: pd.DataFrame) -> np.ndarray:
    """Tonnes at each place's stage in a delivered tonne of its own mineral that holds no scrap."""
    own = system.chain[system.chain["mineral"] == system.chain["ore"]].set_index(LINE)["whole_ratio"]
    return own.reindex(pd.MultiIndex.from_frame(places[LINE])).to_numpy(dtype=float)


def _costs_of_builds(system: System) -> pd.DataFrame:
    """Every build in every year from its first: the builds' columns, year, charge_usd_per_t, running (operating cost),
    capacity_t (all owners' together, of a project)."""
    table = system.builds.merge(system.charges, on="build")
    table = table[table["year"] >= table["first_year"]]
    table = table.merge(system.sites[[*PLACE, "opex_usd_per_t", "full_opex_usd_per_t"]], on=PLACE)
    grows = table["project"] == ""
    running = table["full_opex_usd_per_t"].where(grows, table["opex_usd_per_t"] + table["entry_usd_per_t"])
    whole = table.groupby(["project", *YEARLY])["yearly_t"].transform("sum")
    return table.drop(columns=["opex_usd_per_t", "full_opex_usd_per_t"]).assign(running=running, capacity_t=whole)


def gap(lp: LinearProgram, system: System, solution: Solution, region: Iterable[str]) -> pd.DataFrame:
    """What every project, and every producer of a region, would cost in full, beside what its tonnes would bring.

    Parameters
    ----------
    region : the countries whose producers are told too, as what growing there would cost.

    Returns
    -------
    DataFrame: year, mineral, stage, country, site (a project's id; blank for a producer's growth), name,
    operating_usd_per_t, capital_usd_per_t (annuity at the rate that the builder pays in the scenario),
    full_usd_per_t (both), worth_usd_per_t (what one more tonne made there would save all others: the price less all
    other costs on the way, with any credit on it), gap_usd_per_t (full less worth: above nil it does not pay in that
    year), built_t (what has been built of it by then, t/yr). Per tonne leaving the stage, USD of the year.
    """
    table = _costs_of_builds(system)
    table = table[(table["project"] != "") | table["country"].isin(list(region))]
    built = lp.variables["build"].table[["build", "year"]].assign(built_t=values(solution, lp.variables["build"]))
    table = table.merge(built, on=["build", "year"], how="left").sort_values([*PLACE, "project", "year"], kind="stable")
    table["built_t"] = table.fillna({"built_t": 0.0}).groupby(["build"])["built_t"].cumsum()
    keys = ["year", *PLACE, "project", "name"]
    parts = {"running": "first", "charge_usd_per_t": "first", "built_t": "sum"}
    table = table.groupby(keys, as_index=False).agg(parts)
    worth = _worth(lp, system, solution)
    table["worth_usd_per_t"] = worth.reindex(pd.MultiIndex.from_frame(table[YEARLY])).to_numpy()
    table = table.rename(
        columns={"project": "site", "running": "operating_usd_per_t", "charge_usd_per_t": "capital_usd_per_t"}
    )
    table["full_usd_per_t"] = table["operating_usd_per_t"] + table["capital_usd_per_t"]
    table["gap_usd_per_t"] = table["full_usd_per_t"] - table["worth_usd_per_t"]
    money = ["operating_usd_per_t", "capital_usd_per_t", "full_usd_per_t", "worth_usd_per_t", "gap_usd_per_t"]
    return table[[*keys[:4], "site", "name", *money, "built_t"]].sort_values(
        ["mineral", "stage", "country", "site", "year"], ignore_index=True
    )


def _worth(lp: LinearProgram, system: System, solution: Solution) -> pd.Series:
    """What one more tonne made at each place would save in the year, USD/t: its operating cost and the dual of its
    capacity; an ore's is that of all that is in it."""
    rows = scarcity(lp, system, solution).groupby(YEARLY)["rent_usd_per_t"].max().reset_index()
    opex = system.sites.set_index(PLACE)["opex_usd_per_t"]
    cheapest = opex.reindex(pd.MultiIndex.from_frame(rows[PLACE])).to_numpy()
    rows = rows.assign(worth=rows["rent_usd_per_t"] + cheapest)
    joint = system.byproducts[system.byproducts["joint"].astype(bool)]
    of_ore = rows.rename(columns={"mineral": "product", "stage": "product_stage"})
    of_ore = joint.merge(of_ore, on=["product", "product_stage", "country"])
    of_ore = of_ore.assign(worth=of_ore["worth"] * of_ore["ratio"])
    of_ore = of_ore.groupby(["host", "host_stage", "country", "year"])["worth"].sum().rename_axis(YEARLY)
    return pd.concat([rows.set_index(YEARLY)["worth"], of_ore])


def wedges(system: System) -> pd.DataFrame:
    """What no cost of the facts explains of the base year: by how much a place is dearer than its tonne is worth and
    yet runs, and by how much a delivery's freight differs from the mean.

    Returns
    -------
    DataFrame: mineral, stage (`supply` for a delivery), country (place or supplier), market (of a delivery),
    base_t (tonnes of the base year), wedge_usd_per_t (paid for by nobody that is known: a subsidy, a by-product, a
    contract, quality, or a wrong figure), of_price (over the normal price).
    """
    price = system.minerals.set_index("mineral")["price"].where(lambda p: p > 0).dropna()
    made = system.sites[(system.sites["output_t"] > 0) & system.sites["mineral"].isin(price.index)]
    over = (made["full_opex_usd_per_t"] - made["value_usd_per_t"]).clip(lower=0.0)
    places = made[PLACE].assign(market="", base_t=made["output_t"], wedge_usd_per_t=over)
    places["of_price"] = over * _ratios(system, places) / places["mineral"].map(price)
    sold = system.deliveries[system.deliveries["observed"].astype(bool)]
    sold = sold.rename(columns={"supplier": "country", "margin_usd_per_t": "wedge_usd_per_t"})
    sold = sold.assign(stage="supply", of_price=sold["wedge_usd_per_t"] / sold["mineral"].map(price))
    table = pd.concat([places, sold[places.columns]], ignore_index=True)
    table = table[table["wedge_usd_per_t"].abs() > 0]
    order = table["of_price"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)
