"""The ways out of Central Asia, solved by hand: legs, their capacity and its shadow price, time under way (eq. 6)."""

from __future__ import annotations

import pytest
from handmade import facts, loss, solve, story

from supplychain.system.build import build_system
from supplychain.system.moves import way_costs

# A tonne of x is 2 t of concentrate: from Kazakhstan by rail at 50 USD/t of cargo, 100 USD/t of x, or over the Caspian
# at 90, or 180; from China by sea at 75, or 150. (A general rate of freight does not count where there are ways.)
TWO_WAYS = {
    "freight": {"CHN USA sea": 75, "KAZ USA land": 1000},
    "concentrates": {"x mine": ("concentrate", 2)},
    "legs": {"rail": ("Rail", "northern", "a", "b", 50, 10), "ferry": ("Ferry", "middle", "a", "c", 90, 20)},
    "routes": {"KAZ USA northern 1": "rail", "KAZ USA middle 1": "ferry"},
}


@pytest.mark.parametrize("traced", [True, False])
def test_a_full_leg_earns_what_one_more_tonne_of_cargo_would_save(traced):
    """The railway carries 40 t of cargo, 10 of them other traffic: 15 t of x. China delivers the other 25 of 40 t. A
    tonne of cargo more is half a tonne of x, which comes for 100 instead of 150: 25 USD.

    In 2026 the railway is closed and China has 25 t: 15 t cross the Caspian at 180. A tonne of rail would save half
    of 80. It is the same whether the market is traced or pooled.
    """
    known = facts(
        **TWO_WAYS,
        markets={"USA": {"traced": "true" if traced else "false"}},
        leg_capacity={"rail 2025": (40, 10)},
        capacity={"x mine KAZ 2025": 100, "x mine CHN 2025": 100},
        consumption={"x USA .": 40},
    )
    closed = {"kind": "corridor", "corridor": "northern", "closed": True}
    answer = solve(known, story(2025, 2026, discount_rate=0.25, closed=closed, lost=loss(0.75, "CHN")))
    assert answer.objective == pytest.approx(15 * 100 + 25 * 150 + (15 * 180 + 25 * 150) / 1.25)
    assert [answer.price(year) for year in (2025, 2026)] == pytest.approx([150, 180])
    moved = answer.table("shipments").set_index(["year", "corridor"])[["tonnes", "gross_t"]]
    assert moved.loc[(2025, "northern")].tolist() == pytest.approx([15, 30])
    assert moved.loc[(2026, "middle")].tolist() == pytest.approx([15, 30])
    if traced:
        assert answer.table("paths").query("mine == 'KAZ'")["corridor"].tolist() == ["northern", "middle"]
    rail = answer.table("corridors").set_index("year")
    assert rail["used_t"].tolist() == pytest.approx([30, 0])
    assert rail["shadow_price_usd_per_t"].tolist() == pytest.approx([25, 40])
    assert answer.dual("leg_capacity", year=2026) == pytest.approx(-40 / 1.25)


def test_traced_paths_and_pooled_flows_share_a_leg():
    """Germany refines a tonne of metal from 1.25 t of ore, for the USA and, as one of the pooled markets, for the EU,
    20 t each: 50 t of ore. The railway carries 60 t of cargo, 30 t of ore, at 100 USD/t; the other 20 t come from
    South Africa at 150. Mining costs 10 USD/t, refining 20, freight of metal 10 to the USA and 5 within the EU.

    A year costs 50 x 10 + 40 x 20 + 30 x 100 + 20 x 150 + 20 x 10 + 20 x 5 = 7,600 USD. One tonne of metal more takes
    South African ore: 1.25 x 160 + 20 + freight. A tonne of cargo saves 25.
    """
    known = facts(
        **TWO_WAYS
        | {
            "stages": {"x mine": {}, "x refine": {"yield": 0.8}},
            "markets": {"USA": {"traced": "true"}, "EU": {}},
            "countries": {"KAZ": {}, "ZAF": {}, "DEU": {"market": "EU"}},
            "freight": {"ZAF EU sea": 75, "DEU USA sea": 10, "DEU EU land": 5},
            "routes": {"KAZ EU northern 1": "rail"},
        },
        leg_capacity={"rail 2025": (60, 0)},
        capacity={"x mine KAZ 2025": 100, "x mine ZAF 2025": 100, "x refine DEU 2025": 40},
        consumption={"x USA .": 20, "x EU .": 20},
        economics={"x mine opex_usd_per_t": 10, "x refine opex_usd_per_t": 20},
    )
    answer = solve(known, story(2025, 2026))
    assert answer.objective == pytest.approx(2 * 7600)
    assert [answer.price(2026, market=market) for market in ("USA", "EU")] == pytest.approx([230, 225])
    by_path, pooled = answer.value("flow", mine="KAZ", year=2026) * 1.25, answer.value("feed", origin="KAZ", year=2026)
    assert by_path + pooled == pytest.approx(30)
    assert answer.table("corridors")["shadow_price_usd_per_t"].tolist() == pytest.approx([25, 25])


def test_a_way_costs_freight_by_weight_and_interest_on_time():
    """At 3,650 USD/t a day under way costs 8 % / 365 x 3,650 = 0.8 USD/t of x.

    Rail: 2 x 50 + 10 x 0.8 = 108 USD/t of x; the Caspian: 2 x 90 + 20 x 0.8 = 196. Lorries at 30 USD/t in 5 days
    would be cheaper on paper, 64, but are not what is used: they cost a hundredth more than the usual way.
    """
    legs = TWO_WAYS["legs"] | {"lorry": ("Lorry", "land", "a", "b", 30, 5)}
    routes = TWO_WAYS["routes"] | {"KAZ USA land 1": "lorry"}
    priced = {"prices": {"x 2024": 3650}, "deflator": {"2024": 1}, "capacity": {"x mine KAZ 2025": 100}}
    known = facts(**TWO_WAYS | {"legs": legs, "routes": routes, "consumption": {"x USA .": 40}} | priced)
    system = build_system(known, story(2025, 2026))
    cost = way_costs(system.ways.assign(year=2026), system.legs, system.way_legs)
    assert cost.groupby(system.ways["corridor"]).first().to_dict() == pytest.approx(
        {"northern": 108, "middle": 196, "land": 109.08}
    )


def test_north_closed_the_middle_fills_and_the_rest_is_unmet():
    """Kazakhstan alone supplies 40 t, worth 300 each: 80 t of cargo, by rail at 100 a tonne of x in 2025.

    In 2026 the railway is closed. The ferry takes 50 t of cargo, 20 of them other traffic: 15 t of x at 180. The other
    25 t are unmet at 300. A tonne of ferry more is half a tonne of x: half of 300 - 180, 60 USD a tonne of capacity.
    """
    known = facts(
        **TWO_WAYS,
        leg_capacity={"ferry 2025": (50, 20)},
        capacity={"x mine KAZ 2025": 100},
        consumption={"x USA .": (40, 300)},
    )
    closed = {"kind": "corridor", "corridor": "northern", "closed": True}
    answer = solve(known, story(2025, 2026, closed=closed))
    assert [answer.price(year) for year in (2025, 2026)] == pytest.approx([100, 300])
    moved = answer.table("shipments").set_index(["year", "corridor"])["gross_t"]
    assert moved.to_dict() == pytest.approx({(2025, "northern"): 80, (2026, "middle"): 30})
    assert answer.table("unmet").set_index("year")["amount"].to_dict() == pytest.approx({2026: 25})
    ferry = answer.table("corridors").query("leg == 'ferry'").set_index("year")
    assert ferry["used_t"].tolist() == pytest.approx([0, 30])
    assert ferry["shadow_price_usd_per_t"].tolist() == pytest.approx([0, 60])
