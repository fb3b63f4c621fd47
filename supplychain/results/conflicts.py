"""Why there is no plan: the constraints that clash, in words."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from supplychain.facts.errors import InfeasibleError
from supplychain.program.equations.dependence import active_limits, limit_rows
from supplychain.program.equations.security import CONE, loss_rows
from supplychain.program.lp import Constraint, LinearProgram, Variable
from supplychain.system.build import System


def in_words(program: LinearProgram, system: System, error: InfeasibleError) -> str:
    """The limits, capacities and uses of an infeasible program that cannot all hold, one clause each."""
    told = [*_limits(program, system, error), *_capacities(program, error), *_legs(program, error)]
    told += [*_losses(program, system, error), *_concentrations(program, system, error)]
    told += [*_stocks(program, error), *_uses(program, error)]
    years: dict[str, list[int]] = {}
    for clause, year in told:
        years.setdefault(clause, []).append(int(year))
    clauses = [f"{clause} in {_spoken(of)}" for clause, of in years.items()]
    if not clauses:
        return str(error)
    allowed = "" if len(program.variables["forgone"]) else "; these data allow no unmet demand"
    return f"no plan exists; these cannot all hold: {'; '.join(clauses)}{allowed}"


def _spoken(years: list[int]) -> str:
    """`2026`, `2026 to 2031`, or `2026, 2028`."""
    whole = len(years) > 1 and sorted(years) == list(range(min(years), max(years) + 1))
    return f"{min(years)} to {max(years)}" if whole else ", ".join(map(str, sorted(years)))


def _inside(family: Constraint | Variable, positions: list[int]) -> pd.DataFrame:
    chosen = [i - family.first for i in positions if family.first <= i < family.first + len(family)]
    return family.table.iloc[chosen]


def _limits(program: LinearProgram, system: System, error: InfeasibleError) -> Iterator[tuple[str, int]]:
    asked = limit_rows(active_limits(program, system)).set_index("limit")
    for row in asked.loc[_inside(program.constraints["dependence"], error.rows)["limit"]].itertuples():
        most = "at most" if row.sense > 0 else "at least"
        where = "all markets" if row.market == "all" else row.market
        amount = f"{row.tonnes:.6g} t" if row.tonnes else f"{row.share:.4g}"
        owned = " by owner" if row.by == "owner" else ""
        limit = f"{row.scope}{owned} {most} {amount} of {row.item} ({row.stage})"
        yield f"policy {row.policy}: {limit} for {where}", row.year


def _losses(program: LinearProgram, system: System, error: InfeasibleError) -> Iterator[tuple[str, int]]:
    asked = loss_rows(program, system).set_index("loss")
    for row in asked.loc[_inside(program.constraints["survive_loss"], error.rows)["loss"]].itertuples():
        kept = f"at least {row.share:.4g} of {row.mineral} for {row.market}"
        yield f"policy {row.policy}: {kept} without {row.scope} ({row.stage})", row.year


def _concentrations(program: LinearProgram, system: System, error: InfeasibleError) -> Iterator[tuple[str, int]]:
    broken = _inside(program.constraints["concentration"], error.rows)
    for row in broken.merge(system.concentrations, on=CONE).itertuples():
        where = f"{row.mineral} ({row.stage}) for {row.market}"
        yield f"policy {row.policy}: an HHI of at most {row.hhi:.4g} of {where}", row.year


def _capacities(program: LinearProgram, error: InfeasibleError) -> Iterator[tuple[str, int]]:
    used = _inside(program.variables["used"], error.columns)
    for keys, tonnes in used.groupby(["country", "mineral", "stage", "year"], sort=False)["existing_t"].sum().items():
        country, mineral, stage, year = keys
        yield f"{country} can supply {tonnes:.6g} t of {mineral} ({stage})", year


def _legs(program: LinearProgram, error: InfeasibleError) -> Iterator[tuple[str, int]]:
    for row in _inside(program.constraints["leg_capacity"], error.rows).itertuples():
        yield f"the leg {row.leg} is full", row.year


def _stocks(program: LinearProgram, error: InfeasibleError) -> Iterator[tuple[str, int]]:
    for row in _inside(program.variables["stock"], error.columns).itertuples():
        yield f"policy {row.policy}: a stock of {row.target_t:.6g} t of {row.mineral}", row.year


def _uses(program: LinearProgram, error: InfeasibleError) -> Iterator[tuple[str, int]]:
    demand = program.constraints["demand"]
    rows = _inside(demand, error.rows)
    use = rows.assign(tonnes=demand.lower[rows.index.to_numpy()])
    for (mineral, year), tonnes in use.groupby(["mineral", "year"])["tonnes"].sum().items():
        yield f"use of {tonnes:.6g} t of {mineral}", year
