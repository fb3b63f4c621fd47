"""The headline figures of a result, and of several side by side."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from supplychain.facts.costs import calibration_prices
from supplychain.facts.dataset import Dataset
from supplychain.results.indicators import HEADLINE, at_worst
from supplychain.results.result import Result
from supplychain.system.build import System

REFERENCE = "status_quo"


def summarise(system: System, tables: dict[str, pd.DataFrame], objective: float, money: str) -> pd.DataFrame:
    """The headline figures: metric, value, unit.

    Shares are of US supply in the last year, each mineral at mine or refinery, whichever is higher, and each counting
    the same.
    """
    last = int(system.years["year"].iloc[-1])
    shares = at_worst(tables["dependence"], "USA", last).mean().dropna()
    rows: list[tuple[str, float, str]] = [("objective", objective, money)]
    rows += [(str(metric), float(share), "1") for metric, share in shares.items()]
    weights = system.years.set_index("year")["weight"]
    if money == "USD":
        rows += [("us_bill", _us_bill(tables, weights), "million USD, present value")]
        rows += _lost(system, tables["unmet"])
        rows += [("public_spending", _public(tables["public"], weights), "million USD, present value")]
        rows += [("switching", _present(tables, "switching", weights), "million USD, present value")]
    return pd.DataFrame(rows, columns=["metric", "value", "unit"])


def _present(tables: dict[str, pd.DataFrame], item: str, weights: pd.Series) -> float:
    """Present value of one cost item, million USD."""
    costs = tables["costs"][tables["costs"]["item"] == item]
    return float((costs["musd"] * costs["year"].map(weights)).sum())


def _public(bills: pd.DataFrame, weights: pd.Series) -> float:
    """Present value of what the treasury pays, tariff revenue apart, million USD."""
    paid = bills[bills["item"] != "revenue"]
    return float((paid["musd"] * paid["year"].map(weights)).sum())


def _us_bill(tables: dict[str, pd.DataFrame], weights: pd.Series) -> float:
    supply = tables["supply"].query("market == 'USA' and stage == 'supply'")
    bought = supply.groupby(["year", "mineral"], as_index=False)["tonnes"].sum()
    priced = bought.merge(tables["prices"].query("market == 'USA'"), on=["year", "mineral"])
    spent = priced["tonnes"] * priced["usd_per_t"] * priced["year"].map(weights)
    return float(spent.sum() / 1e6)


def _lost(system: System, unmet: pd.DataFrame) -> list[tuple[str, float, str]]:
    """What the US goes without: minerals by value, vehicles and gigawatts, over all years."""
    us = unmet[unmet["market"] == "USA"]
    of_minerals = us[us["unit"] == "t"]
    short = of_minerals.groupby("item")["share"].max()
    units = {"vehicle": ("vehicles_lost", 1.0, "vehicles"), "MW": ("gw_lost", 1e-3, "GW")}
    rows = [("us_forgone", float(of_minerals["value_musd"].sum()), "million USD")]
    rows.append(("us_minerals_short", float((short > 0.01).sum()), "minerals short by over 1 % in some year"))
    for unit, (metric, factor, label) in units.items():
        rows.append((metric, float(us.loc[us["unit"] == unit, "amount"].sum()) * factor, label))
    return rows


def observed_multiples(known: Dataset) -> pd.Series:
    """What prices did under the real controls: 2025 over the normal price, by controlled mineral and copper."""
    minerals = known["minerals"]
    shown = minerals.loc[minerals["controlled"] | (minerals["mineral"] == "copper"), "mineral"]
    now = known["prices"].query("year == 2025").set_index("mineral")["usd_per_t"]
    ratio = now / calibration_prices(known)
    return ratio.reindex(shown).dropna()


def reference_first(results: Sequence[Result]) -> list[Result]:
    """The results with the one that others are compared with, `status_quo`, before them."""
    return sorted(results, key=lambda result: result.name != REFERENCE)


def summary_table(results: list[Result]) -> pd.DataFrame:
    """One row a scenario, the reference first: what it costs, on whom the United States depends, what it goes without.

    Returns
    -------
    DataFrame: scenario, cost_busd (the world's minimal cost, present value, public money not counted), extra_busd
    (over the first scenario), us_bill_busd (delivered price x tonnes), public_busd (what funds pay), top_share,
    feoc_share, central_asia_share (US supply of the last year, each mineral at mine or refinery, whichever is higher,
    and each counting the same), short (minerals short by over 1 % in some year), vehicles_lost, gw_lost. Data in
    other money than USD give the scenario and its objective only.
    """
    rows = []
    results = reference_first(results)
    for result in results:
        value = result.tables["summary"].set_index("metric")["value"]
        row: dict[str, object] = {"scenario": result.name}
        if "us_bill" not in value:
            rows.append(row | {"objective": result.objective, "unit": result.manifest["data"]["money"]})
            continue
        rows.append(
            row
            | {"cost_busd": result.objective / 1e9, "extra_busd": (result.objective - results[0].objective) / 1e9}
            | {"us_bill_busd": float(value["us_bill"]) / 1e3, "public_busd": float(value["public_spending"]) / 1e3}
            | {f"{metric.replace('share', '').strip('_')}_share": float(value[metric]) for metric in HEADLINE}
            | {"short": int(value["us_minerals_short"])}
            | {"vehicles_lost": float(value["vehicles_lost"]), "gw_lost": float(value["gw_lost"])}
        )
    return pd.DataFrame(rows)
