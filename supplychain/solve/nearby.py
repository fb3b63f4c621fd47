"""How the optimum moves when bounds do: a price on either side, and the range over which each holds.

An optimum is a kinked curve of whatever moves its bounds. Where it is smooth it has one price; at a kink it has two,
one for each way. The solver's duals are only one of them, so each way is tried: a small step, solved on from the
optimal basis, gives the price there, and that basis' own rates of change say how far it reaches.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from supplychain.program.lp import Arrays, Flags, Floats, Ints, Keys
from supplychain.solve.highs import OPTIMAL, Solver

SAME = 1e-6  # two prices that differ by no more, relative to the larger, are one
STILL = 1e-9  # of the largest rate of change: slower is rounding
SMALLER = (1.0, 1e-2, 1e-4)  # of the first step: where even the last bends, the price is its mean
ROUNDING = 1e-13  # of the cost
BEYOND = 1e-4  # of a range: where the next piece is tried
PIECES = 6  # bases that a range is followed through


@dataclass(frozen=True)
class Change:
    """A direction in which the bounds of a program move, in its scaled units, for one unit of what moves them."""

    row_lower: Floats
    row_upper: Floats
    lower: Floats
    upper: Floats

    @classmethod
    def none(cls, arrays: Arrays) -> Change:
        """The direction in which nothing moves."""
        rows, columns = arrays.matrix.shape
        return cls(np.zeros(rows), np.zeros(rows), np.zeros(columns), np.zeros(columns))

    @classmethod
    def between(cls, before: Arrays, after: Arrays, value: Floats, per: float) -> Change:
        """What leads from one program to another of the same rows and columns, over so many units.

        Coefficients that differ count as what they take of the rows at the values given, which is exact as long as
        these stay.

        Parameters
        ----------
        value : of the columns, scaled.

        Raises
        ------
        ValueError : the programs differ in more than numbers, or in costs.
        """
        if not (_alike(before.column_key, after.column_key) and _alike(before.row_key, after.row_key)):
            raise ValueError("the programs have other rows or columns")
        if not np.array_equal(before.cost, after.cost):
            raise ValueError("costs differ")
        taken = (after.matrix - before.matrix) @ value
        rows = (_risen(before.row_lower, after.row_lower) - taken, _risen(before.row_upper, after.row_upper) - taken)
        columns = (_risen(before.lower, after.lower), _risen(before.upper, after.upper))
        return cls(*(part / per for part in (*rows, *columns)))

    def within(self, rows: Flags, columns: Flags) -> Change:
        """The change in these rows and columns alone."""
        parts = (self.row_lower * rows, self.row_upper * rows, self.lower * columns, self.upper * columns)
        return Change(*parts)

    def times(self, factor: float) -> Change:
        """So many units of the change."""
        return Change(factor * self.row_lower, factor * self.row_upper, factor * self.lower, factor * self.upper)

    @cached_property
    def rows(self) -> Ints:
        """The rows whose bounds move."""
        return np.flatnonzero((self.row_lower != 0) | (self.row_upper != 0))

    @cached_property
    def columns(self) -> Ints:
        """The columns whose bounds move."""
        return np.flatnonzero((self.lower != 0) | (self.upper != 0))


def _alike(one: Keys, other: Keys) -> bool:
    return len(one) == len(other) and bool((one == other).all())


def _risen(before: Floats, after: Floats) -> Floats:
    """By how much bounds have risen; what is no bound does not move."""
    both = np.isfinite(before) & np.isfinite(after)
    return np.where(both, np.where(both, after, 0.0) - np.where(both, before, 0.0), 0.0)


@dataclass(frozen=True)
class Point:
    """The optimum at a step along a change: values, duals and reduced costs of the scaled program."""

    step: float
    cost: float
    value: Floats
    dual: Floats
    reduced: Floats

    def slope(self, change: Change) -> float:
        """What a unit more of the change adds to the cost, at these duals."""
        rows = _priced(self.dual, change.row_lower, change.row_upper)
        return rows + _priced(self.reduced, change.lower, change.upper)


def _priced(price: Floats, lower: Floats, upper: Floats) -> float:
    """A positive price is the lower bound's, a negative one the upper bound's."""
    return float(np.sum(np.where(price > 0, price * lower, price * upper)))


@dataclass(frozen=True)
class Side:
    """One way along a change: cost per unit of it, and how far (0: no step can be made)."""

    slope: float
    reach: float


def same(one: float, other: float) -> bool:
    """Whether two prices are one."""
    return abs(one - other) <= SAME * max(abs(one), abs(other))


class Nearby:
    """A solved program that can be moved a little, and is put back each time.

    Parameters
    ----------
    solver : a solver that has just solved; it is this object's from then on.
    """

    def __init__(self, solver: Solver):
        self.arrays = solver.arrays
        self._highs = solver.highs
        self._basis = self._highs.getBasis()
        self.here = self._point(0.0)

    def watch(self, sums: sparse.csr_matrix) -> None:
        """Keep an eye on some sums of columns: rows without bounds after those of the program, to be pushed up."""
        count, none = sums.shape[0], np.full(sums.shape[0], np.inf)
        self._highs.addRows(count, -none, none, sums.nnz, sums.indptr[:-1], sums.indices, sums.data)
        self.arrays = self.arrays.with_rows(sums, -none, none)
        self._highs.run()
        self._basis = self._highs.getBasis()
        self.here = self._point(0.0)

    def pushed(self, row: int, step: float) -> tuple[Side | None, Point | None]:
        """What a unit more of a watched sum costs, and the plan that has a little more of it; None: more cannot be.

        Parameters
        ----------
        row : its position in the program. step : of its own unit, surely small.
        """
        rise = Change.none(self.arrays)
        rise.row_lower[row] = 1.0
        self.arrays.row_lower[row] = float((self.arrays.matrix[row] @ self.here.value)[0])
        side, point = self._first_piece(rise, step)
        self.arrays.row_lower[row] = -np.inf
        self._bound(rise, 0.0)
        return side, point

    def side(self, change: Change, step: float) -> Side | None:
        """What a change costs on one side, followed to the end of that price; None where there is no plan.

        Parameters
        ----------
        step : units of the change that are surely small; below nil for the other way.
        """
        side, _ = self._first_piece(change, step)
        return side and replace(side, reach=self._followed(change, side))

    def _first_piece(self, change: Change, step: float) -> tuple[Side | None, Point | None]:
        """The price within a basis' reach of the optimum, and the optimum there."""
        for smaller in SMALLER:
            point, end = self._tried(change, smaller * step)
            if point and self._straight(point, change):
                return Side(point.slope(change), end), point
        side = Side((point.cost - self.here.cost) / point.step, 0.0) if point else None
        return side, point

    def _straight(self, point: Point, change: Change) -> bool:
        """Whether the cost moved by the step times the price there: nothing bent on the way."""
        moved, told = point.cost - self.here.cost, point.slope(change) * point.step
        return abs(moved - told) <= max(SAME * abs(told), ROUNDING * abs(self.here.cost))

    def _followed(self, change: Change, side: Side) -> float:
        """The farthest step, through at most `PIECES` bases, up to which the price is the same."""
        end = side.reach
        for _ in range(PIECES):
            if not end or not np.isfinite(end):
                break
            point, farther = self._tried(change, end * (1 + BEYOND))
            if point is None or not same(point.slope(change), side.slope):
                break
            end = farther
        return end

    def _tried(self, change: Change, step: float) -> tuple[Point | None, float]:
        """The optimum at a step, and how far along the change its basis stays optimal."""
        point = self._solved(change, step)
        end = step + np.sign(step) * self._room(change, point, np.sign(step)) if point else 0.0
        self._bound(change, 0.0)
        return point, end

    def _solved(self, change: Change, step: float) -> Point | None:
        self._bound(change, step)
        self._highs.setBasis(self._basis)
        self._highs.run()
        solved = self._highs.getModelStatus() == OPTIMAL
        return self._point(step) if solved else None

    def _room(self, change: Change, point: Point, way: float) -> float:
        """Units of the change, that way, before a basic value meets a bound; both may move."""
        a = self.arrays
        falls, rises = np.append(change.lower, change.row_lower), np.append(change.upper, change.row_upper)
        low = np.append(a.lower, a.row_lower) + point.step * falls
        high = np.append(a.upper, a.row_upper) + point.step * rises
        at = np.append(point.value, a.matrix @ point.value)
        basic, speed = self._speeds(np.where(np.abs(at - low) <= np.abs(high - at), falls, rises))
        still = STILL * np.abs(speed).max(initial=1e-30)
        closing = np.append(way * (speed - rises[basic]), way * (falls[basic] - speed))
        gap = np.maximum(np.append(high[basic] - at[basic], at[basic] - low[basic]), 0.0)
        meets = closing > still
        return float((gap[meets] / closing[meets]).min(initial=np.inf))

    def _speeds(self, resting: Floats) -> tuple[Ints, Floats]:
        """Which columns and, numbered after them, rows are basic, and how fast each moves per unit of a change.

        Parameters
        ----------
        resting : how fast each column and row would move with the bound at which it rests, if it does.
        """
        matrix = self.arrays.matrix
        columns = matrix.shape[1]
        named = np.asarray(self._highs.getBasicVariables()[1])
        of_row = named < 0
        basic = np.where(of_row, columns - 1 - named, named)
        moving = np.setdiff1d(np.flatnonzero(resting), basic)
        own, rows = moving[moving < columns], moving[moving >= columns]
        pushed = -(matrix[:, own] @ resting[own])
        pushed[rows - columns] += resting[rows]
        rate = np.asarray(self._highs.getBasisSolve(pushed)[1])
        return basic, np.where(of_row, -rate, rate)

    def _bound(self, change: Change, step: float) -> None:
        """Put the bounds that a change moves where a step of it has them."""
        rows, columns, a = change.rows.astype(np.int32), change.columns.astype(np.int32), self.arrays
        low, high = a.row_lower[rows] + step * change.row_lower[rows], a.row_upper[rows] + step * change.row_upper[rows]
        if len(rows):
            self._highs.changeRowsBounds(len(rows), rows, low, high)
        low, high = a.lower[columns] + step * change.lower[columns], a.upper[columns] + step * change.upper[columns]
        if len(columns):
            self._highs.changeColsBounds(len(columns), columns, low, high)

    def _point(self, step: float) -> Point:
        answer = self._highs.getSolution()
        x, y = np.asarray(answer.col_value), np.asarray(answer.row_dual)
        a = self.arrays
        return Point(step, float(a.cost @ x), x, y, a.cost - a.matrix.T @ y)
