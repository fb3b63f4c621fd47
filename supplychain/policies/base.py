"""What every policy is: grounds, years, minerals, and one function that edits the tables of the system.

A policy never touches an equation. It returns edited tables; `model.py` reads the finished tables and
does not know which policy wrote them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from supplychain.dataset import Dataset

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Year = Annotated[int, Field(ge=1900, le=2100)]
Stage = Literal["mine", "refine", "fabricate"]
Tables = dict[str, pd.DataFrame]
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

    def names(self) -> Iterable[tuple[str, str, str]]:
        """(field, table, name) for every name that must exist in the data."""
        yield from (("minerals", "minerals", m) for m in ([] if self.minerals == ALL else self.minerals))
        yield from [("source", "sources", self.source)] if self.source else []

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
        raise NotImplementedError

    def _stages(self, dataset: Dataset, stages: list[Stage] | Literal["all"]) -> pd.DataFrame:
        """mineral, stage: the stages of the policy's minerals that it touches."""
        table = dataset["stages"][["mineral", "stage"]]
        chosen = table["mineral"].isin(table["mineral"] if self.minerals == ALL else list(self.minerals))
        return table[chosen & (True if stages == ALL else table["stage"].isin(stages))]


def by_year(value: float | dict[int, float], years: Iterable[int]) -> pd.DataFrame:
    """A value for each year: linear between the years given, flat outside; columns `year`, `value`."""
    years = list(years)
    points = value if isinstance(value, dict) else {0: value}
    known = sorted(points)
    values = np.interp(years, known, [points[year] for year in known]) if years else np.zeros(0)
    return pd.DataFrame({"year": years, "value": values})


def appended(table: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The table with the rows at its end, in its own columns and types; columns that the rows lack stay blank."""
    rows = rows.reindex(columns=table.columns).drop_duplicates()
    both = rows if table.empty else pd.concat([table, rows], ignore_index=True) if len(rows) else table
    return both.astype(table.dtypes.to_dict()).reset_index(drop=True)


def members(dataset: Dataset, groups: str | list[str]) -> list[str]:
    """The countries of a group, a country, or a list of these taken together."""
    listed = dataset["groups"]
    named = [groups] if isinstance(groups, str) else groups
    inside = [c for g in named for c in listed.loc[listed["group"] == g, "country"].tolist() or [g]]
    return list(dict.fromkeys(inside))
