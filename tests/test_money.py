"""Where the money goes: resources used up, transfers, rents and public money told apart; and laws that they keep."""

from __future__ import annotations

from dataclasses import replace

import pytest
from handmade import BASE_YEAR, facts, solve, story
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

MUSD = 1e6
TWO_YEARS = {"KAZ": {"wacc": 0.1, "cost_multiplier": 1}, "CHN": {"wacc": 0.1, "cost_multiplier": 1}}
# Kazakhstan delivers 80 t at 60 USD/t and may build 30 more; China delivers at 100.
MAY_BUILD = {
    "countries": TWO_YEARS,
    "capacity": {"x mine KAZ 2025": 80, "x mine CHN 2025": 100},
    "consumption": {"x USA .": 100},
    "economics": {"x mine life_years": 2},
}
few = settings(
    max_examples=4, phases=(Phase.generate,), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


def plant(capex, tonnes=30):
    """A Kazakh project that can be on line in 2026, its capital cost in USD per annual tonne."""
    site = {"mineral": "x", "stage": "mine", "country": "KAZ"}
    size = {"capacity_t": tonnes, "capex_musd": tonnes * capex / MUSD, "earliest_year": 2026, "status": "feasibility"}
    return {"projects": {"new": site | size}}


def by_kind(answer):
    """Resources and transfers of all years, USD; undiscounted, as the stories here are. There are no other costs."""
    sums = answer.table("costs").groupby("kind")["musd"].sum() * MUSD
    assert set(sums.index) <= {"resource", "transfer"}
    return sums.reindex(["resource", "transfer"], fill_value=0.0)


def public(answer):
    """What the treasury pays over all years less what tariffs bring it, USD."""
    return float(answer.table("public")["musd"].sum() * MUSD)


def test_a_tariff_is_a_transfer_and_what_it_turns_away_a_cost():
    """China delivers 50 t at 60 USD/t, Kazakhstan as much as is wanted at 100; 100 t are used. A duty of 10 on China
    moves nothing: 500 USD change hands. One of 50 turns it away: 50 t cost 40 more, and nothing is paid.
    """
    known = facts(
        freight={"KAZ USA sea": 100, "CHN USA sea": 60},
        capacity={"x mine KAZ 2025": 300, "x mine CHN 2025": 50},
        consumption={"x USA .": 100},
    )
    for duty, resources, paid in ((10, 2 * 8000, 500), (50, 8000 + 10000, 0)):
        tariff = {"kind": "tariff", "countries": ["CHN"], "usd_per_t": duty}
        answer = solve(known, story(2025, 2026, duty=tariff))
        assert by_kind(answer).to_dict() == pytest.approx({"resource": resources, "transfer": paid})
        assert public(answer) == pytest.approx(-paid)


def test_a_funds_share_is_public_money_and_not_a_saving():
    """The plant's 84 USD/t are 48.4 a year; a fund's 420 USD pay half of it for 10 t.

    10 t at 60 + 48.4 in the place of China's at 100 cost 84 USD more; 24.2 of each 48.4 come from the fund.
    """
    known = facts(**MAY_BUILD | plant(84))
    fund = {"kind": "investment_fund", "countries": ["KAZ"], "capex_share": 0.5, "budget_musd": 420 / MUSD}
    answer = solve(known, story(2025, 2026, fund=fund))
    resources = 2 * 6800 + 10 * 8.4
    assert by_kind(answer).to_dict() == pytest.approx({"resource": resources, "transfer": -242})
    assert answer.objective == pytest.approx(resources - 242)
    assert public(answer) == pytest.approx(420)


def test_cheaper_capital_is_somebodys_money():
    """The plant's 75 USD/t are 43.2 a year at 10 % over two years, 37.5 at none: 20 t of it take the place of China's.

    Resources: 3.2 USD/t more than China. The builder saves 5.7 a year; of 75 USD lent at 10 % two payments of 37.5
    repay 65.1, so the guarantor gives 9.9.
    """
    charge = 75 * 1.21 / 2.1
    known = facts(**MAY_BUILD | plant(75))
    dear = solve(known, story(2025, 2026))
    loan = {"kind": "cost_of_capital", "countries": ["KAZ"], "rate": 0.0}
    answer = solve(known, story(2025, 2026, loan=loan))
    assert dear.value("build") == pytest.approx(0)
    more = by_kind(answer) - by_kind(dear)
    assert more.to_dict() == pytest.approx({"resource": 20 * (60 + charge - 100), "transfer": 20 * (37.5 - charge)})
    assert answer.cell("public", "musd", item="guarantee") * MUSD == pytest.approx(20 * (75 - 37.5 / 1.1 - 37.5 / 1.21))


def test_two_lower_rates_share_what_they_are_worth():
    """The same in two steps, from 10 % to 5 % and from there to none: together as much as at once, more for the second.

    The second is asked for by its own points, so it lowers the rate of the facts, 10 %, by as much as the first.
    """
    known = facts(**MAY_BUILD | plant(75))
    loan = {"kind": "cost_of_capital", "countries": ["KAZ"], "points": -0.05}
    answer = solve(known, story(2025, 2026, one=loan, two=loan))
    given = answer.table("public").set_index("policy")["musd"]
    left = (0.05 / (1 - 1.05**-2) / (1.21 / 2.1)) ** 2
    assert (given * MUSD).to_dict() == pytest.approx(dict.fromkeys(("one", "two"), 20 * 75 * (1 - left) / 2))


def test_margins_and_sunk_capital_are_rents():
    """At the normal price of 100 USD/t the 200 t cost what they cost, and the rest of the price is rent, no cost.

    Freight is 4.1 USD/t on average, levelled by margins, so a tonne is worth 95.9. The cheapest costs 95.9 / 1.5; of
    the 98 % that are no tail a third costs a sixth of 95.9 more, a third two sixths, as the tail does. The capacity of
    the cheapest third earns two sixths, that of the next one: 196 / 3 x 3 / 6 x 95.9 = 3,133 USD.
    """
    answer = solve(facts(**BASE_YEAR), story(2025, 2025))
    costs = answer.table("costs").groupby("item")["musd"].sum() * MUSD
    worth = 100 - 4.1
    paid = {"refine": 200 * worth / 1.5, "dearer": 196 / 3 * worth / 2 + 4 * worth / 3}
    assert {item: costs[item] for item in paid} == pytest.approx(paid)
    # Within the steps of a delivery, 4 % wide, the plan may be any, and so may the price be by half a per cent.
    moved = costs[["freight", "time", "margin"]].sum()
    assert moved == pytest.approx(200 * 4.1, rel=0.01)
    earned = float(answer.table("rents")["musd"].sum() * MUSD)
    assert earned == pytest.approx(196 / 3 * worth / 2, abs=0.005 * 200 * 100)
    assert sum(paid.values()) + 200 * 4.1 + 196 / 3 * worth / 2 == pytest.approx(200 * 100)
    assert by_kind(answer).sum() == pytest.approx(answer.objective) == pytest.approx(sum(paid.values()) + 820, rel=1e-3)


@st.composite
def world(draw):
    """Two countries' mines and plants, one may grow; use of two years worth 500 USD/t, in two markets."""
    amount, cost = st.integers(20, 200), st.integers(10, 90)
    freight = {f"{c} {m} sea": draw(cost) for c in ("KAZ", "CHN") for m in ("USA", "ROW")}
    capacity = {f"x {s} {c} 2025": draw(amount) for s in ("mine", "refine") for c in ("KAZ", "CHN")}
    use = {f"x {m} {y}": (draw(amount), 500) for m in ("USA", "ROW") for y in (2025, 2026)}
    return {
        "stages": {"x mine": {}, "x refine": {}},
        "markets": {"USA": {"traced": "true"}, "ROW": {}},
        "countries": {c: TWO_YEARS[c] | {"market": "ROW"} for c in TWO_YEARS},
        "freight": freight,
        "capacity": capacity,
        "consumption": use,
        "economics": {"x mine life_years": 2, "x refine life_years": 2, "x mine opex_usd_per_t": draw(cost)},
    } | plant(draw(cost), draw(amount))


@st.composite
def spending(draw):
    """A policy that only spends: a credit, a price floor, a fund, or cheaper capital."""
    amount = draw(st.integers(1, 100))
    who = {"countries": draw(st.sampled_from([["KAZ"], ["CHN"], ["KAZ", "CHN"]]))}
    return who | draw(
        st.sampled_from(
            [
                {"kind": "production_credit", "stages": ["mine"], "usd_per_t": amount},
                {"kind": "price_floor", "stage": "refine", "floor_usd_per_t": amount},
                {"kind": "investment_fund", "capex_share": amount / 100, "budget_musd": amount / 1e4},
                {"kind": "cost_of_capital", "points": -amount / 1000},
            ]
        )
    )


@few
@given(world(), spending())
def test_who_only_spends_saves_the_world_nothing(tables, policy):
    """Resource cost, and with public money the more, is never below what it is without the policy."""
    known = facts(**tables)
    before, after = solve(known, story(2025, 2026)), solve(known, story(2025, 2026, gift=policy))
    least, now = by_kind(before), by_kind(after)
    tolerance = 1e-6 * (1 + abs(before.objective))
    assert public(after) >= -tolerance
    assert now["resource"] + public(after) >= least["resource"] - tolerance
    assert now["resource"] >= least["resource"] - tolerance


@st.composite
def mines_and_plants(draw):
    """Three countries' mines and two countries' plants, each with a cost of its own; one may open a second mine."""
    mines, plants = [f"x mine {c}" for c in ("KAZ", "CHN", "UZB")], [f"x refine {c}" for c in ("KAZ", "CHN")]
    size, cost, capex = st.integers(35, 60), st.integers(20, 90), st.integers(60, 110)
    return {
        "stages": {"x mine": {}, "x refine": {}},
        "countries": {c: {"wacc": 0.3, "cost_multiplier": 1, "market": "ROW"} for c in ("KAZ", "CHN", "UZB")},
        "markets": {"USA": {"traced": "true"}, "ROW": {}},
        "freight": {f"{c} USA sea": draw(cost) for c in ("KAZ", "CHN")},
        "capacity": {f"{p} 2025": draw(size) for p in mines} | {f"{p} 2025": 2 * draw(size) for p in plants},
        "costs": {f"{p} . 2024": draw(cost) for p in (*mines, *plants)} | {"x mine KAZ new 2024": draw(cost) - 19},
        "consumption": {"x USA .": (100, 500)},
        "economics": {"x mine life_years": 2, "x refine life_years": 2, "x mine opex_usd_per_t": 1},
    } | plant(draw(capex), draw(size))


@few
@given(mines_and_plants(), st.integers(0, 100))
@pytest.mark.slow
def test_cheaper_capital_idles_only_what_costs_more_to_run_than_the_new_costs_in_full(tables, thousandths):
    """What stands has sunk its capital: only a mine that costs at least as much to run as the new one, annuity at the
    lower rate included, gives way to it, and no plant does, which the new mine only feeds.

    All ore costs the same to bring, and the new mine can open in the last year alone, so that its annuity is all in the
    year in which it runs: it opens only where ore is worth that much, and then no cheaper mine is idle.
    """
    loan = {"kind": "cost_of_capital", "countries": ["KAZ"], "rate": thousandths / 1000}
    known = facts(**tables)
    before, after = solve(known, story(2025, 2026)), solve(known, story(2025, 2026, loan=loan))
    keys = ["mineral", "stage", "country", "step", "year"]
    ran, runs = (
        a.program.variables["used"].table[keys].assign(t=a.solution.of(a.program.variables["used"])).groupby(keys)["t"]
        for a in (before, after)
    )
    lost = (ran.sum() - runs.sum()).groupby(["stage", "country", "year"]).sum()
    lost = lost[lost > 1e-6]
    build = after.program.variables["build"].table.query("year == 2026").iloc[0]
    running = after.system.sites.set_index(["stage", "country"])["opex_usd_per_t"]
    in_full = running["mine", "KAZ"] + build["entry_usd_per_t"] + build["charge_usd_per_t"]
    assert set(lost.index.get_level_values("stage")) <= {"mine"} and set(lost.index.get_level_values("year")) <= {2026}
    for stage, country, _ in lost.index:
        assert running[stage, country] >= in_full - 1e-6


@few
@given(world(), st.integers(0, 100), st.integers(1, 200))
@pytest.mark.slow
def test_another_source_never_costs_more(tables, cost, tonnes):
    """A third country's mine and plant beside the two: the least resource cost is the same or less."""
    more = {
        "countries": tables["countries"] | {"UZB": TWO_YEARS["KAZ"] | {"market": "ROW"}},
        "freight": tables["freight"] | {"UZB USA sea": cost, "UZB ROW sea": cost},
        "capacity": tables["capacity"] | {"x mine UZB 2025": tonnes, "x refine UZB 2025": tonnes},
    }
    before, after = (solve(facts(**t), story(2025, 2026)) for t in (tables, tables | more))
    assert by_kind(after)["resource"] <= by_kind(before)["resource"] + 1e-6 * (1 + abs(before.objective))


@few
@given(st.integers(1, 50), st.integers(1, 50), st.integers(0, 50))
def test_a_larger_seed_never_costs_more(seed, more, percent):
    """Belgium may also sell to the rest, from a seed of tenths of a tonne, or of more: net of transfers that is never
    dearer. Up to half of Chinese exports are stopped, so that the seed is also needed.
    """
    ban = {"kind": "export_ban", "countries": ["CHN"], "share": percent / 100}
    known = facts(**BASE_YEAR)

    def net(tonnes):
        def with_seed(system):
            new = ~system.deliveries["observed"].astype(bool)
            return replace(
                system, deliveries=system.deliveries.assign(base_t=system.deliveries["base_t"].mask(new, tonnes))
            )

        return by_kind(solve(known, story(2025, 2026, ban=ban), with_seed))["resource"]

    least = net(seed / 10)
    assert net((seed + more) / 10) <= least * (1 + 1e-6)


@pytest.mark.parametrize(("tonnes", "capex", "share"), [(5, 300, 0.0), (30, 100, 0.5)])
def test_a_project_never_costs_more(tonnes, capex, share):
    """Uzbekistan, that makes nothing, may build a plant; with it come seeds of all that it could sell. Net of transfers
    that is never dearer, whether the plant is worth building or not, and with Chinese exports free or halved.
    """
    ban = {"kind": "export_ban", "countries": ["CHN"], "share": share}
    without = BASE_YEAR | {
        "countries": BASE_YEAR["countries"] | {"UZB": {"market": "ROW", "wacc": 0.1, "cost_multiplier": 1}},
        "freight": BASE_YEAR["freight"] | {"UZB USA sea": 10, "UZB CHN land": 10},
        "economics": BASE_YEAR["economics"] | {"x refine life_years": 2},
    }
    project = plant(capex, tonnes)["projects"]["new"] | {"stage": "refine", "country": "UZB"}
    least, now = (
        by_kind(solve(facts(**tables), story(2025, 2026, ban=ban)))["resource"]
        for tables in (without, without | {"projects": {"new": project}})
    )
    assert now <= least * (1 + 1e-6)
