"""Some columns of a solved program, all others as they are in the answer: a program of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from supplychain.program.lp import Arrays, Flags, Floats, Ints
from supplychain.solve.highs import Solution


@dataclass(frozen=True)
class Part:
    """A part of a program that may be decided anew.

    Attributes
    ----------
    arrays : the part's own program, in the scaled units of the whole. columns, rows : where they stand in the whole.
    """

    arrays: Arrays
    columns: Ints
    rows: Ints

    @classmethod
    def of(cls, solution: Solution, money_unit: float, columns: Flags, priced: Flags) -> Part:
        """The part of these columns.

        Parameters
        ----------
        solution : of the whole, whose unit of money is `money_unit`.
        priced : rows that are left out: what the part takes of them it pays at the prices that they have in the answer.
        """
        a = solution.arrays
        value, own = solution.value / a.column_unit, np.flatnonzero(columns)
        inside = a.matrix[:, own].tocsr()
        rows = np.flatnonzero((np.diff(inside.indptr) > 0) & ~priced)
        price = np.where(priced, solution.dual * a.row_unit / money_unit, 0.0)
        activity = (a.matrix @ value)[rows]
        others = activity - (inside @ value[own])[rows]
        # The answer itself is a plan of the part whatever the solver's last digits are.
        numbers = {
            "cost": a.cost[own] - inside.T @ price,
            "lower": np.minimum(a.lower[own], value[own]),
            "upper": np.maximum(a.upper[own], value[own]),
            "row_lower": np.minimum(a.row_lower[rows], activity) - others,
            "row_upper": np.maximum(a.row_upper[rows], activity) - others,
        }
        return cls(a.part(rows, own, inside[rows], **numbers), own, rows)

    def columns_of(self, whole: Ints) -> Ints:
        """Where columns of the whole stand in the part; those that are not in it are left out."""
        return _placed(self.columns, whole)

    def rows_of(self, whole: Ints) -> Ints:
        """Where rows of the whole stand in the part; those that are not in it are left out."""
        return _placed(self.rows, whole)

    def in_whole(self, value: Floats, solution: Solution) -> Floats:
        """All columns' values, the user's units, with those of the part in the place of the answer's."""
        joined = solution.value.copy()
        joined[self.columns] = value
        return joined


def _placed(known: Ints, wanted: Ints) -> Ints:
    place = np.searchsorted(known, wanted)
    return place[np.append(known, -1)[place] == wanted]
