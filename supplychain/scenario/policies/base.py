"""What every policy is: grounds, years, and one function that edits the tables of the system.

A policy never touches an equation. It returns edited tables; the program is written from the
finished tables and does not know which policy wrote them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from supplychain.facts.dataset import PLACE, Dataset

ALL: Literal["all"] = "all"
SUPPLY: Literal["supply"] = "supply"
YEAR_FIELDS, NEWS_FIELDS = ("years", "release"), ("known_from", "release_known_from")

Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Unit:
    """The natural unit of a limit: its name, how much of the field's own unit it is, and the most of that there is."""

    name: str
    size: float = 1.0
    most: float = np.inf


POINT = Unit("percentage point", 0.01, 1.0)
TONNE = Unit("tonne a year")


@dataclass(frozen=True)
class Named:
    """Marks a field whose entries name things of the data: which, in what columns, and words allowed besides."""

    what: str
    columns: tuple[tuple[str, str], ...]
    besides: tuple[str, ...] = ()

    def known(self, dataset: Dataset) -> list[str]:
        """Every name that the data and the words allowed besides offer."""
        found = [name for table, column in self.columns for name in dataset[table][column]]
        return list(dict.fromkeys([*found, *self.besides]))


def _shape(value: Any) -> str:
    """Which form of a field a value has: a map by year, a list, or one value."""
    return "by year" if isinstance(value, dict) else "list" if isinstance(value, list | tuple) else "one"


def _map_or_one(value: Any) -> str:
    return "by year" if isinstance(value, dict) else "one"


def _list_or_one(value: Any) -> str:
    return "list" if _shape(value) == "list" else "one"


Year = Annotated[int, Field(ge=1900, le=2100)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Change = Annotated[float, Field(allow_inf_nan=False)]
Rate = Annotated[float, Field(ge=0, le=0.5, allow_inf_nan=False)]
Points = Annotated[float, Field(ge=-0.2, le=0.2, allow_inf_nan=False)]
Stage = Literal["mine", "refine", "fabricate"]
SupplyStage = Literal["mine", "refine", "fabricate", "supply"]

ShareByYear = Annotated[
    Annotated[Share, Tag("one")] | Annotated[dict[Year, Share], Field(min_length=1), Tag("by year")],
    Discriminator(_map_or_one),
]
AmountByYear = Annotated[
    Annotated[Amount, Tag("one")] | Annotated[dict[Year, Amount], Field(min_length=1), Tag("by year")],
    Discriminator(_map_or_one),
]
ChangeByYear = Annotated[
    Annotated[Change, Tag("one")] | Annotated[dict[Year, Change], Field(min_length=1), Tag("by year")],
    Discriminator(_map_or_one),
]
Names = Annotated[list[str], Field(min_length=1)]
NamesOrAll = Annotated[
    Annotated[Names, Tag("list")] | Annotated[Literal["all"], Tag("one")], Discriminator(_list_or_one)
]
NameOrNames = Annotated[Annotated[Names, Tag("list")] | Annotated[str, Tag("one")], Discriminator(_list_or_one)]
StagesOrAll = Annotated[
    Annotated[list[Stage], Field(min_length=1), Tag("list")] | Annotated[Literal["all"], Tag("one")],
    Discriminator(_list_or_one),
]

COUNTRY = Named("country or group", (("groups", "group"), ("countries", "country")))
MARKET = Named("market", (("markets", "market"),))
MINERAL = Named("mineral", (("minerals", "mineral"),))
PROJECT = Named("project", (("projects", "project"),))
SERVICE = Named("service", (("services", "service"),))
SOURCE = Named("source", (("sources", "source"),))

Countries = Annotated[Names, COUNTRY]
CountriesOrAll = Annotated[NamesOrAll, COUNTRY]
Market = Annotated[str, MARKET]
MarketsOrAll = Annotated[NamesOrAll, MARKET]
Projects = Annotated[Names | None, PROJECT]


class Policy(BaseModel, ABC):
    """What every policy has: who says so, and when it holds.

    The base year is history: unless `years` says otherwise a policy holds from the year after it to
    the horizon's end.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    example: ClassVar[str] = ""
    # The fields that set a limit, whose marginal cost is a price: of several the first that is given.
    limits: ClassVar[dict[str, Unit]] = {}

    source: Annotated[str | None, SOURCE] = Field(
        None, description="row of sources.csv that the policy's figures come from"
    )
    assumption: str | None = Field(None, description="why these figures, where no source gives them")
    years: tuple[Year, Year] | None = Field(
        None,
        description="first and last year in which it holds; without it the year after the base year to the last",
    )

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

    def names(self) -> Iterator[tuple[str, int, str, Named]]:
        """(field, position in its list, name, what it must name) for every name that must exist in the data."""
        for field, info in type(self).model_fields.items():
            value = getattr(self, field)
            listed = value if isinstance(value, list) else [value]
            for named in (mark for mark in info.metadata if isinstance(mark, Named)):
                yield from ((field, i, name, named) for i, name in enumerate(listed) if name not in (None, ALL))

    def named_years(self) -> Iterator[tuple[str, int, int]]:
        """(field, key or position, year) for every calendar year that the policy names."""
        for field in type(self).model_fields:
            value = getattr(self, field)
            if isinstance(value, dict):
                yield from ((field, year, year) for year in value)
            elif field in YEAR_FIELDS:
                yield from ((field, i, year) for i, year in enumerate(value or []))
            elif field in NEWS_FIELDS and value is not None:
                yield field, 0, value

    def news(self, horizon: range) -> int | None:
        """The year of the horizon in which it becomes known; None where it was known all along."""
        return None

    def later_news(self) -> int | None:
        """The year in which more of it becomes known; None where it is known as a whole."""
        return None

    def as_known(self, year: int) -> Self:
        """The policy as far as it is known in a year."""
        return self

    @abstractmethod
    def edit(self, policy: str, tables: Tables, dataset: Dataset, horizon: range) -> Tables:
        """The tables that the policy, under its id, changes; those it leaves alone are not in the answer.

        Parameters
        ----------
        policy : the policy's id in the scenario.
        tables : the tables of `system.System` as the policies before this one left them.
        dataset : the facts. horizon : every year.

        Returns
        -------
        Tables by name, whole, each with the columns that it had.
        """


class Shock(Policy):
    """A policy that nobody announces: until it is known the world is the one without it (docs/model.md, surprise)."""

    known_from: Year | None = Field(
        None,
        description="year in which it becomes known, at the latest the first it acts in (a shock without it: that)",
    )
    foreseen: bool = Field(False, description="known from the base year on all the same, as announced policies are")

    @model_validator(mode="after")
    def _known_in_time(self) -> Shock:
        if self.known_from is not None and self.years and self.known_from > self.years[0]:
            raise ValueError(f"it acts from {self.years[0]} on, so it cannot become known in {self.known_from}")
        return self

    def news(self, horizon: range) -> int | None:
        acts = self.active(horizon)
        if not acts or self.foreseen or (self.known_from is None and not self._sudden()):
            return None
        return acts[0] if self.known_from is None else min(self.known_from, acts[0])

    def _sudden(self) -> bool:
        """Whether it takes people by surprise where the scenario does not say when it becomes known."""
        return True


class MineralPolicy(Policy):
    """A policy on some minerals, or on all."""

    minerals: Annotated[NamesOrAll, MINERAL] = Field(ALL, description="mineral ids, or all")

    def _stages(self, tables: Tables, stages: Sequence[str] | Literal["all"]) -> pd.DataFrame:
        """mineral, stage: the stages of the policy's minerals' whole chains that it touches."""
        chain = tables["chain"]
        links = pd.concat(
            [chain[["mineral", "stage"]], chain[["mineral"]].drop_duplicates().assign(stage=SUPPLY)], ignore_index=True
        )
        inside = links["stage"] != SUPPLY if stages == ALL else links["stage"].isin(stages)
        return links[chosen(links["mineral"], self.minerals) & inside].reset_index(drop=True)

    def _made(self, tables: Tables, stages: Sequence[str] | Literal["all"]) -> pd.DataFrame:
        """mineral, stage under which sites make the policy's minerals: the ore's name where several share one."""
        chain, joint = tables["chain"], tables["byproducts"]
        inside = chosen(chain["mineral"], self.minerals) & chosen(chain["stage"], stages)
        links = chain.loc[inside, ["ore", "stage"]].set_axis(["mineral", "stage"], axis=1)
        products = joint.loc[joint["joint"].astype(bool), ["product", "product_stage", "host", "host_stage"]]
        dug = products.merge(links, left_on=["product", "product_stage"], right_on=["mineral", "stage"])
        dug = dug[["host", "host_stage"]].set_axis(["mineral", "stage"], axis=1)
        return pd.concat([links, dug]).drop_duplicates(ignore_index=True)


def chosen(column: pd.Series, names: Sequence[str] | Literal["all"]) -> pd.Series:
    """Which rows a list of names, or `all`, chooses."""
    return pd.Series(True, index=column.index) if isinstance(names, str) else column.isin(list(names))


def matching(table: pd.DataFrame, keys: pd.DataFrame) -> np.ndarray:
    """Which rows of a table have their values of the columns of `keys` in one of its rows."""
    columns = list(keys.columns)
    return np.asarray(pd.MultiIndex.from_frame(table[columns]).isin(pd.MultiIndex.from_frame(keys)))


def places(tables: Tables) -> pd.DataFrame:
    """mineral, stage, country of what is made, could be built, is sent on, or delivered as last supplier (`supply`)."""
    sent = tables["feeds"].rename(columns={"origin": "country"})
    sold = tables["deliveries"].rename(columns={"supplier": "country"}).assign(stage=SUPPLY)
    known = [table[PLACE].astype(object) for table in (tables["sites"], tables["builds"], sent, sold)]
    return pd.concat(known).drop_duplicates(ignore_index=True)


def by_year(value: float | dict[int, float], years: Iterable[int]) -> pd.DataFrame:
    """A value for each year: linear between the years given, flat outside; columns `year`, `value`."""
    years = list(years)
    points = value if isinstance(value, dict) else {0: value}
    known = sorted(points)
    values = np.interp(years, known, [points[year] for year in known]) if years else np.zeros(0)
    return pd.DataFrame({"year": years, "value": values})


def in_rows(value: float | dict[int, float] | None, table: pd.DataFrame, years: Iterable[int]) -> pd.Series:
    """The value in the year of each row of a yearly table; NaN outside the years, or without a value."""
    known = by_year(np.nan if value is None else value, years).set_index("year")["value"]
    return table["year"].map(known).astype(float)


def appended(table: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The table with the rows at its end, in its own columns and types; columns that the rows lack stay blank."""
    rows = rows.reindex(columns=table.columns).drop_duplicates()
    both = rows if table.empty else pd.concat([table, rows], ignore_index=True) if len(rows) else table
    return both.astype(table.dtypes.to_dict()).reset_index(drop=True)


def members(dataset: Dataset, groups: str | Sequence[str]) -> list[str]:
    """The countries of a group, a country, or a list of these taken together."""
    listed = dataset["groups"]
    named = [groups] if isinstance(groups, str) else groups
    inside = [c for g in named for c in listed.loc[listed["group"] == g, "country"].tolist() or [g]]
    return list(dict.fromkeys(inside))


def crossed(*tables: pd.DataFrame) -> pd.DataFrame:
    """Every combination of the rows of the tables."""
    first, *others = tables
    for other in others:
        first = first.merge(other, how="cross")
    return first
