"""What nobody announces comes as a surprise: worlds solved by hand, and a real one (docs/model.md, surprise)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from handmade import POLICY, facts, loss, solve, story, unfolded
from pydantic import ValidationError

from supplychain.facts.errors import InfeasibleError
from supplychain.program.decided import decided
from supplychain.results.run import Shared
from supplychain.results.run import solve as solve_scenario
from supplychain.results.unfold import unfold
from supplychain.scenario import scenario
from supplychain.scenario.news import stages
from supplychain.studies.surprise import surprise

# Capital at 10 % over two years costs 1.21 / 2.1 of itself a year: 12.1 USD/t.
RATES = {"wacc": 0.1, "cost_multiplier": 1}
MINE = {"mineral": "x", "stage": "mine", "capex_musd": 21e-6, "earliest_year": 2027, "status": "feasibility"}
BUILDING = {"x mine life_years": 2, "x mine lead_time_years": 2}
STOCK = {"kind": "stockpile", "days": 0, "most_days": 73, "holding_usd_per_t": 5, "years": (2025, 2027)}
SHOCKS = ["export_stop", "stockpile_used", "ukraine_prolonged"]
LATE_STOP = ["policies.full_stop.years=[2028, 2035]", "policies.full_stop.known_from=2028"]


def mine(country: str, tonnes: float) -> dict:
    """A named mine that takes two years to build, 21 USD per annual tonne."""
    return {"new": MINE | {"country": country, "capacity_t": tonnes, "capex_musd": tonnes * 21e-6}}


def late_loss():
    """Kazakhstan can mine 110 t and loses 70 of them from 2027, Uzbekistan 10 (both 60 USD/t), China (100) any; use is
    100 t. A new Uzbek mine of 30 t, 72.1 USD/t with its capital, takes two years to build.
    """
    return facts(
        countries={"KAZ": RATES, "CHN": RATES, "UZB": RATES},
        freight={"KAZ USA sea": 60, "CHN USA sea": 100, "UZB USA sea": 60},
        capacity={"x mine KAZ 2025": 110, "x mine UZB 2025": 10, "x mine CHN 2025": 200},
        consumption={"x USA .": 100},
        economics=BUILDING,
        projects=mine("UZB", 30),
    )


def test_nobody_builds_before_the_news():
    """Foreseen, the Uzbek mine is there in 2027: 50 x 60 + 30 x 72.1 + 20 x 100 = 7,163 USD in each of three years.

    As a surprise it is begun in 2027 and there in 2029: in 2027 and 2028 China delivers 50 t, 3,000 + 5,000 USD. Prices
    are 60 until the news, then China's 100.
    """
    known, lost = late_loss(), loss(70 / 110, years=(2027, 2029))
    foreseen = unfolded(known, story(2025, 2029, lost=lost | {"foreseen": True}))
    assert foreseen.objective == pytest.approx(12_000 + 3 * 7163)
    answer = unfolded(known, story(2025, 2029, lost=lost))
    assert answer.objective == pytest.approx(12_000 + 2 * 8000 + 7163)
    assert [answer.value("build", year=year) for year in (2027, 2028, 2029)] == pytest.approx([0, 0, 30])
    assert [answer.price(year) for year in range(2025, 2030)] == pytest.approx([60, 60, 100, 100, 100])
    assert answer.table("costs")["musd"].sum() * 1e6 == pytest.approx(answer.objective)


def test_news_that_come_early_give_time_to_build():
    """Known in 2026, a year before it acts, the loss leaves the mine one year late: 2027 is dear, 2028 is not."""
    lost = loss(70 / 110, years=(2027, 2029), known_from=2026)
    answer = unfolded(late_loss(), story(2025, 2029, lost=lost))
    assert answer.objective == pytest.approx(12_000 + 8000 + 2 * 7163)
    assert answer.value("build", year=2028) == pytest.approx(30)


def test_what_was_under_way_arrives():
    """Kazakhstan has 80 t and builds 15 more for 2027, to spare 27.9 USD/t against China. In 2026 it becomes known that
    all is lost from 2027 on: the mine arrives none the less, and its 12.1 USD/t are paid twice for nothing.

    Known from the base year it is not begun; known in 2027 the years before are the same and so is the bill.
    """
    known = facts(
        countries={"KAZ": RATES, "CHN": RATES},
        capacity={"x mine KAZ 2025": 80, "x mine CHN 2025": 200},
        consumption={"x USA .": 100},
        economics=BUILDING,
        projects=mine("KAZ", 15),
    )
    lost, plain = loss(1, years=(2027, 2028)), 2 * 6800 + 2 * 10_000
    for year, built in ((2026, 15), (2027, 15), (2025, 0)):
        answer = unfolded(known, story(2025, 2028, lost=lost | {"known_from": year}))
        assert answer.value("build") == pytest.approx(built)
        assert answer.objective == pytest.approx(plain + 2 * built * 12.1)
        assert answer.value("through", country="KAZ", year=2027) == pytest.approx(0, abs=1e-6)


def stocked():
    """Kazakhstan (60 USD/t) can mine 110 t, China (100) any; use is 100 t, and a stock may hold 20 t for 5 a year."""
    return facts(capacity={"x mine KAZ 2025": 110, "x mine CHN 2025": 200}, consumption={"x USA .": 100})


def test_nobody_saves_before_the_news_and_prices_do_not_know_of_them():
    """Of Kazakhstan's 110 t 30 are lost in 2026. Foreseen, 10 t are bought in 2025 for it: 110 x 60 + 50 + 80 x 60 +
    10 x 100 USD, and a tonne used in 2025 is one less in stock, so it costs 100 - 5.

    As a surprise nothing is in stock, 6,000 + 4,800 + 20 x 100 USD, and 2025 has the price of a world that goes on: 60.
    The later program, whose 2025 is settled, has no price of it.
    """
    known, lost = stocked(), loss(30 / 110, years=(2026, 2026))
    foreseen = unfolded(known, story(2025, 2026, stock=STOCK, lost=lost | {"foreseen": True}))
    assert foreseen.objective == pytest.approx(6600 + 50 + 4800 + 1000)
    assert [foreseen.price(year) for year in (2025, 2026)] == pytest.approx([95, 100])
    answer = unfolded(known, story(2025, 2026, stock=STOCK, lost=lost))
    assert answer.objective == pytest.approx(6000 + 4800 + 2000)
    assert answer.table("stocks")["level_t"].tolist() == pytest.approx([0, 0], abs=1e-6)
    assert [answer.price(year) for year in (2025, 2026)] == pytest.approx([60, 100])


def test_what_was_planned_for_one_shock_is_upset_by_another():
    """For a foreseen loss of 30 t in 2027 a stock that holds 10 t at most would be filled in 2026, 5 USD/t cheaper than
    in 2025. In 2026 another 30 t fail by surprise, and nothing can be saved: 6,000 + 2 x (4,800 + 2,000) USD.

    Both known, 10 t would be saved in 2025, for either year: 6,650 + 4,800 + 1,000 + 6,800.
    """
    foreseen = loss(30 / 110, years=(2027, 2027), foreseen=True)
    sudden = loss(30 / 110, years=(2026, 2026))
    stock = STOCK | {"most_days": 36.5}
    answer = unfolded(stocked(), story(2025, 2027, stock=stock, known=foreseen, sudden=sudden))
    assert answer.objective == pytest.approx(6000 + 2 * 6800)
    both = unfolded(stocked(), story(2025, 2027, stock=stock, known=foreseen, sudden=sudden | {"foreseen": True}))
    assert both.objective == pytest.approx(6650 + 5800 + 6800)


def test_news_come_one_after_another():
    """Kazakhstan falls to 80 t in 2026, and to 60 in 2027: 6,000 + 4,800 + 2,000 + 3,600 + 4,000 USD, each a surprise.

    Prices of 2026 are those of a world that thought itself through with it.
    """
    early, late = loss(30 / 110, years=(2026, 2027)), loss(0.25, years=(2027, 2027))
    plan = story(2025, 2027, stock=STOCK, early=early, late=late)
    assert [(stage.year, stage.news) for stage in stages(plan)] == [(2025, ()), (2026, ("early",)), (2027, ("late",))]
    answer = unfolded(stocked(), plan)
    assert answer.objective == pytest.approx(6000 + 6800 + 7600)
    assert [answer.price(year) for year in (2025, 2026, 2027)] == pytest.approx([60, 100, 100])


def test_what_is_announced_is_one_stage():
    """A ban that a market announces, a corridor that is built out, a shock of the base year, a foreseen one, and one
    that never acts: one solve. A corridor that closes is news.
    """
    ban = {"kind": "import_ban", "countries": ["CHN"]}
    wider = {"kind": "corridor", "legs": ["a"], "capacity_multiple": 2}
    closed = {"kind": "corridor", "legs": ["a"], "closed": True}
    quiet = {
        "ban": ban,
        "wider": wider,
        "now": loss(0.1, years=(2025, 2026)),
        "seen": loss(0.1, foreseen=True, known_from=2026),
        "never": loss(0.1, years=(2030, 2031)),
    }
    assert len(list(stages(story(2025, 2027, **quiet)))) == 1
    sudden = {"closed": closed, "ban": ban | {"known_from": 2026}}
    assert [stage.news for stage in stages(story(2025, 2027, **quiet | sudden))] == [(), ("ban", "closed")]


def test_what_acts_is_known():
    """Nothing becomes known after it acts."""
    with pytest.raises(ValidationError, match="cannot become known in 2027"):
        POLICY.validate_python(loss(0.5, years=[2026, 2027], known_from=2027) | {"assumption": "a test"})


def until_2029(name, two, settings=()):
    """The first five years of a scenario."""
    story = scenario.read(name, two, settings)
    return replace(story, years=story.years[:5])


@pytest.fixture(scope="module")
def late(two):
    """A stop of exports in 2028, by surprise and foreseen, and the status quo, of two real minerals."""
    plan = until_2029("export_stop", two, LATE_STOP)
    foreseen = until_2029("export_stop", two, [*LATE_STOP, "policies.full_stop.foreseen=true"])
    return [unfold(told, two) for told in (plan, foreseen, until_2029("status_quo", two))]


def test_before_a_real_stop_all_is_as_without_it(late):
    """Each column that was decided before 2028 has the value of the status quo, and each price before it too."""
    sudden, _, without = late
    settled = decided(sudden.program, 2028)
    arrays, other = sudden.solution.arrays, without.solution.arrays
    assert not np.setdiff1d(arrays.column_key, other.column_key).size
    place = pd.Index(other.column_key).get_indexer(pd.Index(arrays.column_key))
    assert np.abs(sudden.solution.value - without.solution.value[place])[settled].max() == 0
    rows = [solved.program.constraints["demand"] for solved in (sudden, without)]
    dual = [solved.solution.dual_of(family) for solved, family in zip((sudden, without), rows, strict=True)]
    before = rows[0].table["year"] < 2028
    assert (rows[0].table == rows[1].table).all(axis=None)
    assert (dual[0] == dual[1])[before].all() and (dual[0] != dual[1])[~before].any()


def test_these_are_all_shipped_shocks(shipped):
    """The shipped scenarios of which something becomes known after the base year."""
    named = sorted(file.stem for file in (ROOT / "scenarios").glob("*.yaml"))
    assert [name for name in named if len(list(stages(scenario.read(name, shipped)))) > 1] == SHOCKS


@pytest.mark.parametrize("name", SHOCKS)
@pytest.mark.slow
def test_no_shipped_shock_is_seen_before_its_news(name, shipped):
    """Each column decided before the first news is as in the same scenario without them."""
    few = shipped.only(["gallium"])
    story = scenario.read(name, few)
    first, then, *_ = stages(story)
    sudden, without = unfold(story, few), unfold(first.story, few)
    settled = decided(sudden.program, then.year)
    place = pd.Index(without.solution.arrays.column_key).get_indexer(pd.Index(sudden.solution.arrays.column_key))
    assert settled.any() and (place[settled] >= 0).all()
    assert np.abs(sudden.solution.value - without.solution.value[place])[settled].max() == 0


def test_that_a_stock_may_be_drawn_is_news(two):
    """Until then its target stands, and the stage before says nothing of a release."""
    told = scenario.read("stockpile_used", two)
    before, after = stages(told)
    assert (before.year, after.year) == (2025, 2031)
    assert set(after.news) == {"project_vault", "stop_of_2031"}
    assert before.story.policies["project_vault"].release is None
    assert before.story.policies["project_vault"].days == {2026: 20, 2027: 40, 2028: 60}
    assert after.story.policies["project_vault"] == told.policies["project_vault"]


@pytest.mark.parametrize(
    ("release", "said"), [(None, "there is none"), ([2029, 2030], "released from 2029 on, which cannot become known")]
)
def test_a_release_is_known_by_its_first_year(release, said):
    """News of no release, or of one that has begun, is refused."""
    with pytest.raises(ValidationError, match=said):
        POLICY.validate_python(STOCK | {"release": release, "release_known_from": 2030, "assumption": "a test"})


def test_a_real_surprise_costs_more_than_the_same_foreseen(late):
    """What can still be decided after the news is part of what could be decided before."""
    sudden, foreseen, without = (solved.solution.objective for solved in late)
    assert sudden > foreseen > without


def test_the_certificate_is_the_worst_of_all_stages(late):
    """Each stage proves itself; what is shown is no better than any."""
    shown = [certificate for _, certificate in late[0].certificates]
    assert len(shown) == 2 and all(certificate.holds for certificate in shown)
    assert late[0].solution.certificate.gap == max(certificate.gap for certificate in shown)
    assert late[0].solution.certificate.iterations == sum(certificate.iterations for certificate in shown)


def test_a_surprise_is_the_same_whatever_the_start(two, late, tmp_path):
    """Tables are the same to the last byte from the blocks and from the basis of another scenario."""
    plan = until_2029("export_stop", two, LATE_STOP)
    written = []
    for name, start in (("blocks", None), ("other", late[2].start)):
        where = solve_scenario(plan, Shared(two, start=start))[0].save(tmp_path / name)
        written.append({f.name: f.read_bytes() for f in where.iterdir() if f.name != "manifest.json"})
    assert written[0] == written[1]


def test_news_that_leave_no_plan_are_told():
    """Kazakhstan alone can mine, loses half of its 100 t in 2026, and these data allow no unmet demand."""
    known = facts(capacity={"x mine KAZ 2025": 100}, consumption={"x USA .": 100})
    with pytest.raises(InfeasibleError, match=r"KAZ can supply 50 t of x \(mine\) in 2026; use of 100 t of x in 2026"):
        unfolded(known, story(2025, 2026, lost=loss(0.5)))


def test_the_whole_of_a_scenario_can_still_be_solved_at_once():
    """The program of the whole scenario, as `export` writes it, knows of everything from the base year on."""
    lost = loss(30 / 110, years=(2026, 2026))
    at_once = solve(stocked(), story(2025, 2026, stock=STOCK, lost=lost))
    assert at_once.objective == pytest.approx(6600 + 50 + 4800 + 1000)


@pytest.mark.slow
def test_what_it_costs_not_to_know(two):
    """A stop of gallium and tungsten costs at least as much as the same known from the start; the status quo has no
    news and is left out."""
    table = surprise(two, ["status_quo", "export_stop"])
    (row,) = table.to_dict("records")
    assert row["scenario"] == "export_stop" and row["news"] == 2026
    assert row["surprise_busd"] >= row["foreseen_busd"] > 0
    assert row["surprise_multiple"] > 1.5
