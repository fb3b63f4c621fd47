"""The least cost as one limit is tightened step by step, solved on in place from point to point."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

import numpy as np
import pandas as pd

from supplychain.facts.dataset import Dataset
from supplychain.facts.errors import Fault, InfeasibleError, InputError, nearest
from supplychain.program.equations import build_program
from supplychain.program.lp import Arrays, LinearProgram
from supplychain.results.run import REGION, opened
from supplychain.scenario.policies import SupplierCap
from supplychain.scenario.policies.base import members
from supplychain.scenario.scenario import Scenario
from supplychain.solve.highs import Solution, Solver
from supplychain.solve.nearby import Change, Point
from supplychain.studies.findings import NO_PLAN, OPTIMAL, Findings, Step, about, linear
from supplychain.studies.headlines import CONCERN, MARKET, group_shares, members_of, passing
from supplychain.studies.settings import Setting, settings, with_setting
from supplychain.studies.surprise import foreseen
from supplychain.system.build import base_tables, build_system

CAP = "frontier_cap"
REACHED = 5  # years after the first in which a cap of the study's own is reached


def capped(story: Scenario, known: Dataset, group: str, stages: Sequence[str] = ("mine", "refine")) -> Scenario:
    """The scenario with a cap on a group's share of US supply, policy `frontier_cap`, that asks for nothing yet.

    It tightens evenly from the year after the base year and is reached four years later.

    Raises
    ------
    InputError : the facts know no such group or country.
    """
    members_of(known, group)
    first, last = story.years[0] + 1, min(story.years[0] + REACHED, story.years[-1])
    fields = {"kind": "supplier_cap", "group": group, "stages": list(stages), "share": {first: 1.0, last: 1.0}}
    policy = SupplierCap.model_validate(fields | {"assumption": "the frontier's own cap"})
    return replace(story, policies=story.policies | {CAP: policy})


def frontier(
    name: str | Path | Scenario,
    policy: str,
    levels: Sequence[float],
    data: str | Path | Dataset | None = None,
    step: Step = lambda part: None,
) -> Findings:
    """The least cost of a scenario as the setting of one of its policies goes from level to level.

    Parameters
    ----------
    name : path or bare name of a scenario file, or a Scenario. What it keeps as news is taken to be foreseen.
    policy : id of a policy with a limit. levels : of its setting (in the setting's own unit, a share of 1) in the last
        year that it names; earlier years move in proportion.
    data : a data folder or a Dataset (default: the shipped facts). step : is told which level is solved.

    Returns
    -------
    Findings with the table `frontier`, one row a level: policy, setting, level, status (`optimal`, or `no plan`),
    cost_musd (present value), extra_musd (more than at the first level), slope_usd (what a natural unit more of the
    setting adds to the cost there, from the duals), unit, share_feoc and share_central_asia (of US supply in the last
    year, each mineral at mine or refinery, whichever is higher, and each counting the same).

    Raises
    ------
    InputError : the scenario or the data cannot be used; no such policy, or one without a limit.
    """
    known, told = opened(name, data)
    story = foreseen(told)
    linear(story)
    setting = _setting(story, policy)
    _check(story, setting, levels)
    line = _Line.of(story, known, setting, levels)
    table = pd.DataFrame(_from_both_ends(line, levels, known, step))
    table.insert(5, "extra_musd", table["cost_musd"] - table["cost_musd"].iloc[0])
    manifest = about(story, known, policy=policy, levels=[float(level) for level in levels])
    manifest |= {"complete": len(table) == len(levels)}
    return Findings("frontier", story.name, story.title, {"frontier": table}, manifest)


def _from_both_ends(line: _Line, levels: Sequence[float], known: Dataset, step: Step) -> list[dict[str, object]]:
    """The rows of all levels, two walks towards the middle at once; until Ctrl-C."""
    rows: dict[int, dict[str, object]] = {}
    left, stopped = deque(range(len(levels))), Event()

    def walk(take: Callable[[], int]) -> None:
        def places() -> Iterator[int]:
            with suppress(IndexError):  # the other walk took the last
                while not stopped.is_set():
                    yield take()

        for place, solution in line.solved(places(), levels, step):
            rows[place] = line.row(levels[place], solution, known)

    with ThreadPoolExecutor(2) as threads, suppress(KeyboardInterrupt):
        walks = [threads.submit(walk, take) for take in (left.popleft, left.pop)]
        try:
            for each in walks:
                each.result()
        finally:
            stopped.set()
    return [rows[place] for place in sorted(rows)]


def _setting(story: Scenario, policy: str) -> Setting:
    """The setting of a policy by its id."""
    found = {setting.policy: setting for setting in settings(story)}
    if policy in story.policies and policy not in found:
        what = f"policy {policy!r} has no limit that can be moved: its kind sets none, or none by one number"
        raise InputError([Fault(*story.where(policy), what)])
    if policy not in found:
        what = f"{story.name} has no policy {policy!r} with a limit; {nearest(policy, found)}"
        raise InputError([Fault(*story.where(policy), what)])
    return found[policy]


def _check(story: Scenario, setting: Setting, levels: Sequence[float]) -> None:
    """Refuses levels that the setting cannot have, and a way that leads nowhere."""
    most = setting.unit.most
    wrong = [level for level in levels if not 0 <= level <= most or not np.isfinite(level)]
    if wrong or levels[0] == levels[-1]:
        said = f"{wrong[0]:g} is none" if wrong else "the first and the last are the same"
        what = f"levels of {setting.field} go from one number to another between 0 and {most:g}: {said}"
        raise InputError([Fault(*story.where(setting.policy, setting.field), what)])


@dataclass(frozen=True)
class _Line:
    """The programs of all settings of a limit between two: their numbers lie on a straight line.

    Attributes
    ----------
    ends : the first and the last level. first, last : the programs there; `program` has their labels.
    """

    setting: Setting
    year: int
    program: LinearProgram
    ends: tuple[float, float]
    first: Arrays
    last: Arrays

    @classmethod
    def of(cls, story: Scenario, known: Dataset, setting: Setting, levels: Sequence[float]) -> _Line:
        base = base_tables(known, story.years)
        ends = (levels[0], levels[-1])
        programs = [build_program(build_system(known, with_setting(story, setting.at(level)), base)) for level in ends]
        first, last = (program.arrays() for program in programs)
        if not (np.array_equal(first.row_key, last.row_key) and np.array_equal(first.column_key, last.column_key)):
            what = f"{setting.field} of {ends[0]:g} and of {ends[1]:g} make different programs; begin elsewhere"
            raise InputError([Fault(*story.where(setting.policy, setting.field), what)])
        return cls(setting, story.years[-1], programs[0], ends, first, last)

    def solved(
        self, places: Iterator[int], levels: Sequence[float], step: Step
    ) -> Iterator[tuple[int, Solution | None]]:
        """The answer at one level after another, by their places; None where there is no plan."""
        solver = None
        for place in places:
            step(f"level {levels[place]:g}")
            here = self._at(levels[place])
            try:
                if solver is None:
                    solver = Solver(self.program, here)
                    yield place, solver.solve()
                else:
                    yield place, solver.moved(here)
            except InfeasibleError:
                yield place, None

    def _at(self, level: float) -> Arrays:
        first, last = self.ends
        return self.first.towards(self.last, (level - first) / (last - first))

    def row(self, level: float, solution: Solution | None, known: Dataset) -> dict[str, object]:
        """A row of the table but for what it costs beyond the first."""
        row: dict[str, object] = {"policy": self.setting.policy, "setting": self.setting.field, "level": level}
        if solution is None:
            return row | {"status": NO_PLAN, "cost_musd": np.nan, "slope_usd": np.nan, "unit": self.setting.unit.name}
        row |= {"status": OPTIMAL, "cost_musd": solution.objective / 1e6}
        row |= {"slope_usd": self._slope(solution), "unit": self.setting.unit.name}
        supply = passing(self.program, solution.value, MARKET, self.year)
        return row | {f"share_{g}": group_shares(supply, members(known, g)).mean() for g in (CONCERN, REGION)}

    def _slope(self, solution: Solution) -> float:
        """What a natural unit more adds to the cost: what its way through the program is worth at the duals."""
        a, money = solution.arrays, self.program.money_unit
        units = (self.ends[1] - self.ends[0]) / self.setting.unit.size
        value = solution.value / a.column_unit
        dual, reduced = solution.dual * a.row_unit / money, solution.reduced * a.column_unit / money
        change = Change.between(self.first, self.last, value, units)
        return Point(0.0, 0.0, value, dual, reduced).slope(change) * money
