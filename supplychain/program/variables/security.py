"""The columns of security: what a loss of suppliers is answered with, and squares of what passes through countries."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.facts.dataset import PLACE
from supplychain.program.lp import LinearProgram
from supplychain.program.variables.steps import sizes
from supplychain.system.build import System

SUPPLY = "supply"
SERVED = ["mineral", "market", "year"]


def reserves_of_loss(lp: LinearProgram, system: System) -> None:
    """`spare`: what a place could make beyond its output, and `ready`: what private stocks could give in the year.

    They are there only for the minerals, stages, markets and years of a policy that asks for them, and cost nothing:
    capacity built for them pays its annuity. Of two markets, or minerals of one ore, each has its own.
    """
    through = lp.variables["through"].table
    asked = system.losses[["mineral", "stage", "market", "year"]].drop_duplicates()
    spare = through[[*PLACE, "market", "year", "ore", "ratio"]].merge(asked, on=["mineral", "stage", "market", "year"])
    lp.variable("spare", spare, **sizes(spare, system), label=[*PLACE, "market", "year"])
    ready = lp.variables["total"].table[SERVED].merge(asked[SERVED].drop_duplicates(), on=SERVED)
    lp.variable("ready", ready, **sizes(ready, system), label=SERVED)


def squares(lp: LinearProgram, system: System) -> None:
    """S: the square of what passes through each country over all supply, where concentration is limited."""
    keys = ["mineral", "stage", "market", "year"]
    through, sold = lp.variables["through"].table, lp.variables["delivered"].table
    rows = np.flatnonzero((sold["step"] == 0) & sold["mineral"].isin(system.concentrations["mineral"].unique()))
    last = sold.iloc[rows].rename(columns={"supplier": "country"}).assign(stage=SUPPLY)
    places = pd.concat([part[[*PLACE, "market", "year"]] for part in (through, last)], ignore_index=True)
    table = system.concentrations.merge(places, on=keys)
    label = ["policy", *PLACE, "market", "year"]
    lp.variable("squares", table, **sizes(table, system), label=label)
