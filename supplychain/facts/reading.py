"""One CSV table read: typed as `datapackage.json` declares, and checked cell by cell and key by key."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from supplychain.facts.errors import Fault, nearest

SHIPPED = Path(__file__).parents[1] / "data"
LINE = "line"
BOOLEANS = ("true", "false")


@cache
def schema() -> dict[str, dict[str, Any]]:
    """Every table's Frictionless resource (fields, keys, `fact` value column), by table name."""
    package = json.loads((SHIPPED / "datapackage.json").read_text(encoding="utf-8"))
    return {resource["name"]: resource for resource in package["resources"]}


def keep_texts_plain() -> None:
    """From here on pandas keeps texts in this process as Python does: tables as small as these are made faster so.

    It is pandas' setting for all, so only the project's own processes choose it, not what imports the package.
    """
    pd.options.mode.string_storage = "python"


def figure(table: str) -> str:
    """The column of a table of facts that `low` and `high` are the range of."""
    return str(schema()[table]["fact"])


def read_table(folder: Path, resource: dict[str, Any], faults: list[Fault]) -> pd.DataFrame:
    """One table with typed columns and the file line of each row; faults are added to the list."""
    file = folder / resource["path"]
    fields = resource["schema"]["fields"]
    names = [field["name"] for field in fields]
    empty = pd.DataFrame({name: [] for name in names} | {LINE: []}).astype({LINE: int})
    if not file.is_file():
        if not resource.get("optional"):
            faults.append(Fault(file, 1, 1, "this table is missing"))
        return _typed(file, empty, fields, faults)
    try:
        rows = list(_rows(file, faults))
    except (UnicodeDecodeError, csv.Error) as error:
        faults.append(Fault(file, 1, 1, f"not a UTF-8 CSV table: {error}"))
        return _typed(file, empty, fields, faults)
    header = rows[0][1] if rows else []
    before = len(faults)
    faults += [Fault(file, 1, 1, f"column {name!r} is missing") for name in names if name not in header]
    faults += [
        Fault(file, 1, i + 1, f"unknown column {name!r}; {nearest(name, names)}")
        for i, name in enumerate(header)
        if name not in names
    ]
    if len(faults) > before:
        return _typed(file, empty, fields, faults)
    body = [cells for _, cells in rows[1:] if len(cells) == len(header)]
    table = pd.DataFrame(body, columns=header, dtype=object)[names]
    table[LINE] = [line for line, cells in rows[1:] if len(cells) == len(header)]
    return _typed(file, table, fields, faults)


def _rows(file: Path, faults: list[Fault]) -> Iterator[tuple[int, list[str]]]:
    """Header and data rows with the line on which each starts; ragged rows become faults."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, strict=True)
        start, width = 1, None
        for cells in reader:
            width = len(cells) if width is None else width
            if cells and len(cells) != width:
                faults.append(Fault(file, start, 1, f"{len(cells)} cells where the header has {width}"))
            if cells:
                yield start, [cell.strip() for cell in cells]
            start = reader.line_num + 1


def _typed(file: Path, table: pd.DataFrame, fields: list[dict[str, Any]], faults: list[Fault]) -> pd.DataFrame:
    table = table.copy()
    for position, field in enumerate(fields, start=1):
        name = field["name"]
        values, problems = _column(table[name], field)
        table[name] = values
        faults += [Fault(file, int(table[LINE].iloc[i]), position, f"{name}: {message}") for i, message in problems]
    return table


def _column(raw: pd.Series, field: dict[str, Any]) -> tuple[pd.Series, list[tuple[int, str]]]:
    """The column in its declared type, and (row position, message) for each cell that breaks a rule."""
    text = raw.fillna("").astype(str)
    limits = field.get("constraints", {})
    blank = (text == "").to_numpy()
    missing: Any = np.flatnonzero(blank) if limits.get("required") else []
    problems: list[tuple[int, str]] = [(int(i), "a value is required") for i in missing]
    if field["type"] in ("number", "integer"):
        values = pd.to_numeric(text.where(~blank), errors="coerce")
        finite = np.isfinite(values.to_numpy(dtype=float))
        whole = finite & (values.to_numpy(dtype=float) % 1 == 0) if field["type"] == "integer" else finite
        problems += [
            (int(i), f"{text.iloc[i]!r} is not a finite {field['type']}") for i in np.flatnonzero(~blank & ~whole)
        ]
        problems += _out_of_range(values, limits)
        required = bool(limits.get("required")) and not problems
        return values.astype(int if field["type"] == "integer" and required else float), problems
    if field["type"] == "boolean":
        wrong = ~blank & ~text.isin(BOOLEANS).to_numpy()
        problems += [(int(i), f"{text.iloc[i]!r} is neither true nor false") for i in np.flatnonzero(wrong)]
        return text == "true", problems
    allowed = limits.get("enum")
    if allowed:
        wrong = ~blank & ~text.isin(allowed).to_numpy()
        problems += [
            (int(i), f"unknown {text.iloc[i]!r}; {nearest(text.iloc[i], allowed)}") for i in np.flatnonzero(wrong)
        ]
    return text.astype(object), problems


def _out_of_range(values: pd.Series, limits: dict[str, Any]) -> list[tuple[int, str]]:
    low, high = limits.get("minimum", -np.inf), limits.get("maximum", np.inf)
    number = values.to_numpy(dtype=float)
    below = [(int(i), f"{number[i]:g} is below the minimum {low:g}") for i in np.flatnonzero(number < low)]
    above = [(int(i), f"{number[i]:g} is above the maximum {high:g}") for i in np.flatnonzero(number > high)]
    return below + above


def check_keys(folder: Path, name: str, resource: dict[str, Any], tables: dict[str, pd.DataFrame]) -> Iterator[Fault]:
    """Duplicate primary keys, names that no other table has, parts above their whole, rows without provenance."""
    file, table, rules = folder / resource["path"], tables[name], resource["schema"]
    key = rules.get("primaryKey", [])
    for i in np.flatnonzero(table.duplicated(key)) if key else []:
        entry = ", ".join(str(table[column].iloc[i]) for column in key)
        yield Fault(file, int(table[LINE].iloc[i]), 1, f"duplicate key ({entry})")
    for rule in rules.get("foreignKeys", []):
        yield from _unknown_names(file, table, rule, tables)
    if "whole" in resource:
        yield from _above_the_whole(file, table, resource["whole"])
    if "fact" in resource:
        yield from _without_provenance(file, table, resource["fact"])


def _unknown_names(
    file: Path, table: pd.DataFrame, rule: dict[str, Any], tables: dict[str, pd.DataFrame]
) -> Iterator[Fault]:
    fields, target = list(rule["fields"]), rule["reference"]
    known = tables[target["resource"]]
    if known.empty or table.empty:
        return
    have = pd.MultiIndex.from_frame(known[target["fields"]].astype(str))
    want = pd.MultiIndex.from_frame(table[fields].astype(str))
    filled = (table[fields].astype(str) != "").all(axis=1).to_numpy()
    for i in np.flatnonzero(filled & ~want.isin(have)):
        entry = "/".join(want[i])
        hint = nearest(entry, {"/".join(item) for item in have})
        column = list(table.columns).index(fields[-1]) + 1
        yield Fault(file, int(table[LINE].iloc[i]), column, f"unknown {' and '.join(fields)} {entry!r}; {hint}")


def _above_the_whole(file: Path, table: pd.DataFrame, rule: dict[str, Any]) -> Iterator[Fault]:
    """Shares of one whole that add up to more than all of it; told at the last of them."""
    column = list(table.columns).index(rule["value"]) + 1
    for entry, shares in table.groupby(rule["by"], sort=False):
        total = float(shares[rule["value"]].sum())
        if total > rule["most"] * (1 + 1e-6):
            of = ", ".join(map(str, entry))
            message = f"the {rule['value']} of ({of}) add up to {total:g}, at most {rule['most']} is allowed"
            yield Fault(file, int(shares[LINE].iloc[-1]), column, message)


def _without_provenance(file: Path, table: pd.DataFrame, value: str) -> Iterator[Fault]:
    """A fact needs a source or an estimate; an estimate needs a range that holds the value."""
    column = list(table.columns).index("source") + 1
    lines = table[LINE].to_numpy()
    bare = (table["source"] == "") & (table["estimate"] == "")
    for i in np.flatnonzero(bare):
        yield Fault(file, int(lines[i]), column, "the row has neither a source nor an estimate")
    if not value:
        return
    low, high, number = (table[c].to_numpy(dtype=float) for c in ("low", "high", value))
    open_range = ((table["estimate"] != "") & np.isfinite(number)).to_numpy() & (np.isnan(low) | np.isnan(high))
    for i in np.flatnonzero(open_range):
        yield Fault(file, int(lines[i]), column, "an estimate needs its range in 'low' and 'high'")
    slack = 1e-9 * np.abs(np.nan_to_num(number, posinf=0.0, neginf=0.0))
    for i in np.flatnonzero(np.isfinite(number) & ((low > number + slack) | (high < number - slack))):
        yield Fault(
            file, int(lines[i]), column, f"{value} {number[i]:g} lies outside its range {low[i]:g} to {high[i]:g}"
        )
