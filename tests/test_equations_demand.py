"""What must be met, solved by hand: demand, thrift, services, secondary supply, stock (docs/model.md, eqs. 1, 2, 9)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from handmade import BASE_YEAR, facts, loss, solve, story, write

from supplychain.facts import dataset
from supplychain.system.build import build_system

# A metal at 100 USD/t, all of it freight, whose use answers to the price: elasticity 1 in a year, 2 in the long run.
ELASTIC = {
    "minerals": {"x": {"class": "metal"}},
    "elasticities": {"metal short_run": 1, "metal long_run": 2},
    "prices": {"x 2024": 100},
    "deflator": {"2024": 1},
    "freight": {"KAZ USA sea": 100},
}


def test_facts_by_hand_are_what_a_package_holds(tmp_path):
    """Tables from dicts are the ones that are read, and checked, from a data package with the same rows."""
    read, made = dataset.read(write(tmp_path, **BASE_YEAR)), facts(**BASE_YEAR)
    for name in read.tables:
        pd.testing.assert_frame_equal(made[name], read[name], obj=name)


def test_demand_is_met_and_its_dual_is_the_delivered_price():
    """Use 100 t, of it 80 from Kazakhstan at 60 USD/t; the other 20 from China at 100.

    A year costs 80 x 60 + 20 x 100 = 6,800 USD; two years at 5 % cost 6,800 x (1 + 1/1.05). One tonne more comes from
    China, so the price is 100 USD/t in either year; in present value the second year's dual is 100 / 1.05.
    """
    known = facts(capacity={"x mine KAZ 2025": 80, "x mine CHN 2025": 100}, consumption={"x USA .": 100})
    answer = solve(known, story(2025, 2026, discount_rate=0.05))
    assert answer.objective == pytest.approx(6800 * (1 + 1 / 1.05))
    assert [answer.price(year) for year in (2025, 2026)] == pytest.approx([100, 100])
    assert answer.dual("demand", year=2026) == pytest.approx(100 / 1.05)
    assert answer.value("flow", mine="KAZ", year=2026) == pytest.approx(80)


def test_use_that_is_worth_less_than_its_cost_is_forgone():
    """The same sites. Use is worth 500 USD/t in 2025 and 90 in 2026: China's tonne at 100 is then not bought.

    2025: 6,800 - 100 x 500 = -43,200 USD. 2026: 80 t at 60, 20 t forgone, price 90: 4,800 - 80 x 90 = -2,400.
    """
    known = facts(
        capacity={"x mine KAZ 2025": 80, "x mine CHN 2025": 100},
        consumption={"x USA 2025": (100, 500), "x USA 2026": (100, 90)},
    )
    answer = solve(known, story(2025, 2026))
    assert answer.objective == pytest.approx(-43200 - 2400)
    assert [answer.price(year) for year in (2025, 2026)] == pytest.approx([100, 90])
    assert answer.cell("unmet", "amount", year=2026, item="x") == pytest.approx(20)


def test_thrift_grows_at_its_pace_and_not_ahead_of_the_shortage():
    """Normal price 100 USD/t; elasticities 1 in a year and 2 in the long run; use 1,102.5 t, capacity 1,200 t, from
    2026 on 1,010.

    Between 1 and 1.05 times the price use gives way by 1,102.5 (1 - 1.05^-2) = 102.5 t in the long run, and by
    1,102.5 (1 - 1.05^-1) = 52.5 t a year; its tonnes are worth 100 sqrt(1 x 1.05). The next step, to 1.15, takes
    1,102.5 (1/1.05 - 1/1.15) = 91.3 t a year at 100 sqrt(1.05 x 1.15). So of the 92.5 t that lack, 2026 takes 52.5
    from the first step and 40 from the second, which sets the price; 2027 takes all from the first (105 would be
    allowed). Nobody saves in 2025, although that would spare the second step. One tonne more of pace in 2026 saves
    the steps' difference.
    """
    known = facts(
        **ELASTIC,
        capacity={"x mine KAZ 2025": 1200},
        consumption={"x USA .": 1102.5},
    )
    answer = solve(known, story(2025, 2027, lost=loss(190 / 1200)))
    first, second = 100 * np.sqrt(1.05), 100 * np.sqrt(1.05 * 1.15)
    saved = {(y, s): answer.value("forgone", year=y, step=s) for y in (2025, 2026, 2027) for s in (0, 1)}
    assert saved == pytest.approx(
        {(2025, 0): 0, (2025, 1): 0, (2026, 0): 52.5, (2026, 1): 40, (2027, 0): 92.5, (2027, 1): 0}
    )
    assert [answer.price(year) for year in (2025, 2026, 2027)] == pytest.approx([100, second, first])
    assert answer.dual("thrift", year=2026, step=0) == pytest.approx(first - second)


def test_use_rises_when_the_price_falls():
    """1,000 t are used at 100 USD/t; from 2026 a credit takes 20 off.

    Above 95 USD/t use gains 1,000 (0.95^-2 - 1) t in the long run, 52.6 a year by the short-run elasticity of 1; down
    to 85 it gains 1,000 (1/0.85 - 1/0.95) = 123.8 a year. The step from there to 70 is worth 77, less than the 80 that
    a tonne costs. The base year is history.
    """
    known = facts(
        **ELASTIC,
        capacity={"x mine KAZ 2025": 5000},
        consumption={"x USA .": 1000},
    )
    credit = {"kind": "production_credit", "countries": ["KAZ"], "usd_per_t": 20}
    answer = solve(known, story(2025, 2027, credit=credit))
    gained = [answer.value("gained", year=year) for year in (2025, 2026, 2027)]
    a_year = 1000 * (1 / 0.95 - 1) + 1000 * (1 / 0.85 - 1 / 0.95)
    assert gained == pytest.approx([0, a_year, 2 * a_year])
    assert answer.value("total", year=2027) == pytest.approx(1000 + 2 * a_year)
    assert [answer.price(year) for year in (2025, 2026, 2027)] == pytest.approx([100, 80, 80])
    costs = answer.table("costs")
    assert float(costs["musd"].sum() * 1e6) == pytest.approx(answer.objective)


def cars(**bounds):
    """100 cars a year, half heavy (2 t of x each) and half light (1 t); x costs 60 USD/t, 10 t go elsewhere.

    A car that is not delivered costs 1,000 USD; one more light car than the reference mix has costs 90.
    """
    limits = {"least": 0, "most": 1, "pace": 1} | bounds
    return facts(
        capacity={"x mine KAZ 2025": 200},
        consumption={"x USA .": 10},
        services={"cars": {"unit": "vehicle", "value_usd_per_unit": 1000}},
        deployment={"cars 2025": 100},
        technologies={"heavy cars": {}, "light cars": {}},
        technology_mix={"heavy 2025": 0.5, "light 2025": 0.5},
        technology_bounds={"heavy": (0, 1, 1, 0), "light": (limits["least"], limits["most"], limits["pace"], 90)},
        intensities={"heavy x": 2, "light x": 1},
    )


def test_a_service_is_delivered_or_lost_and_its_mix_shifts_at_its_pace():
    """140 t in 2026 leave 130 for cars, where the reference mix takes 150; the mix may shift by 10 cars in 2026.

    With n cars the shift saves 10 t: 1.5 n - 10 = 130, n = 93.33; so 6.67 cars are lost. A tonne more is 2/3 of a
    car: the price is 1,000 / 1.5 = 666.67 USD/t. A car more to deliver is a car more lost: 1,000 USD in 2026; in
    2025, where x is plentiful, it costs 1.5 x 60 = 90. One more car of pace saves a tonne and costs the shift: 90 -
    666.67.
    """
    answer = solve(cars(pace=0.1), story(2025, 2026, lost=loss(0.3)))
    cars_made = 130 / 1.5 + 10 / 1.5
    assert answer.value("deployed", year=2026) == pytest.approx(cars_made)
    assert answer.value("deployed", year=2026, technology="light") == pytest.approx(cars_made / 2 + 10)
    assert answer.value("deployed", year=2025, technology="light") == pytest.approx(50)
    lost = answer.table("unmet").set_index("item").loc["cars"]
    assert (lost["year"], lost["unit"]) == (2026, "vehicle")
    assert lost["amount"] == pytest.approx(100 - cars_made)
    assert answer.price(2026) == pytest.approx(1000 / 1.5)
    assert [answer.dual("service", year=year) for year in (2025, 2026)] == pytest.approx([90, 1000])
    assert answer.dual("substitution_pace", technology="light", year=2026) == pytest.approx(90 - 1000 / 1.5)


def test_a_technology_keeps_within_its_bounds():
    """The same with any pace, but at most 55 % light cars: a car takes 0.45 x 2 + 0.55 = 1.45 t, so 130 / 1.45 are
    made.
    """
    answer = solve(cars(most=0.55), story(2025, 2026, lost=loss(0.3)))
    assert answer.value("deployed", year=2026) == pytest.approx(130 / 1.45)
    assert answer.cell("technology", "share", year=2026, technology="light") == pytest.approx(0.55)
    assert answer.dual("most_share", technology="light", year=2026) < 0


def test_shifting_the_mix_sets_the_price_where_it_is_enough():
    """With 150 t in 2026 a shift of 10 cars is enough: none is lost; a tonne is worth the 90 USD that a shift costs."""
    answer = solve(cars(pace=0.2), story(2025, 2026, lost=loss(0.25)))
    assert answer.value("undelivered") == pytest.approx(0)
    assert answer.value("shifted", technology="light", year=2026) == pytest.approx(10)
    assert answer.price(2026) == pytest.approx(90)


def test_technologies_cost_the_same_at_normal_prices():
    """At 100 USD/t the mineral bill of the mix is 150 USD a car: the heavy car (200) earns 50, the light one (100)
    pays it.
    """
    priced = facts(prices={"x 2024": 100}, deflator={"2024": 1})
    known = cars()
    known = replace(known, tables=known.tables | {name: priced[name] for name in ("prices", "deflator")})
    margins = build_system(known, story(2025, 2025)).technologies
    assert margins.set_index("technology")["margin_usd_per_unit"].to_dict() == {"heavy": -50, "light": 50}


def test_secondary_supply_is_scrap_collected_and_recovered_beyond_the_base_year():
    """Normal price 100 USD/t; recovering costs 30 % of it, a new tonne 60 for freight. Half of the scrap is collected,
    0.8 of that recovered.

    Cars (2 t) are scrapped after one year: 100 made in 2025 give 200 t in 2026, of which 80 come back. Turbines (1 t)
    are scrapped after two: 50 of 2023 gave 50 t in 2025, 100 of 2024 give 100 in 2026: 0.4 x (100 - 50) = 20 t more
    than in the base year. Other uses (200 t) leave half of that as scrap; collection rises from 0.1 to 0.3, recovery
    1: 20 t more. 120 t at 30 instead of 60 USD/t; a tonne more of scrap would save 30.
    """
    known = facts(
        capacity={"x mine KAZ 2025": 1000},
        consumption={"x USA .": 200},
        prices={"x 2024": 100},
        deflator={"2024": 1},
        services={"cars": {"unit": "vehicle", "value_usd_per_unit": 1000}, "wind": ("", "MW", 1000)},
        deployment={"cars 2025": 100, "wind 2025": 100},
        technologies={"car cars": {}, "turbine wind": {}},
        technology_mix={"car 2025": 1, "turbine 2025": 1},
        intensities={"car x": 2, "turbine x": 1},
        lifetimes={"cars": (0.5, 100), "wind": (1.5, 100)},
        past_deployment={"wind 2023": 50, "wind 2024": 100},
        recycling={"x cars": (0.5, 0.8, 0.3), "x wind": (0.5, 0.8, 0.3), "x other": (0.1, 1, 0.3)},
        scrap={"x": 0.5},
    )
    more = {"kind": "recycling", "services": ["other"], "collection": {2025: 0.1, 2026: 0.3}, "years": (2025, 2026)}
    answer = solve(known, story(2025, 2026, more=more))
    used = {s: answer.value("secondary", service=s, year=2026) for s in ("cars", "wind", "other")}
    assert used == pytest.approx({"cars": 80, "wind": 20, "other": 20})
    assert answer.value("secondary", year=2025) == pytest.approx(0)
    assert answer.objective == pytest.approx(2 * 500 * 60 - 120 * (60 - 30))
    assert answer.dual("secondary_supply", service="wind", year=2026) == pytest.approx(30 - 60)
    assert answer.cell("secondary", "available_t", year=2026) == pytest.approx(120)


def test_a_stock_carries_cheap_tonnes_on_and_a_target_costs_what_it_ties_up():
    """Kazakhstan (60 USD/t) can mine 110 t in 2025 and 80 in 2026, China (100) any; use is 100; holding costs 5 a
    year.

    10 t are bought in 2025 and kept for 2026, where 36.5 days of use, 10 t, must be left: 2025 costs 110 x 60 + 10 x
    5, 2026 80 x 60 + 20 x 100 + 10 x 5. A tonne used in 2025 is one less in stock, to be bought for 100 in 2026, less
    5 for holding it: price 95, and a tonne found in the stock would save as much. A tonne more of target is bought
    for 100 in 2026 and held: shadow price 105 USD/t.
    """
    known = facts(capacity={"x mine KAZ 2025": 110, "x mine CHN 2025": 200}, consumption={"x USA .": 100})
    stock = {"kind": "stockpile", "days": {2025: 0, 2026: 36.5}, "most_days": 73, "holding_usd_per_t": 5}
    answer = solve(known, story(2025, 2026, stock=stock | {"years": (2025, 2026)}, lost=loss(30 / 110)))
    assert answer.objective == pytest.approx(110 * 60 + 50 + 80 * 60 + 20 * 100 + 50)
    assert answer.table("stocks")["level_t"].tolist() == pytest.approx([10, 10])
    assert [answer.price(year) for year in (2025, 2026)] == pytest.approx([95, 100])
    assert answer.dual("stock_balance", year=2025) == pytest.approx(-95)
    target = answer.table("policies").set_index("year").loc[2026]
    assert (target["binding"], target["unit"]) == (True, "USD per tonne")
    assert [target["asked"], target["achieved"], target["shadow_price"]] == pytest.approx([10, 10, 105])
