"""The same tables to the last byte, wherever the simplex starts and in whatever order scenarios are solved."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import pytest

from supplychain.results.run import Shared, run_all, solve
from supplychain.scenario import scenario
from supplychain.solve import highs

NAMES = ("status_quo", "diversify_away", "grand_bargain", "export_stop")


@pytest.fixture(scope="module")
def few(shipped):
    """Minerals with ties of every kind: by-products, joint products, ways out of Central Asia, shared owners."""
    return shipped.only(["tungsten", "gallium", "dysprosium"])


@pytest.fixture(scope="module")
def stories(few):
    """Scenarios that differ in costs, bounds, rows and columns; the first years have ties of every kind."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole = [scenario.read(name, few) for name in NAMES]
    return [replace(story, years=story.years[:5]) for story in whole]


@pytest.fixture(scope="module")
def from_blocks(few, stories, tmp_path_factory):
    """Every table's bytes by scenario, each solved alone from its blocks; and the basis of the first."""
    folder = tmp_path_factory.mktemp("blocks")
    solved = [solve(story, Shared(few)) for story in stories]
    return {result.name: written(result, folder) for result, _ in solved}, solved[0][1]


def written(result, folder: Path) -> dict[str, bytes]:
    """The bytes of every table of a result."""
    where = result.save(folder / result.name)
    return {file.name: file.read_bytes() for file in where.iterdir() if file.name != "manifest.json"}


@pytest.mark.parametrize("steps", [highs.FEW, 0])
@pytest.mark.slow
def test_from_the_basis_of_another_scenario(few, stories, from_blocks, tmp_path, monkeypatch, steps):
    """Warm from the first scenario's basis: the whole from it, and, where that takes too many steps, its blocks."""
    monkeypatch.setattr(highs, "FEW", steps)
    known, start = from_blocks
    shared = replace(Shared.by(stories, few), start=start)
    for story in stories[1:]:
        assert written(solve(story, shared)[0], tmp_path) == known[story.name]


@pytest.mark.slow
def test_from_the_solver_s_own_start(few, stories, from_blocks, tmp_path, monkeypatch):
    """Cold: HiGHS starts where it likes."""
    monkeypatch.setattr(highs, "joint_basis", lambda *_: None)
    shared = Shared.by(stories, few)
    for story in stories[:3]:
        assert written(solve(story, shared)[0], tmp_path) == from_blocks[0][story.name]


@pytest.mark.parametrize("workers", [2])
def test_in_any_order_with_any_number_of_workers(few, stories, from_blocks, tmp_path, workers):
    """Backwards, by one worker or two; results come in the order in which they were asked for."""
    backwards = stories[::-1]
    results = list(run_all(backwards, Shared.by(backwards, few), workers))
    assert [result.name for result in results] == [story.name for story in backwards]
    assert {result.name: written(result, tmp_path) for result in results} == from_blocks[0]
