"""Security: supply that survives the loss of a supplier, and supply that is spread over many (eq. 11)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from supplychain.facts.dataset import Dataset
from supplychain.scenario.policies.base import (
    POINT,
    Market,
    MineralPolicy,
    NameOrNames,
    Share,
    ShareByYear,
    Stage,
    Tables,
    appended,
    by_year,
    crossed,
    places,
)
from supplychain.scenario.policies.limits import EACH, Scoped, Stages, abroad, scope


class SurviveLoss(MineralPolicy):
    """The plan still delivers this share of a market's supply in the year in which it loses a supplier.

    Lost is all that passes through the group at the stage; of several groups each is lost alone. What is left must do:
    what the others deliver anyway, what stands idle of their plant (existing, or built for it at its annuity; of
    by-products as far as their hosts' output feeds it), the market's stockpile, and its private stocks as they are then
    (docs/model.md, eq. 11). Nothing is built or saved in that year, and ore that a lost refinery does not take feeds
    the others. Other markets keep what they had from the places that are left and do not replace what they lose: the
    market has the first call on idle plant, on as much of it as `surge` says.
    """

    kind: Literal["survive_loss"]
    limits: ClassVar = {"share": POINT}
    example: ClassVar[str] = """
any_refiner:
  kind: survive_loss
  group: each
  minerals: [antimony]
  stages: [refine]
  share: {2028: 0.5, 2032: 0.8}
  surge: 0.7
  assumption: the judgement is that seven tenths of idle plant run within the year, and for us
"""
    group: Annotated[NameOrNames, Scoped] = Field(
        description="who is lost: a group of groups.csv, a country, a list of these lost together, or `each`: every "
        "country outside the market on its own"
    )
    stages: Annotated[list[Stage], Field(min_length=1)] = Field(description="stages at which the group is lost")
    market: Market = Field("USA", description="the market that must be served")
    share: ShareByYear = Field(description="share of all primary supply that must still be there, by year if a map")
    surge: Share = Field(
        1.0, description="part of others' idle plant that runs for this market in the year of the loss: a judgement"
    )

    def edit(self, policy: str, tables: Tables, dataset: Dataset, horizon: range) -> Tables:
        scopes = abroad(dataset, self.market) if self.group == EACH else scope(dataset, self.group)
        there = places(tables).merge(self._stages(tables, self.stages), on=["mineral", "stage"])
        there = there.merge(scopes, on="country")[["mineral", "stage", "scope"]].drop_duplicates(ignore_index=True)
        rows = crossed(there, by_year(self.share, self.active(horizon))).rename(columns={"value": "share"})
        rows = rows.assign(policy=policy, market=self.market, surge=self.surge)
        inside = appended(tables["members"], scopes).drop_duplicates(ignore_index=True)
        return {"losses": appended(tables["losses"], rows), "members": inside}


class ConcentrationCap(MineralPolicy):
    """The concentration of a market's supply over countries, home among them, is at most this.

    Concentration is the Herfindahl-Hirschman index, the sum of the countries' squared shares at the stage: 1 where all
    comes from one, 0.5 from two that share equally. The model is linear and the index is not: it is kept to within 1e-5
    by tangents, found by solving again until all hold (docs/model.md, eq. 11). Below one over the number of possible
    suppliers nothing can be delivered at all.
    """

    kind: Literal["concentration_cap"]
    example: ClassVar[str] = """
spread:
  kind: concentration_cap
  minerals: [gallium]
  stages: [refine]
  hhi: {2028: 1.0, 2032: 0.34}
  assumption: no more concentrated than three equal suppliers would be
"""
    stages: Stages = Field(
        description="stages at which supply is counted: `mine`, `refine`, `fabricate`, looked through to where it was "
        "done, or `supply`, the last supplier before the market"
    )
    market: Market = Field("USA", description="the market whose supply is counted")
    hhi: ShareByYear = Field(description="Herfindahl-Hirschman index, 0 to 1, by year if a map")

    def edit(self, policy: str, tables: Tables, dataset: Dataset, horizon: range) -> Tables:
        rows = crossed(self._stages(tables, self.stages), by_year(self.hhi, self.active(horizon)))
        rows = rows.rename(columns={"value": "hhi"}).assign(policy=policy, market=self.market)
        return {"concentrations": appended(tables["concentrations"], rows)}


KINDS = (SurviveLoss, ConcentrationCap)
