"""Projects from scenario to scenario: what each would cost and bring, when it is built, and what closes its gap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from supplychain.results.result import Result

SITE = ["site", "name", "mineral", "stage", "country"]
# Less than this of the full cost is no reason.
MATTERS = 0.005
# A gap within this of the full cost is no verdict: computed costs are no nearer.
UNSURE = 0.1
PLACED = ["mineral", "stage", "country", "year"]
SAME = 1e-6  # of the full cost: a worth that differs by no more is that cost


def project_table(results: Sequence[Result], countries: Iterable[str]) -> pd.DataFrame:
    """The named projects of some countries in several scenarios.

    Parameters
    ----------
    results : solved scenarios with their table `gap`, the reference first.

    Returns
    -------
    DataFrame, one row a project: site, name, mineral, stage, country, year (in which the gap of the reference is the
    least, of those in which the worth is not just what an unbuilt project would cost), full_usd_per_t, gap_usd_per_t
    (full cost less what a tonne would bring; both of the reference in that year), one column a scenario (by its name:
    the year in which the project is first built; nil where it is not), and closes: what lowers the gap in the scenarios
    that build it where the reference does not; a gap of less than a tenth of the full cost is called so.
    """
    first = results[0]
    told = _of_projects(first, countries)
    clear = told[~_is_pinned(told)]
    best = clear.loc[clear.groupby("site")["gap_usd_per_t"].idxmin()].set_index("site")
    table = best[[*SITE[1:], "year", "full_usd_per_t", "gap_usd_per_t"]].rename_axis("site").reset_index()
    for result in results:
        table[result.name] = table["site"].map(_first_built(_of_projects(result, countries))).fillna(0).astype(int)
    table["closes"] = [_closes(row, told, results, countries) for row in table.to_dict("records")]
    order = (table["gap_usd_per_t"] / table["full_usd_per_t"]).sort_values(kind="stable").index
    return table.loc[order].reset_index(drop=True)


def _of_projects(result: Result, countries: Iterable[str]) -> pd.DataFrame:
    table = result.tables["gap"]
    return table[(table["site"].fillna("") != "") & table["country"].isin(list(countries))]


def _is_pinned(table: pd.DataFrame) -> pd.Series:
    """Whether the worth at a place is the full cost of a project that stays unbuilt there: a dual that may be anything
    up to it, and is that much only by chance. In the years that are left it is the worth of the tonne.
    """
    unbuilt = table.loc[table["built_t"] <= 0, [*PLACED, "full_usd_per_t"]].rename(columns={"full_usd_per_t": "asked"})
    met = table.rename_axis("row").reset_index().merge(unbuilt, on=PLACED)
    near = (met["worth_usd_per_t"] - met["asked"]).abs() <= SAME * met["asked"]
    pinned = table.index.isin(met.loc[near, "row"])
    known = (~pd.Series(pinned, table.index)).groupby(table["site"]).transform("any")
    return pd.Series(pinned, table.index) & known


def _first_built(table: pd.DataFrame) -> pd.Series:
    """The first year in which something of each project has been built."""
    return table[table["built_t"] > 0].groupby("site")["year"].min()


def _closes(row: dict[str, Any], told: pd.DataFrame, results: Sequence[Result], countries: Iterable[str]) -> str:
    """What differs from the reference where a scenario builds the project and the reference does not."""
    close = abs(row["gap_usd_per_t"]) < UNSURE * row["full_usd_per_t"]
    if row[results[0].name]:
        return "pays, by less than a tenth" if close else "pays as it is"
    reasons = []
    for result in results[1:]:
        if not row[result.name]:
            continue
        # A scenario that builds sooner than the reference could is held against the reference's first year.
        year = max(row[result.name], told.loc[told["site"] == row["site"], "year"].min())
        after, before = (_in_year(table, row["site"], year) for table in (_of_projects(result, countries), told))
        parts = {
            "capital": float(after["capital_usd_per_t"].iloc[0] - before["capital_usd_per_t"].iloc[0]),
            "running": float(after["operating_usd_per_t"].iloc[0] - before["operating_usd_per_t"].iloc[0]),
            "price": float(before["worth_usd_per_t"].iloc[0] - after["worth_usd_per_t"].iloc[0]),
        }
        full = float(before["full_usd_per_t"].iloc[0])
        said = [f"{name} {-100 * part / full:+.0f} %" for name, part in parts.items() if part < -MATTERS * full]
        reasons.append(f"{result.name}: {', '.join(said) or 'a fund or an offtake'}")
    return "; ".join(reasons) or ("nothing here, for less than a tenth" if close else "nothing here")


def _in_year(table: pd.DataFrame, site: object, year: object) -> pd.DataFrame:
    return table[(table["site"] == site) & (table["year"] == year)]
