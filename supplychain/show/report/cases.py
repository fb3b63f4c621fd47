"""The scenarios of a page: which is the reference, which are disruptions, and what each comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from supplychain.results.result import Result
from supplychain.results.summary import REFERENCE, summary_table

HOME = "USA"
DISRUPTIONS = {"export_ban", "export_quota", "capacity_loss"}
GROUPS = {"reference": "Reference", "policy": "Policy", "disruption": "Disruption", "response": "Response"}


@dataclass(frozen=True)
class Case:
    """One scenario on the page.

    Attributes
    ----------
    result : what was solved.
    group : `reference`, `policy`, `disruption` (somebody cuts exports, or capacity or a way is lost) or `response`
        (policies that meet such a disruption).
    row : its row of `summary_table`; shares are 0 to 1, money billion USD.
    """

    result: Result
    group: str
    row: dict[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        """The scenario's id."""
        return self.result.name

    @property
    def title(self) -> str:
        """The scenario's title."""
        return self.result.title

    @property
    def label(self) -> str:
        """The title up to its first comma, for where there is little room."""
        return self.title.split(",")[0]

    @property
    def story(self) -> dict[str, Any]:
        """The scenario as it was resolved: story, horizon, policies ..."""
        return dict(self.result.manifest["scenario"]["resolved"])

    @property
    def years(self) -> range:
        """Every year of its horizon."""
        horizon = self.story["horizon"]
        return range(int(horizon["from"]), int(horizon["to"]) + 1)

    def table(self, name: str) -> pd.DataFrame:
        """One tidy table; empty, without columns, where the result has none."""
        return self.result.tables.get(name, pd.DataFrame())

    def home(self, name: str) -> pd.DataFrame:
        """The rows of a table that are about the United States; empty where there are none."""
        table = self.table(name)
        return table[table["market"] == HOME] if "market" in table else pd.DataFrame()

    @property
    def in_dollars(self) -> bool:
        """Whether it has the figures of the United States in USD."""
        return "us_bill_busd" in self.row and len(self.home("dependence")) > 0


def cases_of(results: Sequence[Result]) -> list[Case]:
    """The scenarios in the order of the page: the reference, policies, disruptions, responses, each by title.

    The reference is `status_quo`, or, where there is none, the scenario with the fewest policies.
    """
    reference = min(results, key=lambda r: (r.name != REFERENCE, len(_policies(r)), r.name))
    rest = [(group_of(r, reference), r) for r in results if r is not reference]
    rest.sort(key=lambda pair: (list(GROUPS).index(pair[0]), pair[1].title))
    ordered = [("reference", reference), *rest]
    rows = summary_table([r for _, r in ordered]).to_dict("records")
    return [Case(r, group, _filled(row)) for (group, r), row in zip(ordered, rows, strict=True)]


def _filled(row: dict[Any, Any]) -> dict[str, Any]:
    """Only the figures that the row has: a table of mixed scenarios is blank where one has none."""
    return {str(key): value for key, value in row.items() if not pd.isna(value)}


def group_of(result: Result, reference: Result) -> str:
    """What a scenario adds to the reference: a `policy`, a `disruption`, or a `response`, which is both at once."""
    known = _policies(reference)
    harms = {_harms(policy) for name, policy in _policies(result).items() if known.get(name) != policy}
    return "response" if len(harms) == 2 else "disruption" if harms == {True} else "policy"


def _harms(policy: dict[str, Any]) -> bool:
    """Whether it takes supply away: by its kind, or as a corridor that changes from one day to the next."""
    return policy["kind"] in DISRUPTIONS or (policy["kind"] == "corridor" and bool(policy.get("known_from")))


def _policies(result: Result) -> dict[str, dict[str, Any]]:
    return dict(result.manifest["scenario"]["resolved"].get("policies") or {})
