"""The whole system on real facts of a few minerals: hosts, corridors, owners, projects, services."""

from __future__ import annotations

from dataclasses import replace

import pytest
from conftest import ROOT, only
from handmade import POLICY, loss, solve

from supplychain.facts import dataset
from supplychain.results import run as job
from supplychain.scenario import scenario
from supplychain.scenario.policies import kind_of
from supplychain.system.build import build_system


def status_quo(known, last, **policies):
    """The status quo from 2025 to a last year, with policies that stand for what a test asks."""
    named = {name: POLICY.validate_python(fields | {"assumption": "a test"}) for name, fields in policies.items()}
    story = scenario.read("status_quo", known)
    return replace(story, years=range(story.years[0], last + 1), policies=named)


def closed(*legs):
    """A policy that closes legs of corridors from 2026 on."""
    return {"kind": "corridor", "legs": list(legs), "closed": True}


def at(table, **labels):
    """The rows of a table that carry these labels."""
    for column, label in labels.items():
        table = table[table[column].isin(label if isinstance(label, tuple) else (label,))]
    return table


def test_without_alumina_there_is_no_gallium(shipped):
    """China refines no alumina in 2027: its gallium, nearly all of the world's, stops with it, and comes back in 2028.

    The price in the United States goes up by over a third in the year: nobody else has alumina to spare.
    """
    known = only(shipped, ["aluminium", "gallium"])
    stop = loss(1.0, "CHN", minerals=["aluminium"], stages=["refine"], years=(2027, 2027))
    answer = solve(known, status_quo(known, 2028, stop=stop))
    won = {y: answer.value("through", mineral="gallium", country="CHN", year=y) for y in (2026, 2027, 2028)}
    pooled = {y: answer.value("pooled", mineral="gallium", country="CHN", year=y) for y in (2026, 2027, 2028)}
    assert won[2027] == pytest.approx(0, abs=1e-6) and pooled[2027] == pytest.approx(0, abs=1e-6)
    assert pooled[2026] > 500 and pooled[2028] > 500
    assert answer.price(2027, "gallium") > 1.3 * answer.price(2026, "gallium")


def test_copper_in_uzbekistan_brings_rhenium_tellurium_and_selenium(shipped):
    """As things go Almalyk's smelter, under construction, is built by 2029, its second stage is not; at 2 % it is too.

    Slimes and smelter gases without it hold less than four fifths of the three. What the world takes of them with it is
    no less than without it, and the rest is reported as unsold.
    """
    known = only(shipped, ["copper", "molybdenum", "rhenium", "tellurium", "selenium"])
    cheap = {"kind": "cost_of_capital", "countries": ["UZB"], "minerals": ["copper"], "rate": 0.02}
    before, after = solve(known, status_quo(known, 2029)), solve(known, status_quo(known, 2029, cheap=cheap))
    stages = {"almalyk_stage2", "almalyk_smelter"}
    for answer, wanted in ((before, {"almalyk_smelter"}), (after, stages)):
        built = at(answer.table("capacity"), country="UZB", mineral="copper")
        assert set(built.loc[built["built_t"] > 0, "site"]) & stages == wanted
    products = ("rhenium", "tellurium", "selenium")
    then, now = (
        at(a.table("byproducts"), country="UZB", year=2029, mineral=products).set_index("mineral")
        for a in (before, after)
    )
    assert (now["available_t"] > 1.3 * then["available_t"]).all() and len(now) == 3
    world = [at(a.table("supply"), year=2029, mineral=products, stage="supply") for a in (before, after)]
    taken = [table.groupby("mineral")["tonnes"].sum() for table in world]
    assert (taken[1] > taken[0] * (1 - 1e-6)).all() and len(taken[1]) == 3
    assert now["unsold_t"].to_dict() == pytest.approx((now["available_t"] - now["used_t"]).to_dict())


def test_without_the_north_cargo_fills_the_caspian(shipped):
    """Transit through Russia is closed from 2026 on: what Central Asia sends to the EU and the United States by it, 0.3
    Mt of five bulk metals in 2025, crosses the Caspian, where ships have room for it.

    Other cargo comes from the north as well. With half a million tonnes of it the ferries from Aktau are full, and a
    tonne more of them would save over 50 USD. Some of what finds no room takes the long ways by the Chinese coast and
    by Iran; some, over 20,000 t, is not sold at all.
    """
    known = only(shipped, ["chromium", "copper", "zinc", "aluminium", "manganese"])
    ferries = "caspian_aktau_baku"
    north = closed("russia_transit")
    crowd = {"kind": "corridor", "legs": [ferries], "other_cargo_t": {2026: 500_000}}
    open_, calm, full = (
        solve(known, status_quo(known, 2026, **policies))
        for policies in ({}, {"north": north}, {"north": north, "crowd": crowd})
    )
    before, moved, crowded = (
        at(answer.table("shipments"), year=2026).groupby("corridor")["gross_t"].sum() for answer in (open_, calm, full)
    )
    assert before["northern"] > 2.5e5 and "northern" not in moved and "northern" not in crowded
    assert moved["middle"] == pytest.approx(before["middle"] + before["northern"], rel=0.02)
    room, none = (at(answer.table("corridors"), year=2026, leg=ferries).iloc[0] for answer in (calm, full))
    assert room["used_t"] < room["capacity_t"] - room["background_t"] and room["shadow_price_usd_per_t"] == 0
    assert none["used_t"] == pytest.approx(none["capacity_t"] - none["background_t"])
    assert none["shadow_price_usd_per_t"] > 50
    assert crowded["eastern"] > moved["eastern"] and crowded["southern"] > 5e4
    assert crowded.sum() < moved.sum() - 2e4


def test_a_cap_on_chinese_owners_bites_where_one_on_china_does_not(shipped):
    """Over half of the cobalt that the United States gets is mined by Chinese companies, in Congo and Indonesia; hardly
    any in China.

    A cap of 25 % on China by place leaves the plan as it is. By owner, Chinese mines must go from over half to 25 %,
    and the other owners there take their part; the place may stay, within 2 % of supply, and since one owner's tonne in
    Congo is as good as another's it costs next to nothing: partners are swapped.
    """
    known = only(shipped, ["cobalt", "copper", "nickel"])
    cap = {"kind": "supplier_cap", "group": "CHN", "minerals": ["cobalt"], "stages": ["mine"], "share": 0.25}
    free, place, owner = (
        solve(known, status_quo(known, 2026, **policies))
        for policies in ({}, {"cap": cap | {"by": "place"}}, {"cap": cap | {"by": "owner"}})
    )
    mined = [
        at(a.table("supply"), year=2026, mineral="cobalt", stage="mine", market="USA") for a in (free, place, owner)
    ]
    by_owner = [table.groupby("owner")["share"].sum() for table in mined]
    by_place = [table.groupby("country")["share"].sum() for table in mined]
    assert by_owner[0]["CHN"] > 0.5 and by_place[0].get("CHN", 0.0) < 0.02
    assert place.objective == pytest.approx(free.objective, rel=1e-12)
    assert by_owner[1].to_dict() == pytest.approx(by_owner[0].to_dict(), abs=1e-3)
    assert by_owner[2]["CHN"] == pytest.approx(0.25, abs=1e-6)
    others = [table.query("country in ['COD', 'IDN'] and owner != 'CHN'")["share"].sum() for table in mined]
    assert others[2] > others[0] + 0.2
    assert owner.objective == pytest.approx(free.objective, rel=1e-9)
    # Plans as cheap differ in the place too: one of them keeps it.
    keep = {"minerals": ["cobalt"], "stages": ["mine"], "years": [2026, 2026]}
    stays = {
        f"{country}_{kind}": keep | {"kind": kind, "group": country, "share": by_place[0][country] + room}
        for country in ("COD", "IDN")
        for kind, room in (("supplier_cap", 0.02), ("supplier_floor", -0.02))
    }
    staying = solve(known, status_quo(known, 2026, owner=cap | {"by": "owner"}, **stays))
    assert staying.objective == pytest.approx(free.objective, rel=1e-9)
    there = at(staying.table("supply"), year=2026, mineral="cobalt", stage="mine", market="USA")
    assert there.groupby("country")["share"].sum().sub(by_place[0], fill_value=0.0).abs().max() < 0.02 + 1e-6


@pytest.fixture(scope="module")
def graphite(shipped):
    """Battery graphite and lithium as they go on, and when no anode graphite comes in in 2026, with time to restock."""
    known = only(shipped, ["graphite", "anode_graphite", "lithium"])
    abroad = sorted(set(shipped["countries"]["country"]) - {"USA"})
    ban = {"kind": "export_ban", "countries": abroad, "against": ["USA"], "minerals": ["anode_graphite"]}
    ban |= {"share": 1.0, "years": (2026, 2026)}
    return job.run(status_quo(known, 2028), known), job.run(status_quo(known, 2028, ban=ban), known)


def test_without_graphite_storage_is_not_built_and_lithium_is_not_needed(graphite, shipped):
    """No anode graphite comes to the United States in 2026.

    Stocks of four months are sold to the last tonne, and 1 - 10^-0.28 of use gives way, as much as can in a year. What
    is left is made of grid storage, which is worth least for its graphite: over a third is not built, the lithium that
    it would have held is not bought, and a tonne of graphite is worth the storage that it would make.
    """
    usual, short = graphite
    lost = at(short.unmet, market="USA", year=2026).set_index("item")
    assert lost.loc["anode_graphite", "share"] == pytest.approx(1 - 10**-0.28, rel=1e-3)
    stocks = at(short.tables["private_stocks"], mineral="anode_graphite", market="USA", year=2026)
    assert stocks["usual_t"].item() > 1e4 and stocks["level_t"].item() == pytest.approx(0, abs=1e-6)
    assert lost.loc["storage", "unit"] == "MW" and lost.loc["storage", "share"] > 0.35
    assert usual.unmet.query("unit == 'MW'").empty
    summary = short.tables["summary"].set_index("metric")["value"]
    assert summary["gw_lost"] > 5 and summary["vehicles_lost"] == 0
    us = {"market": "USA", "year": 2026}
    before, after = (at(r.supply, mineral="lithium", stage="supply", **us)["tonnes"].sum() for r in graphite)
    assert after < 0.9 * before
    held = shipped["intensities"].query("mineral == 'anode_graphite' and technology.str.contains('storage')")
    worth = shipped["services"].set_index("service").loc["storage", "value_usd_per_unit"] / held["t_per_unit"].max()
    price, dear = (at(r.prices, mineral="anode_graphite", **us)["usd_per_t"].item() for r in graphite)
    assert dear > 20 * price and dear == pytest.approx(worth, rel=0.2)


def test_such_a_run_shows_what_it_is_worth(graphite):
    """Residuals, gap and mass balance of the plan that is reported, and the cost items that add up to the objective."""
    for result in graphite:
        manifest = result.manifest
        assert manifest["primal_residual"] < 1e-6 and manifest["dual_residual"] < 1e-6
        assert manifest["gap"] < 1e-8
        assert set(manifest["mass_balance"]) == {"graphite", "anode_graphite", "lithium"}
        assert max(manifest["mass_balance"].values()) < 1e-9
        value = (result.costs["musd"] * 1.05 ** (2025 - result.costs["year"])).sum() * 1e6
        assert value == pytest.approx(result.objective, rel=1e-6)


def test_projects_by_name_and_their_sources(shipped):
    """At least 35 named projects, 20 of them in Central Asia, each with a size, a year and a source or an estimate with
    its range; nine fact rows in ten have a source.
    """
    projects = shipped["projects"]
    region = set(at(shipped["groups"], group="central_asia")["country"])
    assert projects["project"].nunique() >= 35
    assert projects["country"].isin(region).sum() >= 20
    assert (projects["capacity_t"] > 0).all() and (projects["name"] != "").all()
    assert ((projects["source"] != "") | projects["low"].notna()).all()
    sourced = dataset.coverage(shipped)
    assert sourced["sourced"].sum() / sourced["rows"].sum() >= 0.9


part = pytest.mark.filterwarnings("ignore::supplychain.facts.errors.LeftOutWarning")
# What only costs the treasury something: no limit, no duty, nothing that is built sooner or carried for less.
SPENDING = {"investment_fund", "production_credit", "price_floor", "cost_of_capital", "offtake", "stockpile"}
SPENDS = ["joint_investment_fund", "price_floor", "stockpile", "tungsten_venture"]


def test_scenarios_that_only_spend_are_these(shipped):
    """Those of the shipped scenarios whose policies beyond the status quo are all money spent."""
    reference = scenario.read("status_quo", shipped).policies
    found = []
    for file in sorted((ROOT / "scenarios").glob("*.yaml")):
        story = scenario.read(str(file), shipped)
        new = [policy for name, policy in story.policies.items() if reference.get(name) != policy]
        found += [story.name] if new and {kind_of(type(policy)) for policy in new} <= SPENDING else []
    assert found == SPENDS


@pytest.fixture(scope="module")
def spent(shipped):
    """Resources used up and public money of a shipped scenario to 2030, present value in million USD; by its name."""
    known = only(shipped, ["tungsten", "neodymium"])

    def money(name):
        story = scenario.read(name, known)
        answer = solve(known, replace(story, years=range(2025, 2031)))
        weight = answer.system.years.set_index("year")["weight"]
        costs, bills = answer.table("costs").query("kind == 'resource'"), answer.table("public")
        return tuple(float((table["musd"] * table["year"].map(weight)).sum()) for table in (costs, bills))

    return money, money("status_quo")[0]


@part
@pytest.mark.parametrize("name", SPENDS)
def test_a_scenario_that_only_spends_saves_the_world_nothing(spent, name):
    """Tungsten and neodymium: resource cost, and with public money the more, is not below the status quo's."""
    money, least = spent
    resources, paid = money(name)
    assert paid > 1
    assert resources >= least * (1 - 1e-6)
    assert resources + paid >= least * (1 - 1e-6)


@part
def test_licences_for_graphite_leave_the_price_of_anodes_near_the_usual(shipped):
    """China's licences cut a share of what would have left, which grows with use: the EU pays at most a fifth more.

    A share of what left in 2025 would be a cut of two thirds in 2035, at 2.2 times the price.
    """
    known = only(shipped, ["graphite", "anode_graphite"])
    prices = solve(known, scenario.read("export_ban", known)).table("prices")
    eu = at(prices, mineral="anode_graphite", market="EU").set_index("year")
    assert eu.index.max() == 2035
    assert (eu["usd_per_t"] / eu["observed_usd_per_t"]).max() < 1.2


@part
def test_caps_of_diversify_away_hold_at_every_stage(shipped):
    """Both caps are on each stage that a mineral has, factories of magnets among them: none is left to move into."""
    known = only(shipped, ["neodymium", "dysprosium", "gallium"])
    system = build_system(known, scenario.read("diversify_away", known))
    stages = set(system.chain[["mineral", "stage"]].itertuples(index=False, name=None))
    assert {("dysprosium", "mine"), ("dysprosium", "fabricate"), ("gallium", "refine")} <= stages
    for policy in ("single_supplier_cap", "concern_cap"):
        limits = system.limits[system.limits["policy"] == policy]
        assert set(limits[["mineral", "stage"]].itertuples(index=False, name=None)) == stages
