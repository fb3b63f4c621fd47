"""What each policy costs at the margin: its limit moved a little, each way, and how far the price holds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.solve.nearby import Nearby, Side, same
from supplychain.studies.explain.terrain import Terrain
from supplychain.studies.settings import Setting, settings

COLUMNS = ["policy", "kind", "setting", "asked_least", "asked_most", "unit", "more_usd", "less_usd", "more_holds"]
COLUMNS = [*COLUMNS, "less_holds", "single"]
FIRST = 1e-2  # of a setting's size: the first step that is tried


def policy_prices(terrain: Terrain, nearby: Nearby, money_unit: float) -> pd.DataFrame:
    """What a little more, and a little less, of each policy's limit costs.

    Parameters
    ----------
    nearby : the solved program. money_unit : its unit of money.

    Returns
    -------
    DataFrame, one row a policy with a limit: policy, kind, setting (the field that sets the limit), asked_least and
    asked_most (over its years, in the field's own unit), unit (natural unit of the prices), more_usd and less_usd (what
    a unit more, or less, adds to the cost, present value, all its years moved alike; negative: it saves), more_holds
    and less_holds (units up to which each holds), single (whether one is the other with its sign turned). Not a
    number: no plan is left that way, or, where what holds is none either, it can go no further.
    """
    rows = [_row(terrain, nearby, setting, money_unit) for setting in settings(terrain.story)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(terrain: Terrain, nearby: Nearby, setting: Setting, money: float) -> tuple[object, ...]:
    (up, more, more_holds), (down, less, less_holds) = (_way(terrain, nearby, setting, way, money) for way in (1, -1))
    asked = (min(setting.values), max(setting.values))
    about = (setting.policy, setting.kind, setting.field, *asked, setting.unit.name)
    single = up is not None and down is not None and same(up.slope, down.slope)
    return (*about, more, less, more_holds, less_holds, single)


def _way(
    terrain: Terrain, nearby: Nearby, setting: Setting, way: float, money: float
) -> tuple[Side | None, float, float]:
    """The price one way, what a unit that way adds to the cost, and for how many units."""
    change = terrain.along(setting, nearby.here.value, way)
    if change is None:
        return None, np.nan, np.nan
    side = nearby.side(change, way * FIRST * setting.size)
    # Adding nil turns a negative nil into a plain one.
    return (side, way * side.slope * money + 0.0, abs(side.reach)) if side else (None, np.nan, 0.0)
