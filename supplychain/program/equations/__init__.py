"""The mathematics: one function for each equation of docs/model.md, written over the system's tables."""

from __future__ import annotations

from supplychain.program.equations.capacity import (
    budgets,
    by_products,
    capacity,
    owned,
    owner_pattern,
    project_size,
    reserves,
)
from supplychain.program.equations.corridors import corridor_balance, leg_capacity
from supplychain.program.equations.demand import (
    demand,
    secondary_supply,
    service,
    stock_balance,
    substitution,
    substitution_pace,
    technology_bounds,
    thrift,
)
from supplychain.program.equations.dependence import dependence, export_limits
from supplychain.program.equations.pattern import (
    accounts,
    delivery_pattern,
    feed_pattern,
    hub_capacity,
    new_relations,
    pooled_balance,
    pooled_feed_pattern,
)
from supplychain.program.equations.security import (
    concentration,
    ready_stocks,
    spare_capacity,
    spare_feed,
    survive_loss,
)
from supplychain.program.lp import LinearProgram
from supplychain.program.variables import add_variables
from supplychain.system.build import System

MONEY_UNIT = 1e6
EQUATIONS = (
    *(accounts, demand, thrift, service, technology_bounds, substitution, substitution_pace),
    *(
        capacity,
        owned,
        owner_pattern,
        project_size,
        reserves,
        by_products,
        pooled_balance,
        corridor_balance,
        leg_capacity,
    ),
    *(dependence, export_limits, delivery_pattern, new_relations, feed_pattern, pooled_feed_pattern, hub_capacity),
    *(stock_balance, secondary_supply, budgets),
    *(survive_loss, spare_capacity, spare_feed, ready_stocks, concentration),
)


def build_program(system: System) -> LinearProgram:
    """The whole program of one system: variables, then every equation as far as its tables feed it.

    Limits on concentration are in it without their tangents, which solves find (`security.with_tangents`).
    """
    lp = LinearProgram(money_unit=MONEY_UNIT if system.money == "USD" else 1.0)
    add_variables(lp, system)
    for equation in EQUATIONS:
        equation(lp, system)
    return lp
