"""Who delivered to whom in the base year, solved by hand: what is known of a country's buyers comes first."""

from __future__ import annotations

import pandas as pd
import pytest
from handmade import BASE_YEAR, facts, story, write
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.facts import dataset
from supplychain.facts.costs import CARGO_INTEREST
from supplychain.facts.errors import InputError
from supplychain.system.build import build_system
from supplychain.system.pattern import base_pattern

# Kazakhstan's neighbour Russia is reached by land, Türkiye over the Caspian; both lie in the rest of the world.
EURASIA = {
    "countries": BASE_YEAR["countries"] | {"RUS": ("", "ROW"), "TUR": ("", "ROW")},
    "groups": {"central_asia KAZ": {}},
    "legs": {"ferry": ("Ferry", "middle", "a", "b", 100, 36.5), "rail": ("Rail", "land", "a", "c", 30, 0)},
    "routes": {"KAZ ROW middle 1": "ferry", "KAZ CHN eastern 1": "rail", "KAZ RUS land 1": "rail"},
}

NO_ENERGY = pd.DataFrame({"mineral": [], "market": [], "energy_t": []})


def system(**tables):
    """The system of a base year of two years, with these tables in place of `BASE_YEAR`'s."""
    return build_system(facts(**BASE_YEAR | tables), story(2025, 2026))


def delivered(found):
    """The ways of deliveries, by country and zone."""
    return found.ways[found.ways["kind"] == "delivery"].set_index(["country", "zone"])


def test_known_destinations_replace_proportion():
    """Kazakhstan makes 60 t. The USA takes 10, and 4.5 by way of Belgium; 45.5 t are left.

    Of its output 40 % go to China, 20 % to Türkiye, 10 % to Russia and 30 % stay: 18.2 t to China. The other 27.3 t are
    the rest of the world's, and of them 9.1 go to Türkiye: a third is cargo on a way out. China's 104.5 t follow the
    proportions: 0.6 of 150 t are 90 for itself, and it sells the surplus to the rest of the world.
    """
    parts = {"CHN": 40, "TUR": 20, "RUS": 10, "KAZ": 30}
    found = system(**EURASIA, destinations={f"x refine KAZ {country}": (part,) for country, part in parts.items()})
    sold = found.deliveries[found.deliveries["observed"]].set_index(["supplier", "market"])["base_t"]
    assert sold["KAZ", "CHN"] == pytest.approx(0.4 * 45.5) and sold["KAZ", "ROW"] == pytest.approx(0.6 * 45.5)
    assert sold["CHN", "CHN"] + sold["CHN", "ROW"] == pytest.approx(140 - 25 - 10.5)
    cargo_share = delivered(found)["cargo_share"]
    assert cargo_share["KAZ", "ROW"] == pytest.approx(1 / 3) and cargo_share["KAZ", "CHN"] == 1


def test_what_is_not_known_keeps_its_proportions_and_leaves():
    """Only China's 40 % are known. By proportion all 45.5 t would be the rest of the world's: 60 % are, as cargo."""
    found = system(**EURASIA, destinations={"x refine KAZ CHN": (40,)})
    sold = found.deliveries[found.deliveries["observed"]].set_index(["supplier", "market"])["base_t"]
    assert sold["KAZ", "CHN"] == pytest.approx(0.4 * 45.5) and sold["KAZ", "ROW"] == pytest.approx(0.6 * 45.5)
    assert delivered(found)["cargo_share"]["KAZ", "ROW"] == pytest.approx(1)


def test_what_stays_at_home_pays_no_freight_and_fills_no_leg():
    """A third of the tonnes for Kazakhstan's own market crosses the Caspian, at 100 USD/t and 36.5 days of interest."""
    parts = {"x refine KAZ TUR": (20,), "x refine KAZ KAZ": (40,), "x refine KAZ CHN": (40,)}
    found = system(**EURASIA, destinations=parts)
    way = delivered(found).loc["KAZ", "ROW"]
    price = found.minerals["price"].iloc[0]
    assert way["gross_t_per_t"] == pytest.approx(1 / 3)
    assert way["value_usd_per_t"] == pytest.approx(price / 3)
    moved = found.deliveries[(found.deliveries["supplier"] == "KAZ") & (found.deliveries["market"] == "ROW")]
    assert moved["usual_usd_per_t"].iloc[0] == pytest.approx((100 + 0.1 * CARGO_INTEREST * price) / 3)


def test_trade_statistics_tell_what_leaves_too():
    """By customs Kazakhstan sold 10 t to China, 5 to Türkiye and 3 to Russia; what is left, 45.5 - 10, stays near.

    Of the 35.5 t for the rest of the world 5 are cargo.
    """
    trade = {"x refine KAZ CHN": (10,), "x refine KAZ TUR": (5,), "x refine KAZ RUS": (3,), "x refine CHN TUR": (20,)}
    found = system(**EURASIA, trade=trade)
    ways = delivered(found)["cargo_share"]
    assert ways["KAZ", "ROW"] == pytest.approx(5 / 35.5)


def test_known_destinations_of_an_ore():
    """Kazakhstan and Australia mine 100 t each, China and Russia refine 60 t each and mine nothing.

    Half of the Kazakh ore goes to Russia: 50 of its 60 t. The other 10 t, and China's 60, come from what is left, 50 t
    of Kazakh and 100 of Australian ore, by proportion: Russia has 53.3 t from Kazakhstan, China 20 t.
    """
    share = ore_feeds({"x mine KAZ RUS": (50,)})
    assert share["KAZ", "RUS"] == pytest.approx((50 + 10 / 3) / 60)
    assert share["KAZ", "CHN"] == pytest.approx(1 / 3)


def test_ore_that_is_known_to_stay_is_not_sold():
    """Of 100 t of Kazakh ore 50 go to Russia and 40 stay: 10 t are left beside Australia's 100.

    They go where those go: a seventh to Russia, which wants 10 t more, six sevenths to China.
    """
    share = ore_feeds({"x mine KAZ RUS": (50,), "x mine KAZ KAZ": (40,)})
    assert share["KAZ", "RUS"] == pytest.approx((50 + 10 * 10 / 110) / 60)
    assert share["KAZ", "CHN"] == pytest.approx(10 / 110)


def test_plants_at_home_do_not_get_what_is_sold():
    """Kazakhstan mines 100 t, sells half to Russia, and refines 80 t: 50 t of its own ore and 30 of Australia's."""
    share = ore_feeds({"x mine KAZ RUS": (50,)}, **{"x refine KAZ 2025": 80, "x refine CHN 2025": 20})
    assert share["KAZ", "KAZ"] == pytest.approx(50 / 80) and share["AUS", "KAZ"] == pytest.approx(30 / 80)
    assert share["KAZ", "RUS"] == pytest.approx(50 / 60)


def ore_feeds(destinations, **made):
    """Shares of feeds by origin and destination: two mine 100 t each, China and Russia refine 60 t each."""
    output = {"x mine KAZ 2025": 100, "x mine AUS 2025": 100, "x refine CHN 2025": 60, "x refine RUS 2025": 60}
    tables = EURASIA | {
        "countries": EURASIA["countries"] | {"AUS": ("", "ROW")},
        "stages": {"x mine": {}, "x refine": {}},
        "production": output | made,
        "import_sources": {"x metal CHN": (100, "", "true")},
        "destinations": destinations,
    }
    feeds = base_pattern(facts(**BASE_YEAR | tables), 2025, NO_ENERGY).feeds
    return feeds[~feeds["hub"]].set_index(["origin", "destination"])["share"]


def test_nobody_sells_more_than_all(tmp_path):
    """Shares of one exporter that add up to 110 % are an error at the last of them."""
    shares = {"x refine KAZ CHN": (60,), "x refine KAZ RUS": (50,)}
    with pytest.raises(InputError, match=r"destinations\.csv:3:5: the share_pct of \(x, refine, KAZ\) add up to 110"):
        dataset.read(write(tmp_path, **BASE_YEAR | EURASIA, destinations=shares))


def test_all_of_it_for_the_traced_market_leaves_the_others_nothing_known():
    """All of Kazakhstan's output is said to go to the USA; what the imports leave goes by proportion, as without it."""
    tables = [facts(**BASE_YEAR | EURASIA, destinations=d) for d in ({}, {"x refine KAZ USA": (100,)})]
    plain, told = (base_pattern(table, 2025, NO_ENERGY).deliveries["base_t"] for table in tables)
    assert told.to_list() == pytest.approx(plain.to_list())


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 25), min_size=4, max_size=4), st.booleans())
def test_nothing_is_lost_or_made_by_what_is_known(parts, with_trade):
    """Whatever is known of Kazakhstan's buyers, it delivers its 60 t, the world 200, and a part leaves."""
    shares = {f"x refine KAZ {c}": (part,) for c, part in zip(("CHN", "TUR", "RUS", "KAZ"), parts, strict=True)}
    trade = {"x refine KAZ CHN": (10,), "x refine KAZ TUR": (5,)} if with_trade else {}
    found = base_pattern(facts(**BASE_YEAR | EURASIA, destinations=shares, trade=trade), 2025, NO_ENERGY).deliveries
    sold = found[found["observed"]]
    assert sold.loc[sold["supplier"] == "KAZ", "base_t"].sum() == pytest.approx(60 - 4.5)
    assert sold["base_t"].sum() == pytest.approx(200)
    assert found["cargo_share"].between(0, 1).all()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 33), min_size=3, max_size=3))
def test_every_plant_is_fed_whole(parts):
    """Whatever is known of an ore's buyers, the shares of what feeds a plant add up to one."""
    shares = {f"x mine KAZ {c}": (part,) for c, part in zip(("CHN", "RUS", "KAZ"), parts, strict=True)}
    fed = ore_feeds(shares).groupby("destination").sum()
    assert fed[["CHN", "RUS"]].to_list() == pytest.approx([1, 1])


def delivered_to_usa(**tables):
    """Tonnes that the suppliers of the United States delivered in the base year."""
    found = base_pattern(facts(**BASE_YEAR | tables), 2025, NO_ENERGY).deliveries
    return found[found["observed"] & (found["market"] == "USA")].set_index("supplier")["base_t"]


def energy(tonnes):
    """What the energy technologies of the United States take of the one mineral."""
    return pd.DataFrame({"mineral": ["x"], "market": ["USA"], "energy_t": [tonnes]})


def test_nobody_unnamed_sells_more_than_the_smallest_named():
    """Of 50 t the source names Kazakhstan with 10 % and Belgium with 30 %, and leaves 60 % unnamed. China makes nearly
    all of the rest, but has no more than Kazakhstan: a fifth of what is then told, 10 of 50 t.
    """
    sources = {"x metal KAZ": (10, "", "true"), "x metal BEL": (30, "", "true"), "x metal XXX": (60, "", "true")}
    sold = delivered_to_usa(import_sources=sources)
    assert sold.to_dict() == pytest.approx({"KAZ": 10, "BEL": 30, "CHN": 10})


def test_what_arrives_inside_goods_comes_from_those_who_make_them():
    """Energy takes 80 t where 50 are imported: 30 t arrive inside goods of Belgium (two thirds) and Kazakhstan."""
    goods = {"x inside BEL": (60, "", "false", "true"), "x inside KAZ": (30, "", "false", "true")}
    sources = BASE_YEAR["import_sources"] | goods | {"x inside XXX": (10, "", "false", "true")}
    known = facts(**BASE_YEAR | {"import_sources": sources})
    found = base_pattern(known, 2025, energy(80.0))
    sold = found.deliveries[found.deliveries["market"] == "USA"].set_index("supplier")["base_t"]
    assert sold.to_dict() == pytest.approx({"KAZ": 10 + 10, "CHN": 25, "BEL": 15 + 20})
    assert found.use.set_index("market")["goods_t"].to_dict() == {"USA": 30, "CHN": 0, "ROW": 0}


def test_sales_of_the_traced_market_are_no_crumb():
    """The United States make 0.4 t and import 50; half of both is exported: 0.2 t of their own, a crumb, are sold."""
    made = BASE_YEAR["production"] | {"x refine USA 2025": 0.4}
    supply = {"x imports 2024": 50, "x exports 2024": 25.2, "x domestic_primary 2025": 0.4}
    found = base_pattern(facts(**BASE_YEAR | {"production": made, "us_supply": supply}), 2025, NO_ENERGY).deliveries
    sold = found[found["observed"] & (found["supplier"] == "USA")].set_index("market")["base_t"]
    assert sold["USA"] == pytest.approx(0.4 / 2)
    assert sold.drop("USA").sum() == pytest.approx(0.4 - sold["USA"])


@pytest.mark.parametrize("content", [0.001, 1.0, 20.0])
def test_cargo_holds_what_the_imports_of_the_united_states_say(content):
    """The United States import 50 t of the metal in 50 / content t of cargo, so Kazakhstan's 10 / content t of cargo
    for China hold 10 t: where a thousandth of the cargo is metal, and where the code leaves most of it out.
    """
    trade = {"x refine CHN USA": (50 / content,), "x refine KAZ CHN": (10 / content,)}
    found = base_pattern(facts(**BASE_YEAR | {"trade": trade}), 2025, NO_ENERGY).deliveries
    sold = found[found["observed"]].set_index(["supplier", "market"])["base_t"]
    assert sold["KAZ", "CHN"] == pytest.approx(10)


def test_what_one_product_holds_goes_where_the_product_goes():
    """Magnets hold ten parts of x and one of y. By its own statistics the United States import 50 t of x and 1 of y in
    510 t of magnets: a tenth of a magnet is one or the other, so China's 110 t of Kazakh magnets hold 10 t of x and 1
    of y, however much the ratios of the two differ.
    """
    trade = {f"{m} fabricate {way}": (t, 1, "850511") for m in "xy" for way, t in (("CHN USA", 510), ("KAZ CHN", 110))}
    magnets = {
        "minerals": {m: {"class": "metal"} for m in "xy"},
        "stages": {f"{m} fabricate": {} for m in "xy"},
        "production": {f"{m} fabricate {c} 2025": t for m, t in (("x", 100), ("y", 10)) for c in ("KAZ", "CHN")},
        "import_sources": {f"{m} magnets CHN": (100, "", "true") for m in "xy"},
        "us_supply": {"x imports 2024": 50, "y imports 2024": 1},
        "prices": {f"{m} 2024": 100 for m in "xy"},
        "trade": trade,
    }
    found = base_pattern(facts(**BASE_YEAR | magnets), 2025, NO_ENERGY).deliveries
    sold = found[found["observed"]].set_index(["mineral", "supplier", "market"])["base_t"]
    assert [sold[m, "KAZ", "CHN"] for m in "xy"] == pytest.approx([10, 1])
