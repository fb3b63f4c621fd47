"""A basis carried from one program to the next, by the names of columns and rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from supplychain.program.labels import looked_up
from supplychain.program.lp import Arrays, Floats, Keys

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
    """The status of every column and row in a basis, by their keys.

    Attributes
    ----------
    linking : what the columns that link blocks were.
    """

    column_key: Keys
    columns: Statuses
    row_key: Keys
    rows: Statuses
    linking_key: Keys
    linking: Floats

    @classmethod
    def of(cls, arrays: Arrays, basis: Any, value: Floats) -> Start:
        """The basis of a program that HiGHS has solved, with the columns at these values."""
        columns, rows = statuses_of(basis)
        linking = np.isfinite(arrays.guess)
        return cls(arrays.column_key, columns, arrays.row_key, rows, arrays.column_key[linking], value[linking])

    def statuses(self, arrays: Arrays) -> tuple[Statuses, Statuses]:
        """Those of another program's columns and rows: new columns rest at their lower bound, new rows are slack."""
        columns = _looked_up(self.column_key, self.columns, arrays.column_key, LOWER)
        return columns, _looked_up(self.row_key, self.rows, arrays.row_key, BASIC)

    def guess(self, arrays: Arrays) -> Floats:
        """What the columns that link another program's blocks may be: what they were; of new ones, its own guess."""
        known = looked_up(self.linking_key, self.linking, arrays.column_key, np.nan)
        return np.where(np.isnan(known), arrays.guess, known)


def statuses_of(basis: Any) -> tuple[Statuses, Statuses]:
    """Those of the columns and rows of HiGHS's basis."""
    columns, rows = (np.array([int(s) for s in side], dtype=np.int8) for side in (basis.col_status, basis.row_status))
    return columns, rows


def basis_of(columns: Statuses, rows: Statuses) -> Any:
    """HiGHS's basis with these statuses; it mends what has too many or too few that are basic."""
    basis = highspy.HighsBasis()
    basis.col_status, basis.row_status = ([STATUSES[i] for i in side.tolist()] for side in (columns, rows))
    basis.valid = True
    return basis


def _looked_up(known: Keys, statuses: Statuses, wanted: Keys, missing: int) -> Statuses:
    if len(known) == len(wanted) and (known == wanted).all():
        return statuses
    return looked_up(known, statuses, wanted, missing)
