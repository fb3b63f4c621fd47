"""What has been decided when news come."""

from __future__ import annotations

from supplychain.program.lp import Flags, LinearProgram


def decided(lp: LinearProgram, year: int) -> Flags:
    """Which columns are settled when news come in a year: all of the years before, and what is being built.

    A plant takes its lead time from the decision to coming on line: what comes on line sooner after the news was begun
    before them. It arrives, and nothing can join it.
    """
    return lp.columns_where(lambda table: table["year"] < year + table.get("lead_years", 0))
