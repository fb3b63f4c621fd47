"""A basis carried from one program to the next, by the names of columns and rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from supplychain.program.labels import looked_up
from supplychain.program.lp import Arrays, Keys

STATUSES = (
    highspy.HighsBasisStatus.kLower,
    highspy.HighsBasisStatus.kBasic,
    highspy.HighsBasisStatus.kUpper,
    highspy.HighsBasisStatus.kZero,
    highspy.HighsBasisStatus.kNonbasic,
)
LOWER, BASIC = 0, 1
Statuses = NDArray[np.int8]


@dataclass(frozen=True)
class Start:
    """The status of every column and row in a basis, by their keys."""

    column_key: Keys
    columns: Statuses
    row_key: Keys
    rows: Statuses

    @classmethod
    def of(cls, arrays: Arrays, basis: Any) -> Start:
        """The basis of a program that HiGHS has solved."""
        columns, rows = (
            np.array([int(s) for s in side], dtype=np.int8) for side in (basis.col_status, basis.row_status)
        )
        return cls(arrays.column_key, columns, arrays.row_key, rows)

    def basis(self, arrays: Arrays) -> Any:
        """A basis of another program: new columns rest at their lower bound, new rows are slack."""
        basis = highspy.HighsBasis()
        basis.col_status = _looked_up(self.column_key, self.columns, arrays.column_key, LOWER)
        basis.row_status = _looked_up(self.row_key, self.rows, arrays.row_key, BASIC)
        basis.valid = True
        return basis


def _looked_up(known: Keys, statuses: Statuses, wanted: Keys, missing: int) -> list[Any]:
    if len(known) == len(wanted) and (known == wanted).all():
        found = statuses
    else:
        found = looked_up(known, statuses, wanted, missing)
    return [STATUSES[status] for status in found.tolist()]
