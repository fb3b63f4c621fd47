"""What a plan could lose: suppliers, countries, hubs, plants that it builds, legs; and the bounds that each closes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from supplychain.facts.dataset import OTHER, PLACE
from supplychain.program.lp import Arrays, Floats, Ints, LinearProgram
from supplychain.solve.highs import Solution
from supplychain.solve.part import Part
from supplychain.system.build import System

LABELS = ["kind", "mineral", "stage", "country", "name", "tonnes"]
SUPPLIER, COUNTRY, HUB, PROJECT, LEG = "supplier", "country", "hub", "project", "leg"
WHOLE = np.inf
DUST = 1e-6  # t


@dataclass(frozen=True)
class Loss:
    """Something that may be lost, and what its loss takes from a part of a program.

    Attributes
    ----------
    label : kind, mineral, stage, country, name, tonnes (of capacity in the year; of a leg and a country blank).
    rows, less : rows of the part whose upper bound falls, and by how much (scaled; `WHOLE`: to nil).
    columns : columns of the part that must be nil.
    """

    label: dict[str, object]
    rows: Ints
    less: Floats
    columns: Ints

    @property
    def name(self) -> str:
        return str(self.label["name"])

    def taken_from(self, arrays: Arrays) -> Arrays:
        """The part's program without it."""
        row_upper, upper = arrays.row_upper.copy(), arrays.upper.copy()
        row_upper[self.rows] = np.maximum(row_upper[self.rows] - self.less, np.minimum(0.0, row_upper[self.rows]))
        upper[self.columns] = 0.0
        return replace(arrays, row_upper=row_upper, upper=upper)


def losses(lp: LinearProgram, system: System, solution: Solution, part: Part, years: Iterable[int]) -> list[Loss]:
    """Everything that may be lost in some years of a plan, all of it in all of them.

    Parameters
    ----------
    solution : the plan. part : the part of its program that may answer.

    Returns
    -------
    One `Loss` for each country's plants of a mineral at a stage (those of one ore together), each country, each hub of
    the market, each named project that the plan has built, and each leg of a corridor. What no source names is left
    out.
    """
    sites = _sites(lp, system, solution, sorted(years))
    found = [_of_sites(group, _supplier(group), part) for _, group in sites.groupby(["site", "stage", "country"])]
    found += [_of_sites(group, _country(group), part) for _, group in sites.groupby("country")]
    found += [*_hubs(lp, part, years), *_projects(lp, solution, part, years), *_legs(lp, system, part, years)]
    return [hit for hit in found if len(hit.rows) or len(hit.columns)]


def _sites(lp: LinearProgram, system: System, solution: Solution, years: list[int]) -> pd.DataFrame:
    """Each row and column of capacity: site (the ore where products share one), PLACE, `row` or `column`, tonnes."""
    rows, used, build = lp.constraints["capacity"], lp.variables["used"], lp.variables["build"]
    keys = [*PLACE, "year"]
    stands = rows.table[keys].assign(row=rows.first + np.arange(len(rows)))
    runs = used.table[keys].assign(column=used.first + np.arange(len(used)), tonnes=used.upper)
    new = build.table[keys].assign(column=build.first + np.arange(len(build)), tonnes=solution.of(build))
    new["tonnes"] = new["tonnes"].where(new["year"] <= years[0], 0.0)
    new["year"] = new["year"].clip(lower=years[0])
    table = pd.concat([stands, runs, new], ignore_index=True)
    table = table[table["year"].isin(years) & (table["country"] != OTHER)]
    ore = system.byproducts[system.byproducts["joint"]].drop_duplicates(["product", "product_stage", "country"])
    ore = ore.set_index(["product", "product_stage", "country"])["host"]
    site = ore.reindex(pd.MultiIndex.from_frame(table[PLACE])).set_axis(table.index).fillna(table["mineral"])
    has = table.assign(site=site, tonnes=table["tonnes"].where(table["year"] == years[0], 0.0).fillna(0.0))
    has["tonnes"] = has.groupby(["site", "stage", "country"])["tonnes"].transform("sum")
    return has[has["tonnes"] > DUST]


def _of_sites(group: pd.DataFrame, label: dict[str, object], part: Part) -> Loss:
    rows = part.rows_of(np.unique(group["row"].dropna().to_numpy(dtype=np.int64)))
    columns = part.columns_of(np.unique(group["column"].dropna().to_numpy(dtype=np.int64)))
    return Loss(label, rows, np.full(len(rows), WHOLE), columns)


def _supplier(group: pd.DataFrame) -> dict[str, object]:
    site, stage, country, tonnes = group[["site", "stage", "country", "tonnes"]].iloc[0]
    return _label(SUPPLIER, site, stage, country, f"{site}, {stage}, {country}", tonnes)


def _country(group: pd.DataFrame) -> dict[str, object]:
    country = group["country"].iloc[0]
    return _label(COUNTRY, "", "", country, f"all of {country}")


def _label(kind: str, mineral: str, stage: str, country: str, name: str, tonnes: float = np.nan) -> dict[str, object]:
    return dict(zip(LABELS, (kind, mineral, stage, country, name, tonnes), strict=True))


def _hubs(lp: LinearProgram, part: Part, years: Iterable[int]) -> Iterator[Loss]:
    rows = lp.constraints["hub_capacity"]
    table = rows.table.assign(row=rows.first + np.arange(len(rows)), tonnes=rows.upper)
    for (mineral, country), group in table[table["year"].isin(list(years))].groupby(["mineral", "supplier"]):
        own = part.rows_of(np.sort(group["row"].to_numpy()))
        label = _label(HUB, mineral, "supply", country, f"{mineral}, sold on by {country}", group["tonnes"].iloc[0])
        yield Loss(label, own, np.full(len(own), WHOLE), np.zeros(0, dtype=np.int64))


def _projects(lp: LinearProgram, solution: Solution, part: Part, years: Iterable[int]) -> Iterator[Loss]:
    """Named projects that stand when the first of the years comes."""
    build, rows = lp.variables["build"], lp.constraints["capacity"]
    table = build.table.assign(built=solution.of(build).to_numpy())
    table = table[(table["project"] != "") & (table["year"] <= min(years)) & (table["built"] > DUST)]
    keys = [*PLACE, "owner"]
    built = table.groupby(["project", "name", *keys], as_index=False)["built"].sum()
    place = rows.table[[*keys, "year"]].assign(row=rows.first + np.arange(len(rows)), unit=rows.unit)
    for (project, name), group in built.groupby(["project", "name"]):
        hit = group.merge(place[place["year"].isin(list(years))], on=keys).sort_values("row")
        inside = hit[np.isin(hit["row"], part.rows)]
        mineral, stage, country = group[PLACE].iloc[0]
        label = _label(PROJECT, mineral, stage, country, name or project, group["built"].sum())
        own = part.rows_of(inside["row"].to_numpy())
        yield Loss(label, own, (inside["built"] / inside["unit"]).to_numpy(), np.zeros(0, dtype=np.int64))


def _legs(lp: LinearProgram, system: System, part: Part, years: Iterable[int]) -> Iterator[Loss]:
    shipped = lp.variables["shipped"]
    table = shipped.table[["country", "zone", "corridor", "year"]].assign(
        column=shipped.first + np.arange(len(shipped))
    )
    table = table[table["year"].isin(list(years))].merge(system.way_legs, on=["country", "zone", "corridor"])
    names = system.legs.drop_duplicates("leg").set_index("leg")["name"]
    for leg, group in table.groupby("leg"):
        columns = part.columns_of(np.unique(group["column"].to_numpy()))
        none = np.zeros(0, dtype=np.int64)
        yield Loss(_label(LEG, "", "", "", str(names[leg])), none, np.zeros(0), columns)
