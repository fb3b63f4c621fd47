"""Each kind of policy binds, and what it does is computed by hand.

The data package `two_mines` has round numbers. The United States use 100 t of metal a year. 20 t are mined at home,
China (100 t/yr) ships at 10 USD/t, Kazakhstan (100 t/yr) at 30 (20 by rail, 10 by sea), and a mine of 40 t/yr in
Uzbekistan, from 2027, could ship at 4 USD/t, but costs 100 USD per t/yr (10 % over 20 years: 11.75 USD/t).
Concentrate weighs twice the metal; freight in the tables is per tonne of it. Nobody knows what mining costs, so that
freight is all that is paid: without a policy China delivers 80 t at a price of 10 USD/t, and nothing comes from Central
Asia. The normal price, of which policies speak, is 100 USD/t.
Policies hold from 2026. Alloy is used in widgets, of which 10 are made a year, half of them lean (1 t), half rich (2
t), and 10 t of it elsewhere; it comes from China.
"""

from __future__ import annotations

import pytest
from conftest import CASES, only
from pydantic import TypeAdapter

from supplychain.facts import dataset
from supplychain.results import run as job
from supplychain.results.summary import summary_table
from supplychain.scenario import scenario
from supplychain.scenario.policies import KINDS, AnyPolicy, kind_of
from supplychain.scenario.scenario import Scenario
from supplychain.system.build import build_system

DATA = CASES / "two_mines"
YEARS = range(2025, 2028)


@pytest.fixture(scope="module")
def known():
    """The facts of the exercise, and their tables before any policy: made once, for no policy changes them."""
    return job.Shared.by([story()], dataset.read(DATA))


@pytest.fixture(scope="module")
def base(known):
    """The exercise without a policy."""
    return run(known)


def story(**policies):
    """A scenario of these policies, each given by its fields."""
    read = TypeAdapter(AnyPolicy).validate_python
    kinds = {name: read({"assumption": "by hand"} | fields) for name, fields in policies.items()}
    return Scenario("test", "test", "", YEARS, 0.0, kinds)


def run(known, **policies):
    """The exercise with these policies."""
    return job.solve(story(**policies), known)[0]


def solved(known, **fields):
    """The exercise with one policy, under the id `p`."""
    return run(known, p=fields)


def tonnes(result, country, year=2026, mineral="metal"):
    """What passes through a country's mines for the United States."""
    rows = result.supply.query("stage == 'mine' and country == @country and year == @year and mineral == @mineral")
    return rows["tonnes"].sum()


def extra(result, base):
    """What the plan costs more than the one without a policy, USD over all years."""
    return result.objective - base.objective


def shadow(result, year=2026):
    """The shadow price of the policy in a year, as its table has it."""
    rows = result.tables["policies"].query("policy == 'p' and year == @year")
    assert rows["binding"].all() and len(rows) == 1
    return rows["shadow_price_usd_per_t"].iloc[0]


def paid(result, year=2026):
    """What the treasury pays for the policy in a year, USD."""
    return result.tables["public"].query("policy == 'p' and year == @year")["musd"].sum() * 1e6


def test_without_a_policy_the_cheapest_mines_deliver(base):
    """20 t from home, 80 t from China, none from Kazakhstan; one tonne more would cost 10 USD, China's freight."""
    assert [tonnes(base, c) for c in ("USA", "CHN", "KAZ", "UZB")] == pytest.approx([20, 80, 0, 0])
    price = base.prices.query("mineral == 'metal' and year == 2026")["usd_per_t"]
    assert list(price) == pytest.approx([10])


def test_supplier_cap(known, base):
    """China at most 60 % of 100 t in 2026: 20 t move to Kazakhstan at 20 USD/t more, 400 USD."""
    cap = {"group": "CHN", "stages": ["mine"], "minerals": ["metal"], "share": 0.6, "years": [2026, 2026]}
    result = solved(known, kind="supplier_cap", **cap)
    assert tonnes(result, "CHN") == pytest.approx(60) and tonnes(result, "KAZ") == pytest.approx(20)
    assert extra(result, base) == pytest.approx(400)
    assert shadow(result) == pytest.approx(20)


def test_supplier_cap_by_owner(known):
    """The Uzbek mine is American: by owner, a cap of 20 % on the United States leaves it no room beside home.

    Counted by place it would send all of its 40 t, as `test_cost_of_capital` shows.
    """
    cheap = {"kind": "cost_of_capital", "countries": ["UZB"], "rate": 0.0}
    cap = {"kind": "supplier_cap", "group": "USA", "stages": ["mine"], "minerals": ["metal"], "share": 0.2}
    owned = run(known, cheap=cheap, p=cap | {"by": "owner"})
    assert tonnes(owned, "UZB", 2027) + tonnes(owned, "USA", 2027) == pytest.approx(20)


def test_supplier_floor(known, base):
    """A quarter of 100 t from the group, in 2026 Kazakhstan the only one with a mine: 25 t at 20 USD/t more."""
    floor = {"group": "central_asia", "stages": ["mine"], "minerals": ["metal"], "share": 0.25, "years": [2026, 2026]}
    result = solved(known, kind="supplier_floor", **floor)
    assert tonnes(result, "KAZ") == pytest.approx(25)
    assert extra(result, base) == pytest.approx(25 * 20)
    assert shadow(result) == pytest.approx(20)


def test_domestic_content(known, base):
    """Half the value from friends: both minerals cost the same, 125 t are used; 62.5 t: 20 at home, 42.5 Kazakh."""
    fields = {"group": "friends", "stages": ["mine"], "share": 0.5}
    result = solved(known, kind="domestic_content", **fields)
    assert tonnes(result, "USA") + tonnes(result, "KAZ") == pytest.approx(62.5)
    assert extra(result, base) == pytest.approx(2 * 42.5 * 20)


def test_domestic_content_at_home(known):
    """Without a group the market's own mines count: a floor of 20 % of metal is just met by the 20 t, and costs
    nothing.
    """
    result = solved(known, kind="domestic_content", minerals=["metal"], stages=["mine"], share=0.2)
    row = result.tables["policies"].query("year == 2026").iloc[0]
    assert row["scope"] == "domestic_USA" and row["achieved"] == pytest.approx(0.2)


def test_survive_loss(known, base):
    """Nine tenths without China in 2026: of home's 20 t, k Kazakh ones and half of Kazakhstan's idle 100 - k; k = 40.

    They cost 20 USD/t more; a tonne less to be kept lets two of them go.
    """
    lost = {"group": "CHN", "stages": ["mine"], "minerals": ["metal"], "share": 0.9, "surge": 0.5}
    result = solved(known, kind="survive_loss", years=[2026, 2026], **lost)
    assert tonnes(result, "KAZ") == pytest.approx(40)
    assert extra(result, base) == pytest.approx(40 * 20)
    assert shadow(result) == pytest.approx(40)


def test_concentration_cap(known, base):
    """Home has 0.2 of 100 t; 0.6 and 0.2 for China and Kazakhstan make an index of 0.44: 20 t at 20 USD more."""
    index = {"stages": ["mine"], "minerals": ["metal"], "hhi": 0.44, "years": [2026, 2026]}
    result = solved(known, kind="concentration_cap", **index)
    assert tonnes(result, "KAZ") == pytest.approx(20, rel=1e-3)
    assert extra(result, base) == pytest.approx(400, rel=1e-3)


def test_import_ban(known, base):
    """Without China, in 2026, 80 t come from Kazakhstan, at 20 USD/t more; with 30 % let in, in 2025, 50 t do."""
    ban = {"countries": ["CHN"], "minerals": ["metal"], "share": {2025: 0.3, 2026: 0.0}, "years": [2025, 2026]}
    result = solved(known, kind="import_ban", **ban)
    assert tonnes(result, "CHN") == pytest.approx(0, abs=1e-6) and tonnes(result, "KAZ") == pytest.approx(80)
    assert tonnes(result, "CHN", 2025) == pytest.approx(30) and tonnes(result, "KAZ", 2025) == pytest.approx(50)
    assert extra(result, base) == pytest.approx((80 + 50) * 20)


def test_export_quota(known, base):
    """China lets 40 t out: the other 40 come from Kazakhstan, and a tonne more let out would save 20 USD."""
    result = solved(known, kind="export_quota", countries=["CHN"], minerals=["metal"], tonnes={2026: 40, 2027: 80})
    assert tonnes(result, "CHN") == pytest.approx(40)
    assert extra(result, base) == pytest.approx(40 * 20)
    assert shadow(result) == pytest.approx(20)


def test_export_ban(shipped):
    """70 % of China's antimony exports of the base year are cut: what leaves in 2027 is 30 % of what left in 2025, as
    the world's use has grown since.

    What leaves is what China refines less what it sells to itself: how markets share it is for the plan to choose.
    """
    few = only(shipped, ["antimony"])
    ban = {"kind": "export_ban", "countries": ["CHN"], "stages": ["refine"], "share": 0.7}
    result = job.run(story(p=ban), few)
    made = result.tables["output"].query("stage == 'refine' and country == 'CHN'").groupby("year")["tonnes"].sum()
    at_home = result.supply.query("stage == 'supply' and country == 'CHN' and market == 'CHN'")
    left = made - at_home.groupby("year")["tonnes"].sum()
    use = build_system(few, story(p=ban)).use
    world = (use["base_t"] * use["growth"]).groupby(use["year"]).sum()
    row = result.tables["policies"].query("year == 2027").iloc[0]
    assert row["binding"] and row["achieved"] == pytest.approx(row["asked"], rel=1e-6)
    assert left[2027] == pytest.approx(row["achieved"], rel=1e-6)
    # The base year is met within the steps of a delivery, 4 % wide.
    assert left[2027] == pytest.approx(0.3 * left[2025] * world[2027] / world[2025], rel=0.04)


def test_tariff_that_steers(known, base):
    """25 USD/t on China make it 35: Kazakhstan at 30 delivers the 80 t. Nothing is left to collect the duty on.

    On the last supplier in 2026, on the origin at the mine in 2025: here they come to the same.
    """
    duty = {"kind": "tariff", "countries": ["CHN"], "minerals": ["metal"], "usd_per_t": 25}
    of_origin = duty | {"stage": "mine", "years": [2025, 2025]}
    result = run(known, p=duty | {"years": [2026, 2026]}, origin=of_origin)
    assert [tonnes(result, "KAZ", year) for year in (2025, 2026)] == pytest.approx([80, 80])
    assert extra(result, base) == pytest.approx(2 * 80 * 20)
    assert paid(result) == pytest.approx(0, abs=1e-6)


def test_tariff_that_is_paid(known):
    """15 % of the normal price of 100 on all but Kazakhstan: China, at 10 + 15, still is cheapest, sets the price and
    pays 80 t x 15 USD a year.
    """
    tariff = {"kind": "tariff", "countries": "all", "exempt": ["KAZ"], "minerals": ["metal"], "rate": 0.15}
    result = solved(known, **tariff)
    assert tonnes(result, "CHN") == pytest.approx(80)
    assert paid(result) == pytest.approx(-1200)
    price = result.prices.query("mineral == 'metal' and year == 2026")["usd_per_t"].iloc[0]
    assert price == pytest.approx(25)


def test_the_headline_cost_is_of_resources_alone(known, base):
    """The same duty in 2026 moves no tonne: 1,200 USD change hands, which are revenue and no cost of the world's."""
    duty = {"countries": "all", "exempt": ["KAZ"], "minerals": ["metal"], "rate": 0.15, "years": [2026, 2026]}
    result = solved(known, kind="tariff", **duty)
    before, after = (r.summary.set_index("metric")["value"] for r in (base, result))
    more = (after - before)[["objective", "resource_cost", "transfers", "public_revenue"]] * [1, 1e6, 1e6, 1e6]
    assert more.to_list() == pytest.approx([1200, 0, 1200, 1200], abs=1e-6)
    assert summary_table([base, result])["extra_busd"].to_list() == pytest.approx([0, 0], abs=1e-12)


def test_capacity_loss(known, base):
    """Half of China's 100 t/yr is lost in 2026 only: 30 t come from Kazakhstan in that year, at 20 USD/t more."""
    loss = {"countries": ["CHN"], "minerals": ["metal"], "share": 0.5, "years": [2026, 2026]}
    result = solved(known, kind="capacity_loss", **loss)
    assert [tonnes(result, "KAZ", year) for year in YEARS] == pytest.approx([0, 30, 0], abs=1e-6)
    assert extra(result, base) == pytest.approx(30 * 20)


def test_capacity_loss_hits_what_was_built(known):
    """The Uzbek mine, built in 2027 with free capital, is lost with its country: nothing of its 40 t arrives."""
    cheap = {"kind": "cost_of_capital", "countries": ["UZB"], "rate": 0.0}
    lost = {"kind": "capacity_loss", "countries": ["UZB"], "years": [2027, 2027]}
    assert tonnes(run(known, cheap=cheap, p=lost), "UZB", 2027) == pytest.approx(0, abs=1e-6)


def test_investment_fund(known, base):
    """With 60 % of its capital paid, a tonne of the Uzbek mine costs 4 + 0.4 x 11.75 = 8.70 USD, less than China's 10.

    A budget of 1,200 USD pays 60 % of 100 USD for 20 t/yr. So 20 t move in 2027 and save 1.30 USD each.
    """
    fund = {"countries": ["central_asia"], "capex_share": 0.6, "budget_musd": 0.0012}
    result = solved(known, kind="investment_fund", **fund)
    charge = 100 * 0.10 / (1 - 1.10**-20)
    assert tonnes(result, "UZB", 2027) == pytest.approx(20)
    assert extra(result, base) == pytest.approx(20 * (4 + 0.4 * charge - 10))
    assert paid(result, 2027) == pytest.approx(1200)


def test_cost_of_capital(known, base):
    """At a real rate of nil the mine's charge is 100 / 20 = 5 USD/t: at 4 + 5 = 9 USD all 40 t come, 1 USD cheaper."""
    result = solved(known, kind="cost_of_capital", countries=["UZB"], points=-0.10)
    assert tonnes(result, "UZB", 2027) == pytest.approx(40)
    assert extra(result, base) == pytest.approx(-40)


def test_lead_time(known, base):
    """With free capital the mine pays from its first year: a year sooner is another 40 t at 1 USD less."""
    cheap = {"kind": "cost_of_capital", "countries": ["UZB"], "rate": 0.0}
    sooner = {"kind": "lead_time", "countries": ["UZB"], "years_sooner": 3, "projects": ["uz_mine"]}
    result = run(known, cheap=cheap, p=sooner)
    assert [tonnes(result, "UZB", year) for year in YEARS] == pytest.approx([0, 40, 40], abs=1e-6)
    assert extra(result, base) == pytest.approx(-80)


def test_production_credit(known):
    """25 USD/t make Kazakh metal cost 5 at the border, less than China's 10: 80 t, for which the treasury pays 2,000
    USD.
    """
    result = solved(known, kind="production_credit", countries=["KAZ"], minerals=["metal"], usd_per_t=25)
    assert tonnes(result, "KAZ") == pytest.approx(80)
    assert paid(result) == pytest.approx(2000)


def test_price_floor(known):
    """A floor of 125 USD over the normal price of 100 is a credit of 25: Kazakhstan, at 30 - 25, delivers 80 t, and the
    price falls to 5.

    The contract is made up at that price: it pays 125 - 5 = 120 USD on each of them, 9,600 USD a year.
    """
    floor = {"countries": ["KAZ"], "minerals": ["metal"], "stage": "mine", "floor_usd_per_t": 125}
    result = solved(known, kind="price_floor", **floor)
    assert tonnes(result, "KAZ") == pytest.approx(80)
    assert paid(result) == pytest.approx(9600)


def test_price_floor_below_the_price(known):
    """Duties of 200 USD/t bring the price to 30 - 25 + 200 = 205: a contract at 125 pays nothing and takes nothing."""
    duty = {"kind": "tariff", "countries": "all", "minerals": ["metal"], "usd_per_t": 200}
    floor = {"countries": ["KAZ"], "minerals": ["metal"], "stage": "mine", "floor_usd_per_t": 125}
    result = run(known, duty=duty, p=floor | {"kind": "price_floor"})
    price = result.prices.query("mineral == 'metal' and year == 2026")["usd_per_t"].iloc[0]
    assert price == pytest.approx(205) and tonnes(result, "KAZ") == pytest.approx(80)
    assert paid(result) == 0


def test_offtake(known, base):
    """30 t promised to Kazakhstan cost 20 USD/t more than China's, which is what the guarantee is worth: 600 USD a
    year.
    """
    result = solved(known, kind="offtake", country="KAZ", mineral="metal", tonnes=30)
    assert tonnes(result, "KAZ") == pytest.approx(30)
    assert extra(result, base) == pytest.approx(2 * 600)
    assert shadow(result) == pytest.approx(20) and paid(result) == pytest.approx(600)


def test_offtake_of_a_project(known, base):
    """A promise to the Uzbek mine starts in 2027, its first year; at 15.75 USD/t it costs 5.75 more than China, on 10
    t.
    """
    fields = {"country": "UZB", "project": "uz_mine", "mineral": "metal", "tonnes": 10}
    result = solved(known, kind="offtake", **fields)
    charge = 100 * 0.10 / (1 - 1.10**-20)
    assert list(result.tables["policies"]["year"]) == [2027]
    assert extra(result, base) == pytest.approx(10 * (4 + charge - 10))


def test_stockpile(known, base):
    """36.5 days of 100 t are 10 t, bought in 2025 at 10 USD and held over the year's end at 2 % of the normal price.

    In 2026 China is cut off, and 80 t from Kazakhstan would cost 20 USD/t more. With the target released, the stock
    replaces 10 t of them at 30 USD: bought for 10, held for 2, it saves 30.
    """
    lost = {"kind": "capacity_loss", "countries": ["CHN"], "minerals": ["metal"], "years": [2026, 2026]}
    stock = {"kind": "stockpile", "minerals": ["metal"], "days": 36.5, "release": [2026], "years": [2025, 2026]}
    result = run(known, lost=lost, p=stock)
    level = result.tables["stocks"].set_index("year")["level_t"]
    assert level[2025] == pytest.approx(10) and level[2026] == pytest.approx(0, abs=1e-6)
    assert tonnes(result, "KAZ", 2026) == pytest.approx(70)
    assert extra(result, base) == pytest.approx(80 * 20 + 10 * (10 + 2 - 30))
    assert paid(result, 2025) == pytest.approx(10 * 10 + 10 * 2)


def test_corridor_with_less_room(known):
    """The railway carries 440 t of cargo, other freight fills 400: 20 t of metal in concentrate of half its weight.

    With China banned, Kazakhstan would send 80 t; now 60 t of use are forgone. In 2025 the railway is closed: all 80
    are, and other freight is turned away too, so that no plan is made impossible. In 2027 it carries its 1,000 t, but
    540 t of other freight come to the 400: 30 t of metal pass. Uzbekistan's new mine makes 40, and 10 are forgone.
    """
    ban = {"kind": "import_ban", "countries": ["CHN"], "minerals": ["metal"], "years": [2025, 2027]}
    closed = {"kind": "corridor", "corridor": "middle", "closed": True, "years": [2025, 2025]}
    narrow = {"kind": "corridor", "legs": ["steppe"], "capacity_t": 440, "years": [2026, 2026]}
    crowded = {"kind": "corridor", "legs": ["steppe"], "other_cargo_t": {2027: 540}, "years": [2027, 2027]}
    result = run(known, ban=ban, closed=closed, p=narrow, crowded=crowded)
    assert [tonnes(result, "KAZ", year) for year in YEARS] == pytest.approx([0, 20, 30], abs=1e-6)
    lost = result.unmet.query("item == 'metal'").groupby("year")["amount"].sum()
    assert [lost[year] for year in YEARS] == pytest.approx([80, 60, 10])


def test_corridor_made_cheaper(known, base):
    """In 2025 rail at 45 % of its freight: 9 + 10 = 19 USD/t, still dearer than China's 10.

    In 2026 both legs 8 USD a tonne of cargo cheaper: the railway costs 2 instead of 10, the sea, 5 before, nil and not
    less: 2 x 2 = 4 USD/t of metal, 6 less than China's.
    """
    rail = {"kind": "corridor", "legs": ["steppe"], "cost_multiple": 0.45, "years": [2025, 2025]}
    both = {"kind": "corridor", "legs": ["steppe", "ocean"], "cost_usd_per_t": -8, "years": [2026, 2026]}
    result = run(known, rail=rail, p=both)
    assert [tonnes(result, "KAZ", year) for year in YEARS] == pytest.approx([0, 80, 0], abs=1e-6)
    assert extra(result, base) == pytest.approx(-80 * 6)


def test_recycling(known):
    """Collection of alloy scrap rises from 10 to 30 %: half of the 10 t of other use is scrap, so 1 t more comes back.

    Recovering costs half of the normal price of 100, more than China's freight of 5: it is done in 2026, when China's
    tonnes pay a duty of 55 beside, and not in 2027, when they pay none.
    """
    duty = {"kind": "tariff", "countries": ["CHN"], "minerals": ["alloy"], "usd_per_t": 55, "years": [2026, 2026]}
    more = {"kind": "recycling", "minerals": ["alloy"], "collection": 0.3}
    before, after = run(known, duty=duty), run(known, duty=duty, p=more)
    assert tonnes(before, "CHN", mineral="alloy") - tonnes(after, "CHN", mineral="alloy") == pytest.approx(1.0)
    used = after.tables["secondary"].groupby("year")["used_t"].sum()
    assert [used.get(year, 0.0) for year in YEARS] == pytest.approx([0, 1, 0], abs=1e-6)
    assert extra(after, before) == pytest.approx(50 - (5 + 55))


def test_demand_of_a_mineral(known, base):
    """A third more metal: 133 t; China is full at 100, home at 20, so 13.33 t come from Kazakhstan."""
    result = solved(known, kind="demand", minerals=["metal"], multiple={2026: 4 / 3})
    assert tonnes(result, "CHN") == pytest.approx(100)
    assert tonnes(result, "KAZ") == pytest.approx(40 / 3)


def test_demand_for_a_service(known, base):
    """Twice the widgets take 15 t of alloy more."""
    result = solved(known, kind="demand", services=["widgets"], multiple=2)
    assert tonnes(result, "CHN", mineral="alloy") - tonnes(base, "CHN", mineral="alloy") == pytest.approx(15)


def test_technology_mix(known, base):
    """Rich widgets at 20 %, lean ones giving way to 80: 10 x (0.8 x 1 + 0.2 x 2) = 12 t of alloy instead of 15."""
    result = solved(known, kind="technology_mix", technology="rich", share=0.2)
    assert tonnes(base, "CHN", mineral="alloy") - tonnes(result, "CHN", mineral="alloy") == pytest.approx(3)
    share = result.tables["technology"].query("year == 2026").set_index("technology")["share"]
    assert share["lean"] == pytest.approx(0.8)


def test_technology_bounds_let_prices_choose(known, base):
    """With alloy cut to 22 t, lean widgets may go to 80 % at once: of 25 t wanted, 3 are saved and nothing is
    forgone.
    """
    cut = {"kind": "export_quota", "countries": ["CHN"], "minerals": ["alloy"], "tonnes": 22}
    free = {"kind": "technology_mix", "technology": "lean", "most_share": 0.8, "pace_per_year": 1.0}
    loose = {"kind": "technology_mix", "technology": "rich", "least_share": 0.2, "pace_per_year": 1.0}
    result = run(known, cut=cut, free=free, loose=loose)
    share = result.tables["technology"].query("year == 2026").set_index("technology")["share"]
    assert share["lean"] == pytest.approx(0.8)
    assert result.unmet.empty


def test_every_kind_is_tried_here():
    """A kind without a test of its effect in this file is told."""
    text = (CASES.parent / "test_policies.py").read_text(encoding="utf-8")
    missing = [
        kind_of(kind) for kind in KINDS if f'kind="{kind_of(kind)}"' not in text and f'"{kind_of(kind)}"' not in text
    ]
    assert not missing


def test_the_exercise_has_its_own_scenario_file(known):
    """`base.yaml` is the exercise without a policy."""
    read = scenario.read(DATA / "base.yaml", known.known)
    assert read.years == YEARS and not read.policies and read.discount_rate == 0.0
