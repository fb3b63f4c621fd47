"""Single figures beside those of others: what is left without the largest refiner, import reliance, cathodes."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from supplychain.facts.costs import calibration_prices
from supplychain.studies import published


def result(**tables):
    """What the studies read of a result."""
    return SimpleNamespace(name="made_up", tables=tables)


def rows(columns, *values):
    return pd.DataFrame(values, columns=columns.split())


def test_what_is_left_without_the_largest_refiner(shipped):
    """China refines 60 of 100 t of cobalt and uses 30 of 80: 40 are left for the 50 of the others. Of nickel Indonesia
    is largest, which is no market of its own: 50 of 100 for all 100."""
    made = rows(
        "year mineral stage country tonnes",
        *[(2035, "cobalt", "refine", c, t) for c, t in (("CHN", 60), ("FIN", 40))],
        *[(2035, "nickel", "refine", c, t) for c, t in (("IDN", 50), ("CHN", 30), ("RUS", 20))],
        (2035, "cobalt", "mine", "COD", 500),
    )
    used = rows(
        "year mineral stage market tonnes",
        *[(2035, "cobalt", "supply", m, t) for m, t in (("CHN", 30), ("USA", 20), ("EU", 30))],
        *[(2035, "nickel", "supply", m, t) for m, t in (("CHN", 60), ("USA", 40))],
    )
    table = published.left_without_top(result(output=made, supply=used), shipped).set_index("commodity")
    assert table["left"].to_dict() == pytest.approx({"cobalt": 0.8, "nickel": 0.5})
    assert table["top"].to_dict() == {"cobalt": "CHN", "nickel": "IDN"}


def test_cathodes_count_their_metals_alike():
    """Of lithium half is refined in China, of cobalt all, of nickel a fifth, of manganese nothing: 1.7 / 4."""
    parts = {"lithium": 0.5, "cobalt": 1.0, "nickel": 0.2, "manganese": 0.0}
    made = [(2025, m, "refine", c, t) for m, part in parts.items() for c, t in (("CHN", part), ("CHL", 1 - part))]
    made = rows("year mineral stage country tonnes", *made)
    table = published.through_china(result(output=made)).set_index("cathode")["model"]
    assert table.to_dict() == pytest.approx({"NMC": 0.425, "LFP": 0.5})


@pytest.mark.slow
def test_a_ban_of_one_year_costs_no_more_than_all_that_is_used(shipped):
    """A ban costs something, and no more than all use outside China at ten times the normal price, where it ends."""
    table = published.ban_on_two(shipped).set_index("mineral")
    price = calibration_prices(shipped)
    world = shipped["production"].query("year == 2025 and stage == 'refine'").groupby("mineral")["output_t"].sum()
    for mineral, row in table.iterrows():
        assert 0 < row["model"] < 10 * price[mineral] * world[mineral] / 1e9
