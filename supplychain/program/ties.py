"""The tie-break: of all plans that cost the same, the one nearest the base year's pattern."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.program.lp import Flags, LinearProgram, Terms, Variable
from supplychain.program.variables.steps import unit_of
from supplychain.system.build import System
from supplychain.system.sites import PLACE


def traced_part(lp: LinearProgram) -> dict[str, Flags]:
    """What the tie-break may move: the traced markets' paths, deliveries and excess feeds, and the use of capacity."""
    whole = {
        name: np.ones(len(lp.variables[name]), dtype=bool)
        for name in ("flow", "through", "total", "excess", "used", "shipped", "owned_through", "owned_pooled")
    }
    return whole | {"delivered": lp.variables["delivered"].table["traced"].to_numpy(dtype=bool)}


MARKET = ["mineral", "market", "year"]
SITE = [*PLACE, "market", "year"]


def nearest_pattern(face: LinearProgram, system: System) -> None:
    """Tie-break: of all plans that cost the same, the least L1 distance of delivered shares from the base year's.

    The traced markets' tie is broken; the pooled markets keep the optimum that the solver found. Only what can still
    move takes part: suppliers, origins of traced supply, and owners of a shared site's part of it, in markets and years
    in which at least two of them are free on the optimal face.
    """
    delivered, flow, owned = (face.variables[name] for name in ("delivered", "flow", "owned_through"))
    base = system.deliveries[["mineral", "market", "supplier", "base_t"]]
    _stay_near(face, system, "supplier_shift", _shares(base), _moving(delivered, MARKET, "supplier"), MARKET)
    origins = system.paths[["mineral", "market", "mine", "base_t"]]
    origins = origins[origins["mine"] != ""].groupby(["mineral", "market", "mine"], as_index=False)["base_t"].sum()
    _stay_near(face, system, "origin_shift", _shares(origins), _moving(flow, MARKET, "mine"), MARKET)
    _stay_near(face, system, "owner_shift", _owner_shares(owned, system), _moving(owned, SITE, "owner"), SITE)


def _shares(base: pd.DataFrame) -> pd.DataFrame:
    base = base.fillna({"base_t": 0.0})
    whole = base.groupby(["mineral", "market"])["base_t"].transform("sum")
    return base.assign(base_share=(base["base_t"] / whole.replace(0.0, np.nan)).fillna(0.0)).drop(columns="base_t")


def _owner_shares(owned: Variable, system: System) -> pd.DataFrame:
    """The owners' shares of existing capacity, of every mineral drawn from their site."""
    held = system.owners.rename(columns={"mineral": "ore", "share": "base_share"})
    table = owned.table[[*PLACE, "ore", "market", "owner"]].drop_duplicates()
    return table.merge(held, on=["ore", "stage", "country", "owner"]).drop(columns="ore")


def _moving(variable: Variable, by: list[str], place: str) -> Terms:
    """The variable's terms by place, in the groups in which two places or more are free to move."""
    keys = [*by, place]
    free = variable.table.loc[variable.upper - variable.lower > 1e-9 * variable.unit, keys].drop_duplicates()
    free = free[free[place] != ""]
    groups = free.groupby(by, as_index=False)[place].count()
    groups = groups.loc[groups[place] > 1, by]
    inside = variable.table[keys].assign(row=np.arange(len(variable))).merge(groups, on=by)
    return variable.at(inside[keys], inside["row"])


def _stay_near(
    face: LinearProgram, system: System, name: str, shares: pd.DataFrame, supply: Terms, by: list[str]
) -> None:
    """Shares of supply, less those of the base year, above or below: each at a cost of 1 per scaled unit."""
    labels = list(supply.keys.columns)
    groups = supply.keys[by].drop_duplicates(ignore_index=True)
    table = supply.keys.drop_duplicates(ignore_index=True)
    table = table.merge(shares, on=[label for label in labels if label != "year"], how="left")
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
