"""The ways out of Central Asia: every move takes one, and legs carry what they can (eq. 6)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.program.lp import LinearProgram, Terms
from supplychain.program.variables.steps import unit_of
from supplychain.system.build import System
from supplychain.system.pattern import STAGES

KEYS = ["kind", "move", "year"]
LEG_UNIT_T = 1e5


def corridor_balance(lp: LinearProgram, system: System) -> None:
    """Eq. 6: what moves out of or into Central Asia is spread over the ways that are there."""
    shipped = lp.variables["shipped"]
    table = shipped.table[["mineral", "stage", "origin", "destination", *KEYS]].drop_duplicates(KEYS)
    lp.constrain(
        "corridor_balance",
        table,
        *_moving(lp, system),
        -shipped.by(*KEYS),
        lower=0,
        upper=0,
        unit=unit_of(table, system),
    )


def _moving(lp: LinearProgram, system: System) -> list[Terms]:
    """Tonnes of every move: deliveries and feeds, of traced paths and of pooled markets."""
    flow, delivered, feed = (lp.variables[name] for name in ("flow", "delivered", "feed"))
    ratio = system.chain.set_index(["mineral", "stage"])["ratio"]
    terms = [_labelled(lp, "flow", "delivery", "delivery", np.ones(len(flow)))]
    for stage in (*STAGES[:-1], "hub"):
        column, at = ("hub_feed", None) if stage == "hub" else (f"feed_{stage}", stage)
        keys = pd.MultiIndex.from_frame(flow.table[["mineral"]].assign(stage=at))
        weight = np.ones(len(flow)) if at is None else ratio.reindex(keys).to_numpy()
        terms.append(_labelled(lp, "flow", column, "feed", weight))
    pooled = np.flatnonzero(~delivered.table["traced"])
    keys = delivered.table.loc[pooled, ["delivery", "year"]].set_axis(["move", "year"], axis=1)
    terms.append(delivered.at(keys.assign(kind="delivery"), pooled))
    return [
        *terms,
        feed.at(feed.table[["feed", "year"]].set_axis(KEYS[1:], axis=1).assign(kind="feed"), np.arange(len(feed))),
    ]


def _labelled(lp: LinearProgram, name: str, column: str, kind: str, weight: np.ndarray) -> Terms:
    """A variable's columns labelled by the move that one of its columns names; rows without one are left out."""
    variable = lp.variables[name]
    on = np.flatnonzero(variable.table[column].notna())
    keys = variable.table.loc[on, [column, "year"]].set_axis(["move", "year"], axis=1)
    return variable.at(keys.astype({"move": int}).assign(kind=kind), on, weight[on])


def leg_capacity(lp: LinearProgram, system: System) -> None:
    """Eq. 6: the cargo on a leg stays within its capacity less other traffic; concentrate weighs more than metal."""
    shipped = lp.variables["shipped"]
    limited = system.legs[np.isfinite(system.legs["capacity_t"])]
    cargo = shipped.table[["country", "zone", "corridor", "year", "gross_t_per_t"]].assign(row=np.arange(len(shipped)))
    cargo = cargo.merge(system.way_legs, on=["country", "zone", "corridor"])
    keys = ["leg", "year"]
    lp.constrain(
        "leg_capacity",
        limited[keys],
        shipped.at(cargo[keys], cargo["row"], cargo["gross_t_per_t"]),
        upper=(limited["capacity_t"] - limited["background_t"]).clip(lower=0.0),
        unit=LEG_UNIT_T,
        links=True,
    )
