"""Limits on concentration (eq. 11): by hand, and against Clarabel, a solver that knows cones."""

from __future__ import annotations

from dataclasses import replace

import clarabel
import numpy as np
import pytest
from conftest import only
from handmade import facts, story, unfolded
from scipy import sparse
from test_equations_dependence import CHEAP_CHINA

from supplychain.facts.errors import InfeasibleError
from supplychain.program.equations import build_program
from supplychain.results.unfold import unfold
from supplychain.system.build import build_system

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
    """Three years of it, refined; last suppliers too are limited, and the plan is the same whatever the start."""
    few = only(shipped, ["gallium"])
    told = story(2025, 2028, discount_rate=0.04, p=cap({2026: 1.0, 2028: 0.5}, stages=["refine"]))
    solved = unfold(told, few)
    assert solved.solution.objective == pytest.approx(by_cones(few, told), rel=1e-4)
    assert solved.solution.certificate.holds
