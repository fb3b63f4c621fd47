"""Two stages: some columns are decided now, alike in all scenarios; the rest when the scenario is known.

The extensive form writes the later columns once for each scenario. Risk is a mean of expected cost and of CVaR, the
mean of the worst part of the costs (Rockafellar and Uryasev, 2000: a least over one free column, so it stays linear).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from supplychain.program.lp import Arrays, Flags, Floats, Ints, LinearProgram
from supplychain.solve.highs import Certificate, Solver

KNOWN = 1e-8  # of a row's unit: so far what was decided now is known


@dataclass(frozen=True)
class Risk:
    """How costs that may come are weighed: (1 - weight) x their mean + weight x their CVaR at the level."""

    weight: float = 0.0
    level: float = 0.9

    def of(self, cost: Floats, probability: Floats) -> float:
        """What costs of these probabilities weigh."""
        mean = float(probability @ cost)
        return (1.0 - self.weight) * mean + self.weight * cvar(cost, probability, self.level)


def cvar(cost: Floats, probability: Floats, level: float) -> float:
    """The mean of the worst part, 1 - level, of the costs."""
    worst = np.argsort(-cost, kind="stable")
    tail, p = 1.0 - level, probability[worst]
    taken = np.clip(tail - (np.cumsum(p) - p), 0.0, p)
    return float(taken @ cost[worst] / tail)


@dataclass(frozen=True)
class TwoStage:
    """A program for each scenario, and which of its columns are decided now.

    Attributes
    ----------
    programs : of the scenarios, in the same units of columns and money. now : by column; the columns decided now have
        the same keys, costs and order in all. probability : of the scenarios, adding up to 1.
    """

    programs: Sequence[Arrays]
    now: Sequence[Flags]
    probability: Floats
    risk: Risk = Risk()

    def __post_init__(self) -> None:
        first = self.programs[0].column_key[self.now[0]]
        alike = [np.array_equal(first, a.column_key[now]) for a, now in zip(self.programs, self.now, strict=True)]
        if not all(alike):
            raise ValueError("scenarios differ in what is decided now")

    @property
    def first_cost(self) -> Floats:
        """Of the columns decided now."""
        return self.programs[0].cost[self.now[0]]


@dataclass(frozen=True)
class Plan:
    """What is decided now, and what it comes to.

    Attributes
    ----------
    now : values of the columns decided now. cost : of each scenario, both stages. weighed : by the problem's risk.
    """

    now: Floats
    cost: Floats
    weighed: float
    certificate: Certificate | None = None


def extensive(problem: TwoStage) -> tuple[Arrays, list[Ints]]:
    """The whole problem as one program, and where each scenario's columns stand in it."""
    places, count = [], int(problem.now[0].sum())
    for now in problem.now:
        place = np.empty(len(now), dtype=np.int64)
        later = int((~now).sum())
        place[now], place[~now] = np.arange(now.sum()), count + np.arange(later)
        places.append(place)
        count += later
    parts = [_rows(a, place, count, now, i) for i, (a, place, now) in enumerate(_each(problem, places))]
    whole = _together(problem, parts, places, count)
    return (_with_cvar(whole, problem, places) if problem.risk.weight else whole), places


def _each(problem: TwoStage, places: list[Ints]) -> list[tuple[Arrays, Ints, Flags]]:
    return list(zip(problem.programs, places, problem.now, strict=True))


def _rows(a: Arrays, place: Ints, count: int, now: Flags, scenario: int) -> tuple[sparse.csr_matrix, Arrays]:
    """A scenario's rows in the columns of the whole; those of now alone stand with the first scenario."""
    by_row = a.matrix.tocsr()
    later = np.diff(by_row[:, ~now].indptr) > 0
    kept = np.flatnonzero(later) if scenario else np.arange(a.matrix.shape[0])
    entries = by_row[kept].tocoo()
    wide = sparse.csr_matrix((entries.data, (entries.row, place[entries.col])), shape=(len(kept), count))
    return wide, a.part(kept, np.arange(0), by_row[kept][:, :0])


def _together(
    problem: TwoStage, parts: list[tuple[sparse.csr_matrix, Arrays]], places: list[Ints], count: int
) -> Arrays:
    first, columns = problem.programs[0], {}
    for name in ("cost", "lower", "upper", "column_unit", "guess", "worth", "column_key", "column_kind"):
        values = np.zeros(count, dtype=getattr(first, name).dtype)
        for a, place in zip(problem.programs, places, strict=True):
            values[place] = getattr(a, name)
        columns[name] = values
    columns["cost"] = _weighted(problem, places, count, 1.0 - problem.risk.weight)
    rows = {
        name: np.concatenate([getattr(part, name) for _, part in parts])
        for name in ("row_lower", "row_upper", "row_unit", "links", "asked", "row_key")
    }
    return Arrays(matrix=sparse.vstack([wide for wide, _ in parts]).tocsc(), **(columns | rows))


def _weighted(problem: TwoStage, places: list[Ints], count: int, weight: float) -> Floats:
    """Costs of the whole: each scenario's times its probability."""
    cost = np.zeros(count)
    for p, (a, place, _) in zip(problem.probability, _each(problem, places), strict=True):
        np.add.at(cost, place, weight * p * a.cost)
    return cost


def _with_cvar(whole: Arrays, problem: TwoStage, places: list[Ints]) -> Arrays:
    """The whole with the threshold as a column, and the excess over it of each scenario: cost - threshold <= excess."""
    count, risk = whole.matrix.shape[1], problem.risk
    whole = whole.with_column(cost=risk.weight)
    whole.lower[-1] = -np.inf
    for p in problem.probability:
        whole = whole.with_column(cost=risk.weight * p / (1.0 - risk.level))
    rows = sparse.lil_matrix((len(places), whole.matrix.shape[1]))
    for i, (a, place, _) in enumerate(_each(problem, places)):
        rows[i, place] = a.cost
        rows[i, count], rows[i, count + 1 + i] = -1.0, -1.0
    none = np.full(len(places), -np.inf)
    return whole.with_rows(rows.tocsr(), none, np.zeros(len(places)))


def solve(problem: TwoStage) -> Plan:
    """The best plan, by the extensive form.

    Raises
    ------
    InfeasibleError : no plan.
    """
    whole, places = extensive(problem)
    answer = Solver(LinearProgram(), whole).moved(whole)
    value = answer.value / whole.column_unit
    cost = np.array([a.cost @ value[place] for a, place in zip(problem.programs, places, strict=True)])
    now = value[places[0][problem.now[0]]]
    return Plan(now, cost, problem.risk.of(cost, problem.probability), answer.certificate)


def wait_and_see(problem: TwoStage) -> Floats:
    """What each scenario costs those who know it from the first."""
    return np.array([Solver(LinearProgram(), a).moved(a).objective for a in problem.programs])


def floors(problem: TwoStage) -> list[float]:
    """The least that the later columns of each scenario can cost, whatever is decided now."""
    free = [replace(a, cost=np.where(now, 0.0, a.cost)) for a, now in zip(problem.programs, problem.now, strict=True)]
    return [Solver(LinearProgram(), a).moved(a).objective for a in free]


class Later:
    """What is left to decide in one scenario, once what is decided now is known.

    Attributes
    ----------
    linked : positions, among the columns decided now, of those that the later ones meet.
    """

    def __init__(self, arrays: Arrays, now: Flags):
        by_row = arrays.matrix.tocsr()
        rows = np.flatnonzero(np.diff(by_row[:, ~now].indptr) > 0)
        met = np.diff(by_row[rows].tocsc().indptr) > 0
        columns = np.flatnonzero(~now | met)
        part = arrays.part(rows, columns, by_row[rows][:, columns])
        self._own = np.flatnonzero(now[columns])
        cost = part.cost.copy()
        cost[self._own] = 0.0
        low, high = part.row_lower - KNOWN, part.row_upper + KNOWN
        self._part = replace(part, cost=cost, row_lower=low, row_upper=high)
        self._solver = Solver(LinearProgram(), self._part)
        self.linked = np.flatnonzero(met[now])

    def cost(self, now: Floats) -> tuple[float, Floats]:
        """The least cost of the later columns, and its rate of change with each linked column.

        Raises
        ------
        InfeasibleError : what is decided now leaves no plan.
        """
        answer = self._solver.moved(self._fixed(now))
        rate = answer.reduced[self._own] * self._part.column_unit[self._own]
        return answer.objective, rate

    def _fixed(self, now: Floats) -> Arrays:
        lower, upper = self._part.lower.copy(), self._part.upper.copy()
        lower[self._own] = upper[self._own] = now[self.linked]
        return replace(self._part, lower=lower, upper=upper)


def kept(problem: TwoStage, now: Floats) -> Plan:
    """What a decision of now comes to, whoever made it.

    Raises
    ------
    InfeasibleError : in some scenario it leaves no plan.
    """
    first = float(problem.first_cost @ now)
    later = [Later(a, own).cost(now)[0] for a, own in zip(problem.programs, problem.now, strict=True)]
    cost = first + np.array(later)
    return Plan(now, cost, problem.risk.of(cost, problem.probability))
