"""Warnings that save a day: policies that do nothing, meet in one place, ask for too much, or never bind."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import CASES
from typer.testing import CliRunner

from supplychain.cli import app
from supplychain.facts import dataset
from supplychain.scenario import scenario
from supplychain.scenario.scenario import Scenario
from supplychain.system import build as system
from supplychain.system import warnings as checks

HEAD = "name: x\nhorizon: {from: 2025, to: 2027}\npolicies:\n"


@pytest.fixture(scope="module")
def known():
    """The facts of the exercise."""
    return dataset.read(CASES / "two_mines")


@pytest.fixture(scope="module")
def tables(known):
    """The exercise's tables without a policy."""
    return system.build_system(known, Scenario("x", "x", "", range(2025, 2028), 0.0, {})).tables()


@pytest.fixture
def warned(tmp_path, known, tables):
    """Reads policies, one a line of YAML, and returns their warnings as (line, message)."""

    def read(*lines):
        file = tmp_path / "x.yaml"
        file.write_text(HEAD + "".join(f"  {line[:-1]}, assumption: test}}\n" for line in lines), encoding="utf-8")
        found = checks.warnings(scenario.read(file, known), known, tables)
        return [(fault.line, fault.message) for fault in found]

    return read


NOTHING = {
    "a fund without a project": "p: {kind: investment_fund, countries: [CHN], capex_share: 0.5, budget_musd: 1}",
    "a cap on who makes nothing": "p: {kind: supplier_cap, group: UZB, minerals: [alloy], stages: [mine], share: 0.5}",
    "a stage that is not there": "p: {kind: supplier_cap, group: CHN, stages: [refine], share: 0.5}",
    "a loss of who makes nothing": "p: {kind: survive_loss, group: UZB, minerals: [alloy], stages: [mine], share: 1,"
    " surge: 1}",
    "an index at a stage that is not there": "p: {kind: concentration_cap, stages: [refine], hhi: 0.5}",
    "a ban of who sends nothing": "p: {kind: export_ban, countries: [UZB], minerals: [alloy]}",
    "a duty of nothing": "p: {kind: tariff, countries: [CHN], rate: 0}",
    "a duty on home": "p: {kind: tariff, countries: [USA], rate: 0.1}",
    "no loss": "p: {kind: capacity_loss, countries: [CHN], share: 0}",
    "twice one": "p: {kind: demand, services: [widgets], multiple: 1}",
    "a loan to nobody": "p: {kind: cost_of_capital, countries: [CHN], points: -0.01}",
    "scrap that is not there": "p: {kind: recycling, minerals: [metal], collection: 0.5}",
    "a closed corridor that no leg belongs to": "p: {kind: corridor, legs: [ocean], capacity_multiple: 1}",
}


@pytest.mark.parametrize("kind", NOTHING)
def test_a_policy_that_matches_nothing(warned, kind):
    """Each of these holds in years of the horizon and still changes nothing; the warning stands at its line."""
    ((line, message),) = warned(NOTHING[kind])
    assert line == 4 and "matches nothing" in message


def test_a_policy_that_holds_in_no_year(tmp_path, known, tables):
    """A parent's policy for 2027 in a child that ends in 2026."""
    parent = HEAD + "  p: {kind: demand, services: [widgets], multiple: 2, years: [2027, 2027], assumption: test}\n"
    (tmp_path / "parent.yaml").write_text(parent, encoding="utf-8")
    child = tmp_path / "child.yaml"
    child.write_text("name: child\nextends: parent\nhorizon: {from: 2025, to: 2026}\n", encoding="utf-8")
    (fault,) = checks.warnings(scenario.read(child, known), known, tables)
    assert fault.file.name == "parent.yaml" and "holds in no year" in fault.message


MEETING = {
    "two caps on one group": ["supplier_cap, group: CHN, stages: [mine], share: 0.8"] * 2,
    "two losses": ["survive_loss, group: CHN, minerals: [metal], stages: [mine], share: 0.8, surge: 1"] * 2,
    "two indices": ["concentration_cap, stages: [mine], hhi: 0.8", "concentration_cap, stages: [mine], hhi: 0.7"],
    "two recyclings": ["recycling, minerals: [alloy], collection: 0.3", "recycling, collection: 0.4"],
    "two rates": [
        "cost_of_capital, countries: [UZB], rate: 0.05",
        "cost_of_capital, countries: [USA], by: owner, points: -0.01",
    ],
    "two stocks": ["stockpile, minerals: [metal], days: 10", "stockpile, days: 20"],
    "two capacities of a leg": ["corridor, legs: [steppe], capacity_t: 5", "corridor, corridor: middle, closed: true"],
    "a mix and its rest": [
        "technology_mix, technology: lean, share: 0.6",
        "technology_mix, technology: rich, share: 0.3",
    ],
}


@pytest.mark.parametrize("kind", MEETING)
def test_two_policies_that_set_the_same_thing(warned, kind):
    """The second is warned of, naming the first and the cell in which they meet."""
    one, two = MEETING[kind]
    found = [(line, text) for line, text in warned(f"p: {{kind: {one}}}", f"q: {{kind: {two}}}") if "same" in text]
    assert len(found) == 1 and found[0][0] == 5 and "sets the same as 'p'" in found[0][1]


def test_policies_that_do_not_meet_are_not_warned_of(warned):
    """Another year, another stage's origin, duties that add up, another column of the same leg: no warning."""
    assert not warned(
        "a: {kind: demand, services: [widgets], multiple: 2, years: [2026, 2026]}",
        "b: {kind: demand, services: [widgets], multiple: 2, years: [2027, 2027]}",
        "c: {kind: tariff, countries: [CHN], minerals: [metal], rate: 0.1}",
        "d: {kind: tariff, countries: [CHN], minerals: [metal], rate: 0.2}",
        "e: {kind: corridor, legs: [steppe], capacity_multiple: 2}",
        "f: {kind: corridor, legs: [steppe], cost_multiple: 2}",
        "g: {kind: supplier_cap, group: CHN, minerals: [metal], stages: [mine], share: 0.8}",
        "h: {kind: supplier_floor, group: KAZ, minerals: [metal], stages: [mine], share: 0.1}",
    )


def test_a_cap_below_what_is_there(warned):
    """Alloy is mined in China only: a cap of 40 % leaves 60 % of 10 t of use, and of the widgets', to nobody."""
    ((line, message),) = warned("p: {kind: supplier_cap, group: CHN, minerals: [alloy], stages: [mine], share: 0.4}")
    assert line == 4 and "asks for more than is there" in message and "outside CHN" in message and "alloy" in message
    assert not warned("p: {kind: supplier_cap, group: CHN, minerals: [metal], stages: [mine], share: 0.4}")


def test_a_promise_beyond_capacity(warned):
    """Kazakhstan mines 100 t of metal a year and cannot promise 120; Uzbekistan's 40 t come in 2027 only."""
    ((_, message),) = warned("p: {kind: offtake, country: KAZ, mineral: metal, stage: mine, tonnes: 120}")
    assert "in KAZ" in message and "120 t are needed" in message
    ((_, message),) = warned("p: {kind: offtake, country: UZB, mineral: metal, stage: mine, tonnes: 30}")
    assert "by 2026" in message
    of_project = "p: {kind: offtake, country: UZB, project: uz_mine, mineral: metal, stage: mine, tonnes: 30}"
    assert not warned(of_project)


def test_a_loss_counts_in_what_is_there(warned):
    """With Kazakhstan's mine lost by another policy, a floor on it cannot be met."""
    loss = "a: {kind: capacity_loss, countries: [KAZ]}"
    floor = "b: {kind: supplier_floor, group: KAZ, minerals: [metal], stages: [mine], share: 0.1}"
    ((line, message),) = warned(loss, floor)
    assert line == 5 and "can make 0 t of metal" in message


def test_a_policy_that_never_binds(tmp_path, known):
    """After solving: a cap that binds nowhere is idle; a fund that spends is not, even unspent in part."""
    file = tmp_path / "x.yaml"
    file.write_text(
        HEAD
        + "  a: {kind: supplier_cap, group: CHN, stages: [mine], share: 0.9, assumption: test}\n"
        + "  b: {kind: investment_fund, countries: [UZB], capex_share: 0.6, budget_musd: 1, assumption: test}\n"
        + "  c: {kind: investment_fund, countries: [KAZ], capex_share: 0.6, budget_musd: 1, assumption: test}\n"
        + "  d: {kind: demand, services: [widgets], multiple: 2, assumption: test}\n",
        encoding="utf-8",
    )
    rows = [("a", "supplier_cap", 0.8, False), ("a", "supplier_cap", 0.7, False)]
    rows += [("b", "investment_fund", 0.3, False), ("c", "investment_fund", 0.0, False)]
    table = pd.DataFrame(rows, columns=["policy", "kind", "achieved", "binding"])
    found = checks.idle(table, scenario.read(file, known))
    assert [fault.line for fault in found] == [4, 6]
    assert all("never binds" in fault.message for fault in found)
    assert checks.idle(table.assign(binding=True), scenario.read(file, known)) == []


def test_check_prints_warnings_and_goes_on(tmp_path):
    """Warnings go to standard error with file and line; the exit status stays 0, and a table tells what is touched."""
    file = tmp_path / "x.yaml"
    file.write_text(HEAD + f"  {NOTHING['no loss'][:-1]}, assumption: test}}\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["check", str(file), "--data", str(CASES / "two_mines"), "--json"])
    assert done.exit_code == 0
    assert f"{file}:4:7: warning: policy 'p' matches nothing" in done.stderr
    assert '"touches":"nothing"' in done.stdout.replace(" ", "")


def test_shipped_scenarios_warn_of_nothing(shipped):
    """No shipped scenario is warned of before solving."""
    stories = [scenario.read(name, shipped) for name in ("grand_bargain", "section_232", "stockpile_used")]
    assert checks.examine(stories, shipped)[1] == []


def test_a_ban_on_a_market_whose_ore_is_not_followed_is_warned_of(two, tmp_path):
    """Where Japan's tungsten was dug is not told, so a ban at the mine does nothing; at the last stage one does."""
    said = {}
    for stages in ("[mine]", "[refine]", "all"):
        file = tmp_path / "x.yaml"
        ban = f"  p: {{kind: export_ban, countries: [CHN], minerals: [tungsten], against: [JPK], stages: {stages}, "
        file.write_text(HEAD + ban + "assumption: test}\n", encoding="utf-8")
        story = scenario.read(file, two)
        base = system.build_system(two, Scenario("x", "x", "", story.years, 0.0, {})).tables()
        said[stages] = [fault.message for fault in checks.warnings(story, two, base)]
    assert said["[refine]"] == said["all"] == []
    assert len(said["[mine]"]) == 1 and "does nothing to tungsten (mine) for JPK" in said["[mine]"][0]


def test_idle_plant_of_the_world_is_counted_on_only_where_one_says_so(warned):
    """Without a word on `surge` all of it runs for this market: said; with one, even 1, it is one's own judgement."""
    lost = "p: {kind: survive_loss, group: CHN, minerals: [metal], stages: [mine], share: 0.5}"
    ((line, message),) = warned(lost)
    assert line == 4 and "surge" in message
    assert warned(lost[:-1] + ", surge: 1}") == []
