"""Whether the plan is the only one: the range of each figure of dependence over all plans that cost as little."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from supplychain.program.lp import Floats, Ints, LinearProgram
from supplychain.results.indicators import UPSTREAM, hhi_range
from supplychain.solve.face import Face

KEYS = ["year", "mineral", "stage", "market"]
SUM = ["year", "mineral", "market"]
SAME = 1e-6  # of all supply: shares that differ by no more are one
PASSES = 20


def country_ranges(lp: LinearProgram, face: Face, years: Iterable[int]) -> pd.DataFrame:
    """Least and greatest share of each country in a traced market's supply, over all plans that cost as little.

    Returns
    -------
    DataFrame: year, mineral, stage, market, country, share, low, high; a country that no such plan uses is left out.
    """
    table, totals = _through(lp, years), _totals(lp)
    rows = []
    for place, group in table.groupby(KEYS, sort=True):
        total = totals[place[0], place[1], place[3]]
        ranged = _fixed if _is_decided(face, group["column"].to_numpy(), total) else share_range
        rows += [(*place, c, *ranged(face, own.to_numpy(), total)) for c, own in group.groupby("country")["column"]]
    found = pd.DataFrame(rows, columns=[*KEYS, "country", "share", "low", "high"])
    return found[found["high"] > SAME].reset_index(drop=True)


def dependence_ranges(
    lp: LinearProgram, face: Face, countries: pd.DataFrame, groups: Mapping[str, Iterable[str]]
) -> pd.DataFrame:
    """The range of each figure of dependence over all plans that cost as little.

    Parameters
    ----------
    countries : as `country_ranges` gives it. groups : members of each group, by name.

    Returns
    -------
    DataFrame, one row a mineral and stage: year, mineral, stage, market, hhi, hhi_low (exact), hhi_high (a bound: it is
    no more in any such plan), for each group share_NAME and its low and high, unique (whether no share can differ).
    """
    table, totals = _through(lp, countries["year"].unique()), _totals(lp)
    rows = []
    for place, known in countries.groupby(KEYS, sort=True):
        columns = table[(table[KEYS] == list(place)).all(axis=1)]
        total = totals[place[0], place[1], place[3]]
        row = dict(zip(KEYS, place, strict=True)) | _concentration(face, columns, total, known)
        for name, members in groups.items():
            inside = columns.loc[columns["country"].isin(set(members)), "column"].to_numpy()
            share, low, high = share_range(face, inside, total)
            row |= {f"share_{name}": share, f"share_{name}_low": low, f"share_{name}_high": high}
        rows.append(row | {"unique": bool((known["high"] - known["low"]).max() <= SAME)})
    return pd.DataFrame(rows)


def tightened(dependence: pd.DataFrame, ranges: pd.DataFrame) -> pd.DataFrame:
    """The table `dependence` with the range of HHI that has been solved for, where it has."""
    known = ranges.set_index(KEYS)[["hhi_low", "hhi_high"]]
    found = known.reindex(pd.MultiIndex.from_frame(dependence[KEYS])).set_index(dependence.index)
    return dependence.assign(**{column: found[column].fillna(dependence[column]) for column in found})


def headline_ranges(ranges: pd.DataFrame) -> pd.DataFrame:
    """The headline shares over all plans that cost as little: metric, value, low, high.

    Each mineral counts at the stage before the last supplier at which its share is higher, as in the summary. The lows
    and highs of minerals are taken together, so the range is at most that wide.
    """
    shares = [column for column in ranges if column.startswith("share_") and not column.endswith(("_low", "_high"))]
    upstream = ranges[ranges["stage"].isin(UPSTREAM)]
    rows = [
        (share, *(float(upstream.groupby("mineral")[share + end].max().mean()) for end in ("", "_low", "_high")))
        for share in shares
    ]
    return pd.DataFrame(rows, columns=["metric", "value", "low", "high"])


def _concentration(face: Face, columns: pd.DataFrame, total: Ints, known: pd.DataFrame) -> dict[str, float]:
    """HHI, its least value over all plans, and what it is at most."""
    hhi = float(np.square(known["share"]).sum())
    if (known["high"] - known["low"]).max() <= SAME:
        return {"hhi": hhi, "hhi_low": hhi, "hhi_high": hhi}
    whole = face.value[total].sum()
    least = face.least_squares([group.to_numpy() for _, group in columns.groupby("country")["column"]]) / whole**2
    most = hhi_range(known["low"].to_numpy(), known["high"].to_numpy(), 1.0)[1]
    return {"hhi": hhi, "hhi_low": min(least, hhi), "hhi_high": max(most, hhi)}


def share_range(face: Face, columns: Ints, total: Ints, weight: Floats | float = 1.0) -> tuple[float, float, float]:
    """A share of supply as it is, its least and its greatest: what passes through some columns over the total.

    A share is a ratio. Where the total may vary too, its end is the number of which the least of `inside - share x
    total` over all plans is nil, found step by step.

    Parameters
    ----------
    weight : of each column (default: all count alike).
    """
    share, whole = _share(face, columns, total, weight)
    if whole <= 0 or not len(columns):
        return 0.0, 0.0, 0.0
    both, inside = np.append(columns, total), np.broadcast_to(weight, columns.shape)
    ends = []
    for way in (1.0, -1.0):
        end = share
        for _ in range(PASSES):
            left = way * face.least(both, way * np.append(inside, np.full(len(total), -end))) / whole
            if not np.isfinite(left):
                # Nothing is known of such plans, so nothing is promised.
                end = 0.0 if way > 0 else float(np.max(inside))
                break
            end += left
            if abs(left) <= SAME / 100:
                break
        ends.append(end)
    return share, ends[0], ends[1]


def _share(face: Face, columns: Ints, total: Ints, weight: Floats | float = 1.0) -> tuple[float, float]:
    """A share as it is, and the whole."""
    whole = float(face.value[total].sum())
    return float(np.sum(weight * face.value[columns])) / whole if whole > 0 else 0.0, whole


def _fixed(face: Face, columns: Ints, total: Ints) -> tuple[float, float, float]:
    share, _ = _share(face, columns, total)
    return share, share, share


def _is_decided(face: Face, columns: Ints, total: Ints) -> bool:
    """Whether no share can differ: whether a sum of them, each weighing something else, is the same in all plans."""
    _, low, high = share_range(face, columns, total, 1.0 + np.sqrt(np.arange(1.0, len(columns) + 1.0)))
    return high - low <= SAME


def _through(lp: LinearProgram, years: Iterable[int]) -> pd.DataFrame:
    """What passes through each country at each stage: KEYS, country, column."""
    through = lp.variables["through"]
    table = through.table[[*KEYS, "country"]].assign(column=through.first + np.arange(len(through)))
    return _together(table[table["year"].isin(list(years))])


def _totals(lp: LinearProgram) -> dict[tuple[object, ...], Ints]:
    """The columns of all primary supply, by year, mineral and market."""
    total = lp.variables["total"]
    table = _together(total.table[SUM].assign(column=total.first + np.arange(len(total))))
    return {key: group.to_numpy() for key, group in table.groupby(SUM)["column"]}


def _together(table: pd.DataFrame) -> pd.DataFrame:
    """The table, where several markets are traced with what concerns all of them together below."""
    if table["market"].nunique() < 2:
        return table
    return pd.concat([table, table.assign(market="all")], ignore_index=True)
