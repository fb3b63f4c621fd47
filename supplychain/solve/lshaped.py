"""The L-shaped method: what is decided now in one program, each scenario in one of its own, joined by cuts.

Later costs are convex in what is decided now; the rate of change at one decision is a cut that bounds them from below
(Van Slyke and Wets, 1969; one cut a scenario: Birge and Louveaux, 1988). Steps stay within a box around the best
decision so far, which grows when the cuts told the truth and shrinks when they did not (Linderoth and Wright, 2003).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import highspy
import numpy as np
from scipy import sparse

from supplychain.program.lp import Arrays, Flags, Floats, Ints
from supplychain.solve.highs import OPTIMAL, solved
from supplychain.solve.twostage import Later, Plan, TwoStage, floors

CLOSE = 1e-9  # of the cost: what the cuts still promise to save
GOOD = 0.5  # of what was promised
MOST = 500  # rounds


def decomposed(problem: TwoStage, start: Floats, step: Callable[[int, float], object] = lambda n, gap: None) -> Plan:
    """The best plan, scenario by scenario, from a decision of now (scaled) that leaves a plan in every scenario.

    Parameters
    ----------
    step : is told the round and what may still be saved.

    Raises
    ------
    InfeasibleError : a decision leaves no plan in some scenario: there must always be a way out, at a price.
    """
    later = [Later(a, now) for a, now in zip(problem.programs, problem.now, strict=True)]
    master, risk, p = _Master(problem, floors(problem)), problem.risk, problem.probability
    best, box = start, max(1.0, float(np.abs(start).max(initial=0.0)))
    with ThreadPoolExecutor(os.cpu_count()) as threads:

        def learn(now: Floats) -> Floats:
            return master.learn(now, list(threads.map(lambda scenario: scenario.cost(now), later)), later)

        costs = learn(best)
        for number in range(MOST):
            tried, promised = master.best_near(best, box)
            value, hoped = risk.of(costs, p), risk.of(promised, p)
            step(number, value - hoped)
            if value - hoped <= CLOSE * max(1.0, abs(value)):
                break
            found = learn(tried)
            saved = value - risk.of(found, p)
            best, costs = (tried, found) if saved > 0 else (best, costs)
            box *= 2.0 if saved >= GOOD * (value - hoped) else 0.5 if saved <= 0 else 1.0
    return Plan(best, costs, risk.of(costs, p))


def _of_now(a: Arrays, now: Flags) -> Arrays:
    """What holds for the columns decided now: rows of theirs alone, and what others leave of a row at their bounds."""
    by_row, own = a.matrix.tocsr(), np.flatnonzero(now)
    rows = np.flatnonzero(np.diff(by_row[:, own].indptr))
    least, most = _reach(by_row[rows][:, ~now], a.lower[~now], a.upper[~now])
    lower, upper = a.row_lower[rows] - most, a.row_upper[rows] - least
    return a.part(rows, own, by_row[rows][:, own], row_lower=lower, row_upper=upper)


def _reach(matrix: sparse.csr_matrix, lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
    """The least and the most that each row can be within the bounds of its columns."""
    entries = matrix.tocoo()
    ends = np.sort([entries.data * lower[entries.col], entries.data * upper[entries.col]], axis=0)
    least, most = (np.bincount(entries.row, end, matrix.shape[0]).astype(float) for end in ends)
    return least, most


class _Master:
    """What is decided now, a later cost for each scenario (bounded by cuts), and what of them counts as risk.

    Columns: those decided now, one later cost a scenario, the threshold of CVaR, one excess over it a scenario.
    """

    def __init__(self, problem: TwoStage, floors: list[float]):
        self._problem, self._count = problem, int(problem.now[0].sum())
        self._first = _of_now(problem.programs[0], problem.now[0])
        self._highs = solved(self._whole(floors))

    def _whole(self, floors: list[float]) -> Arrays:
        problem, weight = self._problem, self._problem.risk.weight
        whole, p = self._first, problem.probability
        whole.cost[:] *= 1.0 - weight
        for share, floor in zip(p, floors, strict=True):
            whole = whole.with_column(cost=(1.0 - weight) * float(share))
            whole.lower[-1] = floor
        whole = whole.with_column(cost=weight)
        whole.lower[-1] = -np.inf
        for share in p:
            whole = whole.with_column(cost=weight * float(share) / (1.0 - problem.risk.level))
        if not weight:
            return whole
        first = sparse.csr_matrix(np.tile(problem.first_cost, (len(p), 1)))
        one = sparse.identity(len(p))
        rows = sparse.hstack([first, one, -np.ones((len(p), 1)), -one]).tocsr()
        return whole.with_rows(rows, np.full(len(p), -np.inf), np.zeros(len(p)))

    def learn(self, now: Floats, found: list[tuple[float, Floats]], later: list[Later]) -> Floats:
        """Add a cut for each scenario; what the decision costs in each, both stages."""
        for i, ((cost, rate), own) in enumerate(zip(found, later, strict=True)):
            entries = np.append(own.linked, self._count + i).astype(np.int32)
            slope = np.append(-rate, 1.0)
            least = cost - float(rate @ now[own.linked])
            self._highs.addRow(least, highspy.kHighsInf, len(entries), entries, slope)
        return float(self._problem.first_cost @ now) + np.array([cost for cost, _ in found])

    def best_near(self, best: Floats, box: float) -> tuple[Floats, Floats]:
        """The decision within a box that the cuts like best, and what they promise it to cost in each scenario."""
        columns: Ints = np.arange(self._count)
        low = np.maximum(self._first.lower, best - box)
        high = np.minimum(self._first.upper, best + box)
        self._highs.changeColsBounds(self._count, columns.astype(np.int32), low, high)
        self._highs.run()
        if self._highs.getModelStatus() != OPTIMAL:
            return best, np.full(len(self._problem.probability), np.inf)
        x = np.asarray(self._highs.getSolution().col_value)
        now = x[: self._count]
        return now, float(self._problem.first_cost @ now) + x[self._count : self._count + len(self._problem.programs)]
