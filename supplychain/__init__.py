"""A linear-programming model of critical-mineral supply.

>>> import supplychain
>>> result = supplychain.run("status_quo")
>>> result.dependence
"""

from supplychain.dataset import Dataset
from supplychain.dataset import read as read_data
from supplychain.errors import InfeasibleError, InputError
from supplychain.job import run
from supplychain.plots import Plotter
from supplychain.results import Result, load
from supplychain.scenario import Scenario
from supplychain.scenario import read as read_scenario

# Results know nothing of plots; the package's face is where the two meet.
Result.plot = property(Plotter)  # type: ignore[attr-defined]

__all__ = [
    "Dataset",
    "InfeasibleError",
    "InputError",
    "Result",
    "Scenario",
    "load",
    "read_data",
    "read_scenario",
    "run",
]
