"""Losses survived (eq. 11): solved by hand, and tried on plans of real minerals with an LP of the test's own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import only
from handmade import facts, solve, story, unfolded
from scipy.optimize import linprog
from test_equations_capacity import HOSTED
from test_equations_dependence import CHEAP_CHINA

from supplychain.facts.dataset import PLACE
from supplychain.facts.errors import InfeasibleError
from supplychain.results import run as job
from supplychain.results.unfold import unfold
from supplychain.solve.nearby import Nearby
from supplychain.studies.explain.prices import policy_prices
from supplychain.studies.explain.terrain import Terrain
from supplychain.system.build import base_tables, build_system

SITE_YEAR = [*PLACE, "year"]
# China delivers 300 t at 60 USD/t, Kazakhstan 100 t at 100; 200 t are used.
SMALL_MINE = CHEAP_CHINA | {"capacity": {"x mine KAZ 2025": 100, "x mine CHN 2025": 300}}
# Capital at 10 % over two years costs 1.21 / 2.1 of itself a year: 12.1 USD/t of 21.
NEW_MINE = {"mineral": "x", "stage": "mine", "country": "KAZ", "capacity_t": 100, "capex_musd": 2100e-6}
BUILT_IN_TIME = {
    "countries": {c: {"wacc": 0.1, "cost_multiplier": 1} for c in ("KAZ", "CHN")},
    "economics": {"x mine life_years": 2, "x mine lead_time_years": 1},
    "projects": {"new": NEW_MINE | {"earliest_year": 2027, "status": "feasibility"}},
}


def survive(share, **fields):
    """The loss of each foreign supplier at the mine."""
    return {"kind": "survive_loss", "group": "each", "stages": ["mine"], "share": share} | fields


def test_idle_plant_stands_in_for_what_is_lost():
    """Half of Kazakhstan's idle plant would run for the market, and four tenths of 200 t must be left without China.

    With k Kazakh tonnes in the plan, k + 0.5 (100 - k) = 80 are left: k = 60, at 40 USD/t more. A tonne less asked for
    lets 2 t go, 80 USD; a percentage point is 2 t. One tonne more of use asks for 0.8 t from Kazakhstan: 0.8 x 100 +
    0.2 x 60 = 92 USD. Without Kazakhstan China makes all: it could spare 0.5 x (300 - 140).
    """
    answer = solve(facts(**SMALL_MINE), story(2025, 2026, p=survive(0.4, surge=0.5)))
    assert answer.value("through", country="KAZ", year=2026) == pytest.approx(60)
    assert answer.objective == pytest.approx(2 * 200 * 60 + 60 * 40)
    assert answer.price(2026) == pytest.approx(92)
    told = answer.table("policies").set_index("scope")
    assert told["achieved"].to_dict() == pytest.approx({"CHN": 0.4, "KAZ": 1.0})
    assert told["binding"].to_dict() == {"CHN": True, "KAZ": False}
    assert told.loc["CHN", ["shadow_price", "shadow_price_usd_per_t"]].tolist() == pytest.approx([160, 80])


def test_a_point_of_the_share_has_one_price_both_ways():
    """The same plan, moved by the explanation's own means: 160 USD more for a point more, 160 less for one less."""
    known, told = facts(**SMALL_MINE), story(2025, 2026, p=survive(0.4, surge=0.5))
    done = unfold(told, known)
    base = base_tables(known, told.years)
    terrain = Terrain(told, known, base, done.tangents, done.program.arrays(), done.solver.arrays)
    (row,) = policy_prices(terrain, Nearby(done.solver), done.program.money_unit).itertuples()
    assert [row.more_usd, row.less_usd] == pytest.approx([160, -160])


def test_with_first_call_on_all_idle_plant_the_plan_stays_as_it_is():
    """Without China half of 200 t is there whoever delivers in the plan: 100 t of Kazakh plant, idle or not.

    Six tenths are not, and nothing can be built: no plan, and the message says who is lost.
    """
    known = facts(**SMALL_MINE)
    answer = solve(known, story(2025, 2026, p=survive(0.5)))
    assert answer.objective == pytest.approx(2 * 200 * 60)
    assert answer.cell("policies", "achieved", scope="CHN") == pytest.approx(0.5)
    with pytest.raises(InfeasibleError, match=r"policy p: at least 0.6 of x for USA without CHN \(mine\) in 2026"):
        unfolded(known, story(2025, 2026, p=survive(0.6)))


def test_plant_is_built_to_stand_idle():
    """In 2027 and 2028 three quarters must be left without China: 50 t more of Kazakh plant, at 12.1 USD/t a year.

    It mines nothing: China is cheaper.
    """
    answer = solve(facts(**SMALL_MINE | BUILT_IN_TIME), story(2025, 2028, p=survive(0.75, years=(2027, 2028))))
    assert answer.value("build") == pytest.approx(50)
    assert answer.value("through", country="KAZ") == pytest.approx(0)
    assert answer.objective == pytest.approx(4 * 200 * 60 + 2 * 50 * 12.1)


def test_a_stockpile_stands_in():
    """As above with 36.5 days of use in stock, 20 t: k + 0.5 (100 - k) + 20 = 80 t, k = 20.

    If 5 t are enough in 2026, the other 15 are released in it: each saves a tonne from China, 60 USD, and moves 1.2 to
    Kazakhstan, 48. They are used in the plan already and cannot be used again. Of 185 t of supply 74 must be left, k +
    0.5 (100 - k) + 5: k = 38.
    """
    stock = {"kind": "stockpile", "days": 36.5, "initial_days": 36.5, "holding_usd_per_t": 0, "years": (2025, 2026)}
    known = facts(**SMALL_MINE)
    answer = solve(known, story(2025, 2026, p=survive(0.4, surge=0.5), stock=stock))
    assert answer.value("through", country="KAZ", year=2026) == pytest.approx(20)
    assert answer.cell("policies", "achieved", scope="CHN") == pytest.approx(0.4)
    less = stock | {"days": {2025: 36.5, 2026: 9.125}}
    answer = solve(known, story(2025, 2026, p=survive(0.4, surge=0.5), stock=less))
    assert [answer.value(v, year=2026) for v in ("stock", "released", "total")] == pytest.approx([5, 15, 185])
    assert answer.value("through", country="KAZ", year=2026) == pytest.approx(38)


def test_private_stocks_stand_in_as_they_are():
    """Use holds 30 t of private stocks, full in the plan: k + 0.5 (100 - k) + 30 = 80 t, so China may deliver all."""
    priced = {"prices": {"x 2024": 100}, "deflator": {"2024": 1}, "private_stocks": {"x USA": 30}}
    answer = solve(facts(**SMALL_MINE | priced), story(2025, 2028, p=survive(0.4, surge=0.5, years=(2027, 2027))))
    assert answer.value("through", country="KAZ", year=2027) == pytest.approx(0)
    assert answer.cell("policies", "achieved", scope="CHN") == pytest.approx(0.4)


def test_idle_plant_of_a_by_product_without_feed_is_no_reserve():
    """Kazakhstan and Belgium can refine 2 t of g each; 2 % of h comes as g, and only Kazakhstan refines h: 30 t of it.

    So it can make 0.6 t and 0.2 without h; Belgium wins a tenth of its plant, 0.2 t, without h. Use is 0.4 t, cheapest
    in Kazakhstan. Half of it must be left without Kazakhstan: the 0.2 t of Belgium, which need not run for that. More
    than half is not there, though 1.8 t of its plant stand idle.
    """
    two = HOSTED | {
        "countries": {c: {} for c in ("KAZ", "CHN", "BEL")},
        "freight": {"KAZ USA sea": 100, "CHN USA sea": 60, "BEL USA sea": 300},
        "capacity": HOSTED["capacity"] | {"g refine BEL 2025": 2},
        "primary_shares": {"g refine KAZ": 0.1, "g refine BEL": 0.1},
        "consumption": {"h USA .": 100, "g USA .": 0.4},
    }
    lost = {"kind": "survive_loss", "group": "KAZ", "stages": ["refine"], "minerals": ["g"]}
    answer = solve(facts(**two), story(2025, 2026, p=lost | {"share": 0.5}))
    assert answer.value("through", mineral="g", country="BEL") == pytest.approx(0)
    assert answer.cell("policies", "achieved", scope="KAZ") == pytest.approx(0.5)
    with pytest.raises(InfeasibleError):
        solve(facts(**two), story(2025, 2026, p=lost | {"share": 0.55}))


def after_losses(result, system, mineral, stage, surge):
    """What is left of US supply without each foreign supplier, year by year: share by country and year.

    A linear program for each, from tables of facts and results alone: the most that the market can get of the places
    that are left, each within its plant and, of a by-product, its feed, and from stocks.
    """
    link = system.chain.query("mineral == @mineral and stage == @stage").iloc[0]
    ratio, site = link["ratio"], {"mineral": link["ore"], "stage": stage}
    supply = result.supply.query("mineral == @mineral and stage == @stage and market == 'USA'")
    t = result.tables

    def of_site(table, column):
        own = table[(table[list(site)] == pd.Series(site)).all(axis=1)]
        return own.groupby(["country", "year"])[column].sum()

    built = of_site(t["capacity"], "built_t").unstack("year").reindex(columns=system.years["year"]).fillna(0.0)
    room = of_site(system.existing, "existing_t").add(built.cumsum(axis=1).stack(), fill_value=0.0)
    given = of_site(t["byproducts"], "available_t")
    primary = system.primary[(system.primary[list(site)] == pd.Series(site)).all(axis=1)].set_index("country")["share"]
    made, left = of_site(t["output"], "tonnes"), {}
    for year, rows in supply.groupby("year"):
        got = rows.groupby("country")["tonnes"].sum()
        reachable = system.paths.loc[system.paths["mineral"] == mineral, stage].unique()
        places = sorted(set(got.index) | set(reachable))
        own = pd.MultiIndex.from_product([places, [year]])
        output, plant = (table.reindex(own).fillna(0.0).to_numpy() for table in (made, room))
        by_product = primary.reindex(places)
        feed = given.reindex(own).fillna(0.0).to_numpy() + by_product.fillna(1.0).to_numpy() * plant
        free = np.minimum(plant, np.where(by_product < 1.0, feed, np.inf)) - output
        most = got.reindex(places, fill_value=0.0).to_numpy() + surge * np.maximum(free, 0.0) / ratio
        stocks = _stocks(t, mineral, year)
        for lost in got.index.difference(["USA"]):
            upper = np.where(np.array(places) == lost, 0.0, most)
            best = linprog(-np.ones(len(places) + 1), bounds=[(0, u) for u in [*upper, stocks]])
            left[lost, year] = -best.fun / got.sum()
    return pd.Series(left).sort_index()


def _stocks(tables, mineral, year):
    """What private stocks hold in the United States, less what the plan draws of them in the year."""
    own = tables["private_stocks"].query("mineral == @mineral and market == 'USA' and year == @year")
    return float((own["level_t"] - (-own["drawn_t"]).clip(lower=0.0)).sum())


@pytest.mark.parametrize("mineral", ["antimony", "gallium"])
@pytest.mark.slow
def test_the_asked_share_is_there_after_each_loss(shipped, mineral):
    """All supply is there without each foreign refiner in turn, if three tenths of idle plant run for it.

    Without the policy it is not for one of them at least. The result's own table says the same of every loss.
    """
    few = only(shipped, [mineral])
    asked = {"kind": "survive_loss", "group": "each", "stages": ["refine"], "share": 1.0, "surge": 0.3}
    left = {}
    for name, told in (("plain", story(2025, 2031)), ("safe", story(2025, 2031, p=asked | {"years": (2029, 2031)}))):
        result = job.run(told, few)
        left[name] = after_losses(result, build_system(few, told), mineral, "refine", 0.3).loc[:, 2029:]
    assert left["plain"].min() < 0.95
    assert left["safe"].min() > 1 - 1e-5
    said = result.policies.set_index(["scope", "year"])
    assert said["binding"].any()
    assert said.loc[left["safe"].index, "achieved"].to_numpy() == pytest.approx(np.minimum(left["safe"], 1.0), abs=1e-5)
