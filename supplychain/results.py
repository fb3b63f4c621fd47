"""A result: its tidy tables, its certificate, and how it is written to disk and read back."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from supplychain.errors import Fault, InputError

SIGNIFICANT_DIGITS = 6

COLUMNS: dict[str, tuple[str, str]] = {
    "metric": ("what is measured", ""),
    "value": ("its value", "see unit"),
    "unit": ("unit of the row's figure", ""),
    "year": ("calendar year", ""),
    "mineral": ("mineral id", ""),
    "market": ("market id; `all` for every market together", ""),
    "mine": ("country of the mine", ""),
    "refine": ("country of the refinery", ""),
    "fabricate": ("country of the last plant, where the chain has a third stage", ""),
    "supplier": ("last supplier before the market, as customs record it", ""),
    "corridor": ("corridor of the last leg", ""),
    "tonnes": ("contained mineral", "t"),
    "cost_usd_per_t": ("operating cost, freight, time and margin", "USD/t"),
    "stage": ("mine, refine, fabricate, or supply: the last supplier", ""),
    "country": ("country of the plant", ""),
    "share": ("share of the market's supply at the stage, or of use", "1"),
    "low_t": ("least tonnes in any plan that costs as little", "t"),
    "high_t": ("most tonnes in any plan that costs as little", "t"),
    "top_supplier": ("largest supplier outside the market", ""),
    "top_share": ("its share", "1"),
    "hhi": ("Herfindahl-Hirschman index of supplying countries", "1"),
    "hhi_low": ("least HHI in any plan that costs as little", "1"),
    "hhi_high": ("greatest HHI in any plan that costs as little", "1"),
    "share_feoc": ("share of the countries of concern (group feoc)", "1"),
    "share_central_asia": ("share of Central Asia", "1"),
    "net_import_reliance": ("share from outside the market", "1"),
    "usd_per_t": ("delivered price: what one more tonne would cost", "USD/t"),
    "observed_usd_per_t": ("normal price on which the model is calibrated", "USD/t"),
    "policy": ("id of the policy in the scenario", ""),
    "kind": ("kind of policy", ""),
    "scope": ("group or country that is limited", ""),
    "asked": ("limit set by the policy", "share, t or million USD"),
    "achieved": ("what the plan has", "as asked"),
    "binding": ("whether the limit binds", ""),
    "shadow_price": ("what loosening the limit by one unit would save in the year", "see unit"),
    "shadow_price_usd_per_t": ("what one tonne moved off the limited group costs in the year", "USD/t"),
    "site": ("blank for what exists, `expansion`, or a project id", ""),
    "existing_t": ("capacity that exists or is under construction", "t/yr"),
    "used_t": ("use of it", "t/yr"),
    "built_t": ("capacity that comes on line in the year", "t/yr"),
    "capex_musd": ("capital cost of what is built", "million USD"),
    "subsidy_musd": ("part of it that a fund pays", "million USD"),
    "scarcity_rent_usd_per_t": ("what one more t/yr at the site would save in the year", "USD/t"),
    "item": ("mineral or service; for costs, the kind of cost", ""),
    "amount": ("tonnes or units given up", "see unit"),
    "value_musd": ("its value", "million USD"),
    "musd": ("cost of the year, not discounted", "million USD"),
}


@dataclass(frozen=True)
class Result:
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
    tables: dict[str, pd.DataFrame] = field(repr=False)

    def __getattr__(self, name: str) -> pd.DataFrame:
        tables = self.__dict__.get("tables", {})
        if name in tables:
            return tables[name]  # type: ignore[no-any-return]
        raise AttributeError(f"a result has no table {name!r}; it has {', '.join(tables)}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.tables]

    def _repr_html_(self) -> str:
        return f"<h4>{self.title}</h4>" + str(self.tables["summary"].to_html(index=False))

    def save(self, folder: Path | str) -> Path:
        """Write the result as a Frictionless data package, whole or not at all.

        Parameters
        ----------
        folder : the folder to write (replaced if it holds an earlier result).

        Returns
        -------
        The folder's path. Numbers are written to six significant digits, so that another machine's last
        bits do not show; tables without rows are left out.
        """
        target = Path(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as temporary:
            new = Path(temporary) / "new"
            new.mkdir()
            written = {name: table for name, table in self.tables.items() if len(table)}
            for name, table in written.items():
                table.to_csv(new / f"{name}.csv", index=False, float_format=f"%.{SIGNIFICANT_DIGITS}g")
            _write_json(new / "manifest.json", self.manifest)
            _write_json(new / "datapackage.json", self._package(written))
            if target.exists():
                target.rename(Path(temporary) / "old")
            new.rename(target)
        return target

    def _package(self, tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
        resources = [
            {
                "name": name.replace("_", "-"),
                "path": f"{name}.csv",
                "profile": "tabular-data-resource",
                "schema": {"fields": [_field(column, table[column]) for column in table]},
            }
            for name, table in tables.items()
        ]
        return {
            "name": self.name.lower(),
            "title": self.title,
            "profile": "tabular-data-package",
            "resources": resources,
        }


def _field(column: str, values: pd.Series) -> dict[str, Any]:
    kinds = {"b": "boolean", "i": "integer", "f": "number"}
    description, unit = COLUMNS[column]
    field_: dict[str, Any] = {
        "name": column,
        "type": kinds.get(values.dtype.kind, "string"),
        "description": description,
    }
    if field_["type"] == "boolean":
        return field_ | {"trueValues": ["True"], "falseValues": ["False"]}
    return field_ | ({"unit": unit} if unit else {})


def _write_json(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


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
        files = {Path(r["path"]).stem: path / r["path"] for r in package["resources"]}
        tables = {name: pd.read_csv(file, keep_default_na=False, na_values=[""]) for name, file in files.items()}
    except (OSError, ValueError, KeyError) as error:
        raise InputError([Fault(path, 1, 1, f"not a result folder: {error}")]) from None
    return Result(manifest["scenario"]["name"], package["title"], float(manifest["objective"]), manifest, tables)
