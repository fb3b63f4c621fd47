"""Why there is no plan: the constraints that clash, in words."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from supplychain.errors import InfeasibleError
from supplychain.lp import Constraint, LinearProgram, Variable
from supplychain.system import System


def in_words(program: LinearProgram, system: System, error: InfeasibleError) -> str:
    """The limits, capacities and uses of an infeasible program that cannot all hold, one clause each."""
    clauses = [*_limits(program, system, error), *_capacities(program, error), *_uses(program, error)]
    if not clauses:
        return str(error)
    allowed = "" if len(program.variables["forgone"]) else "; these data allow no unmet demand"
    return f"no plan exists; these cannot all hold: {'; '.join(clauses)}{allowed}"


def _inside(family: Constraint | Variable, positions: list[int]) -> pd.DataFrame:
    chosen = [i - family.first for i in positions if family.first <= i < family.first + len(family)]
    return family.table.iloc[chosen]


def _limits(program: LinearProgram, system: System, error: InfeasibleError) -> Iterator[str]:
    asked = system.limits.drop_duplicates(["policy", "mineral", "stage", "scope", "market", "year"])
    rows = _inside(program.constraints["dependence"], error.rows).drop(columns="limit")
    for row in rows.merge(asked).itertuples():
        most = "at most" if row.sense > 0 else "at least"
        where = "all markets" if row.market == "all" else row.market
        limit = f"{row.scope} {most} {row.share:.4g} of {row.mineral} ({row.stage})"
        yield f"policy {row.policy}: {limit} for {where} in {row.year}"


def _capacities(program: LinearProgram, error: InfeasibleError) -> Iterator[str]:
    for row in _inside(program.variables["used"], error.columns).itertuples():
        yield f"{row.country} can supply {row.existing_t:.6g} t of {row.mineral} ({row.stage}) in {row.year}"


def _uses(program: LinearProgram, error: InfeasibleError) -> Iterator[str]:
    demand = program.constraints["demand"]
    rows = _inside(demand, error.rows)
    use = rows.assign(tonnes=demand.lower[rows.index.to_numpy()])
    for (mineral, year), tonnes in use.groupby(["mineral", "year"])["tonnes"].sum().items():
        yield f"use of {tonnes:.6g} t of {mineral} in {year}"
