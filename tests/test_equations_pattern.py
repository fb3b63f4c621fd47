"""The base year's pattern, solved by hand: switching suppliers, feeds, hubs, and a base year that is met (eq. 8)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from handmade import BASE_YEAR, facts, solve, story

from supplychain.program.variables.steps import NEW, OPEN, delivery_steps
from supplychain.system.build import build_system


def switch(low, high, sigma=1.0):
    """Switching cost of a step at a price of 100 USD/t, at the geometric middle of its multiples of the base tonnes."""
    return 100 * (1 - np.sqrt(low * high) ** (-1 / sigma))


def test_a_delivery_moves_until_switching_costs_what_it_saves():
    """100 t used in 2025, 200 in 2026; in the base pattern Kazakhstan brings 50 of 100, China 49; China costs 20
    USD/t more.

    With sigma = 1 and a price of 100 USD/t the steps cost 100 (1 - 1 / multiple). Kazakhstan above its 50 t: 1.94 for
    2 t, 6.51 for 3 t, 12.23 for 4 t. China, freight included, up to 0.9 of its 49 t: 2.15 or less; from 0.9 to 0.96:
    12.42. So China brings 44.1 t, Kazakhstan 55 and, of the step at 12.23, 0.9: that is the price. Against the base
    pattern the switching costs 2 x 1.94 + 3 x 6.51 + 0.9 x 12.23 for the new tonnes, and for the old ones given up
    1.96 t x 2.06 + 2.94 t x 7.58.

    With twice the use contracts stand for twice the tonnes, but a twentieth has run out: 95 t are left to Kazakhstan
    and 93.1 to China. 5 t and 4.9 are free to choose, for nothing; a tenth of the use, 20 t, may be newly qualified
    with each, at 1.5 % of the price. So Kazakhstan brings 95 + 5 + 20 t, and 3.8 t of its next step at 1.94; China's
    step from 0.8 to 0.9 costs 2.15 and gives the rest beyond 74.48 t: that is the price. One more tonne that could be
    qualified in Kazakhstan would save 2.15 - 1.5. China gives up 7.59 t of that step, and 5.586 and 3.724 of the next.
    """
    known = facts(
        freight={"KAZ USA sea": 0, "CHN USA sea": 20},
        capacity={"x mine KAZ 2025": 200, "x mine CHN 2025": 200},
        consumption={"x USA 2025": 100, "x USA 2026": 200},
    )

    def with_pattern(system):
        base = system.deliveries["supplier"].map({"KAZ": 100.0, "CHN": 98.0})
        shape = {"base_t": base, "observed": True, "price": 100.0, "substitution": 1.0}
        return replace(system, deliveries=system.deliveries.assign(**shape))

    answer = solve(known, story(2025, 2026), with_pattern)
    brought = {(c, y): answer.value("delivered", supplier=c, year=y) for c in ("KAZ", "CHN") for y in (2025, 2026)}
    assert brought == pytest.approx(
        {("KAZ", 2025): 55.9, ("KAZ", 2026): 123.8, ("CHN", 2025): 44.1, ("CHN", 2026): 76.2}
    )
    last = 20 + switch(0.8, 0.9)
    assert [answer.price(year) for year in (2025, 2026)] == pytest.approx([switch(1.1, 1.18), last])
    assert answer.dual("new_relations", supplier="KAZ", year=2026) == pytest.approx(1.5 - last)
    new = 2 * switch(1, 1.04) + 3 * switch(1.04, 1.1) + 0.9 * switch(1.1, 1.18)
    given_up = -1.96 * switch(0.96, 1) - 2.94 * switch(0.9, 0.96)
    assert answer.cell("switching", "musd", year=2025) == pytest.approx((new + given_up) / 1e6)
    new = 20 * 1.5 + 3.8 * switch(1, 1.04)
    given_up = -3.724 * switch(0.96, 1) - 5.586 * switch(0.9, 0.96) - 7.59 * switch(0.8, 0.9)
    assert answer.cell("switching", "musd", year=2026) == pytest.approx((new + given_up) / 1e6)


@pytest.mark.parametrize("traced", [True, False])
def test_a_feed_may_grow_freely_but_not_change_its_proportion(traced):
    """A Kazakh refinery draws half of its feed from Kazakh ore and half from Chinese, that costs 20 USD/t to bring.

    100 t are refined in 2025, 200 in 2026, for 60 USD/t of freight. Beyond the usual half, Kazakh ore costs 4.65
    USD/t for a tenth more, 5 t, and 22.15 for the next: so 55 t are Kazakh and 45 Chinese. In 2026 twice as much of
    each, 110 Kazakh and 90 Chinese. A tonne more of metal takes half of each: 60 + 10 = 70 USD/t. One more tonne of
    leeway would save 20. In a pooled market, whose plants choose their ore, a tenth of the plant's feed, 20 t, is newly
    qualified as well, at 1.5 % of what ore is worth: 130 t are Kazakh and 70 Chinese.
    """
    qualified = 0 if traced else 20
    known = facts(
        stages={"x mine": {}, "x refine": {}},
        markets={"USA": {"traced": "true" if traced else "false"}, "ROW": {}},
        countries={"KAZ": {"market": "ROW"}, "CHN": {"market": "ROW"}},
        freight={"KAZ USA sea": 60, "CHN ROW land": 20},
        capacity={"x mine KAZ 2025": 200, "x mine CHN 2025": 200, "x refine KAZ 2025": 300},
        consumption={"x USA 2025": 100, "x USA 2026": 200},
    )

    def with_pattern(system):
        return replace(
            system,
            minerals=system.minerals.assign(substitution=1.0),
            paths=system.paths.assign(base_t=100.0),
            feeds=system.feeds.assign(share=0.5, seed=0.0, value_usd_per_t=100.0, base_t=100.0),
        )

    answer = solve(known, story(2025, 2026), with_pattern)
    of_2025 = 100 * 60 + 45 * 20 + 5 * switch(1, 1.1)
    of_2026 = 200 * 60 + (90 - qualified) * 20 + qualified * 1.5 + 10 * switch(1, 1.1)
    assert answer.objective == pytest.approx(of_2025 + of_2026)
    assert [answer.price(year) for year in (2025, 2026)] == pytest.approx([70, 70])
    kazakh = number_of_feed(answer, "KAZ")
    name = "feed_pattern" if traced else "pooled_feed_pattern"
    assert answer.dual(name, feed=kazakh, year=2026) == pytest.approx(-20)
    assert answer.value("flow" if traced else "feed", year=2026, **{"mine" if traced else "origin": "CHN"}) == (
        pytest.approx(90 - qualified)
    )


def test_a_pooled_plants_usual_feed_is_counted_in_tonnes_of_feed():
    """The same plant in a pooled market recovers 80 % of its ore: 125 t of it, 62.5 from each, for 100 t of metal.

    Kazakh ore beyond that costs 4.65 USD/t for a tenth more, 6.25 t, and 22.15 for the next: 68.75 t are Kazakh.
    """
    known = facts(
        stages={"x mine": {}, "x refine": {"yield": 0.8}},
        markets={"USA": {"traced": "false"}, "ROW": {}},
        countries={"KAZ": {"market": "ROW"}, "CHN": {"market": "ROW"}},
        freight={"KAZ USA sea": 60, "CHN ROW land": 20},
        capacity={"x mine KAZ 2025": 200, "x mine CHN 2025": 200, "x refine KAZ 2025": 300},
        consumption={"x USA .": 100},
    )

    def with_pattern(system):
        feeds = system.feeds.assign(share=0.5, seed=0.0, value_usd_per_t=100.0, base_t=62.5)
        return replace(system, minerals=system.minerals.assign(substitution=1.0), feeds=feeds)

    answer = solve(known, story(2025, 2025), with_pattern)
    fed = {origin: answer.value("feed", origin=origin) for origin in ("KAZ", "CHN")}
    assert fed == pytest.approx({"KAZ": 68.75, "CHN": 56.25})


def number_of_feed(answer, origin):
    """The number of the feed from an origin."""
    feeds = answer.system.feeds
    return feeds.loc[feeds["origin"] == origin, "feed"].item()


def test_the_base_year_is_met_and_a_hub_ships_at_most_what_it_can():
    """The base year comes out as it was, at the normal price of 100 USD/t, though freight differs: margins level it,
    the dearest tonne costs what is left of the price, and the step of a pattern's last tonne costs 0.5 USD/t at most.

    In 2026 what comes straight from Kazakhstan and China pays 20 USD/t. Of the 35 t 33.25 are still under contract; of
    these between 0.8 and 0.9 come, and set the price: 120 + 100 (1 - 0.849^(-1/4)) = 115.8. Belgium is a way round for
    15 / 0.8 = 18.75 t: 14.25 under contract and 4 % more, 0.75 that have run out, and the rest newly qualified at 1.5 %
    of the price, less than the 5 t that may be; these pay their own 5 USD/t of freight, where partners pay the mean of
    all 200 t, (10 x 10 + 25 x 20 + 15 x 5 + 14.5 x 10) / 200 = 4.1. A tonne more would save 115.8 - 102.4.
    """
    duty = {"kind": "tariff", "countries": ["CHN", "KAZ"], "usd_per_t": 20}
    answer = solve(facts(**BASE_YEAR), story(2025, 2026, duty=duty))
    brought = answer.table("supply").query("market == 'USA' and stage == 'supply'").set_index(["year", "country"])
    assert brought.loc[2025, "tonnes"].to_dict() == pytest.approx({"BEL": 15, "CHN": 25, "KAZ": 10})
    refined = (
        answer.table("supply").query("market == 'USA' and stage == 'refine' and year == 2025").set_index("country")
    )
    assert refined["tonnes"].to_dict() == pytest.approx({"CHN": 35.5, "KAZ": 14.5})
    for market in ("USA", "CHN", "ROW"):
        assert answer.price(2025, market=market) == pytest.approx(100, abs=0.52)
    assert answer.cell("switching", "musd", year=2025, market="USA") == pytest.approx(0, abs=1e-12)
    assert brought.loc[(2026, "BEL"), "tonnes"] == pytest.approx(18.75)
    price = 120 + switch(0.8, 0.9, sigma=4)
    assert answer.price(2026) == pytest.approx(price)
    assert answer.dual("hub_capacity", year=2026) == pytest.approx(100 + 1.5 + (5 - 4.1) - price)


def test_a_new_supplier_is_qualified_at_its_pace():
    """China has brought all 100 t, at 20 USD/t of freight; Kazakhstan, that pays none, has brought nothing and could
    start from a seed of 1 t. A twentieth of either runs out each year; switching costs 100 (1 - 1 / multiple).

    Nobody is qualified in the base year. A tenth of the use may be in each year, at 1.5 USD/t: 10 t, 20 and 30. In 2026
    China brings between 0.9 and 0.96 of the 95 t still under contract, at 12.42; Kazakhstan beside the 10 t its open
    0.05 and 1.18 times 0.95 of its seed, at 12.23 or less. Then China brings between 0.8 and 0.9 of its 90.25 and 85.74
    t, at 2.15, and Kazakhstan 1.04 times its seed at 1.94. One more tonne to qualify in a year is there in all later
    ones.
    """
    known = facts(
        freight={"KAZ USA sea": 0, "CHN USA sea": 20},
        capacity={"x mine KAZ 2025": 200, "x mine CHN 2025": 200},
        consumption={"x USA .": 100},
    )

    def with_pattern(system):
        kazakh = system.deliveries["supplier"] == "KAZ"
        shape = {"base_t": np.where(kazakh, 1.0, 100.0), "observed": ~kazakh, "price": 100.0, "substitution": 1.0}
        return replace(system, deliveries=system.deliveries.assign(**shape))

    answer = solve(known, story(2025, 2028), with_pattern)
    years = (2025, 2026, 2027, 2028)
    new = [answer.value("delivered", supplier="KAZ", step=NEW, year=year) for year in years]
    assert new == pytest.approx([0, 10, 20, 30])
    brought = [answer.value("delivered", supplier="KAZ", year=year) for year in years]
    kept = [0.95**age for age in range(4)]
    seeds = [0, (1 - kept[1]) + 1.18 * kept[1], (1 - kept[2]) + 1.04 * kept[2], (1 - kept[3]) + 1.04 * kept[3]]
    assert brought == pytest.approx([a + b for a, b in zip(new, seeds, strict=True)])
    prices = [20 + switch(0.9, 0.96), 20 + switch(0.8, 0.9), 20 + switch(0.8, 0.9)]
    assert [answer.price(year) for year in years[1:]] == pytest.approx(prices)
    saved = [answer.dual("new_relations", supplier="KAZ", year=year) for year in years[1:]]
    assert saved == pytest.approx([sum(1.5 - price for price in prices[i:]) for i in range(3)])


def test_what_has_run_out_and_what_comes_with_its_buyers_is_open():
    """Kazakhstan sells 55.5 t, 10 of them to the United States. Contracts for 9.5 t are left in 2026 and for 9.025 in
    2027; half a tonne and 0.975 are open at no switching cost. So is the American part of the 10 t of new plant that
    run in 2026 and the 20 of 2027: 10 / 55.5 of them. Nothing is open, or newly qualified, in the base year. What is
    newly qualified pays 1.5 % of the price, and its freight of 10 USD/t where partners pay the mean, 4.1.
    """
    rows = {"x refine KAZ 2025": 120, "x refine KAZ 2027": 140}
    steps = delivery_steps(build_system(facts(**BASE_YEAR | {"capacity": rows}), story(2025, 2027)))
    steps = steps[(steps["supplier"] == "KAZ") & (steps["market"] == "USA")]
    opened = steps[steps["step"] == OPEN].set_index("year")
    assert opened["width_t"].to_dict() == pytest.approx({2026: 0.5 + 100 / 55.5, 2027: 0.975 + 200 / 55.5})
    assert not opened["switching"].any()
    new = steps[steps["step"] == NEW].set_index("year")
    assert (
        new["switching"].to_dict() == pytest.approx({2026: 1.5 + 5.9, 2027: 1.5 + 5.9})
        and np.isinf(new["width_t"]).all()
    )
    below = steps[steps["switching"] < 0].groupby("year")["width_t"].sum()
    assert below.to_dict() == pytest.approx({2025: 10, 2026: 9.5, 2027: 9.025})
