"""The base year against its sources: US import shares by country, and net import reliance."""

from __future__ import annotations

import pandas as pd

from supplychain.facts.checks import published_reliance
from supplychain.facts.dataset import OTHER, Dataset
from supplychain.results.indicators import by_country, import_shares, net_import_reliance
from supplychain.results.result import Result
from supplychain.system.build import base_tables

MARKET, SUPPLY = "USA", "supply"


def imports(dataset: Dataset, result: Result, year: int = 2025) -> pd.DataFrame:
    """US imports by last supplier as the sources give them, and as the model has them.

    What arrives inside goods, which the statistics of the material leave out, counts to those who make the goods.

    Parameters
    ----------
    result : any scenario that leaves the base year alone.

    Returns
    -------
    DataFrame: mineral, country, source_share, model_share (of all imports); countries that a source names or an
    estimate gives.
    """
    model = import_shares(result.tables["supply"], MARKET, year).set_index(["mineral", "country"])["share"]
    part = _part_in_goods(dataset, result, year, _use(dataset, year))
    sources = dataset["import_sources"]
    inside = _shares(sources[sources["inside_goods"] & (sources["country"] != OTHER)])
    inside = inside * part.reindex(inside.index.get_level_values("mineral")).fillna(0.0).to_numpy()
    listed = _shares(sources[sources["last_stage"]]).drop(OTHER, level="country", errors="ignore")
    listed = listed * (1.0 - part.reindex(listed.index.get_level_values("mineral")).fillna(0.0)).to_numpy()
    table = listed.add(inside, fill_value=0.0).rename("source_share").to_frame()
    table = table[table["source_share"] > 0].join(model.rename("model_share")).fillna({"model_share": 0.0})
    return table.reset_index()


def _shares(rows: pd.DataFrame) -> pd.Series:
    """Each country's part of a mineral's rows."""
    tonnes = rows.groupby(["mineral", "country"])["share_pct"].sum()
    return tonnes / tonnes.groupby("mineral").transform("sum")


def _use(dataset: Dataset, year: int) -> pd.DataFrame:
    """The system's table of use in the year."""
    return base_tables(dataset, range(year, year + 1))["use"]


def _part_in_goods(dataset: Dataset, result: Result, year: int, use: pd.DataFrame) -> pd.Series:
    """The part of US imports that arrives inside goods, by mineral."""
    goods = use[use["market"] == MARKET].set_index("mineral")["goods_t"]
    return (goods / _imported(_supply(dataset, result, year))).dropna()


def _supply(dataset: Dataset, result: Result, year: int) -> pd.DataFrame:
    """Supply of the year by country, and the market in which each country lies."""
    table = by_country(result.tables["supply"])
    homes = dataset["countries"].set_index("country")["market"]
    return table[table["year"] == year].assign(home=lambda t: t["country"].map(homes))


def _imported(supply: pd.DataFrame) -> pd.Series:
    """US imports by mineral, t."""
    return supply[_from_abroad(supply)].groupby("mineral")["tonnes"].sum()


def _from_abroad(supply: pd.DataFrame) -> pd.Series:
    """Whether a row is a US import."""
    return (supply["market"] == MARKET) & (supply["home"] != MARKET) & (supply["stage"] == SUPPLY)


def reliance(dataset: Dataset, result: Result, year: int = 2025) -> pd.DataFrame:
    """Net import reliance of the United States as its source prints it, and the model's.

    Counted as the source does: without what arrives inside goods, with scrap, and at the mine where it counts the ore.

    Returns
    -------
    DataFrame by mineral: stage, least_pct, most_pct (means of 2021-24, the ends where brackets are printed), model_pct,
    gap_pct (how far the model lies outside).
    """
    supply, use = _supply(dataset, result, year), _use(dataset, year)
    part = _part_in_goods(dataset, result, year, use)
    scrap = use.assign(year=year).set_index(["year", "mineral", "market"])["secondary_t"]
    kept = 1.0 - supply["mineral"].map(part).fillna(0.0)
    counted = supply.assign(tonnes=supply["tonnes"].where(~_from_abroad(supply), supply["tonnes"] * kept))
    found = net_import_reliance(counted, scrap).xs((year, MARKET), level=("year", "market"))
    table = published_reliance(dataset)
    model = [100 * found.get((mineral, stage), float("nan")) for mineral, stage in table["stage"].items()]
    table = table.assign(model_pct=model)
    below, above = table["least_pct"] - table["model_pct"], table["model_pct"] - table["most_pct"]
    return table.assign(gap_pct=pd.concat([below, above], axis=1).max(axis=1).clip(lower=0.0))
