"""What holds prices when supply fails: curves by group, the worth of technologies, private stocks, ways round a ban."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import only
from handmade import BASE_YEAR, facts, solve, story, unfolded

from supplychain.program.variables.demand import DRAWN, PRICE_EDGES, forgone_steps, stock_steps
from supplychain.results import run as job
from supplychain.system.build import build_system

BAN = {"kind": "export_ban", "countries": ["CHN"], "minerals": ["x"]}


@pytest.mark.parametrize(("ceiling", "end"), [({"metal ceiling": 4}, 400.0), ({}, 1000.0)])
def test_use_ends_at_its_groups_ceiling(ceiling, end):
    """At a price of 100 USD/t: four times it, or ten times where the facts do not say. The first step reaches from 1 to
    1.05^(log 4 / log 10) times the price; its middle is the root of that."""
    elasticities = BASE_YEAR["elasticities"] | ceiling
    steps = forgone_steps(build_system(facts(**BASE_YEAR | {"elasticities": elasticities}), story(2025, 2026)))
    usa = steps[(steps["market"] == "USA") & (steps["year"] == 2026)].set_index("step")
    assert usa["value_usd_per_t"].max() == usa["value_usd_per_t"].iloc[-1] == pytest.approx(end)
    assert usa.loc[0, "value_usd_per_t"] == pytest.approx(100 * np.sqrt(1.05 ** np.log10(end / 100)))
    whole = usa["width_t"].iloc[:-1].sum()
    assert whole == pytest.approx(50 * (1 - (end / 100) ** -0.5))


def test_technologies_are_worth_the_same_in_all_markets(shipped):
    """In other markets the part of dysprosium's use that goes into vehicles and turbines ends where the first of the
    American ones is given up: the service's value over the tonnes in a unit, from the facts' own rows."""
    known = only(shipped, ["dysprosium"])
    system = build_system(known, story(2025, 2030))
    steps = forgone_steps(system)
    made = set(known["technology_mix"].query("share > 0")["technology"])
    held = known["intensities"].query("mineral == 'dysprosium'")
    held = held[held["technology"].isin(made)]
    service = held["technology"].map(known["technologies"].set_index("technology")["service"])
    worth = service.map(known["services"].set_index("service")["value_usd_per_unit"]) / held["t_per_unit"]
    last = steps[steps["step"] == len(PRICE_EDGES)].query("year == 2030")
    assert "USA" not in set(last["market"]) and len(last) == system.use["market"].nunique() - 1
    assert last["value_usd_per_t"].to_numpy() == pytest.approx(worth.min())
    share = known["energy_shares"].set_index("mineral").loc["dysprosium", "share"]
    use = system.use.query("year == 2030").set_index("market")["tonnes"]
    assert last["width_t"].to_numpy() == pytest.approx(share * use[last["market"]].to_numpy())


def test_technologies_save_as_others_do(shipped):
    """In the United States each step is as wide as the curve has it of all use, that of vehicles with it."""
    system = build_system(only(shipped, ["lithium"]), story(2025, 2030))
    usa = forgone_steps(system).query("market == 'USA' and year == 2030 and step < 9")
    use = system.use.query("market == 'USA' and year == 2030").iloc[0]
    curve = system.minerals.set_index("mineral").loc["lithium"]
    whole = use["base_t"] * use["growth"]
    assert whole > 1.5 * use["tonnes"]
    assert usa["width_t"].sum() == pytest.approx(whole * (1 - curve["ceiling"] ** -curve["long_run"]))


def test_usual_stocks_are_as_told_or_months_of_use():
    """China uses 90.54 t of 2025 at 3 months; the United States' 7 t are told."""
    tables = {"elasticities": BASE_YEAR["elasticities"] | {"metal stock_months": 3}, "private_stocks": {"x USA": 7}}
    system = build_system(facts(**BASE_YEAR | tables), story(2025, 2027, 0.05))
    use = system.use.query("year == 2025").set_index("market")
    assert use.loc["USA", "stock_t"] == 7
    assert use.loc["CHN", "stock_t"] == pytest.approx(use.loc["CHN", "base_t"] / 4)
    steps = stock_steps(system).query("market == 'USA'")
    # As they were in the base year, and as usual again in the last.
    assert not steps.query("year in (2025, 2027)")["width_t"].any()
    below = steps.query("year == 2026 and sign > 0")
    assert below["width_t"].tolist() == pytest.approx([1.75] * 4)
    # Being without costs the interest that is saved and the step's part of the price of 100.
    assert below["usd_per_t"].tolist() == pytest.approx([100 * (0.05 + step) for step in DRAWN])


def stocked(**policy):
    """The base year's facts with three months of stocks, and China's exports cut from 2026 on."""
    tables = {"elasticities": BASE_YEAR["elasticities"] | {"metal stock_months": 3}}
    return solve(facts(**BASE_YEAR | tables), story(2025, 2029, 0.05, ban=BAN | policy))


def test_stocks_are_drawn_while_prices_fall_and_never_before_the_news():
    """Who sells a tonne in one year and buys it back in the next gains p(y) - p(y + 1) / 1.05, and pays what being
    without costs: a step is drawn where that is more, and left where it is less. Who stores one more pays 2 % of 100.
    Exports are cut in 2026 alone: the United States draw one quarter of theirs, as 120.6 lies between 101.7 / 1.05 + 15
    and 101.7 / 1.05 + 35; in China, where it is cheap, some is stored until 93.24 = 100 / 1.05 - 2.
    """
    answer = stocked(years=[2026, 2026])
    held = answer.program.variables["held"]
    table = held.table.assign(level=answer.solution.of(held).to_numpy()).query("2026 <= year < 2029")
    for row in table.itertuples():
        gain = answer.price(row.year, market=row.market) - answer.price(row.year + 1, market=row.market) / 1.05
        gain = row.sign * gain - row.usd_per_t
        assert gain >= -1e-6 or row.level == pytest.approx(0, abs=1e-9)
        assert gain <= 1e-6 or row.level == pytest.approx(row.width_t)
    first = table.query("year == 2026").set_index(["market", "step"])["level"]
    assert first["USA", 0] == pytest.approx(3.125) and first["USA", 1] == 0 and first["CHN", len(DRAWN)] > 0
    stocks = answer.table("private_stocks")
    assert stocks["drawn_t"].sum() == pytest.approx(
        (stocks["usual_t"] - stocks["level_t"])[stocks["year"] == 2029].sum()
    )
    bare = solve(facts(**BASE_YEAR), story(2025, 2029, 0.05, ban=BAN | {"years": [2026, 2026]}))
    assert answer.price(2026) < bare.price(2026)


@pytest.mark.slow
def test_nobody_sells_because_the_horizon_ends():
    """Exports are cut in the last year, and known no sooner: the United States pay 122.5. Who sold a tonne and owed the
    normal price for it would gain 122.5 - 100 - 15. What is missing costs what it costs in that year, so nothing is
    drawn and the price is that without stocks."""
    ban = story(2025, 2029, 0.05, ban=BAN | {"years": [2029, 2029]})
    tables = {"elasticities": BASE_YEAR["elasticities"] | {"metal stock_months": 3}}
    answer, bare = (unfolded(facts(**BASE_YEAR | more), ban) for more in (tables, {}))
    stocks = answer.table("private_stocks").query("year == 2029")
    assert stocks["level_t"].to_numpy() == pytest.approx(stocks["usual_t"].to_numpy())
    assert answer.cell("costs", "musd", item="private_stock", year=2029) == 0
    assert answer.price(2029) == pytest.approx(bare.price(2029)) and bare.price(2029) > 115


def test_what_a_ban_cuts_goes_round_by_a_third_country_a_year_later():
    """China sells 25 t to the United States, 14.5 to the rest of the world and 10.5 through Belgium: 50. All is cut in
    2026; half of it finds a way from 2027 on, at 5 USD/t more, less than the price has risen by."""
    answer = stocked(leak=0.5, detour=0.05)
    detoured = {year: answer.value("detoured", year=year) for year in (2027, 2028)}
    assert detoured == pytest.approx({2027: 25, 2028: 25})
    assert answer.cell("costs", "musd", item="detour", year=2027) == pytest.approx(25 * 5 / 1e6)
    assert 2026 not in set(answer.program.variables["detoured"].table["year"])
    tight = stocked()
    assert answer.price(2027) < tight.price(2027)


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_markets_outside_a_ban_hold_together(two, share):
    """Under a stop known on the day no price outside China stands 2.5 times above another, and where China's own market
    stands apart the result names the policy."""
    ban = {"kind": "export_ban", "countries": ["CHN"], "minerals": ["gallium", "tungsten"], "share": share}
    result = job.run(story(2025, 2029, stop=ban | {"years": [2026, 2029], "assumption": "a test"}), two)
    outside = result.tables["prices"].query("market != 'CHN' and year == 2026").groupby("mineral")["usd_per_t"]
    assert (outside.max() / outside.min()).max() <= 2.5
    gaps = result.tables["market_gaps"].query("year == 2026")
    assert set(gaps["mineral"]) and set(gaps["policy"]) == {"stop"} and set(gaps["cheap"]) == {"CHN"}
