"""What stands behind a plan: prices of limits, sources that would enter, plans as cheap, and why there is none."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import CASES, only
from handmade import facts, loss, solve, story
from scipy import sparse
from scipy.optimize import linprog
from test_lp import transport
from typer.testing import CliRunner

import supplychain
from supplychain.cli import app
from supplychain.facts.errors import InfeasibleError
from supplychain.results.unfold import unfold
from supplychain.scenario import scenario
from supplychain.solve.face import Face
from supplychain.solve.highs import Solver
from supplychain.solve.nearby import Change, Nearby
from supplychain.studies.explain import explanation
from supplychain.studies.explain.drivers import COLUMNS as DRIVERS
from supplychain.studies.explain.entry import entry, sources
from supplychain.studies.explain.explanation import explain
from supplychain.studies.explain.prices import policy_prices
from supplychain.studies.explain.terrain import Terrain
from supplychain.studies.explain.unique import country_ranges, share_range
from supplychain.studies.settings import moved, settings
from supplychain.system.build import base_tables

DANTZIG = CASES / "dantzig"


def near(supply, use, cost):
    """A transport problem that can be moved, and the change that moves one of its rows."""
    solver = Solver(transport(supply, use, cost))
    solver.solve()
    nearby = Nearby(solver)

    def row(place, both):
        change = Change.none(nearby.arrays)
        change.row_upper[place] = 1.0
        change.row_lower[place] = float(both)
        return change

    return nearby, row


def test_a_price_holds_as_far_as_its_basis():
    """Makers of 10 each at 1 and 3, use of 15: a tonne of cheap capacity saves 2 until all 15 are cheap, 5 more; and
    costs 2 until the dear maker is full, 5 less. A tonne of use costs 3, up to the 5 that the dear maker has left."""
    nearby, row = near([10, 10], [15], [[1], [3]])
    cheap, use = row(0, False), row(2, True)
    assert [nearby.side(cheap, 0.01 * way).slope for way in (1, -1)] == pytest.approx([-2, -2])
    assert [nearby.side(cheap, 0.01 * way).reach for way in (1, -1)] == pytest.approx([5, -5])
    assert [nearby.side(use, 0.01 * way).slope for way in (1, -1)] == pytest.approx([3, 3])
    assert [nearby.side(use, 0.01 * way).reach for way in (1, -1)] == pytest.approx([5, -5])


def test_a_kink_has_two_prices():
    """Use of just what the cheap maker has: one more costs 3, one less saves 1; beyond 10 more there is none."""
    nearby, row = near([10, 10], [10], [[1], [3]])
    more, less = (nearby.side(row(2, True), 0.01 * way) for way in (1, -1))
    assert (more.slope, less.slope) == pytest.approx((3, 1))
    assert (more.reach, less.reach) == pytest.approx((10, -10))
    full, row = near([10, 10], [20], [[1], [3]])
    assert full.side(row(2, True), 0.01) is None


@pytest.mark.parametrize("seed", range(5))
def test_a_range_ends_where_the_price_does(seed):
    """Random transport: just within the range cost is price x step, and beyond it that is so no longer."""
    draw = np.random.default_rng(seed)
    supply, use = draw.integers(5, 20, 4).astype(float), draw.integers(3, 9, 4).astype(float)
    cost = draw.integers(1, 9, (4, 4)).astype(float)
    nearby, row = near(list(supply), list(use), cost.tolist())
    for way in (1.0, -1.0):
        side = nearby.side(row(4, True), 0.01 * way)
        if side is None or not np.isfinite(side.reach):
            continue

        def added(step):
            moved_use = list(use)
            moved_use[0] += step
            return Solver(transport(list(supply), moved_use, cost.tolist())).solve().objective - nearby.here.cost

        assert added(0.999 * side.reach) == pytest.approx(0.999 * side.reach * side.slope, rel=1e-9)
        try:
            beyond = added(side.reach + 1.5 * way)
        except InfeasibleError:
            continue
        assert beyond > (side.reach + 1.5 * way) * side.slope + 1e-9


@pytest.fixture
def no_drivers(monkeypatch):
    """Facts are not changed one by one, which takes longest."""
    blank = pd.DataFrame(columns=DRIVERS)
    monkeypatch.setattr(explanation, "drivers", lambda *_: blank)


def test_dantzig_has_several_plans(no_drivers):
    """San Diego ships 550 or 600 of 900 at the same cost (Dantzig 1963): 61.11 to 66.67 %, not unique."""
    told = explain(DANTZIG / "dantzig.yaml", DANTZIG)
    ranges = told.country_ranges.query("market == 'all' and country == 'SDG'").iloc[0]
    assert (ranges["low"], ranges["high"]) == pytest.approx((550 / 900, 600 / 900))
    row = told.ranges.query("market == 'all'").iloc[0]
    assert not row["unique"]
    shares = np.array([550, 350]) / 900
    assert row["hhi_low"] == pytest.approx(np.square(shares).sum(), abs=1e-6)
    assert row["hhi_high"] >= np.square(np.array([600, 300]) / 900).sum() - 1e-9
    said = " ".join(told.sentences["sentence"])
    assert "not the only one" in said and "between 61.11% and 66.67%" in said


def test_the_least_concentration_lies_between_the_corners(no_drivers):
    """Two makers of 100 each, alike in cost, for a use of 100: HHI is 0.5 at the least, in the midst of the face."""
    known = facts(
        capacity={"x mine KAZ 2025": 100, "x mine CHN 2025": 100},
        consumption={"x USA .": 100},
        freight={"KAZ USA sea": 60, "CHN USA sea": 60},
    )
    row = explain(story(2025, 2025), known).ranges.iloc[0]
    assert row["hhi_low"] == pytest.approx(0.5, abs=1e-5)
    assert row["hhi_high"] == pytest.approx(1.0)


# 100 t are used, not a tonne less; Kazakhstan can make 60 and ships at 60 USD/t, China 120 at 100, the USA 20 at 500.
TIGHT = {
    "capacity": {"x mine KAZ 2025": 60, "x mine CHN 2025": 120, "x mine USA 2025": 20},
    "consumption": {"x USA .": 100},
    "countries": {"KAZ": {}, "CHN": {}, "USA": ("", "USA")},
    "freight": {"KAZ USA sea": 60, "CHN USA sea": 100, "USA USA sea": 500},
}


def share(kind, group, value):
    """A limit on a group's share at the mine."""
    return {"kind": kind, "group": group, "stages": ["mine"], "share": value}


def offtake(country, tonnes):
    """A guaranteed purchase."""
    return {"kind": "offtake", "country": country, "mineral": "x", "stage": "mine", "tonnes": tonnes}


CAP, FLOOR = "supplier_cap", "supplier_floor"
QUOTA = {"kind": "export_quota", "countries": ["CHN"], "against": ["USA"]}
STOP = {"kind": "export_ban", "countries": ["CHN"], "against": ["USA"]}
# Policies that clash, and before and after them some that have nothing to do with it.
CLASHES = {
    "cap_and_floor": {"cap": share(CAP, "KAZ", 0.3), "floor": share(FLOOR, "KAZ", 0.4)},
    "cap_and_offtake": {"cap": share(CAP, "KAZ", 0.3), "buys": offtake("KAZ", 50)},
    "two_floors": {"kazakh": share(FLOOR, "KAZ", 0.55), "chinese": share(FLOOR, "CHN", 0.5)},
    "offtake_and_loss": {"buys": offtake("KAZ", 50), "accident": loss(0.5)},
    "ban_and_loss": {"ban": {"kind": "import_ban", "countries": ["CHN"], "share": 0.3}, "accident": loss(0.5)},
    "quota_and_loss": {"quota": QUOTA | {"tonnes": 40}, "accident": loss(0.5)},
    "home_alone": {"home": share(FLOOR, "USA", 0.25)},
    "stop_without_stock": {"stop": STOP | {"share": 1.0, "years": (2026, 2026)}},
    "ramp_and_loss": {"buys": offtake("KAZ", {2026: 40, 2027: 60}), "accident": loss(0.5, years=(2026, 2026))},
    "more_is_used": {"more": {"kind": "demand", "minerals": ["x"], "multiple": 3.0}},
}
BEFORE = {"wide": share(CAP, "KAZ", 0.95), "reserve": {"kind": "stockpile", "days": 0}}
AFTER = {"roomy": share(CAP, "CHN", 0.95), "small": offtake("CHN", 0.001)}
# Nothing left in the base year, so no part of it may; and a demand has no number that is a limit.
WITHOUT_A_NUMBER = ("stop_without_stock", "more_is_used")


@pytest.mark.parametrize("name", CLASHES)
@pytest.mark.slow
def test_a_conflict_names_the_policies_at_fault_and_what_would_do(name):
    """No plan: just the policies that clash are named; each suggested change makes a plan, 1 % less of it does not."""
    known = facts(**TIGHT)
    told = story(2025, 2027, **BEFORE, **CLASHES[name], **AFTER)
    found = explain(told, known)
    assert found.result is None
    assert set(found.clashes["policy"]) == set(CLASHES[name])
    by_policy = {setting.policy: setting for setting in settings(told)}
    changes = found.clashes.set_index("policy")["change"].dropna()
    assert len(changes) or name in WITHOUT_A_NUMBER
    for policy, change in changes.items():
        solve(known, moved(told, by_policy[policy], change))
        with pytest.raises(InfeasibleError):
            solve(known, moved(told, by_policy[policy], 0.99 * change))


@pytest.mark.slow
def test_conflicts_that_have_nothing_to_do_with_each_other_are_told_apart():
    """Kazakhstan at most 0.3 and at least 0.4 in 2026; a quarter from home in 2027, which can make a fifth: a change
    for each is a plan, one alone is none.
    """
    known, then = facts(**TIGHT), {"years": (2026, 2026)}
    first = {"cap": share(CAP, "KAZ", 0.3) | then, "floor": share(FLOOR, "KAZ", 0.4) | then}
    second = {"home": share(FLOOR, "USA", 0.25) | {"years": (2027, 2027)}}
    told = story(2025, 2027, **BEFORE, **first, **second, **AFTER)
    clashes = explain(told, known).clashes
    assert {frozenset(of) for _, of in clashes.groupby("conflict")["policy"]} == {frozenset(first), frozenset(second)}
    change, by_policy = clashes.set_index("policy")["change"], {setting.policy: setting for setting in settings(told)}
    mended = moved(told, by_policy["cap"], change["cap"])
    with pytest.raises(InfeasibleError):
        solve(known, mended)
    solve(known, moved(mended, by_policy["home"], change["home"]))


@pytest.mark.slow
def test_what_cannot_move_has_no_price(no_drivers):
    """A ban that begins at nil, one of all and a stockpile of nothing: no way further, told and no error."""
    known = facts(**(TIGHT | {"consumption": {"x USA .": (100, 900)}}))
    told = explain(
        story(
            2025,
            2027,
            ramp=STOP | {"share": {2026: 0.0, 2027: 0.5}, "foreseen": True},
            stop=STOP | {"countries": ["KAZ"], "share": 1.0, "foreseen": True},
            none={"kind": "stockpile", "days": 0},
        ),
        known,
    )
    prices = told.policy_prices.set_index("policy")
    assert np.isnan(prices.loc["stop", "more_usd"]) and np.isnan(prices.loc["none", "less_usd"])
    assert "it cannot be more" in " ".join(told.sentences["sentence"])


@pytest.mark.slow
def test_an_infeasible_cap_says_what_would_do(tmp_path):
    """Dantzig with at most 60 % from San Diego: exit 3; cap, Seattle's supply and the use named; 61.11 % would do."""
    arguments = ["explain", str(DANTZIG / "cap_61.yaml"), "--data", str(DANTZIG), "--out", str(tmp_path)]
    done = CliRunner().invoke(app, [*arguments, "--set", "policies.san_diego_cap.share=0.6"])
    said = " ".join(done.stdout.split())
    assert done.exit_code == 3
    assert all(word in said for word in ("san_diego_cap", "SEA can supply 350 t", "900 t", "(61.111"))
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_command_writes_tables_and_says_them(tmp_path):
    """`explain --json` has every table; the folder holds result and explanation, each a data package."""
    arguments = ["explain", str(DANTZIG / "cap_65.yaml"), "--data", str(DANTZIG), "--out", str(tmp_path), "--json"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert told["policy_prices"][0]["more_usd"] == 0
    folder = tmp_path / "dantzig_cap_65"
    assert (folder / "datapackage.json").is_file() and (folder / "explain" / "sentences.csv").is_file()
    assert supplychain.load(folder).objective == pytest.approx(153.675)
    page = tmp_path / "page.html"
    CliRunner().invoke(app, ["report", str(tmp_path), "--to", str(page), "--data", str(DANTZIG)])
    assert "What each policy costs at the margin" in page.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tungsten(shipped):
    """Two real minerals under caps: scenario, base tables, answer."""
    known = only(shipped, ["gallium", "tungsten"])
    told = scenario.read("diversify_away", known)
    base = base_tables(known, told.years)
    return known, told, base, unfold(told, known, base)


# A real scenario on a mineral or two, and the policies of it that bind there.
REAL = {
    ("status_quo", "uranium"): ["russian_uranium_law"],
    ("congo_quota", "cobalt"): ["cobalt_quota"],
    ("stockpile", "gallium"): ["project_vault"],
    ("friends_first", "lithium"): ["allied_content"],
    ("export_ban", "gallium germanium"): ["gallium_licences", "germanium_licences"],
}


@pytest.mark.parametrize(("name", "minerals"), REAL)
@pytest.mark.slow
def test_prices_of_real_policies_hold_within_their_range_and_not_beyond(shipped, name, minerals):
    """Solved again with a limit moved: within the range the cost moves by price x step, to a millionth; beyond not."""
    known = only(shipped, minerals.split())
    told = scenario.read(name, known)
    base = base_tables(known, told.years)
    done = unfold(told, known, base)
    terrain = Terrain(told, known, base, done.tangents, done.program.arrays(), done.solver.arrays)
    table = policy_prices(terrain, Nearby(done.solver), done.program.money_unit).set_index("policy")
    for setting in settings(told):
        row = table.loc[setting.policy]
        if setting.policy not in REAL[name, minerals]:
            continue

        def added(by, setting=setting):
            return unfold(moved(told, setting, by), known, base).solution.objective - done.solution.objective

        def off(way, side, row=row, setting=setting):
            step = min(0.5 * row[f"{side}_holds"], 1e-5 * setting.size)
            return added(way * step) / (row[f"{side}_usd"] * step) - 1

        # A share's supply may move with it: where both ways have one price, its bend cancels out.
        errors = [off(1, "more"), *([off(-1, "less")] if row["single"] else [])]
        assert abs(np.mean(errors)) < 1e-6
        far = 3 * row["more_holds"] + 0.02 * setting.size
        assert abs(added(far) / (row["more_usd"] * far) - 1) > 1e-5


@pytest.mark.slow
def test_a_source_enters_at_the_price_that_is_told(tungsten):
    """Projects that are not built: at a thousandth above the price that is told none is, at one below it is."""
    known, _, _, done = tungsten
    region = known["groups"].query("group == 'central_asia'")["country"]
    columns = sources(done.program, done.system, region)
    arrays = done.solver.arrays
    told = entry(done.program, done.system, Nearby(done.solver), region).set_index("site")
    for site in ("northern_katpar", "uz_apt", "boguty_apt"):
        own = columns[columns["site"] == site]
        assert told.loc[site, "use"] == "none" and told.loc[site, "fall_usd_per_t"] > 0

        def built(part, own=own, fall=told.loc[site, "fall_usd_per_t"]):
            cost = arrays.cost.copy()
            at = own["column"].to_numpy()
            cost[at] -= part * fall * own["weight"].to_numpy() * arrays.column_unit[at] / done.program.money_unit
            return Solver(done.program, replace(arrays, cost=cost)).solve().value[at].sum()

        assert built(0.999) == pytest.approx(0.0, abs=1e-9)
        assert built(1.001) > 1e-3


def test_a_share_of_which_nothing_is_known_may_be_anything():
    """Where the solver finds no end of a share, it lies between nothing and all."""

    class Unknown:
        value = np.array([3.0, 4.0])

        def least(self, columns, coefficient):
            return -np.inf

    assert share_range(Unknown(), np.array([0]), np.array([1])) == (0.75, 0.0, 1.0)


def test_ranges_of_shares_are_those_of_another_solver(shipped):
    """Russia's gallium under caps, least and greatest with the cost held to its least: as scipy finds them."""
    known = only(shipped, ["gallium"])
    told = scenario.read("diversify_away", known)
    done = unfold(told, known)
    found = country_ranges(done.program, Face.of(done.solution, done.program.money_unit), [told.years[-1]])
    low, high = found.set_index("country").loc["RUS", ["low", "high"]]
    assert high - low > 1e-3
    a = done.solver.arrays
    value = done.solution.value / a.column_unit
    equal = a.row_lower == a.row_upper
    above, below = np.isfinite(a.row_upper) & ~equal, np.isfinite(a.row_lower) & ~equal
    most = sparse.vstack([a.matrix[above], -a.matrix[below], sparse.csr_matrix(a.cost)]).tocsr()
    bound = np.concatenate([a.row_upper[above], -a.row_lower[below], [a.cost @ value * (1 + 1e-12)]])
    through = done.program.variables["through"]
    now = through.table["year"] == told.years[-1]
    aim = np.zeros(len(a.cost))
    aim[through.first + np.flatnonzero(now & (through.table["country"] == "RUS"))] = 1.0
    aim /= value[through.first + np.flatnonzero(now)].sum()
    bounds = np.column_stack([a.lower, a.upper])
    least, most_of_it = (
        way * linprog(way * aim, most, bound, a.matrix[equal], a.row_lower[equal], bounds, method="highs").fun
        for way in (1.0, -1.0)
    )
    assert (low, high) == pytest.approx((least, most_of_it), abs=1e-5)
