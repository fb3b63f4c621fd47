"""Points of an ensemble: one row a run, one column a factor, each the quantile of the factor's range.

They depend on their number, the seed and the method alone, so that any worker can make any run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import qmc

from supplychain.program.lp import Floats
from supplychain.studies.ensemble.uncertain import Factor

Method = Literal["latin", "sobol"]


def points(runs: int, factors: int, seed: int, method: Method = "latin") -> Floats:
    """Runs by factors, each between 0 and 1, evenly spread over every factor.

    Raises
    ------
    ValueError : Sobol points are balanced only where their number is a power of two.
    """
    chance = np.random.default_rng(seed)
    if method == "latin":
        return np.asarray(qmc.LatinHypercube(factors, seed=chance).random(runs))
    if runs & (runs - 1):
        raise ValueError(f"{runs} runs: Sobol points are balanced in numbers like 256, 512 or 1024 only")
    return np.asarray(qmc.Sobol(factors, seed=chance).random(runs))


def table(quantiles: Floats, factors: Sequence[Factor]) -> pd.DataFrame:
    """The points as a table: run (from 1), factor, quantile."""
    runs, count = quantiles.shape
    return pd.DataFrame(
        {
            "run": np.repeat(np.arange(1, runs + 1), count),
            "factor": np.tile(np.array([factor.name for factor in factors], dtype=object), runs),
            "quantile": quantiles.ravel(),
        }
    )
