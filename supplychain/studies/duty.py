"""How far a lasting duty moves trade, and how fast: the trade elasticity after one, five and ten years."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from supplychain.facts.checks import base_year
from supplychain.facts.dataset import OTHER, Dataset
from supplychain.results.result import Result
from supplychain.results.run import run
from supplychain.results.summary import REFERENCE
from supplychain.scenario import scenario
from supplychain.scenario.policies.trade import Tariff

MARKET = "USA"
RATES = (0.05, 0.10, 0.25)
FIRST = 2026
# Boehm, Levchenko and Pandalai-Nayar (2023): elasticity of trade to tariffs by years since, and its standard error.
PUBLISHED = pd.DataFrame({"after": [1, 5, 10], "published": [-0.76, -1.24, -2.12], "error": [0.11, 0.19, 0.32]})
# A supplier that keeps less than this part of its sales counts as driven out.
OUT = 0.01


def duty(known: Dataset, rates: Sequence[float] = RATES, first: int = FIRST) -> pd.DataFrame:
    """What a lasting duty on the largest foreign supplier of each mineral does to its sales to the United States.

    Parameters
    ----------
    known : the facts, of all minerals or some.
    rates : duties as shares of the normal price, each solved on its own.
    first : the duty's first year; it stays.

    Returns
    -------
    DataFrame, one row a rate, mineral and horizon of `PUBLISHED`: rate, mineral, country, after (years with the duty,
    its first one counted), before_t and after_t (what the country sells in that year without and with it),
    price_change (log of `status_quo`'s price with the duty over that without), elasticity (log change of tonnes over
    it; minus infinity where the country is driven out). Minerals that it has left by then anyway are left out.
    """
    plain, story = run(REFERENCE, known), scenario.read(REFERENCE, known)
    payers = largest_suppliers(plain, base_year(known))
    tables = {}
    for rate in rates:
        duties = {f"duty_on_{mineral}": _tariff(mineral, country, rate, first) for mineral, country in payers.items()}
        taxed = run(replace(story, name="duty", policies=story.policies | duties), known)
        tables[rate] = _moved(plain, taxed, payers, _raised(plain, rate), first)
    return pd.concat(tables, names=["rate"]).reset_index("rate").reset_index(drop=True)


def _moved(plain: Result, taxed: Result, payers: pd.Series, raised: pd.Series, first: int) -> pd.DataFrame:
    sold = {"before_t": _sold(plain, payers), "after_t": _sold(taxed, payers), "price_change": raised}
    years = {first + after - 1: after for after in PUBLISHED["after"]}
    cells = pd.MultiIndex.from_product([payers.index, years], names=["mineral", "year"])
    table = pd.DataFrame({name: values.reindex(cells) for name, values in sold.items()}).fillna(0.0).reset_index()
    table = table[table["before_t"] > 0].sort_values(["year", "mineral"], ignore_index=True)
    table.insert(1, "country", table["mineral"].map(payers))
    table.insert(2, "after", table.pop("year").map(years))
    return table.assign(elasticity=_log(table["after_t"] / table["before_t"]) / table["price_change"])


def largest_suppliers(result: Result, year: int) -> pd.Series:
    """The foreign country that sells the United States most of each mineral, as customs see it."""
    table = result.tables["supply"].query("market == @MARKET and stage == 'supply' and year == @year")
    table = table[~table["country"].isin([MARKET, OTHER])].sort_values("tonnes", kind="stable")
    return table.groupby("mineral")["country"].last()


def _tariff(mineral: str, country: str, rate: float, first: int) -> Tariff:
    return Tariff(
        kind="tariff",
        countries=[country],
        minerals=[mineral],
        rate=rate,
        years=(first, 2100),
        assumption="a duty to learn how far it moves trade",
    )


def _sold(result: Result, payers: pd.Series) -> pd.Series:
    """Tonnes by mineral and year that its payer sells the United States."""
    table = result.tables["supply"].query("market == @MARKET and stage == 'supply'")
    table = table[table["country"] == table["mineral"].map(payers)]
    return table.groupby(["mineral", "year"])["tonnes"].sum()


def _raised(plain: Result, rate: float) -> pd.Series:
    """Log of the US price with the duty over that without, by mineral and year; the duty is on the normal price."""
    table = plain.tables["prices"].query("market == @MARKET").set_index(["mineral", "year"])
    return np.log1p(rate * table["observed_usd_per_t"] / table["usd_per_t"])


def _log(part: pd.Series) -> pd.Series:
    """Log of the part that is left, minus infinity below `OUT`."""
    return np.log(part.where(part >= OUT)).fillna(-np.inf)


def by_horizon(table: pd.DataFrame) -> pd.DataFrame:
    """The elasticities of `duty` over all minerals, beside the published ones.

    Returns
    -------
    DataFrame, one row a rate and horizon: rate, after, minerals, driven_out (how many of them), mean (without those
    driven out, as a regression on logarithms has it), median (with them), together (log of the mean part that is left
    over the mean change of price), published, error.
    """
    rows = [(*key, *_over_minerals(part)) for key, part in table.groupby(["rate", "after"])]
    columns = ["rate", "after", "minerals", "driven_out", "mean", "median", "together"]
    return pd.DataFrame(rows, columns=columns).merge(PUBLISHED, on="after")


def _over_minerals(part: pd.DataFrame) -> tuple[int, int, float, float, float]:
    elasticity = part["elasticity"]
    stays = elasticity > -np.inf
    left = float((part["after_t"] / part["before_t"]).mean())
    together = np.log(left) / part["price_change"].mean() if left > 0 else -np.inf
    return len(part), int((~stays).sum()), elasticity[stays].mean(), elasticity.median(), together
