"""Policies on the way: corridors that are built out, crowded, or closed."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from supplychain.facts.dataset import Dataset
from supplychain.scenario.policies.base import (
    TONNE,
    AmountByYear,
    ChangeByYear,
    Named,
    Names,
    Shock,
    Tables,
    Unit,
    in_rows,
)

CORRIDOR = Named("corridor", (("legs", "corridor"),))
LEG = Named("leg", (("legs", "leg"),))


class Corridor(Shock):
    """A corridor out of Central Asia gets wider, faster, cheaper, dearer, or is closed.

    The legs named, or all of the corridor's own, change in the years: capacity is the cargo of all kinds that a
    leg can carry, of which other freight takes its part (docs/model.md, eq. 6). Closed is a capacity of nil. Where one
    way closes its other freight looks for another as well: `other_cargo_t` says how much comes to these legs. What is
    built out is announced; what is closed comes as a surprise.
    """

    kind: Literal["corridor"]
    limits: ClassVar = {"capacity_t": TONNE, "capacity_multiple": Unit("percent of capacity", 0.01)}
    example: ClassVar[str] = """
caspian_upgrade:
  kind: corridor
  corridor: middle
  capacity_multiple: {2026: 1.0, 2030: 2.0}
  days_multiple: {2026: 1.0, 2030: 0.5}
  assumption: the World Bank's target for 2030, shared out evenly over the legs
"""
    corridor: Annotated[str | None, CORRIDOR] = Field(None, description="corridor whose own legs change")
    legs: Annotated[Names | None, LEG] = Field(None, description="legs that change, one by one")
    closed: bool = Field(False, description="nothing passes")
    capacity_t: AmountByYear | None = Field(None, description="new capacity of each leg, tonnes of cargo a year")
    capacity_multiple: AmountByYear | None = Field(None, description="new capacity over that of the data (2 = twice)")
    other_cargo_t: ChangeByYear | None = Field(
        None, description="freight other than these minerals that comes to each leg, tonnes a year (below nil: leaves)"
    )
    cost_multiple: AmountByYear | None = Field(
        None, description="new freight over that of the data (1.2: a fifth dearer)"
    )
    cost_usd_per_t: ChangeByYear | None = Field(None, description="freight added to each leg, USD per tonne of cargo")
    days: AmountByYear | None = Field(None, description="new time on each leg, days")
    days_multiple: AmountByYear | None = Field(None, description="new time over that of the data (0.5 = half)")

    @model_validator(mode="after")
    def _says_what(self) -> Corridor:
        if not (self.corridor or self.legs):
            raise ValueError("a corridor policy needs a 'corridor' or 'legs'")
        if self.capacity_t is not None and self.capacity_multiple is not None:
            raise ValueError("give either 'capacity_t' or 'capacity_multiple'")
        if self.days is not None and self.days_multiple is not None:
            raise ValueError("give either 'days' or 'days_multiple'")
        return self

    def _sudden(self) -> bool:
        return self.closed

    def edit(self, policy: str, tables: Tables, dataset: Dataset, horizon: range) -> Tables:
        legs, years = tables["legs"], self.active(horizon)
        touched = (legs["corridor"] == self.corridor) | legs["leg"].isin(self.legs or [])

        def given(value: float | dict[int, float] | None) -> pd.Series:
            return in_rows(value, legs, years).where(touched)

        capacity = given(self.capacity_t).fillna(legs["capacity_t"]) * given(self.capacity_multiple).fillna(1.0)
        capacity = capacity.where(~(touched & legs["year"].isin(years) & self.closed), 0.0)
        other = (legs["background_t"] + given(self.other_cargo_t).fillna(0.0)).clip(lower=0.0)
        freight = legs["usd_per_t"] * given(self.cost_multiple).fillna(1.0) + given(self.cost_usd_per_t).fillna(0.0)
        edited = legs.assign(
            capacity_t=capacity,
            # Other freight is turned away with ours: it never fills more than what is left.
            background_t=np.minimum(other, capacity),
            usd_per_t=freight.clip(lower=0.0),
            days=given(self.days).fillna(legs["days"]) * given(self.days_multiple).fillna(1.0),
        )
        return {"legs": edited}


KINDS = (Corridor,)
