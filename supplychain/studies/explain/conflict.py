"""Why there is no plan: the policies that clash, and the least change of each that would do."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from supplychain.facts.errors import InfeasibleError
from supplychain.program.lp import LinearProgram
from supplychain.solve.highs import Solver
from supplychain.solve.relax import least_step, some_plan
from supplychain.studies.explain.settings import Setting, Terrain, settings

COLUMNS = ["policy", "kind", "file", "line", "setting", "unit", "change", "asked_least", "asked_most"]
COLUMNS = [*COLUMNS, "would_do_least", "would_do_most"]
PASSES = 6  # what a share is a share of may differ in the plan that the change allows
SURE = 1e-7  # more of the change than the least, for the solver's tolerance


def at_fault(terrain: Terrain, error: InfeasibleError) -> list[Setting]:
    """The settings of a least set of policies that leave no plan.

    Those that an irreducible conflict touches, less those without which there is none either: limits of nature may
    stand in their place.

    Parameters
    ----------
    terrain : of the scenario as it was known when no plan was found. error : names what cannot all hold.
    """
    needed, left = [], terrain.now
    for setting in settings(terrain.story):
        limits = terrain.written(setting.policy)
        if limits.rows[error.rows].any() or limits.columns[error.columns].any():
            fewer = limits.taken_out(left)
            if some_plan(fewer) is None:
                left = fewer
            else:
                needed.append(setting)
    return needed


def without_others(terrain: Terrain, fault: Iterable[Setting], program: LinearProgram) -> InfeasibleError | None:
    """An irreducible conflict of these policies' limits with those of nature alone."""
    mine, left = {setting.policy for setting in fault}, terrain.now
    for setting in settings(terrain.story):
        if setting.policy not in mine:
            left = terrain.written(setting.policy).taken_out(left)
    try:
        Solver(program, left).solve()
    except InfeasibleError as error:
        return error
    return None


def clashing(terrain: Terrain, fault: Iterable[Setting]) -> pd.DataFrame:
    """The policies that clash, and by how much each alone would have to give way.

    Returns
    -------
    DataFrame, one row a policy: policy, kind, file, line (where its setting stands), setting, unit, change (natural
    units by which the setting would have to move in all its years; not a number: no change of it alone would do),
    asked_least and asked_most (over the years), would_do_least and would_do_most (the same after the change).
    """
    return pd.DataFrame([_row(terrain, setting) for setting in fault], columns=COLUMNS)


def _row(terrain: Terrain, setting: Setting) -> tuple[object, ...]:
    file, line, _ = terrain.story.where(setting.policy, setting.field)
    change = least_change(terrain, setting)
    asked = (min(setting.values), max(setting.values))
    after = (value + change * setting.unit.size for value in asked)
    about = (setting.policy, setting.kind, str(file), line, setting.field, setting.unit.name)
    return (*about, change, *asked, *after)


def least_change(terrain: Terrain, setting: Setting) -> float:
    """The least change of a setting, natural units, with which there is a plan; not a number where there is none."""
    found = [_least_one_way(terrain, setting, way) for way in (1.0, -1.0)]
    return min((step for step in found if np.isfinite(step)), key=abs, default=np.nan)


def _least_one_way(terrain: Terrain, setting: Setting, way: float) -> float:
    plan = some_plan(terrain.written(setting.policy).taken_out(terrain.now))
    if plan is None:
        return np.nan
    step = np.inf
    for _ in range(PASSES):
        found = least_step(terrain.now, terrain.along(setting, plan, way).times(way))
        if found is None:
            return np.nan
        before, (step, plan) = step, found
        if abs(step - before) <= SURE * step:
            break
    return way * step * (1.0 + SURE)
