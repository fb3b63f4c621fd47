"""What an earlier solve has settled: a program solved on from it, and the two answers joined.

Columns that were decided before some news keep the values that they had. Rows that hold no other column have nothing
left to say: they are taken out, and their duals are those of the earlier solve, in which they were still open.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from supplychain.program.labels import looked_up
from supplychain.program.lp import Arrays, Flags, LinearProgram
from supplychain.solve.highs import Certificate, Solution
from supplychain.solve.start import BASIC, LOWER, Start


@dataclass(frozen=True)
class Past:
    """The part of a program that an earlier answer settles.

    Attributes
    ----------
    arrays : the program as it is solved now, the decided columns at their values and the settled rows without bounds.
    decided, settled : which of its columns and rows these are.
    """

    earlier: Solution
    arrays: Arrays
    decided: Flags
    settled: Flags

    @classmethod
    def of(cls, earlier: Solution, program: LinearProgram, decided: Flags) -> Past:
        """What an earlier answer settles of a program of much the same columns; a column that it lacks was nil."""
        whole = program.arrays()
        value = looked_up(earlier.arrays.column_key, earlier.value, whole.column_key, 0.0) / whole.column_unit
        value = np.clip(value, whole.lower, whole.upper)
        entries = np.diff(whole.matrix.tocsr().indptr)
        settled = (entries > 0) & (abs(whole.matrix).sign() @ decided == entries)
        arrays = replace(
            whole,
            lower=np.where(decided, value, whole.lower),
            upper=np.where(decided, value, whole.upper),
            guess=np.where(decided & np.isfinite(whole.guess), value, whole.guess),
            row_lower=np.where(settled, -np.inf, whole.row_lower),
            row_upper=np.where(settled, np.inf, whole.row_upper),
        )
        return cls(earlier, arrays, decided, settled)

    def start(self, start: Start) -> Start:
        """The earlier basis with what is settled put to rest."""
        columns = np.isin(start.column_key, self.arrays.column_key[self.decided])
        rows = np.isin(start.row_key, self.arrays.row_key[self.settled])
        at_rest = np.where(columns, LOWER, start.columns).astype(np.int8)
        return replace(start, columns=at_rest, rows=np.where(rows, BASIC, start.rows).astype(np.int8))

    def joined(self, later: Solution) -> Solution:
        """The later answer with the earlier one's values, reduced costs and duals where that has settled them."""
        then, now = self.earlier.arrays, self.arrays
        value = np.where(self.decided, now.lower * now.column_unit, later.value)
        reduced = looked_up(then.column_key, self.earlier.reduced, now.column_key, 0.0)
        dual = looked_up(then.row_key, self.earlier.dual, now.row_key, 0.0)
        return replace(
            later,
            value=value,
            reduced=np.where(self.decided, reduced, later.reduced),
            dual=np.where(self.settled, dual, later.dual),
            certificate=_worst(self.earlier.certificate, later.certificate),
        )


def _worst(one: Certificate, other: Certificate) -> Certificate:
    """What both show together."""
    return replace(
        other,
        primal_residual=max(one.primal_residual, other.primal_residual),
        dual_residual=max(one.dual_residual, other.dual_residual),
        gap=max(one.gap, other.gap),
        iterations=one.iterations + other.iterations,
        seconds=one.seconds + other.seconds,
    )
