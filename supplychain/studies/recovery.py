"""What becomes of a loss that lasts: every later year, with what is built after it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from supplychain.program.decided import decided
from supplychain.program.lp import LinearProgram
from supplychain.results.unfold import Solved
from supplychain.solve.highs import Solution, Solver
from supplychain.solve.part import Part
from supplychain.studies.findings import Step
from supplychain.studies.headlines import use_of
from supplychain.studies.losses import losses
from supplychain.system.build import System


def recoveries(solved: Solved, names: Sequence[str], year: int, market: str, step: Step) -> pd.DataFrame:
    """Some losses from a year to the end of the horizon: nobody knew of them, then all is decided anew.

    Parameters
    ----------
    names : of the losses.

    Returns
    -------
    DataFrame: name, year, item (the mineral of which the market goes without most in the year of the loss), unmet_share
    of its use, unmet_musd (all that the market goes without beyond the plan, at normal prices), price_multiple.
    """
    lp, system = solved.program, solved.system
    open_ = ~decided(lp, year)
    part = Part.of(solved.solution, lp.money_unit, open_, np.zeros(lp.rows, dtype=bool))
    later = [y for y in system.years["year"] if y >= year]
    known = {hit.name: hit for hit in losses(lp, system, solved.solution, part, later)}
    solver = Solver(lp, part.arrays)
    base = solver.solve()
    basis, rows = solver.highs.getBasis(), []
    for name in names:
        step(f"after the loss of {name}")
        answer = solver.moved(known[name].taken_from(part.arrays), basis)
        rows.append(_path(lp, system, part, base, answer, later, market).assign(name=name))
    return pd.concat(rows, ignore_index=True)


def _path(
    lp: LinearProgram, system: System, part: Part, base: Solution, answer: Solution, years: list[int], market: str
) -> pd.DataFrame:
    """What the market goes without, year by year."""
    forgone = lp.variables["forgone"]
    table = forgone.table[(forgone.table["market"] == market) & forgone.table["year"].isin(years)]
    place = part.columns_of(forgone.first + table.index.to_numpy())
    more = table.assign(t=answer.value[place] - base.value[place]).groupby(["mineral", "year"])["t"].sum().unstack()
    share = (more / use_of(system, market).reindex(more.index)[more.columns]).fillna(0.0)
    item = str(share[years[0]].idxmax())
    price = system.minerals.set_index("mineral")["price"]
    told = {"unmet_share": share.loc[item], "unmet_musd": more.mul(price, axis=0).sum() / 1e6}
    told["price_multiple"] = _prices(lp, system, part, answer, item, market) / price[item]
    return pd.DataFrame(told).reindex(years).rename_axis("year").reset_index().assign(item=item)


def _prices(lp: LinearProgram, system: System, part: Part, answer: Solution, mineral: str, market: str) -> pd.Series:
    """A mineral's price by year, USD/t."""
    rows = lp.constraints["demand"]
    table = rows.table.query("mineral == @mineral and market == @market")
    table = table[np.isin(rows.first + table.index.to_numpy(), part.rows)]
    dual = answer.dual[part.rows_of(rows.first + table.index.to_numpy())]
    return pd.Series(dual, table["year"]) / system.years.set_index("year")["weight"]
