"""Policies at the border: bans on imports, controls of exports, quotas and tariffs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from supplychain.facts.dataset import Dataset
from supplychain.scenario.policies.base import (
    ALL,
    COUNTRY,
    POINT,
    SUPPLY,
    TONNE,
    Amount,
    AmountByYear,
    Countries,
    CountriesOrAll,
    Market,
    MarketsOrAll,
    MineralPolicy,
    Names,
    ShareByYear,
    Shock,
    StagesOrAll,
    SupplyStage,
    Tables,
    appended,
    by_year,
    crossed,
    matching,
    members,
    places,
)
from supplychain.scenario.policies.limits import BY, CAP, By, Stages, scope, share_limits


class ImportBan(MineralPolicy, Shock):
    """A market takes nothing, or no more than a share of its supply, from the countries.

    At the stage `supply` the last supplier counts, as customs see it, and goods can still come through third
    countries; at `mine`, `refine` or `fabricate` the origin counts wherever the goods passed, as rules of origin
    do. Written as a cap on the countries together: tonnes through them <= share x all tonnes (docs/model.md, eq.
    7), with share 0 for a ban. The market makes it known beforehand, unless `known_from` says that it does not.
    """

    kind: Literal["import_ban"]
    limits: ClassVar = {"share": POINT}
    example: ClassVar[str] = """
russian_metal:
  kind: import_ban
  countries: [RUS]
  minerals: [copper, nickel]
  stages: [refine]
  assumption: the ban of April 2024, looked through to the refinery
"""
    countries: Countries = Field(description="countries or groups whose goods are shut out")
    stages: Stages = Field([SUPPLY], description="stages at which the origin counts")
    by: By = Field("place", description=BY)
    market: Market = Field("USA", description="the market that shuts them out")
    share: ShareByYear = Field(0.0, description="share of the market's supply that still comes in (0 = none)")

    def _sudden(self) -> bool:
        return False

    def edit(self, policy: str, tables: Tables, dataset: Dataset, horizon: range) -> Tables:
        return share_limits(
            tables,
            self._stages(tables, self.stages),
            scope(dataset, self.countries),
            by_year(self.share, self.active(horizon)),
            policy=policy,
            kind=self.kind,
            by=self.by,
            basket="",
            market=self.market,
            sense=CAP,
            tonnes=0.0,
        )


class _ExportLimit(MineralPolicy, Shock):
    """A limit on what leaves countries at stages, against all or against some markets."""

    countries: Countries = Field(description="countries or groups whose exports are limited, each on its own")
    against: MarketsOrAll = Field(ALL, description="the markets that are cut off, or all")
    stages: StagesOrAll = Field(ALL, description="stages whose product may not leave")

    def _limits(self, tables: Tables, dataset: Dataset, values: pd.DataFrame) -> pd.DataFrame:
        """mineral, stage, country, against, year and the columns of `values`."""
        against = [ALL] if isinstance(self.against, str) else list(self.against)
        return crossed(
            self._stages(tables, self.stages),
            pd.DataFrame({"country": members(dataset, self.countries)}),
            pd.DataFrame({"against": against}),
            values,
        )


class ExportBan(_ExportLimit):
    """Exports of the countries are cut to (1 - share) of what would have left.

    That is the base year's tonnes, grown as use, the world's or the market's. Against one market its own paths are cut,
    through third countries too, and partners are swapped; against all, every border crossing at the stage is
    (docs/model.md, export limits). Controls leak: `share` is the part of the flow that is cut, `leak` the part of that
    which goes on through third countries, dearer by `detour` of the normal price, from `leak_delay` years after the
    policy's first on; the rest is really cut. A share of 0 limits nothing; what did not leave in the base year would
    not have left since, and any other share stops it.
    """

    kind: Literal["export_ban"]
    limits: ClassVar = {"share": POINT}
    example: ClassVar[str] = """
antimony_licences:
  kind: export_ban
  countries: [CHN]
  minerals: [antimony]
  share: 0.7
  years: [2025, 2027]
  source: asianfin_2025
"""
    share: ShareByYear = Field(1.0, description="part of the exports that is cut (1 = all)")
    leak: ShareByYear = Field(0.0, description="part of what is cut that goes on through third countries")
    leak_delay: int = Field(1, ge=0, description="years until the way through third countries is found")
    detour: Amount = Field(0.3, description="what that way costs, as a share of the normal price")

    def edit(self, policy: str, tables: Tables, dataset: Dataset, horizon: range) -> Tables:
        years = self.active(horizon)
        frame = self._limits(tables, dataset, by_year(self.share, years)).rename(columns={"value": "cut"})
        found = [year for year in years if year >= years[0] + self.leak_delay]
        leak = frame["year"].map(by_year(self.leak, found).set_index("year")["value"]).fillna(0.0)
        price = frame["mineral"].map(tables["minerals"].set_index("mineral")["price"])
        frame = frame.assign(policy=policy, kind=self.kind, quota_t=np.nan, leak=leak.astype(float))
        frame = frame.assign(detour_usd_per_t=self.detour * price)
        frame = frame[frame["cut"] > 0]
        return {"export_limits": appended(tables["export_limits"], frame)}


class ExportQuota(_ExportLimit):
    """At most so many tonnes of each mineral leave each of the countries at each of the stages in a year.

    An absolute limit on tonnes of contained mineral that cross the border (against all), or that reach the markets
    named, through third countries too; the same rows of the program as an export ban's (docs/model.md, export limits).
    """

    kind: Literal["export_quota"]
    limits: ClassVar = {"tonnes": TONNE}
    example: ClassVar[str] = """
cobalt_quota:
  kind: export_quota
  countries: [COD]
  minerals: [cobalt]
  stages: [mine]
  tonnes: 96600
  source: batterymetals_cod2025
"""
    tonnes: AmountByYear = Field(description="tonnes of contained mineral a year, by year if a map")

    def edit(self, policy: str, tables: Tables, dataset: Dataset, horizon: range) -> Tables:
        frame = self._limits(tables, dataset, by_year(self.tonnes, self.active(horizon)))
        frame = frame.assign(policy=policy, kind=self.kind, cut=0.0, quota_t=frame["value"], leak=0.0)
        frame = frame.assign(detour_usd_per_t=0.0)
        return {"export_limits": appended(tables["export_limits"], frame)}


class Tariff(MineralPolicy):
    """A duty on what a market takes from countries, ad valorem or by the tonne.

    `rate` is a share of the mineral's normal price per contained tonne (customs value is taken as that price):
    duty = rate x normal price; `usd_per_t` is a specific duty. At the stage `supply` the last supplier pays, so goods
    that a country outside the duty passes on come in free of it; at `mine`, `refine` or `fabricate` the country where
    that was done pays, wherever the goods passed, as under rules of origin. The market's own countries
    pay none. The duty is a transfer: it steers the plan and is reported apart from the cost of resources.
    """

    kind: Literal["tariff"]
    example: ClassVar[str] = """
section_301_tungsten:
  kind: tariff
  countries: [CHN]
  minerals: [tungsten]
  rate: 0.25
  years: [2025, 2035]
  source: ey_301_2024
"""
    countries: CountriesOrAll = Field(description="countries or groups that pay, or `all` outside the market")
    exempt: Annotated[Names | None, COUNTRY] = Field(None, description="countries or groups that pay nothing")
    market: Market = Field("USA", description="the market that collects it")
    stage: SupplyStage = Field(
        SUPPLY, description="stage whose country pays; `supply`: the last supplier, whatever it passes on"
    )
    rate: AmountByYear | None = Field(None, description="duty as a share of the normal price (0.25 = 25 %)")
    usd_per_t: AmountByYear | None = Field(None, description="duty in USD per contained tonne, by year if a map")

    @model_validator(mode="after")
    def _one_duty(self) -> Tariff:
        if (self.rate is None) == (self.usd_per_t is None):
            raise ValueError("a tariff needs either a 'rate' or 'usd_per_t'")
        return self

    def edit(self, policy: str, tables: Tables, dataset: Dataset, horizon: range) -> Tables:
        value = self.usd_per_t if self.rate is None else self.rate
        assert value is not None
        payers = pd.DataFrame({"country": list(self._payers(tables, dataset))})
        frame = crossed(self._stages(tables, [self.stage]), payers)
        frame = crossed(frame[matching(frame, places(tables))], by_year(value, self.active(horizon)))
        price = frame["mineral"].map(tables["minerals"].set_index("mineral")["price"])
        duty = frame["value"] * (1.0 if self.rate is None else price)
        frame = frame.assign(policy=policy, kind=self.kind, market=self.market, usd_per_t=duty)
        return {"tariffs": appended(tables["tariffs"], frame[frame["usd_per_t"] > 0])}

    def _payers(self, tables: Tables, dataset: Dataset) -> Iterable[str]:
        homes = tables["homes"]
        outside = homes.loc[homes["market"] != self.market, "country"]
        named = outside if isinstance(self.countries, str) else members(dataset, self.countries)
        free = set(members(dataset, self.exempt or []))
        return [country for country in named if country in set(outside) and country not in free]


KINDS = (ImportBan, ExportBan, ExportQuota, Tariff)
