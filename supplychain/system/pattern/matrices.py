"""Matrices of tonnes and shares, from exporter or origin (rows) to importer, market or destination (columns)."""

from __future__ import annotations

import numpy as np
import pandas as pd

SMALLEST_FEED = 0.01
OWN_PART = 0.05


def matrix_of(trade: pd.DataFrame, value: str) -> pd.DataFrame:
    """Sums of a column by exporter (rows) and importer (columns)."""
    rows, exporters = pd.factorize(trade["exporter"])
    columns, importers = pd.factorize(trade["importer"])
    sums = np.zeros((len(exporters), len(importers)))
    np.add.at(sums, (rows, columns), trade[value].fillna(0.0))
    return pd.DataFrame(sums, exporters, importers)


def matters(tonnes: pd.DataFrame, watched: set[str]) -> pd.DataFrame:
    """Where one of those watched (rows) sends at least a twentieth of its own: no crumb, however large the buyer."""
    part = tonnes.div(tonnes.sum(axis=1).replace(0.0, np.nan), axis=0) >= OWN_PART
    return part & np.isin(tonnes.index, list(watched))[:, None]


def as_rows(table: pd.DataFrame, row: str, column: str, value: str = "base_t") -> pd.DataFrame:
    """The positive cells of a matrix, one a row."""
    long = table.rename_axis(index=row, columns=column).stack().rename(value).reset_index()
    return long[long[value] > 0].reset_index(drop=True)


def normalised(values: pd.Series) -> pd.Series:
    """Each value's share of their sum; as they are where that is nil."""
    return values / values.sum() if values.sum() > 0 else values


def without_crumbs(weights: pd.Series) -> pd.Series:
    """Shares, without the crumbs."""
    shares = normalised(weights)
    return normalised(shares.where(shares >= SMALLEST_FEED, 0.0))
