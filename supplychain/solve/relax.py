"""A program without some of its limits, and the least step along a change of bounds that leaves a plan."""

from __future__ import annotations

from dataclasses import dataclass, replace

import highspy
import numpy as np
import pandas as pd
from scipy import sparse

from supplychain.program.lp import Arrays, Flags, Floats, Keys
from supplychain.solve.highs import solved
from supplychain.solve.nearby import Change

OPTIMAL = highspy.HighsModelStatus.kOptimal


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
        row_lower = _looked_up(without.row_key, without.row_lower, arrays.row_key, -np.inf)
        row_upper = _looked_up(without.row_key, without.row_upper, arrays.row_key, np.inf)
        lower = _looked_up(without.column_key, without.lower, arrays.column_key, 0.0)
        upper = _looked_up(without.column_key, without.upper, arrays.column_key, 0.0)
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


def _looked_up(known: Keys, values: Floats, wanted: Keys, missing: float) -> Floats:
    place = pd.Index(known).get_indexer(pd.Index(wanted))
    return np.where(place >= 0, values[place], missing)


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
    rows, columns = arrays.matrix.shape
    identity = sparse.identity(columns, format="csr")
    by_row = arrays.matrix.tocsr()
    parts = [(by_row, arrays.row_lower, change.row_lower, -1), (by_row, arrays.row_upper, change.row_upper, 1)]
    parts += [(identity, arrays.lower, change.lower, -1), (identity, arrays.upper, change.upper, 1)]
    blocks, lows, highs = [], [], []
    for matrix, bound, rate, side in parts:
        moving = np.flatnonzero((rate != 0) & np.isfinite(bound))
        blocks.append(sparse.hstack([matrix[moving], sparse.csr_matrix(-rate[moving, None])], format="csr"))
        lows.append(np.where(side < 0, bound[moving], -np.inf))
        highs.append(np.where(side > 0, bound[moving], np.inf))
    added = sum(block.shape[0] for block in blocks)
    whole = sparse.hstack([by_row, sparse.csr_matrix((rows, 1))], format="csr")

    def freed(bound: Floats, rate: Floats, value: float) -> Floats:
        return np.where(rate != 0, value, bound)

    filled = {"row_unit": 1.0, "links": False, "asked": False, "row_key": 0}
    grown = {name: _lengthened(getattr(arrays, name), added, value) for name, value in filled.items()}
    beside = {"column_unit": 1.0, "guess": np.nan, "worth": 0.0, "column_key": 0}
    wider = {name: _lengthened(getattr(arrays, name), 1, value) for name, value in beside.items()}
    return Arrays(
        cost=np.append(np.zeros(columns), 1.0),
        lower=np.append(freed(arrays.lower, change.lower, -np.inf), 0.0),
        upper=np.append(freed(arrays.upper, change.upper, np.inf), np.inf),
        matrix=sparse.vstack([whole, *blocks]).tocsc(),
        row_lower=np.concatenate([freed(arrays.row_lower, change.row_lower, -np.inf), *lows]),
        row_upper=np.concatenate([freed(arrays.row_upper, change.row_upper, np.inf), *highs]),
        **grown,
        **wider,
    )


def _lengthened(values: np.ndarray, by: int, value: float) -> np.ndarray:
    return np.concatenate([values, np.full(by, value, dtype=values.dtype)])
