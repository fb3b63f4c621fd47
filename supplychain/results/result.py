"""A result: its tidy tables, its certificate, and how it is written to disk and read back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from supplychain.facts.errors import Fault, InputError
from supplychain.results.columns import TABLES
from supplychain.results.package import LARGEST_CSV, read_table, write_package
from supplychain.results.short import certificate, in_short, spoken
from supplychain.results.tabled import Tabled

EXPLAINED = "explain"  # the folder, inside a result's, of what `supplychain explain` found


@dataclass(frozen=True, repr=False)
class Result(Tabled):
    """What a solved scenario says.

    Attributes
    ----------
    name, title : of the scenario.
    objective : minimal cost, present value, in the data's money unit.
    manifest : versions, hashes, solver status, residuals, gap, mass balance, wall times.
    tables : tidy tables by name; also as attributes, `result.paths`, `result.dependence` ...
    """

    name: str
    title: str
    objective: float
    manifest: dict[str, Any]
    tables: dict[str, pd.DataFrame]

    def __repr__(self) -> str:
        return in_short(self)

    def cost_in_words(self) -> str:
        """The minimal cost with its unit, e.g. `8,123,520,000,000 USD, present value`."""
        cost = f"{self.objective:,.0f}" if abs(self.objective) >= 1e6 else f"{self.objective:.9g}"
        return f"{cost} {self.manifest.get('data', {}).get('money', '')}, present value"

    def _repr_html_(self) -> str:
        about = f"least cost {self.cost_in_words()}"
        summary = self.tables["summary"]
        metrics = summary.assign(value=list(map(spoken, summary["value"], summary["unit"])))
        metrics = metrics.replace({"unit": {"1": ""}})
        listed = [(name, len(t), TABLES.get(name, "")) for name, t in self.tables.items() if len(t)]
        tables = pd.DataFrame(listed, columns=["table", "rows", "what it holds"])
        parts = (part.to_html(index=False, border=0) for part in (metrics, tables))
        return f"<h4>{escape(self.title)}</h4><p>{escape(about)}; {escape(certificate(self))}</p>" + "".join(parts)

    def save(self, folder: Path | str, largest_csv: int = LARGEST_CSV) -> Path:
        """Write the result as a Frictionless data package, whole or not at all.

        Parameters
        ----------
        folder : the folder to write (replaced if it holds an earlier result).
        largest_csv : rows; a table with more is written as Parquet.

        Returns
        -------
        The folder's path. Numbers are written to six significant digits (the summary's to nine), so that another
        machine's last bits do not show; tables without rows are left out.
        """
        more = {"manifest.json": self.manifest}
        return write_package(folder, self.name, self.title, self.tables, more=more, largest_csv=largest_csv)


def load(folder: Path | str) -> Result:
    """Read a result folder back.

    Raises
    ------
    InputError : where the folder is not a result folder.
    """
    path = Path(folder)
    try:
        package = json.loads((path / "datapackage.json").read_text(encoding="utf-8"))
        manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
        tables = {Path(entry["path"]).stem: read_table(path, entry) for entry in package["resources"]}
        scenario, objective = manifest["scenario"]["name"], float(manifest["objective"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError([Fault(path, 1, 1, f"not a result folder: {error}")]) from None
    return Result(scenario, package["title"], objective, manifest, tables)


def explained(folder: Path | str) -> pd.DataFrame:
    """What an explanation says of the result in a folder: section, sentence; no rows where there is none.

    An explanation of another scenario, or of other facts, than the result's own is none of it.
    """
    path, blank = Path(folder), pd.DataFrame(columns=["section", "sentence"])
    try:
        of, own = (
            json.loads((place / "manifest.json").read_text(encoding="utf-8")) for place in (path / EXPLAINED, path)
        )
        if any(of[part]["sha256"] != own[part]["sha256"] for part in ("scenario", "data")):
            return blank
        package = json.loads((path / EXPLAINED / "datapackage.json").read_text(encoding="utf-8"))
        entry = next(e for e in package["resources"] if e["name"] == "sentences")
        return read_table(path / EXPLAINED, entry)[list(blank)]
    except (OSError, ValueError, KeyError, TypeError, StopIteration):
        return blank
