"""Limits on dependence (eq. 7): caps and floors on the share of a market's supply that passes through a group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

import pandas as pd
from pydantic import Field

from supplychain.facts.dataset import OTHER, Dataset
from supplychain.scenario.policies.base import (
    ALL,
    COUNTRY,
    MARKET,
    POINT,
    Market,
    MineralPolicy,
    Named,
    NameOrNames,
    ShareByYear,
    SupplyStage,
    Tables,
    appended,
    by_year,
    crossed,
    members,
    places,
)

EACH = "each"
CAP, FLOOR = 1, -1
Scoped = Named(COUNTRY.what, COUNTRY.columns, (EACH,))
Served = Named(MARKET.what, MARKET.columns, (ALL,))
Stages = Annotated[list[SupplyStage], Field(min_length=1)]
By = Literal["place", "owner"]
BY = "count a plant by the country where it stands (`place`), or by the nationality of its owners (`owner`)"


def share_limits(
    tables: Tables, stages: pd.DataFrame, scopes: pd.DataFrame, values: pd.DataFrame, **constants: Any
) -> Tables:
    """The tables `limits` and `members` with one limit for each stage, scope and year.

    Parameters
    ----------
    stages : mineral, stage, and `scope` where not every scope matters at each. scopes : scope, country (who is
        inside). values : year, value (share of all supply).
    constants : the other columns of `limits`: policy, kind, by, basket, market, sense, tonnes.
    """
    each = stages if "scope" in stages else crossed(stages, scopes[["scope"]].drop_duplicates())
    frame = crossed(each, values)
    frame = frame.assign(share=frame["value"], **constants)
    inside = appended(tables["members"], scopes).drop_duplicates(ignore_index=True)
    return {"limits": appended(tables["limits"], frame), "members": inside}


def scope(dataset: Dataset, groups: str | Sequence[str]) -> pd.DataFrame:
    """scope, country: a group, a country, or a list of these taken together, under one name."""
    name = groups if isinstance(groups, str) else "+".join(groups)
    return pd.DataFrame({"scope": name, "country": members(dataset, groups)})


def abroad(dataset: Dataset, market: str) -> pd.DataFrame:
    """scope, country: every country outside the market on its own."""
    countries = dataset["countries"]
    outside = countries.loc[(countries["market"] != market) & (countries["country"] != OTHER), "country"]
    return pd.DataFrame({"scope": outside, "country": outside}).reset_index(drop=True)


class _SupplierLimit(MineralPolicy):
    """A limit on the share of a market's primary supply that passes through a group at a stage (eq. 7)."""

    limits: ClassVar = {"share": POINT}
    group: Annotated[NameOrNames, Scoped] = Field(
        description="a group of groups.csv, a country, a list of these taken together, or `each`: every "
        "country outside the market on its own"
    )
    stages: Stages = Field(
        description="stages at which the share is counted: `mine`, `refine`, `fabricate`, looked through to where it "
        "was done, or `supply`, the last supplier before the market, as customs see it"
    )
    by: By = Field("place", description=BY)
    basket: Literal["each", "value"] = Field(
        "each",
        description="`each`: every mineral on its own; `value`: all of the policy's minerals together, each tonne "
        "weighing its normal price",
    )
    market: Annotated[str, Served] = Field(
        "USA", description="the market whose supply is counted, or `all` traced markets together"
    )
    share: ShareByYear = Field(description="share of all primary supply (1 = all), by year if a map")

    def _limit(self, policy: str, kind: str, tables: Tables, dataset: Dataset, horizon: range, sense: int) -> Tables:
        scopes = abroad(dataset, self.market) if self.group == EACH else scope(dataset, self.group)
        return share_limits(
            tables,
            self._where(tables, scopes),
            scopes,
            by_year(self.share, self.active(horizon)),
            policy=policy,
            kind=kind,
            by=self.by,
            basket="" if self.basket == "each" else policy,
            market=self.market,
            sense=sense,
            tonnes=0.0,
        )

    def _where(self, tables: Tables, scopes: pd.DataFrame) -> pd.DataFrame:
        """mineral, stage, and for `each` country by place the scopes that make or send anything there."""
        stages = self._stages(tables, self.stages)
        if self.group != EACH or self.by == "owner":
            return stages
        known = places(tables).rename(columns={"country": "scope"}).merge(stages, on=["mineral", "stage"])
        return known[known["scope"].isin(scopes["scope"])]


class SupplierCap(_SupplierLimit):
    """At most this share of a market's supply may pass through the group at each of the stages.

    The share is of all primary supply, home output included, so that nothing slips past when use is forgone or
    scrap is used: tonnes through the group <= share x all tonnes (docs/model.md, eq. 7). The EU's rule of 65 % from
    any one country (Regulation (EU) 2024/1252, article 5) is a cap on `each`.
    """

    kind: Literal["supplier_cap"]
    example: ClassVar[str] = """
concern_cap:
  kind: supplier_cap
  group: feoc
  stages: [mine, refine]
  share: {2026: 1.0, 2030: 0.5}
  assumption: the path is ours
"""

    def edit(self, policy: str, tables: Tables, dataset: Dataset, horizon: range) -> Tables:
        return self._limit(policy, self.kind, tables, dataset, horizon, sense=CAP)


class SupplierFloor(_SupplierLimit):
    """At least this share of a market's supply must pass through the group at each of the stages.

    The cap's equation with the sign turned: tonnes through the group >= share x all tonnes (docs/model.md, eq. 7). What
    cannot be met makes the program infeasible, and the message says so; a floor is a promise, not a wish.
    """

    kind: Literal["supplier_floor"]
    example: ClassVar[str] = """
central_asian_floor:
  kind: supplier_floor
  group: central_asia
  minerals: [antimony]
  stages: [mine]
  share: {2028: 0.0, 2032: 0.1}
  assumption: a tenth of supply by 2032
"""

    def edit(self, policy: str, tables: Tables, dataset: Dataset, horizon: range) -> Tables:
        return self._limit(policy, self.kind, tables, dataset, horizon, sense=FLOOR)


class DomesticContent(MineralPolicy):
    """At least this share of the value of a market's supply is made at home, or by a group of friends.

    All of the policy's minerals are one basket in which a tonne weighs its normal price:
    sum of price x tonnes made inside >= share x sum of price x all tonnes (docs/model.md, eq. 7), stage by stage. The
    rule of the US clean-vehicle credit (26 U.S.C. 30D(e)(1)) counts value in this way.
    """

    kind: Literal["domestic_content"]
    limits: ClassVar = {"share": POINT}
    example: ClassVar[str] = """
battery_content:
  kind: domestic_content
  group: allies
  minerals: [lithium, nickel, cobalt]
  stages: [refine]
  share: {2026: 0.3, 2030: 0.6}
  assumption: a path like that of the clean-vehicle credit
"""
    group: Annotated[NameOrNames | None, COUNTRY] = Field(
        None,
        description="who counts as home: a group, a country or a list; without it the market's own countries",
    )
    stages: Stages = Field(description="stages at which the value is counted")
    by: By = Field("place", description=BY)
    market: Market = Field("USA", description="the market whose supply is counted")
    share: ShareByYear = Field(description="share of the basket's value (1 = all), by year if a map")

    def edit(self, policy: str, tables: Tables, dataset: Dataset, horizon: range) -> Tables:
        return share_limits(
            tables,
            self._stages(tables, self.stages),
            self._home(dataset) if self.group is None else scope(dataset, self.group),
            by_year(self.share, self.active(horizon)),
            policy=policy,
            kind=self.kind,
            by=self.by,
            basket=policy,
            market=self.market,
            sense=FLOOR,
            tonnes=0.0,
        )

    def _home(self, dataset: Dataset) -> pd.DataFrame:
        countries = dataset["countries"]
        inside = countries.loc[countries["market"] == self.market, "country"]
        return pd.DataFrame({"scope": f"domestic_{self.market}", "country": inside}).reset_index(drop=True)


KINDS = (SupplierCap, SupplierFloor, DomesticContent)
