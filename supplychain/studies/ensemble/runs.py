"""One run of an ensemble: the facts changed, the scenario solved on them, and what is kept of the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from supplychain.facts.dataset import Dataset
from supplychain.facts.errors import InfeasibleError
from supplychain.program.lp import Floats
from supplychain.results.indicators import HEADLINE, at_worst
from supplychain.results.package import rounded
from supplychain.results.result import Result
from supplychain.results.run import Shared, solve
from supplychain.scenario.scenario import Scenario
from supplychain.solve.start import Start
from supplychain.studies.ensemble.uncertain import Factor, drawn
from supplychain.studies.findings import NO_PLAN, OPTIMAL
from supplychain.studies.headlines import MARKET

Row = dict[str, Any]
MOST_SAID = 200  # letters
NOISE = 1e-9  # of a solver; a figure no larger than that is nought


@dataclass(frozen=True)
class Model:
    """What every run of an ensemble is made of: small enough to be sent to a worker with each.

    Attributes
    ----------
    start : the basis of the answer at the facts as they are; what a run gives does not hang on it.
    """

    story: Scenario
    known: Dataset
    uncertain: Sequence[Factor]
    start: Start | None = field(default=None, repr=False)

    def row(self, run: int, quantiles: Floats) -> Row:
        """The row of a run, by the number of the run and its quantile of every factor.

        Raises
        ------
        InfeasibleError : no plan. InputError : what is drawn makes no facts that can be used.
        """
        facts = drawn(self.known, self.uncertain, quantiles)
        return row(run, solve(self.story, Shared(facts, start=self.start))[0])


def row(run: int, result: Result) -> Row:
    """What is kept of an answer, to the digits that are written: status, headline figures, and some by year."""
    summary, yearly = (_kept(table) for table in (result.tables["summary"], by_year(result)))
    figures = dict(zip(summary["metric"], summary["value"], strict=True))
    return {"run": run, "status": OPTIMAL} | figures | {"years": yearly.to_dict("records")}


def _kept(table: pd.DataFrame) -> pd.DataFrame:
    """A table as it is written, without a solver's noise, which would have ranks too."""
    decimal = table.select_dtypes("float").columns
    return rounded(table.assign(**{name: table[name].mask(table[name].abs() <= NOISE, 0.0) for name in decimal}))


def failed(run: int, error: BaseException) -> Row:
    """The row of a run without an answer: why, in a line."""
    kind = NO_PLAN if isinstance(error, InfeasibleError) else f"failed, {type(error).__name__}"
    return {"run": run, "status": f"{kind}: {' '.join(str(error).split())}"[:MOST_SAID], "years": []}


def by_year(result: Result) -> pd.DataFrame:
    """Headline figures of the United States year by year.

    Returns
    -------
    DataFrame: year, top_share, share_feoc, share_central_asia (each mineral at mine or refinery, whichever is higher,
    and each counting the same), price_multiple (mean over minerals of the price over the normal one), value_musd (of
    the use of minerals that is given up).
    """
    dependence = result.tables["dependence"]
    years = [int(year) for year in sorted(dependence["year"].unique())]
    table = pd.DataFrame([at_worst(dependence, MARKET, year).mean() for year in years], columns=list(HEADLINE))
    prices, unmet = (result.tables[name].query("market == @MARKET") for name in ("prices", "unmet"))
    multiple = (prices["usd_per_t"] / prices["observed_usd_per_t"].where(prices["observed_usd_per_t"] > 0)).groupby(
        prices["year"]
    )
    minerals = unmet[unmet["unit"] == "t"]
    table.insert(0, "year", years)
    return table.assign(
        price_multiple=multiple.mean().reindex(years).to_numpy(),
        value_musd=minerals.groupby("year")["value_musd"].sum().reindex(years, fill_value=0.0).to_numpy(),
    )
