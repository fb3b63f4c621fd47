"""What a lasting duty does to its payer's sales: one mineral worked by hand, and the means over several."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from supplychain import read_data
from supplychain.studies.duty import by_horizon, duty


@pytest.fixture(scope="module")
def bismuth():
    """A duty of 10 % on China's bismuth."""
    return duty(read_data().only(["bismuth"]), rates=[0.10]).set_index("after")


@pytest.mark.parametrize(("years", "kept"), [(1, 0.8), (5, 0.8), (10, 0.9)])
def test_a_duty_takes_what_has_run_out_and_the_contracts_that_are_worth_less(bismuth, years, kept):
    """The elasticity of substitution is 2.6, so breaking a contract costs m^(-1/2.6) - 1 of the price at the part m of
    the base tonnes: 6.5 % in the middle of the step from 0.8 to 0.9, 11.7 % in that from 0.7 to 0.8. At 10 % China
    keeps 0.8 of what is under contract, of which 0.95 is left each year, and loses all that has run out: others are as
    cheap without the duty. After ten years others have to be newly qualified, for 1.5 % of the price and their own
    freight, which is over 2 % more than the mean: breaking the step from 0.8 to 0.9 no longer pays.
    """
    assert bismuth.loc[years, "country"] == "CHN"
    left = bismuth.loc[years, "after_t"] / bismuth.loc[years, "before_t"]
    assert left == pytest.approx(kept * 0.95**years, rel=2e-3)
    assert bismuth.loc[years, "elasticity"] == pytest.approx(math.log(left) / bismuth.loc[years, "price_change"])
    assert bismuth.loc[years, "price_change"] == pytest.approx(math.log(1.10), rel=0.02)


def table(*left):
    """Minerals of which these parts are left after a year of a duty that raises the price by e^0.1."""
    parts = pd.Series(left)
    elasticity = [math.log(part) / 0.1 if part else -math.inf for part in left]
    columns = {"rate": 0.105, "after": 1, "before_t": 100.0, "after_t": 100.0 * parts, "price_change": 0.1}
    return pd.DataFrame(columns).assign(elasticity=elasticity)


def test_means_over_minerals():
    """e^-0.1 and e^-0.3 are left: elasticities -1 and -3; together (0.9048 + 0.7408) / 2 = 0.8228, log -0.195."""
    found = by_horizon(table(math.exp(-0.1), math.exp(-0.3))).iloc[0]
    assert (found["minerals"], found["driven_out"]) == (2, 0)
    assert found["mean"] == pytest.approx(-2) and found["median"] == pytest.approx(-2)
    assert found["together"] == pytest.approx(-1.950, abs=1e-3)
    assert (found["published"], found["error"]) == (-0.76, 0.11)


def test_who_is_driven_out_counts_but_not_in_the_mean():
    """Of three one is driven out: the mean is that of -1 and -3, the median -3, and the mean part left 0.5485."""
    found = by_horizon(table(math.exp(-0.1), math.exp(-0.3), 0.0)).iloc[0]
    assert (found["minerals"], found["driven_out"]) == (3, 1)
    assert found["mean"] == pytest.approx(-2) and found["median"] == pytest.approx(-3)
    assert found["together"] == pytest.approx(math.log(0.54854) / 0.1, rel=1e-3)
    assert by_horizon(table(0.0)).iloc[0]["together"] == -math.inf
