"""What a study of many solves found: tables of its own, beside the scenario's result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from supplychain.facts.dataset import Dataset
from supplychain.facts.errors import Fault, InputError
from supplychain.results.columns import TABLES
from supplychain.results.package import write_package
from supplychain.results.tabled import Tabled
from supplychain.scenario.policies.security import ConcentrationCap
from supplychain.scenario.scenario import Scenario

Step = Callable[[str], object]  # is told what a study is at
OPTIMAL, NO_PLAN = "optimal", "no plan"  # status of one of its solves
MANIFEST = "study.json"  # not a result's name for it: the page takes every folder with that for a result


@dataclass(frozen=True, repr=False)
class Findings(Tabled):
    """What a study found.

    Attributes
    ----------
    study, name, title : the study, and the scenario that it is about.
    tables : by name, as `TABLES` describes them; also as attributes.
    manifest : hashes of scenario and facts, what was asked, and wall times.
    """

    study: str
    name: str
    title: str
    tables: Mapping[str, pd.DataFrame]
    manifest: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        listed = ", ".join(f"{name} ({len(table)})" for name, table in self.tables.items())
        return f"<{self.study} of {self.name}: {listed}>"

    def _repr_html_(self) -> str:
        parts = (
            f"<h5>{escape(TABLES[name])}</h5>{table.head(20).to_html(index=False, border=0)}"
            for name, table in self.tables.items()
        )
        return f"<h4>{escape(self.title)}</h4>" + "".join(parts)

    def save(self, folder: Path | str) -> Path:
        """Write the tables as a data package, whole or not at all, and return its path."""
        more = {MANIFEST: dict(self.manifest)}
        return write_package(folder, f"{self.name}-{self.study}", self.title, self.tables, more=more)


def about(story: Scenario, known: Dataset, **asked: Any) -> dict[str, Any]:
    """A study's manifest: what it stands on, and what was asked."""
    of = {"scenario": {"name": story.name, "sha256": story.digest}, "data": {"sha256": known.digest}}
    part = {"minerals": known.names("minerals")} if known.whole is not known else {}
    return of | {"asked": asked | part}


def checked_year(story: Scenario, year: int | None, usual: int) -> int:
    """The year that is asked for, or the usual one, by its place in the horizon.

    Raises
    ------
    InputError : a year outside the horizon, or its first, which is history.
    """
    years = list(story.years)
    year = years[min(usual, len(years) - 1)] if year is None else year
    if year not in years[1:] and len(years) > 1:
        raise InputError([Fault(*story.where(""), f"{year} is no year from {years[1]} to {years[-1]}")])
    return year


def linear(story: Scenario) -> None:
    """Refuses a scenario that one linear program cannot hold: limits on concentration take several.

    Raises
    ------
    InputError : names the first such policy.
    """
    for name, policy in story.policies.items():
        if isinstance(policy, ConcentrationCap):
            what = f"this study follows one linear program, which cannot hold the concentration cap {name!r}"
            raise InputError([Fault(*story.where(name), what)])
