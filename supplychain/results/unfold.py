"""A scenario solved as it becomes known: one solve for what is known at first, one more for each piece of news."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

from supplychain.facts.dataset import Dataset
from supplychain.facts.errors import InfeasibleError
from supplychain.program.decided import decided
from supplychain.program.equations import build_program
from supplychain.program.equations.security import more_tangents, no_tangents, with_tangents
from supplychain.program.lp import LinearProgram
from supplychain.results import conflicts
from supplychain.results.clock import Clock
from supplychain.scenario.news import Stage, stages
from supplychain.scenario.policies import Tables
from supplychain.scenario.scenario import Scenario
from supplychain.solve.highs import Certificate, Solution, Solver
from supplychain.solve.past import Past
from supplychain.solve.start import Start
from supplychain.system.build import System, base_tables, build_system


@dataclass(frozen=True)
class Solved:
    """The whole scenario's tables and program, and its answer as it came about.

    Attributes
    ----------
    tangents : of the limits on concentration, found by solving again until all hold; the program's last rows.
    solution : of each year as it was decided then, with the duals that it had then; the certificate is the worst.
    certificates : what each stage shows of itself, one after another.
    start : the basis of the first stage, which fixes nothing: where another scenario may start.
    solver : of the last stage, at its optimum.
    """

    system: System
    tangents: pd.DataFrame
    program: LinearProgram
    solution: Solution
    certificates: list[tuple[Stage, Certificate]]
    start: Start | None
    solver: Solver


class NoPlan(InfeasibleError):
    """No plan satisfies every constraint of a stage; `tangents` are those that its program had."""

    def __init__(self, message: str, rows: Iterable[int] = (), columns: Iterable[int] = ()):
        super().__init__(message, rows, columns)
        self.tangents = no_tangents()


def unfold(
    story: Scenario, known: Dataset, base: Tables | None = None, start: Start | None = None, clock: Clock | None = None
) -> Solved:
    """Solve a scenario stage by stage: each holds what was decided before its news.

    Parameters
    ----------
    base : the system's tables before any policy. start : the basis of another scenario. clock : keeps the time.

    Raises
    ------
    InfeasibleError : no plan satisfies every constraint; the message names those that clash.
    """
    return deque(unfolding(story, known, base, start, clock), maxlen=1).pop()


def unfolding(
    story: Scenario, known: Dataset, base: Tables | None = None, start: Start | None = None, clock: Clock | None = None
) -> Iterator[Solved]:
    """The answer as each stage has it: first the world without any news, last what `unfold` gives.

    Parameters and errors are those of `unfold`.
    """
    clock = clock or Clock()
    base = base_tables(known, story.years) if base is None else base
    clock.stop("system")
    done: Solved | None = None
    for stage in stages(story):
        done = _stage(stage, build_system(known, stage.story, base), done, done.start if done else start, clock)
        yield done


def foreseen_program(story: Scenario, known: Dataset) -> LinearProgram:
    """The program of a whole scenario as if all of it were known, with the tangents of its limits on concentration.

    Raises
    ------
    InfeasibleError : these are to be found, and there is no plan.
    """
    system, stage = build_system(known, story), Stage(story.years[0], (), story)
    if system.concentrations.empty:
        return build_program(system)
    return _stage(stage, system, None, None, Clock()).program


def _stage(stage: Stage, system: System, before: Solved | None, start: Start | None, clock: Clock) -> Solved:
    """A stage solved on from the one before, and again with more tangents until concentration is within its limits."""
    clock.stop("system")
    program, tangents = build_program(system), before.tangents if before else no_tangents()
    clock.stop("program")
    done = _once(stage, system, program, tangents, before, start, clock)
    while len(more := more_tangents(done.program, system, done.solution.value, done.tangents)) > len(done.tangents):
        done = _once(stage, system, program, more, before, done.solver.start, clock)
    return done


def _once(
    stage: Stage,
    system: System,
    program: LinearProgram,
    tangents: pd.DataFrame,
    before: Solved | None,
    start: Start | None,
    clock: Clock,
) -> Solved:
    program = with_tangents(program, system, tangents)
    past = Past.of(before.solution, program, decided(program, stage.year)) if before else None
    solver = Solver(program, past.arrays if past else None)
    clock.stop("pass")
    start = past.start(start) if past and start else start
    solution = _answer(solver, start, stage, system, tangents)
    clock.stop("solve")
    shown = [*(before.certificates if before else []), (stage, solution.certificate)]
    first = before.start if before else solver.start
    return Solved(system, tangents, program, past.joined(solution) if past else solution, shown, first, solver)


def _answer(solver: Solver, start: Start | None, stage: Stage, system: System, tangents: pd.DataFrame) -> Solution:
    try:
        return solver.solve(start)
    except InfeasibleError as error:
        words = conflicts.in_words(solver.program, system, error)
        told = NoPlan(f"{stage.story.name}: {words}", error.rows, error.columns)
        told.tangents = tangents
        raise told from None
