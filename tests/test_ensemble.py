"""Ensembles: distributions by hand, the same tables whoever does the runs and however often they are stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
from conftest import CASES
from distributed import Client, LocalCluster
from handmade import write
from scipy.stats import spearmanr
from typer.testing import CliRunner

from supplychain import ensemble
from supplychain.cli import app
from supplychain.facts import dataset
from supplychain.facts.errors import InputError
from supplychain.facts.parameters import parameters
from supplychain.facts.reading import figure, schema
from supplychain.show.figures import ensemble as figures
from supplychain.studies.ensemble.bands import QUANTILES, bands
from supplychain.studies.ensemble.draws import points
from supplychain.studies.ensemble.ranks import ranks
from supplychain.studies.ensemble.uncertain import TOGETHER, Factor, at, drawn, factors

RUNS, SEED = 6, 3
EVENLY = (np.arange(200_000) + 0.5) / 200_000
# Kazakhstan's mine of 100 t could be one of 40 to 115 t; with China's 30 t, below 70 t there is too little.
MINES = {"x mine KAZ 2025": {"capacity_t": 100, "low": 40, "high": 115}, "x mine CHN 2025": 30}
FREIGHT = {
    "KAZ USA sea": {"usd_per_t": 60, "low": 50, "high": 90},
    "CHN USA sea": {"usd_per_t": 100, "low": 80, "high": 400},
}
STORY = """name: by_hand
title: Use of 100 t that has to be met
horizon: {from: 2025, to: 2026}
"""
MAIN = "from supplychain.cli import main; main()"


# Distributions, by hand


@pytest.mark.parametrize(("low", "value", "high"), [(10.0, 12.0, 25.0), (0.0, 0.0, 3.0), (5.0, 9.0, 9.0)])
def test_a_range_is_triangular(low, value, high):
    """Mean (a + b + c) / 3, variance (a2 + b2 + c2 - ab - ac - bc) / 18; below the value lies (c - a) / (b - a)."""
    sample = at(EVENLY, *(np.full(len(EVENLY), x) for x in (low, value, high)))
    square = low**2 + value**2 + high**2 - low * value - low * high - value * high
    assert sample.mean() == pytest.approx((low + value + high) / 3, rel=1e-4)
    assert sample.var() == pytest.approx(square / 18, rel=1e-3)
    assert (sample < value).mean() == pytest.approx((value - low) / (high - low), abs=1e-4)


def test_a_wide_range_is_triangular_in_its_logarithm():
    """From 1 to 100 by 10: half of it below 10, and a quarter of that half below the geometric middle."""
    sample = at(EVENLY, *(np.full(len(EVENLY), x) for x in (1.0, 10.0, 100.0)))
    assert np.median(sample) == pytest.approx(10.0, rel=1e-3)
    assert (sample < 10**0.5).mean() == pytest.approx(0.125, abs=1e-4)
    assert (sample.min(), sample.max()) == pytest.approx((1.0, 100.0), rel=0.02)


def test_a_value_outside_its_range_counts_as_its_end():
    """A value of 9 in a range of 1 to 2 is one of 2."""
    quantile = np.array([0.1, 0.5, 0.9])
    one, two = (at(quantile, np.full(3, 1.0), np.full(3, value), np.full(3, 2.0)) for value in (9.0, 2.0))
    assert (one == two).all() and two == pytest.approx(1 + np.sqrt(quantile))


# Which facts, and together with which


def test_every_range_is_drawn_once(shipped):
    """No fact stands in two factors, each has a range, and factors are the groups that `TOGETHER` says."""
    found = factors(shipped)
    places = [(factor.table, row) for factor in found for row in factor.rows]
    assert len(set(places)) == len(places) and len({factor.name for factor in found}) == len(found)
    for factor in found:
        rows = shipped[factor.table].iloc[factor.rows]
        assert (rows["low"] < rows["high"]).all()
        assert not (keys := TOGETHER[factor.table]) or len(rows[keys].drop_duplicates()) == 1


def test_facts_of_a_factor_move_together_and_no_others(shipped):
    """Copper's demand at the ends of its ranges: every row is at its own end, what has no range stays, so do others."""
    (copper,) = (factor for factor in factors(shipped) if factor.name == "demand: copper")
    before = shipped["demand"]
    for quantile, end in ((0.0, "low"), (1.0, "high")):
        changed = drawn(shipped, [copper], np.array([quantile]))
        rows = changed["demand"]["mineral"] == "copper"
        assert changed["demand"].loc[rows, "index"].to_numpy() == pytest.approx(before.loc[rows, end].to_numpy())
        assert changed["demand"][~rows].equals(before[~rows])
        assert all(changed[name] is shipped[name] for name in shipped.tables if name != "demand")
    assert len(copper.rows) > 5
    ones = changed["demand"].query("mineral == 'copper' and year == 2025")["index"]
    assert (ones == 1).all()


def test_what_is_drawn_are_facts(shipped):
    """Within range and schema, years whole: what reading would refuse is never drawn."""
    found = factors(shipped)
    for quantiles in [*points(6, len(found), 1), np.zeros(len(found)), np.ones(len(found))]:
        changed = drawn(shipped, found, quantiles)
        assert len(parameters(changed))
        for table in TOGETHER:
            value, column = changed[table][figure(table)], figure(table)
            moved = value != shipped[table][column]
            ends = changed[table][moved]
            assert (value[moved] >= ends["low"] * (1 - 1e-9) - 0.5 * (ends["low"] < 9)).all()
            field = next(f for f in schema()[table]["schema"]["fields"] if f["name"] == column).get("constraints", {})
            assert value.dropna().between(field.get("minimum", -np.inf), field.get("maximum", np.inf)).all()


# Points


def test_a_latin_hypercube_has_each_layer_once():
    """Of twenty runs each factor has one in every twentieth; another seed, other points."""
    found = points(20, 7, SEED)
    assert (np.sort((found * 20).astype(int), axis=0) == np.arange(20)[:, None]).all()
    assert (found == points(20, 7, SEED)).all() and (found != points(20, 7, SEED + 1)).any()


def test_sobol_points_are_balanced():
    """Sixteen of them have each sixteenth once in every factor; twelve are refused."""
    assert (np.sort((points(16, 5, SEED, "sobol") * 16).astype(int), axis=0) == np.arange(16)[:, None]).all()
    with pytest.raises(ValueError, match="12 runs"):
        points(12, 5, SEED, "sobol")


# What the runs say together


def test_ranks_find_what_a_figure_hangs_on():
    """A figure that rises with the first of thirty facts and falls, less, with the second; others are chance."""
    drawn_at = points(200, 30, 1)
    cost = np.exp(3 * drawn_at[:, 0]) - 4 * drawn_at[:, 1]
    runs = pd.DataFrame({"run": np.arange(1, 201), "status": "optimal", "cost": cost, "same": 1.0})
    runs.loc[4, ["status", "cost"]] = ["no plan: of a test", np.nan]
    found = ranks(runs, drawn_at, [Factor(f"t: {i}", "t", np.arange(i + 1)) for i in range(30)])
    assert set(found["metric"]) == {"cost"} and list(found["rank"]) == list(range(1, 31))
    assert list(found["factor"][:2]) == ["t: 0", "t: 1"] and list(found["rows"][:2]) == [1, 2]
    kept = np.arange(200) != 4
    assert found["correlation"][0] == pytest.approx(spearmanr(drawn_at[kept, 0], cost[kept]).statistic)
    assert found["correlation"][0] > 0 > found["correlation"][1]
    assert found["significant"][:2].all() and found["significant"].sum() <= 4
    assert ranks(runs.head(9), drawn_at, [Factor("t: 0", "t", np.arange(1))] * 30).empty


def test_bands_are_quantiles_by_year():
    """0 to 100 in the first year, ten times that in the second."""
    runs = np.arange(101)
    yearly = pd.DataFrame(
        {"run": np.tile(runs, 2), "year": np.repeat([2025, 2026], 101), "cost": np.concatenate([runs, 10.0 * runs])}
    )
    found = bands(yearly, pd.DataFrame({"year": [2025, 2026], "cost": [7.0, 70.0]}))
    assert found[["central", "p5", "p25", "p50", "p75", "p95"]].to_numpy().tolist() == [
        [7, 5, 25, 50, 75, 95],
        [70, 50, 250, 500, 750, 950],
    ]


def test_figures_show_what_the_tables_say():
    """The fan's middle and dashed lines are the bands'; the tornado's bars the correlations, pale if by chance."""
    shares = {"metric": "share_feoc", "year": [2025, 2026], "central": [0.5, 0.4]}
    table = pd.DataFrame(shares | {name: [int(name[1:]) / 100] * 2 for name in QUANTILES})
    middle, central = figures.fan(table, "share_feoc").lines[:2]
    assert list(middle.get_ydata()) == pytest.approx(list(100 * table["p50"]))
    assert list(central.get_ydata()) == pytest.approx([50, 40])
    order = pd.DataFrame({"metric": "cost", "factor": ["costs: a", "demand: b"], "correlation": [-0.9, 0.1]})
    bars = figures.tornado(order.assign(significant=[True, False]), "cost").patches
    assert [bar.get_width() for bar in bars] == [-0.9, 0.1]
    assert bars[0].get_facecolor()[:3] != bars[1].get_facecolor()[:3] and bars[0].get_alpha() > bars[1].get_alpha()


# The whole: the same tables whoever does the runs


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A data folder with two uncertain mines, and a scenario file beside it."""
    folder = tmp_path_factory.mktemp("facts")
    write(folder, capacity=MINES, consumption={"x USA .": 100}, freight=FREIGHT)
    (folder / "datapackage.json").write_text('{"money": "dollars"}', encoding="utf-8")
    (folder / "by_hand.yaml").write_text(STORY, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def known(place):
    """The facts of the folder."""
    return dataset.read(place)


@pytest.fixture(scope="module")
def alone(place, known, tmp_path_factory):
    """The ensemble as one process makes it: its findings and its files."""
    folder = tmp_path_factory.mktemp("alone")
    found = ensemble(place / "by_hand.yaml", folder, RUNS, SEED, known)
    return found, contents(folder)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of an ensemble's folder but its figures."""
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


def test_a_run_is_what_its_facts_cost(alone):
    """100 t a year, by Kazakhstan as far as its mine goes, freights at one quantile; else a row that says why not."""
    found, _ = alone
    at_which = found.draws.pivot(index="run", columns="factor", values="quantile")
    assert len(found.runs) == RUNS and list(found.runs["run"]) == list(range(1, RUNS + 1))
    for row in found.runs.itertuples():
        mine, sea = at_which.loc[row.run, ["capacity: x", "freight: sea"]]
        tonnes = 40 + np.sqrt(mine * 75 * 60) if mine < 60 / 75 else 115 - np.sqrt((1 - mine) * 75 * 15)
        near = 50 + np.sqrt(sea * 40 * 10) if sea < 10 / 40 else 90 - np.sqrt((1 - sea) * 40 * 30)
        wide, first = np.log(400 / 80), np.log(100 / 80)
        far = np.sqrt(sea * wide * first) if sea < first / wide else wide - np.sqrt((1 - sea) * wide * (wide - first))
        if tonnes + 30 < 100:
            assert row.status.startswith("no plan: by_hand: ") and np.isnan(row.objective)
            continue
        own = min(tonnes, 100)
        assert row.status == "optimal"
        assert row.objective == pytest.approx(2 * (own * near + (100 - own) * 80 * np.exp(far)), rel=1e-5)
        assert row.share_central_asia == 0 and row.top_share == pytest.approx(max(own, 100 - own) / 100, rel=1e-5)
    assert 0 < found.runs["status"].str.startswith("no plan").sum() < RUNS / 2


@pytest.mark.slow
def test_a_cluster_gives_the_same_though_a_worker_is_killed(place, known, alone, tmp_path):
    """Dask with two processes, one of them killed once the first run is done."""
    quiet = {"dashboard_address": None, "silence_logs": 60}
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, **quiet) as cluster, Client(cluster) as client:
        pids, killed = list(client.run(os.getpid).values()), []

        def step(what, done, of):
            if what == "solving" and done == 1:
                os.kill(pids[0], signal.SIGKILL)
                killed.append(done)

        address = cluster.scheduler_address
        ensemble(place / "by_hand.yaml", tmp_path, RUNS, SEED, known, workers=address, step=step)
    assert killed == [1] and contents(tmp_path) == alone[1]


@pytest.fixture
def command(place):
    """Starts the command in a process of its own, as a user does, and waits until so many of its runs are done."""
    processes = []

    def start(out: Path, wanted: int, *more: str) -> subprocess.Popen[str]:
        told = ["ensemble", place / "by_hand.yaml", "--data", place, "--out", out, *more]
        arguments = [sys.executable, "-c", MAIN, *map(str, told), "--runs", str(RUNS), "--seed", str(SEED)]
        # A job in a script's background has Ctrl-C ignored, and would hand that on.
        listening = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
        process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, preexec_fn=listening)
        processes.append(process)
        while process.poll() is None and done(out) < wanted:
            time.sleep(0.01)
        assert process.poll() is None, process.stderr.read()
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def done(out: Path) -> int:
    """How many rows are there."""
    return len(list((out / "by_hand_ensemble" / "runs").glob("[0-9]*.parquet")))


@pytest.mark.slow
def test_stopped_and_killed_it_goes_on_and_ends_the_same(place, known, alone, command, tmp_path):
    """Ctrl-C after a run, kill -9 after the next: workers go too, rows stay, the rest is done, none twice."""
    process = command(tmp_path, 1, "--workers", "1")
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=30)[1]
    assert process.returncode == 130 and said == "interrupted; runs that are done are kept; --resume goes on\n"
    for seed, resume, why in ((SEED, False, "under way here"), (SEED + 1, True, "its asked seed differ")):
        with pytest.raises(InputError, match=why):
            ensemble(place / "by_hand.yaml", tmp_path / "by_hand_ensemble", RUNS, seed, known, resume=resume)
    process = command(tmp_path, done(tmp_path) + 1, "--workers", "2", "--resume")
    workers = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    assert not psutil.wait_procs(workers, timeout=30)[1]
    kept, counts = done(tmp_path), []
    found = ensemble(
        place / "by_hand.yaml",
        *(tmp_path / "by_hand_ensemble", RUNS, SEED, known),
        workers=2,
        resume=True,
        step=lambda what, runs, of: counts.append(runs) if what == "solving" else None,
    )
    assert 2 <= kept < RUNS and counts == list(range(kept, RUNS + 1))
    assert found.runs.equals(alone[0].runs) and contents(tmp_path / "by_hand_ensemble") == alone[1]


def test_a_finished_one_is_read_again_and_another_is_refused(place, known, alone, tmp_path):
    """`--resume` on what is finished solves nothing; another seed is refused in one line."""
    for name, content in alone[1].items():
        (tmp_path / name).write_bytes(content)
    counts = []
    again = ensemble(place / "by_hand.yaml", tmp_path, RUNS, SEED, known, resume=True, step=lambda *a: counts.append(a))
    assert not counts and again.runs["status"].tolist() == alone[0].runs["status"].tolist()
    assert again.spread["p50"].to_numpy() == pytest.approx(alone[0].spread["p50"].to_numpy(), rel=1e-5)
    with pytest.raises(InputError, match="another ensemble is here: its asked seed differ"):
        ensemble(place / "by_hand.yaml", tmp_path, RUNS, SEED + 1, known, resume=True)


def test_the_package_says_what_it_holds(alone):
    """Every table with its columns' meaning; the manifest with what was asked, and no wall times."""
    package = json.loads(alone[1]["datapackage.json"])
    assert {entry["name"] for entry in package["resources"]} >= {"runs", "spread", "yearly", "bands", "draws"}
    assert all(field["description"] for entry in package["resources"] for field in entry["schema"]["fields"])
    manifest = json.loads(alone[1]["study.json"])
    assert manifest["asked"]["factors"] == ["capacity: x", "freight: sea"] and manifest["asked"]["seed"] == SEED


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ((), "no fact has a range"),
        (("--points", "sobol", "--runs", "12"), "power of two"),
        (("--minerals", "metal,gold"), "no mineral 'gold'"),
    ],
)
def test_what_cannot_be_is_told(more, said, tmp_path):
    """Facts without ranges, points without balance, no such mineral: exit 2, and nothing is written."""
    two_mines = CASES / "two_mines"
    arguments = ["ensemble", two_mines / "base.yaml", "--data", two_mines, "--out", tmp_path / "out", *more]
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == 2 and said in " ".join(result.output.split()) and not (tmp_path / "out").exists()


def test_no_scheduler_answers(place, known, tmp_path, monkeypatch):
    """A scheduler that is not there is a fault of the input."""
    monkeypatch.setattr("distributed.Client", lambda address: (_ for _ in ()).throw(OSError("timed out")))
    with pytest.raises(InputError, match="no Dask scheduler answers"):
        ensemble(place / "by_hand.yaml", tmp_path, RUNS, SEED, known, workers="tcp://127.0.0.1:1")


def test_a_worker_that_ends_by_itself_is_told(place, known, tmp_path):
    """A worker is killed, as by a machine that runs out of memory: one line, and what is done is kept."""

    def step(what, runs, of):
        if what == "solving" and runs == 1:
            for child in psutil.Process().children():
                if "spawn_main" in " ".join(child.cmdline()):
                    child.kill()

    with pytest.raises(InputError, match=f"a worker ended by itself; . of {RUNS} runs are kept"):
        ensemble(place / "by_hand.yaml", tmp_path, RUNS, SEED, known, step=step)
