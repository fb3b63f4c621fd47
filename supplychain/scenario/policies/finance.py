"""Policies that pay, lend or promise: funds, cheaper capital, faster permits, price floors, credits, offtake."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from supplychain.facts.costs import annuity
from supplychain.facts.dataset import PLACE, Dataset
from supplychain.scenario.policies.base import (
    ALL,
    COUNTRY,
    MINERAL,
    PROJECT,
    SUPPLY,
    TONNE,
    Amount,
    AmountByYear,
    Countries,
    Market,
    MineralPolicy,
    Points,
    Policy,
    Projects,
    Rate,
    Share,
    ShareByYear,
    Stage,
    StagesOrAll,
    SupplyStage,
    Tables,
    Unit,
    appended,
    by_year,
    crossed,
    matching,
    members,
    places,
)
from supplychain.scenario.policies.limits import BY, FLOOR, By, scope, share_limits


class InvestmentFund(MineralPolicy):
    """A fund pays part of the capital cost of new capacity, until its budget is spent.

    What is built with the fund is a variable of its own: sum of capex share x capital cost x tonnes <= budget over
    all its years (docs/model.md, eq. 10). The fund's part of the annuity leaves the builder's cost and is public money.
    """

    kind: Literal["investment_fund"]
    limits: ClassVar = {"budget_musd": Unit("USD of fund", 1e-6)}
    example: ClassVar[str] = """
uzbek_fund:
  kind: investment_fund
  countries: [UZB]
  capex_share: 0.30
  budget_musd: 1000
  years: [2026, 2035]
  assumption: no amount was published
"""
    countries: Countries = Field(description="countries or groups in which it may invest")
    stages: StagesOrAll = Field(ALL, description="stages in which it may invest")
    capex_share: Share = Field(description="part of a project's capital cost that it pays (1 = all)")
    budget_musd: Amount = Field(description="budget over all years, million USD")

    def edit(self, policy: str, tables: Tables, dataset: Dataset, horizon: range) -> Tables:
        years = self.active(horizon)
        if not years:
            return {}
        where = crossed(self._made(tables, self.stages), pd.DataFrame({"country": members(dataset, self.countries)}))
        frame = where.assign(
            policy=policy,
            from_year=years[0],
            to_year=years[-1],
            capex_share=self.capex_share,
            budget_musd=self.budget_musd,
        )
        return {"funds": appended(tables["funds"], frame)}


class _ForBuilders(MineralPolicy):
    """What makes building in countries, by companies of countries, or of named projects easier or harder."""

    countries: Countries = Field(description="countries or groups in which, or by whose companies, is built")
    stages: StagesOrAll = Field(ALL, description="stages at which is built")
    by: By = Field("place", description=BY)
    projects: Projects = Field(None, description="only these named projects; without it all that could be built")

    def _touched(self, tables: Tables, dataset: Dataset) -> pd.Series:
        """Which rows of `builds` the policy is about."""
        builds = tables["builds"]
        whose = builds["country" if self.by == "place" else "owner"].isin(members(dataset, self.countries))
        named = builds["project"].isin(self.projects) if self.projects else True
        return whose & matching(builds, self._made(tables, self.stages)) & named


class CostOfCapital(_ForBuilders):
    """Builders borrow at another rate: insurance, a development bank, a rating, or sanctions.

    The charge of what comes on line in the years is multiplied by annuity(new rate) / annuity(country's rate) over
    the plant's life, with annuity(r) = r / (1 - (1 + r)^-life); so two such policies add up, nearly. `points` moves
    the real rate, never below zero; `rate` sets it. The risk that a country's rate pays for does not go away: what a
    lower rate saves the builder is no saving of resources, somebody carries it, and it counts as public money.
    """

    kind: Literal["cost_of_capital"]
    example: ClassVar[str] = """
political_risk_cover:
  kind: cost_of_capital
  countries: [central_asia]
  points: -0.03
  assumption: insurance of the country risk premium
"""
    points: Points | None = Field(None, description="change of the real rate, 1/yr (-0.03: three points less)")
    rate: Rate | None = Field(None, description="new real rate, 1/yr")

    @model_validator(mode="after")
    def _one_rate(self) -> CostOfCapital:
        if (self.points is None) == (self.rate is None):
            raise ValueError("a cost_of_capital needs either 'points' or a 'rate'")
        return self

    def edit(self, policy: str, tables: Tables, dataset: Dataset, horizon: range) -> Tables:
        builds, charges = tables["builds"], tables["charges"]
        old, life = builds["wacc"], builds["life_years"]
        new = old * 0.0 + self.rate if self.rate is not None else (old + (self.points or 0.0)).clip(lower=0.0)
        ratio = np.where(self._touched(tables, dataset), annuity(new, life) / annuity(old, life), 1.0)
        active = charges["year"].isin(self.active(horizon))
        factor = charges["build"].map(pd.Series(ratio, index=builds["build"])).where(active, 1.0)
        moved = charges[["build", "year"]].assign(factor=factor, policy=policy, kind=self.kind)[factor != 1.0]
        return {
            "charges": charges.assign(charge_usd_per_t=charges["charge_usd_per_t"] * factor),
            "rates": appended(tables["rates"], moved),
        }


class LeadTime(_ForBuilders):
    """Permits and building take less time, or more: what could be built comes on line sooner, or later.

    The first year in which a project, or growth of what is there, can be on line moves by `years_sooner`; never
    before the first year in which the policy holds (docs/model.md, eq. 3).
    """

    kind: Literal["lead_time"]
    example: ClassVar[str] = """
fast_permits:
  kind: lead_time
  countries: [UZB]
  years_sooner: 1
  assumption: a one-stop office for permits
"""
    years_sooner: Annotated[int, Field(ge=-20, le=20)] = Field(
        description="years by which building ends sooner; negative: later"
    )

    def edit(self, policy: str, tables: Tables, dataset: Dataset, horizon: range) -> Tables:
        builds, years = tables["builds"], self.active(horizon)
        if not years:
            return {}
        first = builds["first_year"]
        moved = (first - self.years_sooner).clip(lower=years[0])
        touched = self._touched(tables, dataset) & (first >= years[0])
        sooner = (first - moved).where(touched, 0)
        return {"builds": builds.assign(first_year=first - sooner, lead_years=builds["lead_years"] - sooner)}


class _Paid(MineralPolicy):
    """What the treasury pays per tonne that places make."""

    countries: Countries = Field(description="countries or groups whose output is paid for")

    def _credits(
        self, tables: Tables, dataset: Dataset, horizon: range, stages: pd.DataFrame, value: float | dict[int, float]
    ) -> pd.DataFrame:
        """mineral, stage, country, year, value, at places that have or could have capacity."""
        frame = crossed(stages, pd.DataFrame({"country": members(dataset, self.countries)}))
        return crossed(frame[matching(frame, _making(tables))], by_year(value, self.active(horizon)))


def _making(tables: Tables) -> pd.DataFrame:
    """mineral, stage, country of what is made or could be, of minerals made from another's ore too."""
    chain = tables["chain"]
    borrowed = chain.loc[chain["mineral"] != chain["ore"], ["mineral", "ore", "stage"]]
    known = places(tables)
    dug = borrowed.merge(known.rename(columns={"mineral": "ore"}), on=["ore", "stage"])[PLACE]
    return pd.concat([known, dug], ignore_index=True)


class PriceFloor(_Paid):
    """A contract for difference: the treasury pays what a producer's price falls short of the floor.

    Per tonne made at the stage, max(0, floor - price there) leaves the producer's cost, the price at a mine being what
    ore is worth of the normal price of the metal in it. The public bill is made up at the delivered price that comes
    out. The planner counts the same amount whatever price comes out: a payment that depends on the price is no linear
    program, so where prices rise above the normal one the plan makes a little too much. Such a contract has bound the
    US Department of Defense and MP Materials on NdPr since July 2025.
    """

    kind: Literal["price_floor"]
    example: ClassVar[str] = """
ndpr_floor:
  kind: price_floor
  countries: [USA]
  minerals: [neodymium, praseodymium]
  stage: refine
  floor_usd_per_t: 128000
  assumption: 110 USD per kg of NdPr oxide over its metal content of 0.857
"""
    stage: Stage = Field(description="stage whose output is paid for")
    floor_usd_per_t: AmountByYear = Field(description="floor price, USD per contained tonne, by year if a map")

    def edit(self, policy: str, tables: Tables, dataset: Dataset, horizon: range) -> Tables:
        stages = self._stages(tables, [self.stage])
        frame = self._credits(tables, dataset, horizon, stages, self.floor_usd_per_t)
        price = frame["mineral"].map(tables["minerals"].set_index("mineral")["price"]).fillna(0.0)
        there = price * part_of_price(tables["feeds"], tables["minerals"], frame)
        paid = (frame["value"] - there).clip(lower=0.0)
        frame = frame.assign(policy=policy, kind=self.kind, usd_per_t=paid, floor_usd_per_t=frame["value"])
        return {"credits": appended(tables["credits"], frame)}


def part_of_price(feeds: pd.DataFrame, minerals: pd.DataFrame, places: pd.DataFrame) -> np.ndarray:
    """What a tonne is worth over a refined tonne, at which prices are quoted: less than 1 for what mines sell on.

    Parameters
    ----------
    feeds, minerals : tables of the system. places : mineral, stage.
    """
    cargo = feeds.drop_duplicates(PLACE[:2]).set_index(PLACE[:2])["value_usd_per_t"]
    own, refined = (
        cargo.reindex(pd.MultiIndex.from_arrays([places["mineral"], stage])).to_numpy(dtype=float)
        for stage in (places["stage"], ["refine"] * len(places))
    )
    normal = places["mineral"].map(minerals.set_index("mineral")["price"]).to_numpy(dtype=float)
    whole = np.where(np.isnan(refined), normal, refined)
    part = np.divide(own, whole, out=np.ones(len(own)), where=(whole > 0) & ~np.isnan(own))
    return np.where(places["stage"] == "mine", part, 1.0)


class ProductionCredit(_Paid):
    """The treasury pays producers by the tonne, or a share of their operating cost.

    The amount per tonne made at the stage leaves the producer's cost and is public money; of an ore that several
    minerals are made from, only what becomes the minerals named is paid for. The US advanced
    manufacturing production credit (26 U.S.C. 45X(b)(1)(M)) pays 10 % of the production cost of critical minerals.
    """

    kind: Literal["production_credit"]
    example: ClassVar[str] = """
credit_45x:
  kind: production_credit
  countries: [USA]
  stages: [refine]
  share: 0.10
  assumption: operating cost stands for the cost that the law counts
"""
    stages: StagesOrAll = Field(ALL, description="stages whose output is paid for")
    usd_per_t: AmountByYear | None = Field(None, description="credit, USD per contained tonne, by year if a map")
    share: ShareByYear | None = Field(None, description="credit as a share of the stage's operating cost (0.1 = 10 %)")

    @model_validator(mode="after")
    def _one_amount(self) -> ProductionCredit:
        if (self.usd_per_t is None) == (self.share is None):
            raise ValueError("a production_credit needs either 'usd_per_t' or a 'share'")
        return self

    def edit(self, policy: str, tables: Tables, dataset: Dataset, horizon: range) -> Tables:
        value = self.share if self.usd_per_t is None else self.usd_per_t
        assert value is not None
        frame = self._credits(tables, dataset, horizon, self._stages(tables, self.stages), value)
        keys = ["ore", "stage", "country"]
        opex = tables["sites"].set_index(PLACE)["full_opex_usd_per_t"]
        made = frame[PLACE].merge(tables["chain"], on=PLACE[:2], how="left")
        base = opex.reindex(pd.MultiIndex.from_frame(made[keys]), fill_value=0.0).to_numpy()
        amount = frame["value"] * (base if self.usd_per_t is None else 1.0)
        frame = frame.assign(policy=policy, kind=self.kind, usd_per_t=amount, floor_usd_per_t=np.nan)
        return {"credits": appended(tables["credits"], frame[frame["usd_per_t"] > 0])}


class Offtake(Policy):
    """A buyer commits to take tonnes from a country, or from one of its projects, every year.

    A floor in tonnes: supply through the country at the stage >= tonnes (docs/model.md, eq. 7, with share 0). It is
    also the seed of a new trade: where the pair had no base-year delivery, the first year's tonnes become its base
    (eq. 8). For a project the commitment starts when the project can be on line.
    """

    kind: Literal["offtake"]
    limits: ClassVar = {"tonnes": TONNE}
    example: ClassVar[str] = """
kazakh_gallium:
  kind: offtake
  country: KAZ
  project: pavlodar_gallium
  mineral: gallium
  stage: refine
  tonnes: {2027: 5, 2030: 10}
  assumption: two thirds of the plant's output
"""
    country: Annotated[str, COUNTRY] = Field(description="supplier: a country, or a group taken together")
    project: Annotated[str | None, PROJECT] = Field(
        None, description="named project that delivers: the commitment starts when it can be on line"
    )
    mineral: Annotated[str, MINERAL] = Field(description="mineral id")
    stage: SupplyStage = Field(SUPPLY, description="stage at which the country counts; `supply`: as last supplier")
    market: Market = Field("USA", description="the market that takes the tonnes")
    tonnes: AmountByYear = Field(description="least tonnes of contained mineral a year, by year if a map")

    def edit(self, policy: str, tables: Tables, dataset: Dataset, horizon: range) -> Tables:
        values = by_year(self.tonnes, self._years(tables, horizon))
        if values.empty:
            return {}
        edited = share_limits(
            tables,
            pd.DataFrame({"mineral": [self.mineral], "stage": [self.stage]}),
            scope(dataset, self.country),
            values.rename(columns={"value": "tonnes"}).assign(value=0.0),
            policy=policy,
            kind=self.kind,
            by="place",
            basket="",
            market=self.market,
            sense=FLOOR,
        )
        return edited | {"deliveries": self._seeded(tables["deliveries"], float(values["value"].iloc[0]))}

    def _years(self, tables: Tables, horizon: range) -> list[int]:
        builds = tables["builds"]
        of_project = builds.loc[builds["project"] == self.project, "first_year"]
        start = of_project.min() if len(of_project) else horizon[0]
        return [year for year in self.active(horizon) if year >= start]

    def _seeded(self, deliveries: pd.DataFrame, tonnes: float) -> pd.DataFrame:
        pair = (deliveries["mineral"] == self.mineral) & (deliveries["supplier"] == self.country)
        new = pair & (deliveries["market"] == self.market) & ~deliveries["observed"].astype(bool)
        return deliveries.assign(base_t=deliveries["base_t"].mask(new, np.maximum(deliveries["base_t"], tonnes)))


KINDS = (InvestmentFund, CostOfCapital, LeadTime, PriceFloor, ProductionCredit, Offtake)
