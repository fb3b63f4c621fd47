"""A linear-programming model of critical-mineral supply.

>>> import supplychain
>>> result = supplychain.run("status_quo")
>>> result.dependence
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from supplychain.facts.dataset import Dataset
    from supplychain.facts.dataset import read as read_data
    from supplychain.facts.errors import InfeasibleError, InputError, LeftOutWarning
    from supplychain.results.result import Result, load
    from supplychain.results.run import run
    from supplychain.scenario.scenario import Scenario
    from supplychain.scenario.scenario import read as read_scenario
    from supplychain.studies.ensemble.ensemble import ensemble
    from supplychain.studies.explain.explanation import Explanation, explain

__all__ = [
    "Dataset",
    "Explanation",
    "InfeasibleError",
    "InputError",
    "LeftOutWarning",
    "Result",
    "Scenario",
    "ensemble",
    "explain",
    "load",
    "read_data",
    "read_scenario",
    "run",
]

_FACE = {
    "Dataset": ("facts.dataset", "Dataset"),
    "Explanation": ("studies.explain.explanation", "Explanation"),
    "InfeasibleError": ("facts.errors", "InfeasibleError"),
    "InputError": ("facts.errors", "InputError"),
    "LeftOutWarning": ("facts.errors", "LeftOutWarning"),
    "Result": ("results.result", "Result"),
    "Scenario": ("scenario.scenario", "Scenario"),
    "ensemble": ("studies.ensemble.ensemble", "ensemble"),
    "explain": ("studies.explain.explanation", "explain"),
    "load": ("results.result", "load"),
    "read_data": ("facts.dataset", "read"),
    "read_scenario": ("scenario.scenario", "read"),
    "run": ("results.run", "run"),
}


def __getattr__(name: str) -> Any:
    """A name of the public face, loaded when it is first asked for, so that `supplychain --help` loads nothing."""
    if name not in _FACE:
        raise AttributeError(f"module 'supplychain' has no attribute {name!r}")
    # Results know nothing of figures; the package's face is where the two meet.
    result = import_module("supplychain.results.result").Result
    result.plot = property(import_module("supplychain.show.figures").Plotter)
    module, attribute = _FACE[name]
    globals()[name] = getattr(import_module(f"supplychain.{module}"), attribute)
    return globals()[name]


def __dir__() -> list[str]:
    return sorted([*globals(), *_FACE])
