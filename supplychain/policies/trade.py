"""Policies at the border: export controls."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field

from supplychain.dataset import Dataset
from supplychain.policies.base import ALL, Policy, Share, Stage, Tables, Year, appended, by_year


class ExportBan(Policy):
    """Exports of the countries are cut to (1 - share) of their base-year tonnes.

    Against one market, its own paths are cut, through third countries too, and partners are swapped;
    against all, every border crossing at the stage is. Controls leak: `share` is the part really cut.
    """

    kind: Literal["export_ban"]
    countries: list[str] = Field(description="the countries whose exports stop")
    against: list[str] | Literal["all"] = Field(ALL, description="the markets that are cut off, or all")
    stages: list[Stage] | Literal["all"] = Field(ALL, description="stages whose product may not leave")
    share: Share | dict[Year, Share] = Field(1.0, description="part of the base-year exports really cut")

    def names(self) -> Iterable[tuple[str, str, str]]:
        yield from super().names()
        yield from (("countries", "countries", name) for name in self.countries)
        yield from (("against", "markets", name) for name in ([] if self.against == ALL else self.against))

    def edit(self, policy: str, tables: Tables, dataset: Dataset, horizon: range) -> Tables:
        against = [ALL] if self.against == ALL else list(self.against)
        frame = self._stages(dataset, self.stages)
        frame = frame.merge(pd.DataFrame({"country": self.countries}), how="cross")
        frame = frame.merge(pd.DataFrame({"against": against}), how="cross")
        frame = frame.merge(by_year(self.share, self.active(horizon)), how="cross")
        frame = frame.assign(policy=policy, kind=self.kind, cut=frame["value"], quota_t=np.nan)
        return {"export_limits": appended(tables["export_limits"], frame)}


KINDS = (ExportBan,)
