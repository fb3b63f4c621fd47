"""The facts: read a folder of CSV tables, check them against `datapackage.json`, and hand them on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import pandas as pd

from supplychain.facts.errors import Fault, InputError, nearest
from supplychain.facts.reading import LINE, SHIPPED, check_keys, read_table, schema

# Where a table counts the countries that its source does not name.
OTHER = "XXX"
# What tells one site from another.
PLACE = ["mineral", "stage", "country"]
IMPORT_PERIOD = (2021, 2024)  # of the US import sources, before the bans


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
    _whole: Dataset | None = field(default=None, repr=False, compare=False)

    @property
    def whole(self) -> Dataset:
        """The facts with nothing left out: what a scenario may name although this part does not hold it."""
        return self._whole or self

    def __getitem__(self, table: str) -> pd.DataFrame:
        return self.tables[table]

    def names(self, table: str) -> list[str]:
        """The distinct entries of a table's first column, e.g. every mineral, in file order."""
        return list(dict.fromkeys(self.tables[table].iloc[:, 0]))

    def only(self, minerals: Iterable[str]) -> Dataset:
        """The facts of a few minerals, for a model that solves in a second.

        A mineral that is drawn from another's mines brings that one along. A by-product whose host is left out counts
        as won for its own sake, and a service asks for what is left of its technologies' minerals. The part remembers
        the whole, so that a scenario may still name what is left out.

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
        return Dataset(self.path, tables, self.money, digest, self.whole)

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
        table = table[table[column].isin([*minerals, ""])]  # blank: of no mineral, as a corridor that closes
    return table.reset_index(drop=True)


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
    tables = {name: read_table(folder, resource, faults) for name, resource in schema().items()}
    told = {(fault.file, fault.line) for fault in faults}
    for name, resource in schema().items():
        faults += [f for f in check_keys(folder, name, resource, tables) if (f.file, f.line) not in told]
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
