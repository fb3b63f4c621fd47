"""A program without some of its limits, and the least step along a change of bounds that leaves a plan."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from supplychain.program.labels import looked_up
from supplychain.program.lp import Arrays, Flags, Floats
from supplychain.solve.highs import OPTIMAL, solved
from supplychain.solve.nearby import Change


@dataclass(frozen=True)
class Limits:
    """Bounds of a program that something has written, and what they would be without it.

    Attributes
    ----------
    rows, columns : where these are. row_lower, row_upper, lower, upper : of all rows and columns, without it.
    """

    rows: Flags
    columns: Flags
    row_lower: Floats
    row_upper: Floats
    lower: Floats
    upper: Floats

    @classmethod
    def between(cls, arrays: Arrays, without: Arrays) -> Limits:
        """What is written in a program and not in the other.

        A row that the other has not is no limit there, a column that it has not is nil.
        """
        row_lower = looked_up(without.row_key, without.row_lower, arrays.row_key, -np.inf)
        row_upper = looked_up(without.row_key, without.row_upper, arrays.row_key, np.inf)
        lower = looked_up(without.column_key, without.lower, arrays.column_key, 0.0)
        upper = looked_up(without.column_key, without.upper, arrays.column_key, 0.0)
        rows = (row_lower != arrays.row_lower) | (row_upper != arrays.row_upper)
        columns = (lower != arrays.lower) | (upper != arrays.upper)
        return cls(rows, columns, row_lower, row_upper, lower, upper)

    def taken_out(self, arrays: Arrays) -> Arrays:
        """The program without them."""
        return replace(
            arrays,
            row_lower=np.where(self.rows, self.row_lower, arrays.row_lower),
            row_upper=np.where(self.rows, self.row_upper, arrays.row_upper),
            lower=np.where(self.columns, self.lower, arrays.lower),
            upper=np.where(self.columns, self.upper, arrays.upper),
        )


def some_plan(arrays: Arrays) -> Floats | None:
    """Values of a plan, whatever it costs; None where there is none."""
    return _values(replace(arrays, cost=np.zeros_like(arrays.cost)))


def least_step(arrays: Arrays, change: Change) -> tuple[float, Floats] | None:
    """The least step along a change, not below nil, with which there is a plan, and that plan's values.

    Returns
    -------
    None where no step leaves a plan.
    """
    values = _values(_elastic(arrays, change))
    return None if values is None else (float(values[-1]), values[:-1])


def _values(arrays: Arrays) -> Floats | None:
    highs = solved(arrays)
    if highs.getModelStatus() != OPTIMAL:
        return None
    return np.asarray(highs.getSolution().col_value)


def _elastic(arrays: Arrays, change: Change) -> Arrays:
    """The program with the step as its last column and all that is paid for.

    A bound that moves is a row of its own: `row - rate x step >= lower`, and likewise above.
    """
    identity = sparse.identity(arrays.matrix.shape[1], format="csr")
    by_row = arrays.matrix.tocsr()
    sides = [(by_row, arrays.row_lower, change.row_lower), (by_row, arrays.row_upper, change.row_upper)]
    sides += [(identity, arrays.lower, change.lower), (identity, arrays.upper, change.upper)]
    whole = replace(
        arrays,
        cost=np.zeros_like(arrays.cost),
        row_lower=np.where(change.row_lower != 0, -np.inf, arrays.row_lower),
        row_upper=np.where(change.row_upper != 0, np.inf, arrays.row_upper),
        lower=np.where(change.lower != 0, -np.inf, arrays.lower),
        upper=np.where(change.upper != 0, np.inf, arrays.upper),
    ).with_column(cost=1.0)
    for (matrix, bound, rate), is_lower in zip(sides, (True, False, True, False), strict=True):
        moving = np.flatnonzero((rate != 0) & np.isfinite(bound))
        rows = sparse.hstack([matrix[moving], sparse.csr_matrix(-rate[moving, None])], format="csr")
        none, at = np.full(len(moving), np.inf), bound[moving]
        whole = whole.with_rows(rows, at, none) if is_lower else whole.with_rows(rows, -none, at)
    return whole
