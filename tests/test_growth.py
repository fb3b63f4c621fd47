"""What a country has shown that it can add, and what the outlook expects of it, solved by hand."""

from __future__ import annotations

import pytest
from handmade import BASE_YEAR, facts, story

from supplychain.facts.growth import expected, members_of, yearly_growth
from supplychain.system.build import build_system

PLACE = ["mineral", "stage", "country"]


def past(country, *tonnes):
    """A country's output from 2015 on, as rows of the history."""
    return {f"x refine {country} {2015 + i}": made for i, made in enumerate(tonnes)}


def test_a_country_can_add_what_it_usually_added():
    """Kazakhstan made 10 t until 2019, then 20, 35 and 10: over five years it added 10, 25 and 0 t, 2, 5 and 0 a year,
    so usually 2. China made less each year, and can add nothing. Who has no more than five years shows nothing.
    """
    rows = past("KAZ", 10, 10, 10, 10, 10, 20, 35, 10) | past("CHN", 80, 70, 60, 50, 40, 30, 20, 10)
    shown = yearly_growth(facts(history=rows))
    assert shown["x", "refine", "KAZ"] == pytest.approx(2) and shown["x", "refine", "CHN"] == 0
    assert yearly_growth(facts(history=past("KAZ", 10, 20, 30, 40, 50))).empty


# In 2025 the outlook has 100 t of China and 100 of the rest: half of what is made. In 2035 150 and 80.
OUTLOOK = {"x refine CHN 2025": 100, "x refine XXX 2025": 100, "x refine CHN 2035": 150, "x refine XXX 2035": 80}
MADE = {"x refine CHN 2025": 280, "x refine KAZ 2025": 90, "x refine UZB 2025": 30}


def changes(years, **tables):
    """Expected change by mineral, country and year."""
    return expected(facts(**tables), years).set_index(["mineral", "country", "year"])["change_t"]


def test_the_outlook_is_brought_to_the_worlds_output_and_the_unnamed_share_theirs():
    """The outlook's world makes 200 t in 2025 and the facts' 400: its tonnes count twice. By 2030 it has China add 25:
    50 t. The unnamed lose 10, 20 t: three quarters fall to Kazakhstan, which makes 90 t of their 120, a quarter to
    Uzbekistan. Nothing is expected in the base year.
    """
    found = changes([2025, 2030], production=MADE, outlook=OUTLOOK)
    of_2030 = {("x", "CHN", 2030): 50, ("x", "KAZ", 2030): -15, ("x", "UZB", 2030): -5}
    assert found.to_dict() == pytest.approx(of_2030 | {(m, c, 2025): 0 for m, c, _ in of_2030})
    assert changes([2025, 2030], production=MADE).empty and changes([2025, 2030], outlook=OUTLOOK).empty


def test_magnet_rare_earths_are_four_minerals():
    """The outlook has 10 t of magnet rare earths of China and then 15: each of the four that is made grows by half."""
    outlook = {"magnet_rare_earths mine CHN 2025": 10, "magnet_rare_earths mine CHN 2035": 15}
    made = {"neodymium mine CHN 2025": 20, "terbium mine CHN 2025": 2}
    found = changes([2025, 2035], production=made, outlook=outlook)
    assert found.xs(2035, level="year").to_dict() == pytest.approx({("neodymium", "CHN"): 10, ("terbium", "CHN"): 1})
    lines = facts(outlook=outlook | {"graphite refine CHN 2025": 1, "graphite mine CHN 2025": 1})["outlook"]
    named = members_of(lines).groupby(["commodity", "stage"])["mineral"].agg(set).to_dict()
    assert named == {
        ("magnet_rare_earths", "mine"): {"neodymium", "praseodymium", "dysprosium", "terbium"},
        ("graphite", "refine"): {"anode_graphite"},
        ("graphite", "mine"): {"graphite"},
    }


def test_growth_is_what_was_shown_less_what_is_coming_and_what_is_expected_comes_at_no_cost():
    """Kazakhstan makes 60 t and usually adds 4 t a year; the outlook expects 5 t of it by 2030, one a year: 3 t are
    left to build. China, without a history, adds a twentieth of its 140, 7 t; it is expected to lose 28 t. What is
    expected stands in the cheapest step; what is to go has gone from idle plant first, and none of what runs, 137.2
    t of 280.
    """
    outlook = {"x refine KAZ 2025": 60, "x refine CHN 2025": 140, "x refine KAZ 2030": 65, "x refine CHN 2030": 112}
    economics = BASE_YEAR["economics"] | {"x refine growth_limit": 0.05, "x refine capex_usd_per_t": 10}
    tables = {"outlook": outlook, "economics": economics, "history": past("KAZ", *(10 + 4 * i for i in range(8)))}
    found = build_system(facts(**BASE_YEAR | tables), story(2025, 2030))
    assert found.builds.set_index("country")["yearly_t"].to_dict() == pytest.approx({"KAZ": 3, "CHN": 7})
    stands = found.existing.query("year == 2030").set_index(["country", "step"])["existing_t"]
    third = 0.98 * 60 / 3
    assert stands["KAZ"][["cheap", "usual", "dear", "idle"]].to_list() == pytest.approx([third + 5, third, third, 61.2])
    third = 0.98 * 140 / 3
    assert stands["CHN"][["cheap", "usual", "dear"]].to_list() == pytest.approx([third] * 3)
    assert stands["CHN", "idle"] == pytest.approx(280 * (1 - 28 / 280) - 0.98 * 140)
