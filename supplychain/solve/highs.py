"""HiGHS: solve a program, solve it again from the last basis, and measure what the answer is worth."""

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

TIE = 1e-7
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

    def with_plan(self, program: LinearProgram, value: Floats) -> Solution:
        """The same duals with another optimal plan; the certificate is measured anew on the pair."""
        arrays = self.arrays
        y = self.dual * arrays.row_unit / program.money_unit
        x = np.clip(value / arrays.column_unit, arrays.lower, arrays.upper)
        primal, dual, gap = _measure(arrays, x, y)
        certificate = replace(self.certificate, primal_residual=primal, dual_residual=dual, gap=gap)
        objective = float(arrays.cost @ x) * program.money_unit + program.offset
        return replace(self, objective=objective, value=x * arrays.column_unit, certificate=certificate)

    def dual_of(self, constraint: Constraint) -> pd.Series:
        """A constraint's duals (objective's change per unit of right-hand side), in its table's order."""
        return pd.Series(self.dual[constraint.first : constraint.first + len(constraint)], dtype=float)


class Solver:
    """One program held by HiGHS; after `update` it is solved again from the last basis."""

    def __init__(self, program: LinearProgram):
        self.program = program
        self.arrays = program.arrays()
        self._highs = _highs()
        self._highs.passModel(_model(self.arrays))
        self._solved = False

    def update(self, program: LinearProgram) -> None:
        """Take over the bounds, right-hand sides and costs of a program of the same shape.

        Raises
        ------
        ValueError : where the coefficients differ; such a program needs a Solver of its own.
        """
        new, old = program.arrays(), self.arrays
        if new.matrix.shape != old.matrix.shape or (new.matrix != old.matrix).nnz:
            raise ValueError("only bounds, right-hand sides and costs may change between warm solves")
        columns, rows = (np.arange(n, dtype=np.int32) for n in new.matrix.shape[::-1])
        self._highs.changeColsCost(len(columns), columns, new.cost)
        self._highs.changeColsBounds(len(columns), columns, new.lower, new.upper)
        for row in rows[(new.row_lower != old.row_lower) | (new.row_upper != old.row_upper)]:
            self._highs.changeRowBounds(int(row), float(new.row_lower[row]), float(new.row_upper[row]))
        self.program, self.arrays = program, new

    def solve(self) -> Solution:
        """The optimum with its duals and its certificate.

        Raises
        ------
        InfeasibleError : no plan satisfies all constraints; names those of an irreducible conflict.
        """
        start = time.perf_counter()
        if not self._solved:
            basis = joint_basis(self.arrays, _run)
            if basis is not None:
                self._highs.setBasis(basis)
        self._highs.run()
        self._solved = True
        seconds = time.perf_counter() - start
        status = self._highs.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            raise self._conflict(self._highs.modelStatusToString(status))
        return self._solution(seconds)

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
        names, labels = self.program.names()[1], self.program.names()[0]
        clash = [names[i] for i in rows] + [f"bound of {labels[i]}" for i in columns]
        message = f"no feasible plan ({status.lower()})"
        return InfeasibleError(f"{message}: {'; '.join(clash)}" if clash else message, rows, columns)


def on_optimal_face(
    program: LinearProgram, solution: Solution, movable: dict[str, Flags] | None = None
) -> LinearProgram:
    """The same program with no cost, confined to the plans that cost exactly as little.

    Parameters
    ----------
    movable : families of variables (and which of their rows) that may move at all; all, where it is not given.

    By complementary slackness these are the feasible plans in which every column with a reduced cost,
    and every row with a dual, stays where the optimum has it; no dense row holds the cost down.
    """
    face = LinearProgram(money_unit=1.0, _entries=list(program._entries))
    for name, v in program.variables.items():
        value = solution.of(v).to_numpy()
        reduced = solution.reduced[v.first : v.first + len(v)] * v.unit / program.money_unit
        held = np.abs(reduced) > TIE
        if movable is not None:
            held |= ~movable.get(name, np.zeros(len(v), dtype=bool))
        value = np.clip(value, v.lower, v.upper)
        face.variable(
            name, v.table, lower=np.where(held, value, v.lower), upper=np.where(held, value, v.upper), unit=v.unit
        )
    for name, c in program.constraints.items():
        dual = solution.dual_of(c).to_numpy() * c.unit / program.money_unit
        lower, upper = np.where(dual < -TIE, c.upper, c.lower), np.where(dual > TIE, c.lower, c.upper)
        face.constrain(name, c.table, lower=lower, upper=upper, unit=c.unit)
    return face


def solve_undecided(program: LinearProgram) -> Floats:
    """The optimal values of a program most of whose columns are fixed: only the others are handed to HiGHS.

    Returns
    -------
    Values by column, in the user's units.

    Raises
    ------
    InfeasibleError : the fixed columns leave no plan.
    """
    arrays = program.arrays()
    free = arrays.lower < arrays.upper
    value = np.where(free, 0.0, arrays.lower)
    settled = arrays.matrix @ value
    matrix = arrays.matrix[:, free]
    rows = np.bincount(matrix.indices, minlength=matrix.shape[0]) > 0
    highs = _highs()
    # Most of the program is decided: Dantzig's rule, cheap per step, is the quickest here.
    highs.setOptionValue("simplex_dual_edge_weight_strategy", 0)
    rest = replace(
        arrays,
        cost=arrays.cost[free],
        lower=arrays.lower[free],
        upper=arrays.upper[free],
        matrix=matrix.tocsr()[rows].tocsc(),
        row_lower=(arrays.row_lower - settled)[rows],
        row_upper=(arrays.row_upper - settled)[rows],
    )
    highs.passModel(_model(rest))
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise InfeasibleError("the decided part leaves no plan")
    value[free] = np.asarray(highs.getSolution().col_value)
    return value * arrays.column_unit


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


def _run(arrays: Arrays) -> Any:
    """A HiGHS that has solved a part of a program."""
    highs = _highs()
    highs.passModel(_model(arrays))
    highs.run()
    return highs


def _highs() -> Any:
    highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    highs.silent()
    highs.setOptionValue("threads", 1)
    highs.setOptionValue("random_seed", 0)
    highs.setOptionValue("small_matrix_value", SMALLEST_COEFFICIENT)
    return highs


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
    bound = _supported(reduced, arrays.lower, arrays.upper) + _supported(y, arrays.row_lower, arrays.row_upper)
    return primal, dual, abs(objective - bound) / max(1.0, abs(objective))


def _largest(*violations: Floats) -> float:
    return max((float(v.max()) for v in violations if v.size), default=0.0) if violations else 0.0


def _supported(price: Floats, lower: Floats, upper: Floats) -> float:
    """What bounds are worth at these prices: each at the bound that its price's sign supports."""
    bound = np.where(price > 0, lower, upper)
    return float(np.sum(np.where((price != 0) & np.isfinite(bound), price * np.where(np.isfinite(bound), bound, 0), 0)))
