"""The optimal face: every plan that costs as little, as a program of its own.

With optimal duals a plan is optimal just if it keeps each column with a reduced cost, and each row with a dual, at the
bound at which it is (complementary slackness). What is left free falls into blocks, a mineral or several that share an
ore, but for the few rows and columns that link them. A block's range is that with the plans of all others as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from supplychain.program.lp import Arrays, Floats, Ints
from supplychain.solve.highs import OPTIMAL, PRIMAL, TIE, Solution, solved_plainly

CLOSE = 1e-6  # of a sum of squares
MOST_TANGENTS = 200


@dataclass(frozen=True)
class Face:
    """The plans that cost as little as an answer, in the scaled program.

    Attributes
    ----------
    value : of all columns in the answer.
    free : the columns that may differ from plan to plan.
    arrays : the program of these, and of the rows that hold them. activity : of those rows in the answer.
    block : the number of each free column's block.
    """

    value: Floats
    free: Ints
    arrays: Arrays
    activity: Floats
    block: Ints
    _solvers: dict[int, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, solution: Solution, money_unit: float) -> Face:
        """The face of an answer to a program with this unit of money."""
        a = solution.arrays
        value = solution.value / a.column_unit
        reduced, dual = solution.reduced * a.column_unit / money_unit, solution.dual * a.row_unit / money_unit
        told_apart = (np.abs(reduced) > TIE) | (a.lower == a.upper) | np.isfinite(a.guess)
        free = np.flatnonzero(~told_apart)
        inside = a.matrix[:, free].tocsr()
        rows = np.flatnonzero(np.diff(inside.indptr))
        inside = inside[rows]
        # The answer itself lies on its face whatever the solver's last digits are.
        activity = (a.matrix @ value)[rows]
        held = (np.abs(dual) > TIE)[rows]
        part = a.part(
            rows,
            free,
            inside,
            cost=np.zeros(len(free)),
            lower=np.minimum(a.lower[free], value[free]),
            upper=np.maximum(a.upper[free], value[free]),
            row_lower=np.where(held, activity, np.minimum(a.row_lower[rows], activity)),
            row_upper=np.where(held, activity, np.maximum(a.row_upper[rows], activity)),
        )
        own = inside[~a.links[rows]]
        label = connected_components(sparse.bmat([[None, own], [own.T, None]]), directed=False)[1]
        return cls(value, free, part, activity, label[own.shape[0] :])

    def least(self, columns: Ints, coefficient: Floats) -> float:
        """The least sum of some columns, each with its coefficient, over all plans on the face."""
        known = float(coefficient @ self.value[columns])
        place, weight = self._among_free(columns, coefficient)
        low = known - float(weight @ self.value[self.free[place]])
        for block in np.unique(self.block[place]):
            mine = self.block[place] == block
            low += self._of_block(int(block), place[mine], weight[mine])
        return min(low, known)

    def least_squares(self, groups: Sequence[Ints]) -> float:
        """The least sum of squares of several sums of columns over all plans on the face, to `CLOSE`.

        A convex function, so its tangents bound it from below; the plan that they make best gives the next one.
        """
        place = [self._among_free(group, np.ones(len(group)))[0] for group in groups]
        sums = np.array([self.value[group].sum() for group in groups])
        fixed = sums - [self.value[self.free[p]].sum() for p in place]
        columns = np.flatnonzero(np.isin(self.block, np.unique(self.block[np.concatenate(place)])))
        where = [np.searchsorted(columns, p) for p in place]
        highs = solved_plainly(self._alone(columns))
        squares = _add_columns(highs, len(groups))
        best = float(np.square(sums).sum())
        for _ in range(MOST_TANGENTS):
            for row in zip(sums, fixed, where, squares, strict=True):
                _add_tangent(highs, *row)
            highs.run()
            if highs.getModelStatus() != OPTIMAL:
                break
            x = np.asarray(highs.getSolution().col_value)
            sums = fixed + [x[w].sum() for w in where]
            best, bound = min(best, float(np.square(sums).sum())), float(x[squares].sum())
            if best - bound <= CLOSE * max(best, 1e-30):
                break
        return best

    def _among_free(self, columns: Ints, coefficient: Floats) -> tuple[Ints, Floats]:
        """Positions among the free columns of those that are, with their coefficients."""
        place = np.searchsorted(self.free, columns)
        inside = np.append(self.free, -1)[place] == columns
        return place[inside], coefficient[inside]

    def _of_block(self, block: int, place: Ints, weight: Floats) -> float:
        """The least weighted sum of a block's columns."""
        if block not in self._solvers:
            columns = np.flatnonzero(self.block == block)
            self._solvers[block] = columns, solved_plainly(self._alone(columns))
            # Only costs change from here on; on a face this flat the dual simplex can turn in circles.
            self._solvers[block][1].setOptionValue("simplex_strategy", PRIMAL)
        columns, highs = self._solvers[block]
        cost = np.zeros(len(columns))
        np.add.at(cost, np.searchsorted(columns, place), weight)
        return _least(highs, cost)

    def _alone(self, columns: Ints) -> Arrays:
        """The program of some free columns, all others as they are."""
        a, own = self.arrays, self.arrays.matrix[:, columns].tocsr()
        rows = np.flatnonzero(np.diff(own.indptr))
        own = own[rows]
        given = self.activity[rows] - own @ self.value[self.free[columns]]
        return a.part(rows, columns, own, row_lower=a.row_lower[rows] - given, row_upper=a.row_upper[rows] - given)


def _add_columns(highs: Any, count: int) -> Ints:
    """So many more columns from nought on, at a cost of one each; where they are."""
    new = np.arange(highs.getNumCol(), highs.getNumCol() + count)
    for _ in new:
        highs.addVar(0.0, highspy.kHighsInf)
    highs.changeColsCost(count, new.astype(np.int32), np.ones(count))
    return new


def _add_tangent(highs: Any, at: float, fixed: float, where: Ints, square: int) -> None:
    """A square is at least its tangent: square >= 2 at (fixed + sum over where) - at^2."""
    entries = np.append(where, square).astype(np.int32)
    slope = np.append(np.full(len(where), -2.0 * at), 1.0)
    highs.addRow(2.0 * at * fixed - at**2, highspy.kHighsInf, len(entries), entries, slope)


def _least(highs: Any, cost: Floats) -> float:
    """The least of a sum over what HiGHS holds."""
    highs.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)
    highs.run()
    if highs.getModelStatus() != OPTIMAL:
        return -np.inf
    return float(cost @ np.asarray(highs.getSolution().col_value))
