"""What every table needs: values without dust, present-value weights, balances that close."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.program.lp import LinearProgram, Variable
from supplychain.solve.highs import Solution
from supplychain.system.build import System

MUSD = 1e6
# Flows below this part of a mineral's thousandth of world output are the solver's rounding.
DUST = 1e-6
BALANCES = ("through", "total", "demand", "pooled_output", "pooled_feed", "delivery_pattern")


def values(solution: Solution, variable: Variable) -> np.ndarray:
    """A variable's values without dust."""
    value = solution.of(variable).to_numpy()
    return np.where(value > DUST * variable.unit, value, 0.0)


def weights(system: System) -> pd.Series:
    """Present value of 1 by year."""
    return system.years.set_index("year")["weight"]


def dual_in_year(lp: LinearProgram, system: System, solution: Solution, name: str) -> np.ndarray:
    """Duals of a constraint with a `year`, in money of that year."""
    rows = lp.constraints[name]
    return solution.dual_of(rows).to_numpy() / rows.table["year"].map(weights(system)).to_numpy(dtype=float)


def closure(lp: LinearProgram, solution: Solution) -> pd.DataFrame:
    """Mass balance by mineral: largest imbalance of any balance row over the mineral's flow: mineral, closure."""
    arrays = solution.arrays
    activity = arrays.matrix @ (solution.value / arrays.column_unit) * arrays.row_unit
    parts = []
    for c in (lp.constraints[name] for name in BALANCES):
        gap = np.abs(activity[c.first : c.first + len(c)] - c.lower)
        parts.append(c.table[["mineral"]].assign(gap=gap))
    gaps = pd.concat(parts, ignore_index=True).groupby("mineral")["gap"].max()
    demand = lp.constraints["demand"]
    size = pd.Series(demand.lower).groupby(demand.table["mineral"]).sum()
    flow = pd.Series(solution.of(lp.variables["total"])).groupby(lp.variables["total"].table["mineral"]).sum()
    scale = size.add(flow, fill_value=0.0)
    return (gaps / scale.replace(0.0, np.nan)).fillna(0.0).rename("closure").reset_index()
