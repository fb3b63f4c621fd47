"""How much, and how little, a group of countries could carry of a market's supply for a little more money."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from supplychain.facts.dataset import Dataset
from supplychain.facts.errors import Fault, InputError, nearest
from supplychain.program.lp import Floats, Ints
from supplychain.results.indicators import UPSTREAM
from supplychain.results.run import REGION, opened
from supplychain.results.unfold import Solved, unfold
from supplychain.scenario.scenario import Scenario
from supplychain.solve.highs import Solver
from supplychain.solve.part import Part
from supplychain.studies.findings import Findings, Step, about
from supplychain.studies.headlines import MARKET, members_of, passing, worth_of_use

SLACKS = (0.01, 0.02, 0.05)
CLOSE = 1e-3  # of all supply
STEEPER, STEEPEST = 10.0, 1e3  # by which a unit's worth is raised at a time, and how far, over the price
PASSES = 30


def space(
    name: str | Path | Scenario,
    data: str | Path | Dataset | None = None,
    group: str = REGION,
    slacks: Sequence[float] = SLACKS,
    stages: Sequence[str] = ("mine", "refine"),
    step: Step = lambda part: None,
) -> Findings:
    """The least and the greatest share that a group could have of US supply, mineral by mineral.

    A mineral's plan may cost so much more, in percent of what its use is worth at the normal price; the United States
    get as much of it as in the plan, year by year, and all other minerals stay as they are.

    Parameters
    ----------
    name : path or bare name of a scenario file, or a Scenario. data : a data folder or a Dataset (default: the shipped
        facts). group : a group of groups.csv, or a country. slacks : parts of a mineral's worth (0.01: one percent).
    stages : at which the share is counted. step : is told which mineral is tried.

    Returns
    -------
    Findings with the table `space`, one row a mineral, stage and slack: mineral, stage, slack, allowed_musd (what the
    plan may cost more, present value), share (in the plan, of all supply after the base year), low, high.

    Raises
    ------
    InputError : the scenario or the data cannot be used, or there is no such group. InfeasibleError : no plan.
    """
    known, story = opened(name, data)
    members = members_of(known, group)
    _check(slacks, stages)
    solved = unfold(story, known)
    places = pd.concat(
        passing(solved.program, solved.solution.value, MARKET, year) for year in story.years[1:] or story.years
    )
    places = places[places["stage"].isin(list(stages))].assign(inside=lambda t: t["country"].isin(members))
    rows, complete = _every_mineral(solved, places, slacks, step)
    columns = ["mineral", "stage", "slack", "allowed_musd", "share", "low", "high"]
    manifest = about(story, known, group=group, slacks=list(slacks), stages=list(stages))
    manifest |= {"complete": complete}
    return Findings("space", story.name, story.title, {"space": pd.DataFrame(rows, columns=columns)}, manifest)


def _check(slacks: Sequence[float], stages: Sequence[str]) -> None:
    """Refuses a slack that is none, and a stage that is not traced to a place."""
    if wrong := [slack for slack in slacks if not 0 <= slack < np.inf]:
        raise InputError([Fault(Path("slack"), 1, 1, f"a slack is a part, 0 or more, not {wrong[0]:g}")])
    if unknown := [stage for stage in stages if stage not in UPSTREAM]:
        raise InputError([Fault(Path("stage"), 1, 1, f"no stage {unknown[0]!r}; {nearest(unknown[0], UPSTREAM)}")])


def _every_mineral(
    solved: Solved, places: pd.DataFrame, slacks: Sequence[float], step: Step
) -> tuple[list[tuple[object, ...]], bool]:
    """The rows of the table, mineral by mineral until Ctrl-C, and whether they are all."""
    value, minerals = worth_of_use(solved.system), list(places.groupby("mineral", sort=True))
    rows: list[tuple[object, ...]] = []
    done = 0
    with suppress(KeyboardInterrupt):
        for mineral, own in minerals:
            step(f"{mineral}, {done + 1} of {len(minerals)}")
            rows += _rows(solved, str(mineral), own, slacks, value[mineral])
            done += 1
    return rows, done == len(minerals)


def _rows(
    solved: Solved, mineral: str, supply: pd.DataFrame, slacks: Sequence[float], value: float
) -> Iterator[tuple[object, ...]]:
    """What one mineral's plan could be, stage by stage, for each slack."""
    lp = solved.program
    mine = _Mineral.of(solved, mineral)
    for stage, places in supply.groupby("stage", sort=False):
        inside = places.loc[places["inside"], "column"].to_numpy()
        for slack in slacks:
            share, low, high = mine.range(inside, slack * value / lp.money_unit)
            yield mineral, stage, slack, slack * value / 1e6, share, low, high


@dataclass(frozen=True)
class _Mineral:
    """The program of one mineral in which the market gets what it gets in the plan.

    Attributes
    ----------
    value : of its columns in the plan. supply : all that the market gets in the years counted. price : of a unit of the
        mineral, the program's money.
    """

    part: Part
    solver: Solver
    value: Floats
    supply: float
    price: float

    @classmethod
    def of(cls, solved: Solved, mineral: str) -> _Mineral:
        lp, solution, total = solved.program, solved.solution, solved.program.variables["total"]
        own = lp.columns_where(lambda table: table["mineral"] == mineral if "mineral" in table else False)
        part = Part.of(solution, lp.money_unit, own, np.zeros(lp.rows, dtype=bool))
        value = (solution.value / solution.arrays.column_unit)[part.columns]
        got = total.table.query("mineral == @mineral and market == @MARKET").index.to_numpy()
        whole = part.columns_of(total.first + got)
        lower, upper = part.arrays.lower.copy(), part.arrays.upper.copy()
        lower[whole], upper[whole] = value[whole], value[whole]
        solver = Solver(lp, replace(part.arrays, lower=lower, upper=upper))
        solver.solve()
        return cls(part, solver, value, float(value[whole[1:]].sum()), float(part.arrays.worth[whole].max(initial=0.0)))

    def range(self, inside: Ints, slack: float) -> tuple[float, float, float]:
        """The share of some columns in all supply, its least and its greatest for so much more cost.

        Parameters
        ----------
        slack : in the program's unit of money.
        """
        own = self.part.columns_of(inside)
        if self.supply <= 0 or not len(own):
            return 0.0, 0.0, 0.0
        now, low, high = float(self.value[own].sum()), self._least(own, slack, 1.0), -self._least(own, slack, -1.0)
        return now / self.supply, min(low, now) / self.supply, max(high, now) / self.supply

    def _least(self, own: Ints, slack: float, way: float) -> float:
        """The least sum of some columns, or of their negatives, to `CLOSE` of all supply.

        Least sum against cost is a convex chain of corners. A corner beyond the slack and one within it are joined;
        the plan that is best at the slope of the join is a corner between them, or proves that there is none.
        """
        plan = self._corner(own, way, 0.0)
        most, near = plan[0] + slack, plan
        rate = self.price
        far = self._corner(own, way, rate)
        while far[0] <= most and rate < STEEPEST * self.price:
            near, rate = far, rate * STEEPER
            far = self._corner(own, way, rate)
        if far[0] <= most:
            return far[1]
        for _ in range(PASSES):
            here = near[1] + (far[1] - near[1]) * (most - near[0]) / (far[0] - near[0])
            if near[1] - far[1] <= CLOSE * self.supply:
                break
            rate = (far[0] - near[0]) / (near[1] - far[1])
            corner = self._corner(own, way, rate)
            if corner[0] + rate * corner[1] >= near[0] + rate * near[1] - CLOSE * rate * self.supply:
                break
            near, far = (corner, far) if corner[0] <= most else (near, corner)
        return here

    def _corner(self, own: Ints, way: float, rate: float) -> tuple[float, float]:
        """Cost and sum of the plan that is best where a unit less of the sum is worth so much."""
        cost = self.part.arrays.cost.copy()
        cost[own] += way * rate
        value = self.solver.moved(replace(self.solver.arrays, cost=cost)).value / self.part.arrays.column_unit
        return float(self.part.arrays.cost @ value), way * float(value[own].sum())
