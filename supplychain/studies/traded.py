"""Who delivered how much to which market in a year, from what customs saw and what each country made."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from supplychain.facts.dataset import OTHER, Dataset
from supplychain.facts.errors import Fault, InputError
from supplychain.studies.as_of import history
from supplychain.system.pattern.matrices import as_rows, matrix_of

LINE = ["mineral", "stage"]
# The year of the table `trade`, which has tonnes; `past_trade` has money alone.
TRADE_YEAR = 2024


def lines(known: Dataset, base: int) -> pd.DataFrame:
    """The products whose trade is known in the base year and in that of the table `trade`.

    Returns
    -------
    DataFrame: mineral, stage, made (whether the output by country of the base year is known too).

    Raises
    ------
    InputError : there is none.
    """
    past, told = known["past_trade"], history(known)
    then = past.loc[past["year"] == base, LINE].drop_duplicates()
    table = then.merge(known["trade"][LINE].drop_duplicates(), on=LINE)
    if table.empty:
        years = ", ".join(map(str, sorted({int(year) for year in past["year"]}))) or "none"
        fault = f"no product with trade in {base} that stands in trade.csv too; years: {years}"
        raise InputError([Fault(known.path / "past_trade.csv", 1, 1, fault)])
    known_then = pd.MultiIndex.from_frame(told.loc[told["year"] == base, LINE])
    return table.assign(made=pd.MultiIndex.from_frame(table).isin(known_then)).sort_values(LINE, ignore_index=True)


def deliveries(known: Dataset, year: int, base: int) -> pd.DataFrame:
    """Tonnes by mineral, stage, supplier (who made them) and market, its own among them.

    Customs' values are taken for tonnes, a dollar of a year being as many of them everywhere. What the world trades is
    the same part of what it makes in both years, that of the table `trade`; the same tonnes where output is not known.
    What a country makes is its output, in the last year that the history knows; or what it sells beyond what it buys,
    where that is more or nothing is known. What it sells abroad beyond that it passes on from those whom it buys from.
    What it makes and does not sell abroad it sells at home.

    Parameters
    ----------
    year : the base year, or that of the table `trade`.

    Raises
    ------
    InputError : as `lines`.
    """
    homes, told = known["countries"].set_index("country")["market"], history(known)
    told = told[told["country"] != OTHER]
    customs = _customs(known, year, base)
    parts = []
    for line in lines(known, base).itertuples():
        past = _of(told, line) if line.made else told.iloc[:0]
        output, last = _output(past, year), _output(past, TRADE_YEAR)
        crosses = _contained(known, line)
        if line.made:
            crosses = min(crosses / float(last.sum()), 1.0) * float(output.sum())
        sold = matrix_of(_of(customs, line), "value")
        table = _by_market(crosses * sold / sold.to_numpy().sum(), output, homes)
        parts.append(as_rows(table, "supplier", "market", "tonnes").assign(mineral=line.mineral, stage=line.stage))
    return pd.concat(parts, ignore_index=True)[[*LINE, "supplier", "market", "tonnes"]]


def _of(table: pd.DataFrame, line: Any) -> pd.DataFrame:
    return table[(table["mineral"] == line.mineral) & (table["stage"] == line.stage)]


def _customs(known: Dataset, year: int, base: int) -> pd.DataFrame:
    """Trade of a year: mineral, stage, exporter, importer, value."""
    if year == base:
        return known["past_trade"].query("year == @base").rename(columns={"value_usd": "value"})
    return known["trade"].rename(columns={"value_kusd": "value"})


def _output(past: pd.DataFrame, year: int) -> pd.Series:
    """Output by country in the last year that is known until this one, t."""
    past = past[past["year"] <= year]
    return past[past["year"] == past["year"].max()].groupby("country")["output_t"].sum()


def _contained(known: Dataset, line: Any) -> float:
    """What was traded in the year of the table `trade`, contained tonnes."""
    weights = _of(known["concentrates"], line)["gross_t_per_t"]
    gross = float(_of(known["trade"], line)["quantity_t"].sum())
    return gross / float(weights.iloc[0]) if len(weights) else gross


def _by_market(sold: pd.DataFrame, output: pd.Series, homes: pd.Series) -> pd.DataFrame:
    """Tonnes from who made them (rows) to markets, of tonnes from exporter to importer and output by country."""
    countries = sold.index.union(sold.columns).union(output.index)
    sold = sold.reindex(index=countries, columns=countries, fill_value=0.0)
    net = (sold.sum(axis=1) - sold.sum()).clip(lower=0.0)
    made = np.maximum(output.reindex(countries, fill_value=0.0), net)
    own = from_makers(sold, made)
    markets = own.columns.map(homes)
    table = own.T.groupby(markets).sum().T.reindex(columns=sorted(set(homes[homes != ""])), fill_value=0.0)
    rest, home = (made - own.sum(axis=1)).clip(lower=0.0), countries.map(homes)
    return table + pd.DataFrame({market: rest.where(home == market, 0.0) for market in table.columns})


def from_makers(sold: pd.DataFrame, made: pd.Series) -> pd.DataFrame:
    """Tonnes from maker to importer: what an exporter sells beyond what it makes comes from whom it buys from.

    By proportion, and no more than it buys; what it passes on it does not keep.

    Parameters
    ----------
    sold : tonnes from exporter (rows) to importer, the same countries. made : what each of them makes.
    """
    exports = sold.sum(axis=1)
    part = (np.minimum(made, exports) / exports.replace(0.0, np.nan)).fillna(0.0)
    own, others = sold.mul(part, axis=0), sold.mul(1.0 - part, axis=0)
    bought, passed = own.sum(), others.sum(axis=1)
    others = others.mul((bought / passed.replace(0.0, np.nan)).clip(upper=1.0).fillna(0.0), axis=0)
    left = 1.0 - (others.sum(axis=1) / bought.replace(0.0, np.nan)).fillna(0.0)
    shares = own.div(bought.replace(0.0, np.nan)).fillna(0.0)
    return own.mul(left, axis=1) + shares @ others


def abroad(table: pd.DataFrame, homes: pd.Series) -> pd.DataFrame:
    """The rows whose supplier lies outside the market: what the market imports."""
    return table[table["supplier"].map(homes) != table["market"]]
