"""Do the facts add up, and which of their rows are asked for."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.facts.dataset import Dataset, coverage
from supplychain.facts.errors import Fault, InputError, nearest


def totals(dataset: Dataset) -> pd.DataFrame:
    """Does production by country add up to the source's own world total, within its rounding?

    Returns
    -------
    DataFrame with one row per mineral, stage and year of the `world` table: `countries_t` (sum of the
    country rows), `world_t`, `difference_t`, `tolerance_t` (the total's rounding plus half a unit in the
    last significant digit of each entry), `adds_up`, `scope` (the reason where it does not).
    """
    keys = ["mineral", "stage", "year"]
    production = dataset["production"].assign(rounding_t=lambda t: _half_last_digit(t["output_t"]))
    sums = production.groupby(keys)[["output_t", "rounding_t"]].sum()
    world = dataset["world"].merge(sums, on=keys, how="left", suffixes=("", "_countries"))
    table = world[keys].assign(
        countries_t=world["output_t_countries"].fillna(0.0),
        world_t=world["output_t"],
        difference_t=world["output_t_countries"].fillna(0.0) - world["output_t"],
        tolerance_t=world["rounding_t"] + world["rounding_t_countries"].fillna(0.0),
    )
    table["adds_up"] = table["difference_t"].abs() <= table["tolerance_t"] * (1 + 1e-9)
    return table.assign(scope=world["scope"])


def _half_last_digit(values: pd.Series) -> pd.Series:
    """Half a unit in the second significant digit, the precision at which USGS rounds most entries."""
    magnitude = np.floor(np.log10(values.where(values > 0, 1.0)))
    return 0.5 * 10.0 ** (magnitude - 1)


def table(dataset: Dataset, name: str | None = None, source: str | None = None) -> pd.DataFrame:
    """One table of the facts, or how well each is sourced.

    Parameters
    ----------
    name : table; without it the result is `coverage`.
    source : keep only the rows that name this source.

    Raises
    ------
    InputError : no such table or source; names the nearest.
    """
    if source is not None and source not in dataset.names("sources"):
        hint = nearest(source, dataset.names("sources"))
        raise InputError([Fault(dataset.path / "sources.csv", 1, 1, f"no source {source!r}; {hint}")])
    if name is None and source is None:
        return coverage(dataset)
    if name is None:
        counts = {
            n: int((t["source"] == source).sum()) for n, t in dataset.tables.items() if n != "sources" and "source" in t
        }
        return pd.DataFrame([(n, c) for n, c in counts.items() if c], columns=["table", "rows"])
    if name not in dataset.tables:
        raise InputError([Fault(dataset.path, 1, 1, f"no table {name!r}; {nearest(name, dataset.tables)}")])
    chosen = dataset[name]
    return chosen if source is None else chosen[chosen["source"] == source]
