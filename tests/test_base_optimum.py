"""The base year's pattern is the plan of least cost, at the normal prices, on the real facts of a few minerals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from conftest import only

from supplychain.program.equations import build_program
from supplychain.results import tables
from supplychain.scenario import scenario
from supplychain.solve.highs import Solver
from supplychain.system.build import build_system

# With corridors and owners; by-products; two stages; three stages; what is won from two ores, and the ores.
FEW = ["antimony", "gallium", "tungsten", "titanium", "uranium", "neodymium", "praseodymium", "dysprosium", "terbium"]
ORES = ["rare_earth_ore", "ionic_clay"]


@pytest.fixture(scope="module")
def base(shipped):
    """The system of the one base year, without a policy."""
    known = only(shipped, [*FEW, *ORES])
    story = scenario.read("status_quo", known)
    return build_system(known, replace(story, years=range(story.years[0], story.years[0] + 1), policies={}))


def held(lp, system):
    """The program with the base year's tonnes put in: of paths and feeds as values, of deliveries over their steps."""
    traded = system.deliveries.set_index("delivery")["observed"].astype(bool)
    # The tonnes of a pair that has not traded are the seed of what it may do later.
    paths = system.paths[system.paths["delivery"].map(traded)]
    for name, key, told in (("flow", "path", paths), ("feed", "feed", system.feeds)):
        v = lp.variables[name]
        tonnes = v.table[key].map(told.set_index(key)["base_t"]).fillna(0.0).to_numpy(dtype=float)
        lp.variables[name] = replace(v, lower=tonnes, upper=tonnes)
    delivered = lp.variables["delivered"]
    told = system.deliveries[["delivery", "mineral", "base_t", "observed"]].reset_index(drop=True)
    tonnes = told["base_t"].where(told["observed"].astype(bool), 0.0).fillna(0.0)
    unit = told["mineral"].map(system.minerals.set_index("mineral")["unit_t"])
    lp.constrain("base", told[["delivery"]], delivered.by("delivery"), lower=tonnes, upper=tonnes, unit=unit)
    return lp


def test_the_base_pattern_costs_as_little_as_any_plan(base):
    """What was moved in the base year can be put into the program as it is, and no other plan is cheaper."""
    free, fixed = build_program(base), held(build_program(base), base)
    least, pattern = Solver(free).solve(), Solver(fixed).solve()
    moved = sum(float(np.abs(pattern.of(fixed.variables[name])).sum()) for name in ("flow", "feed", "delivered"))
    assert moved > 0
    assert pattern.objective == pytest.approx(least.objective, rel=1e-8)


def test_the_base_year_is_delivered_at_normal_prices(base):
    """The dearest tonne that is needed costs the normal price in every market."""
    lp = build_program(base)
    solution = Solver(lp).solve()
    told = tables.prices(lp, base, solution)
    normal = told["mineral"].map(base.minerals.set_index("mineral")["price"])
    assert set(told["mineral"]) == set(FEW)
    assert (told["usd_per_t"] / normal - 1).abs().max() < 0.01
