"""Limits, solved by hand: dependence by place, owner, basket and in tonnes (eq. 7), exports, tariffs, credits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from handmade import facts, solve, story

# China delivers at 60 USD/t, Kazakhstan at 100, each as much as is wanted.
CHEAP_CHINA = {
    "freight": {"KAZ USA sea": 100, "CHN USA sea": 60},
    "capacity": {"x mine KAZ 2025": 300, "x mine CHN 2025": 300},
    "consumption": {"x USA .": 200},
}


def cap(share, **fields):
    """A cap on China at the mine, from the second year on if not said else."""
    return {"kind": "supplier_cap", "group": "CHN", "stages": ["mine"], "share": share} | fields


def test_a_cap_by_place_moves_tonnes_at_its_shadow_price():
    """At most 40 % from China in 2026: 80 t at 60 and 120 t at 100 USD/t.

    A tonne moved off China costs 40 USD; a percentage point of 200 t is 2 t, 80 USD. One tonne more of use lets in
    0.4 t of Chinese supply: the delivered price is 0.4 x 60 + 0.6 x 100 = 84. In 2025 all is Chinese.
    """
    answer = solve(facts(**CHEAP_CHINA), story(2025, 2026, discount_rate=0.25, cap=cap(0.4)))
    assert answer.objective == pytest.approx(200 * 60 + (80 * 60 + 120 * 100) / 1.25)
    assert [answer.price(year) for year in (2025, 2026)] == pytest.approx([60, 84])
    assert answer.dual("dependence") == pytest.approx(-40 / 1.25)
    told = answer.table("policies").iloc[0]
    assert (told["binding"], told["unit"]) == (True, "USD per percentage point")
    assert [told[c] for c in ("asked", "achieved", "shadow_price", "shadow_price_usd_per_t")] == pytest.approx(
        [0.4, 0.4, 80, 40]
    )


def test_a_cap_by_owner_looks_through_the_place():
    """Kazakhstan delivers at 60 USD/t, three quarters of its mine being Chinese; Britain delivers at 100. 200 t are
    used.

    A cap of 25 % on China by place (2026) touches nothing: no mine is there that would deliver. By owner (2027) 50 t
    of Chinese ownership are allowed; with Kazakhstan's own 60 t, the other 90 come from Britain. A tonne off Chinese
    owners costs 40 USD, and the price is 0.25 x 60 + 0.75 x 100 = 90.
    """
    known = facts(
        countries={"KAZ": {}, "CHN": {}, "GBR": {}},
        freight={"KAZ USA sea": 60, "GBR USA sea": 100, "CHN USA sea": 500},
        capacity={"x mine KAZ 2025": 240, "x mine GBR 2025": 200, "x mine CHN 2025": 200},
        consumption={"x USA .": 200},
        owners={"x mine KAZ CHN": (0.75, "a company")},
    )
    policies = {"place": cap(0.25, years=(2026, 2026)), "owner": cap(0.25, by="owner", years=(2027, 2027))}
    answer = solve(known, story(2025, 2027, **policies))
    assert [answer.value("through", country="KAZ", year=year) for year in (2026, 2027)] == pytest.approx([200, 110])
    assert answer.value("owned_through", owner="CHN", year=2027) == pytest.approx(50)
    assert [answer.price(year) for year in (2026, 2027)] == pytest.approx([60, 90])
    assert answer.dual("dependence", by="owner") == pytest.approx(-40)
    assert answer.dual("dependence", by="place") == pytest.approx(0)
    told = answer.table("policies").set_index("policy")
    assert told["achieved"].to_dict() == pytest.approx({"place": 0, "owner": 0.25})


def test_a_basket_weighs_its_minerals_by_value():
    """100 t of a (100 USD/t) and 100 t of b (300 USD/t) come from China, 40,000 USD; from Kazakhstan each costs 30
    more.

    Half of the value may stay Chinese. Moving b moves three times the value for the same 30 USD: 20,000 / 300 = 66.7
    t of b move and no a. A dollar of value moved costs 0.1; a percentage point is 400 USD of value, 40 USD.
    """
    known = facts(
        minerals={"a": {}, "b": {}},
        stages={"a mine": {}, "b mine": {}},
        freight={"KAZ USA sea": 30, "CHN USA sea": 0},
        capacity={f"{m} mine {c} 2025": 100 for m in "ab" for c in ("KAZ", "CHN")},
        consumption={"a USA .": 100, "b USA .": 100},
        prices={"a 2024": 100, "b 2024": 300},
        deflator={"2024": 1},
    )
    answer = solve(known, story(2025, 2026, cap=cap(0.5, basket="value")))
    moved = [answer.value("through", mineral=m, country="KAZ", year=2026) for m in "ab"]
    assert moved == pytest.approx([0, 20000 / 300])
    assert answer.dual("dependence") == pytest.approx(-0.1)
    told = answer.table("policies").iloc[0]
    assert (told["mineral"], told["unit"]) == ("cap", "USD per percentage point")
    assert [told["achieved"], told["shadow_price"]] == pytest.approx([0.5, 40])


def test_an_offtake_is_a_floor_in_tonnes():
    """The USA takes 30 t a year from Kazakhstan, 40 USD/t dearer: each costs 40 USD, 1,200 of public money in the
    year.
    """
    bought = {"kind": "offtake", "country": "KAZ", "mineral": "x", "stage": "mine", "tonnes": 30}
    answer = solve(facts(**CHEAP_CHINA), story(2025, 2026, bought=bought))
    assert answer.objective == pytest.approx(200 * 60 + 170 * 60 + 30 * 100)
    assert answer.dual("dependence") == pytest.approx(-40)
    told = answer.table("policies").iloc[0]
    assert (told["kind"], told["unit"]) == ("offtake", "USD per tonne")
    assert [told[c] for c in ("asked", "achieved", "shadow_price")] == pytest.approx([30, 30, 40])
    assert answer.cell("public", "musd", item="offtake", year=2026) == pytest.approx(1200e-6)


def test_a_floor_in_shares_is_the_cap_turned_round():
    """At least 30 % from Kazakhstan: 60 t, at 40 USD more each, and the price is 0.3 x 100 + 0.7 x 60 = 72."""
    floor = {"kind": "supplier_floor", "group": "KAZ", "stages": ["supply"], "share": 0.3}
    answer = solve(facts(**CHEAP_CHINA), story(2025, 2026, floor=floor))
    assert answer.value("delivered", supplier="KAZ", year=2026) == pytest.approx(60)
    assert answer.price(2026) == pytest.approx(72)
    assert answer.dual("dependence") == pytest.approx(-40)


def test_exports_are_limited_by_a_quota_or_a_part_of_the_base_year():
    """China may let out 50 t in 2026, and in 2027 three tenths of its 150 t of the base year: 45. The rest is Kazakh; a
    tonne let out saves 40 USD.
    """
    quota = {"kind": "export_quota", "countries": ["CHN"], "tonnes": 50, "years": (2026, 2026)}
    ban = {"kind": "export_ban", "countries": ["CHN"], "share": 0.7, "years": (2027, 2027)}

    def with_base(system):
        base = system.paths["mine"].map({"CHN": 150.0, "KAZ": 50.0})
        return replace(system, paths=system.paths.assign(base_t=base))

    answer = solve(facts(**CHEAP_CHINA), story(2025, 2027, quota=quota, ban=ban), with_base)
    assert [answer.value("flow", mine="CHN", year=year) for year in (2026, 2027)] == pytest.approx([50, 45])
    told = answer.table("policies").set_index("year").loc[[2026, 2027]]
    assert told["asked"].tolist() == pytest.approx([50, 45])
    assert told["shadow_price_usd_per_t"].tolist() == pytest.approx([40, 40])
    assert [answer.price(year) for year in (2026, 2027)] == pytest.approx([100, 100])


def test_what_exports_are_cut_by_is_a_share_of_what_would_have_left():
    """Use doubles by 2027, and China's 150 t of 2025 would with it: a tenth of 300 t is kept back, 270 leave.

    A share of nothing costs nothing.
    """
    grows = {"consumption": {"x USA 2025": 200, "x USA 2026": 300, "x USA 2027": 400}}
    known = facts(**CHEAP_CHINA | grows | {"capacity": {"x mine KAZ 2025": 300, "x mine CHN 2025": 600}})
    ban = {"kind": "export_ban", "countries": ["CHN"], "share": 0.1}

    def with_base(system):
        base = system.paths["mine"].map({"CHN": 150.0, "KAZ": 50.0})
        return replace(system, paths=system.paths.assign(base_t=base))

    answer = solve(known, story(2025, 2027, ban=ban), with_base)
    left = [answer.value("flow", mine="CHN", year=year) for year in (2025, 2026, 2027)]
    assert left == pytest.approx([200, 0.9 * 150 * 1.5, 0.9 * 150 * 2])
    nothing = solve(known, story(2025, 2027, ban=ban | {"share": 0.0}), with_base)
    assert nothing.objective == pytest.approx((200 + 300 + 400) * 60)


def test_against_one_market_a_control_grows_with_that_markets_use():
    """Use doubles in the United States by 2027 and stays in the rest of the world, so the world's grows by a sixth.

    Of China's 150 t for the United States, 300 by then, a tenth is kept back: 270 leave, and no 157.5.
    """
    wider = {
        "markets": {"USA": {"traced": "true"}, "ROW": {}},
        "countries": {"KAZ": {"market": "ROW"}, "CHN": {"market": "ROW"}},
        "freight": CHEAP_CHINA["freight"] | {"KAZ ROW sea": 100, "CHN ROW sea": 60},
        "capacity": {"x mine KAZ 2025": 2000, "x mine CHN 2025": 2000},
        "consumption": {"x USA 2025": 200, "x USA 2026": 300, "x USA 2027": 400, "x ROW .": 1000},
    }
    known = facts(**CHEAP_CHINA | wider)
    ban = {"kind": "export_ban", "countries": ["CHN"], "against": ["USA"], "share": 0.1}

    def with_base(system):
        return replace(system, paths=system.paths.assign(base_t=system.paths["mine"].map({"CHN": 150.0, "KAZ": 50.0})))

    answer = solve(known, story(2025, 2027, ban=ban), with_base)
    left = [answer.value("flow", mine="CHN", market="USA", year=year) for year in (2025, 2026, 2027)]
    assert left == pytest.approx([200, 0.9 * 150 * 1.5, 0.9 * 150 * 2])


def test_an_export_limit_counts_tonnes_of_its_own_stage():
    """80 % of Chinese ore becomes metal, refined in Kazakhstan: the 100 t delivered in 2025 are 125 t of ore.

    Half of that may leave in 2026: 62.5 t, 50 delivered.
    """
    known = facts(
        stages={"x mine": {}, "x refine": {"yield": 0.8}},
        markets={"USA": {"traced": "true"}, "ROW": {}},
        countries={"KAZ": {"market": "ROW"}, "CHN": {"market": "ROW"}},
        freight={"KAZ USA sea": 60, "CHN ROW land": 0, "KAZ ROW land": 0},
        capacity={"x mine CHN 2025": 500, "x mine KAZ 2025": 500, "x refine KAZ 2025": 500},
        consumption={"x USA .": 200},
    )
    ban = {"kind": "export_ban", "countries": ["CHN"], "stages": ["mine"], "share": 0.5}

    def with_base(system):
        dearer = system.paths["mine_usd_per_t"].where(system.paths["mine"] == "CHN", 10.0)
        return replace(system, paths=system.paths.assign(base_t=100.0, mine_usd_per_t=dearer))

    answer = solve(known, story(2025, 2026, ban=ban), with_base)
    assert answer.value("flow", mine="CHN", year=2026) == pytest.approx(50)
    assert answer.table("policies")["asked"].tolist() == pytest.approx([62.5])


def test_a_tariff_counts_the_origin_or_the_last_supplier():
    """Kazakhstan refines for the USA: 50 t of ore of its own, 50 Chinese that cost 20 USD/t to bring; on to the USA
    for 60.

    30 USD/t on what was mined in China (2026) hits the Chinese half wherever it is refined: price 60 + 20 + 30,
    revenue 50 x 30 = 1,500. The same on China as last supplier (2027) hits nothing, since Kazakhstan ships: price 80.
    """
    known = facts(
        stages={"x mine": {}, "x refine": {}},
        markets={"USA": {"traced": "true"}, "ROW": {}},
        countries={"KAZ": {"market": "ROW"}, "CHN": {"market": "ROW"}},
        freight={"KAZ USA sea": 60, "CHN USA sea": 100, "CHN ROW land": 20},
        capacity={"x mine KAZ 2025": 50, "x mine CHN 2025": 200, "x refine KAZ 2025": 200, "x refine CHN 2025": 200},
        consumption={"x USA .": 100},
    )
    duty = {"kind": "tariff", "countries": ["CHN"], "usd_per_t": 30}
    policies = {
        "mined": duty | {"stage": "mine", "years": (2026, 2026)},
        "shipped": duty | {"stage": "supply", "years": (2027, 2027)},
    }
    answer = solve(known, story(2025, 2027, **policies))
    a_year = 50 * 60 + 50 * 80
    assert answer.objective == pytest.approx(3 * a_year + 1500)
    assert [answer.price(year) for year in (2025, 2026, 2027)] == pytest.approx([80, 110, 80])
    revenue = answer.table("public").set_index("policy")["musd"]
    assert revenue["mined"] == pytest.approx(-1500e-6)
    assert answer.value("flow", supplier="CHN") == pytest.approx(0)


def test_a_credit_is_taken_off_the_cost_of_what_is_made():
    """50 USD a tonne for Kazakh mines in 2026: 50 instead of 100, less than China's 60. All 200 t turn to Kazakhstan,
    the price falls to 50, and the treasury pays 10,000 USD.
    """
    credit = {"kind": "production_credit", "countries": ["KAZ"], "stages": ["mine"], "usd_per_t": 50}
    answer = solve(facts(**CHEAP_CHINA), story(2025, 2026, credit=credit))
    assert answer.objective == pytest.approx(200 * 60 + 200 * 50)
    assert answer.price(2026) == pytest.approx(50)
    assert answer.value("through", country="KAZ", year=2026) == pytest.approx(200)
    assert answer.cell("public", "musd", item="credit", year=2026) == pytest.approx(0.01)
    assert answer.cell("costs", "musd", item="credit", year=2026) == pytest.approx(-0.01)
