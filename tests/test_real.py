"""The main job on the real facts: one solve of each scenario, looked at from many sides."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from conftest import ROOT, only
from scipy.optimize import linprog
from test_headlines import recomputed

from supplychain.facts import costs as economics
from supplychain.facts.totals import totals
from supplychain.program import equations as model
from supplychain.results import run as job
from supplychain.scenario import scenario
from supplychain.show import figures as plots
from supplychain.solve.highs import Solver
from supplychain.studies import base_year, caps
from supplychain.system import build as system

CAPPED = ["antimony", "tungsten", "copper", "titanium", "gallium"]


@pytest.fixture(scope="module")
def status_quo(shipped):
    """The status quo of all minerals. Only here: another file's worker would have to solve it again."""
    return job.run("status_quo", shipped)


def test_facts_cover_what_they_must(shipped):
    """At least 30 minerals, 40 countries, nine rows in ten with a source, and every total adds up or says why."""
    compared = totals(shipped)
    sourced = job.facts.coverage(shipped)
    assert shipped["minerals"]["mineral"].nunique() >= 30
    assert shipped["countries"]["country"].nunique() >= 40
    assert sourced["sourced"].sum() / sourced["rows"].sum() >= 0.9
    assert (compared["adds_up"] | (compared["scope"] != "")).all()


def test_base_year_meets_the_import_sources(shipped, status_quo):
    """US import shares by country lie within 3 percentage points of the sources', in the last stage's form and inside
    goods."""
    both = base_year.imports(shipped, status_quo)
    assert both["mineral"].nunique() >= 30
    assert (both["source_share"] - both["model_share"]).abs().max() < 0.03


def test_net_import_reliance_is_the_published_one(shipped, status_quo):
    """Within five points of what USGS prints, for all 29 minerals of which it prints a figure or a bracket."""
    table = base_year.reliance(shipped, status_quo)
    assert len(table) == 29 and table["model_pct"].notna().all()
    assert (table["gap_pct"] < 5).all(), table[table["gap_pct"] >= 5]


def test_uranium_has_the_origins_and_enrichers_of_its_source(shipped, status_quo):
    """Deliveries of 2024 by origin (EIA, percent), however enriched; US mines make less than the 8 % of US origin,
    which came from stocks as well."""
    supply = status_quo.supply.query("mineral == 'uranium' and market == 'USA' and year == 2025")
    mined = supply[supply["stage"] == "mine"].groupby("country")["tonnes"].sum()
    share = 100 * mined / mined.sum()
    for country, told in {"CAN": 36, "KAZ": 24, "AUS": 17, "UZB": 9, "NAM": 4, "RUS": 4}.items():
        assert share[country] == pytest.approx(told, abs=3), country
    made = shipped["production"].query("mineral == 'uranium' and stage == 'mine' and country == 'USA'")
    assert mined["USA"] <= 1.02 * made["output_t"].sum()


def test_no_russian_enrichment_after_the_waivers(status_quo):
    """Public Law 118-62: a fifth of US enrichment is Russian until 2027, none from 2028."""
    supply = status_quo.supply.query("mineral == 'uranium' and market == 'USA' and stage == 'fabricate'")
    tonnes = supply.pivot_table(index="year", columns="country", values="tonnes", aggfunc="sum").fillna(0.0)
    russian = tonnes["RUS"] / tonnes.sum(axis=1)
    assert (russian[russian.index < 2028] > 0.15).all() and (russian[russian.index >= 2028] < 1e-6).all()


def test_base_year_meets_the_normal_price(status_quo):
    """The delivered price of the base year is within 2 % of the price on which the model is calibrated."""
    base = status_quo.prices.query("year == 2025 and observed_usd_per_t > 0")
    assert (base["usd_per_t"] / base["observed_usd_per_t"] - 1).abs().max() < 0.02


def test_nothing_is_short_without_a_policy(status_quo):
    """No service is lost in the United States, and no mineral is short there that is not short in the whole world.

    Use gives way to a price that is a few per cent up; short is what more than a twentieth of use goes without at over
    one and a half times the normal price.
    """
    assert (status_quo.unmet["unit"] == "t").all()
    summary = status_quo.summary.set_index("metric")["value"]
    assert summary["us_minerals_short"] == summary["minerals_at_ceiling"] == 0
    worst = status_quo.unmet.groupby(["item", "market"])["share"].max().unstack()
    saved = worst[worst["USA"] > 0.05]
    assert len(saved) < 6 and (saved.drop(columns="USA").min(axis=1) > 0.03).all()


def test_certificate(status_quo):
    """Residuals, gap and mass balance of the plan that is reported, measured on the scaled program."""
    manifest = status_quo.manifest
    assert manifest["primal_residual"] < 1e-6 and manifest["dual_residual"] < 1e-6
    assert manifest["gap"] < 1e-8
    assert max(manifest["mass_balance"].values()) < 1e-9


def test_costs_add_up_to_the_objective(status_quo):
    """The cost items of all years, each at its present value, are the objective: nothing is left out or twice in."""
    costs = status_quo.costs
    value = (costs["musd"] * 1.05 ** (2025 - costs["year"])).sum() * 1e6
    assert value == pytest.approx(status_quo.objective, rel=1e-6)


@pytest.mark.slow
def test_same_program_same_answer_from_an_independent_call(shipped):
    """`scipy.optimize.linprog` with an interior-point method, on the arrays of real minerals: the same to 1e-7."""
    known = only(shipped, ["antimony", "gallium", "beryllium"])
    story = scenario.read("diversify_away", known)
    system_ = system.build_system(known, replace(story, years=story.years[:6]))
    solver = Solver(model.build_program(system_))
    ours, a = solver.solve(), solver.arrays
    equal = a.row_lower == a.row_upper
    upper, lower = np.isfinite(a.row_upper) & ~equal, np.isfinite(a.row_lower) & ~equal
    theirs = linprog(
        a.cost,
        A_ub=_stacked(a.matrix, upper, lower),
        b_ub=np.concatenate([a.row_upper[upper], -a.row_lower[lower]]),
        A_eq=a.matrix.tocsr()[equal],
        b_eq=a.row_lower[equal],
        bounds=np.column_stack([a.lower, a.upper]),
        method="highs-ipm",
    )
    money = solver.program.money_unit
    assert theirs.fun * money + solver.program.offset == pytest.approx(ours.objective, rel=1e-7)


def _stacked(matrix, upper, lower):
    from scipy import sparse

    rows = matrix.tocsr()
    return sparse.vstack([rows[upper], -rows[lower]])


@pytest.mark.slow
def test_two_runs_write_the_same_bytes(shipped, tmp_path):
    """Two runs of one scenario write byte-identical tables."""
    known = only(shipped, ["tungsten", "antimony"])
    story = scenario.read("diversify_away", known)
    story = replace(story, years=story.years[:5])
    folders = [job.run(story, known).save(tmp_path / name) for name in ("one", "two")]
    names = sorted(file.name for file in folders[0].glob("*.csv"))
    assert names == sorted(file.name for file in folders[1].glob("*.csv"))
    for name in names:
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes(), name


@pytest.mark.slow
def test_a_tighter_cap_costs_more_where_china_matters(shipped):
    """Caps on China of 50, 25, 10 %: leaving suppliers costs more by steps of antimony, tungsten and gallium, and of
    tungsten, of which others have no plant to spare, prices rise; copper and sponge are much as before.
    """
    table = caps.cap_table(only(shipped, CAPPED), [0.5, 0.25, 0.1], CAPPED)
    for mineral in ("antimony", "tungsten", "gallium"):
        cost = table[table["mineral"] == mineral].sort_values("cap", ascending=False)["switching_musd"]
        assert (np.diff(cost) > -1e-6).all() and cost.iloc[-1] > cost.iloc[0], mineral
    rise = table.pivot(index="mineral", columns="cap", values="premium")
    assert (np.diff(rise.loc["tungsten"]) < 1e-6).all()
    assert rise.loc["tungsten", 0.1] - rise.loc["tungsten", 1.0] > 0.01
    assert abs(rise.loc["copper", 0.1] - rise.loc["copper", 1.0]) < 0.01
    assert rise.loc["titanium", 0.1] - rise.loc["titanium", 1.0] < 0.08


@pytest.mark.slow
def test_a_sudden_stop_multiplies_prices_outside_china(shipped):
    """In the first year a stopped mineral's price rises by a multiple where China matters; copper's hardly moves."""
    known = only(shipped, ["antimony", "bismuth", "germanium", "tungsten", "copper"])
    result = job.run(scenario.read("export_stop", shipped), known)
    multiples = plots.price_multiples(result)
    stopped = multiples.drop(index="copper")
    assert (stopped[2026] > 2).all()
    assert (stopped[2035] < stopped.max(axis=1)).all()
    assert abs(multiples.loc["copper", 2026] - 1) < 0.03


def test_fund_builds_in_uzbekistan_within_its_budget(shipped):
    """The fund pays its share of capital cost in Uzbekistan only, and no more than its budget."""
    known = only(shipped, ["copper", "tungsten", "molybdenum", "uranium"])
    result = job.run("joint_investment_fund", known)
    paid = result.capacity.query("subsidy_musd > 0")
    assert set(paid["country"]) == {"UZB"}
    assert 0 < paid["subsidy_musd"].sum() <= 1000 * (1 + 1e-6)
    assert (paid["subsidy_musd"] <= 0.3 * paid["capex_musd"] * (1 + 1e-6)).all()


def test_normal_prices_leave_the_controls_out(shipped):
    """Antimony is calibrated on 2021-23, before its controls; copper on 2023-25."""
    prices = economics.calibration_prices(shipped)
    table = shipped["prices"].merge(shipped["deflator"][["year", "index"]], on="year")
    real = table.assign(real=table["usd_per_t"] / table["index"])
    for mineral, years in (("antimony", [2021, 2022, 2023]), ("copper", [2023, 2024, 2025])):
        mean = real[(real["mineral"] == mineral) & real["year"].isin(years)]["real"].mean()
        assert prices[mineral] == pytest.approx(mean)


def test_figures_of_a_scenario(status_quo, tmp_path):
    """Every figure of a scenario is drawn, and none is blank."""
    files = plots.draw_all(status_quo, tmp_path)
    assert len(files) >= 5
    # A curve or two in SVG are a few thousand characters.
    assert all(file.stat().st_size > (10_000 if file.suffix == ".png" else 3_000) for file in files)


def readme_rows():
    """The README's table of scenarios: its columns, and each scenario's cells."""
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    head = next(i for i, line in enumerate(lines) if line.startswith("| scenario |"))
    end = next(i for i, line in enumerate(lines) if i > head and not line.startswith("|"))
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[head:end]]
    return {row[0]: dict(zip(rows[0], row, strict=True)) for row in rows[2:] if re.fullmatch("[a-z0-9_]+", row[0])}


def test_the_readme_prints_the_headline_shares(status_quo):
    """Headline shares in the row `status_quo` of the README's table, to the digits that it has."""
    row = readme_rows()["status_quo"]
    shares = recomputed(status_quo)
    assert row["top supplier"] == f"{shares['top_share']:.1%}"
    assert row["countries of concern"] == f"{shares['share_feoc']:.1%}"
    assert row["Central Asia"] == f"{shares['share_central_asia']:.2%}"
