"""HiGHS: solve a program from any basis to the one answer, and measure what it is worth."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import pandas as pd

from supplychain.facts.errors import InfeasibleError
from supplychain.program.lp import Arrays, Constraint, Flags, Floats, LinearProgram, Variable
from supplychain.solve.blocks import joint_basis
from supplychain.solve.choice import finer, loosened, tilted
from supplychain.solve.start import Start, basis_of

TIE = 1e-7
TOLERANCE, SOUND = 1e-10, 1e-6
OPTIMAL = highspy.HighsModelStatus.kOptimal
SETTLED = (OPTIMAL, highspy.HighsModelStatus.kInfeasible)
DUAL, PRIMAL = 1, 4  # HiGHS's names of the two simplex methods
FEW = 1500  # steps of the simplex from another program's basis, before its blocks are tried
SMALLEST_COEFFICIENT = 1e-12  # HiGHS drops smaller ones; its own default would drop grams per vehicle


@dataclass(frozen=True)
class Certificate:
    """What an answer shows about itself, all measured here on the scaled program, not taken from the solver.

    Attributes
    ----------
    primal_residual : largest violation of a bound or a row.
    dual_residual : largest violation of a reduced cost's sign, relative to the largest cost of its column.
    gap : |primal - dual objective| over the larger of 1 and the objective.
    """

    status: str
    solver: str
    primal_residual: float
    dual_residual: float
    gap: float
    iterations: int
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether the answer proves itself."""
        return max(self.primal_residual, self.dual_residual, self.gap) <= SOUND


@dataclass(frozen=True)
class Solution:
    """Values and duals, in the user's units.

    Attributes
    ----------
    objective : in the tables' money.
    value : by column; dual : by row, money per unit of the row; reduced : by column, money per unit.
    arrays : the scaled program that was solved.
    """

    objective: float
    value: Floats
    dual: Floats
    reduced: Floats
    certificate: Certificate
    arrays: Arrays = field(repr=False)

    def of(self, variable: Variable) -> pd.Series:
        """A variable's values, in its table's order."""
        return pd.Series(self.value[variable.first : variable.first + len(variable)], dtype=float)

    def dual_of(self, constraint: Constraint) -> pd.Series:
        """A constraint's duals (objective's change per unit of right-hand side), in its table's order."""
        return pd.Series(self.dual[constraint.first : constraint.first + len(constraint)], dtype=float)


class Solver:
    """One program held by HiGHS.

    The answer of `solve` does not depend on where the simplex starts: it finds the one basis of the program whose ties
    are told apart (`choice`), and the true program is solved from that basis alone. `moved` goes on from there, for the
    many solves of a study.

    Parameters
    ----------
    arrays : the program with bounds of its own, or a part of it (default: as it stands).
    """

    def __init__(self, program: LinearProgram, arrays: Arrays | None = None):
        self.program = program
        self.arrays = program.arrays() if arrays is None else arrays
        self._chosen: Any = None
        self._highs = _highs()

    @property
    def highs(self) -> Any:
        """The HiGHS that holds the program at its optimum, for what asks more of it."""
        return self._highs

    @property
    def start(self) -> Start | None:
        """The basis that was found last, by the names of columns and rows: a start for another program."""
        if self._chosen is None:
            return None
        return Start.of(self.arrays, self._chosen, np.asarray(self._highs.getSolution().col_value))

    def solve(self, start: Start | None = None) -> Solution:
        """The optimum with its duals and its certificate.

        Parameters
        ----------
        start : basis of another program of much the same columns and rows (default: this one's last, else its blocks').
            HiGHS has ended such starts with a wrong answer: one whose certificate does not hold is solved anew.

        Raises
        ------
        InfeasibleError : no plan satisfies all constraints; names those of an irreducible conflict.
        """
        begun = time.perf_counter()
        known = start or self.start
        solution = self._from(known, begun)
        if known and not solution.certificate.holds:
            solution = self._from(None, begun)
        return solution

    def moved(self, arrays: Arrays, basis: Any = None) -> Solution:
        """The optimum with other numbers in the same rows and columns, changed in place and solved on.

        Ties are not told apart here: of several plans as cheap, or prices that support one, any may come.

        Parameters
        ----------
        arrays : bounds, costs and coefficients. basis : where to start (default: where the last solve ended).

        Raises
        ------
        InfeasibleError : as `solve`. ValueError : other rows or columns.
        """
        begun = time.perf_counter()
        self._move(arrays, basis)
        solution = self._reached(begun)
        if solution is None or not solution.certificate.holds:
            self._pose(arrays, None)
            solution = self._reached(begun)
        if solution is None:
            raise self._conflict(self._highs.modelStatusToString(self._highs.getModelStatus()))
        return solution

    def _move(self, arrays: Arrays, basis: Any) -> None:
        """Solve on: at costs that keep the last prices first, then at the true ones; anew where nothing is solved."""
        before, self.arrays = self.arrays, arrays
        if arrays.matrix.shape != before.matrix.shape:
            raise ValueError("a program of other rows and columns needs a solver of its own")
        if not self._highs.getNumCol():
            self._pose(arrays, basis)
            return
        still = before.cost
        if arrays.matrix is not before.matrix:
            # At these costs all reduced costs are as they were, so the dual simplex can go on.
            by = arrays.matrix - before.matrix
            still = before.cost + by.T @ np.asarray(self._highs.getSolution().row_dual)
            for i, j in zip(*map(np.ndarray.tolist, by.nonzero()), strict=True):
                self._highs.changeCoeff(i, j, float(arrays.matrix[i, j]))
        _change(self._highs, before, replace(arrays, cost=still))
        if basis is not None:
            self._highs.setBasis(basis)
        self._highs.run()
        if not np.array_equal(still, arrays.cost):
            self._take_costs(arrays)

    def _reached(self, begun: float) -> Solution | None:
        """What HiGHS has found; None where that is no optimum."""
        optimal = self._highs.getModelStatus() == OPTIMAL
        return self._solution(time.perf_counter() - begun) if optimal else None

    def _from(self, start: Start | None, begun: float) -> Solution:
        """The optimum, found from a start (None: that of the blocks)."""
        told_apart = tilted(self.arrays)
        self._reach(loosened(told_apart), start)
        if self._highs.getModelStatus() != OPTIMAL:
            # All that there is may be asked for already.
            self._reach(loosened(told_apart, more=0.0), start)
        chosen = self._highs.getBasis()
        self._pose(told_apart, chosen)
        apart = self._highs.getBasis()
        self._take_costs(self.arrays)
        if self._highs.getModelStatus() not in SETTLED:
            # It lost its way from a warm factorisation ("unknown", or "unbounded" of what is not); anew it finds it.
            self._pose(self.arrays, apart)
        status = self._highs.getModelStatus()
        if status != OPTIMAL:
            raise self._conflict(self._highs.modelStatusToString(status))
        self._chosen = chosen
        return self._solution(time.perf_counter() - begun)

    def _reach(self, arrays: Arrays, start: Start | None) -> None:
        """Solve from a start, where few steps do; else block by block, each from the same start.

        HiGHS mends a basis that does not fit, but not every one: then it says nothing of the program.
        """
        if start is not None:
            self._highs.setOptionValue("simplex_iteration_limit", FEW)
            self._pose(finer(arrays), basis_of(*start.statuses(arrays)))
            self._highs.setOptionValue("simplex_iteration_limit", highspy.kHighsIInf)
            if self._highs.getModelStatus() in SETTLED:
                return
        self._pose(finer(arrays), joint_basis(arrays, solved, start))

    def _pose(self, arrays: Arrays, basis: Any) -> None:
        """Solve with these costs and bounds from a basis, as if nothing had been solved before."""
        _pass(self._highs, arrays)
        if basis is not None:
            self._highs.setBasis(basis)
        self._highs.run()

    def _take_costs(self, arrays: Arrays) -> None:
        """Solve on with other costs; the plan is feasible, so the primal simplex has little to do."""
        columns = np.arange(len(arrays.cost), dtype=np.int32)
        self._highs.changeColsCost(len(columns), columns, arrays.cost)
        self._highs.setOptionValue("simplex_strategy", PRIMAL)
        self._highs.run()
        self._highs.setOptionValue("simplex_strategy", DUAL)

    def _solution(self, seconds: float) -> Solution:
        answer, info = self._highs.getSolution(), self._highs.getInfo()
        x, y = np.asarray(answer.col_value), np.asarray(answer.row_dual)
        arrays, money = self.arrays, self.program.money_unit
        primal, dual, gap = _measure(arrays, x, y)
        certificate = Certificate(
            status="optimal",
            solver=f"HiGHS {self._highs.version()}",
            primal_residual=primal,
            dual_residual=dual,
            gap=gap,
            iterations=int(info.simplex_iteration_count),
            seconds=seconds,
        )
        return Solution(
            objective=float(arrays.cost @ x) * money + self.program.offset,
            value=x * arrays.column_unit,
            dual=y * money / arrays.row_unit,
            reduced=(arrays.cost - arrays.matrix.T @ y) * money / arrays.column_unit,
            certificate=certificate,
            arrays=arrays,
        )

    def _conflict(self, status: str) -> InfeasibleError:
        """Rows and columns that cannot all hold (an irreducible infeasible subsystem)."""
        self._highs.setOptionValue("iis_strategy", 2)
        iis = self._highs.getIis()[1]
        rows, columns = [int(i) for i in iis.row_index_], [int(i) for i in iis.col_index_]
        clash = [*self._named(rows), *(f"bound of {name}" for name in self._named(columns, rows=False))]
        message = f"no feasible plan ({status.lower()})"
        return InfeasibleError(f"{message}: {'; '.join(clash)}" if clash else message, rows, columns)

    def _named(self, places: list[int], rows: bool = True) -> list[str]:
        """Names of rows, or columns; what the program has no name for is left out."""
        if not self.program.columns:
            return []
        whole, key = self.program.arrays(), "row_key" if rows else "column_key"
        found = pd.Index(getattr(whole, key)).get_indexer(getattr(self.arrays, key)[places])
        names = self.program.names()[1 if rows else 0]
        return [names[i] for i in found if i >= 0]


def _change(highs: Any, before: Arrays, after: Arrays) -> None:
    """Give HiGHS the bounds and costs that differ."""
    for change, low, high in (("Cols", "lower", "upper"), ("Rows", "row_lower", "row_upper")):
        lower, upper = getattr(after, low), getattr(after, high)
        place = _differing((getattr(before, low) != lower) | (getattr(before, high) != upper))
        if len(place):
            getattr(highs, f"change{change}Bounds")(len(place), place, lower[place], upper[place])
    place = _differing(before.cost != after.cost)
    if len(place):
        highs.changeColsCost(len(place), place, after.cost[place])


def _differing(where: Flags) -> Any:
    return np.flatnonzero(where).astype(np.int32)


def write(program: LinearProgram, file: Path) -> None:
    """Write the program in the tables' own units (tonnes, money), its constant included, as MPS or LP.

    Parameters
    ----------
    file : its ending, `.mps` or `.lp`, says which; names carry parentheses, since brackets are operators in LP files.

    Raises
    ------
    OSError : the file cannot be written.
    """
    model = _model(program.arrays(scaled=False))
    model.offset_ = program.offset
    columns, rows = program.names()
    model.col_names_, model.row_names_ = _parenthesised(columns), _parenthesised(rows)
    highs = _highs()
    highs.passModel(model)
    if highs.writeModel(str(file)) == highspy.HighsStatus.kError:
        raise OSError(f"{file} cannot be written")


def _parenthesised(names: list[str]) -> list[str]:
    return [name.replace("[", "(").replace("]", ")") for name in names]


def solved(arrays: Arrays, basis: Any = None) -> Any:
    """A HiGHS that has solved a part of a program, from a basis where there is one."""
    highs = _highs()
    _pass(highs, arrays)
    if basis is not None:
        highs.setBasis(basis)
    highs.run()
    return highs


def solved_plainly(arrays: Arrays) -> Any:
    """A HiGHS that has solved a part of a program of which a plan lies on its bounds to the last digit.

    Presolve may find such a part infeasible by a rounding error; the simplex method does not.
    """
    highs = _highs()
    highs.setOptionValue("presolve", "off")
    _pass(highs, arrays)
    highs.run()
    return highs


def _highs() -> Any:
    highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    highs.silent()
    highs.setOptionValue("threads", 1)
    highs.setOptionValue("random_seed", 0)
    highs.setOptionValue("small_matrix_value", SMALLEST_COEFFICIENT)
    for feasibility in ("primal", "dual"):
        highs.setOptionValue(f"{feasibility}_feasibility_tolerance", TOLERANCE)
    # Ties are told apart already: HiGHS's own perturbation of costs would only have to be taken back.
    highs.setOptionValue("dual_simplex_cost_perturbation_multiplier", 0.0)
    return highs


def _pass(highs: Any, arrays: Arrays) -> None:
    """Hand a program over, without the detour by an object that `_model` takes."""
    (rows, columns), matrix, minimise, offset = arrays.matrix.shape, arrays.matrix, int(highspy.ObjSense.kMinimize), 0.0
    sizes = (columns, rows, matrix.nnz, int(highspy.MatrixFormat.kColwise), minimise, offset)
    bounds = (arrays.cost, arrays.lower, arrays.upper, arrays.row_lower, arrays.row_upper)
    continuous = np.zeros(columns, dtype=np.int32)
    highs.passModel(*sizes, *bounds, matrix.indptr, matrix.indices, matrix.data, continuous)


def _model(arrays: Arrays) -> Any:
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = arrays.matrix.shape
    model.col_cost_, model.col_lower_, model.col_upper_ = arrays.cost, arrays.lower, arrays.upper
    model.row_lower_, model.row_upper_ = arrays.row_lower, arrays.row_upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = arrays.matrix.indptr
    model.a_matrix_.index_ = arrays.matrix.indices
    model.a_matrix_.value_ = arrays.matrix.data
    return model


def _measure(arrays: Arrays, x: Floats, y: Floats) -> tuple[float, float, float]:
    """Primal residual, dual residual and relative gap of a primal-dual pair, scaled units."""
    activity = arrays.matrix @ x
    primal = max(
        _largest(arrays.lower - x, x - arrays.upper),
        _largest(arrays.row_lower - activity, activity - arrays.row_upper),
    )
    reduced = arrays.cost - arrays.matrix.T @ y
    size = 1 + np.abs(arrays.cost)
    # A positive reduced cost needs a finite lower bound, a negative one a finite upper bound.
    dual = max(
        _largest(
            np.where(np.isinf(arrays.lower), reduced, 0) / size, np.where(np.isinf(arrays.upper), -reduced, 0) / size
        ),
        _largest(np.where(np.isinf(arrays.row_lower), y, 0), np.where(np.isinf(arrays.row_upper), -y, 0)),
    )
    objective = float(arrays.cost @ x)
    bound = supported(reduced, arrays.lower, arrays.upper) + supported(y, arrays.row_lower, arrays.row_upper)
    return primal, dual, abs(objective - bound) / max(1.0, abs(objective))


def _largest(*violations: Floats) -> float:
    return max((float(v.max()) for v in violations if v.size), default=0.0) if violations else 0.0


def supported(price: Floats, lower: Floats, upper: Floats) -> float:
    """What bounds are worth at these prices: each at the bound that its price's sign supports."""
    bound = np.where(price > 0, lower, upper)
    return float(np.sum(np.where((price != 0) & np.isfinite(bound), price * np.where(np.isfinite(bound), bound, 0), 0)))
