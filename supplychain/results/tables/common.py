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


def carried(solution: Solution, variable: Variable, columns: list[str], only: np.ndarray | None = None) -> pd.DataFrame:
    """The rows of a variable's table on which something moves, of these columns, with its `tonnes`.

    The rest of a large table is never copied.

    Parameters
    ----------
    only : whether each row is wanted (default: all are).
    """
    value = values(solution, variable)
    rows = np.flatnonzero(value if only is None else (value > 0) & only)
    return variable.table[columns].iloc[rows].assign(tonnes=value[rows])


def summed(table: pd.DataFrame, position: np.ndarray, labels: pd.DataFrame) -> pd.DataFrame:
    """Sums of a table's columns by year and by the labels at each row's position.

    Labels are compared once each and not again in every row.

    Parameters
    ----------
    table : year, and the columns to sum. position : for each of its rows, where its labels are in `labels`.

    Returns
    -------
    DataFrame: the labels, year and the sums, in the order of the labels and years.
    """
    number = labels.groupby(list(labels)).ngroup().to_numpy()
    first = np.empty(number.max(initial=-1) + 1, dtype=int)
    first[number] = np.arange(len(number))
    sums = table.groupby([number[position], table["year"].rename("year")]).sum().reset_index("year")
    named = labels.iloc[first[sums.index.to_numpy(dtype=int)]].infer_objects()
    return pd.concat([named.reset_index(drop=True), sums.reset_index(drop=True)], axis=1)


def weights(system: System) -> pd.Series:
    """Present value of 1 by year."""
    return system.years.set_index("year")["weight"]


def dual_in_year(lp: LinearProgram, system: System, solution: Solution, name: str) -> np.ndarray:
    """Duals of a constraint with a `year`, in money of that year."""
    rows = lp.constraints[name]
    return solution.dual_of(rows).to_numpy() / rows.table["year"].map(weights(system)).to_numpy(dtype=float)


def scarcity(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """What one more tonne of each owner's capacity at a site would save in the year.

    Returns
    -------
    DataFrame: mineral, stage, country, owner, year, rent_usd_per_t.
    """
    rent = np.maximum(-dual_in_year(lp, system, solution, "capacity"), 0.0)
    return lp.constraints["capacity"].table.assign(rent_usd_per_t=rent)


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
