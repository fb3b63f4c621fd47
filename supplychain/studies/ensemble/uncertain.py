"""Which facts are uncertain, which of them move together, and what each is at a quantile of its range.

A range's ends are the source's own, so nothing is drawn beyond them: the value is the mode of a triangular distribution
between them. Where the upper end is more than three times the lower, what is uncertain is the order of magnitude: the
same holds of the logarithm. A lognormal distribution would have tails: shares above 1, yields above all that there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter

import numpy as np
import pandas as pd
from scipy.stats import triang

from supplychain.facts.dataset import Dataset
from supplychain.facts.parameters import YEARS
from supplychain.facts.reading import figure, schema
from supplychain.program.lp import Flags, Floats, Ints
from supplychain.system.sites import all_places

WIDE = 3.0  # upper end over lower, from which the logarithm counts
# The uncertain tables, and by what their rows move together: at the same quantile, each in its own range. Not here is
# what has to add up: what the base year's pattern is made of (output, trade, yields, by-products, prices), and shares
# of one whole.
TOGETHER: dict[str, list[str]] = {
    "costs": ["mineral", "stage"],
    "economics": ["mineral", "item"],
    "stage_defaults": ["item"],
    "inputs": ["mineral", "stage"],
    "input_prices": ["country"],
    "countries": ["country"],
    "capacity": ["mineral"],
    "projects": ["project"],
    "reserves": ["mineral"],
    "freight": ["corridor"],
    "legs": ["corridor"],
    "leg_capacity": ["leg"],
    "concentrates": ["mineral"],
    "demand": ["mineral"],
    "deployment": ["service"],
    "services": ["service"],
    "lifetimes": ["service"],
    "intensities": ["mineral"],
    "technology_bounds": [],  # one judgement: a change costs so much of the price
    "elasticities": ["class", "parameter"],
    "energy_shares": ["mineral"],
    "private_stocks": ["mineral"],
    "recycling": ["mineral"],
    "scrap": ["mineral"],
    "parameters": ["parameter"],
}
WHOLE = ("lead_time_years", *YEARS)


@dataclass(frozen=True)
class Factor:
    """Facts that move together: rows of a table, by their positions."""

    name: str
    table: str
    rows: Ints


def factors(known: Dataset) -> list[Factor]:
    """What is uncertain in the facts, in the order of `TOGETHER`; what nothing needs is left out."""
    return [factor for table in TOGETHER for factor in _of_table(known, table)]


def _of_table(known: Dataset, table: str) -> Iterator[Factor]:
    facts = known[table].reset_index(drop=True)
    moving = facts[(facts["low"] < facts["high"]) & facts[figure(table)].notna() & _needed(known, facts)]
    if moving.empty:
        return
    keys = TOGETHER[table]
    labels = moving[keys].astype(str).agg(", ".join, axis=1) if keys else pd.Series("all", moving.index)
    for label, rows in moving.groupby(labels, sort=False):
        yield Factor(f"{table}: {label}", table, rows.index.to_numpy())


def _needed(known: Dataset, facts: pd.DataFrame) -> Flags:
    """The rows of countries that make or could make something, and of classes that a mineral has."""
    needed = np.ones(len(facts), dtype=bool)
    if "country" in facts:
        needed &= facts["country"].isin(all_places(known)["country"]).to_numpy()
    if "class" in facts:
        needed &= facts["class"].isin(known["minerals"]["class"]).to_numpy()
    return needed


def at(quantile: Floats, low: Floats, value: Floats, high: Floats) -> Floats:
    """What facts are at quantiles of their ranges, aligned with them; a value outside its range counts as its end."""
    wide = (low > 0) & (high > WIDE * low)
    value = np.clip(value, low, high)
    low, value, high = (np.log(x, where=wide, out=x.astype(float)) for x in (low, value, high))
    drawn = triang.ppf(quantile, (value - low) / (high - low), loc=low, scale=high - low)
    return np.where(wide, np.exp(drawn, where=wide, out=np.zeros_like(drawn)), drawn)


def drawn(known: Dataset, uncertain: Sequence[Factor], quantiles: Floats) -> Dataset:
    """The facts with every factor at a quantile of its range; years stay whole, shares within what the schema allows.

    Parameters
    ----------
    uncertain : as `factors` gives them, table by table. quantiles : one for each, between 0 and 1.
    """
    at_which = dict(zip((factor.name for factor in uncertain), quantiles, strict=True))
    changed = {
        table: _moved(known[table], table, [(factor.rows, at_which[factor.name]) for factor in group])
        for table, group in groupby(uncertain, key=attrgetter("table"))
    }
    return replace(known, tables=known.tables | changed)


def _moved(facts: pd.DataFrame, table: str, parts: Sequence[tuple[Ints, float]]) -> pd.DataFrame:
    """A table with some of its rows at quantiles of their ranges."""
    column = figure(table)
    rows = np.concatenate([rows for rows, _ in parts])
    quantile = np.repeat([quantile for _, quantile in parts], [len(rows) for rows, _ in parts])
    low, value, high = (facts[name].to_numpy(dtype=float)[rows] for name in ("low", column, "high"))
    moved = at(quantile, low, value, high)
    years = np.isin(_names(facts)[rows], WHOLE)
    after = facts[column].to_numpy(dtype=float, copy=True)
    after[rows] = np.clip(np.where(years, np.rint(moved), moved), *_limits(table, column))
    return facts.assign(**{column: after})


def _names(facts: pd.DataFrame) -> np.ndarray:
    """What each row is a figure of, in tables of several things."""
    named = next((name for name in ("item", "parameter") if name in facts), None)
    return facts[named].to_numpy(dtype=str) if named else np.full(len(facts), "")


def _limits(table: str, column: str) -> tuple[float, float]:
    """The least and the most that the schema allows in a column."""
    field = next(field for field in schema()[table]["schema"]["fields"] if field["name"] == column)
    limits = field.get("constraints", {})
    return limits.get("minimum", -np.inf), limits.get("maximum", np.inf)
