"""How far an ensemble's figures spread: quantiles over its runs, all together and year by year."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from supplychain.studies.findings import OPTIMAL

QUANTILES = {"p5": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}


def metrics(runs: pd.DataFrame) -> pd.DataFrame:
    """The figures of the runs that have an answer, by run."""
    return runs[runs["status"] == OPTIMAL].set_index("run").drop(columns="status")


def spread(runs: pd.DataFrame, central: pd.DataFrame) -> pd.DataFrame:
    """How far the headline figures spread over the runs that have an answer.

    Parameters
    ----------
    central : metric, value, unit: the figures at the facts as they are.

    Returns
    -------
    DataFrame: metric, unit, central, p5, p25, p50, p75, p95.
    """
    table = _quantiles(metrics(runs)).reindex(central["metric"])
    about = central.rename(columns={"value": "central"})[["metric", "unit", "central"]]
    return about.join(table, on="metric").reset_index(drop=True)


def bands(yearly: pd.DataFrame, central: pd.DataFrame) -> pd.DataFrame:
    """The same year by year.

    Parameters
    ----------
    yearly : run, year and figures. central : year and figures.

    Returns
    -------
    DataFrame: metric, year, central, p5, p25, p50, p75, p95.
    """
    figures = [name for name in central if name != "year"]
    parts = [_band(yearly, central, figure) for figure in figures]
    return pd.concat(parts, ignore_index=True)


def _band(yearly: pd.DataFrame, central: pd.DataFrame, figure: str) -> pd.DataFrame:
    by_run = yearly.pivot(index="run", columns="year", values=figure)
    table = central[["year", figure]].rename(columns={figure: "central"}).join(_quantiles(by_run), on="year")
    return table.assign(metric=figure)[["metric", "year", "central", *QUANTILES]]


def _quantiles(figures: pd.DataFrame) -> pd.DataFrame:
    """Quantiles of each column."""
    table = figures.quantile(list(QUANTILES.values())).T
    return table.set_axis(list(QUANTILES), axis=1)


def counted(statuses: Sequence[str]) -> dict[str, int]:
    """How many runs ended how, by what stands before the colon."""
    return dict(pd.Series([status.split(":")[0] for status in statuses], dtype=object).value_counts())
