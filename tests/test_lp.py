"""The program made from tables, and the solver, without a mineral in sight."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from supplychain.facts.errors import InfeasibleError
from supplychain.program.lp import LinearProgram
from supplychain.solve.highs import Solver


def transport(supply, use, cost, unit=1.0):
    """Ship from makers to users at least cost: sum over users <= supply, sum over makers = use."""
    lp = LinearProgram()
    pairs = pd.DataFrame(
        [(i, j, c) for i, row in enumerate(cost) for j, c in enumerate(row)], columns=["maker", "user", "cost"]
    )
    flow = lp.variable("flow", pairs, cost=pairs["cost"], unit=unit)
    makers, users = pd.DataFrame({"maker": range(len(supply))}), pd.DataFrame({"user": range(len(use))})
    lp.constrain("supply", makers, flow.by("maker"), upper=supply, unit=unit)
    lp.constrain("use", users, flow.by("user"), lower=use, upper=use, unit=unit)
    return lp


def test_by_hand():
    """Two makers (10 each), one user of 15, costs 1 and 3: 10 + 5 at 25; one more costs 3, cheap capacity saves 2."""
    lp = transport([10, 10], [15], [[1], [3]])
    answer = Solver(lp).solve()
    assert answer.objective == pytest.approx(25)
    assert list(answer.of(lp.variables["flow"])) == pytest.approx([10, 5])
    assert answer.dual_of(lp.constraints["use"]).iloc[0] == pytest.approx(3)
    assert answer.dual_of(lp.constraints["supply"]).iloc[0] == pytest.approx(-2)


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e6])
def test_units_do_not_change_the_answer(unit):
    """Scaling a column or a row by its unit leaves values, duals and objective as they are."""
    lp = transport([10, 10], [15], [[1], [3]], unit=unit)
    answer = Solver(lp).solve()
    assert answer.objective == pytest.approx(25)
    assert answer.dual_of(lp.constraints["use"]).iloc[0] == pytest.approx(3)


def test_an_end_without_a_verdict_is_solved_anew(monkeypatch):
    """HiGHS ended a duty's last step "unbounded" from a warm factorisation: neither an optimum nor a conflict."""
    taken = Solver._take_costs

    def lost(self, arrays):
        taken(self, arrays)
        self.highs.clearSolver()

    monkeypatch.setattr(Solver, "_take_costs", lost)
    assert Solver(transport([10, 10], [15], [[1], [3]])).solve().objective == pytest.approx(25)


@pytest.mark.parametrize("makers", [2, 3, 7])
def test_of_plans_as_cheap_the_same_is_reported_in_every_year(makers):
    """Makers at one cost, any of whom can serve the one user: nobody comes and goes."""
    lp = LinearProgram()
    pairs = pd.DataFrame([(i, 2025 + y) for i in range(makers) for y in range(8)], columns=["maker", "year"])
    flow = lp.variable("flow", pairs, cost=1.0, worth=1.0)
    lp.constrain("use", pairs[["year"]].drop_duplicates(), flow.by("year"), lower=5.0, upper=5.0)
    pairs["tonnes"] = Solver(lp).solve().of(flow)
    assert pairs.groupby("maker")["tonnes"].nunique().eq(1).all()


@pytest.mark.parametrize("what", ["lower", "upper", "cost", "unit", "worth"])
def test_what_is_not_a_number_is_no_bound_and_no_cost(what):
    """One of two columns has no number where one must be: the family is named, and nothing is solved."""
    with pytest.raises(AssertionError, match=rf"flow: {what} of 1 of 2 is not a number"):
        LinearProgram().variable("flow", pd.DataFrame({"path": [0, 1]}), **{what: [1.0, np.nan]})


def test_what_is_not_a_number_is_no_row_either():
    """A row's bound, its unit, and a coefficient in it; a term that meets no row may hold anything."""
    lp, rows = LinearProgram(), pd.DataFrame({"path": [0]})
    flow = lp.variable("flow", pd.DataFrame({"path": [0, 1]}))
    for what in ("lower", "upper", "unit"):
        with pytest.raises(AssertionError, match=rf"most: {what} of 1 of 1 is not a number"):
            lp.constrain("most", rows, flow.by("path"), **{what: np.nan})
    with pytest.raises(AssertionError, match=r"most: coefficient of 1 of 1 is not a number"):
        lp.constrain("most", rows, flow.by("path", coefficient=[np.nan, 1.0]), upper=1)
    lp.constrain("most", rows, flow.by("path", coefficient=[1.0, np.nan]), upper=1)
    assert lp.arrays().matrix.toarray().tolist() == [[1, 0]]


def test_a_term_enters_every_row_with_its_labels():
    """One column that belongs to two groups enters the rows of both; one that belongs to none, none."""
    lp = LinearProgram()
    flow = lp.variable("flow", pd.DataFrame({"path": [0, 1]}))
    members = pd.DataFrame({"group": ["a", "b", "c"], "row": [0, 0, 1]})
    rows = pd.DataFrame({"group": ["a", "b"]})
    lp.constrain("groups", rows, flow.at(members[["group"]], members["row"]), upper=1)
    assert lp.arrays().matrix.toarray().tolist() == [[1, 0], [1, 0]]
    assert lp.names() == (["flow[0]", "flow[1]"], ["groups[a]", "groups[b]"])


def test_no_plan_is_an_error_that_names_rows():
    """More use than supply: the irreducible conflict names the rows."""
    with pytest.raises(InfeasibleError, match=r"use\[0\]") as caught:
        Solver(transport([10], [15], [[1]])).solve()
    assert caught.value.rows


sizes = st.integers(1, 5)
amounts = st.floats(0.5, 100)


@st.composite
def transports(draw):
    """A feasible transport problem of random size and numbers."""
    makers, users = draw(sizes), draw(sizes)
    use = draw(st.lists(amounts, min_size=users, max_size=users))
    shares = np.array(draw(st.lists(amounts, min_size=makers, max_size=makers)))
    supply = 1.2 * sum(use) * shares / shares.sum()
    cost = [draw(st.lists(amounts, min_size=users, max_size=users)) for _ in range(makers)]
    return list(supply), use, cost


@settings(max_examples=40, deadline=None)
@given(transports())
def test_agrees_with_an_independent_call(problem):
    """Objective as scipy's interior point has it; residuals and gap as a certificate must be."""
    lp = transport(*problem)
    solver = Solver(lp)
    answer, a = solver.solve(), solver.arrays
    makers = len(problem[0])
    rows = a.matrix.toarray()
    bounds = np.column_stack([a.lower, a.upper])
    theirs = linprog(
        a.cost, rows[:makers], a.row_upper[:makers], rows[makers:], a.row_upper[makers:], bounds, method="highs-ipm"
    )
    assert answer.objective == pytest.approx(theirs.fun, rel=1e-7)
    certificate = answer.certificate
    assert certificate.primal_residual < 1e-6 and certificate.dual_residual < 1e-6 and certificate.gap < 1e-8


@settings(max_examples=50, deadline=None)
@given(transports(), st.floats(0.9, 1.0), st.floats(0.0, 1.0))
def test_solved_on_with_other_numbers(problem, factor, share):
    """After bounds, costs and coefficients change in place, the answer equals a cold one, and so on the way back."""
    supply, use, cost = problem

    def capped(use, cost, share):
        """At most this share of all that is shipped comes from the first maker."""
        lp = transport(supply, use, cost)
        flow = lp.variables["flow"]
        first = np.where(flow.table["maker"] == 0, 1.0, 0.0)
        lp.constrain("cap", pd.DataFrame({"all": [0]}), flow.by(always={"all": 0}, coefficient=first - share), upper=0)
        return lp

    there, back = capped([factor * u for u in use], [[c + 1 for c in row] for row in cost], share), capped(use, cost, 1)
    solver = Solver(back)
    first = solver.solve().objective
    try:
        cold = Solver(there).solve().objective
    except InfeasibleError:
        with pytest.raises(InfeasibleError):
            solver.moved(there.arrays())
    else:
        assert solver.moved(there.arrays()).objective == pytest.approx(cold, rel=1e-9)
    assert solver.moved(back.arrays()).objective == pytest.approx(first, rel=1e-9)


def test_other_rows_need_another_solver():
    """`moved` refuses a program of another shape."""
    with pytest.raises(ValueError, match="other rows and columns"):
        Solver(transport([10], [5], [[1]])).moved(transport([10, 1], [5], [[1], [1]]).arrays())


@settings(max_examples=50, deadline=None)
@given(transports(), transports())
def test_the_answer_does_not_depend_on_the_start(problem, other):
    """Where all costs are alike and plans tie, values and duals are the same to the last bit from any start."""
    supply, use, cost = problem
    lp = transport(supply, use, [[5 for _ in row] for row in cost])
    cold = Solver(lp).solve()
    before = Solver(transport(*other))
    before.solve()
    again = Solver(lp)
    again.solve()
    for warm in (Solver(lp).solve(before.start), again.solve()):
        assert (warm.value == cold.value).all()
        assert (warm.dual == cold.dual).all()
    assert cold.certificate.holds


def test_a_start_that_leads_astray_is_given_up(monkeypatch):
    """An answer from a start that does not prove itself is found anew without it."""
    lp, starts = transport([10, 10], [15], [[1], [2]]), []
    solver = Solver(lp)
    right = solver.solve()
    found = Solver._from

    def astray(self, basis, begun):
        starts.append(basis)
        answer = found(self, basis, begun)
        return replace(answer, certificate=replace(answer.certificate, gap=1.0)) if len(starts) == 1 else answer

    monkeypatch.setattr(Solver, "_from", astray)
    assert solver.solve().objective == right.objective
    assert len(starts) == 2


def linked(first, second, room, marked):
    """Two transport problems that share a carrier with so much room, the rest at 50 each; `marked`: links are told."""
    lp, both = LinearProgram(), list(enumerate((first, second)))
    costs = [(k, i, j, cost) for k, p in both for i, row in enumerate(p[2]) for j, cost in enumerate(row)]
    pairs = pd.DataFrame(costs, columns=["k", "i", "j", "cost"])
    flow = lp.variable("flow", pairs, cost=pairs["cost"])
    spill = lp.variable("spill", pd.DataFrame({"all": [0]}), cost=50, guess=0.0 if marked else np.nan)
    for name, side, part in (("supply", "i", 0), ("use", "j", 1)):
        rows = pd.DataFrame([(k, n) for k, p in both for n in range(len(p[part]))], columns=["k", side])
        amount = [*first[part], *second[part]]
        lp.constrain(name, rows, flow.by("k", side), lower=amount if part else -np.inf, upper=amount)
    shared = flow.at(pd.DataFrame({"all": np.zeros(len(pairs), dtype=int)}), np.arange(len(pairs)))
    lp.constrain("carrier", pd.DataFrame({"all": [0]}), shared, -spill.by("all"), upper=room, links=marked)
    return lp


@settings(max_examples=25, deadline=None)
@given(transports(), transports(), st.floats(0, 300))
def test_a_start_from_blocks_does_not_change_the_optimum(first, second, room):
    """Solved block by block first, or at once: the same objective, and the link's price where it binds."""
    plain, started = (Solver(linked(first, second, room, marked)).solve() for marked in (False, True))
    assert started.objective == pytest.approx(plain.objective, rel=1e-9)
    assert started.certificate.gap < 1e-8 and started.certificate.dual_residual < 1e-6


def test_a_block_without_a_plan_of_its_own_still_gets_one():
    """The guess (no spill) leaves the first block nothing; with spill at 50 the whole has a plan: 3 x 1 + 3 x 50."""
    lp = LinearProgram()
    flow = lp.variable("flow", pd.DataFrame({"k": [0, 1]}), cost=[1, 1], upper=[0, 5])
    spill = lp.variable("spill", pd.DataFrame({"k": [0]}), cost=50, guess=0.0)
    lp.constrain("use", pd.DataFrame({"k": [0, 1]}), flow.by("k"), spill.by("k"), lower=[3, 3], upper=[3, 3])
    assert Solver(lp).solve().objective == pytest.approx(3 * 1 + 3 * 50)
