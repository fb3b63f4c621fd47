"""Supply curves, solved by hand: what a tonne is worth at each stage, and what each place's tonnes cost."""

from __future__ import annotations

import pandas as pd
import pytest
from handmade import BASE_YEAR, facts, story

from supplychain.system import curves
from supplychain.system.build import build_system

PLACE = ["mineral", "stage", "country"]
# Kazakhstan runs 14.5 t of its 60 for the United States and 45.5 for the rest of the world; China sells 14.5 t to it.
MOVED = (10 * 10 + 25 * 20 + 15 * 5 + 14.5 * 10) / 200


def frame(columns, *rows):
    """A table with these columns, named in one string."""
    return pd.DataFrame(rows, columns=columns.split())


def test_the_dearest_tenth_of_the_output_sets_the_cost():
    """80 t cost 10 USD/t and 20 t cost 20, a third of each a fifth less and a third a fifth more: 6.67 t at 24 are less
    than a tenth of all, and with the 6.67 at 20 more. Of 70 t and 30, 10 t at 24 are the tenth. What makes nothing does
    not count.
    """
    columns = "mineral stage country output_t opex_usd_per_t"
    for output, cost in (((80, 20, 0), 20), ((70, 30, 0), 24)):
        rows = zip(("KAZ", "CHN", "UZB"), output, (10.0, 20.0, 90.0), strict=True)
        places = frame(columns, *(("x", "mine", *row) for row in rows))
        assert curves.dearest(places)["x", "mine"] == pytest.approx(cost)


CHAIN = frame(
    "mineral stage ore ratio whole_ratio",
    ("iron", "mine", "iron", 1.25, 1.25),
    ("iron", "refine", "iron", 1.0, 1.0),
    ("steel", "mine", "iron", 2.0, 2.0),
    ("steel", "refine", "steel", 1.0, 1.0),
    ("moved", "mine", "moved", 1.0, 1.0),
    ("free", "mine", "free", 1.0, 1.0),
)
TOP = pd.Series(
    {("iron", "mine"): 24.0, ("iron", "refine"): 30.0, ("steel", "refine"): 54.0, ("moved", "mine"): 5.0}
    | {("free", "mine"): 5.0}
)


def test_the_price_less_freight_is_shared_out_by_the_stages_dearest_costs():
    """Iron sells for 100 USD/t and pays 10 of freight; 1.25 t of ore at 24 and refining at 30 cost 60: its level is 90
    / 60. Ore is worth 36 USD/t, refining 45, and 1.25 x 36 + 45 are the 90.

    Steel sells for 200 and pays 20. Its 2 t of iron's ore are worth what they are to iron, 2 x 36 = 72: 108 are left
    for what costs 54 at most, twice as much. What freight leaves less than nothing for is worth a fiftieth of its
    price, 0.2 of 10; what has no price has no level.
    """
    prices = pd.Series({"iron": 100.0, "steel": 200.0, "moved": 10.0, "free": 0.0})
    freight = pd.Series({"iron": 10.0, "steel": 20.0, "moved": 15.0})
    found = curves.levels(CHAIN, TOP, prices, freight).set_index(["mineral", "stage"])
    assert list(found.index) == [
        *(("iron", "mine"), ("iron", "refine"), ("steel", "refine")),
        *(("moved", "mine"), ("free", "mine")),
    ]
    assert found["level"].to_list() == pytest.approx([1.5, 1.5, 2.0, 0.04, float("nan")], nan_ok=True)
    assert found["value_usd_per_t"].to_list() == pytest.approx([36, 45, 108, 0.2, float("nan")], nan_ok=True)


def test_scrap_is_paid_as_much_as_ore():
    """Metal sells for 100 USD/t. A tonne takes 1.25 t of ore, or of scrap: 1 t is ore and 0.25 t scrap. Ore at 24 and
    refining at 30 would cost 60 if all were ore: its level is 5/3, ore is worth 40 and refining 50. The scrap in a
    tonne is paid 10, so that ore, scrap and refining are the 100; were scrap for nothing, ore would seem worth 44.4.

    Of wire 2 t take 3 t of metal, of which 2 were mined: half a tonne of scrap in a tonne, at metal's worth.
    """
    chain = frame(
        "mineral stage ore ratio whole_ratio",
        ("metal", "mine", "metal", 1.0, 1.25),
        ("metal", "refine", "metal", 1.0, 1.0),
        ("wire", "mine", "wire", 1.0, 1.5),
        ("wire", "refine", "wire", 1.0, 1.5),
        ("wire", "fabricate", "wire", 1.0, 1.0),
    )
    top = pd.Series({("metal", "mine"): 24.0, ("metal", "refine"): 30.0, ("wire", "mine"): 20.0})
    top = pd.concat([top, pd.Series({("wire", "refine"): 20.0, ("wire", "fabricate"): 40.0})])
    prices = pd.Series({"metal": 100.0, "wire": 200.0})
    values = curves.levels(chain, top, prices, 0.0 * prices)
    assert values["value_usd_per_t"].to_list() == pytest.approx([40, 50, 40, 40, 80])
    paid = curves.with_scrap(chain, values)
    assert paid["scrap_usd_per_t"].to_list() == pytest.approx([0, 10, 0, 0, 0.5 * (40 + 40)])
    spent = (values["value_usd_per_t"] + paid["scrap_usd_per_t"]) * paid["ratio"]
    assert spent.groupby(paid["mineral"]).sum().to_dict() == pytest.approx(prices.to_dict())


def test_a_place_has_three_steps_and_what_stood_idle_costs_what_it_is_worth():
    """A tonne is worth 36 USD, costs are at 1.5 of what the facts say. 12 USD/t are 18: steps of 14.4, 18 and 21.6. 22
    are 33: 26.4, 33 and not 39.6 but 36, or it would not have run. 40 are 60, of which nothing ran at more than 36:
    28.8 and 36 twice. What stood idle costs 36 everywhere. New plant costs 18, 33 and 60. Without a price costs stay
    as given.
    """
    costs = {"KAZ": 12.0, "CHN": 22.0, "UZB": 40.0}
    places = frame("mineral stage country opex_usd_per_t", *(("x", "mine", c, cost) for c, cost in costs.items()))
    values = frame("mineral stage value_usd_per_t level", ("x", "mine", 36.0, 1.5))
    at = curves.at_level(places, values)
    assert at["full_opex_usd_per_t"].to_list() == pytest.approx([18, 33, 60])
    assert at["opex_usd_per_t"].to_list() == pytest.approx([14.4, 26.4, 28.8])
    table = curves.steps(at).set_index(["country", "step"])
    dearer = table["dearer_usd_per_t"].unstack()[["cheap", "usual", "dear", "idle"]]
    assert dearer.loc["KAZ"].to_list() == pytest.approx([0, 3.6, 7.2, 21.6])
    assert dearer.loc["CHN"].to_list() == pytest.approx([0, 6.6, 9.6, 9.6])
    assert dearer.loc["UZB"].to_list() == pytest.approx([0, 7.2, 7.2, 7.2])
    parts = table["part"].unstack().loc["KAZ"]
    assert parts[["cheap", "usual", "dear", "idle"]].to_list() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0])
    unpriced = curves.at_level(places, values.assign(value_usd_per_t=float("nan"), level=float("nan")))
    assert unpriced["opex_usd_per_t"].to_list() == [12, 22, 40]
    assert unpriced["full_opex_usd_per_t"].to_list() == [12, 22, 40]
    assert not curves.steps(unpriced)["dearer_usd_per_t"].any()


def test_capacity_stands_in_steps_and_a_places_dearest_tonnes_are_its_tail():
    """Kazakhstan makes 60 t at a utilisation of a half. 2 % of them just pay: 58.8 t are its three steps, 19.6 each,
    and the other 61.2 of its 120 are idle. Freight is 4.1 USD/t on average, so a tonne is worth 95.9; the costs of
    40 USD/t are all alike, and at most a fifth more: 48 is 95.9, the mean 79.9, the cheapest 63.9. So the steps cost
    0, 16 and 32 more, and idle plant 32.

    20 t that are built by 2027 come to the cheapest step, 10 of them by 2026.
    """
    rows = {"x refine KAZ 2025": 120, "x refine KAZ 2027": 140}
    made = build_system(facts(**BASE_YEAR | {"capacity": rows}), story(2025, 2027))
    assert pytest.approx(4.1) == MOVED
    site = made.sites.set_index("country").loc["KAZ"]
    paid = [site[f"{name}_usd_per_t"] for name in ("value", "full_opex", "opex")]
    assert paid == pytest.approx([95.9, 95.9 / 1.2, 95.9 / 1.5])
    table = made.existing[made.existing["country"] == "KAZ"].set_index(["year", "step"])
    order = ["cheap", "usual", "dear", "idle"]
    for year, come in ((2025, 0), (2026, 10), (2027, 20)):
        assert table.loc[year].loc[order, "existing_t"].to_list() == pytest.approx([19.6 + come, 19.6, 19.6, 61.2])
        dearer = table.loc[year].loc[order, "dearer_usd_per_t"]
        assert dearer.to_list() == pytest.approx([0, 95.9 / 6, 95.9 / 3, 95.9 / 3])


def test_without_a_base_year_nothing_stood_idle():
    """80 t of which nobody knows whether they ran are three steps of one cost; no part of them is a tail."""
    table = build_system(
        facts(capacity={"x mine KAZ 2025": 80}, consumption={"x USA .": 10}), story(2025, 2025)
    ).existing
    tonnes = table.set_index("step")["existing_t"]
    assert tonnes[["cheap", "usual", "dear", "idle"]].to_list() == pytest.approx([80 / 3, 80 / 3, 80 / 3, 0])
    assert not table["dearer_usd_per_t"].any()


GROWING = BASE_YEAR | {
    "countries": {c: ("", m, 0.1, 1) for c, m in (("USA", "USA"), ("KAZ", "ROW"), ("BEL", "ROW"), ("CHN", "CHN"))},
    "projects": {"new": {"mineral": "x", "stage": "refine", "country": "KAZ", "capacity_t": 10, "earliest_year": 2026}},
}
FORESEEN = {"x refine CHN 2025": 140, "x refine KAZ 2025": 60, "x refine CHN 2030": 140, "x refine KAZ 2030": 60}


@pytest.mark.parametrize("capex", [100, 10])
def test_new_plant_costs_at_least_what_it_is_worth_where_the_outlook_covers_the_line(capex):
    """Kazakhstan makes 60 t at 20 USD, China 140 at 40: the dearest tenth costs 48, and a tonne is worth 95.9. At that
    level Kazakh plant costs 20 / 48 of it in the mean, 0.8 of that at its cheapest, and 1.2 of it when it is new. Where
    the outlook tells how the line grows, nobody gains by growing beyond it: with its capital, at 10 % over two years
    57.6 or 5.8 USD, new plant costs as much as a tonne is worth at the least. A named project pays what it costs.
    """
    economics = BASE_YEAR["economics"] | {"x refine growth_limit": 0.05, "x refine life_years": 2}
    economics |= {"x refine capex_usd_per_t": capex}
    costs = {"x refine KAZ . 2025": 20, "x refine CHN . 2025": 40}
    cheapest, entry = 0.8 * 95.9 * 20 / 48, 0.4 * 95.9 * 20 / 48
    floor = max(entry, 95.9 - cheapest - capex * 1.21 / 2.1)
    for outlook, least in (({}, entry), (FORESEEN, floor)):
        known = facts(**GROWING | {"economics": economics, "outlook": outlook, "costs": costs})
        builds = build_system(known, story(2025, 2030)).builds.query("country == 'KAZ'").set_index("project")
        assert builds["entry_usd_per_t"].to_dict() == pytest.approx({"": least, "new": entry})


def test_a_seed_ran_nowhere():
    """Uzbekistan has a project and no plant: it may sell to the United States, from a seed; nothing stands there."""
    project = {"mineral": "x", "stage": "refine", "country": "UZB", "capacity_t": 50, "earliest_year": 2027}
    tables = {"countries": GROWING["countries"] | {"UZB": ("", "ROW", 0.1, 1)}, "projects": {"new": project}}
    made = build_system(facts(**BASE_YEAR | tables), story(2025, 2026))
    sold = made.deliveries.query("supplier == 'UZB' and market == 'USA'")
    assert (sold["base_t"] > 0).all() and not sold["observed"].any() and len(sold) == 1
    stands = made.existing.groupby("country")["existing_t"].sum() / 2
    assert stands.to_dict() == pytest.approx({"KAZ": 120, "CHN": 280, "UZB": 0})
