"""What the loss of each supplier, plant or leg would cost in one year: the worst single losses, and the worst pairs.

In the year of the loss nothing is built that was not begun before: idle plants, stocks and thrift must do. Later years
are not solved; stocks that are drawn on cost what a tonne costs then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from supplychain.facts.dataset import Dataset
from supplychain.facts.errors import InfeasibleError
from supplychain.program.lp import LinearProgram
from supplychain.results.run import opened
from supplychain.results.unfold import Solved, unfold
from supplychain.scenario.scenario import Scenario
from supplychain.solve.highs import Solution, Solver
from supplychain.solve.part import Part
from supplychain.studies.findings import NO_PLAN, OPTIMAL, Findings, Step, about, checked_year
from supplychain.studies.headlines import MARKET, use_of
from supplychain.studies.losses import COUNTRY, SUPPLIER, Loss, losses
from supplychain.studies.recovery import recoveries
from supplychain.system.build import System

WORST = 30  # single losses of which all pairs are tried
LARGEST = 3  # suppliers of a mineral at a stage of which all pairs are tried
UNKNOWN = {"item": "", "unmet_share": np.nan, "unmet_musd": np.inf, "price_multiple": np.nan}
UNKNOWN |= dict.fromkeys(("vehicles", "gw", "vehicles_worth", "gw_worth"), np.nan)
GONE = 1e-6  # of a mineral's use: less is nothing


def screen(
    name: str | Path | Scenario,
    data: str | Path | Dataset | None = None,
    year: int | None = None,
    together: int = 1,
    recover: int = 0,
    step: Step = lambda part: None,
) -> Findings:
    """Lose each supplier, plant and leg of a plan in turn, and rank them by what the United States then go without.

    Parameters
    ----------
    name : path or bare name of a scenario file, or a Scenario. data : a data folder or a Dataset (default: the shipped
        facts). year : of the loss (default: the middle of the horizon).
    together : 2 to lose pairs too: all of the `WORST` single losses, and of the `LARGEST` suppliers at each stage.
    recover : so many of the worst losses are also followed to the end of the horizon, with what is built after them.
    step : is told what is being lost.

    Returns
    -------
    Findings with the tables `losses` (one row a loss, worst first: kind, mineral, stage, country, name, tonnes, status;
    cost_musd, what the year costs more, all markets; unmet_musd, what the United States go without, at normal prices;
    item, the mineral of which they go without most; unmet_share of its use; price_multiple, its price over the normal
    one; vehicles and gw not delivered; vehicles_worth and gw_worth, what the missing tonnes would have equipped),
    `pairs` (first, second, and the same; beyond_musd: the cost beyond the sum of both) and `recovery`.

    Raises
    ------
    InputError : the scenario or the data cannot be used. InfeasibleError : no plan.
    """
    known, story = opened(name, data)
    year = checked_year(story, year, len(story.years) // 2)
    solved = unfold(story, known)
    plan = _Year.of(solved, year)
    hits = losses(solved.program, solved.system, solved.solution, plan.part, [year])
    tables = {"losses": _single(plan, hits, step)}
    complete = len(tables["losses"]) == len(hits)
    if together > 1 and complete:
        tables["pairs"] = _pairs(plan, hits, tables["losses"], step)
    if recover and complete:
        tables["recovery"] = recoveries(solved, list(tables["losses"]["name"][:recover]), year, MARKET, step)
    manifest = about(story, known, year=year, together=together, recover=recover) | {"complete": complete}
    shown = {table: content.reset_index(drop=True) for table, content in tables.items()}
    return Findings("screen", story.name, story.title, shown, manifest)


@dataclass(frozen=True)
class _Year:
    """One year of a plan: a program in which nothing can be built, and what is to be read from its answers."""

    system: System
    program: LinearProgram
    part: Part
    solver: Solver
    basis: object
    base: Solution
    year: int
    weight: float

    @classmethod
    def of(cls, solved: Solved, year: int) -> _Year:
        lp, solution = solved.program, solved.solution
        part = Part.of(solution, lp.money_unit, lp.columns_where(_decides(year)), lp.rows_where(_later(year)))
        solver = Solver(lp, part.arrays)
        base = solver.solve()
        weight = float(solved.system.years.set_index("year")["weight"][year])
        return cls(solved.system, lp, part, solver, solver.highs.getBasis(), base, year, weight)

    def without(self, hits: Iterable[Loss]) -> dict[str, object]:
        """What the loss of some things costs."""
        arrays = self.part.arrays
        for hit in hits:
            arrays = hit.taken_from(arrays)
        try:
            answer = self.solver.moved(arrays, self.basis)
        except InfeasibleError:
            return {"status": NO_PLAN, "cost_musd": np.inf} | UNKNOWN
        cost = (answer.objective - self.base.objective) / self.weight / 1e6
        return {"status": OPTIMAL, "cost_musd": max(cost, 0.0)} | self._unmet(answer)

    def _unmet(self, answer: Solution) -> dict[str, object]:
        short = self._of("forgone", answer).groupby("mineral")["more"].sum()
        use = use_of(self.system, MARKET)[self.year].reindex(short.index)
        share = (short / use).where(short > GONE * use, 0.0).fillna(0.0)
        lost = self._of("undelivered", answer).groupby("unit")["more"].sum().reindex(["vehicle", "MW"], fill_value=0.0)
        price = self.system.minerals.set_index("mineral")["price"]
        worst = str(share.idxmax()) if share.max() > 0 else ""
        return {
            "item": worst,
            "unmet_share": float(share.max()),
            "unmet_musd": float((short.where(share > 0, 0.0) * price.reindex(short.index)).sum() / 1e6),
            "price_multiple": self._price(answer, worst) / (price[worst] or np.nan) if worst else 1.0,
            "vehicles": float(lost["vehicle"]),
            "gw": float(lost["MW"]) / 1e3,
            **self._worth(worst, float(short.get(worst, 0.0))),
        }

    def _of(self, name: str, answer: Solution) -> pd.DataFrame:
        """A variable's rows of the year in the market, with how much `more` it is than in the plan."""
        v = self.program.variables[name]
        table = v.table[v.table["year"] == self.year]
        if "market" in table:
            table = table[table["market"] == MARKET]
        place = self.part.columns_of(v.first + table.index.to_numpy())
        return table.assign(more=answer.value[place] - self.base.value[place])

    def _price(self, answer: Solution, mineral: str) -> float:
        rows = self.program.constraints["demand"]
        row = rows.table.query("mineral == @mineral and market == @MARKET and year == @self.year").index
        return float(answer.dual[self.part.rows_of(rows.first + row.to_numpy())][0] / self.weight)

    def _worth(self, mineral: str, tonnes: float) -> dict[str, float]:
        """How many vehicles, and gigawatts, the tonnes would have equipped in the reference mix."""
        mix = self.system.technologies.query("year == @self.year and share > 0")
        needs = self.system.intensities.query("mineral == @mineral")
        takes = mix.merge(needs, on="technology").merge(self.system.services[["service", "unit"]].drop_duplicates())
        per_unit = (takes["share"] * takes["t_per_unit"]).groupby([takes["unit"], takes["service"]]).sum()
        most = {unit: tonnes / least for unit, least in per_unit[per_unit > 0].groupby("unit").min().items()}
        return {"vehicles_worth": most.get("vehicle", 0.0), "gw_worth": most.get("MW", 0.0) / 1e3}


def _decides(year: int) -> Callable[[pd.DataFrame], ArrayLike]:
    """The columns that a year may still decide when it comes: its own, but for what comes on line in it."""
    return lambda table: (table["year"] == year) & ("lead_years" not in table)


def _later(year: int) -> Callable[[pd.DataFrame], ArrayLike]:
    """The rows of later years."""
    return lambda table: table["year"] > year if "year" in table else False


def _single(plan: _Year, hits: Sequence[Loss], step: Step) -> pd.DataFrame:
    rows: list[dict[str, object]] = []
    with suppress(KeyboardInterrupt):
        for i, hit in enumerate(hits):
            step(f"losing {hit.name}, {i + 1} of {len(hits)}")
            rows.append(hit.label | plan.without([hit]))
    return _worst_first(rows)


def _worst_first(rows: list[dict[str, object]]) -> pd.DataFrame:
    return pd.DataFrame(rows).sort_values(["unmet_musd", "cost_musd"], ascending=False, kind="stable")


def _pairs(plan: _Year, hits: Sequence[Loss], single: pd.DataFrame, step: Step) -> pd.DataFrame:
    """Pairs of the worst suppliers and legs, and of the largest suppliers of one thing."""
    rows, pairs = [], sorted(_candidates(single))
    for n, (i, j) in enumerate(pairs):
        step(f"losing {hits[i].name} and {hits[j].name}, {n + 1} of {len(pairs)}")
        told = {"first": hits[i].name, "second": hits[j].name} | plan.without([hits[i], hits[j]])
        alone = single.loc[[i, j], "cost_musd"].sum()
        beyond = told["cost_musd"] - alone  # type: ignore[operator]
        rows.append(told | {"beyond_musd": beyond if abs(beyond) > GONE * alone else 0.0})
    return _worst_first(rows)


def _candidates(single: pd.DataFrame) -> set[tuple[int, int]]:
    alone = single[single["kind"] != COUNTRY]
    pairs = set(combinations(sorted(alone.index[:WORST]), 2))
    for _, group in alone[alone["kind"] == SUPPLIER].groupby(["mineral", "stage"]):
        largest = group.sort_values("tonnes", ascending=False, kind="stable").index[:LARGEST]
        pairs |= set(combinations(sorted(largest), 2))
    return pairs
