"""The headline figures of a result, and of several side by side."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from supplychain.facts.costs import calibration_prices
from supplychain.facts.dataset import Dataset
from supplychain.results.indicators import HEADLINE, at_worst
from supplychain.results.result import Result
from supplychain.results.tables.costs import RESOURCE, TRANSFER
from supplychain.system.build import System

REFERENCE = "status_quo"
PRESENT = "million USD, present value"
# A mineral is short where more of its use than this goes without, at more than so many times the normal price; below it
# users save because it pays.
SHORT, SHORT_PRICE = 0.05, 1.5


def summarise(system: System, tables: dict[str, pd.DataFrame], objective: float, money: str) -> pd.DataFrame:
    """The headline figures: metric, value, unit.

    The objective is resource cost and transfers together; the transfers one pays and another gets. Rents are what
    prices bring beyond cost to those whose plants are cheaper than the dearest that is needed. Shares are of US supply
    in the last year, each mineral at mine or refinery, whichever is higher, and each counting the same.
    """
    last = int(system.years["year"].iloc[-1])
    shares = at_worst(tables["dependence"], "USA", last).mean().dropna()
    rows: list[tuple[str, float, str]] = [("objective", objective, money)]
    rows += [(str(metric), float(share), "1") for metric, share in shares.items()]
    weights = system.years.set_index("year")["weight"]
    if money == "USD":
        rows[1:1] = [(metric, musd, PRESENT) for metric, musd in _money(tables, weights).items()]
        rows += [("us_bill", _us_bill(tables, weights), PRESENT), *_lost(tables["unmet"], tables["prices"])]
    return pd.DataFrame(rows, columns=["metric", "value", "unit"])


def _money(tables: dict[str, pd.DataFrame], weights: pd.Series) -> dict[str, float]:
    """What is used up, what only changes hands, what is a rent, and the treasury's side: present value, million USD."""
    costs, bills, rents = (
        tables[name].assign(pv=lambda t: t["musd"] * t["year"].map(weights)) for name in ("costs", "public", "rents")
    )
    of_kind = costs.groupby("kind")["pv"].sum().reindex([RESOURCE, TRANSFER], fill_value=0.0)
    earned = bills["item"] == "revenue"
    return {
        "resource_cost": float(of_kind[RESOURCE]),
        "transfers": float(of_kind[TRANSFER]),
        "rents": float(rents["pv"].sum()),
        "public_spending": float(bills.loc[~earned, "pv"].sum()),
        "public_revenue": float(0.0 - bills.loc[earned, "pv"].sum()),
        "switching": float(costs.loc[costs["item"] == "switching", "pv"].sum()),
    }


def _us_bill(tables: dict[str, pd.DataFrame], weights: pd.Series) -> float:
    supply = tables["supply"].query("market == 'USA' and stage == 'supply'")
    bought = supply.groupby(["year", "mineral"], as_index=False)["tonnes"].sum()
    priced = bought.merge(tables["prices"].query("market == 'USA'"), on=["year", "mineral"])
    spent = priced["tonnes"] * priced["usd_per_t"] * priced["year"].map(weights)
    return float(spent.sum() / 1e6)


def _lost(unmet: pd.DataFrame, prices: pd.DataFrame) -> list[tuple[str, float, str]]:
    """What the US goes without: minerals by value, vehicles and gigawatts, over all years."""
    us = unmet[unmet["market"] == "USA"]
    of_minerals = us[us["unit"] == "t"]
    priced = of_minerals.merge(prices.rename(columns={"mineral": "item"}), on=["year", "market", "item"])
    dear = priced["usd_per_t"] > SHORT_PRICE * priced["observed_usd_per_t"]
    short = priced.loc[dear & (priced["share"] > SHORT), "item"].nunique()
    ceiling = unmet[(unmet["unit"] == "t") & (unmet["ended"] > 0)]["item"].nunique()
    units = {"vehicle": ("vehicles_lost", 1.0, "vehicles"), "MW": ("gw_lost", 1e-3, "GW")}
    rows = [("us_forgone", float(of_minerals["value_musd"].sum()), "million USD")]
    label = "minerals of which over 5 % is given up in some year, at over 1.5 times the normal price"
    rows.append(("us_minerals_short", float(short), label))
    rows.append(("minerals_at_ceiling", float(ceiling), "minerals of which all use ends in some market and year"))
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


_BESIDE = {"public_busd": "public_spending", "revenue_busd": "public_revenue", "us_bill_busd": "us_bill"}


def summary_table(results: list[Result]) -> pd.DataFrame:
    """One row a scenario, the reference first: what it costs, on whom the United States depends, what it goes without.

    Returns
    -------
    DataFrame: scenario, cost_busd (resources that the world uses up, present value), extra_busd (more than in the first
    scenario), rents_busd (more rents than there: a part of prices, not of cost), public_busd (what
    the treasury pays), revenue_busd (what tariffs bring it), us_bill_busd (delivered price x tonnes), top_share,
    feoc_share, central_asia_share (US supply of the last year, each mineral at mine or refinery, whichever is higher,
    and each counting the same), short (minerals short by over 5 % in some year, at over 1.5 times the normal price),
    vehicles_lost, gw_lost. Data in other money than USD give the scenario and its objective only.
    """
    rows: list[dict[str, object]] = []
    first: tuple[float, float] | None = None
    for result in reference_first(results):
        value = result.tables["summary"].set_index("metric")["value"]
        row: dict[str, object] = {"scenario": result.name}
        if not {"us_bill", "resource_cost"} <= set(value.index):
            rows.append(row | {"objective": result.objective, "unit": result.manifest["data"]["money"]})
            continue
        cost, rents = (float(value[metric]) / 1e3 for metric in ("resource_cost", "rents"))
        first = first or (cost, rents)
        rows.append(
            row
            | {"cost_busd": cost, "extra_busd": cost - first[0], "rents_busd": rents - first[1]}
            | {name: float(value[metric]) / 1e3 for name, metric in _BESIDE.items()}
            | {f"{metric.replace('share', '').strip('_')}_share": float(value[metric]) for metric in HEADLINE}
            | {"short": int(value["us_minerals_short"])}
            | {"vehicles_lost": float(value["vehicles_lost"]), "gw_lost": float(value["gw_lost"])}
        )
    return pd.DataFrame(rows)
