"""Policies on what is needed: stockpiles, recycling, demand itself, and the mix of technologies."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from supplychain.facts.costs import DAYS_PER_YEAR
from supplychain.facts.dataset import Dataset
from supplychain.scenario.policies.base import (
    ALL,
    MINERAL,
    POINT,
    SERVICE,
    Amount,
    AmountByYear,
    Market,
    MarketsOrAll,
    MineralPolicy,
    Named,
    Names,
    NamesOrAll,
    Policy,
    Share,
    ShareByYear,
    Tables,
    Unit,
    Year,
    appended,
    by_year,
    chosen,
    in_rows,
)

SCRAP = Named("service", SERVICE.columns, ("other",))
TECHNOLOGY = Named("technology", (("technologies", "technology"),))


class Stockpile(MineralPolicy):
    """A public stock of minerals, held against a bad year and released in it.

    At the end of each year the stock is at least `days` of the base year's use: target = days / 365 x use
    (docs/model.md, eq. 9). In the years of `release` the target does not bind, so that the stock may be drawn down.
    Buying and holding is public money; what is released is sold at the price of the day.
    """

    kind: Literal["stockpile"]
    limits: ClassVar = {"days": Unit("day of use")}
    example: ClassVar[str] = """
gallium_reserve:
  kind: stockpile
  minerals: [gallium, germanium]
  days: {2026: 0, 2028: 90}
  release: [2030, 2031]
  assumption: three months of use, as for oil
"""
    market: Market = Field("USA", description="the market that holds it")
    days: AmountByYear = Field(description="target, days of the base year's use, by year if a map")
    initial_days: Amount = Field(0.0, description="stock before the first year, days of the base year's use")
    most_days: Amount | None = Field(None, description="greatest stock, days of use; without it the highest target")
    holding_share: Share = Field(0.02, description="cost of holding a tonne for a year over its normal price")
    holding_usd_per_t: Amount | None = Field(None, description="cost of holding instead, USD per tonne and year")
    release: list[Year] | None = Field(None, description="years in which the target does not bind")
    release_known_from: Year | None = Field(
        None, description="year in which the release becomes known; until then the last target before it stands"
    )

    @model_validator(mode="after")
    def _known_in_time(self) -> Stockpile:
        if self.release_known_from is None:
            return self
        if not self.release:
            raise ValueError("release_known_from says when a release becomes known, and there is none")
        if self.release_known_from > min(self.release):
            first = min(self.release)
            raise ValueError(f"it is released from {first} on, which cannot become known in {self.release_known_from}")
        return self

    def later_news(self) -> int | None:
        return self.release_known_from

    def as_known(self, year: int) -> Self:
        if self.release_known_from is None or year >= self.release_known_from:
            return self
        days = self.days
        if isinstance(days, dict):
            days = {y: d for y, d in days.items() if y < self.release_known_from} or {min(days): days[min(days)]}
        return self.model_copy(update={"days": days, "release": None})

    def edit(self, policy: str, tables: Tables, dataset: Dataset, horizon: range) -> Tables:
        target = by_year(self.days, self.active(horizon))
        most = target["value"].max() if self.most_days is None else self.most_days
        frame = _held(tables["use"], self.market, self.minerals).merge(target, how="cross")
        daily = frame["base_t"] / DAYS_PER_YEAR
        price = frame["mineral"].map(tables["minerals"].set_index("mineral")["price"]).fillna(0.0)
        holding = price * self.holding_share if self.holding_usd_per_t is None else self.holding_usd_per_t
        frame = frame.assign(
            policy=policy,
            target_t=frame["value"] * daily,
            most_t=np.maximum(most, self.initial_days) * daily,
            initial_t=self.initial_days * daily,
            holding_usd_per_t=holding,
            release=frame["year"].isin(self.release or []),
        )
        return {"stocks": appended(tables["stocks"], frame)}


def _held(use: pd.DataFrame, market: str, minerals: list[str] | Literal["all"]) -> pd.DataFrame:
    """mineral, market, base_t of the minerals that the market uses in the base year."""
    held = (use["market"] == market) & chosen(use["mineral"], minerals) & (use["base_t"] > 0)
    return use.loc[held, ["mineral", "market", "base_t"]].drop_duplicates(ignore_index=True)


class Recycling(MineralPolicy):
    """Another part of scrap is collected.

    Scrap of energy technologies comes back when they reach the end of their lives, that of other uses in proportion
    to use; what is collected, times the recovery of the data, is secondary supply (docs/model.md, eq. 1).
    """

    kind: Literal["recycling"]
    limits: ClassVar = {"collection": Unit("percentage point of scrap", 0.01, 1.0)}
    example: ClassVar[str] = """
magnet_collection:
  kind: recycling
  minerals: [neodymium, dysprosium]
  collection: {2026: 0.05, 2035: 0.4}
  assumption: take-back of motors and drives
"""
    services: Annotated[NamesOrAll, SCRAP] = Field(
        ALL, description="services whose scrap it is, `other` for uses outside energy, or all"
    )
    collection: ShareByYear = Field(description="part of scrap collected (1 = all), by year if a map")

    def edit(self, policy: str, tables: Tables, dataset: Dataset, horizon: range) -> Tables:
        scrap = tables["collection"]
        touched = chosen(scrap["mineral"], self.minerals) & chosen(scrap["service"], self.services)
        given = in_rows(self.collection, scrap, self.active(horizon)).where(touched)
        return {"collection": scrap.assign(collection=given.fillna(scrap["collection"]))}


class Demand(Policy):
    """More or less is needed: of a service, or of minerals in markets.

    The service's target, or the use of the minerals outside the energy technologies, is multiplied in the years
    (docs/model.md, eq. 1 and 2).
    """

    kind: Literal["demand"]
    example: ClassVar[str] = """
fewer_vehicles:
  kind: demand
  services: [light_ev]
  multiple: {2026: 1.0, 2030: 0.7}
  assumption: the end of the clean-vehicle credit
"""
    services: Annotated[Names | None, SERVICE] = Field(None, description="services whose target changes")
    minerals: Annotated[NamesOrAll | None, MINERAL] = Field(
        None, description="minerals whose use outside energy changes, or all"
    )
    markets: MarketsOrAll = Field(ALL, description="markets in which that use changes, or all")
    multiple: AmountByYear = Field(description="new amount over that of the data (1 = no change), by year if a map")

    @model_validator(mode="after")
    def _says_what(self) -> Demand:
        if (self.services is None) == (self.minerals is None):
            raise ValueError("a demand policy needs either 'services' or 'minerals'")
        return self

    def edit(self, policy: str, tables: Tables, dataset: Dataset, horizon: range) -> Tables:
        table = tables["use" if self.services is None else "services"]
        multiple = in_rows(self.multiple, table, self.active(horizon)).fillna(1.0)
        if self.services is not None:
            factor = multiple.where(table["service"].isin(self.services), 1.0)
            return {"services": table.assign(amount=table["amount"] * factor)}
        touched = chosen(table["mineral"], self.minerals or []) & chosen(table["market"], self.markets)
        return {"use": table.assign(tonnes=table["tonnes"] * multiple.where(touched, 1.0))}


class TechnologyMix(Policy):
    """A technology takes another share of its service: LFP for nickel cells, geared for direct-drive turbines.

    `share` is its new place in the reference mix, the others of the service giving way in proportion; `least_share`
    and `most_share` bound how far prices may move it from there, `pace_per_year` how fast (docs/model.md, eq. 2).
    """

    kind: Literal["technology_mix"]
    limits: ClassVar = {"most_share": POINT, "least_share": POINT, "share": POINT}
    example: ClassVar[str] = """
more_lfp:
  kind: technology_mix
  technology: bev_lfp
  share: {2026: 0.10, 2030: 0.35}
  assumption: LFP plants in the United States as announced
"""
    technology: Annotated[str, TECHNOLOGY] = Field(description="technology id")
    share: ShareByYear | None = Field(None, description="share of its service in the reference mix, by year if a map")
    least_share: ShareByYear | None = Field(None, description="least share of its service")
    most_share: ShareByYear | None = Field(None, description="greatest share of its service")
    pace_per_year: ShareByYear | None = Field(None, description="most that its share may move, per year")

    @model_validator(mode="after")
    def _says_what(self) -> TechnologyMix:
        if all(value is None for value in (self.share, self.least_share, self.most_share, self.pace_per_year)):
            raise ValueError("a technology_mix needs a 'share', 'least_share', 'most_share' or 'pace_per_year'")
        return self

    def edit(self, policy: str, tables: Tables, dataset: Dataset, horizon: range) -> Tables:
        table, years = tables["technologies"], self.active(horizon)
        own = table["technology"] == self.technology

        def given(value: float | dict[int, float] | None) -> pd.Series:
            return in_rows(value, table, years).where(own)

        share = _giving_way(table, own, given(self.share))
        # The reference mix must lie within the bounds: a bound that is not given moves out of its way.
        edited = table.assign(
            share=share,
            least_share=np.minimum(given(self.least_share).fillna(table["least_share"]), share),
            most_share=np.maximum(given(self.most_share).fillna(table["most_share"]), share),
            pace_per_year=given(self.pace_per_year).fillna(table["pace_per_year"]),
        )
        return {"technologies": edited}


def _giving_way(table: pd.DataFrame, own: pd.Series, new: pd.Series) -> pd.Series:
    """The mix when a technology takes its new share and the others of its service give way in proportion."""
    keys = [table["service"], table["year"]]
    taken = new.groupby(keys).transform("max")
    others = table["share"].where(~own, 0.0)
    rest = others.groupby(keys).transform("sum")
    scaled = others * (1.0 - taken) / rest.replace(0.0, np.nan)
    return new.fillna(scaled.fillna(table["share"]))


KINDS = (Stockpile, Recycling, Demand, TechnologyMix)
