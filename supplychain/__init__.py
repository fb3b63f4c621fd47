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
    from supplychain.studies.findings import Findings
    from supplychain.studies.frontier import frontier
    from supplychain.studies.screen import screen
    from supplychain.studies.space import space
    from supplychain.studies.stochastic import stochastic

__all__ = [
    "Dataset",
    "Explanation",
    "Findings",
    "InfeasibleError",
    "InputError",
    "LeftOutWarning",
    "Result",
    "Scenario",
    "ensemble",
    "explain",
    "frontier",
    "load",
    "read_data",
    "read_scenario",
    "run",
    "screen",
    "space",
    "stochastic",
]

_FACE = {
    "Dataset": ("facts.dataset", "Dataset"),
    "Explanation": ("studies.explain.explanation", "Explanation"),
    "Findings": ("studies.findings", "Findings"),
    "InfeasibleError": ("facts.errors", "InfeasibleError"),
    "InputError": ("facts.errors", "InputError"),
    "LeftOutWarning": ("facts.errors", "LeftOutWarning"),
    "Result": ("results.result", "Result"),
    "Scenario": ("scenario.scenario", "Scenario"),
    "ensemble": ("studies.ensemble.ensemble", "ensemble"),
    "explain": ("studies.explain.explanation", "explain"),
    "frontier": ("studies.frontier", "frontier"),
    "load": ("results.result", "load"),
    "read_data": ("facts.dataset", "read"),
    "read_scenario": ("scenario.scenario", "read"),
    "run": ("results.run", "run"),
    "screen": ("studies.screen", "screen"),
    "space": ("studies.space", "space"),
    "stochastic": ("studies.stochastic", "stochastic"),
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
