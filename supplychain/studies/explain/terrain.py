"""Where each policy's setting leads the program when it is moved."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from supplychain.facts.dataset import Dataset
from supplychain.program.equations import build_program
from supplychain.program.equations.security import with_tangents
from supplychain.program.lp import Arrays, Flags, Floats, Ints, Keys
from supplychain.scenario.policies import Tables
from supplychain.scenario.scenario import Scenario
from supplychain.solve.nearby import Change
from supplychain.solve.relax import Limits, some_plan
from supplychain.studies.settings import Setting, moved
from supplychain.system.build import build_system

SMALL = 1e-4  # of a setting's size: over so much of it the tables are taken to be straight


@dataclass(frozen=True)
class Terrain:
    """A scenario's program, and how it changes with the settings of the policies.

    Attributes
    ----------
    base : the system's tables before any policy. tangents : of its limits on concentration.
    whole : the program. now : the same with what earlier stages have settled.
    """

    story: Scenario
    known: Dataset
    base: Tables
    tangents: pd.DataFrame
    whole: Arrays
    now: Arrays
    _after: dict[tuple[str, float], Arrays] = field(default_factory=dict, repr=False)
    _written: dict[str, Limits] = field(default_factory=dict, repr=False)

    def along(self, setting: Setting, value: Floats, way: float) -> Change | None:
        """Where a unit more of a setting leads; what earlier stages have settled does not move.

        Parameters
        ----------
        value : of the columns, scaled: what a share is a share of.
        way : 1 as it becomes more, -1 as it becomes less. Only where it cannot go on one way do the two differ.

        Returns
        -------
        None where it cannot move that way.
        """
        way = 1.0 if way < 0 and self._free(setting) else way
        by = SMALL * setting.size * way
        if setting.moved(by).value == setting.value:
            return None
        if (setting.policy, way) not in self._after:
            self._after[setting.policy, way] = self._program(moved(self.story, setting, by))
        rows, columns = self._open
        return Change.between(self.whole, self._after[setting.policy, way], value, by).within(rows, columns)

    def allows(self, setting: Setting, by: float) -> bool:
        """Whether there is a plan with a setting moved by so many units."""
        after, now = self._program(moved(self.story, setting, by)), self.now
        rows, columns = self._open
        row, column = _place(now.row_key, ~rows, after.row_key), _place(now.column_key, ~columns, after.column_key)
        settled = replace(
            after,
            row_lower=np.where(row >= 0, now.row_lower[row], after.row_lower),
            row_upper=np.where(row >= 0, now.row_upper[row], after.row_upper),
            lower=np.where(column >= 0, now.lower[column], after.lower),
            upper=np.where(column >= 0, now.upper[column], after.upper),
        )
        return some_plan(settled) is not None

    def _program(self, story: Scenario) -> Arrays:
        system = build_system(self.known, story, self.base)
        return with_tangents(build_program(system), system, self.tangents).arrays()

    @property
    def _open(self) -> tuple[Flags, Flags]:
        """The rows and columns that no earlier stage has settled."""
        whole, now = self.whole, self.now
        rows = (whole.row_lower == now.row_lower) & (whole.row_upper == now.row_upper)
        return rows, (whole.lower == now.lower) & (whole.upper == now.upper)

    def written(self, policy: str) -> Limits:
        """The rows and columns that are not what they would be without a policy, and what they would be."""
        if policy not in self._written:
            others = {name: fields for name, fields in self.story.policies.items() if name != policy}
            without = self._program(replace(self.story, policies=others))
            self._written[policy] = Limits.between(self.now, without)
        return self._written[policy]

    @staticmethod
    def _free(setting: Setting) -> bool:
        """Whether a setting can move both ways in all its years."""
        edge = SMALL * setting.size * setting.unit.size
        return edge <= min(setting.values) and max(setting.values) <= setting.unit.most - edge


def _place(known: Keys, these: Flags, wanted: Keys) -> Ints:
    """Where each wanted key stands among these of the known ones; -1 where it does not."""
    places = np.append(np.flatnonzero(these), -1)
    return places[pd.Index(known[these]).get_indexer(pd.Index(wanted))]
