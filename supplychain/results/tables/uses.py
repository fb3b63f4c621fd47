"""What is used and at what price: delivered prices, use given up, technologies, secondary supply, stocks."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.program.lp import LinearProgram
from supplychain.results.tables.common import MUSD, dual_in_year, values
from supplychain.solve.highs import Solution
from supplychain.system.build import System

# Prices of two markets that differ by less are one price less freight and contracts.
APART = 1.5


def prices(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """Delivered price, the dual of demand: year, mineral, market, usd_per_t, observed_usd_per_t (the normal price)."""
    table = lp.constraints["demand"].table[["year", "mineral", "market"]].copy()
    table["usd_per_t"] = dual_in_year(lp, system, solution, "demand")
    table["observed_usd_per_t"] = table["mineral"].map(system.minerals.set_index("mineral")["price"])
    return table.sort_values(["year", "mineral", "market"], ignore_index=True)


def unmet(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """Use forgone and services not delivered: year, market, item, amount, unit, share (of use), ended (part of the
    amount that is given up where all use ends, at the ceiling), value_musd."""
    forgone, undelivered = lp.variables["forgone"], lp.variables["undelivered"]
    keys = ["year", "mineral", "market"]
    table = forgone.table.assign(amount=values(solution, forgone))
    table["value_musd"] = table["amount"] * table["value_usd_per_t"] / MUSD
    table["ended"] = table["amount"].where(np.isinf(table["pace_t"].to_numpy(dtype=float)), 0.0)
    table = table.groupby(keys, as_index=False)[["amount", "ended", "value_musd"]].sum()
    use = system.use.assign(whole=system.use["base_t"] * system.use["growth"])
    table = table.merge(use[[*keys, "whole"]], on=keys)
    table = table.assign(unit="t", share=table["amount"] / table["whole"].replace(0.0, np.nan))
    table["ended"] = (table["ended"] / table["amount"].replace(0.0, np.nan)).fillna(0.0)
    lost = undelivered.table.rename(columns={"service": "mineral", "amount": "whole"})
    lost = lost.assign(amount=values(solution, undelivered), market="USA", ended=1.0)
    lost["value_musd"] = lost["amount"] * lost["value_usd_per_unit"] / MUSD
    lost["share"] = lost["amount"] / lost["whole"].replace(0.0, np.nan)
    columns = ["year", "market", "mineral", "amount", "unit", "share", "ended", "value_musd"]
    both = pd.concat([t[columns] for t in (table, lost) if len(t)] or [table[columns]], ignore_index=True)
    both = both[both["amount"] > 0].rename(columns={"mineral": "item"})
    return both.sort_values(["year", "market", "item"], ignore_index=True)


def technology(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """What is deployed: year, service, technology, deployed, unit, share (of its service), reference_share."""
    deployed = lp.variables["deployed"]
    table = deployed.table[["year", "service", "technology", "share"]].rename(columns={"share": "reference_share"})
    table = table.assign(deployed=values(solution, deployed))
    whole = table.groupby(["year", "service"])["deployed"].transform("sum")
    table = table.assign(share=(table["deployed"] / whole.replace(0.0, np.nan)).fillna(0.0))
    table = table.merge(system.services[["service", "year", "unit"]], on=["service", "year"])
    columns = ["year", "service", "technology", "deployed", "unit", "share", "reference_share"]
    return table[columns].sort_values(columns[:3], ignore_index=True)


def secondary(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """Secondary supply beyond the base year's: year, mineral, available_t (collected and recovered), used_t."""
    again, rows = lp.variables["secondary"], lp.constraints["secondary_supply"]
    used = solution.of(again).to_numpy()
    arrays = solution.arrays
    scaled = arrays.matrix[rows.first : rows.first + len(rows)] @ (solution.value / arrays.column_unit)
    spare = rows.upper - scaled * rows.unit
    table = again.table[["year", "mineral"]].assign(used_t=values(solution, again), available_t=used + spare)
    table = table.groupby(["year", "mineral"], as_index=False)[["available_t", "used_t"]].sum()
    return table[table["available_t"] > 0].reset_index(drop=True)


def stocks(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """Stocks: year, mineral, market, bought_t, released_t, level_t (at the year's end), target_t."""
    stock = lp.variables["stock"]
    table = stock.table[["year", "mineral", "market", "target_t"]].assign(level_t=values(solution, stock))
    for name in ("bought", "released"):
        table[f"{name}_t"] = values(solution, lp.variables[name])
    columns = ["year", "mineral", "market", "bought_t", "released_t", "level_t", "target_t"]
    return table[columns].sort_values(columns[:3], ignore_index=True)


def private_stocks(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """What producers, consumers and dealers hold: year, mineral, market, usual_t, level_t (at the year's end),
    drawn_t (taken out in the year; negative: put in)."""
    held = lp.variables["held"]
    keys = ["mineral", "market", "year"]
    table = held.table[[*keys, "sign"]].assign(below_t=values(solution, held))
    table["below_t"] *= table.pop("sign")
    table = table.groupby(keys, as_index=False)["below_t"].sum().sort_values(keys)
    before = table.groupby(keys[:2])["below_t"].shift(fill_value=0.0)
    usual = system.use[system.use["stock_t"] > 0][[*keys, "stock_t"]].rename(columns={"stock_t": "usual_t"})
    table = table.assign(drawn_t=table["below_t"] - before).merge(usual, on=keys)
    table = table.assign(level_t=table["usual_t"] - table["below_t"])
    columns = ["year", "mineral", "market", "usual_t", "level_t", "drawn_t"]
    return table[columns].sort_values(columns[:3], ignore_index=True)


def market_gaps(prices: pd.DataFrame, policies: pd.DataFrame) -> pd.DataFrame:
    """Where a mineral's price differs by over half between two markets, and which policies stand between them.

    Parameters
    ----------
    prices, policies : the tables of a result.

    Returns
    -------
    DataFrame: year, mineral, cheap and dear (the two markets furthest apart), ratio, policy (those that bind on the
    mineral in the year, joined by a comma; blank where none does).
    """
    keys = ["year", "mineral"]
    told = prices[prices["usd_per_t"] > 0].sort_values([*keys, "usd_per_t"], kind="stable")
    ends = told.groupby(keys)[["market", "usd_per_t"]].agg(["first", "last"])
    table = pd.DataFrame({"cheap": ends["market", "first"], "dear": ends["market", "last"]})
    table["ratio"] = ends["usd_per_t", "last"] / ends["usd_per_t", "first"]
    table = table[table["ratio"] > APART]
    binding = policies[policies["binding"].fillna(False).astype(bool)]
    named = binding.groupby(keys)["policy"].agg(lambda names: ", ".join(dict.fromkeys(names)))
    return table.join(named.rename("policy")).fillna({"policy": ""}).reset_index()
