"""Which facts carry the cost: by how many percent it changes when one of them changes by one.

At an optimum plan and prices need not be found anew for that: a small change of the program's numbers changes the cost
as if both stood still (the envelope theorem). So facts are changed, the program is written again, and nothing is
solved. Facts are tried in groups first; a group that matters less than what has been found is not looked into.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from supplychain.facts.dataset import Dataset
from supplychain.facts.reading import figure, schema
from supplychain.program.equations import build_program
from supplychain.program.lp import Floats, Ints, Keys, LinearProgram
from supplychain.scenario.parts import fitted
from supplychain.scenario.scenario import Scenario
from supplychain.solve.highs import Solution, supported
from supplychain.system.build import base_tables, build_system

HAIR = 1e-3  # by which a fact is changed
MOST = 20
LEAD_TIME = "lead_time_years"
COVERED = 0.6  # of the cost: facts of the minerals that make it up are looked into
# The tables whose figures are looked into. Shares and the model's own choices are not among them: the first add up to
# one, the second are judged by hindcasts.
TABLES = (
    *("prices", "production", "capacity", "us_supply", "costs", "economics", "inputs", "consumption", "demand"),
    *("intensities", "stages", "deployment", "services", "freight", "input_prices", "countries", "elasticities"),
    *("stage_defaults", "outlook"),
)
COLUMNS = ["table", "column", "row", "value", "elasticity", "source", "estimate"]


@dataclass(frozen=True)
class Held:
    """Plan and prices of the whole answer, found by the names of columns and rows, in the user's units."""

    column: pd.Series
    reduced: pd.Series
    row: pd.Series

    @classmethod
    def of(cls, solution: Solution) -> Held:
        """What an answer holds."""
        a = solution.arrays
        columns, rows = pd.Index(a.column_key), pd.Index(a.row_key)
        return cls(
            pd.Series(solution.value, columns), pd.Series(solution.reduced, columns), pd.Series(solution.dual, rows)
        )

    def cost(self, program: LinearProgram) -> float:
        """What a program's numbers cost at this plan and these prices (its Lagrangian)."""
        a = program.arrays(scaled=False)
        x, r = _found(self.column, a.column_key), _found(self.reduced, a.column_key)
        y = _found(self.row, a.row_key)
        rows = supported(y, a.row_lower, a.row_upper) - float(y @ (a.matrix @ x))
        return program.offset + float(a.cost @ x) + rows + supported(r, a.lower, a.upper)


def _found(known: pd.Series, keys: Keys) -> Floats:
    return known.reindex(keys, fill_value=0.0).to_numpy()


@dataclass(frozen=True)
class _Part:
    """The model of some minerals, and what its numbers cost at the whole answer's plan and prices."""

    known: Dataset
    story: Scenario
    held: Held
    base: float

    @classmethod
    def of(cls, known: Dataset, story: Scenario, held: Held, minerals: Iterable[str]) -> _Part:
        """The part of these minerals."""
        part = known.only(minerals)
        told = replace(story, policies=fitted(story.policies, part))
        return cls(part, told, held, held.cost(_program(part, told)))

    def change(self, table: str, rows: Ints) -> float:
        """By how much the cost changes when some facts all become larger by a hair."""
        facts, column = self.known[table], figure(table)
        changed = facts[column].to_numpy(dtype=float, copy=True)
        changed[rows] *= 1.0 + HAIR
        tables = self.known.tables | {table: facts.assign(**{column: changed})}
        return self.held.cost(_program(replace(self.known, tables=tables), self.story)) - self.base


def _program(known: Dataset, story: Scenario) -> LinearProgram:
    return build_program(build_system(known, story, base_tables(known, story.years)))


@dataclass(frozen=True)
class _Facts:
    """Some rows of a column of a part's table; `weight` is how much the cost hangs on them, measured or inferred."""

    part: _Part
    table: str
    rows: Ints
    weight: float
    measured: bool = True

    @classmethod
    def of(cls, part: _Part, table: str, rows: Ints, cost: float) -> _Facts:
        """The facts with their weight."""
        return cls(part, table, rows, part.change(table, rows) / (HAIR * cost))

    def closer(self, cost: float) -> Iterator[_Facts]:
        """The group in two; one fact that was inferred, measured.

        To first order what one half does not weigh the other does, so only one is measured.
        """
        if len(self.rows) == 1:
            yield _Facts.of(self.part, self.table, self.rows, cost)
            return
        one, other = np.array_split(self.rows, 2)
        half = _Facts.of(self.part, self.table, one, cost)
        yield half
        yield replace(self, rows=other, weight=self.weight - half.weight, measured=False)

    def told(self) -> tuple[object, ...]:
        """The one fact: table, column, row, value, elasticity, source, estimate."""
        row, column = self.part.known[self.table].iloc[int(self.rows[0])], figure(self.table)
        keys = schema()[self.table]["schema"]["primaryKey"]
        named = ", ".join(f"{row[key]:g}" if isinstance(row[key], float) else str(row[key]) for key in keys)
        named = named.replace(", nan", "")
        return (self.table, column, named, float(row[column]), self.weight, row["source"], row["estimate"])


def drivers(story: Scenario, known: Dataset, solution: Solution, cost: pd.Series, count: int = MOST) -> pd.DataFrame:
    """The facts to which the least cost is most elastic.

    Parameters
    ----------
    story : with policies that the facts fit. solution : of the whole. cost : of each mineral: those that make
        up most of it are looked into.

    Returns
    -------
    DataFrame, most elastic first: table, column, row (its keys), value, elasticity (percent of cost per percent of the
    fact, plan and prices as they are), source, estimate (how it was made; blank for a figure of the source).
    """
    held, whole = Held.of(solution), abs(solution.objective)
    ranked = cost.sort_values(ascending=False, kind="stable")
    leading = ranked.index[: int((ranked.cumsum() < COVERED * ranked.sum()).sum()) + 1]
    parts = [_Part.of(known, story, held, [mineral]) for mineral in leading]
    together = _Part.of(known, story, held, leading)
    groups = [
        _Facts.of(part, table, _varied(part.known, table, story.years[0]), whole)
        for table in TABLES
        for part in (parts if "mineral" in known[table] else [together])
        if len(_varied(part.known, table, story.years[0]))
    ]
    found = pd.DataFrame(_heaviest(groups, whole, count), columns=COLUMNS)
    order = found["elasticity"].abs().sort_values(ascending=False, kind="stable").index
    return found.loc[order].reset_index(drop=True)


def _varied(known: Dataset, table: str, base_year: int) -> Ints:
    """The rows that could be a little otherwise: no index of the base year, which is 1, and no number of years."""
    facts = known[table]
    if table == "demand":
        return np.flatnonzero(facts["year"] != base_year)
    return np.flatnonzero(facts["item"] != LEAD_TIME) if "item" in facts else np.arange(len(facts))


def _heaviest(groups: Iterable[_Facts], cost: float, count: int) -> Iterator[tuple[object, ...]]:
    """The heaviest single facts: always the heaviest group is looked into."""
    number = itertools.count()
    heap = [(-abs(group.weight), next(number), group) for group in groups]
    heapq.heapify(heap)
    while heap and count:
        weight, _, group = heapq.heappop(heap)
        if not weight:
            return
        if len(group.rows) == 1 and group.measured:
            count -= 1
            yield group.told()
            continue
        for part in group.closer(cost):
            heapq.heappush(heap, (-abs(part.weight), next(number), part))
