"""Limits on dependence (eq. 7): caps and floors on the share of a market's supply that passes through a group."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import pandas as pd
from pydantic import Field

from supplychain.dataset import Dataset
from supplychain.policies.base import ALL, Policy, Share, Stage, Tables, Year, appended, by_year, members

EACH = "each"


class _SupplierLimit(Policy):
    """A limit on the share of a market's primary supply that passes through a group at a stage (eq. 7)."""

    group: str | list[str] = Field(
        description="a group of groups.csv, a country, a list of these taken together, or `each`: every "
        "country outside the market on its own"
    )
    stages: list[Stage] = Field(description="stages at which the share is counted")
    by: Literal["place", "owner"] = Field(
        "place", description="count a plant by the country where it stands, or by the nationality of its owners"
    )
    basket: Literal["each", "value"] = Field(
        "each",
        description="`each`: every mineral on its own; `value`: all of the policy's minerals together, each tonne "
        "weighing its normal price",
    )
    market: str = Field("USA", description="the market whose supply is counted, or `all` markets together")
    share: Share | dict[Year, Share] = Field(description="share of all primary supply, by year if a map")

    def names(self) -> Iterable[tuple[str, str, str]]:
        yield from super().names()
        groups = [self.group] if isinstance(self.group, str) else self.group
        yield from (("group", "groups+countries", name) for name in groups if name != EACH)
        yield from [("market", "markets", self.market)] if self.market != ALL else []

    def _limit(self, policy: str, tables: Tables, dataset: Dataset, horizon: range, sense: int) -> Tables:
        inside = self._members(dataset)
        frame = self._stages(dataset, self.stages).merge(inside[["scope"]].drop_duplicates(), how="cross")
        frame = frame.merge(by_year(self.share, self.active(horizon)), how="cross")
        frame = frame.assign(
            policy=policy,
            kind=self.kind,  # type: ignore[attr-defined]
            by=self.by,
            basket="" if self.basket == "each" else policy,
            market=self.market,
            share=frame["value"],
            tonnes=0.0,
            sense=sense,
        )
        return {"limits": appended(tables["limits"], frame), "members": appended(tables["members"], inside)}

    def _members(self, dataset: Dataset) -> pd.DataFrame:
        if self.group == EACH:
            countries = dataset["countries"]
            abroad = countries.loc[(countries["market"] != self.market) & (countries["country"] != "XXX"), "country"]
            return pd.DataFrame({"scope": abroad, "country": abroad}).reset_index(drop=True)
        scope = self.group if isinstance(self.group, str) else "+".join(self.group)
        return pd.DataFrame({"scope": scope, "country": members(dataset, self.group)})


class SupplierCap(_SupplierLimit):
    """At most this share of a market's supply may pass through the group at each of the stages."""

    kind: Literal["supplier_cap"]

    def edit(self, policy: str, tables: Tables, dataset: Dataset, horizon: range) -> Tables:
        return self._limit(policy, tables, dataset, horizon, sense=1)


class SupplierFloor(_SupplierLimit):
    """At least this share of a market's supply must pass through the group at each of the stages."""

    kind: Literal["supplier_floor"]

    def edit(self, policy: str, tables: Tables, dataset: Dataset, horizon: range) -> Tables:
        return self._limit(policy, tables, dataset, horizon, sense=-1)


KINDS = (SupplierCap, SupplierFloor)
