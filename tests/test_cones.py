"""Limits on concentration (eq. 11): by hand, and against Clarabel, a solver that knows cones."""

from __future__ import annotations

from dataclasses import replace

import clarabel
import highspy
import numpy as np
import pytest
from conftest import only
from handmade import facts, loss, story, unfolded
from scipy import sparse
from test_equations_dependence import CHEAP_CHINA

from supplychain.facts.errors import InfeasibleError, InputError
from supplychain.program.equations import build_program
from supplychain.results.exchange import write_program
from supplychain.results.unfold import unfold
from supplychain.solve.nearby import Nearby
from supplychain.studies.explain.explanation import explain
from supplychain.studies.explain.prices import policy_prices
from supplychain.studies.explain.terrain import Terrain
from supplychain.studies.frontier import frontier
from supplychain.system.build import base_tables, build_system

# What 300 t of each cost in the United States, USD/t.
SIX = {"CHN": 60, "RUS": 70, "GBR": 83, "AUS": 91, "KAZ": 100, "CAN": 130}


def six(**others):
    """200 t of use, and as many suppliers as are named."""
    prices = SIX | others
    return facts(
        countries={country: {} for country in prices},
        freight={f"{country} USA sea": price for country, price in prices.items()},
        capacity={f"x mine {country} 2025": 300 for country in prices},
        consumption={"x USA .": 200},
    )


def cap(hhi, **fields):
    """A limit on concentration at the mine, from the second year on if not said else."""
    return {"kind": "concentration_cap", "stages": ["mine"], "hhi": hhi} | fields


def by_cones(known, told):
    """Least cost by Clarabel: the program without its limits on concentration, these as second-order cones.

    Each says |X| <= sqrt(H) T, X what passes through each country at the stage.
    """
    system = build_system(known, told)
    lp = build_program(replace(system, concentrations=system.concentrations.iloc[:0]))
    a, (through, total) = lp.arrays(), (lp.variables[name] for name in ("through", "total"))
    columns = len(a.cost)
    blocks, sides = _linear(a)
    sizes = []
    for cone in system.concentrations.itertuples():
        own, whole = ((v.table["mineral"] == cone.mineral) & (v.table["year"] == cone.year) for v in (through, total))
        own &= (through.table["stage"] == cone.stage) & (through.table["market"] == cone.market)
        place = [total.first + np.flatnonzero(whole)[0], *(through.first + np.flatnonzero(own))]
        part = -np.array([np.sqrt(cone.hhi), *np.ones(own.sum())])
        blocks.append(sparse.csc_matrix((part, (np.arange(len(place)), place)), shape=(len(place), columns)))
        sides.append(np.zeros(len(place)))
        sizes.append(clarabel.SecondOrderConeT(len(place)))
    equal = len(sides[0])
    linear = [clarabel.ZeroConeT(equal), clarabel.NonnegativeConeT(sum(map(len, sides[1:5])))]
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    matrix, side = sparse.vstack(blocks, format="csc"), np.concatenate(sides)
    quadratic = sparse.csc_matrix((columns, columns))
    answer = clarabel.DefaultSolver(quadratic, a.cost, matrix, side, [*linear, *sizes], settings).solve()
    assert str(answer.status) == "Solved", answer.status
    return answer.obj_val * lp.money_unit + lp.offset


def _linear(a):
    """Rows and bounds as Clarabel takes them: equal, then matrix x <= side."""
    rows, identity = a.matrix.tocsr(), sparse.identity(a.matrix.shape[1], format="csr")
    equal = a.row_lower == a.row_upper
    parts = [(rows[equal], a.row_upper[equal])]
    for matrix, low, high in ((rows[~equal], a.row_lower[~equal], a.row_upper[~equal]), (identity, a.lower, a.upper)):
        parts += [(matrix[np.isfinite(high)], high[np.isfinite(high)])]
        parts += [(-matrix[np.isfinite(low)], -low[np.isfinite(low)])]
    return [matrix for matrix, _ in parts], [side for _, side in parts]


def test_two_suppliers_by_hand():
    """China delivers at 60 USD/t, Kazakhstan at 100; with shares s and 1 - s the index is s^2 + (1 - s)^2.

    0.68 leaves Kazakhstan a fifth, 40 of 200 t, 0.5 a half; 1 changes nothing. Where it is 0.68 a hundredth moves s by
    0.01 / (4 s - 2) = 1/120: 1.67 t, 66.7 USD.
    """
    known = facts(**CHEAP_CHINA)
    moved = [unfolded(known, story(2025, 2026, p=cap(h))) for h in (1.0, 0.68, 0.5)]
    assert [answer.value("through", country="KAZ", year=2026) for answer in moved] == pytest.approx(
        [0, 40, 100], abs=0.5
    )
    assert [answer.objective for answer in moved] == pytest.approx([24_000, 25_600, 28_000], rel=1e-3)
    told = [answer.table("policies").iloc[0] for answer in moved]
    assert [row["achieved"] for row in told] == pytest.approx([1.0, 0.68, 0.5], abs=1e-4)
    assert [bool(row["binding"]) for row in told] == [False, True, True]
    assert told[1]["shadow_price"] == pytest.approx(200 / 3, rel=1e-3)
    assert told[1]["unit"] == "USD per hundredth of HHI"


def test_fewer_suppliers_than_the_index_needs():
    """Of two the index is half at least: 0.4 leaves no plan where use must be met, and the message names the policy."""
    with pytest.raises(InfeasibleError, match=r"policy p: an HHI of at most 0.4 of x"):
        unfolded(facts(**CHEAP_CHINA), story(2025, 2026, p=cap(0.4)))


@pytest.mark.parametrize("hhi", [0.6, 0.3, 0.19])
def test_six_suppliers_as_a_solver_of_cones_has_it(hhi):
    """The same cost to 1e-4, the index within 1e-4."""
    known, told = six(), story(2025, 2026, p=cap(hhi))
    answer = unfolded(known, told)
    assert answer.objective == pytest.approx(by_cones(known, told), rel=1e-4)
    assert answer.table("policies")["achieved"].max() <= hhi + 1e-4


def test_more_sources_never_cost_more():
    """A seventh supplier, dearer than the mean, makes spreading cheaper; one who is very dear changes nothing."""
    told = story(2025, 2026, p=cap(0.22))
    costs = [unfolded(six(**more), told).objective for more in ({}, {"ZAF": 500}, {"ZAF": 80})]
    assert costs[0] * (1 + 1e-6) >= costs[1] > costs[2]


def test_real_gallium_as_a_solver_of_cones_has_it(shipped):
    """Three years of it, refined, at what reaches half; and the same plan from the basis of another scenario."""
    few = only(shipped, ["gallium"])
    told = story(2025, 2028, discount_rate=0.04, p=cap({2026: 1.0, 2028: 0.5}, stages=["refine"]))
    cold = unfold(told, few)
    assert cold.solution.objective == pytest.approx(by_cones(few, told), rel=1e-4)
    assert cold.solution.certificate.holds and len(cold.tangents)
    warm = unfold(told, few, start=unfold(story(2025, 2028), few).start)
    assert warm.tangents.equals(cold.tangents)
    assert warm.solution.value == pytest.approx(cold.solution.value, rel=1e-9, abs=1e-9)


def test_tangents_stay_with_what_was_decided():
    """Russia's mine is lost in 2028, unforeseen: until then all is as without that, and the index holds after it."""
    known, index = six(), cap(0.3)
    calm = unfolded(known, story(2025, 2029, p=index))
    struck = unfolded(known, story(2025, 2029, p=index, lost=loss(1, "RUS", years=(2028, 2029))))
    for country in SIX:
        before = [answer.value("through", country=country, year=2027) for answer in (calm, struck)]
        assert before[0] == pytest.approx(before[1], abs=1e-6)
    assert struck.value("through", country="RUS", year=2028) == pytest.approx(0, abs=1e-6)
    told = struck.table("policies").query("policy == 'p'")
    assert told["achieved"].max() <= 0.3 + 1e-4 and told["binding"].all()


def test_an_exported_program_has_the_tangents(tmp_path):
    """Another run of a solver over the file finds the cost that was found."""
    known, told = six(), story(2025, 2026, p=cap(0.3))
    file = write_program(told, known, tmp_path / "program.mps", "mps")
    highs = highspy.Highs()
    highs.silent()
    highs.readModel(str(file))
    highs.run()
    assert highs.getObjectiveValue() == pytest.approx(unfolded(known, told).objective, rel=1e-6)


def test_a_frontier_does_not_pass_over_an_index(two):
    """Moving another limit in one program would leave the index behind: the scenario is refused."""
    other = {"kind": "supplier_cap", "group": "CHN", "stages": ["refine"], "share": 0.9}
    told = story(2025, 2026, p=cap(0.5), q=other)
    with pytest.raises(InputError, match="cannot hold the concentration cap 'p'"):
        frontier(told, policy="q", levels=[0.9, 0.5], data=two)


def test_other_limits_are_priced_beside_an_index(shipped):
    """A point less for China in 2028 costs what it does solved again, though the index of 2027 goes with it."""
    few = only(shipped, ["gallium"])
    base = base_tables(few, range(2025, 2029))

    def told(share):
        other = {"kind": "supplier_cap", "group": "CHN", "stages": ["refine"], "share": share, "years": (2028, 2028)}
        return story(2025, 2028, p=cap(0.3, stages=["refine"], years=(2027, 2027)), q=other)

    done = unfold(told(0.3), few, base)
    terrain = Terrain(told(0.3), few, base, done.tangents, done.program.arrays(), done.solver.arrays)
    (price,) = policy_prices(terrain, Nearby(done.solver), done.program.money_unit).itertuples()
    less = unfold(told(0.2999), few, base).solution.objective
    assert len(done.tangents) and price.policy == "q"
    assert (less - done.solution.objective) / 0.01 == pytest.approx(price.less_usd, rel=1e-2)


def test_an_index_that_leaves_no_plan_is_found_at_fault():
    """Of two suppliers at 0.4: the policy clashes with nature alone, and no setting of it is moved."""
    told = explain(story(2025, 2026, p=cap(0.4)), facts(**CHEAP_CHINA))
    assert list(told.clashes["policy"]) == ["p"] and told.clashes["setting"].tolist() == [""]
