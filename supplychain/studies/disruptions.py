"""What may break, as policies: each disruption of the facts struck in a year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

from supplychain.facts.dataset import Dataset
from supplychain.scenario.policies import AnyPolicy
from supplychain.scenario.scenario import Scenario

POLICY: TypeAdapter[Any] = TypeAdapter(AnyPolicy)
ALIKE = ["kind", "country", "against", "stage", "leg", "share", "years"]
NOTHING = "nothing"


@dataclass(frozen=True)
class Outcome:
    """One way in which the world may go on: a disruption, or none.

    Attributes
    ----------
    story : the scenario with it, known from the base year on: who decides before it is not for the scenario to say.
    """

    event: str
    name: str
    probability: float
    story: Scenario


def outcomes(story: Scenario, known: Dataset, year: int, exposure: float = 1.0) -> list[Outcome]:
    """The scenario as it goes on without a disruption, and with each that the facts know, one at a time.

    Parameters
    ----------
    year : in which it strikes. exposure : years in which it may begin.

    Returns
    -------
    Probabilities are those of one disruption and no other, over all in which there is at most one; independent ones.
    """
    table = known["disruptions"]
    events = list(table.groupby("disruption", sort=False))
    begins = np.array([1.0 - (1.0 - rows["yearly_probability"].iloc[0]) ** exposure for _, rows in events])
    odds = np.append(1.0, begins / (1.0 - begins))
    chance = odds / odds.sum()
    found = [Outcome(NOTHING, "No disruption", float(chance[0]), story)]
    for p, (event, rows) in zip(chance[1:], events, strict=True):
        found.append(Outcome(str(event), rows["name"].iloc[0], float(p), struck(story, rows, year)))
    return found


def struck(story: Scenario, rows: pd.DataFrame, year: int, part: float = 1.0) -> Scenario:
    """The scenario with some rows of `disruptions`, each at a part of its size."""
    last, added = story.years[-1], {}
    for number, (_, alike) in enumerate(rows.groupby(ALIKE, sort=False, dropna=False)):
        policy = POLICY.validate_python(_fields(alike, year, last, part))
        added[f"{rows['disruption'].iloc[0]}_{number}"] = policy
    return replace(story, policies=story.policies | added)


def _fields(rows: pd.DataFrame, year: int, last: int, part: float) -> dict[str, object]:
    row = rows.iloc[0]
    fields: dict[str, object] = {"kind": row["kind"], "foreseen": True, "source": row["source"]}
    fields["years"] = [year, min(year + int(row["years"]) - 1, last)]
    share = part * float(row["share"])
    if row["kind"] == "corridor":
        return fields | {"legs": [row["leg"]], "capacity_multiple": 1.0 - share}
    fields |= {
        "countries": [row["country"]],
        "minerals": list(rows["mineral"]),
        "stages": [row["stage"]],
        "share": share,
    }
    return fields | ({"against": [row["against"]]} if row["against"] not in ("", "all") else {})


def expected(story: Scenario, known: Dataset, year: int, found: Sequence[Outcome]) -> Scenario:
    """The scenario in which every disruption strikes at once, each at its probability's part of its size."""
    table = known["disruptions"]
    for outcome in found[1:]:
        rows = table[table["disruption"] == outcome.event]
        story = struck(story, rows, year, outcome.probability)
    return story
