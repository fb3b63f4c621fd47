"""Indicators on supply tables small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.results import indicators
from supplychain.results.summary import summary_table
from supplychain.scenario import policies

SUPPLY = pd.DataFrame(
    {
        "year": 2030,
        "mineral": "x",
        "stage": "supply",
        "country": ["CHN", "KAZ", "USA", "BEL"],
        "market": "USA",
        "tonnes": [50.0, 20.0, 20.0, 10.0],
    }
).assign(low_t=lambda t: t["tonnes"], high_t=lambda t: t["tonnes"])
GROUPS = pd.DataFrame({"group": ["feoc", "central_asia"], "country": ["CHN", "KAZ"]})
HOMES = pd.DataFrame({"country": ["USA", "CHN", "KAZ", "BEL"], "market": ["USA", "CHN", "ROW", "EU"]})


def test_dependence_by_hand():
    """Shares 0.5, 0.2, 0.2, 0.1: HHI 0.34; the largest supplier abroad is China; a fifth comes from home."""
    row = indicators.dependence(SUPPLY, GROUPS, HOMES).iloc[0]
    assert (row["top_supplier"], row["top_share"]) == ("CHN", 0.5)
    assert row["hhi"] == pytest.approx(0.34)
    assert row["hhi_low"] == row["hhi_high"] == pytest.approx(0.34)
    assert row["share_feoc"] == 0.5 and row["share_central_asia"] == 0.2
    assert row["net_import_reliance"] == pytest.approx(0.8)


def test_import_shares_leave_the_home_out():
    """Shares of imports add to 1 without the market's own supply."""
    shares = indicators.import_shares(SUPPLY, "USA", 2030).set_index("country")["share"]
    assert shares.to_dict() == pytest.approx({"CHN": 0.625, "KAZ": 0.25, "BEL": 0.125})


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0, 10), st.floats(0, 1)), min_size=1, max_size=6))
def test_range_holds_every_plan(rows):
    """The HHI of any supplies within their bounds lies between the two ends."""
    low = np.array([min(a, b) for a, b, _ in rows])
    high = np.array([max(a, b) for a, b, _ in rows])
    point = low + (high - low) * np.array([f for _, _, f in rows])
    total = point.sum()
    if total < 1e-6:
        return
    least, most = indicators.hhi_range(low, high, total)
    value = indicators.hhi(pd.Series(point / total))
    assert least - 1e-6 <= value <= most + 1e-6


@given(st.dictionaries(st.integers(2020, 2050), st.floats(0, 1), min_size=1, max_size=5))
def test_sparse_years_are_linear_between_and_flat_outside(points):
    """Given years keep their values; those outside take the nearest; those between lie between."""
    table = policies.by_year(points, range(2015, 2056)).set_index("year")["value"]
    assert all(table[year] == pytest.approx(value) for year, value in points.items())
    assert table[2015] == pytest.approx(points[min(points)]) and table[2055] == pytest.approx(points[max(points)])
    assert table.between(min(points.values()) - 1e-12, max(points.values()) + 1e-12).all()


def test_headline_shares_are_of_each_mineral_at_its_worse_stage(pair):
    """What summary and comparison print is the mean of the larger of mine and refinery, mineral by mineral."""
    for result in pair:
        us = result.dependence.query("market == 'USA' and year == year.max() and stage in ['mine', 'refine']")
        worst = us.groupby("mineral")[["top_share", "share_feoc", "share_central_asia"]].max().mean()
        told = result.summary.set_index("metric")["value"]
        assert told[worst.index].tolist() == pytest.approx(worst.tolist())
    row = summary_table(list(pair)).set_index("scenario").loc[pair[1].name]
    assert row[["top_share", "feoc_share", "central_asia_share"]].tolist() == pytest.approx(worst.tolist())


def test_net_import_reliance_nets_what_is_sold_to_others():
    """The USA make 60 t at home and buy 40; they sell 30 of their own to the EU, and 20 t come from scrap: 10 of 120 t.

    A mine's share from outside counts as it is; the EU buys all of its 30 t, and sells none.
    """
    rows = [
        *((2030, "x", "supply", c, m, t) for c, m, t in (("USA", "USA", 60), ("CHL", "USA", 40), ("USA", "EU", 30))),
        *((2030, "x", "mine", c, "USA", t) for c, t in (("USA", 20), ("PER", 80))),
    ]
    supply = pd.DataFrame(rows, columns=["year", "mineral", "stage", "country", "market", "tonnes"])
    supply = supply.assign(home=supply["country"].map({"USA": "USA", "CHL": "ROW", "PER": "ROW"}))
    scrap = pd.Series({(2030, "x", "USA"): 20.0})
    found = indicators.net_import_reliance(supply, scrap)
    assert found[2030, "x", "supply", "USA"] == pytest.approx(10 / 120)
    assert found[2030, "x", "mine", "USA"] == pytest.approx(0.8)
    assert found[2030, "x", "supply", "EU"] == 1.0
