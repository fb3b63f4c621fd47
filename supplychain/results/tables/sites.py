"""What is made with what: capacity by site, and by-products with the part that finds no buyer."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.facts.dataset import PLACE
from supplychain.program.equations.capacity import YEARLY, byproduct_rows, hosted, made_at_sites, on_line
from supplychain.program.lp import LinearProgram, Variable
from supplychain.results.tables.common import MUSD, dual_in_year, scarcity, values
from supplychain.solve.highs import Solution
from supplychain.system.build import System
from supplychain.system.sites import joint_places

COLUMNS = ["year", *PLACE, "site", "name", "existing_t", "used_t", "built_t", "capex_musd", "subsidy_musd"]
COLUMNS = [*COLUMNS, "scarcity_rent_usd_per_t"]


def capacity(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """Capacity by site and year: existing_t, used_t, built_t (in the year), capex_musd, subsidy_musd, scarcity rent.

    `site` is blank for what exists, `expansion`, or a project's id, `name` the project's name; the rent is that of
    the dearest owner's part.
    """
    both = pd.concat([_existing(lp, system, solution), _built(lp, solution)], ignore_index=True)
    return both.sort_values(["year", *PLACE, "site"], ignore_index=True)


def _existing(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    used = lp.variables["used"]
    table = used.table[[*PLACE, "year", "existing_t"]].assign(used_t=values(solution, used))
    keys = ["year", *PLACE]
    table = table.groupby(keys, as_index=False)[["existing_t", "used_t"]].sum()
    rent = scarcity(lp, system, solution).groupby(keys)["rent_usd_per_t"].max().rename("scarcity_rent_usd_per_t")
    return table.join(rent, on=keys).assign(site="", name="", built_t=0.0, capex_musd=0.0, subsidy_musd=0.0)[COLUMNS]


def _built(lp: LinearProgram, solution: Solution) -> pd.DataFrame:
    build, shared = lp.variables["build"], lp.variables["subsidised"]
    table = build.table[["year", *PLACE, "build", "project", "name", "capex_usd_per_t"]]
    table = table.assign(built_t=values(solution, build))
    rate = shared.table["capex_share"] * shared.table["capex_usd_per_t"] / MUSD
    paid = shared.table[["build", "year"]].assign(subsidy_musd=values(solution, shared) * rate)
    paid = paid.groupby(["build", "year"], as_index=False)["subsidy_musd"].sum()
    table = table.merge(paid, on=["build", "year"], how="left").fillna({"subsidy_musd": 0.0})
    table = table[table["built_t"] > 0].assign(
        capex_musd=lambda t: t["built_t"] * t["capex_usd_per_t"] / MUSD,
        site=lambda t: t["project"].where(t["project"] != "", "expansion"),
    )
    sums = table.groupby(["year", *PLACE, "site", "name"], as_index=False)[
        ["built_t", "capex_musd", "subsidy_musd"]
    ].sum()
    return sums.assign(existing_t=0.0, used_t=0.0, scarcity_rent_usd_per_t=0.0)[COLUMNS]


def output(lp: LinearProgram, solution: Solution) -> pd.DataFrame:
    """What the world makes: year, mineral (whose site it is), stage, country, tonnes, share (of the world's output).

    All markets together. A mineral that draws on another's mines stands there under the other's name.
    """
    made = _sum(made_at_sites(lp), solution).rename("tonnes").reset_index()
    made = made[made["tonnes"] > 0]
    world = made.groupby(["year", *PLACE[:2]])["tonnes"].transform("sum")
    table = made.assign(share=made["tonnes"] / world)[["year", *PLACE, "tonnes", "share"]]
    return table.sort_values(["year", *PLACE], ignore_index=True)


def byproducts(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """By-products and joint products by site and year, and the part of them that finds no buyer.

    Returns
    -------
    DataFrame: year, mineral, stage, country, available_t (what the hosts give), used_t (recovered and sold), unsold_t
    (the rest), shadow_price_usd_per_t (what one more tonne of it in the host, or one more tonne of capacity, would
    save in the year).
    """
    sold = _sum(made_at_sites(lp), solution).rename("used_t")
    table = pd.concat([_hosted(lp, system, solution, sold), _joint(lp, system, solution, sold)], ignore_index=True)
    table["unsold_t"] = (table["available_t"] - table["used_t"]).clip(lower=0.0)
    table = table[(table["available_t"] > 0) | (table["used_t"] > 0)]
    columns = ["year", *PLACE, "available_t", "used_t", "unsold_t", "shadow_price_usd_per_t"]
    return table[columns].sort_values(columns[:4], ignore_index=True)


def _hosted(lp: LinearProgram, system: System, solution: Solution, sold: pd.Series) -> pd.DataFrame:
    """By-products: what their hosts give, and the dual of eq. 5."""
    given = _sum(hosted(lp, system), solution).rename("available_t")
    table = byproduct_rows(system)[YEARLY].join(given, on=YEARLY).join(sold, on=YEARLY)
    price = np.maximum(-dual_in_year(lp, system, solution, "by_products"), 0.0)
    return table.fillna({"available_t": 0.0, "used_t": 0.0}).assign(shadow_price_usd_per_t=price)


def _joint(lp: LinearProgram, system: System, solution: Solution, sold: pd.Series) -> pd.DataFrame:
    """Products of an ore: as much ore is dug as the product that needs most of it asks for; the others come with it."""
    places = joint_places(system.byproducts)
    can = _can_make(lp, system, solution, places).rename("can_t")
    rents = scarcity(lp, system, solution).rename(columns={"rent_usd_per_t": "shadow_price_usd_per_t"})
    rent = rents.merge(places, on=PLACE).groupby(YEARLY)["shadow_price_usd_per_t"].max()
    table = sold.reset_index().merge(places, on=PLACE).join(can, on=YEARLY).join(rent, on=YEARLY)
    part = (
        (table["used_t"] / table["can_t"].replace(0.0, np.nan))
        .groupby([table["country"], table["year"]])
        .transform("max")
    )
    return table.assign(available_t=(part * table["can_t"]).fillna(0.0)).drop(columns="can_t")


def _can_make(lp: LinearProgram, system: System, solution: Solution, places: pd.DataFrame) -> pd.Series:
    """Capacity of these places by site and year, what has been built included, t/yr."""
    built = on_line(lp, system)
    built = built.assign(existing_t=values(solution, lp.variables["build"])[built["row"]] * built["factor"])
    both = pd.concat([system.existing, built]).merge(places, on=PLACE)
    return both.groupby(YEARLY)["existing_t"].sum()


def _sum(parts: list[tuple[Variable, pd.DataFrame]], solution: Solution) -> pd.Series:
    """Tonnes by site and year of variables labelled with sites."""
    tables = [t[YEARLY].assign(tonnes=values(solution, v)[t["row"]] * t["factor"]) for v, t in parts]
    return pd.concat(tables).groupby(YEARLY)["tonnes"].sum()
