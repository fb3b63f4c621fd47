"""What is left after each loss that a policy guards against, and how concentrated supply is."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.program.equations.security import CONE, KEYS, each_place, loss_rows, shares
from supplychain.program.lp import Floats, LinearProgram
from supplychain.results.tables.common import dual_in_year, values
from supplychain.solve.highs import Solution
from supplychain.system.build import System

SPARE, READY = ("spare_capacity", "spare_feed"), ("ready_at_end", "ready_at_beginning")


def losses(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """What part of a market's supply is left without a group, all that could stand in counted, and what is asked for.

    Returns
    -------
    DataFrame: the columns of `losses`, kind, asked, achieved, binding, shadow_price (USD per percentage point and
    year), shadow_price_usd_per_t, unit.
    """
    rows = loss_rows(lp, system)
    whole, left = _of_market(lp, "total", values(solution, lp.variables["total"]), rows), _left(lp, system, solution)
    dual = np.abs(dual_in_year(lp, system, solution, "survive_loss"))
    price = dual * whole / 100
    return rows.assign(
        kind="survive_loss",
        asked=rows["share"],
        achieved=np.divide(left, whole, out=np.ones(len(whole)), where=whole > 0).clip(0.0, 1.0),
        binding=price > 1e-3,
        shadow_price=price,
        shadow_price_usd_per_t=dual,
        unit="USD per percentage point",
    )


def _left(lp: LinearProgram, system: System, solution: Solution) -> Floats:
    """What the market could still get after each loss, tonnes."""
    rows = loss_rows(lp, system)
    lost, left = (each_place(lp.variables[name], rows, system) for name in ("through", "spare"))
    lost, left = lost[lost["lost"]], left[~left["lost"]]
    gone = pd.Series(values(solution, lp.variables["through"])[lost["row"]]).groupby(lost["loss"].to_numpy()).sum()
    idle = _most(lp, solution, "spare", SPARE)[left["row"]] * left["surge"] / left["ratio"]
    surge = idle.groupby(left["loss"]).sum()
    total, stock, bought = (
        _of_market(lp, name, values(solution, lp.variables[name]), rows) for name in ("total", "stock", "bought")
    )
    ready = _of_market(lp, "ready", _most(lp, solution, "ready", READY), rows)
    gone, surge = (part.reindex(rows["loss"], fill_value=0.0).to_numpy() for part in (gone, surge))
    return total - gone + surge + stock - bought + ready


def _of_market(lp: LinearProgram, name: str, amount: Floats, rows: pd.DataFrame) -> Floats:
    """A variable's tonnes of each row's mineral, market and year."""
    known = pd.Series(amount, pd.MultiIndex.from_frame(lp.variables[name].table[KEYS]))
    return known.reindex(pd.MultiIndex.from_frame(rows[KEYS]), fill_value=0.0).to_numpy(dtype=float)


def _most(lp: LinearProgram, solution: Solution, name: str, families: tuple[str, ...]) -> Floats:
    """The most that each column of a variable could be in the plan as it is: the rows' slack is its room."""
    v, a, room = lp.variables[name], solution.arrays, np.full(len(lp.variables[name]), np.inf)
    for rows in (lp.constraints[family] for family in families):
        of_rows = a.matrix.tocsr()[rows.first : rows.first + len(rows)]
        slack = rows.upper / rows.unit - of_rows @ (solution.value / a.column_unit)
        own = of_rows[:, v.first : v.first + len(v)].tocoo()
        np.minimum.at(room, own.col, slack[own.row] / own.data)
    return np.maximum(solution.of(v).to_numpy() + room * v.unit, 0.0)


def concentrated(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """The index of each limit on concentration.

    Returns
    -------
    DataFrame: the columns of `concentrations`, kind, scope, asked, achieved, binding, shadow_price (USD per hundredth
    of the index and year), unit.
    """
    table = system.concentrations
    supply = shares(lp, system, solution.value)
    index = (supply["share"] ** 2).groupby([supply[key] for key in CONE]).sum()
    whole = _of_market(lp, "total", values(solution, lp.variables["total"]), table)
    dual = np.abs(dual_in_year(lp, system, solution, "concentration"))
    price = dual * whole / 100
    return table.assign(
        kind="concentration_cap",
        scope="",
        asked=table["hhi"],
        achieved=index.reindex(pd.MultiIndex.from_frame(table[CONE]), fill_value=0.0).to_numpy(),
        # An index that too few suppliers can reach leaves nothing, and so no price of a hundredth either.
        binding=np.where(whole > 0, price, dual) > 1e-3,
        shadow_price=price,
        unit="USD per hundredth of HHI",
    )
