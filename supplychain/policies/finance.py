"""Policies that pay or lend: investment funds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import pandas as pd
from pydantic import Field

from supplychain.dataset import Dataset
from supplychain.policies.base import ALL, Amount, Policy, Share, Stage, Tables, appended


class InvestmentFund(Policy):
    """A fund pays part of the capital cost of new capacity, until its budget is spent (eq. 10)."""

    kind: Literal["investment_fund"]
    countries: list[str] = Field(description="countries in which it may invest")
    stages: list[Stage] | Literal["all"] = Field(ALL, description="stages in which it may invest")
    capex_share: Share = Field(description="part of a project's capital cost that it pays")
    budget_musd: Amount = Field(description="budget over all years, million USD")

    def names(self) -> Iterable[tuple[str, str, str]]:
        yield from super().names()
        yield from (("countries", "countries", name) for name in self.countries)

    def edit(self, policy: str, tables: Tables, dataset: Dataset, horizon: range) -> Tables:
        frame = self._stages(dataset, self.stages).merge(pd.DataFrame({"country": self.countries}), how="cross")
        years = self.active(horizon)
        frame = frame.assign(
            policy=policy,
            from_year=years[0] if years else 0,
            to_year=years[-1] if years else -1,
            capex_share=self.capex_share,
            budget_musd=self.budget_musd,
        )
        return {"funds": appended(tables["funds"], frame)}


KINDS = (InvestmentFund,)
