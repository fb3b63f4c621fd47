"""The one answer: which of several equally cheap plans is reported, and which of several prices that support it.

Each column costs a hair more than it says and each bound is a hair looser, by numbers drawn from their names; rows'
bounds ten times as much as columns', and ten times that more is asked for. A column's hair is much the same in every
year, so that of plans as cheap one is reported that does not turn to and fro. The program so told apart has one optimal
basis, wherever the simplex starts (tolerances are absolute, so it is posed in finer units); the true program is then
solved from it. So a price is that of a little more, and a limit's shadow price is what a little more room saves.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from supplychain.program.lp import Arrays, Floats, Keys

OF_YEAR = 0.1  # of a hair, by the year alone
HAIR = 1e-5  # of what a unit of a column is worth; of the unit of a bound
ROOM, MORE = 10 * HAIR, 100 * HAIR
FINE = 128.0
LEAST_WORTH = 1.0  # of a unit of a column, in the objective's unit: less would drown in the solver's tolerance


def tilted(arrays: Arrays) -> Arrays:
    """The program with each column dearer by up to a hundred-thousandth of its worth, much the same in every year."""
    worth = np.maximum(arrays.worth, LEAST_WORTH)
    drawn = (1.0 - OF_YEAR) * _drawn(arrays.column_kind, 0) + OF_YEAR * _drawn(arrays.column_key, 0)
    return replace(arrays, cost=arrays.cost + HAIR * worth * drawn)


def loosened(arrays: Arrays, more: float = MORE) -> Arrays:
    """The program with each bound a hair looser and a hair more asked for; what is fixed stays fixed."""
    lower, upper = _apart(arrays.lower, arrays.upper, arrays.column_key, HAIR)
    row_lower, row_upper = _apart(arrays.row_lower, arrays.row_upper, arrays.row_key, ROOM)
    asked = more * arrays.asked * _drawn(arrays.row_key, 3)
    return replace(arrays, lower=lower, upper=upper, row_lower=row_lower + asked, row_upper=row_upper + asked)


def finer(arrays: Arrays) -> Arrays:
    """The same program in units of columns, rows and money that are smaller by `FINE`."""
    scaled = ("cost", "lower", "upper", "row_lower", "row_upper")
    return replace(arrays, **{name: FINE * getattr(arrays, name) for name in scaled})


def _apart(lower: Floats, upper: Floats, key: Keys, hair: float) -> tuple[Floats, Floats]:
    room = hair * (lower < upper)
    return lower - room * _drawn(key, 1), upper + room * _drawn(key, 2)


def _drawn(key: Keys, salt: int) -> Floats:
    """A number from a half to 1 for each key."""
    mixed = (key + np.uint64(salt)) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)
    return 0.5 + (mixed >> np.uint64(11)).astype(float) / 2.0**54
