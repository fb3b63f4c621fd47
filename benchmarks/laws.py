"""Laws that every result must keep, on real facts: `python benchmarks/laws.py [MINERAL ...]` (default: a few minerals).

Of every shipped scenario that only spends beyond the status quo: what it adds to resource cost, and to resource cost
and public money together, million USD; neither may be negative. Then, for a stop of exports: in its first year the
widest ratio between a mineral's prices in two markets outside China.
"""

import sys
from pathlib import Path

import pandas as pd

from supplychain import Result, Scenario, read_data, read_scenario, run
from supplychain.scenario.policies import kind_of

SPENDING = {"investment_fund", "production_credit", "price_floor", "cost_of_capital", "offtake", "stockpile"}
FEW = ["tungsten", "antimony", "gallium", "copper", "uranium", "titanium", "neodymium", "praseodymium", "dysprosium"]
SCENARIOS = Path(__file__).parents[1] / "scenarios"


def spends_only(story: Scenario, reference: Scenario) -> bool:
    """Whether all that a scenario has beyond the reference is money spent, and there is some."""
    new = [policy for name, policy in story.policies.items() if reference.policies.get(name) != policy]
    return bool(new) and all(kind_of(type(policy)) in SPENDING for policy in new)


def money(result: Result) -> pd.Series:
    """The money metrics of a result, million USD."""
    return result.summary.set_index("metric")["value"]


def widest(result: Result, year: int) -> pd.Series:
    """By mineral, the highest price in a market outside China over the lowest, the widest first."""
    table = result.prices[(result.prices["year"] == year) & (result.prices["market"] != "CHN")]
    ends = table[table["usd_per_t"] > 0].groupby("mineral")["usd_per_t"].agg(["min", "max"])
    return (ends["max"] / ends["min"]).sort_values(ascending=False)


if __name__ == "__main__":
    known = read_data().only(sys.argv[1:] or FEW)
    before = run("status_quo", known)
    start, reference = money(before), read_scenario("status_quo", known)
    for file in sorted(SCENARIOS.glob("*.yaml")):
        story = read_scenario(str(file), known)
        if spends_only(story, reference):
            more = money(run(story, known)) - start
            both = more["resource_cost"] + more["public_spending"]
            kept = min(more["resource_cost"], both) > -1e-6 * start["resource_cost"]
            print(f"{story.name}: resources {more['resource_cost']:+.2f}, ", end="")
            print(f"with public money {both:+.2f} million USD: {'kept' if kept else 'BROKEN'}")
    apart = widest(run("export_stop", known), 2026)
    print("export_stop 2026, widest price ratio outside China:", end=" ")
    print(", ".join(f"{mineral} {ratio:.2f}" for mineral, ratio in apart.head(5).items()))
