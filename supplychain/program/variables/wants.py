"""The columns of what is wanted: use forgone and gained, technologies, services not delivered, and secondary supply."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.program.lp import LinearProgram
from supplychain.program.variables.steps import acts_in_base_year, forgone_steps, repeated, sizes
from supplychain.system.build import System

# Multiples of the normal price below which use is gained, step by step.
LOW_EDGES = np.array([1.0, 0.95, 0.85, 0.7, 0.5, 0.3])


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


def gained_steps(system: System) -> pd.DataFrame:
    """Steps of use that is there only below the normal price: the same curves as of use forgone, and the same columns.

    As use gives way slowly it comes slowly: in one year as far as the short-run elasticity has it. The base year is
    history.
    """
    elastic = system.minerals.dropna(subset=["short_run", "long_run"])[["mineral", "price", "short_run", "long_run"]]
    table = system.use[system.use["value_usd_per_t"].isna() & (system.use["tonnes"] > 0)]
    table = table.drop(columns="value_usd_per_t").merge(elastic[elastic["price"] > 0], on="mineral")
    table = table.merge(system.years, on="year")
    n = len(LOW_EDGES) - 1
    long, step = repeated(table, n), np.tile(np.arange(n), len(table))
    high, low = LOW_EDGES[step], LOW_EDGES[step + 1]
    wide, quick = (low ** -long[e] - high ** -long[e] for e in ("long_run", "short_run"))
    past = (long["year"] == system.years["year"].iloc[0]) & (not acts_in_base_year(system))
    return long[["mineral", "market", "year", "weight"]].assign(
        step=step,
        width_t=np.where(past, 0.0, wide) * long["tonnes"],
        pace_t=np.minimum(quick, wide) * long["tonnes"],
        value_usd_per_t=np.sqrt(low * high) * long["price"],
    )


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
