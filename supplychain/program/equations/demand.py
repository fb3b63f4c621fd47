"""What must be met: demand, thrift, services and their technologies, stocks and secondary supply (eqs. 1, 2, 9)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.program.lp import LinearProgram
from supplychain.program.variables.steps import unit_of
from supplychain.system.build import System
from supplychain.system.uses import OTHER_USES

KEYS = ["mineral", "market", "year"]


def demand(lp: LinearProgram, system: System) -> None:
    """Eq. 1: supply, secondary supply, stocks released and use forgone cover use, technologies' and that gained too."""
    delivered, deployed, held = (lp.variables[name] for name in ("delivered", "deployed", "held"))
    pooled = np.flatnonzero(~delivered.table["traced"])
    needs = deployed.table[["technology", "year"]].assign(row=np.arange(len(deployed)))
    needs = needs.merge(system.intensities, on="technology").assign(market="USA")
    again = lp.variables["secondary"]
    sign = held.table["sign"].to_numpy(dtype=float)
    next_year = held.table[KEYS].assign(year=held.table["year"] + 1)
    table = system.use[[*KEYS, "tonnes"]]
    lp.constrain(
        "demand",
        table[KEYS],
        lp.variables["total"].by(*KEYS),
        delivered.by(*KEYS, rows=pooled),
        again.by("mineral", "year", always={"market": "USA"}),
        lp.variables["released"].by(*KEYS),
        -lp.variables["bought"].by(*KEYS),
        lp.variables["forgone"].by(*KEYS),
        -lp.variables["gained"].by(*KEYS),
        held.by(*KEYS, coefficient=sign),
        held.at(next_year, np.arange(len(held)), -sign),
        -deployed.at(needs[KEYS], needs["row"], needs["t_per_unit"]),
        lower=table["tonnes"],
        upper=table["tonnes"],
        unit=unit_of(table, system),
        asked=True,
    )


def thrift(lp: LinearProgram, system: System) -> None:
    """Use forgone at a step, and use gained at one, grow by no more than their pace a year."""
    keys = ["mineral", "market", "step", "year"]
    for name, variable in (("thrift", lp.variables["forgone"]), ("gain", lp.variables["gained"])):
        table = variable.table[np.isfinite(variable.table["pace_t"].to_numpy(dtype=float))]
        before = variable.table[keys].assign(year=variable.table["year"] + 1)
        lp.constrain(
            name,
            table[keys],
            variable.by(*keys),
            -variable.at(before, np.arange(len(variable))),
            upper=table["pace_t"],
            unit=unit_of(table, system),
        )


def service(lp: LinearProgram, system: System) -> None:
    """Eq. 2: what the technologies give and what is not delivered make up the target."""
    deployed, undelivered = lp.variables["deployed"], lp.variables["undelivered"]
    keys = ["service", "year"]
    target = undelivered.table["amount"]
    lp.constrain(
        "service",
        undelivered.table[keys],
        deployed.by(*keys),
        undelivered.by(*keys),
        lower=target,
        upper=target,
        unit=undelivered.unit,
    )


def technology_bounds(lp: LinearProgram, system: System) -> None:
    """Eq. 2: each technology's share of what its service deploys stays within its bounds."""
    deployed = lp.variables["deployed"]
    own, pairs = _with_all_of_service(lp)
    for name, column, sense in (("most_share", "most_share", 1.0), ("least_share", "least_share", -1.0)):
        lp.constrain(
            name,
            deployed.table[own],
            deployed.by(*own, coefficient=sense),
            deployed.at(pairs[own], pairs["row"], -sense * pairs[column]),
            upper=0,
            unit=deployed.unit,
        )


def _with_all_of_service(lp: LinearProgram) -> tuple[list[str], pd.DataFrame]:
    """Every technology and year beside every technology (`row`) of the same service."""
    table = lp.variables["deployed"].table
    columns = ["technology", "service", "year", "share", "least_share", "most_share"]
    rows = table[["service", "year"]].assign(row=np.arange(len(table)))
    return ["technology", "year"], table[columns].merge(rows, on=["service", "year"])


def substitution(lp: LinearProgram, system: System) -> None:
    """Eq. 2: what a technology makes beyond its share in the reference mix is shifted, at a cost."""
    deployed, shifted = lp.variables["deployed"], lp.variables["shifted"]
    own, pairs = _with_all_of_service(lp)
    lp.constrain(
        "substitution",
        deployed.table[own],
        deployed.by(*own),
        deployed.at(pairs[own], pairs["row"], -pairs["share"]),
        -shifted.by(*own),
        upper=0,
        unit=deployed.unit,
    )


def substitution_pace(lp: LinearProgram, system: System) -> None:
    """Eq. 2: what is shifted grows by no more than the pace a year; the base year keeps the reference mix."""
    shifted = lp.variables["shifted"]
    keys = ["technology", "year"]
    before = shifted.table[keys].assign(year=shifted.table["year"] + 1)
    first = shifted.table["year"] == shifted.table["year"].min()
    pace = (shifted.table["pace_per_year"] * shifted.table["amount"]).where(~first, 0.0)
    lp.constrain(
        "substitution_pace",
        shifted.table[keys],
        shifted.by(*keys),
        -shifted.at(before, np.arange(len(shifted))),
        upper=pace,
        unit=shifted.unit,
    )


def secondary_supply(lp: LinearProgram, system: System) -> None:
    """Secondary supply stays within what is collected and recovered of the scrap, less what was so in the base year."""
    again, deployed = lp.variables["secondary"], lp.variables["deployed"]
    keys = ["mineral", "service", "year"]
    table = again.table.assign(rate=again.table["collection"] * again.table["recovery"])
    made = deployed.table[["technology", "service", "year"]].assign(row=np.arange(len(deployed)))
    made = made.rename(columns={"year": "made"}).merge(system.survival, on="service")
    made = made.assign(year=made["made"] + made["age"]).merge(system.intensities, on="technology")
    made = made.merge(table[[*keys, "rate"]], on=keys)
    lp.constrain(
        "secondary_supply",
        table[keys],
        again.by(*keys),
        -deployed.at(made[keys], made["row"], made["rate"] * made["density"] * made["t_per_unit"]),
        upper=past_recovery(system, table),
        unit=unit_of(table, system),
    )


def past_recovery(system: System, table: pd.DataFrame) -> np.ndarray:
    """Tonnes recovered beyond the base year's from scrap of what was there before: of energy's past and of other uses.

    `table` has mineral, service, year, rate (collected and recovered), recovery, base_collection, available_share.
    """
    scrap = system.past_scrap.set_index(["mineral", "service", "year"])["scrap_t"]
    now = scrap.reindex(pd.MultiIndex.from_frame(table[["mineral", "service", "year"]])).fillna(0.0).to_numpy()
    base = table[["mineral", "service"]].assign(year=system.years["year"].iloc[0])
    then = scrap.reindex(pd.MultiIndex.from_frame(base)).fillna(0.0).to_numpy()
    base_rate = table["base_collection"] * table["recovery"]
    use = system.use[system.use["traced"]].groupby(["mineral", "year"])["tonnes"].sum()
    used = use.reindex(pd.MultiIndex.from_frame(table[["mineral", "year"]])).fillna(0.0).to_numpy()
    other = (table["rate"] - base_rate) * table["available_share"] * used
    energy = table["rate"] * now - base_rate * then
    return np.maximum(np.where(table["service"] == OTHER_USES, other, energy), 0.0)


def stock_balance(lp: LinearProgram, system: System) -> None:
    """Eq. 9: a stock is last year's, plus what is bought, less what is released."""
    stock = lp.variables["stock"]
    before = stock.table[KEYS].assign(year=stock.table["year"] + 1)
    first = ~stock.table.duplicated(["mineral", "market"])
    start = stock.table["initial_t"].where(first, 0.0)
    lp.constrain(
        "stock_balance",
        stock.table[KEYS],
        stock.by(*KEYS),
        -stock.at(before, np.arange(len(stock))),
        -lp.variables["bought"].by(*KEYS),
        lp.variables["released"].by(*KEYS),
        lower=start,
        upper=start,
        unit=unit_of(stock.table, system),
    )
