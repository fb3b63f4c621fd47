"""The facts: read a folder of CSV tables, check them against `datapackage.json`, and hand them on."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from supplychain.errors import Fault, InputError, nearest

SHIPPED = Path(__file__).parent / "data"
LINE = "line"
BOOLEANS = ("true", "false")
# Where a table counts the countries that its source does not name.
OTHER = "XXX"


@dataclass(frozen=True)
class Dataset:
    """The facts of one data folder, checked.

    Attributes
    ----------
    path : folder that was read.
    tables : name -> DataFrame with the columns that `datapackage.json` describes; a table that the
        folder leaves out is there with its columns and no rows.
    money : the unit of every money column ("USD" in the shipped facts).
    digest : SHA-256 of the files that were read.
    """

    path: Path
    tables: dict[str, pd.DataFrame]
    money: str
    digest: str

    def __getitem__(self, table: str) -> pd.DataFrame:
        return self.tables[table]

    def names(self, table: str) -> list[str]:
        """The distinct entries of a table's first column, e.g. every mineral, in file order."""
        return list(dict.fromkeys(self.tables[table].iloc[:, 0]))

    def only(self, minerals: Iterable[str]) -> Dataset:
        """The facts of a few minerals, for a model that solves in a second.

        A mineral that is drawn from another's mines brings that one along. A by-product whose host is left out counts
        as won for its own sake, and a service asks for what is left of its technologies' minerals.

        Raises
        ------
        InputError : a mineral that is not there; names the nearest.
        """
        kept = list(dict.fromkeys(minerals))
        unknown = [name for name in kept if name not in self.names("minerals")]
        if unknown:
            file = self.path / "minerals.csv"
            hints = (f"no mineral {name!r}; {nearest(name, self.names('minerals'))}" for name in unknown)
            raise InputError([Fault(file, 1, 1, hint) for hint in hints])
        ores = self["minerals"].set_index("mineral")["ore"]
        kept = list(dict.fromkeys([*kept, *(ore for ore in ores.reindex(kept) if ore)]))
        tables = {name: _of_minerals(table, kept) for name, table in self.tables.items()}
        digest = hashlib.sha256(f"{self.digest} {sorted(kept)}".encode()).hexdigest()
        return Dataset(self.path, tables, self.money, digest)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.tables)

    def _repr_html_(self) -> str:
        counts = (
            f"{len(self.names('minerals'))} minerals, {len(self.names('countries'))} countries, money in {self.money}"
        )
        listed = coverage(self).query("rows > 0")
        holds = {name: escape(resource.get("description", "")) for name, resource in schema().items()}
        listed = listed.assign(**{"what it holds": listed["table"].map(holds)})
        return f"<h4>Facts</h4><p>{escape(counts)}</p>" + str(listed.to_html(index=False, border=0, escape=False))


def _of_minerals(table: pd.DataFrame, minerals: list[str]) -> pd.DataFrame:
    columns = ["mineral"] if "mineral" in table else ["product", "host"] if "host" in table else []
    for column in columns:
        table = table[table[column].isin(minerals)]
    return table.reset_index(drop=True)


@cache
def schema() -> dict[str, dict[str, Any]]:
    """Every table's Frictionless resource (fields, keys, `fact` value column), by table name."""
    package = json.loads((SHIPPED / "datapackage.json").read_text(encoding="utf-8"))
    return {resource["name"]: resource for resource in package["resources"]}


def read(path: Path | str | None = None) -> Dataset:
    """Read and check a data folder.

    Parameters
    ----------
    path : folder holding the tables of `datapackage.json` (default: the shipped facts). Tables that
        the schema marks optional may be left out. The folder's own `datapackage.json`, where there
        is one, may name its money unit (`"money": "thousand USD"`).

    Returns
    -------
    Dataset

    Raises
    ------
    InputError : with one fault per mistake: a missing table or column, a text in a number, a value
        out of range, a duplicate key, a name that no other table knows, a row without a source.
    """
    folder = SHIPPED if path is None else Path(path)
    if not folder.is_dir():
        raise InputError([Fault(folder, 1, 1, "no such data folder")])
    faults: list[Fault] = []
    tables = {name: _read_table(folder, resource, faults) for name, resource in schema().items()}
    told = {(fault.file, fault.line) for fault in faults}
    for name, resource in schema().items():
        faults += [f for f in _check_keys(folder, name, resource, tables) if (f.file, f.line) not in told]
    if faults:
        raise InputError(sorted(faults, key=lambda fault: (str(fault.file), fault.line, fault.column)))
    clean = {name: table.drop(columns=LINE) for name, table in tables.items()}
    return Dataset(folder, clean, _money(folder), _digest(folder))


def _money(folder: Path) -> str:
    package = folder / "datapackage.json"
    if not package.is_file():
        return "USD"
    try:
        return str(json.loads(package.read_text(encoding="utf-8")).get("money", "USD"))
    except (ValueError, AttributeError) as error:
        raise InputError([Fault(package, 1, 1, f"not a JSON object: {error}")]) from None


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for name in schema():
        file = folder / f"{name}.csv"
        if file.is_file():
            digest.update(name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _read_table(folder: Path, resource: dict[str, Any], faults: list[Fault]) -> pd.DataFrame:
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


def _check_keys(folder: Path, name: str, resource: dict[str, Any], tables: dict[str, pd.DataFrame]) -> Iterator[Fault]:
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


def totals(dataset: Dataset) -> pd.DataFrame:
    """Does production by country add up to the source's own world total, within its rounding?

    Returns
    -------
    DataFrame with one row per mineral, stage and year of the `world` table: `countries_t` (sum of the
    country rows), `world_t`, `difference_t`, `tolerance_t` (the total's rounding plus half a unit in the
    last significant digit of each entry), `adds_up`, `scope` (the reason where it does not).
    """
    keys = ["mineral", "stage", "year"]
    production = dataset["production"].assign(rounding_t=lambda t: _half_last_digit(t["output_t"]))
    sums = production.groupby(keys)[["output_t", "rounding_t"]].sum()
    world = dataset["world"].merge(sums, on=keys, how="left", suffixes=("", "_countries"))
    table = world[keys].assign(
        countries_t=world["output_t_countries"].fillna(0.0),
        world_t=world["output_t"],
        difference_t=world["output_t_countries"].fillna(0.0) - world["output_t"],
        tolerance_t=world["rounding_t"] + world["rounding_t_countries"].fillna(0.0),
    )
    table["adds_up"] = table["difference_t"].abs() <= table["tolerance_t"] * (1 + 1e-9)
    return table.assign(scope=world["scope"])


def _half_last_digit(values: pd.Series) -> pd.Series:
    """Half a unit in the second significant digit, the precision at which USGS rounds most entries."""
    magnitude = np.floor(np.log10(values.where(values > 0, 1.0)))
    return 0.5 * 10.0 ** (magnitude - 1)


def coverage(dataset: Dataset) -> pd.DataFrame:
    """How many rows of each fact table have a source, and how many are estimates.

    Returns
    -------
    DataFrame: `table`, `rows`, `sourced` (rows that name a source), `estimated` (rows whose figure was made
    from it, or without one, as their `estimate` says).
    """
    facts = {name: dataset[name] for name, resource in schema().items() if "fact" in resource}
    return pd.DataFrame(
        [(name, len(t), int((t["source"] != "").sum()), int((t["estimate"] != "").sum())) for name, t in facts.items()],
        columns=["table", "rows", "sourced", "estimated"],
    )


def table(dataset: Dataset, name: str | None = None, source: str | None = None) -> pd.DataFrame:
    """One table of the facts, or how well each is sourced.

    Parameters
    ----------
    name : table; without it the result is `coverage`.
    source : keep only the rows that name this source.

    Raises
    ------
    InputError : no such table or source; names the nearest.
    """
    if source is not None and source not in dataset.names("sources"):
        hint = nearest(source, dataset.names("sources"))
        raise InputError([Fault(dataset.path / "sources.csv", 1, 1, f"no source {source!r}; {hint}")])
    if name is None and source is None:
        return coverage(dataset)
    if name is None:
        counts = {
            n: int((t["source"] == source).sum()) for n, t in dataset.tables.items() if n != "sources" and "source" in t
        }
        return pd.DataFrame([(n, c) for n, c in counts.items() if c], columns=["table", "rows"])
    if name not in dataset.tables:
        raise InputError([Fault(dataset.path, 1, 1, f"no table {name!r}; {nearest(name, dataset.tables)}")])
    chosen = dataset[name]
    return chosen if source is None else chosen[chosen["source"] == source]
