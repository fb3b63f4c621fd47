"""Dantzig's warehouse problem as a data package: a stock over four quarters (docs/model.md, eq. 9)."""

from __future__ import annotations

import json

import pytest
from conftest import CASES
from typer.testing import CliRunner

import supplychain
from supplychain.cli import app

DATA = CASES / "warehouse"


def test_published_optimum(tmp_path):
    """-600 dollars (Dantzig 1963, chapter 3.6, with the figures of the GAMS model library, model `whouse`).

    The store fills up with 50 units at 10 in the first quarter and sells all 100 at 12 in the second: 50 x 10 + 100 for
    holding - 100 x 12 = -600. Buying 100 at 8 in the third quarter to sell them at 9 in the fourth pays just for the
    holding: it may be in the plan or not.
    """
    arguments = ["run", str(DATA / "warehouse.yaml"), "--data", str(DATA), "--out", str(tmp_path), "--json"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0
    assert json.loads(done.stdout)[0]["objective"] == pytest.approx(-600, abs=1e-6)
    result = supplychain.load(tmp_path / "warehouse")
    stock = result.tables["stocks"].set_index("year")
    assert stock.loc[[2021, 2022], "level_t"].tolist() == pytest.approx([100, 0])
    assert stock.loc[2021, "bought_t"] - stock.loc[2021, "released_t"] == pytest.approx(50)
    prices = result.prices.set_index("year")["usd_per_t"]
    assert prices.loc[[2021, 2022]].tolist() == pytest.approx([10, 12])
