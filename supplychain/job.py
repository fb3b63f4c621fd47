"""The main job: read a scenario, build the system and its program, solve it, and say what came out."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from multiprocessing import Pool
from pathlib import Path

import pandas as pd

from supplychain import conflicts, economics, indicators, model, scenario, tidy, ties
from supplychain import dataset as facts
from supplychain.dataset import Dataset
from supplychain.errors import InfeasibleError
from supplychain.lp import LinearProgram
from supplychain.pattern import STAGES
from supplychain.policies import SupplierCap
from supplychain.results import Result
from supplychain.scenario import Scenario
from supplychain.solver import Solution, Solver, on_optimal_face, solve_undecided
from supplychain.system import System, build_system

REFERENCE = "status_quo"


def run(name: str | Path | Scenario, data: str | Path | Dataset | None = None) -> Result:
    """Solve one scenario.

    Parameters
    ----------
    name : path or bare name of a scenario file, or a Scenario that has been read.
    data : a data folder or a Dataset (default: the shipped facts).

    Returns
    -------
    Result

    Raises
    ------
    InputError : the scenario or the data cannot be used.
    InfeasibleError : no plan satisfies every constraint; the message names those that clash.
    """
    clock = _Clock()
    known = data if isinstance(data, Dataset) else facts.read(data)
    story = name if isinstance(name, Scenario) else scenario.read(name, known)
    clock.stop("read")
    system = build_system(known, story)
    clock.stop("system")
    program = model.build_program(system)
    clock.stop("program")
    try:
        solver = Solver(program)
        clock.stop("pass")
        solution = solver.solve()
    except InfeasibleError as error:
        raise InfeasibleError(f"{story.name}: {conflicts.in_words(program, system, error)}") from None
    clock.stop("solve")
    settled = settle(program, system, solution)
    clock.stop("tie_break")
    tables = tidy_tables(known, program, system, settled)
    clock.stop("tables")
    return Result(
        name=story.name,
        title=story.title,
        objective=settled.objective,
        manifest=_manifest(known, story, program, settled, solution, clock.parts),
        tables=tables,
    )


class _Clock:
    """Wall time of each part of a run, seconds."""

    def __init__(self) -> None:
        self.parts: dict[str, float] = {}
        self._last = time.perf_counter()

    def stop(self, part: str) -> None:
        now = time.perf_counter()
        self.parts[part], self._last = round(now - self._last, 4), now


def settle(program: LinearProgram, system: System, solution: Solution) -> Solution:
    """Of all plans that cost the same, the one nearest the base year's pattern, with the optimum's duals."""
    if not system.deliveries["observed"].any():
        return solution
    face = on_optimal_face(program, solution, ties.traced_part(program))
    ties.nearest_pattern(face, system)
    try:
        nearest = solve_undecided(face)
    except InfeasibleError:
        # The face is empty only by rounding; the first optimum then stands as it is.
        return solution
    return solution.with_plan(program, nearest[: program.columns])


def tidy_tables(known: Dataset, program: LinearProgram, system: System, solution: Solution) -> dict[str, pd.DataFrame]:
    """Every table of the result folder."""
    supply = tidy.supply(program, system, solution)
    prices = tidy.prices(program, system, solution)
    bills = tidy.public(program, system, solution, prices)
    groups, homes = known["groups"], system.homes
    tables = {
        "paths": tidy.paths(program, system, solution),
        "supply": supply,
        "dependence": indicators.dependence(supply, groups, homes),
        "dependence_by_owner": indicators.dependence(indicators.by_owner(supply), groups, homes),
        "prices": prices,
        "policies": tidy.policies(program, system, solution, bills),
        "public": bills,
        "capacity": tidy.capacity(program, system, solution),
        "byproducts": tidy.byproducts(program, system, solution),
        "shipments": tidy.shipments(program, system, solution),
        "corridors": tidy.corridors(program, system, solution),
        "technology": tidy.technology(program, system, solution),
        "secondary": tidy.secondary(program, system, solution),
        "stocks": tidy.stocks(program, system, solution),
        "unmet": tidy.unmet(program, system, solution),
        "costs": tidy.costs(program, system, solution),
        "switching": tidy.switching(program, solution),
    }
    summary = summarise(system, tables, solution.objective, known.money)
    return {"summary": summary} | tables


def summarise(system: System, tables: dict[str, pd.DataFrame], objective: float, money: str) -> pd.DataFrame:
    """The headline figures: metric, value, unit. Shares are of the last year, each mineral counting the same."""
    last = int(system.years["year"].iloc[-1])
    dependence = tables["dependence"]
    us = dependence[(dependence["market"] == "USA") & (dependence["year"] == last)]
    rows: list[tuple[str, float, str]] = [("objective", objective, money)]
    for stage in STAGES[:2]:
        part = us[us["stage"] == stage]
        for metric in ("top_share", "share_feoc", "share_central_asia") if len(part) else ():
            rows.append((f"{metric}_{stage}", float(part[metric].mean()), "1"))
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


def _manifest(
    known: Dataset, story: Scenario, program: LinearProgram, settled: Solution, first: Solution, parts: dict[str, float]
) -> dict[str, object]:
    certificate = settled.certificate
    balance = tidy.closure(program, settled)
    return {
        "supplychain": version("supplychain"),
        "scenario": {"name": story.name, "sha256": story.digest, "resolved": story.resolved()},
        "data": {"sha256": known.digest, "money": known.money},
        "solver": certificate.solver,
        "status": certificate.status,
        "objective": float(f"{settled.objective:.9g}"),
        "columns": program.columns,
        "rows": program.rows,
        "primal_residual": certificate.primal_residual,
        "dual_residual": certificate.dual_residual,
        "gap": certificate.gap,
        "mass_balance": {row.mineral: row.closure for row in balance.itertuples()},
        "significant_digits": 6,
        "seconds": parts | {"highs": round(first.certificate.seconds, 4)},
    }


def run_all(stories: Sequence[Scenario], known: Dataset, workers: int = 1) -> Iterator[Result]:
    """Solve several scenarios on the same facts, each in a process of its own; results come in the order given.

    Parameters
    ----------
    workers : how many are solved at once. A process can be stopped in the midst of a solve, as Ctrl-C wants.

    Raises
    ------
    InfeasibleError : as `run`; results that came before it stand.
    """
    with Pool(min(workers, len(stories)), initializer=_leave_interrupts) as pool:
        yield from pool.imap(partial(run, data=known), stories)


def _leave_interrupts() -> None:
    """Ctrl-C is the parent's to handle: it stops the workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def cap_table(
    data: str | Path | Dataset | None, caps: Sequence[float], minerals: Sequence[str], country: str = "CHN"
) -> pd.DataFrame:
    """What a foreseen cap on one country costs the United States, mineral by mineral.

    Parameters
    ----------
    caps : shares of US supply allowed at mine and refinery from 2030 on (falling to it from 1 in 2026).
    minerals : minerals to cap and to report.

    Returns
    -------
    DataFrame, one row a mineral and cap, for the last year: premium (what a tonne from elsewhere earns in the United
    States over the EU's price, less 1: the delivered price and the caps' shadow prices), switching_musd,
    central_asia_share (of US supply, at whichever of mine and refinery is higher), forgone_share (of US use). The
    row with cap 1 is the status quo.
    """
    known = data if isinstance(data, Dataset) else facts.read(data)
    story = scenario.read(REFERENCE, known)
    tables = []
    for cap in (1.0, *caps):
        policy = SupplierCap(
            kind="supplier_cap",
            group=country,
            stages=["mine", "refine"],
            share={2026: 1.0, 2030: cap},
            minerals=list(minerals),
            assumption="a cap to learn its price",
        )
        result = run(replace(story, name=f"cap_{cap:g}", policies=story.policies | {"cap": policy}), known)
        tables.append(_cap_rows(result, minerals).assign(cap=cap))
    return pd.concat(tables, ignore_index=True)


def _cap_rows(result: Result, minerals: Sequence[str]) -> pd.DataFrame:
    last = result.tables["prices"]["year"].max()
    at = {name: table[table["year"] == last] for name, table in result.tables.items() if "year" in table}
    price = at["prices"].pivot(index="mineral", columns="market", values="usd_per_t")
    limits = at["policies"] if "policies" in at and len(at["policies"]) else pd.DataFrame(columns=["mineral"])
    worth = (limits["asked"] * limits["shadow_price_usd_per_t"]).groupby(limits["mineral"]).sum()
    us = at["dependence"].query("market == 'USA' and stage in ['mine', 'refine']")
    forgone = at["unmet"].query("market == 'USA'").set_index("item")["share"]
    return pd.DataFrame(
        {
            "mineral": list(minerals),
            "premium": [(price.loc[m, "USA"] + worth.get(m, 0.0)) / price.loc[m, "EU"] - 1 for m in minerals],
            "switching_musd": us_switching(result, last).reindex(minerals, fill_value=0.0).to_numpy(),
            "central_asia_share": us.groupby("mineral")["share_central_asia"].max().reindex(minerals).to_numpy(),
            "forgone_share": forgone.reindex(minerals, fill_value=0.0).to_numpy(),
        }
    )


def us_switching(result: Result, year: int) -> pd.Series:
    """Switching cost of the United States by mineral in one year, million USD."""
    table = result.tables["switching"]
    table = table[(table["market"] == "USA") & (table["year"] == year)]
    return table.groupby("mineral")["musd"].sum()


def observed_multiples(known: Dataset) -> pd.Series:
    """What prices did under the real controls: 2025 over the normal price, by controlled mineral and copper."""
    minerals = known["minerals"]
    shown = minerals.loc[minerals["controlled"] | (minerals["mineral"] == "copper"), "mineral"]
    now = known["prices"].query("year == 2025").set_index("mineral")["usd_per_t"]
    ratio = now / economics.calibration_prices(known)
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
    feoc_share, central_asia_share (US supply of the last year, at whichever of mine and refinery is higher, each
    mineral counting the same), short (minerals short by over 1 % in some year), vehicles_lost, gw_lost. Data in
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
        shares = {
            column: max(float(value.get(f"{metric}_{stage}", 0.0)) for stage in STAGES[:2])
            for column, metric in (("top", "top_share"), ("feoc", "share_feoc"), ("central_asia", "share_central_asia"))
        }
        rows.append(
            row
            | {"cost_busd": result.objective / 1e9, "extra_busd": (result.objective - results[0].objective) / 1e9}
            | {"us_bill_busd": float(value["us_bill"]) / 1e3, "public_busd": float(value["public_spending"]) / 1e3}
            | {f"{name}_share": share for name, share in shares.items()}
            | {"short": int(value["us_minerals_short"])}
            | {"vehicles_lost": float(value["vehicles_lost"]), "gw_lost": float(value["gw_lost"])}
        )
    return pd.DataFrame(rows)
