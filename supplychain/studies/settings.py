"""The settings of policies that are limits, and scenarios in which one of them is another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from supplychain.scenario.policies import kind_of
from supplychain.scenario.policies.base import Unit
from supplychain.scenario.scenario import Scenario

# Kinds that are not there at all where their share is nil.
BEGIN = ("export_ban", "capacity_loss")


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

    def moved(self, by: float) -> Setting:
        """The setting with so many natural units more in all its years.

        A year in which it is nil already, or a share all, does not move beyond; nor does one in which there is nothing
        yet to move.
        """

        def to(value: float) -> float:
            still = value == 0 and self.kind in BEGIN
            return value if still else min(max(value + by * self.unit.size, 0.0), self.unit.most)

        value = self.value
        return replace(self, value={year: to(v) for year, v in value.items()} if isinstance(value, dict) else to(value))

    def at(self, level: float) -> Setting:
        """The setting with another number in the last year that it names; the years between move in proportion.

        Parameters
        ----------
        level : in the field's own unit.
        """
        if not isinstance(self.value, dict):
            return replace(self, value=level)
        first, last = (self.value[year] for year in (min(self.value), max(self.value)))
        part = {year: (v - first) / (last - first) if last != first else 1.0 for year, v in self.value.items()}
        return replace(self, value={year: first + p * (level - first) for year, p in part.items()})

    def room(self, way: float) -> float:
        """Units by which it can become more, or less, in some year; where nothing ends it, ten times what is asked."""
        end = self.unit.most if np.isfinite(self.unit.most) else 10.0 * max(self.values)
        return (end - min(self.values) if way > 0 else max(self.values)) / self.unit.size

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
    """The scenario with a setting moved in all its years alike, by so many of its natural units."""
    return with_setting(story, setting.moved(by))


def with_setting(story: Scenario, setting: Setting) -> Scenario:
    """The scenario in which a policy has this setting."""
    changed = story.policies[setting.policy].model_copy(update={setting.field: setting.value})
    return replace(story, policies=story.policies | {setting.policy: changed})
