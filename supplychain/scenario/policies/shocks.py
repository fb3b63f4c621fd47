"""What fails: capacity that is lost."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from supplychain.facts.dataset import PLACE, Dataset
from supplychain.scenario.policies.base import (
    ALL,
    Countries,
    MineralPolicy,
    ShareByYear,
    Shock,
    StagesOrAll,
    Tables,
    Unit,
    in_rows,
    matching,
    members,
)
from supplychain.scenario.policies.limits import BY, By


class CapacityLoss(MineralPolicy, Shock):
    """Part of the capacity of countries cannot run: an accident, a strike, a war, a plant that is shut.

    What exists and what has been built since give only (1 - share) of their tonnes in the years (docs/model.md, eq.
    3). By owner, the plants of the countries' companies are hit wherever they stand; of capacity built since, the
    part that such companies own today at the place.
    """

    kind: Literal["capacity_loss"]
    limits: ClassVar = {"share": Unit("percentage point of capacity", 0.01, 1.0)}
    example: ClassVar[str] = """
sponge_accident:
  kind: capacity_loss
  countries: [KAZ]
  minerals: [titanium]
  stages: [refine]
  share: 0.5
  years: [2027, 2028]
  assumption: a stress test
"""
    countries: Countries = Field(description="countries or groups whose capacity is hit")
    stages: StagesOrAll = Field(ALL, description="stages that are hit")
    by: By = Field("place", description=BY)
    share: ShareByYear = Field(1.0, description="part of the capacity lost (1 = all), by year if a map")

    def edit(self, policy: str, tables: Tables, dataset: Dataset, horizon: range) -> Tables:
        hit, stages, years = members(dataset, self.countries), self._made(tables, self.stages), self.active(horizon)
        existing, built = tables["existing"], tables["availability"]
        whose = existing["country" if self.by == "place" else "owner"]
        part = np.where(matching(existing, stages) & whose.isin(hit), 1.0, 0.0)
        owned = self._part_hit(tables, built, hit) * matching(built, stages)
        return {
            "existing": existing.assign(existing_t=existing["existing_t"] * self._left(existing, part, years)),
            "availability": built.assign(factor=built["factor"] * self._left(built, owned, years)),
        }

    def _left(self, table: pd.DataFrame, part: np.ndarray, years: list[int]) -> pd.Series:
        """What is left of each row's capacity when this part of it is hit."""
        return 1.0 - in_rows(self.share, table, years).fillna(0.0) * part

    def _part_hit(self, tables: Tables, built: pd.DataFrame, hit: list[str]) -> np.ndarray:
        """Part of each place's capacity that is the countries'."""
        if self.by == "place":
            return built["country"].isin(hit).to_numpy(dtype=float)
        owners = tables["owners"]
        share = owners[owners["owner"].isin(hit)].groupby(PLACE)["share"].sum()
        return share.reindex(pd.MultiIndex.from_frame(built[PLACE]), fill_value=0.0).to_numpy()


KINDS = (CapacityLoss,)
