"""What to build and store now, before it is known what breaks: a two-stage program over the facts' disruptions.

All of the years before the disruption, and plants begun before it, is decided now; the rest once it is known. Costs are
present values beyond a world in which nothing breaks and all know it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from supplychain.facts.dataset import PLACE, Dataset
from supplychain.program.decided import decided
from supplychain.program.equations import build_program
from supplychain.program.labels import looked_up
from supplychain.program.lp import Flags, Floats, LinearProgram
from supplychain.results.run import opened
from supplychain.scenario.scenario import Scenario
from supplychain.solve.highs import Solver
from supplychain.solve.lshaped import decomposed
from supplychain.solve.twostage import Plan, Risk, TwoStage, cvar, kept, solve, wait_and_see
from supplychain.studies.disruptions import Outcome, expected, outcomes
from supplychain.studies.findings import Findings, Step, about, checked_year, linear
from supplychain.studies.surprise import foreseen
from supplychain.system.build import base_tables, build_system

LARGEST = 200_000  # columns of the extensive form; beyond, scenario by scenario
DUST = 1e-3  # t
PLANS = ["planned_t", "ignored_t"]
ROUND = 5  # decimals of a million USD: what is less is the solver's rounding
MUSD = "million USD, present value"


def stochastic(
    name: str | Path | Scenario,
    data: str | Path | Dataset | None = None,
    year: int | None = None,
    risk: Risk | None = None,
    exposure: float = 1.0,
    largest: int = LARGEST,
    step: Step = lambda part: None,
) -> Findings:
    """What to build and to store before a disruption strikes, or none, with their probabilities.

    Parameters
    ----------
    name : path or bare name of a scenario file, or a Scenario. data : a data folder or a Dataset (default: the shipped
        facts); a few minerals (`Dataset.only`) keep it small. year : of the disruption (default: the third after the
        base year). risk : how costs are weighed (default: their mean). exposure : years in which it may begin.
    largest : columns up to which all outcomes are one program. step : is told what is being solved.

    Returns
    -------
    Findings with the tables `stochastic` (metric, value, unit), `outcomes` (event, name, probability, and what each
    costs beyond the undisturbed plan: planned_musd, ignored_musd, known_musd), `builds` (mineral, stage, country, name,
    year, planned_t, ignored_t: what is decided now, with the risk in view and without) and `stored` (mineral, market,
    and the same: what private stocks hold beyond what is usual when the year begins).

    Raises
    ------
    InputError : the scenario or the data cannot be used. InfeasibleError : an outcome leaves no plan.
    """
    known, told = opened(name, data)
    story = foreseen(told)
    linear(story)
    year = checked_year(story, year, 3)
    risk = risk or Risk()
    world = _World.of(story, known, year, exposure, risk)
    asked = {"year": year, "exposure": exposure, "risk_weight": risk.weight, "cvar": risk.level}
    tables = _compared(world, story, largest, step)
    return Findings("stochastic", story.name, story.title, tables, about(story, known, **asked))


def _compared(world: _World, story: Scenario, largest: int, step: Step) -> dict[str, pd.DataFrame]:
    """The best plan beside those of who ignores the risk, who plans for its mean, and who knows what comes."""
    step(f"{len(world.outcomes)} outcomes, the plan that ignores them and the one for their mean")
    ignoring = world.decision(story)
    mean = world.decision(expected(story, world.known, world.year, world.outcomes))
    step("the best plan")
    plan = _best(world, ignoring, largest, step)
    step("what each plan comes to")
    ignored, meant = kept(world.problem, ignoring), kept(world.problem, mean)
    seen = wait_and_see(world.problem)
    return {
        "stochastic": world.summary(plan, ignored, meant, seen),
        "outcomes": world.by_outcome(plan, ignored, seen),
        "builds": world.builds(plan.now, ignoring),
        "stored": world.stored(plan.now, ignoring),
    }


def _best(world: _World, start: Floats, largest: int, step: Step) -> Plan:
    """The best plan, by the form that fits."""
    if sum(int((~now).sum()) for now in world.problem.now) <= largest:
        return solve(world.problem)
    return decomposed(world.problem, start, lambda n, gap: step(f"round {n}: {gap:.3g} may still be saved"))


@dataclass(frozen=True)
class _World:
    """The outcomes and their programs; what nobody can decide before the year is left to each outcome."""

    known: Dataset
    year: int
    outcomes: Sequence[Outcome]
    lp: LinearProgram
    problem: TwoStage
    tables: dict[str, pd.DataFrame]

    @classmethod
    def of(cls, story: Scenario, known: Dataset, year: int, exposure: float, risk: Risk) -> _World:
        base, found = base_tables(known, story.years), outcomes(story, known, year, exposure)
        programs = [build_program(build_system(known, outcome.story, base)) for outcome in found]
        now = [decided(program, year) for program in programs]
        probability = np.array([outcome.probability for outcome in found])
        problem = TwoStage([program.arrays() for program in programs], now, probability, risk)
        return cls(known, year, found, programs[0], problem, base)

    @property
    def now(self) -> Flags:
        """Which columns of the undisturbed program are decided now."""
        return self.problem.now[0]

    def decision(self, story: Scenario) -> Floats:
        """What those decide now who take a scenario for certain."""
        arrays = build_program(build_system(self.known, story, self.tables)).arrays()
        value = Solver(LinearProgram(), arrays).moved(arrays).value / arrays.column_unit
        return looked_up(arrays.column_key, value, self.problem.programs[0].column_key[self.now], 0.0)

    def _musd(self, cost: Floats | float) -> Floats | float:
        return cost * (self.lp.money_unit / 1e6)

    def summary(self, plan: Plan, ignored: Plan, meant: Plan, seen: Floats) -> pd.DataFrame:
        p, risk, undisturbed = self.problem.probability, self.problem.risk, float(seen[0])
        known = risk.of(seen, p)
        values = {
            "here_and_now": plan.weighed - undisturbed,
            "mean_planned_for": meant.weighed - undisturbed,
            "ignored": ignored.weighed - undisturbed,
            "wait_and_see": known - undisturbed,
            "evpi": plan.weighed - known,
            "vss": meant.weighed - plan.weighed,
            "worth_of_planning": ignored.weighed - plan.weighed,
            "mean_cost": float(p @ plan.cost) - undisturbed,
            "cvar": cvar(plan.cost, p, risk.level) - undisturbed,
        }
        rows = [(metric, self._musd(value), MUSD) for metric, value in values.items()]
        return pd.DataFrame(rows, columns=["metric", "value", "unit"])

    def by_outcome(self, plan: Plan, ignored: Plan, seen: Floats) -> pd.DataFrame:
        undisturbed = float(seen[0])
        return pd.DataFrame(
            {
                "event": [outcome.event for outcome in self.outcomes],
                "name": [outcome.name for outcome in self.outcomes],
                "probability": self.problem.probability,
                "planned_musd": np.round(self._musd(plan.cost - undisturbed), ROUND),
                "ignored_musd": np.round(self._musd(ignored.cost - undisturbed), ROUND),
                "known_musd": np.round(self._musd(seen - undisturbed), ROUND),
            }
        )

    def builds(self, planned: Floats, ignored: Floats) -> pd.DataFrame:
        """What is decided now to come on line, by place and year, in two plans."""
        table = self._beside("build", planned, ignored)
        table = table.groupby([*PLACE, "name", "year"], as_index=False)[PLANS].sum()
        return table[table[PLANS].max(axis=1) > DUST].reset_index(drop=True)

    def stored(self, planned: Floats, ignored: Floats) -> pd.DataFrame:
        """What private stocks hold beyond what is usual when the year begins, in two plans."""
        table = self._beside("held", planned, ignored).query("year == @self.year - 1")
        for plan in PLANS:
            table[plan] *= -table["sign"]
        table = table.groupby(["mineral", "market"], as_index=False)[PLANS].sum()
        return table[table[PLANS].abs().max(axis=1) > DUST].reset_index(drop=True)

    def _beside(self, name: str, planned: Floats, ignored: Floats) -> pd.DataFrame:
        """The rows of a variable that are decided now, with their tonnes in two plans."""
        v, place = self.lp.variables[name], np.cumsum(self.now) - 1
        columns = v.first + np.arange(len(v))
        mine = self.now[columns]
        tonnes = {
            plan: x[place[columns[mine]]] * v.unit[mine] for plan, x in zip(PLANS, (planned, ignored), strict=True)
        }
        return v.table[mine].assign(**tonnes)
