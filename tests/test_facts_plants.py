"""Plants in the tables: none counted twice or before its time, chains that close, what statistics say of them."""

import pandas as pd
import pytest

import supplychain
from supplychain.system.build import base_tables

BASE = 2025


@pytest.fixture(scope="module")
def data():
    return supplychain.read_data()


def output(data, mineral, stage, country=None):
    """Output of the base year, of one country or by country."""
    table = data["production"]
    table = table[(table["mineral"] == mineral) & (table["stage"] == stage) & (table["year"] == BASE)]
    by_country = table.set_index("country")["output_t"]
    return by_country if country is None else by_country.get(country, 0.0)


def capacity(data, mineral, stage, country):
    table = data["capacity"]
    table = table[(table["mineral"] == mineral) & (table["stage"] == stage) & (table["country"] == country)]
    return table.set_index("year")["capacity_t"]


def project(data, name):
    table = data["projects"].set_index("project")
    assert name in table.index, name
    return table.loc[name]


def yield_of(data, mineral, stage):
    return data["stages"].set_index(["mineral", "stage"]).loc[(mineral, stage), "yield"]


@pytest.mark.parametrize("mineral", ["neodymium", "praseodymium", "dysprosium", "terbium"])
def test_oxide_is_used_whole_by_what_is_made_of_it(data, mineral):
    """What leaves the last stage takes the oxide that the world separates, or a part of it has no buyer."""
    needed = output(data, mineral, "fabricate").sum() / yield_of(data, mineral, "fabricate")
    assert needed == pytest.approx(output(data, mineral, "refine").sum(), rel=0.01)


def test_tajik_antimony_metal_is_at_least_what_is_exported(data):
    trade = data["trade"]
    sold = trade[(trade["mineral"] == "antimony") & (trade["stage"] == "refine") & (trade["exporter"] == "TJK")]
    made = output(data, "antimony", "refine", "TJK")
    assert made >= sold["quantity_t"].sum()
    assert made / yield_of(data, "antimony", "refine") <= output(data, "antimony", "mine", "TJK")
    # 15,000 t of powder and 6,000 t of oxide: what the design leaves above present output.
    konchoch = project(data, "tajik_antimony_metal")
    assert made + konchoch["capacity_t"] == pytest.approx(15_000 + 6_000 * 0.835, rel=0.01)
    assert konchoch["source"] and konchoch["status"] != "exploration"


def test_a_plant_that_is_not_decided_is_not_capacity(data):
    assert capacity(data, "graphite", "mine", "KAZ").empty
    assert capacity(data, "anode_graphite", "refine", "KAZ").empty
    assert capacity(data, "vanadium", "mine", "KAZ").empty
    assert list(capacity(data, "vanadium", "refine", "KAZ").index) == [BASE]
    assert capacity(data, "gallium", "refine", "KAZ").empty
    for name in ("sarytogan_1", "sarytogan_anode", "balasausqandiq", "balasausqandiq_mine", "pavlodar_gallium"):
        project(data, name)


def test_a_plant_that_runs_or_is_being_built_is_not_a_project_as_well(data):
    left = set(data["projects"]["project"])
    once = {"thacker_pass", "urenco_usa", "kazatomprom_ramp", "almalyk_mof3", "almalyk_moly", "aktogay_smelter"}
    assert not left & once
    assert capacity(data, "copper", "mine", "UZB").max() - output(data, "copper", "mine", "UZB") > 150_000
    assert capacity(data, "molybdenum", "mine", "UZB").max() - output(data, "molybdenum", "mine", "UZB") > 1_000
    smelter = capacity(data, "copper", "refine", "KAZ")
    assert smelter[2029] - smelter[2028] == 300_000
    lithium = capacity(data, "lithium", "mine", "USA")
    assert lithium[2027] == lithium[2025] and lithium[2028] - lithium[2027] == pytest.approx(40_000 * 0.1879, rel=0.01)


@pytest.mark.parametrize(
    ("mineral", "stage", "world_kt"),
    [("copper", "mine", 24_271), ("copper", "refine", 33_666), ("nickel", "mine", 4_491)],
)
def test_the_rest_of_the_world_leaves_out_the_countries_that_stand_apart(data, mineral, stage, world_kt):
    """Capacity to 2030, of all countries, is near what the IEA gives the world in 2030."""
    table = data["capacity"]
    table = table[(table["mineral"] == mineral) & (table["stage"] == stage) & (table["year"] <= 2030)]
    known = table.groupby("country")["capacity_t"].max()
    now = output(data, mineral, stage)
    both = pd.concat([known, now], axis=1).max(axis=1)
    assert both.sum() < 1.04 * world_kt * 1_000


def test_what_was_made_in_a_year_is_not_its_plants_capacity(data):
    """Output of 2024 says what plants can do only where it is above output of 2025 over the usual utilisation."""
    items = data["stage_defaults"].set_index(["stage", "item"])["value"]
    own = data["economics"].set_index(["mineral", "stage", "item"])["value"]
    table = data["capacity"]
    for row in table[(table["year"] == BASE) & (table["source"] == "iea_cm2025")].itertuples():
        usual = own.get((row.mineral, row.stage, "utilisation"), items[row.stage, "utilisation"])
        made = output(data, row.mineral, row.stage, row.country)
        assert row.capacity_t > made / usual, (row.mineral, row.stage, row.country)


def test_nickel_of_norway_and_brazil(data):
    made = output(data, "nickel", "refine")
    assert made["NOR"] == 95_013 and made["BRA"] == 57_000
    # They come out of the rest of the world: the IEA's total, between 2024 and 2030, stands.
    assert made.sum() == pytest.approx(3_483_697 + (4_502_808 - 3_483_697) / 6 * 1.68, rel=0.02)
    assert made["XXX"] == pytest.approx(646_178 - 95_013 - 57_000)


def test_boguty_by_its_ore(data):
    per_ore = 0.00206 * 0.793 * 0.83
    first = capacity(data, "tungsten", "mine", "KAZ")[2026]
    assert first == pytest.approx(3.3e6 * per_ore, rel=0.01)
    second = project(data, "boguty_2")["capacity_t"]
    assert first + second == pytest.approx(4.95e6 * per_ore, rel=0.01)
    assert project(data, "boguty_apt")["capacity_t"] <= 0.95 * (first + second)


def test_less_than_a_thousandth_is_not_a_thousandth(data):
    """The study of 2023 prints 35 countries with "<0.1 %": no antimony is smelted in San Marino or Luxembourg."""
    made = output(data, "antimony", "refine")
    assert not set(made.index) & {"LUX", "SMR", "CPV", "CYP", "PAN", "CRI", "URY", "RWA", "KEN"}
    assert (made.drop(["KAZ", "KGZ"]) >= 0.0008 * made.sum()).all()
    assert made.sum() == pytest.approx(110_000 * 0.95, rel=0.001)


@pytest.mark.parametrize("mineral", ["neodymium", "praseodymium", "dysprosium", "terbium"])
def test_a_tonne_of_magnets_holds_the_same_in_every_table(data, mineral):
    independence = capacity(data, mineral, "fabricate", "USA")
    per_tonne = independence[2027] / 3_000
    assert independence[2025] / 1_000 == pytest.approx(per_tonne, rel=0.001)
    assert project(data, f"mp_magnets_{mineral}")["capacity_t"] / 7_000 == pytest.approx(per_tonne, rel=0.01)


def test_kazakh_ores_are_what_the_works_take(data):
    bauxite, alumina = output(data, "aluminium", "mine", "KAZ"), output(data, "aluminium", "refine", "KAZ")
    assert bauxite == pytest.approx(alumina)
    ferrochrome = output(data, "chromium", "refine", "KAZ") / yield_of(data, "chromium", "refine")
    kept = data["destinations"].set_index(["mineral", "stage", "exporter", "importer"])["share_pct"]
    at_home = output(data, "chromium", "mine", "KAZ") * kept["chromium", "mine", "KAZ", "KAZ"] / 100
    assert at_home == pytest.approx(ferrochrome, rel=0.05)


def test_kazakh_magnesium_stays_with_its_sponge(data):
    kept = data["destinations"].set_index(["mineral", "stage", "exporter", "importer"])["share_pct"]
    sold = output(data, "magnesium", "refine", "KAZ") * (1 - kept["magnesium", "refine", "KAZ", "KAZ"] / 100)
    assert sold == pytest.approx(161, abs=10)


def test_almalyk_as_announced(data):
    silver = output(data, "silver", "mine", "UZB") + project(data, "almalyk_silver")["capacity_t"]
    assert silver == pytest.approx(270)
    assert project(data, "almalyk_smelter")["capacity_t"] == 300_000


def test_balasausqandiq_mine_feeds_its_plant(data):
    plant, mine = project(data, "balasausqandiq"), project(data, "balasausqandiq_mine")
    assert plant["capacity_t"] == pytest.approx(8_500 * 0.5602, rel=0.001)
    assert mine["capacity_t"] == pytest.approx(plant["capacity_t"] / yield_of(data, "vanadium", "refine"), rel=0.001)
    assert mine["earliest_year"] == plant["earliest_year"]


def test_central_asian_plants_that_were_missing(data):
    assert output(data, "copper", "refine", "TJK") == pytest.approx(4_871, abs=1)
    assert output(data, "copper", "mine", "TJK") >= output(data, "copper", "refine", "TJK") / 0.96 - 1
    tin = project(data, "syrymbet")
    assert (tin["mineral"], tin["country"], tin["capacity_t"], tin["capex_musd"]) == ("tin", "KAZ", 11_000, 228)
    for name, least, most in (("bayan_tungsten", 2_400, 4_800), ("aksoran_tungsten", 2_300, 4_500)):
        assert least <= project(data, name)["capacity_t"] <= most


def test_no_capacity_above_a_sourced_one(data):
    """What a source gives as capacity of the base year is what stands, or the output where that is more. Plants of a
    place that made nothing stand still for two years before they run again."""
    existing = base_tables(data, range(BASE, BASE + 3))["existing"]
    stands = existing.groupby(["year", "mineral", "stage", "country"])["existing_t"].sum()
    rare_earths = {"neodymium", "praseodymium", "dysprosium", "terbium", "rare_earth_ore", "ionic_clay"}  # by their ore
    table = data["capacity"]
    for row in table[(table["year"] == BASE) & ~table["mineral"].isin(rare_earths)].itertuples():
        place = row.mineral, row.stage, row.country
        made = output(data, *place)
        if made > 0:
            assert stands[BASE, *place] == pytest.approx(max(row.capacity_t, made)), row
        else:
            assert stands[BASE, *place] == stands[BASE + 1, *place] == 0, row
            assert stands[BASE + 2, *place] >= row.capacity_t * (1 - 1e-9), row
