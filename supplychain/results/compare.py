"""Two scenarios side by side: what the policies change in the tables, and what comes out differently."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from supplychain.facts.dataset import Dataset
from supplychain.results import exchange
from supplychain.results.package import write_package
from supplychain.results.result import Result
from supplychain.scenario import scenario
from supplychain.system.build import System, build_system

SAME = 2e-6  # of the larger: results are written to six significant digits
PLACE = ["year", "mineral", "stage"]


@dataclass(frozen=True)
class Measure:
    """A table of the result that is compared: the columns that name a row, the figures, and what a missing row is."""

    keys: Sequence[str]
    values: Sequence[str]
    missing: float = np.nan


MEASURES = {
    "supply": Measure([*PLACE, "country", "market"], ["tonnes", "share"], 0.0),
    "dependence": Measure(
        [*PLACE, "market"], ["top_share", "hhi", "share_feoc", "share_central_asia", "net_import_reliance"]
    ),
    "prices": Measure(["year", "mineral", "market"], ["usd_per_t"]),
    "capacity": Measure([*PLACE, "country"], ["built_t"], 0.0),
    "unmet": Measure(["year", "market", "item", "unit"], ["amount", "value_musd"], 0.0),
    "costs": Measure(["year", "kind", "item"], ["musd"], 0.0),
}


@dataclass(frozen=True)
class Comparison:
    """How a second scenario differs from a first.

    Attributes
    ----------
    before, after : the two results.
    tables : by name: `summary` (every headline figure), `policies` (policy, field, before, after), `edits` (of the
        system's tables, where both were at hand), and the rows of `supply`, `dependence`, `prices`, `capacity`,
        `unmet` and `costs` that differ, with COLUMN_before, COLUMN_after, COLUMN_difference.
    """

    before: Result
    after: Result
    tables: Mapping[str, pd.DataFrame] = field(repr=False)

    @property
    def title(self) -> str:
        """In words, which is taken from which."""
        return f"{self.after.title} less {self.before.title}"

    def save(self, folder: Path) -> Path:
        """Write the tables as a Frictionless data package, whole or not at all."""
        return write_package(folder, f"{self.before.name}_vs_{self.after.name}", self.title, self.tables)

    def largest(self, table: str, value: str, market: str | None = None, count: int = 10) -> pd.DataFrame:
        """The rows of the last year with the largest differences in a figure, e.g. `largest("supply", "share")`.

        Parameters
        ----------
        market : only this market's rows, where there are any.
        """
        rows = self.tables[table]
        at_market = rows[rows["market"] == market] if market and "market" in rows else rows
        rows = at_market if len(at_market) else rows
        rows = rows[rows["year"] == rows["year"].max()]
        order = rows[f"{value}_difference"].abs().sort_values(ascending=False, kind="stable").index[:count]
        shown = [c for c in rows if not c.endswith(("_before", "_after", "_difference")) or c.startswith(f"{value}_")]
        return rows.loc[order, shown].reset_index(drop=True)

    def _repr_html_(self) -> str:
        parts = (self.tables[name].to_html(index=False, border=0) for name in ("summary", "policies"))
        return f"<h4>{escape(self.title)}</h4>" + "".join(parts)


def compare(before: Result, after: Result, edits: pd.DataFrame | None = None) -> Comparison:
    """What the second result has that the first has not, table by table.

    Parameters
    ----------
    edits : what `edited` says of the two systems, where they were built.
    """
    tables = {"summary": _summary(before, after), "policies": _policies(before, after)}
    tables |= {"edits": edits} if edits is not None else {}
    tables |= {name: _differing(before, after, name, measure) for name, measure in MEASURES.items()}
    return Comparison(before, after, tables)


def compare_names(before: str, after: str, known: Dataset) -> Comparison:
    """The same from names: each a result folder, or a scenario, which is solved.

    Raises
    ------
    InputError : a scenario or a folder cannot be used. InfeasibleError : a scenario has no plan.
    """
    edits = None
    if not any(exchange.is_result_folder(name) for name in (before, after)):
        edits = edited(*(build_system(known, scenario.read(name, known)) for name in (before, after)))
    return compare(exchange.result_of(before, known), exchange.result_of(after, known), edits)


def _summary(before: Result, after: Result) -> pd.DataFrame:
    keys = ["metric", "unit"]
    one, two = (result.tables["summary"] for result in (before, after))
    table = _side_by_side(one, two, keys, ["value"], np.nan)
    order = list(dict.fromkeys([*one["metric"], *two["metric"]]))
    return table.set_index("metric").loc[order].reset_index()


def _differing(before: Result, after: Result, name: str, measure: Measure) -> pd.DataFrame:
    """Rows of one table that differ; of dependence also the largest suppliers."""
    texts = ["top_supplier"] if name == "dependence" else []
    one, two = (
        r.tables.get(name, pd.DataFrame()).reindex(columns=[*measure.keys, *measure.values, *texts])
        for r in (before, after)
    )
    both = _side_by_side(one, two, measure.keys, measure.values, measure.missing)
    changed = np.zeros(len(both), dtype=bool)
    for value in measure.values:
        old, new = both[f"{value}_before"], both[f"{value}_after"]
        changed |= ~np.isclose(old, new, rtol=SAME, atol=1e-12, equal_nan=True)
    for text in texts:
        named = [
            t[[*measure.keys, text]].rename(columns={text: text + side})
            for t, side in zip((one, two), SIDES, strict=True)
        ]
        both = both.merge(named[0], how="left").merge(named[1], how="left")
        changed |= (both[text + SIDES[0]].fillna("") != both[text + SIDES[1]].fillna("")).to_numpy()
    return both[changed].reset_index(drop=True)


SIDES = ("_before", "_after")


def _side_by_side(
    before: pd.DataFrame, after: pd.DataFrame, keys: Sequence[str], values: Sequence[str], missing: float
) -> pd.DataFrame:
    """Both tables, summed over whatever is not in the keys, with the difference of each figure."""
    keys, values = list(keys), list(values)
    sides = [t.groupby(keys)[values].sum(min_count=1) for t in (before, after)]
    both = pd.concat([t.add_suffix(side) for t, side in zip(sides, SIDES, strict=True)], axis=1).sort_index()
    both = both.rename_axis(keys).reset_index()
    columns = [v + side for v in values for side in SIDES]
    both = both.fillna(dict.fromkeys(columns, missing)) if np.isfinite(missing) else both
    for value in values:
        both[f"{value}_difference"] = both[f"{value}_after"] - both[f"{value}_before"]
    return both[[*keys, *(value + end for value in values for end in (*SIDES, "_difference"))]]


def _policies(before: Result, after: Result) -> pd.DataFrame:
    """policy, field, before, after: every setting of the resolved scenarios that differs; blank where there is none."""
    one, two = (dict(_settings(result.manifest)) for result in (before, after))
    rows = [(*key, one.get(key, ""), two.get(key, "")) for key in {**one, **two} if one.get(key) != two.get(key)]
    return pd.DataFrame(rows, columns=["policy", "field", "before", "after"])


def _settings(manifest: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    """((policy, field), value as text); what is not a policy's stands under a blank policy."""
    yield ("", "supplychain"), str(manifest.get("supplychain", ""))
    yield ("", "facts sha256"), str(manifest["data"].get("sha256", ""))
    resolved = manifest["scenario"].get("resolved", {})
    for key in ("horizon", "discount_rate"):
        yield ("", key), _text(resolved.get(key))
    for policy, fields in resolved.get("policies", {}).items():
        for key, value in fields.items():
            yield (policy, key), _text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def edited(before: System, after: System) -> pd.DataFrame:
    """What differs between the tables of two systems before anything is solved.

    Returns
    -------
    DataFrame, one row for each table that differs: table, only_before and only_after (rows that the other has not),
    columns (in which rows that stand in both, at the same place, differ).
    """
    one, two = before.tables(), after.tables()
    rows = [(name, *_row_difference(one[name], two[name])) for name in one]
    table = pd.DataFrame(rows, columns=["table", "only_before", "only_after", "columns"])
    return table[(table["only_before"] > 0) | (table["only_after"] > 0)].reset_index(drop=True)


def _row_difference(one: pd.DataFrame, two: pd.DataFrame) -> tuple[int, int, str]:
    digests = [pd.util.hash_pandas_object(table, index=False).value_counts() for table in (one, two)]
    surplus = digests[0].sub(digests[1], fill_value=0)
    columns = ""
    if len(one) == len(two):
        same = [one[c].reset_index(drop=True).equals(two[c].reset_index(drop=True)) for c in one]
        columns = ", ".join(str(c) for c, equal in zip(one, same, strict=True) if not equal)
    return int(surplus.clip(lower=0).sum()), int((-surplus).clip(lower=0).sum()), columns
