"""Why there is no plan: the policies that clash, and the least change of each that would do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pandas as pd

from supplychain.facts.errors import InfeasibleError
from supplychain.program.lp import Arrays, LinearProgram
from supplychain.scenario.policies import kind_of
from supplychain.solve.highs import Solver
from supplychain.solve.relax import least_step, some_plan
from supplychain.studies.explain.terrain import Terrain
from supplychain.studies.settings import Setting, settings
from supplychain.system.build import System

Posed = tuple[System, LinearProgram, Terrain]
COLUMNS = ["policy", "kind", "file", "line", "setting", "unit", "change", "asked_least", "asked_most"]
COLUMNS = [*COLUMNS, "would_do_least", "would_do_most"]
PASSES = 6  # what a share is a share of may differ in the plan that the change allows
TIGHT = 0.995  # of a change: so much less of it leaves no plan
SURE = 1e-7  # more of the change than the least, for the solver's tolerance


def conflicts(posed: Callable[[frozenset[str]], Posed], error: InfeasibleError) -> Iterator[list[str]]:
    """Least sets of policies that leave no plan, each of those that are left when the ones before are dropped.

    Parameters
    ----------
    posed : system, program and terrain of the scenario without some policies. error : names what cannot all hold.

    Returns
    -------
    The last is empty where the facts alone leave no plan.
    """
    dropped: frozenset[str] = frozenset()
    found: InfeasibleError | None = error
    while found:
        fault = at_fault(posed(dropped)[2], found)
        yield fault
        dropped |= set(fault)
        _, program, terrain = posed(dropped)
        found = _irreducible(program, terrain.now) if fault and some_plan(terrain.now) is None else None


def _irreducible(program: LinearProgram, arrays: Arrays) -> InfeasibleError | None:
    try:
        Solver(program, arrays).solve()
    except InfeasibleError as error:
        return error
    return None


def at_fault(terrain: Terrain, error: InfeasibleError) -> list[str]:
    """A least set of policies that leave no plan.

    Those that an irreducible conflict touches, less those without which there is none either: limits of nature may
    stand in their place.

    Parameters
    ----------
    terrain : of the scenario as it was known when no plan was found. error : names what cannot all hold.
    """
    needed, left = [], terrain.now
    for policy in terrain.story.policies:
        limits = terrain.written(policy)
        if limits.rows[error.rows].any() or limits.columns[error.columns].any():
            fewer = limits.taken_out(left)
            if some_plan(fewer) is None:
                left = fewer
            else:
                needed.append(policy)
    return needed


def without_others(terrain: Terrain, fault: Iterable[str], program: LinearProgram) -> InfeasibleError | None:
    """An irreducible conflict of these policies' limits with those of nature alone."""
    left = terrain.now
    for policy in set(terrain.story.policies) - set(fault):
        left = terrain.written(policy).taken_out(left)
    return _irreducible(program, left)


def clashing(terrain: Terrain, fault: Iterable[str]) -> pd.DataFrame:
    """The policies that clash, and by how much each alone would have to give way.

    Returns
    -------
    DataFrame, one row a policy: policy, kind, file, line (where its setting stands), setting (blank where it has none
    that is a limit), unit, change (natural units by which the setting would have to move in all its years; not a
    number: no change of it alone would do), asked_least and asked_most (over the years), would_do_least and
    would_do_most (the same after the change).
    """
    known = {setting.policy: setting for setting in settings(terrain.story)}
    return pd.DataFrame([_row(terrain, policy, known.get(policy)) for policy in fault], columns=COLUMNS)


def _row(terrain: Terrain, policy: str, setting: Setting | None) -> tuple[object, ...]:
    kind = kind_of(type(terrain.story.policies[policy]))
    file, line, _ = terrain.story.where(policy, *([setting.field] if setting else []))
    if setting is None:
        return (policy, kind, str(file), line, "", "", *(np.nan,) * 5)
    change = least_change(terrain, setting)
    after = setting.moved(change).values if np.isfinite(change) else [np.nan]
    asked = (min(setting.values), max(setting.values))
    about = (policy, kind, str(file), line, setting.field, setting.unit.name)
    return (*about, change, *asked, min(after), max(after))


def least_change(terrain: Terrain, setting: Setting) -> float:
    """The least change of a setting, natural units, with which there is a plan; not a number where there is none."""
    found = [_least_one_way(terrain, setting, way) for way in (1.0, -1.0)]
    return min((step for step in found if np.isfinite(step)), key=abs, default=np.nan)


def _least_one_way(terrain: Terrain, setting: Setting, way: float) -> float:
    """The least change one way: along the straight line that it begins with, and where that bends by halving."""
    step = way * _straight(terrain, setting, way)
    if np.isfinite(step) and terrain.allows(setting, step) and not terrain.allows(setting, TIGHT * step):
        return step
    none, enough = 0.0, way * setting.room(way)
    if not enough or not terrain.allows(setting, enough):
        return np.nan
    while abs(enough - none) > (1.0 - TIGHT) * abs(enough):
        half = (none + enough) / 2.0
        none, enough = (none, half) if terrain.allows(setting, half) else (half, enough)
    return enough


def _straight(terrain: Terrain, setting: Setting, way: float) -> float:
    """The least step along where a setting leads at first; infinite where none leaves a plan."""
    plan, step = some_plan(terrain.written(setting.policy).taken_out(terrain.now)), np.inf
    if plan is None:
        return np.inf
    for _ in range(PASSES):
        change = terrain.along(setting, plan, way)
        found = least_step(terrain.now, change.times(way)) if change else None
        if found is None:
            return np.inf
        before, (step, plan) = step, found
        if abs(step - before) <= SURE * step:
            break
    return step * (1.0 + SURE)
