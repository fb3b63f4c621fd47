"""The columns of what is wanted: use forgone and gained, private stocks, technologies, and secondary supply."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.program.lp import LinearProgram
from supplychain.program.variables.demand import forgone_steps, gained_steps, stock_steps
from supplychain.program.variables.steps import sizes
from supplychain.system.build import System


def uses(lp: LinearProgram, system: System) -> None:
    """e: use forgone by step of price above the normal one, and use gained below it."""
    steps = forgone_steps(system)
    cost = steps["value_usd_per_t"] * steps["weight"]
    label = ["mineral", "market", "year", "step"]
    lp.variable("forgone", steps, upper=steps["width_t"], cost=cost, **sizes(steps, system), label=label)
    more = gained_steps(system)
    worth = -more["value_usd_per_t"] * more["weight"]
    lp.variable("gained", more, upper=more["width_t"], cost=worth, **sizes(more, system), label=label)
    # Where the data say what use is worth, the objective is cost less the value of what is used.
    worth = system.use.merge(system.years, on="year").fillna({"value_usd_per_t": 0.0})
    lp.offset -= float((worth["value_usd_per_t"] * worth["tonnes"] * worth["weight"]).sum())


def private_stocks(lp: LinearProgram, system: System) -> None:
    """eta: how far private stocks stand below their usual level, step by step, and above it."""
    steps = stock_steps(system)
    cost = steps["usd_per_t"] * steps["weight"]
    label = ["mineral", "market", "year", "step"]
    lp.variable("held", steps, upper=steps["width_t"], cost=cost, **sizes(steps, system), label=label)


def technologies(lp: LinearProgram, system: System) -> None:
    """d and u: technologies deployed and services not delivered; `shifted`: made beyond the reference mix."""
    services = system.services.merge(system.years, on="year")
    value = services["value_usd_per_unit"] * services["weight"]
    label = ["service", "year"]
    unit = _thousandth(services)
    lp.variable("undelivered", services, cost=value, unit=unit, label=label, guess=0.0)
    table = system.technologies.merge(services[["service", "year", "amount", "weight"]], on=["service", "year"])
    unit, label = _thousandth(table), ["technology", "year"]
    cost, likely = table["margin_usd_per_unit"] * table["weight"], table["share"] * table["amount"]
    lp.variable("deployed", table, cost=cost, unit=unit, label=label, guess=likely)
    cost = table["shift_usd_per_unit"] * table["weight"]
    lp.variable("shifted", table, cost=cost, unit=unit, label=label, guess=0.0)


def _thousandth(table: pd.DataFrame) -> np.ndarray:
    """The size of a unit: a thousandth of the service's largest target."""
    return (table.groupby("service")["amount"].transform("max").clip(lower=1e-9) / 1000.0).to_numpy(dtype=float)


def secondary(lp: LinearProgram, system: System) -> None:
    """w: secondary supply beyond the base year's, by the service whose scrap it is."""
    table = system.collection.merge(system.minerals[["mineral"]], on="mineral").merge(system.years, on="year")
    cost = table["cost_usd_per_t"] * table["weight"]
    lp.variable("secondary", table, cost=cost, **sizes(table, system), label=["mineral", "service", "year"])
