"""The model's own parameters: what no source gives by itself, the same for every mineral (table `parameters`)."""

from __future__ import annotations

import pandas as pd

from supplychain.facts.dataset import Dataset
from supplychain.facts.errors import Fault, InputError

# What holds where the facts leave a parameter out.
DEFAULTS = {
    "run_out": 0.05,
    "qualifying": 0.015,
    "pace": 0.1,
    "growth_quantile": 0.5,
    "growth_span": 5.0,
    "own_growth": 0.05,
    "dearest": 0.1,
    "spread": 0.2,
    "tail": 0.02,
    "restart": 2.0,
    "sunk": 0.5,
}
# All others are shares.
YEARS = ("growth_span", "restart")


def parameters(dataset: Dataset) -> pd.DataFrame:
    """Every parameter once, in the order of `DEFAULTS`: parameter, value.

    Raises
    ------
    InputError : a share above 1, or a span that is no whole number of years.
    """
    table = dataset["parameters"]
    given = table.set_index("parameter")["value"]
    faults = [
        Fault(dataset.path / "parameters.csv", row + 2, 2, f"value: {name} is {value:g}, {fault}")
        for row, (name, value) in enumerate(given.items())
        if (fault := _fault(str(name), value))
    ]
    if faults:
        raise InputError(faults)
    return given.reindex(list(DEFAULTS)).fillna(pd.Series(DEFAULTS)).rename_axis("parameter").reset_index()


def _fault(name: str, value: float) -> str:
    if name in YEARS:
        return "" if value >= 1 and value % 1 == 0 else "which is no whole number of years"
    return "" if value <= 1 else "above 1, the most that a share can be"


def parameter(table: pd.DataFrame, name: str) -> float:
    """One value of what `parameters` gives."""
    return float(table.set_index("parameter").loc[name, "value"])
