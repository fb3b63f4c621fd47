"""The main job: read a scenario, build the system and its program, solve it, and say what came out."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from multiprocessing import Pool
from pathlib import Path

import pandas as pd

from supplychain.facts import dataset as facts
from supplychain.facts.dataset import Dataset
from supplychain.program.lp import LinearProgram
from supplychain.results import indicators, tables
from supplychain.results.clock import Clock
from supplychain.results.kept import code_digest
from supplychain.results.result import Result
from supplychain.results.summary import REFERENCE, summarise
from supplychain.results.unfold import Solved, unfold
from supplychain.scenario import scenario
from supplychain.scenario.news import stages
from supplychain.scenario.policies import Tables
from supplychain.scenario.scenario import Scenario
from supplychain.solve.highs import Solution
from supplychain.solve.start import Start
from supplychain.system.build import System, base_tables

REGION = "central_asia"
MARKET_YEAR = ["year", "mineral", "market"]


@dataclass(frozen=True)
class Shared:
    """What scenarios on the same facts share, made once for all of them.

    Attributes
    ----------
    known : the facts.
    base : the system's tables before any policy, by horizon; what is missing is made for each scenario.
    start : the basis of a scenario that has been solved.
    """

    known: Dataset
    base: Mapping[range, Tables] = field(default_factory=dict, repr=False)
    start: Start | None = field(default=None, repr=False)

    @classmethod
    def by(cls, stories: Sequence[Scenario], known: Dataset) -> Shared:
        """What these scenarios share before any is solved."""
        return cls(known, {years: base_tables(known, years) for years in {story.years for story in stories}})


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
    known, story = opened(name, data)
    return solve(story, Shared(known))[0]


def opened(name: str | Path | Scenario, data: str | Path | Dataset | None) -> tuple[Dataset, Scenario]:
    """Facts and scenario, as `run` takes them, read where they have not been.

    Raises
    ------
    InputError : the scenario or the data cannot be used.
    """
    known = data if isinstance(data, Dataset) else facts.read(data)
    return known, name if isinstance(name, Scenario) else scenario.read(name, known)


def solve(story: Scenario, shared: Shared) -> tuple[Result, Start | None]:
    """Solve one scenario on what it shares with others; the result, and the basis for the next.

    Raises
    ------
    InfeasibleError : as `run`.
    """
    clock = Clock()
    solved = unfold(story, shared.known, shared.base.get(story.years), shared.start, clock)
    return result_of(shared.known, story, solved, clock), solved.start


def result_of(known: Dataset, story: Scenario, solved: Solved, clock: Clock) -> Result:
    """A solved scenario's tables and manifest."""
    tidy = tidy_tables(known, solved.program, solved.system, solved.solution)
    clock.stop("tables")
    manifest = _manifest(known, story, solved, clock.parts)
    return Result(story.name, story.title, solved.solution.objective, manifest, tidy)


def tidy_tables(known: Dataset, program: LinearProgram, system: System, solution: Solution) -> dict[str, pd.DataFrame]:
    """Every table of the result folder."""
    supply = tables.supply(program, system, solution)
    prices = tables.prices(program, system, solution)
    bills = tables.public(program, system, solution, prices)
    asked = tables.policies(program, system, solution, bills)
    groups, homes = known["groups"], system.homes
    scrap = (system.use["secondary_t"] * system.use["growth"]).groupby([system.use[k] for k in MARKET_YEAR]).sum()
    tidy = {
        "paths": tables.paths(program, system, solution),
        "supply": supply,
        "dependence": indicators.dependence(supply, groups, homes, scrap),
        "dependence_by_owner": indicators.dependence(indicators.by_owner(supply), groups, homes, scrap),
        "prices": prices,
        "market_gaps": tables.market_gaps(prices, asked),
        "policies": asked,
        "public": bills,
        "output": tables.output(program, solution),
        "capacity": tables.capacity(program, system, solution),
        "byproducts": tables.byproducts(program, system, solution),
        "shipments": tables.shipments(program, system, solution),
        "corridors": tables.corridors(program, system, solution),
        "technology": tables.technology(program, system, solution),
        "secondary": tables.secondary(program, system, solution),
        "stocks": tables.stocks(program, system, solution),
        "private_stocks": tables.private_stocks(program, system, solution),
        "unmet": tables.unmet(program, system, solution),
        "costs": tables.costs(program, system, solution),
        "switching": tables.switching(program, solution),
        "rents": tables.rents(program, system, solution),
        "cost_curve": tables.cost_curve(system),
        "gap": tables.gap(program, system, solution, groups.loc[groups["group"] == REGION, "country"]),
        "wedges": tables.wedges(system),
    }
    summary = summarise(system, tidy, solution.objective, known.money)
    return {"summary": summary} | tidy


def _manifest(known: Dataset, story: Scenario, solved: Solved, parts: dict[str, float]) -> dict[str, object]:
    program, solution, certificate = solved.program, solved.solution, solved.solution.certificate
    balance = tables.closure(program, solution)
    part = {"minerals": known.names("minerals")} if known.whole is not known else {}
    return {
        "supplychain": version("supplychain"),
        "code": code_digest(),
        "scenario": {"name": story.name, "sha256": story.digest, "resolved": story.resolved()},
        "data": {"sha256": known.digest, "money": known.money} | part,
        "solver": certificate.solver,
        "status": certificate.status,
        "objective": float(f"{solution.objective:.9g}"),
        "columns": program.columns,
        "rows": program.rows,
        "primal_residual": certificate.primal_residual,
        "dual_residual": certificate.dual_residual,
        "gap": certificate.gap,
        "stages": [
            {
                "year": stage.year,
                "news": list(stage.news),
                "primal_residual": shown.primal_residual,
                "dual_residual": shown.dual_residual,
                "gap": shown.gap,
            }
            for stage, shown in solved.certificates
        ],
        "mass_balance": {row.mineral: row.closure for row in balance.itertuples()},
        "significant_digits": 6,
        "seconds": parts | {"highs": round(certificate.seconds, 4)},
    }


def run_all(stories: Sequence[Scenario], shared: Shared, workers: int = 1) -> Iterator[Result]:
    """Solve several scenarios on the same facts in processes of their own; results come in the order given.

    The first is solved alone (the reference, where it is among them), the others start from its basis. None of this
    shows in the results.

    Parameters
    ----------
    workers : how many are solved at once. A process can be stopped in the midst of a solve, as Ctrl-C wants.

    Raises
    ------
    InfeasibleError : as `run`; results that came before it stand.
    """
    if not stories:
        return
    first = next((i for i, story in enumerate(stories) if story.name == REFERENCE), 0)
    with Pool(min(workers, len(stories)), initializer=_leave_interrupts) as pool:
        head, start = pool.apply(solve, (stories[first], shared))
        others = [i for i in range(len(stories)) if i != first]
        alike = replace(shared, start=start)
        # The longest first, so that no process is left alone with one at the end.
        others.sort(key=lambda i: (len(list(stages(stories[i]))), len(stories[i].policies)), reverse=True)
        solving = {i: pool.apply_async(_result, (stories[i], alike)) for i in others}
        for i in range(len(stories)):
            yield head if i == first else solving.pop(i).get()


def _result(story: Scenario, shared: Shared) -> Result:
    return solve(story, shared)[0]


def _leave_interrupts() -> None:
    """Ctrl-C is the parent's to handle: it stops the workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
