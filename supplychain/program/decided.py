"""What has been decided when news come."""

from __future__ import annotations

import numpy as np

from supplychain.program.lp import Flags, LinearProgram


def decided(lp: LinearProgram, year: int) -> Flags:
    """Which columns are settled when news come in a year: all of the years before, and what is being built.

    A plant takes its lead time from the decision to coming on line: what comes on line sooner after the news was begun
    before them. It arrives, and nothing can join it.
    """
    parts = []
    for variable in lp.variables.values():
        table = variable.table
        lead = table["lead_years"].to_numpy() if "lead_years" in table else 0
        parts.append(table["year"].to_numpy() < year + lead)
    return np.concatenate(parts).astype(bool)
