"""What policies write into tables, on tables made by hand: the cases that a solved exercise does not show."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import CASES
from pydantic import TypeAdapter

from supplychain.facts import dataset
from supplychain.scenario.policies import AnyPolicy, by_year
from supplychain.scenario.policies.base import appended, members
from supplychain.system.build import EMPTY

YEARS = range(2025, 2029)


@pytest.fixture(scope="module")
def known():
    """The facts of the exercise, for its groups and countries."""
    return dataset.read(CASES / "two_mines")


def frame(columns, *rows):
    """A table with these columns, named in one string."""
    return pd.DataFrame(rows, columns=columns.split())


def empty(name):
    """One of the tables that policies append to, without rows."""
    types = {column: object if kind is str else kind for column, kind in EMPTY[name].items()}
    return pd.DataFrame({column: [] for column in types}).astype(types)


TABLES = {name: empty(name) for name in EMPTY} | {
    "chain": frame(
        "mineral stage position ore ratio last",
        ("iron", "mine", 0, "iron", 2.0, False),
        ("iron", "refine", 1, "iron", 1.0, True),
        ("steel", "mine", 0, "iron", 3.0, False),
        ("steel", "fabricate", 2, "steel", 1.0, True),
        ("heavy", "mine", 0, "heavy", 1.0, True),
        ("light", "mine", 0, "light", 1.0, True),
    ),
    "byproducts": frame(
        "product product_stage host host_stage country ratio joint",
        ("heavy", "mine", "clay", "mine", "KAZ", 0.1, True),
        ("light", "mine", "clay", "mine", "KAZ", 0.9, True),
        ("light", "mine", "iron", "mine", "CHN", 0.1, False),
    ),
    "homes": frame("country market", ("USA", "USA"), ("CHN", ""), ("KAZ", ""), ("UZB", "")),
    "sites": frame(
        "mineral stage country opex_usd_per_t full_opex_usd_per_t",
        ("iron", "refine", "CHN", 24.0, 30.0),
        ("iron", "refine", "KAZ", 32.0, 40.0),
    ),
    "feeds": frame(
        "mineral stage origin value_usd_per_t", ("iron", "mine", "KAZ", 40.0), ("steel", "mine", "KAZ", 30.0)
    ),
    "minerals": frame("mineral price", ("iron", 100.0), ("steel", 200.0)),
    "builds": frame(
        "build project mineral stage country owner wacc life_years first_year lead_years",
        (0, "", "iron", "mine", "KAZ", "KAZ", 0.10, 20, 2026, 1),
        (1, "big", "iron", "mine", "KAZ", "USA", 0.10, 20, 2030, 4),
        (2, "pit", "clay", "mine", "KAZ", "KAZ", 0.02, 10, 2030, 5),
    ),
    "deliveries": frame(
        "mineral supplier market observed base_t",
        ("iron", "KAZ", "USA", False, 2.0),
        ("iron", "CHN", "USA", True, 50.0),
    ),
}


def edited(known, name, tables=TABLES, **fields):
    """One table as a policy leaves it."""
    policy = TypeAdapter(AnyPolicy).validate_python({"assumption": "by hand"} | fields)
    return policy.edit("p", tables, known, YEARS).get(name, tables[name])


def test_years_between_are_interpolated_and_held_flat_outside():
    """1.0 in 2026 and 0.4 in 2029: 0.8 in 2027, and the ends hold before and after."""
    values = by_year({2029: 0.4, 2026: 1.0}, range(2025, 2031))["value"]
    assert list(values) == pytest.approx([1.0, 1.0, 0.8, 0.6, 0.4, 0.4])
    assert by_year(0.5, []).empty


def test_groups_and_countries_together(known):
    """A list of groups and countries is their union, each country once, in order."""
    assert members(known, ["central_asia", "CHN", "KAZ"]) == ["KAZ", "UZB", "CHN"]


def test_rows_keep_the_types_of_the_table():
    """Appending to an empty table gives its columns and types, and no row twice."""
    rows = frame("scope country extra", ("a", "KAZ", 1), ("a", "KAZ", 1))
    table = appended(empty("members"), rows)
    assert list(table.columns) == ["scope", "country"] and len(table) == 1


def test_a_limit_looks_through_to_borrowed_ore(known):
    """Steel has no mine of its own: a cap at the mine is on steel's iron too, and `supply` is the last supplier."""
    cap = {"kind": "supplier_cap", "group": "CHN", "stages": ["mine", "supply"], "share": 0.5, "minerals": ["steel"]}
    limits = edited(known, "limits", **cap)
    assert set(limits["stage"]) == {"mine", "supply"} and set(limits["mineral"]) == {"steel"}
    assert list(limits["year"].unique()) == [2026, 2027, 2028]


def test_a_site_is_known_by_its_ore(known):
    """A fund for steel pays at iron's mine; one for heavy pays at the clay that gives it, not at by-products' hosts."""
    fund = {"kind": "investment_fund", "countries": ["KAZ"], "capex_share": 0.5, "budget_musd": 1}
    steel = edited(known, "funds", minerals=["steel"], stages=["mine"], **fund)
    assert set(steel["mineral"]) == {"iron"}
    heavy = edited(known, "funds", minerals=["heavy"], **fund)
    assert set(heavy["mineral"]) == {"heavy", "clay"}
    light = edited(known, "funds", minerals=["light"], **fund)
    assert set(light["mineral"]) == {"light", "clay"}


def test_each_country_is_limited_where_it_makes_something(known):
    """`each`: one limit for every foreign country that is there at the stage, and none for home."""
    cap = {"kind": "supplier_cap", "group": "each", "stages": ["refine"], "share": 0.5, "years": [2026, 2026]}
    limits = edited(known, "limits", **cap)
    assert sorted(limits["scope"]) == ["CHN", "KAZ"]


def test_a_loss_is_asked_for_where_there_is_something_to_lose(known):
    """One row for each foreign country that is there at the stage and each year; who is inside stands in `members`."""
    lost = {"kind": "survive_loss", "group": "each", "stages": ["refine"], "share": {2026: 0.4, 2028: 0.8}}
    rows = edited(known, "losses", **lost, surge=0.5)
    assert sorted(rows["scope"].unique()) == ["CHN", "KAZ"] and set(rows["surge"]) == {0.5}
    assert list(rows.query("scope == 'CHN'")["share"]) == pytest.approx([0.4, 0.6, 0.8])
    both = edited(known, "losses", **lost | {"group": ["CHN", "central_asia"]})
    assert set(both["scope"]) == {"CHN+central_asia"}
    inside = edited(known, "members", **lost | {"group": ["CHN", "central_asia"]})
    assert list(inside["country"]) == ["CHN", "KAZ", "UZB"]


def test_an_index_is_asked_for_at_each_stage(known):
    """Of steel at the mine, which is iron's, and of what reaches the market; by year."""
    index = {
        "kind": "concentration_cap",
        "minerals": ["steel"],
        "stages": ["mine", "supply"],
        "hhi": {2026: 1, 2028: 0.5},
    }
    rows = edited(known, "concentrations", **index)
    assert set(rows["stage"]) == {"mine", "supply"} and set(rows["mineral"]) == {"steel"}
    assert list(rows.query("stage == 'mine'")["hhi"]) == pytest.approx([1.0, 0.75, 0.5])


def test_a_basket_is_one_limit_under_the_policy_s_name(known):
    """`basket: value` puts all minerals under one name; without it each stands alone."""
    cap = {"kind": "supplier_cap", "group": "CHN", "stages": ["mine"], "share": 0.5}
    assert set(edited(known, "limits", **cap, basket="value")["basket"]) == {"p"}
    assert set(edited(known, "limits", **cap)["basket"]) == {""}


def test_export_limits_against_markets(known):
    """One row for each country, market, stage and year; a ban cuts a share, a quota is in tonnes."""
    where = {"countries": ["central_asia"], "minerals": ["iron"], "stages": ["refine"], "years": [2026, 2026]}
    ban = edited(known, "export_limits", kind="export_ban", against=["USA"], share=0.3, **where)
    assert sorted(ban["country"]) == ["KAZ", "UZB"] and set(ban["against"]) == {"USA"}
    assert list(ban["cut"]) == [0.3, 0.3] and ban["quota_t"].isna().all()
    quota = edited(known, "export_limits", kind="export_quota", tonnes=7, **where)
    assert set(quota["against"]) == {"all"} and list(quota["quota_t"]) == [7.0, 7.0] and not quota["cut"].any()


def test_a_tariff_of_a_share_is_a_share_of_the_normal_price(known):
    """25 % of 100 USD; exempt and home countries pay nothing, nor those who deliver nothing."""
    duty = {"kind": "tariff", "countries": "all", "minerals": ["iron"], "rate": 0.25, "years": [2026, 2026]}
    assert list(edited(known, "tariffs", **duty)["usd_per_t"]) == [25.0, 25.0]
    assert list(edited(known, "tariffs", **duty, exempt=["central_asia"])["country"]) == ["CHN"]


def test_charges_follow_the_rate(known):
    """The charge moves by annuity(7 %) / annuity(10 %) over 20 years; at a rate of nil it is 1/20 of the capital.

    A rate never falls below nil: 3 points off 2 % is nil, a charge of 1/10 of the capital over ten years.
    """
    charges = frame("build year charge_usd_per_t", *((b, y, 1.0) for b in (0, 1, 2) for y in YEARS))
    tables = TABLES | {"charges": charges}
    loan = {"kind": "cost_of_capital", "countries": ["KAZ"], "points": -0.03, "years": [2027, 2028]}
    new = edited(known, "charges", tables, **loan).pivot(index="build", columns="year", values="charge_usd_per_t")

    def annuity(rate, life):
        return rate / (1 - (1 + rate) ** -life)

    assert new.loc[0, 2027] == pytest.approx(annuity(0.07, 20) / annuity(0.10, 20)) and new.loc[0, 2026] == 1.0
    assert new.loc[2, 2028] == pytest.approx(0.1 / annuity(0.02, 10), rel=1e-6)
    only_big = edited(known, "charges", tables, **loan | {"projects": ["big"]})
    assert set(only_big.loc[only_big["charge_usd_per_t"] != 1.0, "build"]) == {1}


def test_lead_times_move_both_ways(known):
    """Two years sooner, never before the policy holds; what is there already stays; two years later without bound.

    From the decision to coming on line it takes as many years less, or more.
    """
    faster = {"kind": "lead_time", "countries": ["KAZ"], "minerals": ["iron"]}
    sooner = edited(known, "builds", years_sooner=2, **faster)
    assert list(sooner["first_year"]) == [2026, 2028, 2030] and list(sooner["lead_years"]) == [1, 2, 5]
    late = edited(known, "builds", years_sooner=9, years=[2028, 2028], **faster)["first_year"]
    assert list(late) == [2026, 2028, 2030]
    later = edited(known, "builds", years_sooner=-2, **faster)
    assert list(later["first_year"]) == [2028, 2032, 2030] and list(later["lead_years"]) == [3, 6, 5]
    owned = {"kind": "lead_time", "countries": ["USA"], "by": "owner", "years_sooner": 1}
    assert list(edited(known, "builds", **owned)["first_year"]) == [2026, 2029, 2030]


def test_an_offtake_is_a_floor_in_tonnes_and_a_seed(known):
    """Share nil, tonnes by year; the unobserved pair's base rises to the first year's tonnes, an observed one stays."""
    deal = {"kind": "offtake", "mineral": "iron", "tonnes": {2026: 5, 2028: 9}}
    limits = edited(known, "limits", country="KAZ", **deal)
    assert list(limits["tonnes"]) == [5, 7, 9] and set(limits["share"]) == {0.0} and set(limits["sense"]) == {-1}
    assert list(edited(known, "deliveries", country="KAZ", **deal)["base_t"]) == [5.0, 50.0]
    assert list(edited(known, "deliveries", country="CHN", **deal)["base_t"]) == [2.0, 50.0]


def test_credits_of_cost_and_floors(known):
    """10 % of Kazakhstan's mean operating cost of 40 USD, not of its cheapest or China's, is 4; a floor of 130 over 100
    is 30, one of 90 is nil but stays.
    """
    where = {"countries": ["KAZ"], "minerals": ["iron"], "years": [2026, 2026]}
    credit = edited(known, "credits", kind="production_credit", stages=["refine"], share=0.1, **where)
    assert list(credit["usd_per_t"]) == [4.0] and credit["floor_usd_per_t"].isna().all()
    floor = edited(known, "credits", kind="price_floor", stage="refine", floor_usd_per_t=130, **where)
    assert list(floor["usd_per_t"]) == [30.0] and list(floor["floor_usd_per_t"]) == [130.0]
    low = edited(known, "credits", kind="price_floor", stage="refine", floor_usd_per_t=90, **where)
    assert list(low["usd_per_t"]) == [0.0] and list(low["floor_usd_per_t"]) == [90.0]


def test_losses_by_owner(known):
    """Half of what Americans own is lost: of 10 t that are theirs 5, of others' none, of new plant by share."""
    tables = TABLES | {
        "owners": frame(
            "mineral stage country owner share",
            ("iron", "mine", "KAZ", "USA", 0.5),
            ("iron", "mine", "KAZ", "KAZ", 0.5),
        ),
        "existing": frame(
            "mineral stage country owner year existing_t",
            ("iron", "mine", "KAZ", "USA", 2026, 10.0),
            ("iron", "mine", "KAZ", "KAZ", 2026, 10.0),
            ("iron", "mine", "KAZ", "USA", 2025, 10.0),
        ),
        "availability": frame("mineral stage country year factor", ("iron", "mine", "KAZ", 2026, 1.0)),
    }
    loss = {"kind": "capacity_loss", "countries": ["USA"], "by": "owner", "share": 0.5}
    assert list(edited(known, "existing", tables, **loss)["existing_t"]) == [5.0, 10.0, 10.0]
    assert list(edited(known, "availability", tables, **loss)["factor"]) == [0.75]


def test_a_stock_in_days_of_use(known):
    """73 days of 100 t are 20 t; it may hold no more than its highest target; holding is 2 % of the normal price."""
    use = frame("mineral market year base_t tonnes", *(("iron", "USA", y, 100.0, 90.0) for y in YEARS))
    stock = {"kind": "stockpile", "days": {2026: 36.5, 2027: 73}, "release": [2028], "initial_days": 7.3}
    rows = edited(known, "stocks", TABLES | {"use": use}, **stock)
    assert list(rows["target_t"]) == pytest.approx([10, 20, 20])
    assert set(np.round(rows["most_t"], 9)) == {20.0} and set(rows["holding_usd_per_t"]) == {2.0}
    assert list(rows["release"]) == [False, False, True] and rows["initial_t"].iloc[0] == pytest.approx(2)


def test_a_mix_adds_up(known):
    """A takes 0.6 of its service; B and C, 0.3 and 0.1 before, share the other 0.4 three to one; bounds make room."""
    mix = frame(
        "technology service year share least_share most_share pace_per_year",
        ("lean", "widgets", 2026, 0.6, 0.5, 0.7, 0.1),
        ("rich", "widgets", 2026, 0.3, 0.3, 0.3, 0.1),
        ("other", "widgets", 2026, 0.1, 0.0, 1.0, 0.1),
        ("alone", "gadgets", 2026, 1.0, 1.0, 1.0, 0.1),
    )
    new = edited(
        known, "technologies", TABLES | {"technologies": mix}, kind="technology_mix", technology="rich", share=0.6
    )
    assert list(new["share"]) == pytest.approx([0.4 * 6 / 7, 0.6, 0.4 / 7, 1.0])
    assert ((new["least_share"] <= new["share"]) & (new["share"] <= new["most_share"])).all()
    assert list(new["most_share"]) == [0.7, 0.6, 1.0, 1.0]


def test_a_closed_leg_turns_all_cargo_away(known):
    """Capacity and other freight fall to nil in the years, and are as before outside; a limitless leg closes too."""
    legs = frame(
        "leg corridor year capacity_t background_t usd_per_t days",
        ("l", "middle", 2025, 100.0, 40.0, 10.0, 5.0),
        ("l", "middle", 2026, 100.0, 40.0, 10.0, 5.0),
        ("m", "middle", 2026, np.inf, 0.0, 10.0, 5.0),
    )
    tables = TABLES | {"legs": legs}
    closed = edited(known, "legs", tables, kind="corridor", corridor="middle", closed=True)
    assert list(closed["capacity_t"]) == [100.0, 0.0, 0.0] and list(closed["background_t"]) == [40.0, 0.0, 0.0]
    narrow = edited(known, "legs", tables, kind="corridor", legs=["l"], capacity_multiple=0.3, days_multiple=0.5)
    assert list(narrow["capacity_t"]) == [100.0, 30.0, np.inf] and list(narrow["background_t"]) == [40.0, 30.0, 0.0]
    assert list(narrow["days"]) == [5.0, 2.5, 5.0]


def test_other_cargo_comes_and_goes_within_a_leg(known):
    """Other freight grows to what the leg can carry at most and falls to nothing at least."""
    legs = frame(
        "leg corridor year capacity_t background_t usd_per_t days",
        *(("l", "middle", year, 100.0, 40.0, 10.0, 5.0) for year in (2025, 2026)),
    )
    for added, left in ((25, 65.0), (75, 100.0), (-60, 0.0)):
        crowded = edited(known, "legs", TABLES | {"legs": legs}, kind="corridor", legs=["l"], other_cargo_t=added)
        assert list(crowded["background_t"]) == [40.0, left] and list(crowded["capacity_t"]) == [100.0, 100.0]


def test_ore_of_one_mineral_is_not_paid_for_as_anothers(known):
    """Steel takes its ore from iron's mines: a credit for steel at the mine pays what becomes steel, and no iron."""
    credit = {"kind": "production_credit", "countries": ["KAZ"], "stages": ["mine"], "usd_per_t": 5.0}
    assert set(edited(known, "credits", minerals=["steel"], **credit)["mineral"]) == {"steel"}
    assert set(edited(known, "credits", minerals=["iron", "steel"], **credit)["mineral"]) == {"iron", "steel"}


def test_a_floor_at_the_mine_is_over_what_ore_is_worth(known):
    """Refined iron is worth 100 USD/t and its ore 40: a floor of 110 pays 10 for the one and 70 for the other."""
    floor = {"kind": "price_floor", "countries": ["KAZ"], "minerals": ["iron"], "floor_usd_per_t": 110.0}
    paid = {stage: edited(known, "credits", stage=stage, **floor)["usd_per_t"] for stage in ("mine", "refine")}
    assert set(paid["mine"]) == {70.0} and set(paid["refine"]) == {10.0}
