"""The columns of the program: one function for each family of variables, over the system's tables."""

from __future__ import annotations

from supplychain.program.lp import LinearProgram
from supplychain.program.variables.capacity import capacities, owned_output, stocks
from supplychain.program.variables.flows import deliveries, detours, flows, pooled_flows, shipments
from supplychain.program.variables.security import reserves_of_loss, squares
from supplychain.program.variables.wants import private_stocks, secondary, technologies, uses
from supplychain.system.build import System


def add_variables(lp: LinearProgram, system: System) -> None:
    """Every family of columns that the system's tables call for."""
    flows(lp, system)
    deliveries(lp, system)
    pooled_flows(lp, system)
    shipments(lp, system)
    detours(lp, system)
    capacities(lp, system)
    owned_output(lp, system)
    uses(lp, system)
    private_stocks(lp, system)
    technologies(lp, system)
    secondary(lp, system)
    stocks(lp, system)
    reserves_of_loss(lp, system)
    squares(lp, system)
