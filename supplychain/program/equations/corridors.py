"""The ways out of Central Asia: every move takes one, and legs carry what they can (eq. 6)."""

from __future__ import annotations

import numpy as np

from supplychain.program.lp import LinearProgram, Terms
from supplychain.program.variables.steps import looked_up, unit_of
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
    of_delivery, of_feed = {"kind": "delivery"}, {"kind": "feed"}
    terms = [flow.by("year", move="delivery", always=of_delivery)]
    for stage in STAGES[:-1]:
        ratio = system.chain[system.chain["stage"] == stage].set_index("mineral")["ratio"]
        part = looked_up(flow.table["mineral"], ratio)
        terms.append(flow.by("year", move=f"feed_{stage}", always=of_feed, coefficient=part))
    pooled = np.flatnonzero(~delivered.table["traced"])
    return [
        *terms,
        flow.by("year", move="hub_feed", always=of_feed),
        delivered.by("year", move="delivery", always=of_delivery, rows=pooled),
        feed.by("year", move="feed", always=of_feed),
    ]


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
