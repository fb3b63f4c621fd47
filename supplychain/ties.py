"""The tie-break: of all plans that cost the same, the one nearest the base year's pattern."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.lp import Flags, LinearProgram, Terms, Variable
from supplychain.system import System
from supplychain.variables.steps import unit_of


def traced_part(lp: LinearProgram) -> dict[str, Flags]:
    """What the tie-break may move: the traced markets' paths, deliveries and excess feeds, and the use of capacity."""
    whole = {
        name: np.ones(len(lp.variables[name]), dtype=bool)
        for name in ("flow", "through", "total", "excess", "used", "shipped", "owned_through", "owned_pooled")
    }
    return whole | {"delivered": lp.variables["delivered"].table["traced"].to_numpy(dtype=bool)}


def nearest_pattern(face: LinearProgram, system: System) -> None:
    """Tie-break: of all plans that cost the same, the least L1 distance of delivered shares from the base year's.

    The traced markets' tie is broken; the pooled markets keep the optimum that the solver found. Only what can still
    move takes part: suppliers, and origins of traced supply, in markets and years in which at
    least two of them are free on the optimal face.
    """
    delivered, flow = face.variables["delivered"], face.variables["flow"]
    base = system.deliveries[["mineral", "market", "supplier", "base_t"]]
    _stay_near(face, system, "supplier_shift", _shares(base), _moving(delivered, delivered.table, "supplier"))
    origins = system.paths[["mineral", "market", "mine", "base_t"]]
    origins = origins[origins["mine"] != ""].groupby(["mineral", "market", "mine"], as_index=False)["base_t"].sum()
    _stay_near(face, system, "origin_shift", _shares(origins), _moving(flow, flow.table, "mine"))


def _shares(base: pd.DataFrame) -> pd.DataFrame:
    base = base.fillna({"base_t": 0.0})
    whole = base.groupby(["mineral", "market"])["base_t"].transform("sum")
    return base.assign(base_share=(base["base_t"] / whole.replace(0.0, np.nan)).fillna(0.0)).drop(columns="base_t")


def _moving(variable: Variable, table: pd.DataFrame, place: str) -> Terms:
    """The variable's terms by place, in the markets and years in which two places or more are free to move."""
    keys = ["mineral", "market", place, "year"]
    free = table.loc[variable.upper - variable.lower > 1e-9 * variable.unit, keys].drop_duplicates()
    free = free[free[place] != ""]
    groups = free.groupby(["mineral", "market", "year"], as_index=False)[place].count()
    groups = groups.loc[groups[place] > 1, ["mineral", "market", "year"]]
    inside = table[keys].assign(row=np.arange(len(table))).merge(groups, on=["mineral", "market", "year"])
    return variable.at(inside[keys], inside["row"])


def _stay_near(face: LinearProgram, system: System, name: str, shares: pd.DataFrame, supply: Terms) -> None:
    """Shares of supply, less those of the base year, above or below: each at a cost of 1 per scaled unit."""
    labels, by = list(supply.keys.columns), ["mineral", "market", "year"]
    groups = supply.keys[by].drop_duplicates(ignore_index=True)
    table = supply.keys.drop_duplicates(ignore_index=True).merge(shares, on=labels[:3], how="left")
    table = table.fillna({"base_share": 0.0})
    unit, whole_unit = unit_of(table, system), unit_of(groups, system)
    whole = face.variable(f"{name}_whole", groups, unit=whole_unit)
    above = face.variable(f"{name}_above", table, cost=1.0 / unit, unit=unit)
    below = face.variable(f"{name}_below", table, cost=1.0 / unit, unit=unit)
    whole_of = Terms(supply.keys[by], supply.column, supply.coefficient)
    face.constrain(f"{name}_whole", groups, whole_of, -whole.by(*by), lower=0, upper=0, unit=whole_unit)
    spread = table.merge(groups.assign(row=np.arange(len(groups))), on=by)
    usual = whole.at(spread[labels], spread["row"], spread["base_share"])
    face.constrain(
        name, table[labels], supply, -usual, -above.by(*labels), below.by(*labels), lower=0, upper=0, unit=unit
    )
