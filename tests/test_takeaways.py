"""What figures say above themselves, on tables made by hand: true of each, and of those with nothing to tell."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from supplychain.show.figures import (
    cost,
    curve,
    flows,
    heat,
    maps,
    prices,
    region,
    reliance,
    shortage,
    style,
    suppliers,
    transport,
    words,
)

NAN = float("nan")
SHARES = ["concern_first", "concern_last", "top_last", "top", "cap_last", "single_last", "point_musd"]


def by_mineral(columns: list, **rows: tuple) -> pd.DataFrame:
    """Rows by mineral."""
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            {"tin": (80, 40, 40, "CHN", 40, 50, 2.0), "anode_graphite": (90, 39.96, 50, "JPN", 40, 50, 7.0)},
            "Two minerals reach the cap on countries of concern; one that on a single country; "
            "a point less would cost most in anode graphite",
        ),
        ({"tin": (80, 39, 39, "CHN", 40, NAN, 0.0)}, "No mineral reaches the cap on countries of concern"),
        ({"tin": (80, 40, 39, "CHN", 40, NAN, 0.0)}, "One mineral reaches the cap on countries of concern"),
        (
            {"tin": (80, 51, 51, "CHN", NAN, NAN, NAN), "zinc": (9, 50, 50, "CHN", NAN, NAN, NAN)},
            "One mineral comes mostly from countries of concern in 2035: tin, 51 percent",
        ),
        ({"tin": (0, 0, 0, "", NAN, NAN, NAN)}, "No mineral comes mostly from countries of concern in 2035"),
        ({}, "No supply is recorded"),
    ],
)
def test_dependence(rows, said):
    """Who is at a cap, to a twentieth of a point; without caps, for whom concern is over half."""
    assert reliance.dependence_takeaway(by_mineral(SHARES, **rows), 2035) == said


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            {"tin": (90, 10), "zinc": (20, 25)},
            "Dependence on countries of concern falls for one mineral and rises for one mineral; "
            "most for tin, from 90 to 10 percent",
        ),
        (
            {"tin": (10, 12)},
            "Dependence on countries of concern rises for one mineral, tin, from 10 to 12 percent",
        ),
        ({}, "Dependence on countries of concern is the same, mineral by mineral"),
    ],
)
def test_dependence_change(rows, said):
    """Falls and rises are counted apart; the first row, that moves most, is named."""
    assert reliance.change_takeaway(by_mineral(["before", "after"], **rows)) == said


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"tin": (1, 1.09)}, "No price rises by 10 percent"),
        ({"tin": (1, 0.5)}, "No price rises by 10 percent"),
        (
            {"tin": (1, 1.3), "rare_earth": (2, 3.24)},
            "Two minerals get dearer by a tenth or more; rare earth most, 3.2× in 2026",
        ),
        ({"tin": (1, 10), "zinc": (422, 5)}, "Two minerals reach ten times the normal price; the first in 2025"),
        ({}, "No price rises by 10 percent"),
    ],
)
def test_prices(rows, said):
    """A tenth is dearer; from ten times on no figure that only seems exact is given."""
    assert prices.price_takeaway(by_mineral([2025, 2026], **rows)) == said


def test_prices_seen_and_drawn():
    """What was seen to rise most beside what does in the scenarios; minerals nobody observed are no hindrance."""
    peaks = by_mineral(["A", "B"], tin=(1.5, 30.0), zinc=(2.0, 1.0))
    seen = pd.Series({"tin": NAN, "zinc": 1.2})
    assert prices.outside_takeaway(peaks, seen) == "Seen in 2025: zinc most, 1.2×; in the scenarios: tin most, 10×+"
    assert prices.outside_takeaway(peaks, seen.iloc[:1]) == "In the scenarios: tin most, 10×+"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            {"tin": (NAN, 40.0)},
            "Limits on one mineral cost something at the margin; tin, 40 percent of its price in 2026",
        ),
        (
            {"tin": (NAN, 40.0), "uranium": (220.0, 210.0)},
            "Limits on two minerals cost something at the margin; uranium most, 2.2 times its price in 2025",
        ),
    ],
)
def test_shadow_prices(rows, said):
    """The dearest limit as a part of the price, or as a multiple of it."""
    assert prices.shadow_takeaway(by_mineral([2025, 2026], **rows)) == said


def test_no_limit_costs_anything():
    """Without a limit that binds, the figure says so."""
    assert prices.shadow_takeaway(pd.DataFrame()) == "No limit on a mineral costs anything at the margin"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"tin": (NAN, 30.0)}, "Less is used of one mineral or service; tin, 30 percent given up in 2026"),
        (
            {"tin": (NAN, 30.0), "light_ev": (60.0, 50.0)},
            "Less is used of two minerals or services; electric vehicles most, 60 percent given up in 2025",
        ),
        ({}, "No use is given up"),
    ],
)
def test_use_given_up(rows, said):
    """The worst item in its worst year."""
    assert shortage.unmet_takeaway(by_mineral([2025, 2026], **rows)) == said


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        ((0, 0), "Every year's plans can be built"),
        ((0, 5), "5 GW are not built; all in 2026"),
        ((3, 5), "8 GW are not built; 5 of them in 2026"),
    ],
)
def test_services_lost(lost, said):
    """The sum of all years, and the worst of them where there are several."""
    assert shortage.lost_takeaway(pd.Series(lost, [2025, 2026], dtype=float), "GW") == said


def test_whole_cost():
    """First and last year, and the item that is most in the last."""
    items = pd.DataFrame({"mine": [60.0, 90.0], "freight": [40.0, 10.0]}, index=[2025, 2035])
    said = "Supply costs 100 billion USD in 2025 and 100 in 2035; mining is the largest part then, 90 percent"
    assert cost.whole_takeaway(items) == said


@pytest.mark.parametrize(
    ("mine", "forgone", "said"),
    [
        (
            (0, -1),
            (0, 4),
            "In 2035 supply costs 3.0 billion USD more than in B, the largest difference; "
            "largest item: use given up, 4.0 billion USD more",
        ),
        (
            (0, -4),
            (0, 1),
            "In 2035 supply costs 3.0 billion USD less than in B, the largest difference; "
            "largest item: mining, 4.0 billion USD less",
        ),
        (
            (0.2, 0),
            (0, 0),
            "In 2025 supply costs 200 million USD more than in B, the largest difference; "
            "largest item: mining, 200 million USD more",
        ),
        ((0, -1), (0, 1), "Supply costs as much as in B in every year"),
    ],
)
def test_costs_beside_another(mine, forgone, said):
    """The year that differs most, and the item that does; what cancels is called the same."""
    assert cost.more_takeaway(pd.DataFrame({"mine": mine, "forgone": forgone}, index=[2025, 2035]), "B") == said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            (-2.0, 12.0),
            "Supply costs 10.0 billion USD more over all years; largest item: refining and scrap, "
            "12.0 billion USD more",
        ),
        ((-2.0, 1.9), "Supply costs 100 million USD less over all years; largest item: mining, 2.0 billion USD less"),
        ((-2.0, 2.0), "The two scenarios cost the same in all"),
        ((0.0, 0.0), "The two scenarios cost the same, item by item"),
    ],
)
def test_waterfall(changes, said):
    """The sum of the steps, and the largest."""
    table = pd.DataFrame({"item": ["mine", "refine"], "label": ["a", "b"], "change_busd": changes})
    assert cost.waterfall_takeaway(table) == said


def test_the_largest_item_may_go_against_the_sum():
    """Stockpiles save five where mining and freight add four each: the sum is dearer, the largest item is cheaper."""
    change = pd.Series({"mine": 4.0, "freight": 4.0, "stock": -5.0})
    said = "largest item: stockpiles, 5.0 billion USD less"
    years = pd.DataFrame([0.0 * change, change], index=[2025, 2035])
    assert cost.more_takeaway(years, "B").endswith(said)
    table = change.rename_axis("item").rename("change_busd").reset_index().assign(label="")
    assert cost.waterfall_takeaway(table) == f"Supply costs 3.0 billion USD more over all years; {said}"


@pytest.mark.parametrize(
    ("mine", "credit", "said"),
    [
        (0.3, -5.3, "5.0 billion USD less{} (300 million USD more without transfers)"),
        (0.0, -2.0, "2.0 billion USD less{} (no difference without transfers)"),
    ],
)
def test_what_the_treasury_pays_is_no_saving(mine, credit, said):
    """Where credits lower what supply costs, the title says what it costs whoever pays."""
    change = pd.DataFrame({"mine": [0.0, mine], "credit": [0.0, credit]}, index=[2025, 2035])
    assert said.format(" than in B") in cost.more_takeaway(change, "B")
    table = pd.DataFrame(
        {"item": change.columns, "label": ["mining", "credits"], "change_busd": change.loc[2035].to_numpy()}
    )
    assert said.format(" over all years") in cost.waterfall_takeaway(table)


def curve_steps(*rows: tuple) -> pd.DataFrame:
    """Steps of a cost curve."""
    return pd.DataFrame(rows, columns=["step", "capacity_t", "delivered_usd_per_t"])


def test_cost_curve():
    """The cost at which half of what stands, idle or not, is passed; projects are counted apart."""
    steps = curve_steps(("usual", 40.0, 4.0), ("idle", 60.0, 9.0), ("project", 10.0, 5.0), ("project", 10.0, 16.0))
    half = "Half of tin capacity costs at most 90 percent of its price"
    assert curve.curve_takeaway(steps, "tin", 10.0) == f"{half}; one of two projects would pay, with capital"
    assert curve.curve_takeaway(steps.iloc[:2], "tin", 10.0) == half
    even = curve_steps(("usual", 50.0, 4.0), ("usual", 50.0, 9.0))
    assert curve.curve_takeaway(even, "tin", 10.0) == "Half of tin capacity costs at most 40 percent of its price"
    none = "No tin capacity stands; none of two projects would pay, with capital"
    assert curve.curve_takeaway(steps.iloc[2:], "tin", 1.0) == none


ENDS = pd.MultiIndex.from_tuples(
    [("mine", 2025), ("mine", 2035), ("refine", 2025), ("refine", 2035)], names=["stage", "year"]
)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            {"tin": (7, 59, 0, 3), "gallium": (NAN, NAN, 0, 43)},
            "Central Asia mines 59 percent of US tin supply in 2035, 7 in 2025; "
            "it gains most in tin, 52 points (mined)",
        ),
        (
            {"tin": (58, 59, 0, 3), "lead": (NAN, NAN, 0, 43)},
            "Central Asia mines 59 percent of US tin supply in 2035, 58 in 2025; "
            "it gains most in lead, 43 points (refined)",
        ),
        (
            {"tin": (59, 59, 3, 2)},
            "Central Asia mines 59 percent of US tin supply in 2035, 59 in 2025; it gains nowhere",
        ),
    ],
)
def test_central_asia(rows, said):
    """What it has most of, and where it gains most, at which stage."""
    assert region.region_takeaway(by_mineral(ENDS, **rows)) == said


def test_central_asia_supplies_nothing():
    """Without a mineral of half a percent there is nothing to compare."""
    assert region.region_takeaway(pd.DataFrame()) == "Central Asia supplies half a percent of no mineral"


@pytest.mark.parametrize(
    ("sites", "said"),
    [
        (
            [("A", 2027, 5.0), ("B", 2030, 3.0), ("A", 2029, 1.0), ("", 2026, 50.0)],
            "Two projects come on line in Central Asia; the largest is A, from 2027 on",
        ),
        ([("A", 2027, 5.0)], "One project comes on line in Central Asia; A, from 2027 on"),
        ([("", 2026, 50.0)], "No project is built in Central Asia; only what stands grows"),
        ([], "Nothing is built in Central Asia"),
    ],
)
def test_built(sites, said):
    """Growth of what stands is no project, however large; a project's first year counts."""
    assert region.built_takeaway(pd.DataFrame(sites, columns=["site", "year", "value_musd"])) == said


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"tin": (20.0, -15.0, -5.0)}, "Central Asia gains most in tin, 20 points; China loses 15 points there"),
        (
            {"tin": (2.0, -2.0, 0.0), "zinc": (-6.0, 1.0, 5.0)},
            "Central Asia loses most in zinc, 6 points; Japan gains 5 points there",
        ),
        ({}, "Central Asia's share moves by less than half a point in every mineral"),
    ],
)
def test_displaced(rows, said):
    """The largest move of the region either way, and who bears most of it."""
    assert region.displaced_takeaway(by_mineral(["KAZ", "CHN", "JPN"], **rows)) == said


def legs(*rows: tuple) -> pd.DataFrame:
    """Use of legs."""
    return pd.DataFrame(rows, columns=["name", "year", "filled"])


@pytest.mark.parametrize(
    ("use", "said"),
    [
        (legs(("Road, long", 2025, 0.89), ("Rail", 2026, 0.5)), "No leg fills up; fullest: Road, 89 percent in 2025"),
        (
            legs(("Road", 2025, 1.0), ("Rail", 2025, 1.0), ("Rail", 2026, 0.996)),
            "Two legs fill up, longest Rail: full in two of two years",
        ),
        (legs(("Road", 2025, NAN)), "No leg of a corridor has a limit"),
        (legs(), "No leg of a corridor has a limit"),
    ],
)
def test_corridors(use, said):
    """Full from 99.5 percent on; a closed leg has no fullness."""
    assert transport.corridors_takeaway(use) == said


def moves(*rows: tuple) -> pd.DataFrame:
    """Moves of a mineral."""
    return pd.DataFrame(rows, columns=["from_stage", "origin", "to_stage", "destination", "corridor", "tonnes"])


def test_map():
    """Countries that no source names are never said to have most; without a mine the chain begins at the refinery."""
    whole = moves(
        ("mine", "XXX", "refine", "KAZ", "", 60.0),
        ("mine", "CHL", "refine", "KAZ", "", 40.0),
        ("supplier", "KAZ", "market", "USA", "middle", 70.0),
        ("supplier", "KAZ", "market", "USA", "sea", 30.0),
    )
    assert (
        maps.map_takeaway(whole, "tin")
        == "Chile mines 40 percent of US tin supply; 70 percent comes by the middle corridor"
    )
    home = moves(("refine", "USA", "supplier", "USA", "", 5.0), ("supplier", "USA", "market", "USA", "domestic", 5.0))
    assert (
        maps.map_takeaway(home, "tin")
        == "United States refines 100 percent of US tin supply; 100 percent comes from its own makers"
    )
    assert maps.map_takeaway(moves(), "tin") == "No tin reaches this market"


def test_sankey():
    """The largest country of each stage; one that is largest twice is named once, `other` never."""
    columns = ["from_stage", "source", "to_stage", "target", "tonnes"]
    rows = [
        ("mine", "other", "refine", "CHN", 6.0),
        ("mine", "CHN", "refine", "CHN", 4.0),
        ("refine", "CHN", "market", "USA", 10.0),
    ]
    table = pd.DataFrame(rows, columns=columns)
    assert flows.sankey_takeaway(table, "tin") == "China mines 40 percent of US tin supply; it refines 100 percent"
    assert flows.sankey_takeaway(table.iloc[:0], "tin") == "No tin reaches this market"
    nobody = table.assign(source="other")
    assert flows.sankey_takeaway(nobody, "tin") == "No country has two percent of the tin"


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (
            {"CHN": (0.9, 0.4), "JPN": (0.1, 0.6)},
            "China falls from 90 to 40 percent; Japan supplies most in 2035, 60 percent",
        ),
        (
            {"CHN": (0.6, 0.55), "other": (0.4, 0.45)},
            "China supplies most in 2035, 55 percent; no share changes by ten points",
        ),
        ({"other": (1.0, 1.0)}, "No country has four percent of supply"),
    ],
)
def test_supply(columns, said):
    """Who moves most and who has most in the end."""
    assert suppliers.supply_takeaway(pd.DataFrame(columns, index=[2025, 2035])) == said


def test_overview():
    """A mineral whose suppliers change in between counts as changing; China's share is held first against last."""
    years = [2025, 2030, 2035]
    stable = pd.DataFrame({"CHN": (0.5, 0.52, 0.5), "other": (0.5, 0.48, 0.5)}, index=years)
    falls = pd.DataFrame({"CHN": (0.9, 0.5, 0.2), "JPN": (0.1, 0.5, 0.8)}, index=years)
    passing = pd.DataFrame({"USA": (0.5, 0.9, 0.5), "JPN": (0.5, 0.1, 0.5)}, index=years)
    says = suppliers.overview_takeaway
    said = "Suppliers change in two of three minerals; China's share falls in one; it falls most in tin, from 90 to "
    said += "20 percent"
    assert says({"tin": falls, "zinc": stable, "tungsten": passing}) == said
    assert (
        says({"zinc": stable}) == "Suppliers change in none of one mineral; China's share changes by ten points in none"
    )
    assert says({"tungsten": passing}) == "Suppliers change in one of one mineral"
    assert says({}) == "Suppliers change in none of no mineral"


def test_countries_stand_in_one_order():
    """China first, then as the colours do, those without one by their codes, all others last."""
    index = pd.MultiIndex.from_product(
        [["tin"], [2025], ["BEL", "XXX", "USA", "CHN", "AUT"]], names=["mineral", "year", "country"]
    )
    shares = suppliers._largest(pd.Series([0.3, 0.1, 0.2, 0.1, 0.3], index))
    assert list(shares) == ["CHN", "USA", "AUT", "BEL", "other"]


def test_narrow_form_hides_no_year():
    """Years that share a column give the higher of them; the first stands alone."""
    table = pd.DataFrame([[1.0, 5.0, 2.0, NAN, 3.0]], index=["a long name of a leg"], columns=range(2025, 2030))
    narrow = heat.fitted(table, style.Form(3.0, 0.0, 12, 3, str))
    assert dict(narrow.iloc[0]) == {"2025": 1.0, "2026\n–27": 5.0, "2028\n–29": 3.0}
    assert list(narrow.index) == ["a long name\nof a leg"]
    assert heat.fitted(table, style.WIDE).shape == table.shape


@pytest.mark.parametrize(("value", "said"), [(9.94, "9.9×"), (9.96, "10×+"), (422.0, "10×+"), (0.66, "0.7×")])
def test_multiples(value, said):
    """No multiple is written beyond the one where most uses stop."""
    assert words.multiple(value) == said


@pytest.mark.parametrize(("value", "said"), [(-0.378, "−0.4"), (0.04, "0.0"), (-0.04, "0.0"), (1234.5, "+1,234.5")])
def test_differences(value, said):
    """A real minus sign; what rounds to nought has no sign."""
    assert words.signed(value) == said


def test_one_colour_for_dearer():
    """The middle of the scale is white, and beyond it prices, limits and costs rise through the same colour."""
    middle = np.array(heat.CHEAP_TO_DEAR(0.75))
    assert middle == pytest.approx(np.array(heat.DEAR(0.5)), abs=0.02)
    assert tuple(heat.CHEAP_TO_DEAR(0.5)[:3]) == pytest.approx((1, 1, 1), abs=0.02)
