"""The facts on US trade and prices, held against what their sources say of themselves."""

from __future__ import annotations

import pandas as pd
import pytest
from handmade import story

import supplychain
from supplychain.system.build import build_system

UNNAMED = "XXX"
PERIOD = (2021, 2024)
# Net import reliance, percent of apparent consumption, means of 2021-24 (USGS MCS 2026, salient statistics).
RELIANCE = {
    "aluminium": 63.0,
    "antimony": 83.25,
    "beryllium": 4.5,
    "bismuth": 93.25,
    "cobalt": 72.25,
    "copper": 43.0,
    "graphite": 100.0,
    "indium": 100.0,
    "molybdenum": 0.0,
    "niobium": 100.0,
    "rhenium": 67.0,
    "silver": 70.0,
    "tin": 76.25,
    "titanium": 97.5,
    "zinc": 75.5,
}
# Brackets of the source by year, where it withholds the figure.
BRACKETS = {
    "cadmium": {2021: (0, 50), 2022: (0, 25), 2023: (-999, 0), 2024: (-999, 0)},
    "tellurium": {2021: (95, 100), 2022: (75, 100), 2023: (-999, 0), 2024: (0, 25), 2025: (25, 50)},
}


@pytest.fixture(scope="module")
def data():
    """The shipped facts."""
    return supplychain.read_data()


@pytest.fixture(scope="module")
def sources(data):
    """Import sources in the form that leaves the last stage."""
    return data["import_sources"].query("last_stage")


@pytest.fixture(scope="module")
def output(data):
    """Output of the base year in every stage."""
    return data["production"].query("year == 2025")


def _named(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows that are the source's own, not a split of what it leaves unnamed."""
    return rows[
        (rows["country"] != UNNAMED) & ~rows["estimate"].str.contains("other countries|SWU per kg|, the part of")
    ]


def test_no_unnamed_country_is_above_the_smallest_named(sources, data, output):
    """USGS names the leading sources, so a country that it does not name has at most the smallest named share."""
    last = data["stages"].assign(order=data["stages"]["stage"].map({"mine": 0, "refine": 1, "fabricate": 2}))
    last = last.sort_values("order").groupby("mineral")["stage"].last()
    for mineral, rows in sources.groupby("mineral"):
        listed = rows[rows["country"] != UNNAMED]
        named = _named(rows)
        named = named[named["share_pct"] > 0] if len(named) else listed
        ceiling = named["share_pct"].min() + 0.02
        assert (listed["share_pct"][~listed.index.isin(named.index)] <= ceiling).all(), mineral
        left = rows.loc[rows["country"] == UNNAMED, "share_pct"].sum()
        makers = output[(output["mineral"] == mineral) & (output["stage"] == last[mineral])]
        makers = makers[~makers["country"].isin([*listed["country"], UNNAMED, "USA"])].set_index("country")["output_t"]
        makers = makers[makers > 0.01 * makers.sum()]
        if len(makers) and left:
            assert left * makers.max() / makers.sum() <= ceiling, (mineral, makers.idxmax())


def test_shares_add_up(data):
    """The shares of every form add up to all, within the source's rounding."""
    whole = data["import_sources"].groupby(["mineral", "form"])["share_pct"].sum()
    assert whole.between(98.0, 102.0).all(), whole[~whole.between(98.0, 102.0)]


def test_ammonium_perrhenate_counts(sources):
    """A third of the rhenium comes as perrhenate, 24 % of that from Kazakhstan; China is behind every named source."""
    rhenium = sources.query("mineral == 'rhenium'").groupby("country")["share_pct"].sum()
    assert rhenium["KAZ"] == pytest.approx(8.5, abs=1.0)
    assert rhenium.get("CHN", 0.0) < 4.0


def test_unnamed_separative_work_is_not_all_chinese(sources):
    """China is no larger than the smallest enricher that EIA names, and what is left open stays open."""
    work = sources.query("mineral == 'uranium'").groupby("country")["share_pct"].sum()
    assert 0 < work["CHN"] <= work["DEU"]
    assert work.sum() == pytest.approx(100.0, abs=0.1)


def test_uranium_by_origin_adds_up(data):
    """EIA's deliveries by origin stand beside the enrichers, Canada and Kazakhstan first: together all imports."""
    origin = data["import_sources"].query("mineral == 'uranium' and form == 'uranium by origin'")
    share = origin.set_index("country")["share_pct"]
    assert share.sum() == pytest.approx(100.0, abs=0.5)
    assert list(share.sort_values(ascending=False).index[:3]) == ["CAN", "KAZ", "AUS"]


def _statistics(data, mineral: str) -> pd.DataFrame:
    table = data["us_supply"].query("mineral == @mineral")
    return table.pivot_table(index="year", columns="statistic", values="tonnes", aggfunc="sum")


@pytest.mark.parametrize("mineral", RELIANCE)
def test_net_import_reliance(data, mineral):
    """Imports less exports less what went into stocks, over apparent consumption: USGS's reliance within 5 points."""
    table = _statistics(data, mineral)
    table = table[(table.index >= PERIOD[0]) & (table.index <= PERIOD[1])]
    get = {
        name: table[name].fillna(0.0).mean() if name in table else 0.0
        for name in data["us_supply"]["statistic"].unique()
    }
    net = max(get["imports"] - get["exports"] - get["stock_change"], 0.0)
    use = get["apparent_consumption"] or get["domestic_primary"] + get["secondary"] + net
    assert 100 * min(net / use, 1.0) == pytest.approx(RELIANCE[mineral], abs=5.0)


@pytest.mark.parametrize("mineral", BRACKETS)
def test_withheld_output_keeps_within_the_published_reliance(data, mineral):
    """Where USGS prints only a bracket of the reliance, the estimate of output stays inside in every year."""
    table = _statistics(data, mineral)
    for year, (low, high) in BRACKETS[mineral].items():
        row = table.loc[year]
        net = row["imports"] - row["exports"]
        assert low - 0.5 <= 100 * net / (row["domestic_primary"] + net) <= high + 0.5, year


def test_us_primary_output_is_that_of_production(data, output):
    """What the statistics call US output from ore is what the plants of the production table make, within a third."""
    zinc = output.query("mineral == 'zinc' and stage == 'refine' and country == 'USA'")["output_t"].sum()
    table = _statistics(data, "zinc").loc[2025]
    assert table["domestic_primary"] == pytest.approx(zinc, rel=0.01)
    assert table["domestic_primary"] + table["secondary"] == pytest.approx(220_000)


@pytest.mark.parametrize(
    ("mineral", "year", "world"), [("magnesium", 2025, 2500), ("cobalt", 2024, 26103), ("aluminium", 2024, 2419)]
)
def test_prices_are_those_of_the_world(data, mineral, year, world):
    """One price for all markets: the European or London one, the American with its duties and premium in `high`."""
    row = data["prices"].query("mineral == @mineral and year == @year").iloc[0]
    assert row["usd_per_t"] == pytest.approx(world, rel=0.01)
    assert row["high"] > 1.1 * row["usd_per_t"]


def test_ore_of_us_manganese_plants(data, output):
    """Gabon, South Africa and Mexico feed the US plants as USGS says: 64, 24 and 12 %."""
    ore = data["destinations"].query("mineral == 'manganese' and stage == 'mine' and importer == 'USA'")
    made = output.query("mineral == 'manganese' and stage == 'mine'").set_index("country")["output_t"]
    tonnes = ore.set_index("exporter")["share_pct"] * made
    share = (100 * tonnes / tonnes.sum()).dropna()
    assert share.to_dict() == pytest.approx({"GAB": 64, "ZAF": 24, "MEX": 12}, abs=1.0)


def test_australian_tantalum_ore_goes_to_us_plants(data):
    """USGS has 64 % of US imports of the ore from Australia, which is more than it mines: 45 of its 50 t go there."""
    system = build_system(data.only(["tantalum"]), story(2025, 2026))
    fed = system.feeds.query("stage == 'mine' and destination == 'USA'").set_index("origin")
    made = system.sites.set_index(["stage", "country"])["output_t"]
    ratio = system.chain.set_index("stage")["ratio"]
    assert fed.loc["AUS", "share"] * made["refine", "USA"] * ratio["mine"] == pytest.approx(45, rel=0.05)


def test_chinese_gallium_abroad_is_what_customs_counted(data):
    """62,615 kg in 2025, none to the United States, whose part is USGS's: 18 % of 10.67 t, means of 2021-24."""
    sold = build_system(data.only(["gallium"]), story(2025, 2026)).deliveries
    sold = sold[(sold["supplier"] == "CHN") & sold["observed"]].set_index("market")["base_t"].drop("CHN")
    assert sold["USA"] == pytest.approx(0.18 * 10.67, rel=0.01)
    assert sold.drop("USA").sum() == pytest.approx(62.615, rel=0.01)


def test_what_arrives_inside_goods_is_told(data):
    """Lithium arrives in cells, tellurium in modules: who makes these stands beside the raw material's sources."""
    inside = data["import_sources"][data["import_sources"]["form"].str.startswith("inside imported")]
    assert set(inside["mineral"]) == {"lithium", "cobalt", "tellurium", "cadmium"}
    assert inside["inside_goods"].all() and not inside["last_stage"].any()


@pytest.fixture(scope="module")
def tables(data):
    """The tables of the status quo."""
    return build_system(data, supplychain.read_scenario("status_quo", data))


def making(tables, **renamed):
    """Countries with output of the base year, by the mineral whose sites they are and stage."""
    made = tables.sites.loc[tables.sites["output_t"] > 0, ["mineral", "stage", "country"]]
    return made[made["country"] != UNNAMED].rename(columns={"mineral": "ore"} | renamed)


def test_every_maker_can_sell_in_every_market(tables):
    """No pair of a country that makes the last stage and a market that uses the mineral is without a delivery."""
    last = tables.chain.loc[tables.chain["last"], ["mineral", "ore", "stage"]]
    makers = last.merge(making(tables, country="supplier"), on=["ore", "stage"])
    used = tables.use.loc[tables.use["base_t"] > 0, ["mineral", "market"]].drop_duplicates()
    pairs = pd.MultiIndex.from_frame(makers.merge(used, on="mineral")[["mineral", "supplier", "market"]])
    sold = pd.MultiIndex.from_frame(tables.deliveries[["mineral", "supplier", "market"]])
    assert len(pairs) > 2000
    assert list(pairs[~pairs.isin(sold)]) == []


def test_what_is_made_before_the_last_stage_has_a_buyer(tables):
    """No country that mines or refines what is worked on elsewhere is without a plant that it can feed."""
    before = tables.chain.loc[~tables.chain["last"], ["mineral", "ore", "stage"]]
    made = before.merge(making(tables, country="origin"), on=["ore", "stage"])[["mineral", "stage", "origin"]]
    made, fed = pd.MultiIndex.from_frame(made), pd.MultiIndex.from_frame(tables.feeds[["mineral", "stage", "origin"]])
    assert len(made) > 250
    assert list(made[~made.isin(fed)]) == []
