"""The settings of policies that are limits, and where each leads the program when it is moved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from supplychain.facts.dataset import Dataset
from supplychain.program.equations import build_program
from supplychain.program.lp import Arrays, Floats
from supplychain.scenario.policies import Tables, kind_of
from supplychain.scenario.policies.base import Unit
from supplychain.scenario.scenario import Scenario
from supplychain.solve.nearby import Change
from supplychain.solve.relax import Limits
from supplychain.system.build import build_system

SHARES = ("share", "collection", "least_share", "most_share")
SMALL = 1e-4  # of a setting's size: over so much of it the tables are taken to be straight


@dataclass(frozen=True)
class Setting:
    """One field of a policy that sets a limit.

    Attributes
    ----------
    value : as the policy has it, one number or one a year.
    """

    policy: str
    kind: str
    field: str
    unit: Unit
    value: float | dict[int, float]

    @property
    def values(self) -> list[float]:
        """Every number that it holds."""
        return list(self.value.values()) if isinstance(self.value, dict) else [self.value]

    @property
    def most(self) -> float:
        """The most that it can be."""
        return 1.0 if self.field in SHARES else np.inf

    @property
    def size(self) -> float:
        """What is much of it, in its natural units: ten, or the most that is asked."""
        return max(10.0, max(self.values) / self.unit.size)


def settings(story: Scenario) -> Iterator[Setting]:
    """The setting of each policy that has one, in the scenario's order."""
    for name, policy in story.policies.items():
        given = ((field, getattr(policy, field)) for field in policy.limits)
        field, value = next(((f, v) for f, v in given if v is not None), ("", None))
        if value is not None:
            yield Setting(name, kind_of(type(policy)), field, policy.limits[field], value)


def moved(story: Scenario, setting: Setting, by: float) -> Scenario:
    """The scenario with a setting moved in all its years alike, by so many of its natural units.

    A year in which it is nil already, or a share all, does not move beyond.
    """

    def to(value: float) -> float:
        return min(max(value + by * setting.unit.size, 0.0), setting.most)

    value: Any = setting.value
    value = {year: to(v) for year, v in value.items()} if isinstance(value, dict) else to(value)
    changed = story.policies[setting.policy].model_copy(update={setting.field: value})
    return replace(story, policies=story.policies | {setting.policy: changed})


@dataclass(frozen=True)
class Terrain:
    """A scenario's program, and how it changes with the settings of the policies.

    Attributes
    ----------
    base : the system's tables before any policy.
    whole : the program. now : the same with what earlier stages have settled.
    """

    story: Scenario
    known: Dataset
    base: Tables
    whole: Arrays
    now: Arrays
    _after: dict[tuple[str, float], Arrays] = field(default_factory=dict, repr=False)
    _written: dict[str, Limits] = field(default_factory=dict, repr=False)

    def along(self, setting: Setting, value: Floats, way: float) -> Change:
        """Where a unit more of a setting leads; what earlier stages have settled does not move.

        Parameters
        ----------
        value : of the columns, scaled: what a share is a share of.
        way : 1 as it becomes more, -1 as it becomes less. Only where it cannot go on one way do the two differ.
        """
        way = 1.0 if way < 0 and self._free(setting) else way
        by = SMALL * setting.size * way
        if (setting.policy, way) not in self._after:
            system = build_system(self.known, moved(self.story, setting, by), self.base)
            self._after[setting.policy, way] = build_program(system).arrays()
        whole, now = self.whole, self.now
        rows = (whole.row_lower == now.row_lower) & (whole.row_upper == now.row_upper)
        columns = (whole.lower == now.lower) & (whole.upper == now.upper)
        return Change.between(whole, self._after[setting.policy, way], value, by).within(rows, columns)

    def written(self, policy: str) -> Limits:
        """The rows and columns that are not what they would be without a policy, and what they would be."""
        if policy not in self._written:
            others = {name: fields for name, fields in self.story.policies.items() if name != policy}
            system = build_system(self.known, replace(self.story, policies=others), self.base)
            self._written[policy] = Limits.between(self.now, build_program(system).arrays())
        return self._written[policy]

    @staticmethod
    def _free(setting: Setting) -> bool:
        """Whether a setting can move both ways in all its years."""
        edge = SMALL * setting.size * setting.unit.size
        return edge <= min(setting.values) and max(setting.values) <= setting.most - edge
