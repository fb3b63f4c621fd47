"""What it costs not to know: scenarios with news, beside the same foreseen from the base year on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from supplychain.facts.dataset import Dataset
from supplychain.results.result import Result
from supplychain.results.run import run
from supplychain.results.summary import REFERENCE
from supplychain.scenario import scenario
from supplychain.scenario.news import stages
from supplychain.scenario.policies.base import Shock
from supplychain.scenario.scenario import Scenario
from supplychain.studies.headlines import MARKET


def surprise(known: Dataset, names: Sequence[str]) -> pd.DataFrame:
    """The cost of shocks that nobody knew of, and of the same that all knew of.

    Parameters
    ----------
    names : scenarios; those without news are left out.

    Returns
    -------
    DataFrame, one row a scenario: scenario, news (the first year of it), surprise_busd and foreseen_busd (resource cost
    beyond the status quo's, present value, billion USD), mineral (the one whose US price rises most in the year of the
    news), surprise_multiple and foreseen_multiple (its price in that year over the normal price).

    Raises
    ------
    InputError : no such scenario, or a fault in one.
    """
    plain = _cost(run(REFERENCE, known))
    told = [scenario.read(name, known) for name in names]
    rows = [_row(story, known, plain) for story in told if len(list(stages(story))) > 1]
    columns = [
        "scenario",
        "news",
        "surprise_busd",
        "foreseen_busd",
        "mineral",
        "surprise_multiple",
        "foreseen_multiple",
    ]
    return pd.DataFrame(rows, columns=columns)


def _row(story: Scenario, known: Dataset, plain: float) -> tuple[str, int, float, float, str, float, float]:
    news = list(stages(story))[1].year
    sudden, known_before = run(story, known), run(foreseen(story), known)
    one, two = (_multiples(result, news) for result in (sudden, known_before))
    dearest = str(one.idxmax())
    costs = [(_cost(result) - plain) / 1e3 for result in (sudden, known_before)]
    return story.name, news, costs[0], costs[1], dearest, float(one[dearest]), float(two[dearest])


def foreseen(story: Scenario) -> Scenario:
    """The same scenario, all its policies known from the base year on."""
    policies = {
        name: policy.model_copy(update={"foreseen": True}) if isinstance(policy, Shock) else policy
        for name, policy in story.policies.items()
    }
    return replace(story, policies=policies)


def _cost(result: Result) -> float:
    summary = result.tables["summary"].set_index("metric")["value"]
    return float(summary["resource_cost"])


def _multiples(result: Result, year: int) -> pd.Series:
    """The US price of each mineral over its normal price."""
    prices = result.tables["prices"]
    prices = prices[(prices["market"] == MARKET) & (prices["year"] == year)].set_index("mineral")
    return prices["usd_per_t"] / prices["observed_usd_per_t"]
