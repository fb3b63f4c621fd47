"""Headline figures of a plan from its columns alone: for studies whose plans never become whole results."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from supplychain.facts.dataset import Dataset
from supplychain.facts.errors import Fault, InputError, nearest
from supplychain.program.lp import Floats, LinearProgram
from supplychain.results.indicators import UPSTREAM
from supplychain.scenario.policies.base import COUNTRY, members
from supplychain.system.build import System

MARKET, CONCERN = "USA", "feoc"
KEYS = ["mineral", "stage", "market"]


def passing(lp: LinearProgram, value: Floats, market: str, year: int) -> pd.DataFrame:
    """Who supplies a market in a year, at mine and refinery: mineral, stage, country, column, tonnes, share.

    Parameters
    ----------
    value : of all columns, the user's units.
    """
    through, total = lp.variables["through"], lp.variables["total"]
    table = through.table[[*KEYS, "country", "year"]].assign(column=through.first + np.arange(len(through)))
    inside = (table["year"] == year) & (table["market"] == market) & table["stage"].isin(UPSTREAM)
    table = table[inside].drop(columns=["market", "year"])
    whole = total.table[["mineral", "market", "year"]].assign(t=value[total.first : total.first + len(total)])
    whole = whole[(whole["year"] == year) & (whole["market"] == market)].set_index("mineral")["t"]
    table = table.assign(tonnes=value[table["column"]])
    share = table["tonnes"] / table["mineral"].map(whole).replace(0.0, np.nan)
    return table.assign(share=share.fillna(0.0)).reset_index(drop=True)


def group_shares(supply: pd.DataFrame, group: Iterable[str]) -> pd.Series:
    """A group's share of each mineral at mine or refinery, whichever is higher, by mineral.

    Parameters
    ----------
    supply : as `passing` gives it.
    """
    inside = supply["share"].where(supply["country"].isin(set(group)), 0.0)
    return inside.groupby([supply["mineral"], supply["stage"]]).sum().groupby("mineral").max()


def worth_of_use(system: System) -> pd.Series:
    """What the use of each mineral is worth at its normal price, all markets and years, present value."""
    use = system.use.merge(system.years, on="year").merge(system.minerals[["mineral", "price"]], on="mineral")
    worth = use["base_t"] * use["growth"] * use["weight"] * use["price"].fillna(0.0)
    return worth.groupby(use["mineral"]).sum()


def members_of(known: Dataset, group: str) -> set[str]:
    """The countries of a group, or the one country of that id.

    Raises
    ------
    InputError : there is neither; names the nearest.
    """
    if group not in (names := COUNTRY.known(known)):
        what = f"no group or country {group!r}; {nearest(group, names)}"
        raise InputError([Fault(known.path / "groups.csv", 1, 1, what)])
    return set(members(known, group))


def use_of(system: System, market: str) -> pd.DataFrame:
    """What a market uses of each mineral (rows) in each year (columns), t."""
    use = system.use[system.use["market"] == market]
    return (use["base_t"] * use["growth"]).groupby([use["mineral"], use["year"]]).sum().unstack()
