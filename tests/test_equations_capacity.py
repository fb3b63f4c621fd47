"""What can be made, solved by hand: capacity, builds, owners, reserves, by-products, ores, funds (eqs. 3, 4, 5, 10)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from handmade import BASE_YEAR, facts, loss, solve, story

from supplychain.system.build import build_system

USE = {"x USA .": 100}
# Capital at 10 % over two years costs 1.21 / 2.1 of itself a year.
TWO_YEARS = {"KAZ": {"wacc": 0.1, "cost_multiplier": 1}, "CHN": {"wacc": 0.1, "cost_multiplier": 1}}
CHARGE = 12.1
CAPEX = CHARGE / 1.21 * 2.1


def project(name, place, tonnes, capex_usd_per_t, **fields):
    """A named project that can be on line in 2026, its capital cost in USD per annual tonne."""
    mineral, stage, country = place.split()
    musd = tonnes * capex_usd_per_t / 1e6
    site = {"mineral": mineral, "stage": stage, "country": country}
    size = {"capacity_t": tonnes, "capex_musd": musd, "earliest_year": 2026, "status": "feasibility"}
    return {name: site | size | fields}


def test_capacity_binds_and_its_dual_is_a_scarcity_rent():
    """Existing plants pay 20 USD/t to run, and nothing for their capital of 50, which is sunk: Kazakhstan delivers at
    80, China at 120.

    Kazakhstan's 80 t are full. One tonne a year more there replaces a Chinese one: 120 - 80 = 40 USD/t of rent. On all
    of its tonnes that is 3,200 USD, a part of the price and no cost; China, which sets the price, earns none.
    """
    known = facts(
        capacity={"x mine KAZ 2025": 80, "x mine CHN 2025": 100},
        consumption=USE,
        economics={"x mine opex_usd_per_t": 20, "x mine capex_usd_per_t": 50},
    )
    answer = solve(known, story(2025, 2026))
    assert answer.objective == pytest.approx(2 * (80 * 80 + 20 * 120))
    assert answer.price(2026) == pytest.approx(120)
    rent = answer.table("capacity").query("year == 2026").set_index("country")["scarcity_rent_usd_per_t"]
    assert rent.to_dict() == pytest.approx({"KAZ": 40, "CHN": 0})
    assert answer.dual("capacity", country="KAZ", year=2026) == pytest.approx(-40)
    earned = answer.table("rents").query("year == 2026").set_index("country")["musd"] * 1e6
    assert earned.to_dict() == pytest.approx({"KAZ": 80 * 40, "CHN": 0})
    assert answer.table("costs").query("item == 'mine'")["musd"].sum() * 1e6 == pytest.approx(2 * 100 * 20)


def test_a_project_is_built_once_and_runs_as_far_as_it_is_available():
    """Kazakhstan has 80 t and may build 15 more from 2026 at a charge of 12.1 USD/t: 72.1 delivered against China's
    100.

    In 2027 half of what has been built runs, all of it being paid for: 2025 costs 6,800 USD, 2026 4,800 + 15 x 72.1 +
    5 x 100, 2027 4,800 + 7.5 x 60 + 15 x 12.1 + 12.5 x 100. It cannot be built a second time in 2027, where half of
    40 USD/t less 12.1 would be saved: 7.9.
    """
    known = facts(
        countries=TWO_YEARS,
        capacity={"x mine KAZ 2025": 80, "x mine CHN 2025": 100},
        consumption=USE,
        economics={"x mine life_years": 2},
        projects=project("new", "x mine KAZ", 15, CAPEX),
    )

    def half_in_2027(system):
        half = system.availability["factor"].where(system.availability["year"] < 2027, 0.5)
        return replace(system, availability=system.availability.assign(factor=half))

    answer = solve(known, story(2025, 2027), half_in_2027)
    assert answer.objective == pytest.approx(6800 + 4800 + 15 * 72.1 + 500 + 4800 + 450 + 15 * 12.1 + 1250)
    assert [answer.value("build", year=year) for year in (2026, 2027)] == pytest.approx([15, 0])
    assert [answer.value("through", country="KAZ", year=y) for y in (2025, 2026, 2027)] == pytest.approx([80, 95, 87.5])
    assert answer.dual("project_size") == pytest.approx(-7.9)


def test_growth_is_limited_by_lead_time_and_by_what_is_there():
    """Of the world's 202 t Kazakhstan makes 60, China 140, Uzbekistan 2; a plant takes 2.5 years, so none before 2028.

    A country without a history adds a twentieth of what it makes, 3 t, 7 t and 0.1, within the stage's limit: 5 % of
    the world are 10.1 t; 2 %, 4.04 t, hold China back.
    """
    made = BASE_YEAR["production"] | {"x refine UZB 2025": 2}
    uzbek = {"countries": BASE_YEAR["countries"] | {"UZB": ("", "ROW")}, "production": made}
    for limit, least in ((0.05, {"KAZ": 3, "CHN": 7, "UZB": 0.1}), (0.02, {"KAZ": 3, "CHN": 4.04, "UZB": 0.1})):
        limits = {"x refine growth_limit": limit, "x refine lead_time_years": 2.5}
        known = facts(**BASE_YEAR | uzbek | {"economics": BASE_YEAR["economics"] | limits})
        builds = build_system(known, story(2025, 2030)).builds.set_index("country")
        assert builds["yearly_t"].to_dict() == pytest.approx(least)
        assert set(builds["first_year"]) == {2028} and set(builds["project"]) == {""}


def test_owners_share_a_site_and_lose_their_own_part():
    """A Kazakh mine of 100 t is 60 % British: 60 t of 2025's supply are British. In 2026 British plants stand still."""
    known = facts(
        countries={"KAZ": {}, "CHN": {}, "GBR": {}},
        capacity={"x mine KAZ 2025": 100, "x mine CHN 2025": 100},
        consumption=USE,
        owners={"x mine KAZ GBR": (0.6, "a company")},
    )
    answer = solve(known, story(2025, 2026, lost=loss(1, "GBR", by="owner")))
    mined = answer.table("supply").query("stage == 'mine'").set_index(["year", "country", "owner"])["tonnes"]
    assert mined[mined > 0].to_dict() == pytest.approx(
        {(2025, "KAZ", "GBR"): 60, (2025, "KAZ", "KAZ"): 40, (2026, "KAZ", "KAZ"): 40, (2026, "CHN", "CHN"): 60}
    )


def test_a_project_belongs_to_its_owners():
    """A Kazakh mine of 60 t, and a project of 40 t that is three quarters British: 30 British tonnes in 2026."""
    known = facts(
        countries=TWO_YEARS | {"GBR": {}},
        capacity={"x mine KAZ 2025": 60, "x mine CHN 2025": 100},
        consumption=USE,
        economics={"x mine life_years": 2},
        projects=project("new", "x mine KAZ", 40, CAPEX, owner_country="GBR", owner_share=0.75),
    )
    answer = solve(known, story(2025, 2026))
    mined = answer.table("supply").query("stage == 'mine' and year == 2026").set_index("owner")["tonnes"]
    assert mined.to_dict() == pytest.approx({"GBR": 30, "KAZ": 70})
    assert answer.table("dependence_by_owner").query("year == 2026 and stage == 'mine'")["hhi"].item() == pytest.approx(
        0.3**2 + 0.7**2
    )


def test_reserves_hold_over_all_years():
    """Kazakhstan can mine 100 t a year but has 150 t in the ground: China delivers the last 50. A tonne more saves
    40.
    """
    known = facts(capacity={"x mine KAZ 2025": 100, "x mine CHN 2025": 100}, consumption=USE, reserves={"x KAZ": 150})
    answer = solve(known, story(2025, 2026))
    assert answer.objective == pytest.approx(150 * 60 + 50 * 100)
    assert answer.dual("reserves", country="KAZ") == pytest.approx(-40)


HOSTED = {
    "minerals": {"h": {}, "g": {}},
    "stages": {"h refine": {}, "g refine": {}},
    "freight": {"KAZ USA sea": 100, "CHN USA sea": 60},
    "capacity": {"h refine KAZ 2025": 100, "h refine CHN 2025": 70, "g refine KAZ 2025": 2},
    "consumption": {"h USA .": 100, "g USA 2025": (1, 3000), "g USA 2026": (0.4, 3000)},
    "byproducts": {"g refine h refine .": 0.02},
    "primary_shares": {"g refine KAZ": 0.1},
}


def test_a_by_product_comes_with_its_host():
    """Kazakhstan refines a host, h, for 100 USD/t, China (at most 70 t) for 60; 100 t are used. 2 % of h is by-
    product g.

    Kazakhstan can win 2 t of g, a tenth of it, 0.2 t, without h. In 2025 a tonne of g is wanted, worth 3,000 USD: 0.2
    + 0.02 h = 1 takes 40 t of h, 10 more than China leaves, at 40 USD more each: the host gives up 40 / 0.02 = 2,000
    USD for a tonne of g, which then costs 2,100. In 2026 only 0.4 t is wanted, and the 30 t of h bring 0.6: no price
    on it, and 0.2 t of it or more stay unsold. Cost less the value of g: 2025 4,000 + 3,600 + 100 - 3,000, 2026 3,000
    + 4,200 + 40 - 1,200.
    """
    answer = solve(facts(**HOSTED), story(2025, 2026))
    assert answer.objective == pytest.approx(4700 + 6040)
    assert [answer.value("through", mineral="h", country="KAZ", year=y) for y in (2025, 2026)] == pytest.approx(
        [40, 30]
    )
    assert [answer.price(2025, mineral) for mineral in "gh"] == pytest.approx([2100, 60])
    assert answer.price(2026, "g") == pytest.approx(100)
    assert answer.dual("by_products", year=2025) == pytest.approx(-2000)
    told = answer.table("byproducts").set_index("year")
    assert told["available_t"].to_dict() == pytest.approx({2025: 0.8, 2026: 0.6})
    assert told["shadow_price_usd_per_t"].to_dict() == pytest.approx({2025: 2000, 2026: 0})


def test_without_its_host_a_by_product_stops():
    """The same, but nobody in Kazakhstan refines h in 2026: 0.2 t of g can be won without it, the other 0.2 is
    forgone.
    """
    china = {"capacity": HOSTED["capacity"] | {"h refine CHN 2025": 100}}
    answer = solve(facts(**HOSTED | china), story(2025, 2026, lost=loss(1, minerals=["h"])))
    assert answer.value("through", mineral="g", year=2026) == pytest.approx(0.2)
    assert answer.cell("unmet", "amount", year=2026, item="g") == pytest.approx(0.2)
    assert answer.price(2026, "g") == pytest.approx(3000)


def test_of_what_is_built_on_a_by_product_a_part_needs_no_host():
    """As there, but 10 t of capacity for g may be built at 12.1 USD/t a year: a tenth of what is built needs no host.

    The 0.4 t of 2026 are then all won: 0.2 t from what exists, and 0.2 t from 2 t that are built for them.
    """
    china = {"capacity": HOSTED["capacity"] | {"h refine CHN 2025": 100}, "countries": TWO_YEARS}
    plant = {"economics": {"g refine life_years": 2}, "projects": project("new", "g refine KAZ", 10, CAPEX)}
    answer = solve(facts(**HOSTED | china | plant), story(2025, 2026, lost=loss(1, minerals=["h"])))
    assert answer.value("through", mineral="g", year=2026) == pytest.approx(0.4)
    assert answer.value("build", mineral="g") == pytest.approx(2)


def test_an_ore_gives_its_products_together():
    """100 t of a Kazakh ore give 75 t of a and 25 of b; China mines a alone. b is wanted far beyond that, worth 500
    USD/t.

    2025: 60 t of a are used; for b all ore is dug, so 15 t of a stay unsold; b's capacity earns 500 - 60 = 440. 2026:
    20 t more of ore can be dug at a charge of 12.1 USD/t: 15 t of a and 5 of b; 100 t of a are used, 10 of them
    Chinese.
    """
    known = facts(
        minerals={"a": {}, "b": {}, "r": {"class": "ore"}},
        stages={"a mine": {}, "b mine": {}, "r mine": {}},
        countries=TWO_YEARS,
        capacity={"r mine KAZ 2025": 100, "a mine KAZ 2025": 0, "b mine KAZ 2025": 0, "a mine CHN 2025": 100},
        consumption={"a USA 2025": 60, "a USA 2026": 100, "b USA .": (40, 500)},
        byproducts={"a mine r mine KAZ": 0.75, "b mine r mine KAZ": 0.25},
        economics={"a mine life_years": 2, "b mine life_years": 2},
        projects=project("dig", "r mine KAZ", 20, CAPEX),
    )
    answer = solve(known, story(2025, 2026))
    of_2025 = 60 * 60 + 25 * 60 - 25 * 500
    of_2026 = 90 * 60 + 10 * 100 + 30 * 60 - 30 * 500 + 20 * 12.1
    assert answer.objective == pytest.approx(of_2025 + of_2026)
    assert [answer.price(2026, mineral) for mineral in "ab"] == pytest.approx([100, 500])
    assert answer.value("build") == pytest.approx(20)
    told = answer.table("byproducts").set_index(["year", "mineral"]).query("country == 'KAZ'")
    assert told["unsold_t"].to_dict() == pytest.approx(
        {(2025, "a"): 15, (2025, "b"): 0, (2026, "a"): 0, (2026, "b"): 0}
    )
    assert told["shadow_price_usd_per_t"][2025, "b"] == pytest.approx(440)


def test_a_fund_builds_within_its_budget():
    """A Kazakh project of 30 t costs 84 USD per annual tonne, 48.4 a year: 108.4 delivered, too dear beside China's
    100.

    A fund pays half of the capital: 84.2. Its 420 USD reach for 10 t. One USD more builds 1/42 t, which saves 15.8
    USD in 2026. Cost 6,800 + (4,800 + 10 x 84.2 + 10 x 100); the other half of the annuity is public money.
    """
    known = facts(
        countries=TWO_YEARS,
        capacity={"x mine KAZ 2025": 80, "x mine CHN 2025": 100},
        consumption=USE,
        economics={"x mine life_years": 2},
        projects=project("new", "x mine KAZ", 30, 84),
    )
    fund = {"kind": "investment_fund", "countries": ["KAZ"], "capex_share": 0.5, "budget_musd": 420e-6}
    answer = solve(known, story(2025, 2026, fund=fund))
    assert answer.value("build") == pytest.approx(10)
    assert answer.objective == pytest.approx(6800 + 4800 + 842 + 1000)
    assert answer.dual("budget") == pytest.approx(-15.8 / 42)
    spent = answer.table("policies").query("kind == 'investment_fund'").iloc[0]
    assert [spent["asked"], spent["achieved"], spent["shadow_price"]] == pytest.approx([420e-6, 420e-6, 15.8 / 42])
    assert answer.cell("public", "musd", item="capital", year=2026) == pytest.approx(420e-6)


def test_output_over_utilisation_does_not_overrule_a_source():
    """Output is 60 and 140 t at a utilisation of a half. A source gives Kazakhstan 65 t in 2024 and 90 in 2027: 65 t
    stand in 2025, and no 120. Where it gives 50 t, less than is made, 60 do. China, of which it says nothing, has 280.
    """
    found = {}
    for given in (65, 50):
        rows = {"x refine KAZ 2024": given, "x refine KAZ 2027": 90}
        existing = build_system(facts(**BASE_YEAR | {"capacity": rows}), story(2025, 2027)).existing
        found[given] = existing.groupby(["country", "year"])["existing_t"].sum()
    assert found[65]["KAZ"].to_list() == pytest.approx([65, 77.5, 90])
    assert found[50]["KAZ"].to_list() == pytest.approx([60, 75, 90])
    assert found[65]["CHN"].to_list() == pytest.approx([280, 280, 280])
