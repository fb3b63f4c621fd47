"""Central Asia in a scenario: what it supplies, what is built there, what leaves and enters it by which way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from supplychain.results.short import joined
from supplychain.show.report.answer import at_worst
from supplychain.show.report.cases import Case
from supplychain.show.report.grids import TOP, Cell, Grid, headed, rounded, share, words
from supplychain.show.report.names import Names
from supplychain.show.report.words import NOTHING, STAGES, percent, spoken

SEEN = 0.001
LEAST = 0.005


def built_there(case: Case, names: Names) -> pd.DataFrame:
    """Capacity that comes on line in Central Asia over the horizon.

    Returns
    -------
    DataFrame, one row a mineral, stage, country and site, the dearest first: years (text), built_t (t/yr), capex_musd,
    subsidy_musd.
    """
    keys = ["mineral", "stage", "country", "site"]
    table = case.table("capacity")
    table = table[table["country"].isin(names.asia) & (table["built_t"] > 0)] if len(table) else table
    if table.empty:
        return pd.DataFrame(columns=[*keys, "years", "built_t", "capex_musd", "subsidy_musd"])
    groups = table.fillna({"site": ""}).groupby(keys)
    sums = groups[["built_t", "capex_musd", "subsidy_musd"]].sum()
    years = groups["year"].agg(lambda y: str(y.min()) if y.min() == y.max() else f"{y.min()}–{y.max()}")
    sums = sums.assign(years=years).reset_index()
    return sums.sort_values("capex_musd", ascending=False, kind="stable", ignore_index=True)


def central_asia(case: Case, names: Names) -> list[Grid]:
    """What Central Asia supplies, builds and carries in one scenario; only the tables that have something to say."""
    grids = [_supplied(case, names), _built(case, names), _cargo(case, names)]
    return [grid for grid in grids if grid.rows]


def asia_most(cases: Sequence[Case], names: Names) -> Grid:
    """What Central Asia supplies of each mineral in the last year: in the reference, and in which scenario most."""
    told = [case for case in cases if case.in_dollars]
    if not told or told[0] is not cases[0]:
        return Grid("", [])
    last = told[0].years[-1]
    shares = pd.DataFrame({c.name: at_worst(c, "share_central_asia", c.years[-1]) for c in told}).fillna(0.0)
    shares = shares[shares.max(axis=1) >= LEAST].sort_values([told[0].name], ascending=False, kind="stable")
    title = {case.name: case.title for case in told}
    rows = [
        [words(names.mineral(m)), share(line.iloc[0]), share(line.max()), _best(line, title)]
        for m, line in shares.iterrows()
    ]
    head = [("Mineral", False), (told[0].title, True), ("At most", True), ("in", False)]
    return Grid(f"Central Asia’s share of US supply in {last}, at mine or refinery, whichever is higher", head, rows)


def _best(line: pd.Series, title: Mapping[str, str]) -> Cell:
    """In which scenario a share is highest; nothing where no scenario raises the reference's by half a point."""
    return words(title[line.idxmax()] if line.max() - line.iloc[0] >= LEAST else NOTHING)


def _supplied(case: Case, names: Names) -> Grid:
    first, last = case.years[0], case.years[-1]
    head = [("Mineral", False)]
    head += [(f"{STAGES[stage]} there, {year}", True) for stage in ("mine", "refine") for year in (first, last)]
    table = case.home("dependence")
    table = table[table["year"].isin([first, last]) & table["stage"].isin(["mine", "refine"])] if len(table) else table
    if table.empty:
        return Grid("", head)
    wide = table.pivot_table(index="mineral", columns=["stage", "year"], values="share_central_asia")
    wide = wide.reindex(columns=[(stage, year) for stage in ("mine", "refine") for year in (first, last)])
    wide = wide[wide.max(axis=1) >= SEEN]
    order = wide[[("mine", last), ("refine", last)]].max(axis=1).sort_values(ascending=False, kind="stable").index
    rows = [[words(names.mineral(m)), *[share(float(value)) for value in wide.loc[m]]] for m in order]
    return Grid("Central Asia’s share of US supply", head, rows)


def _built(case: Case, names: Names) -> Grid:
    table = built_there(case, names)
    head = [("Mineral", False), ("Country", False), ("Stage", False), ("Site", False), ("Comes on line", False)]
    head += [("Capacity, t/yr", True), ("Capital, million USD", True), ("of it public", True)]
    rows = [_site(r, names) for r in table.head(TOP).itertuples()]
    return Grid(headed("Capacity built in Central Asia", len(table)), head, rows)


def _site(row: Any, names: Names) -> list[Cell]:
    cells = [
        words(names.mineral(row.mineral)),
        words(names.place(row.country)),
        words(STAGES.get(row.stage, row.stage)),
    ]
    cells += [words(names.site(row.site)), words(row.years)]
    return [*cells, rounded(row.built_t), rounded(row.capex_musd), rounded(row.subsidy_musd)]


def _cargo(case: Case, names: Names) -> Grid:
    """Cargo by corridor in the first and last year, and what most of it is."""
    first, last = case.years[0], case.years[-1]
    head = [
        ("Corridor", False),
        (f"Cargo {first}, t", True),
        (f"Cargo {last}, t", True),
        (f"of it metal, {last}, t", True),
    ]
    head += [("Most of it", False)]
    table = case.table("shipments")
    table = table[table["year"].isin([first, last])] if len(table) else table
    if table.empty:
        return Grid("", head)
    gross = table.pivot_table(index="corridor", columns="year", values="gross_t", aggfunc="sum")
    gross = gross.reindex(columns=[first, last]).fillna(0.0).sort_values(last, ascending=False, kind="stable")
    gross = gross[gross.max(axis=1) >= 1.0]
    now = table[table["year"] == last]
    metal = now.groupby("corridor")["tonnes"].sum().reindex(gross.index).fillna(0.0)
    rows = []
    for corridor, before, after in gross.itertuples():
        mostly = _mostly(now[now["corridor"] == corridor], names)
        name = words(spoken(str(corridor)))
        rows.append([name, rounded(before), rounded(after), rounded(metal[corridor]), words(mostly)])
    return Grid("Cargo of these minerals out of and into Central Asia, all markets", head, rows)


def _mostly(cargo: pd.DataFrame, names: Names) -> str:
    parts = cargo.groupby("mineral")["gross_t"].sum().sort_values(ascending=False, kind="stable")
    whole = parts.sum()
    return joined(
        [f"{names.mineral(m).lower()} {percent(value / whole)}" for m, value in parts.head(3).items() if whole]
    )
