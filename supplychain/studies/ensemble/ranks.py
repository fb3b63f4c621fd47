"""Which uncertain facts the figures hang on: rank correlations over the runs, and how many of them may be chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from supplychain.program.lp import Floats
from supplychain.studies.ensemble.bands import metrics
from supplychain.studies.ensemble.uncertain import Factor

COLUMNS = ["metric", "rank", "factor", "table", "rows", "correlation", "p_value", "significant"]
FALSE = 0.05  # of the correlations of a metric that are called significant, so many are expected to be chance
FEWEST = 10  # runs


def ranks(runs: pd.DataFrame, quantiles: Floats, uncertain: Sequence[Factor]) -> pd.DataFrame:
    """Spearman's correlation of each factor with each headline figure, over the runs that have an answer.

    Figures that are the same in every run are left out, and all of them where there are fewer than ten runs. With so
    many factors some correlate by chance: `significant` holds where the false discovery rate of the metric's
    correlations (Benjamini and Hochberg) is kept below 5 %.

    Parameters
    ----------
    quantiles : runs by factors.

    Returns
    -------
    DataFrame, strongest first: metric, rank, factor, table, rows (how many facts move together), correlation, p_value
    (of no correlation), significant.
    """
    figures = metrics(runs)
    drawn = pd.DataFrame(quantiles[figures.index.to_numpy() - 1], figures.index)
    told = [name for name in figures if figures[name].min() < figures[name].max()] if len(figures) >= FEWEST else []
    parts = [_of_metric(name, figures[name], drawn, uncertain) for name in told]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)


def _of_metric(name: str, figure: pd.Series, drawn: pd.DataFrame, uncertain: Sequence[Factor]) -> pd.DataFrame:
    found = [stats.spearmanr(drawn[i], figure, nan_policy="omit") for i in range(len(uncertain))]
    p_value = np.array([result.pvalue for result in found])
    table = pd.DataFrame(
        {
            "metric": name,
            "factor": [factor.name for factor in uncertain],
            "table": [factor.table for factor in uncertain],
            "rows": [len(factor.rows) for factor in uncertain],
            "correlation": [result.statistic for result in found],
            "p_value": p_value,
            "significant": stats.false_discovery_control(p_value) < FALSE,
        }
    )
    table = table.sort_values("correlation", key=np.abs, ascending=False, kind="stable", ignore_index=True)
    table.insert(1, "rank", table.index + 1)
    return table
