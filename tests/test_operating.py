"""Operating costs by place, solved by hand: reported, else computed at national prices; shared out over an ore's
products.
"""

from __future__ import annotations

import pandas as pd
import pytest
from handmade import facts

from supplychain.facts.operating import of_joint_products, operating_costs, project_costs, reported_places


def costs(output, usual=40.0, prices=None, **tables):
    """Operating cost and its basis by country, where a line's usual cost is given; prices by country and input."""
    tables |= {"input_prices": {name: {"value": value, "year": 2024} for name, value in (prices or {}).items()}}
    rows = [("x", "mine", country, tonnes) for country, tonnes in output.items()]
    places = pd.DataFrame(rows, columns=["mineral", "stage", "country", "output_t"])
    line = pd.DataFrame({"mineral": ["x"], "stage": ["mine"], "opex_usd_per_t": [usual]})
    return operating_costs(facts(**tables), places, line).set_index("country")


def test_inputs_are_paid_at_national_prices():
    """A tonne costs 40 USD and takes 1,000 kWh. Kazakhstan and China make as much as each other and pay 0.02 and 0.01
    USD/kWh, 0.015 on average: 15 USD, of which Kazakhstan pays a third more, 45, and China a third less, 35.
    Uzbekistan, which makes nothing, pays the median of the prices, 0.015.
    """
    prices = {"KAZ electricity_usd_per_kwh": 0.02, "CHN electricity_usd_per_kwh": 0.01}
    inputs = {"x mine electricity_kwh_per_t": 1000}
    found = costs({"KAZ": 100, "CHN": 100, "UZB": 0}, inputs=inputs, prices=prices)
    assert found["opex_usd_per_t"].to_dict() == pytest.approx({"KAZ": 45, "CHN": 35, "UZB": 40}, rel=1e-6)
    assert set(found["basis"]) == {"computed"}


def test_higher_wages_are_in_part_earned():
    """A tenth of the cost, 4 USD, is an hour's work at a mean of 4 USD; Kazakhstan pays 2 and China 6 for it. Seven
    tenths of what wages are higher is made up for by better work: 4 x 0.5^0.3 and 4 x 1.5^0.3.
    """
    prices = {"KAZ labour_usd_per_h": 2, "CHN labour_usd_per_h": 6}
    found = costs({"KAZ": 100, "CHN": 100}, inputs={"x mine labour_h_per_t": 1}, prices=prices)
    expected = {"KAZ": 36 + 4 * 0.5**0.3, "CHN": 36 + 4 * 1.5**0.3}
    assert found["opex_usd_per_t"].to_dict() == pytest.approx(expected, rel=1e-6)


def test_a_large_user_has_a_contract_and_not_all_of_the_cost_is_national():
    """10,000 kWh a tonne: Kazakhstan has a contract at 0.002 USD/kWh, China pays what everybody there pays, 0.004. The
    mean, 30 USD, of a cost of 40 is three quarters: Kazakhstan pays a third less of it, 30, China a third more, 50. Of
    a cost of 20 it would be more than all; nine tenths count: 20 x (1 - 0.9 / 3) = 14, and 26.
    """
    prices = {
        "KAZ electricity_usd_per_kwh": 0.05,
        "CHN electricity_usd_per_kwh": 0.004,
        "KAZ electricity_contract_usd_per_kwh": 0.002,
    }
    inputs = {"x mine electricity_kwh_per_t": 10_000}
    for usual, least, most in ((40, 30, 50), (20, 14, 26)):
        found = costs({"KAZ": 100, "CHN": 100}, usual, inputs=inputs, prices=prices)
        assert found["opex_usd_per_t"].to_dict() == pytest.approx({"KAZ": least, "CHN": most}, rel=1e-6)


def test_what_is_reported_stands_and_says_how_far_the_usual_cost_is_off():
    """Inputs tell 40 USD/t of all. Kazakhstan reports 30 and 50, 40 on average, China 48, Australia 80: 1, 1.2 and 2
    times that, so Uzbekistan, which reports nothing, has the middle one, 48. What a project reports is the project's.
    """
    told = {"KAZ . 2023": 30, "KAZ . 2024": 50, "CHN . 2024": 48, "AUS . 2024": 80, "UZB new 2024": 10}
    tables = {"costs": {f"x mine {place}": value for place, value in told.items()}}
    found = costs({"KAZ": 1, "CHN": 2, "AUS": 3, "UZB": 4}, **tables)
    assert found["opex_usd_per_t"].to_dict() == pytest.approx({"KAZ": 40, "CHN": 48, "AUS": 80, "UZB": 48})
    assert found["basis"].to_dict() == {"KAZ": "reported", "CHN": "reported", "AUS": "reported", "UZB": "computed"}
    assert project_costs(facts(**tables)).to_dict() == {"new": 10}


def test_an_ores_cost_is_shared_out_by_what_its_products_are_worth():
    """A tonne of ore r costs 30 USD and holds 0.75 t of a at 20 USD/t and 0.25 of b at 60, 15 USD of each: each bears
    15, so a costs 20 USD/t and b 60. A tonne of ore s costs 60 and holds a half of each, 10 USD and 30: 30 USD/t and
    90. Who has both ores digs the cheaper; where s alone is, its costs count. What has no price bears nothing.
    """
    columns = ["mineral", "stage", "country", "opex_usd_per_t", "basis"]
    rows = [("s", "KAZ", 60.0), ("r", "KAZ", 30.0), ("s", "CHN", 60.0)]
    dug = pd.DataFrame([(ore, "mine", c, cost, "reported") for ore, c, cost in rows], columns=columns)
    held = [("a", "r", 0.75), ("b", "r", 0.25), ("n", "r", 0.1), ("a", "s", 0.5), ("b", "s", 0.5)]
    basket = [(p, "mine", ore, "mine", c, part) for p, ore, part in held for c in ("KAZ", "CHN")]
    names = ["product", "product_stage", "host", "host_stage", "country", "ratio"]
    found = of_joint_products(dug, pd.DataFrame(basket, columns=names), pd.Series({"a": 20.0, "b": 60.0}))
    paid = found.set_index(["mineral", "country"])["opex_usd_per_t"].to_dict()
    assert paid == pytest.approx(
        {("a", "KAZ"): 20, ("b", "KAZ"): 60, ("n", "KAZ"): 0, ("a", "CHN"): 30, ("b", "CHN"): 90}
    )
    assert set(found["basis"]) == {"reported"} and len(found) == 5


def test_a_place_that_matters_is_reported_where_a_source_says_so():
    """Of ten tonnes Chile makes six and China three, nine tenths together; Kazakhstan counts though it makes little,
    Peru, as small, does not. A figure for a project is none for its country.
    """
    made = {f"x mine {country} 2025": t for country, t in (("CHL", 6), ("CHN", 3), ("KAZ", 0.5), ("PER", 0.5))}
    told = {"x mine CHL . 2024": 1.0, "x mine KAZ new 2024": 1.0}
    found = reported_places(facts(production=made, costs=told), ["KAZ"]).set_index("country")
    assert found["reported"].to_dict() == {"CHL": True, "CHN": False, "KAZ": False}
    assert found["share"].to_dict() == pytest.approx({"CHL": 0.6, "CHN": 0.3, "KAZ": 0.05})


def test_two_fifths_of_the_places_that_matter_are_reported(shipped):
    """Those that make nine tenths of a stage's output, and all in Central Asia."""
    region = shipped["groups"].query("group == 'central_asia'")["country"]
    assert reported_places(shipped, list(region))["reported"].mean() >= 0.4
