"""A scenario solved as it becomes known: one solve for what is known at first, one more for each piece of news."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from supplychain.facts.dataset import Dataset
from supplychain.facts.errors import InfeasibleError
from supplychain.program.decided import decided
from supplychain.program.equations import build_program
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
    solution : of each year as it was decided then, with the duals that it had then; the certificate is the worst.
    certificates : what each stage shows of itself, one after another.
    start : the basis of the first stage, which fixes nothing: where another scenario may start.
    solver : of the last stage, at its optimum.
    """

    system: System
    program: LinearProgram
    solution: Solution
    certificates: list[tuple[Stage, Certificate]]
    start: Start | None
    solver: Solver


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
    first, *later = stages(story)
    done = _first(first, known, base, start, clock)
    yield done
    for stage in later:
        done = _next(stage, known, base, done, clock)
        yield done


def _first(stage: Stage, known: Dataset, base: Tables | None, start: Start | None, clock: Clock) -> Solved:
    system, program = _written(stage, known, base, clock)
    solver = Solver(program)
    clock.stop("pass")
    solution = _answer(solver, start, stage, system)
    clock.stop("solve")
    return Solved(system, program, solution, [(stage, solution.certificate)], solver.start, solver)


def _next(stage: Stage, known: Dataset, base: Tables | None, before: Solved, clock: Clock) -> Solved:
    """The stage solved on from the one before."""
    system, program = _written(stage, known, base, clock)
    past = Past.of(before.solution, program, decided(program, stage.year))
    solver = Solver(program, past.arrays)
    clock.stop("pass")
    solution = _answer(solver, past.start(before.start) if before.start else None, stage, system)
    clock.stop("solve")
    shown = [*before.certificates, (stage, solution.certificate)]
    return Solved(system, program, past.joined(solution), shown, before.start, solver)


def _written(stage: Stage, known: Dataset, base: Tables | None, clock: Clock) -> tuple[System, LinearProgram]:
    system = build_system(known, stage.story, base)
    clock.stop("system")
    program = build_program(system)
    clock.stop("program")
    return system, program


def _answer(solver: Solver, start: Start | None, stage: Stage, system: System) -> Solution:
    try:
        return solver.solve(start)
    except InfeasibleError as error:
        words = conflicts.in_words(solver.program, system, error)
        raise InfeasibleError(f"{stage.story.name}: {words}", error.rows, error.columns) from None
