"""Dantzig's transport problem as a data package, from the command line and from Python."""

from __future__ import annotations

import json

import pytest
from conftest import CASES
from typer.testing import CliRunner

import supplychain
from supplychain.cli import app

DATA = CASES / "dantzig"


@pytest.fixture(scope="module")
def capped():
    """The problem with a cap on San Diego that does not bind."""
    return supplychain.run(DATA / "cap_65.yaml", DATA)


@pytest.mark.parametrize("name", ["dantzig", "capped"])
def test_published_optimum(name, request):
    """153.675 thousand USD (Dantzig 1963); the optimum holds at any share of San Diego from 61.1 % to 66.7 %."""
    result = request.getfixturevalue(name)
    assert result.objective == pytest.approx(153.675, abs=1e-9)
    shipped = result.paths.groupby("mine")["tonnes"].sum()
    assert shipped["SDG"] / shipped.sum() == pytest.approx(550 / 900)


def test_cap_below_what_seattle_leaves_has_no_plan():
    """Seattle ships at most 350 of 900, so San Diego cannot fall to 61 %: exit 3, naming cap, capacity and demand."""
    done = CliRunner().invoke(app, ["run", str(DATA / "cap_61.yaml"), "--data", str(DATA)])
    assert done.exit_code == 3
    assert "san_diego_cap" in done.output
    assert "SEA" in done.output and "350" in done.output and "900" in done.output
    assert "no unmet demand" in done.output


def test_command_line_writes_a_result_folder(tmp_path):
    """`run --data --out --json`: exit 0, a row of JSON, a folder with the tables that have rows."""
    arguments = ["run", str(DATA / "dantzig.yaml"), "--data", str(DATA), "--out", str(tmp_path), "--json"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0
    assert json.loads(done.stdout)[0]["objective"] == pytest.approx(153.675)
    written = {file.name for file in (tmp_path / "dantzig").iterdir()}
    assert {"manifest.json", "datapackage.json", "paths.csv", "summary.csv"} <= written
    assert "unmet.csv" not in written
    again = supplychain.load(tmp_path / "dantzig")
    assert again.paths["tonnes"].sum() == 900


def test_dual_of_demand_is_the_delivered_price(dantzig):
    """Seattle is full, so a case more in Topeka comes from San Diego at its freight of 0.126."""
    price = dantzig.prices.set_index("market")["usd_per_t"]
    assert price["topeka"] == pytest.approx(0.126)
