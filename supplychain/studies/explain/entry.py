"""At what price a source would enter: what the operating cost of each would have to fall to for it to be used more."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy import sparse

from supplychain.facts.dataset import PLACE
from supplychain.program.lp import Floats, LinearProgram, Variable
from supplychain.results.tables.common import DUST
from supplychain.solve.nearby import Nearby
from supplychain.system.build import System

SOURCE = [*PLACE, "site", "name"]
ALL = 0.999  # of a project: it is built
STEP = 1e-3  # of a thousandth of world output, discounted tonnes
COLUMNS = [*SOURCE, "year", "used_t", "cost_usd_per_t", "fall_usd_per_t", "entry_cost_usd_per_t", "use"]


def sources(lp: LinearProgram, system: System, region: Iterable[str]) -> pd.DataFrame:
    """Every named project, and all that a region's producers have and could add: one row a column of the program.

    Returns
    -------
    DataFrame: mineral, stage, country, site (a project's id, `growth`, or blank for what stands), name, source (their
    number), column (position in the program), year, weight (present value of running a tonne for a dollar less, from
    the year on for what is built), most_t (of a project), cost_usd_per_t (operating, for what is built with its
    annuity).
    """
    inside = set(region)
    build, used = lp.variables["build"], lp.variables["used"]
    opex = system.sites.set_index(PLACE)["opex_usd_per_t"]
    built = _columns(build).assign(weight=build.table["annuity_weight"])
    built = built.assign(most_t=built["project"].map(system.builds.groupby("project")["total_t"].sum()))
    named = built["project"] != ""
    built["cost"] = build.table["charge_usd_per_t"] + build.table["entry_usd_per_t"]
    built = built.assign(site=built["project"].where(named, "growth"), name=built["name"].where(named, ""))
    built = built[(named | built["country"].isin(inside)) & (build.upper > 0)]
    stands = _columns(used).assign(
        weight=used.table["weight"], cost=used.table["dearer_usd_per_t"], site="", name="", most_t=np.inf
    )
    stands = stands[stands["country"].isin(inside) & (used.upper > 0)]
    columns = [*SOURCE, "column", "year", "weight", "most_t", "cost"]
    table = pd.concat([built[columns], stands[columns]], ignore_index=True)
    cheapest = opex.reindex(pd.MultiIndex.from_frame(table[PLACE])).to_numpy()
    table = table.assign(source=table.groupby(SOURCE, sort=True).ngroup(), cost_usd_per_t=table.pop("cost") + cheapest)
    return table.sort_values(["source", "column"], ignore_index=True)


def _columns(variable: Variable) -> pd.DataFrame:
    return variable.table.assign(column=variable.first + np.arange(len(variable)))


def entry(lp: LinearProgram, system: System, nearby: Nearby, region: Iterable[str]) -> pd.DataFrame:
    """What each source's operating cost would have to fall to, in all years alike, for a tonne more of it to be used.

    Each is pushed to be used a little more: what that costs, over the discounted tonnes, is the fall.

    Parameters
    ----------
    nearby : the solved program. region : the countries whose producers are told beside the named projects.

    Returns
    -------
    DataFrame, one row a source: mineral, stage, country, site (a project's id, `growth`, or blank for what stands),
    name, year (in which it would enter, or have more to do), used_t (the most in a year, or what is built of it),
    cost_usd_per_t (in that year: operating, with the annuity of what would be built), fall_usd_per_t,
    entry_cost_usd_per_t, use (`none`, `part`, `full`: all that there is; `late`: not before the last year).
    """
    table = sources(lp, system, region)
    unit = system.minerals.set_index("mineral")["unit_t"]
    row_unit = table.groupby("source")["mineral"].first().map(unit).to_numpy(dtype=float)
    rows = nearby.arrays.matrix.shape[0]
    nearby.watch(_sums(table, nearby.arrays.column_unit, row_unit))
    told = [
        _row(group, nearby, rows + int(number), lp.money_unit / row_unit[int(number)])
        for number, group in table.groupby("source", sort=True)
    ]
    return pd.concat([pd.DataFrame(told, columns=COLUMNS), _late(table, system)], ignore_index=True)


def _sums(table: pd.DataFrame, column_unit: Floats, row_unit: Floats) -> sparse.csr_matrix:
    """The discounted tonnes of each source as rows of the scaled program."""
    coefficient = table["weight"] * column_unit[table["column"]] / row_unit[table["source"]]
    shape = (len(row_unit), len(column_unit))
    return sparse.csr_matrix((coefficient, (table["source"], table["column"])), shape=shape)


def _row(source: pd.DataFrame, nearby: Nearby, row: int, money: float) -> tuple[object, ...]:
    columns = source["column"].to_numpy()
    size = nearby.arrays.column_unit[columns]
    tonnes = pd.Series(nearby.here.value[columns] * size, index=source.index)
    stands = source["site"].iloc[0] == ""
    used = float(tonnes.groupby(source["year"]).sum().max() if stands else tonnes.sum())
    used = used if used > DUST * size[0] else 0.0
    about = source[SOURCE].iloc[0]
    built = used >= ALL * source["most_t"].iloc[0]
    side, point = (None, None) if built else nearby.pushed(row, STEP)
    if side is None or point is None:
        return (*about, source["year"].iloc[0], used, np.nan, np.nan, np.nan, "full")
    gained = (point.value - nearby.here.value)[columns] * size * source["weight"].to_numpy()
    first = source.iloc[int(np.argmax(gained))]
    cost, fall = float(first["cost_usd_per_t"]), max(side.slope * money, 0.0)
    return (*about, int(first["year"]), used, cost, fall, cost - fall, "part" if used else "none")


def _late(table: pd.DataFrame, system: System) -> pd.DataFrame:
    """The named projects that cannot be there within the horizon."""
    named = system.builds[system.builds["project"] != ""].rename(columns={"project": "site"})
    named = named[~named["site"].isin(table["site"])].drop_duplicates("site")
    return named.assign(year=named["first_year"], used_t=0.0, use="late").reindex(columns=COLUMNS)
