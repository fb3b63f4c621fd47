"""How much a country has shown that it can add, and what an outlook expects of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.facts.dataset import OTHER, PLACE, Dataset
from supplychain.facts.parameters import parameter, parameters

# The minerals of the model that a commodity of the outlook is called, where not by its own name.
MEMBERS = {
    ("graphite", "refine"): ["anode_graphite"],
    ("magnet_rare_earths", "mine"): ["neodymium", "praseodymium", "dysprosium", "terbium"],
    ("magnet_rare_earths", "refine"): ["neodymium", "praseodymium", "dysprosium", "terbium"],
}


def members_of(lines: pd.DataFrame) -> pd.DataFrame:
    """The minerals that the outlook's commodities stand for: commodity, stage, mineral."""
    lines = lines[["commodity", "stage"]].drop_duplicates().astype(object)
    named = [MEMBERS.get((line.commodity, line.stage), [line.commodity]) for line in lines.itertuples()]
    return lines.assign(mineral=pd.Series(named, index=lines.index, dtype=object)).explode("mineral", ignore_index=True)


def yearly_growth(dataset: Dataset) -> pd.Series:
    """What a country has shown that it can add to its output, t a year by mineral, stage and country; never below nil.

    The `growth_quantile` of its own additions over any `growth_span` years of the history, by the year.
    """
    given = parameters(dataset)
    quantile, span = parameter(given, "growth_quantile"), int(parameter(given, "growth_span"))
    past = dataset["history"].pivot_table(index=PLACE, columns="year", values="output_t", aggfunc="sum")
    if past.shape[1] <= span:
        return pd.Series(dtype=float, index=pd.MultiIndex.from_arrays([[], [], []], names=PLACE))
    past = past.reindex(columns=range(int(past.columns.min()), int(past.columns.max()) + 1))
    added = past.fillna(0.0).diff(span, axis=1).iloc[:, span:] / span
    return added.quantile(quantile, axis=1).clip(lower=0.0)


def expected(dataset: Dataset, years: list[int]) -> pd.DataFrame:
    """How much more, or less, the outlook's base case has each country make than in the first of the years.

    The outlook's tonnes are brought to the production's by the ratio of the world's output in the first year. What it
    expects of countries that it does not name falls to them by their output.

    Returns
    -------
    DataFrame: mineral, stage, country, year, change_t (t/yr).
    """
    told = dataset["outlook"]
    columns = [*PLACE, "year", "change_t"]
    if told.empty or dataset["production"].empty:
        return pd.DataFrame({c: pd.Series(dtype=object if c in PLACE else float) for c in columns})
    change, world = _changes(told, years)
    made = dataset["production"].query("year == @years[0]").groupby(PLACE)["output_t"].sum()
    lines = members_of(told).merge(made.groupby(PLACE[:2]).sum().rename("made_t").reset_index(), on=PLACE[:2])
    lines["ratio"] = lines["made_t"] / world.reindex(pd.MultiIndex.from_frame(lines[["commodity", "stage"]])).to_numpy()
    table = lines.merge(change, on=["commodity", "stage"])
    table = table.assign(change_t=table["change_t"] * table["ratio"])[columns]
    return pd.concat([table[table["country"] != OTHER], _of_unnamed(table, made)], ignore_index=True)[columns]


def _changes(told: pd.DataFrame, years: list[int]) -> tuple[pd.DataFrame, pd.Series]:
    """Change since the first year by commodity, stage, country and year, and the world's output in that year."""
    line = ["commodity", "stage"]
    wide = told.pivot_table(index=[*line, "country"], columns="year", values="output_t", aggfunc="sum", fill_value=0.0)
    known = wide.columns.to_numpy(dtype=float)
    dense = np.array([np.interp(years, known, row) for row in wide.to_numpy(dtype=float)])
    table = pd.DataFrame(dense, wide.index, pd.Index(years, name="year"))
    change = table.sub(table[years[0]], axis=0).stack().rename("change_t").reset_index()
    return change, table[years[0]].groupby(level=line).sum()


def _of_unnamed(table: pd.DataFrame, made: pd.Series) -> pd.DataFrame:
    """What is expected of unnamed countries, shared out over those that make something and are not named."""
    named = table[PLACE].drop_duplicates()
    others = made.rename("output_t").reset_index()
    others = others[~pd.MultiIndex.from_frame(others[PLACE]).isin(pd.MultiIndex.from_frame(named))]
    part = others["output_t"] / others.groupby(PLACE[:2])["output_t"].transform("sum")
    rest = table[table["country"] == OTHER].drop(columns="country")
    shared = others.assign(part=part).drop(columns="output_t").merge(rest, on=PLACE[:2])
    return shared.assign(change_t=shared["change_t"] * shared["part"])
