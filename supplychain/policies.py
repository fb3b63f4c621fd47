"""The kinds of policy: the fields of each, and the rows that it adds to the tables of limits and funds.

A policy never touches an equation. It writes rows; `model.py` reads the finished tables and does not
know which policy wrote them. A kind is one class here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from supplychain.dataset import Dataset

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Year = Annotated[int, Field(ge=1900, le=2100)]
Stage = Literal["mine", "refine", "fabricate"]
Rows = dict[str, pd.DataFrame]

LIMITS = ["policy", "kind", "mineral", "stage", "scope", "market", "year", "share", "sense"]
MEMBERS = ["scope", "country"]
EXPORT_LIMITS = ["policy", "mineral", "stage", "country", "against", "year", "cut"]
FUNDS = ["policy", "mineral", "stage", "country", "from_year", "to_year", "capex_share", "budget_musd"]
EACH = "each"
ALL: Literal["all"] = "all"


class Policy(BaseModel):
    """What every policy has: who says so, and when it holds.

    The base year is history: unless `years` says otherwise a policy holds from the year after it to
    the horizon's end.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    source: str | None = Field(None, description="row of sources.csv that the policy's figures come from")
    assumption: str | None = Field(None, description="why these figures, where no source gives them")
    years: tuple[Year, Year] | None = Field(None, description="first and last year in which it holds")
    minerals: list[str] | Literal["all"] = Field(ALL, description="mineral ids, or all")

    @model_validator(mode="before")
    @classmethod
    def _lists_as_tuples(cls, fields: Any) -> Any:
        if isinstance(fields, dict) and isinstance(fields.get("years"), list):
            return fields | {"years": tuple(fields["years"])}
        return fields

    @model_validator(mode="after")
    def _has_grounds(self) -> Policy:
        if not (self.source or self.assumption):
            raise ValueError("a policy needs a 'source' or an 'assumption'")
        if self.years and self.years[0] > self.years[1]:
            raise ValueError(f"the years run backwards: {self.years[0]} to {self.years[1]}")
        return self

    def active(self, horizon: range) -> list[int]:
        """The years of the horizon in which the policy holds."""
        first = horizon[0] + 1 if len(horizon) > 1 else horizon[0]
        low, high = self.years or (first, horizon[-1])
        return [year for year in horizon if low <= year <= high]

    def named_minerals(self, dataset: Dataset) -> list[str]:
        """The minerals that the policy touches."""
        return dataset.names("minerals") if self.minerals == ALL else list(self.minerals)

    def names(self) -> Iterable[tuple[str, str, str]]:
        """(field, table, name) for every name that must exist in the data."""
        yield from (("minerals", "minerals", m) for m in ([] if self.minerals == ALL else self.minerals))
        yield from [("source", "sources", self.source)] if self.source else []

    def rows(self, policy: str, dataset: Dataset, horizon: range) -> Rows:
        """The rows that the policy, under its id, adds to each table."""
        raise NotImplementedError

    def _stages(self, dataset: Dataset, stages: list[Stage] | Literal["all"]) -> pd.DataFrame:
        table = dataset["stages"][["mineral", "stage"]]
        chosen = table["mineral"].isin(self.named_minerals(dataset))
        return table[chosen & (True if stages == ALL else table["stage"].isin(stages))]


def by_year(value: float | dict[int, float], years: Iterable[int]) -> pd.DataFrame:
    """A value for each year: linear between the years given, flat outside; columns `year`, `value`."""
    years = list(years)
    points = value if isinstance(value, dict) else {0: value}
    known = sorted(points)
    values = np.interp(years, known, [points[year] for year in known]) if years else np.zeros(0)
    return pd.DataFrame({"year": years, "value": values})


class _SupplierLimit(Policy):
    """A limit on the share of a market's primary supply that passes through a group at a stage (eq. 7)."""

    group: str | list[str] = Field(
        description="a group of groups.csv, a country, a list of these taken together, or `each`: every "
        "country outside the market on its own"
    )
    stages: list[Stage] = Field(description="stages at which the share is counted")
    market: str = Field("USA", description="the market whose supply is counted, or `all` markets together")
    share: Share | dict[Year, Share] = Field(description="share of all primary supply, by year if a map")

    def names(self) -> Iterable[tuple[str, str, str]]:
        yield from super().names()
        groups = [self.group] if isinstance(self.group, str) else self.group
        yield from (("group", "groups+countries", name) for name in groups if name != EACH)
        yield from [("market", "markets", self.market)] if self.market != ALL else []

    def _rows(self, policy: str, dataset: Dataset, horizon: range, sense: int) -> Rows:
        members = self._members(dataset)
        frame = self._stages(dataset, self.stages).merge(members[["scope"]].drop_duplicates(), how="cross")
        frame = frame.merge(by_year(self.share, self.active(horizon)), how="cross")
        kind = self.kind  # type: ignore[attr-defined]
        frame = frame.assign(policy=policy, kind=kind, market=self.market, share=frame["value"], sense=sense)
        return {"limits": frame[LIMITS], "members": members}

    def _members(self, dataset: Dataset) -> pd.DataFrame:
        if self.group == EACH:
            countries = dataset["countries"]
            abroad = countries.loc[(countries["market"] != self.market) & (countries["country"] != "XXX"), "country"]
            return pd.DataFrame({"scope": abroad, "country": abroad}).reset_index(drop=True)
        groups = [self.group] if isinstance(self.group, str) else self.group
        listed = dataset["groups"]
        inside = [c for g in groups for c in listed.loc[listed["group"] == g, "country"].tolist() or [g]]
        return pd.DataFrame({"scope": "+".join(groups), "country": list(dict.fromkeys(inside))})


class SupplierCap(_SupplierLimit):
    """At most this share of a market's supply may pass through the group at each of the stages."""

    kind: Literal["supplier_cap"]

    def rows(self, policy: str, dataset: Dataset, horizon: range) -> Rows:
        return self._rows(policy, dataset, horizon, sense=1)


class SupplierFloor(_SupplierLimit):
    """At least this share of a market's supply must pass through the group at each of the stages."""

    kind: Literal["supplier_floor"]

    def rows(self, policy: str, dataset: Dataset, horizon: range) -> Rows:
        return self._rows(policy, dataset, horizon, sense=-1)


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

    def rows(self, policy: str, dataset: Dataset, horizon: range) -> Rows:
        against = [ALL] if self.against == ALL else list(self.against)
        frame = self._stages(dataset, self.stages)
        frame = frame.merge(pd.DataFrame({"country": self.countries}), how="cross")
        frame = frame.merge(pd.DataFrame({"against": against}), how="cross")
        frame = frame.merge(by_year(self.share, self.active(horizon)), how="cross")
        return {"export_limits": frame.assign(policy=policy, cut=frame["value"])[EXPORT_LIMITS]}


class InvestmentFund(Policy):
    """A fund pays part of the capital cost of new capacity, until its budget is spent (eq. 10)."""

    kind: Literal["investment_fund"]
    countries: list[str] = Field(description="countries in which it may invest")
    stages: list[Stage] | Literal["all"] = Field(ALL, description="stages in which it may invest")
    capex_share: Share = Field(description="part of a project's capital cost that it pays")
    budget_musd: float = Field(ge=0, allow_inf_nan=False, description="budget over all years, million USD")

    def names(self) -> Iterable[tuple[str, str, str]]:
        yield from super().names()
        yield from (("countries", "countries", name) for name in self.countries)

    def rows(self, policy: str, dataset: Dataset, horizon: range) -> Rows:
        frame = self._stages(dataset, self.stages).merge(pd.DataFrame({"country": self.countries}), how="cross")
        years = self.active(horizon)
        frame = frame.assign(
            policy=policy,
            from_year=years[0] if years else 0,
            to_year=years[-1] if years else -1,
            capex_share=self.capex_share,
            budget_musd=self.budget_musd,
        )
        return {"funds": frame[FUNDS]}


AnyPolicy = Annotated[SupplierCap | SupplierFloor | ExportBan | InvestmentFund, Field(discriminator="kind")]

NUMBERS: dict[str, type] = {"year": int, "share": float, "sense": int, "cut": float}
NUMBERS |= {"from_year": int, "to_year": int, "capex_share": float, "budget_musd": float}
TABLES = {"limits": LIMITS, "members": MEMBERS, "export_limits": EXPORT_LIMITS, "funds": FUNDS}


def tables(policies: dict[str, Policy], dataset: Dataset, horizon: range) -> Rows:
    """All rows of all policies, one DataFrame a table (empty where no policy writes to it)."""
    written = [policy.rows(name, dataset, horizon) for name, policy in policies.items()]
    frames: Rows = {}
    for table, columns in TABLES.items():
        parts = [rows[table] for rows in written if table in rows and len(rows[table])]
        frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
        types = {column: NUMBERS.get(column, object) for column in columns}
        frames[table] = frame.astype(types).drop_duplicates(ignore_index=True)
    return frames
