"""Problems small enough for paper: a data package from Python dicts, a scenario, and the program's answer.

A table is a dict: the key holds a row's first cells, in the order of the schema's columns and parted by spaces (`.` is
a blank cell); the value is the next cell, a tuple of the next ones, or a dict of cells by column. So

    capacity={"x mine KAZ 2025": 100}, consumption={"x USA .": (100, 500)}

is a mine of 100 t/yr in Kazakhstan and use of 100 t in every year, worth 500 USD/t. What is not said stays blank; every
row names the one test source.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from pydantic import TypeAdapter

from supplychain.facts import dataset, reading
from supplychain.facts.dataset import Dataset
from supplychain.program import equations as model
from supplychain.program.lp import LinearProgram
from supplychain.results import indicators
from supplychain.results import tables as tidy
from supplychain.results.unfold import unfold
from supplychain.scenario.policies import AnyPolicy, Tables
from supplychain.scenario.scenario import Scenario
from supplychain.solve.highs import Solution, Solver
from supplychain.system.build import System, base_tables, build_system

Rows = Mapping[str, Any]
SOURCE = "by_hand"
# Not "USD", which the program counts in millions: a solver's tolerance would be some of a small problem's dollars.
MONEY = "dollars"
POLICY: TypeAdapter[Any] = TypeAdapter(AnyPolicy)
# One mineral, mined in two countries, for one market; Kazakhstan delivers at 60 USD/t, China at 100.
TWO_SITES: dict[str, Rows] = {
    "minerals": {"x": {}},
    "stages": {"x mine": {}},
    "markets": {"USA": {"traced": "true"}},
    "countries": {"KAZ": {}, "CHN": {}},
    "freight": {"KAZ USA sea": 60, "CHN USA sea": 100},
}
# Kazakhstan makes 60 t and China 140; the USA imports 50 t: 10 from Kazakhstan, 25 from China, 15 from Belgium, which
# makes none: a hub, whose tonnes come from the makers by their output, 4.5 and 10.5.
BASE_YEAR: dict[str, Rows] = {
    "minerals": {"x": {"class": "metal"}},
    "stages": {"x refine": {}},
    "markets": {"USA": {"traced": "true"}, "CHN": ("China", "", 0.6), "ROW": ("Rest", "", 0.4)},
    "countries": {"USA": ("", "USA"), "KAZ": ("", "ROW"), "BEL": ("", "ROW"), "CHN": ("", "CHN")},
    "freight": {"KAZ USA sea": 10, "CHN USA sea": 20, "BEL USA sea": 5, "CHN ROW sea": 10, "KAZ CHN land": 10},
    "production": {"x refine KAZ 2025": 60, "x refine CHN 2025": 140},
    "import_sources": {
        "x metal KAZ": (20, "", "true"),
        "x metal CHN": (50, "", "true"),
        "x metal BEL": (30, "", "true"),
    },
    "us_supply": {"x imports 2024": 50},
    "prices": {"x 2024": 100},
    "deflator": {"2024": 1},
    "elasticities": {"metal substitution": 4, "metal short_run": 0.2, "metal long_run": 0.5},
    "economics": {"x refine opex_usd_per_t": 40, "x refine utilisation": 0.5},
}


def write(folder: Path, **tables: Rows) -> Path:
    """The tables as a data package in a folder; `TWO_SITES` where a table is not given."""
    for name, rows in _whole(tables).items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, [field["name"] for field in _fields(name)], restval="")
            writer.writeheader()
            writer.writerows(_row(name, key, value) for key, value in rows.items())
    return folder


def facts(**tables: Rows) -> Dataset:
    """The same as facts, without the way over files: what `dataset.read` makes of the package; money is in `MONEY`."""
    read = _blank()
    found = {name: _typed(name, rows) for name, rows in _whole(tables).items()}
    return Dataset(read.path, read.tables | found, MONEY, read.digest)


def _whole(tables: Mapping[str, Rows]) -> dict[str, Rows]:
    return TWO_SITES | {"sources": {SOURCE: {"title": "worked by hand"}}} | dict(tables)


@cache
def _blank() -> Dataset:
    with TemporaryDirectory() as folder:
        return dataset.read(write(Path(folder)))


def _fields(table: str) -> list[dict[str, Any]]:
    return list(reading.schema()[table]["schema"]["fields"])


def _row(table: str, key: str, value: Any) -> dict[str, Any]:
    columns = [field["name"] for field in _fields(table)]
    first = ["" if cell == "." else cell for cell in key.split()]
    if not isinstance(value, Mapping):
        value = dict(zip(columns[len(first) :], value if isinstance(value, tuple) else (value,), strict=False))
    source = {"source": SOURCE} if "locator" in columns else {}
    return dict(zip(columns, first, strict=False)) | source | dict(value)


def _typed(table: str, rows: Rows) -> pd.DataFrame:
    """The rows in the columns' types: whole numbers where they must be there, NaN for a blank one, text else."""
    frame = pd.DataFrame([_row(table, key, value) for key, value in rows.items()])
    frame = frame.reindex(columns=[field["name"] for field in _fields(table)])
    for field in _fields(table):
        name, required = field["name"], field.get("constraints", {}).get("required")
        if field["type"] in ("number", "integer"):
            kind = int if field["type"] == "integer" and required else float
            frame[name] = pd.to_numeric(frame[name].replace("", None)).astype(kind)
        else:
            text = frame[name].astype(object).fillna("")
            frame[name] = (text == "true").astype(bool) if field["type"] == "boolean" else text
    return frame


def story(first: int, last: int, discount_rate: float = 0.0, **policies: dict[str, Any]) -> Scenario:
    """A scenario of the years first to last; policies as a scenario file has them, the test being their grounds."""
    named = {name: POLICY.validate_python(fields | {"assumption": "a test"}) for name, fields in policies.items()}
    return Scenario("by_hand", "by hand", "", range(first, last + 1), discount_rate, named)


def loss(share: float, country: str = "KAZ", **fields: Any) -> dict[str, Any]:
    """A policy by which a country's capacity loses this share of itself, from the second year on if not said else."""
    return {"kind": "capacity_loss", "countries": [country], "share": share} | fields


@dataclass(frozen=True)
class Answer:
    """A solved problem: its facts, tables, program and optimum; in tonnes and USD."""

    known: Dataset
    system: System
    program: LinearProgram
    solution: Solution

    @property
    def objective(self) -> float:
        """Minimal cost, USD."""
        return self.solution.objective

    def table(self, name: str) -> pd.DataFrame:
        """One table of the result folder."""
        parts = (self.program, self.system, self.solution)
        if name in ("public", "policies"):
            bills = tidy.public(*parts, tidy.prices(*parts))
            return bills if name == "public" else tidy.policies(*parts, bills)
        if name == "dependence_by_owner":
            supply = indicators.by_owner(tidy.supply(*parts))
            return indicators.dependence(supply, self.known["groups"], self.system.homes)
        if name == "switching":
            return tidy.switching(self.program, self.solution)
        return getattr(tidy, name)(*parts)

    def value(self, variable: str, **labels: Any) -> float:
        """Sum of a variable's values over the rows of its table that carry these labels."""
        v = self.program.variables[variable]
        return float(self.solution.of(v)[_carry(v.table, labels)].sum())

    def dual(self, constraint: str, **labels: Any) -> float:
        """Dual of the one row of a constraint that carries these labels: objective's change per unit of its bound."""
        rows = self.program.constraints[constraint]
        (dual,) = self.solution.dual_of(rows)[_carry(rows.table, labels)]
        return float(dual)

    def cell(self, table: str, column: str, **labels: Any) -> Any:
        """The cell of the one row of a result table that carries these labels."""
        rows = self.table(table)
        (cell,) = rows.loc[_carry(rows, labels), column]
        return cell

    def price(self, year: int, mineral: str = "x", market: str = "USA") -> float:
        """Delivered price, USD/t of the year."""
        return float(self.cell("prices", "usd_per_t", year=year, mineral=mineral, market=market))


def _carry(table: pd.DataFrame, labels: Mapping[str, Any]) -> pd.Series:
    """Which rows of a table carry the labels."""
    return (table[list(labels)] == pd.Series(labels, dtype=object)).all(axis=1)


_KEPT: list[tuple[Dataset, range, Tables]] = []


def _base(known: Dataset, years: range) -> Tables:
    """The tables before any policy. The last ones are kept: a test often solves the same facts with other policies."""
    if not _KEPT or _KEPT[0][0] is not known or _KEPT[0][1] != years:
        _KEPT[:] = [(known, years, base_tables(known, years))]
    return _KEPT[0][2]


def solve(known: Dataset, scenario: Scenario, edit: Callable[[System], System] | None = None) -> Answer:
    """The optimum of facts and scenario; `edit` changes the finished tables before the program is written."""
    system = build_system(known, scenario, _base(known, scenario.years))
    system = edit(system) if edit else system
    program = model.build_program(system)
    return Answer(known, system, program, Solver(program).solve())


def unfolded(known: Dataset, scenario: Scenario) -> Answer:
    """The same as it becomes known: what nobody announces is not foreseen."""
    solved = unfold(scenario, known, _base(known, scenario.years))
    return Answer(known, solved.system, solved.program, solved.solution)
