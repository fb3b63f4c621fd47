"""Studies of many solves: a limit tightened, what could be, what a loss takes, what to build under risk."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import CASES
from handmade import facts, story
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from supplychain.cli import app
from supplychain.facts.errors import InputError
from supplychain.program.lp import LinearProgram
from supplychain.results import run as job
from supplychain.scenario import scenario
from supplychain.solve.highs import Solver
from supplychain.solve.lshaped import decomposed
from supplychain.solve.twostage import Risk, TwoStage, cvar, kept, wait_and_see
from supplychain.solve.twostage import solve as best
from supplychain.studies.disruptions import outcomes
from supplychain.studies.frontier import CAP, capped, frontier
from supplychain.studies.screen import screen
from supplychain.studies.settings import settings as limits
from supplychain.studies.settings import with_setting
from supplychain.studies.space import space
from supplychain.studies.stochastic import stochastic

# 100 t are used; Kazakhstan ships at 60 USD/t, China at 100.
PLENTY = {"capacity": {"x mine KAZ 2025": 100, "x mine CHN 2025": 120}, "consumption": {"x USA .": (100, 500)}}
KAZAKH_CAP = {"kind": "supplier_cap", "group": "KAZ", "stages": ["mine"], "share": {2025: 1.0, 2026: 1.0}}


def test_a_frontier_by_hand():
    """Each point less of Kazakh supply is a tonne from China instead, 40 USD dearer, in the one year of the cap."""
    told = story(2025, 2026, cap=KAZAKH_CAP | {"years": (2026, 2026)})
    table = frontier(told, "cap", [1.0, 0.6, 0.2], facts(**PLENTY)).frontier
    assert list(table["extra_musd"] * 1e6) == pytest.approx([0, 1600, 3200], abs=1e-6)
    assert list(table["slope_usd"][1:]) == pytest.approx([-40, -40])


def test_a_level_without_a_plan_is_a_row():
    """A floor of 90 t that only Kazakhstan could give, when it has 60: told, and the levels after it are solved."""
    known = facts(**(PLENTY | {"capacity": {"x mine KAZ 2025": 60, "x mine CHN 2025": 120}}))
    floor = {"kind": "supplier_floor", "group": "KAZ", "stages": ["mine"], "share": {2025: 0.0, 2026: 0.5}}
    known = replace(known, tables=known.tables | {"consumption": known["consumption"].assign(value_usd_per_t=np.nan)})
    told = story(2025, 2026, floor=floor)
    table = frontier(told, "floor", [0.1, 0.9, 0.3], known).frontier
    assert list(table["status"]) == ["optimal", "no plan", "optimal"]


@pytest.fixture(scope="module")
def walked(two):
    """The cost of a cap on countries of concern, of two real minerals."""
    told = capped(scenario.read("status_quo", two), two, "feoc")
    levels = [float(level) for level in np.linspace(0.8, 0.1, 8)]
    return told, levels, frontier(told, CAP, levels, two).frontier


def test_a_frontier_is_convex_and_its_slope_the_duals(walked):
    """Tightening costs ever more, and what a point costs by the duals lies between the chords on its two sides."""
    _, levels, table = walked
    chord = np.diff(table["extra_musd"]) / np.diff(levels) / 100 * 1e6
    assert (np.diff(chord) <= 1e-6 * np.abs(chord).max()).all()
    slope, close = table["slope_usd"].to_numpy(), 1e-6 * np.abs(chord).max()
    assert (slope[1:-1] <= chord[:-1] + close).all() and (slope[1:-1] >= chord[1:] - close).all()
    assert chord[-1] < chord[0] < 0


@pytest.mark.slow
def test_points_solved_in_place_cost_what_they_cost_cold(walked, two):
    """Three levels written anew and solved from scratch."""
    told, levels, table = walked
    (setting,) = (found for found in limits(told) if found.policy == CAP)
    for i in (1, 4, 7):
        cold = job.solve(with_setting(told, setting.at(levels[i])), job.Shared(two))[0]
        assert table["cost_musd"][i] == pytest.approx(cold.objective / 1e6, rel=1e-7)


def test_a_policy_that_is_not_there(two):
    """The nearest one with a limit is named."""
    told = capped(scenario.read("status_quo", two), two, "feoc")
    with pytest.raises(InputError, match=f"did you mean '{CAP}'"):
        frontier(told, "frontier_cup", [1.0, 0.5], two)


SHORT = PLENTY | {"capacity": {"x mine KAZ 2025": 60, "x mine CHN 2025": 120}}


def test_losses_by_hand():
    """60 t are Kazakh and 40 Chinese; use is worth 500. Without Kazakhstan China makes all, 60 t x 40 USD dearer;
    without China 40 t go, worth 400 more than they cost; without both all 100 go."""
    found = screen(story(2025, 2026), facts(**SHORT), 2026, together=2)
    cost = found.losses.set_index("name")["cost_musd"] * 1e6
    assert cost["x, mine, KAZ"] == pytest.approx(2400)
    assert cost["x, mine, CHN"] == cost["all of CHN"] == pytest.approx(16_000)
    short = found.losses.set_index("name")["unmet_share"]
    assert short["x, mine, CHN"] == pytest.approx(0.4) and short["x, mine, KAZ"] == 0
    (pair,) = found.pairs.to_dict("records")
    assert pair["cost_musd"] * 1e6 == pytest.approx(60 * 440 + 16_000)
    assert pair["beyond_musd"] * 1e6 == pytest.approx(24_000)


@pytest.fixture(scope="module")
def screened(shipped):
    """Tungsten without each of its suppliers, and the worst ones followed on."""
    part = shipped.only(["tungsten"])
    return part, screen("status_quo", part, 2030, together=2, recover=1)


@pytest.mark.slow
def test_every_supplier_at_every_stage_is_lost(screened):
    """As many as have capacity in the year; who names nobody cannot be lost."""
    part, found = screened
    result = job.run("status_quo", part)
    capacity = result.capacity.query("year <= 2030 and country != 'XXX'")
    there = capacity["existing_t"].where(capacity["year"] == 2030, 0.0) + capacity["built_t"]
    stands = there.groupby([capacity["stage"], capacity["country"]]).sum()
    lost = found.losses.query("kind == 'supplier'")
    assert set(zip(lost["stage"], lost["country"], strict=True)) == set(stands[stands > 1e-3].index)


@pytest.mark.slow
def test_more_is_lost_with_two_than_with_one(screened):
    """No pair costs less than either of its two, and China's refineries are the worst supplier to lose."""
    _, found = screened
    cost = found.losses.set_index("name")["cost_musd"]
    pairs = found.pairs
    assert (pairs["cost_musd"] >= pairs["first"].map(cost) - 1e-3).all()
    assert (pairs["cost_musd"] >= pairs["second"].map(cost) - 1e-3).all()
    suppliers = found.losses.query("kind == 'supplier'")
    assert set(suppliers["country"].head(2)) == {"CHN"}
    assert list(found.recovery["year"]) == list(range(2030, 2036))


@pytest.mark.slow
def test_what_a_loss_costs_is_what_it_costs_in_the_whole_model(screened):
    """A loss in the horizon's last year, which has no later years to price: the screen tells what solving it tells."""
    part, _ = screened
    found = screen("status_quo", part, 2035).losses.set_index("name")["cost_musd"]
    plain = scenario.read("status_quo", part)
    fields = {"kind": "capacity_loss", "countries": ["CHN"], "stages": ["refine"], "years": (2035, 2035)}
    struck = replace(plain, policies=story(2025, 2035, gone=fields).policies)
    before, after = (job.run(told, part).objective for told in (plain, struck))
    weight = 1.05**-10
    assert found["tungsten, refine, CHN"] == pytest.approx((after - before) / weight / 1e6, rel=1e-6)


def test_a_space_by_hand():
    """One percent of 2 x 100 t x 100 USD is 200 USD: five tonnes of the 100 of 2026 from China, 40 USD dearer each."""
    known = facts(**PLENTY, prices={"x 2024": 100}, deflator={"2024": 1})
    row = space(story(2025, 2026), known, "CHN", [0.01], ["mine"]).space.iloc[0]
    assert (row["share"], row["low"], row["high"]) == pytest.approx((0, 0, 0.05), abs=1e-3)
    assert row["allowed_musd"] * 1e6 == pytest.approx(200)


@pytest.mark.slow
def test_more_slack_is_more_space(two):
    """Ranges hold the plan and grow with what a mineral may cost."""
    table = space("status_quo", two, slacks=[0.001, 0.01]).space
    assert (table["low"] <= table["share"] + 1e-9).all() and (table["share"] <= table["high"] + 1e-9).all()
    wide = table.pivot_table(index=["mineral", "stage"], columns="slack", values="high")
    assert (wide[0.01] >= wide[0.001] - 1e-3).all() and (wide[0.01] > wide[0.001] + 0.05).any()


CROPS = pd.DataFrame({"crop": ["wheat", "corn", "beets"]})


def farm(factor):
    """Birge and Louveaux, Introduction to Stochastic Programming, chapter 1: yields of a good, usual or bad year."""
    lp = LinearProgram()
    acres = lp.variable("acres", CROPS, cost=[150, 230, 260])
    bought = lp.variable("bought", CROPS[:2], cost=[238, 210])
    sold = lp.variable("sold", CROPS, cost=[-170, -150, -36], upper=[np.inf, np.inf, 6000])
    cheap = lp.variable("cheap", CROPS[2:], cost=-10)
    land = acres.at(pd.DataFrame({"farm": [0] * 3}), range(3))
    lp.constrain("land", pd.DataFrame({"farm": [0]}), land, upper=500)
    grown = acres.by("crop", coefficient=factor * np.array([2.5, 3.0, 20.0]))
    lp.constrain("need", CROPS, grown, bought.by("crop"), -sold.by("crop"), -cheap.by("crop"), lower=[200, 240, 0])
    return lp


def farmer(risk):
    """Three years as probable as each other; the acres are decided now."""
    programs = [farm(factor).arrays() for factor in (1.2, 1.0, 0.8)]
    return TwoStage(programs, [np.arange(9) < 3 for _ in programs], np.full(3, 1 / 3), risk)


def test_the_farmer():
    """RP -108390, EEV -107240, VSS 1150, EVPI 7015.56 (Birge and Louveaux, section 1.1)."""
    problem = farmer(Risk())
    plan, seen = best(problem), wait_and_see(problem).mean()
    usual = Solver(farm(1.0)).solve().value[:3]
    assert plan.weighed == pytest.approx(-108_390)
    assert list(plan.now) == pytest.approx([170, 80, 250])
    assert kept(problem, usual).weighed == pytest.approx(-107_240)
    assert plan.weighed - seen == pytest.approx(7015.5556, abs=1e-3)


@pytest.mark.parametrize("risk", [Risk(), Risk(0.3, 0.6), Risk(1.0, 0.5)], ids=str)
def test_the_farmer_scenario_by_scenario(risk):
    """The L-shaped method finds what the one program finds, with risk and without."""
    problem = farmer(risk)
    whole, parts = best(problem), decomposed(problem, np.array([120.0, 80.0, 300.0]))
    assert parts.weighed == pytest.approx(whole.weighed, rel=1e-6)


def test_the_worst_two_fifths():
    """Of 10, 20, 30 and 40, as probable as each other, the worst two fifths: 40, and 30 for the rest of them."""
    assert cvar(np.array([10.0, 20, 30, 40]), np.full(4, 0.25), 0.6) == pytest.approx(36.25)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=2, max_size=6), st.floats(0.1, 0.9))
def test_the_newsvendor(demands, cost):
    """Papers bought at a cost and sold at 1: the best number is the demand at the quantile 1 - cost."""

    def morning(demand):
        lp = LinearProgram()
        one = pd.DataFrame({"paper": [0]})
        bought, sold = lp.variable("bought", one, cost=cost), lp.variable("sold", one, cost=-1.0, upper=demand)
        lp.constrain("stock", one, sold.by("paper"), -bought.by("paper"), upper=0)
        return lp.arrays()

    n = len(demands)
    problem = TwoStage([morning(d) for d in demands], [np.array([True, False])] * n, np.full(n, 1 / n))
    quantile = sorted(demands)[min(int(np.floor((1 - cost) * n + 1e-9)), n - 1)]
    expected = cost * quantile - np.minimum(quantile, demands).mean()
    assert best(problem).weighed == pytest.approx(expected, abs=1e-6)
    assert decomposed(problem, np.zeros(1)).weighed == pytest.approx(expected, abs=1e-6)


@pytest.fixture(scope="module")
def gallium(shipped):
    """Gallium under what may break, as one program."""
    part = shipped.only(["gallium"])
    return part, stochastic("status_quo", part)


@pytest.mark.slow
def test_knowing_planning_ignoring(gallium):
    """Who knows pays no more than who plans, who plans no more than who ignores; with the risk more is in stock, or
    other plants are built.
    """
    _, found = gallium
    value = found.stochastic.set_index("metric")["value"]
    assert value["wait_and_see"] <= value["here_and_now"] <= min(value["mean_planned_for"], value["ignored"])
    assert value["evpi"] == pytest.approx(value["here_and_now"] - value["wait_and_see"])
    assert value["vss"] == pytest.approx(value["mean_planned_for"] - value["here_and_now"])
    assert found.outcomes["probability"].sum() == pytest.approx(1)
    assert (found.outcomes["known_musd"] <= found.outcomes["planned_musd"] + 1e-6).all()
    assert (found.stored["planned_t"] >= found.stored["ignored_t"] - 1e-6).all()
    assert len(found.stored) or len(found.builds)


@pytest.mark.slow
def test_outcome_by_outcome_it_is_the_same(gallium):
    """The L-shaped method on real facts, with weight on the worst tenth too."""
    part, found = gallium
    parts = stochastic("status_quo", part, largest=0).stochastic.set_index("metric")["value"]
    whole = found.stochastic.set_index("metric")["value"]
    assert parts["here_and_now"] == pytest.approx(whole["here_and_now"], rel=1e-3, abs=1e-3)


def test_probabilities_are_those_of_one_disruption_at_most(shipped):
    """Two chances p and q: none (1-p)(1-q), one p(1-q) or q(1-p), over their sum."""
    part = shipped.only(["gallium"])
    table = part["disruptions"].drop_duplicates("disruption").head(2)
    rows = part["disruptions"][part["disruptions"]["disruption"].isin(table["disruption"])]
    part = replace(part, tables=part.tables | {"disruptions": rows})
    p, q = table["yearly_probability"]
    found = outcomes(scenario.read("status_quo", part), part, 2028)
    none, one, other = (1 - p) * (1 - q), p * (1 - q), q * (1 - p)
    expected = np.array([none, one, other]) / (none + one + other)
    assert [outcome.probability for outcome in found] == pytest.approx(list(expected))


def test_the_commands(tmp_path):
    """Each writes a data package and a figure, and shows its first rows within 80 columns; a wrong id ends with 2."""
    data = ["--data", str(CASES / "dantzig"), "--out", str(tmp_path)]
    cap = str(CASES / "dantzig" / "cap_65.yaml")
    run = CliRunner()
    done = run.invoke(app, ["frontier", cap, "--policy", "san_diego_cap", "--to", "0.62", "--points", "3", *data])
    assert done.exit_code == 0, done.output
    assert max(map(len, done.stdout.splitlines())) <= 80
    (folder,) = tmp_path.iterdir()
    package = json.loads((folder / "datapackage.json").read_text())
    assert [entry["name"] for entry in package["resources"]] == ["frontier"]
    assert (folder / "figures" / "frontier.png").is_file()
    wrong = run.invoke(app, ["frontier", cap, "--policy", "san_diego_cup", *data])
    assert wrong.exit_code == 2 and "san_diego_cap" in wrong.stderr and "Traceback" not in wrong.stderr
    both = run.invoke(app, ["frontier", cap, "--policy", "a", "--group", "feoc", *data])
    assert both.exit_code == 2
    assert run.invoke(app, ["screen", cap, *data]).exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [folder.name, folder.name.replace("frontier", "screen")]
    )


def test_what_was_done_is_kept(two, monkeypatch, tmp_path):
    """Ctrl-C at a level: those that are done are written, and the command ends with 130."""
    told = capped(scenario.read("status_quo", two), two, "feoc")

    def stop(text):
        if text == "level 0.6":
            raise KeyboardInterrupt

    found = frontier(told, CAP, [1.0, 0.8, 0.6, 0.4, 0.2, 0.1], two, stop)
    assert list(found.frontier["level"][:2]) == [1.0, 0.8] and 0.6 not in set(found.frontier["level"])
    assert not found.manifest["complete"]
    monkeypatch.setattr("supplychain.studies.frontier.frontier", lambda *_: found)
    done = CliRunner().invoke(app, ["frontier", "status_quo", "--group", "feoc", "--out", str(tmp_path)])
    assert done.exit_code == 130 and "kept" in done.stderr
    kept = pd.read_csv(tmp_path / "status_quo_frontier" / "frontier.csv")
    assert list(kept["level"]) == list(found.frontier["level"])


WRONG = {
    "frontier --group nosuch": "no group or country 'nosuch'",
    "frontier --group feoc --from -0.5": "between 0 and 1: -0.5 is none",
    "frontier --group feoc --from nan": "nan is none",
    "frontier --group feoc --from 0.5 --to 0.5": "the first and the last are the same",
    "frontier --policy russian_uranium_law --minerals gallium": "has no policy 'russian_uranium_law' with a limit",
    "frontier --group feoc --minerals ,": "no mineral ''",
    "space --stage fabricat": "no stage 'fabricat'",
    "space --slack -0.1": "a slack is a part, 0 or more, not -0.1",
    "screen --year 2050": "2050 is no year from 2026 to 2035",
    "stochastic --year 2025": "2025 is no year from 2026 to 2035",
}


@pytest.mark.parametrize("asked", WRONG)
@pytest.mark.slow
def test_what_cannot_be_asked_is_told_in_a_line(asked, tmp_path):
    """Exit 2, the reason, no traceback, nothing written."""
    study, *more = asked.split()
    minerals = [] if "--minerals" in more else ["--minerals", "gallium"]
    done = CliRunner().invoke(app, [study, "status_quo", *more, *minerals, "--out", str(tmp_path / "out")])
    assert done.exit_code == 2, done.output
    assert WRONG[asked] in " ".join(done.stderr.split()) and "Traceback" not in done.output
    assert not list((tmp_path / "out").glob("*/*"))
