"""A result: its tidy tables, its certificate, and how it is written to disk and read back."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from supplychain.errors import Fault, InputError

SIGNIFICANT_DIGITS = 6
LARGEST_CSV = 100_000  # rows; a larger table is written as Parquet

TABLES: dict[str, str] = {
    "summary": "the headline figures",
    "paths": "whole ways from mine to traced market",
    "supply": "who supplies each market, stage by stage",
    "dependence": "how far each market depends on single suppliers, by place of the plant",
    "dependence_by_owner": "the same by nationality of the plant's owner",
    "prices": "delivered prices",
    "policies": "what each policy asked for, what the plan has, and what it costs at the margin",
    "capacity": "plants: what exists, what is used, what is built",
    "unmet": "use given up and services not delivered",
    "costs": "cost by item",
    "switching": "cost of leaving the base year's suppliers",
    "corridors": "legs of Central Asia's corridors and their capacity",
    "shipments": "moves out of and into Central Asia, all markets",
    "byproducts": "what host plants yield, what of it is used and what stays unsold",
    "technology": "what each energy service deploys",
    "secondary": "supply from scrap beyond the base year's",
    "stocks": "stockpiles at the year's end",
    "public": "what the treasury pays for each policy",
    "entry": "unused sources and what their cost would have to fall to",
    "edits": "tables of the system in which two scenarios differ",
    "sources": "every work that a fact was taken from",
}

# Description and unit; an entry `table.column` goes before the column's general one.
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
    "owner": ("nationality of the plant's owner", ""),
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
    "valid_from": ("least limit for which the shadow price holds", "as asked"),
    "valid_to": ("greatest limit for which the shadow price holds", "as asked"),
    "entry_cost_usd_per_t": ("what its operating cost would have to fall to", "USD/t"),
    "only": ("rows of the table that the other scenario has not", ""),
    "name": ("what it is called", ""),
    "leg": ("leg of a corridor, between two nodes", ""),
    "capacity_t": ("what the leg can carry, all goods; blank where nothing limits it", "t/yr"),
    "background_t": ("other freight on the leg", "t/yr"),
    "origin": ("country that the tonnes leave", ""),
    "destination": ("country or market that they go to", ""),
    "gross_t": ("weight that travels: ore or concentrate, not metal in it", "t"),
    "available_t": ("what could be had", "t"),
    "unsold_t": ("yielded by the host plants, but not sold", "t"),
    "service": ("energy service, e.g. light_ev", ""),
    "technology": ("technology that gives the service", ""),
    "deployed": ("new units in the year", "see unit"),
    "reference_share": ("its share in the reference mix", "1"),
    "bought_t": ("put into the stock in the year", "t"),
    "released_t": ("taken out of the stock in the year", "t"),
    "level_t": ("stock at the year's end", "t"),
    "target_t": ("least stock that the policy asks for", "t"),
    "paths.corridor": ("corridor of the way to the market", ""),
    "shipments.stage": ("stage whose product travels", ""),
    "byproducts.used_t": ("sold", "t"),
    "byproducts.shadow_price_usd_per_t": ("what one more tonne from the host plants would save in the year", "USD/t"),
    "corridors.used_t": ("gross weight of the minerals carried", "t/yr"),
    "corridors.shadow_price_usd_per_t": ("what one more tonne of capacity would save in the year", "USD/t"),
    "secondary.available_t": ("what could be had from scrap beyond the base year's", "t"),
    "secondary.used_t": ("supplied from scrap beyond the base year's", "t"),
    "technology.share": ("its share in what the service deploys", "1"),
    "policies.field": ("setting of the policy, or of the scenario where the policy is blank", ""),
    "policies.before": ("in the first scenario; blank where it has none", ""),
    "policies.after": ("in the second scenario; blank where it has none", ""),
    "edits.table": ("table of the system, before anything is solved", ""),
    "edits.only_before": ("rows that only the first scenario has", ""),
    "edits.only_after": ("rows that only the second scenario has", ""),
    "edits.columns": ("columns in which rows at the same place differ", ""),
    "sources.source": ("id, as the facts name it", ""),
    "sources.title": ("title", ""),
    "sources.publisher": ("publisher or author", ""),
    "sources.year": ("year of publication", ""),
    "sources.url": ("DOI or address", ""),
    "sources.licence": ("terms of use", ""),
    "public.item": ("what is paid for", ""),
    "public.musd": ("public money of the year, not discounted; negative where the treasury earns", "million USD"),
}

# Endings of columns in a comparison of two scenarios.
COMPARED = {"_before": "first scenario", "_after": "second scenario", "_difference": "second less first"}


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

    def cost_in_words(self) -> str:
        """The minimal cost with its unit, e.g. `8,123,520,000,000 USD, present value`."""
        cost = f"{self.objective:,.0f}" if abs(self.objective) >= 1e6 else f"{self.objective:.9g}"
        return f"{cost} {self.manifest.get('data', {}).get('money', '')}, present value"

    def _repr_html_(self) -> str:
        about = f"least cost {self.cost_in_words()}"
        certificate = f"{self.manifest.get('status', '')}, gap {self.manifest.get('gap', 0.0):.1e}"
        metrics = self.tables["summary"].assign(value=lambda t: t.apply(_spoken_value, axis=1))
        metrics = metrics.replace({"unit": {"1": ""}})
        listed = [(name, len(t), TABLES.get(name, "")) for name, t in self.tables.items() if len(t)]
        tables = pd.DataFrame(listed, columns=["table", "rows", "what it holds"])
        parts = (part.to_html(index=False, border=0) for part in (metrics, tables))
        return f"<h4>{escape(self.title)}</h4><p>{escape(about)}; {escape(certificate)}</p>" + "".join(parts)

    def save(self, folder: Path | str, largest_csv: int = LARGEST_CSV) -> Path:
        """Write the result as a Frictionless data package, whole or not at all.

        Parameters
        ----------
        folder : the folder to write (replaced if it holds an earlier result).
        largest_csv : rows; a table with more is written as Parquet.

        Returns
        -------
        The folder's path. Numbers are written to six significant digits, so that another machine's last
        bits do not show; tables without rows are left out.
        """
        more = {"manifest.json": self.manifest}
        return write_package(folder, self.name, self.title, self.tables, more=more, largest_csv=largest_csv)


def _spoken_value(row: pd.Series) -> str:
    if row["unit"] == "1":
        return f"{row['value']:.1%}"
    return f"{row['value']:,.0f}" if abs(row["value"]) >= 1000 else f"{row['value']:.4g}"


def write_package(
    folder: Path | str,
    name: str,
    title: str,
    tables: Mapping[str, pd.DataFrame],
    *,
    more: Mapping[str, dict[str, Any]] | None = None,
    largest_csv: int = LARGEST_CSV,
) -> Path:
    """Write tables as a Frictionless data package, whole or not at all.

    Parameters
    ----------
    folder : the folder to write; replaced if it is there.
    name, title : of the package.
    tables : by name; every column must be in `COLUMNS`. Those without rows are left out.
    more : further JSON files by name. largest_csv : rows; a table with more is written as Parquet.
    """
    target = Path(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    written = {table: content for table, content in tables.items() if len(content)}
    files = {table: f"{table}.{'csv' if len(t) <= largest_csv else 'parquet'}" for table, t in written.items()}
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as temporary:
        new = Path(temporary) / "new"
        new.mkdir()
        for table, content in written.items():
            _write_table(new / files[table], table, content)
        for file, document in (more or {}).items():
            _write_json(new / file, document)
        resources = [_resource(table, files[table], content) for table, content in written.items()]
        about = {"name": name.lower(), "title": title, "profile": "tabular-data-package"}
        _write_json(new / "datapackage.json", about | {"resources": resources})
        if target.exists():
            target.rename(Path(temporary) / "old")
        new.rename(target)
    return target


def rounded(table: pd.DataFrame) -> pd.DataFrame:
    """The table as it is written: numbers with decimals to six significant digits, infinite ones blank."""
    decimal = [column for column in table if table[column].dtype.kind == "f"]
    finite = table.replace({column: {math.inf: math.nan, -math.inf: math.nan} for column in decimal})
    return finite.assign(**{c: [float(f"{v:.{SIGNIFICANT_DIGITS}g}") for v in finite[c].tolist()] for c in decimal})


def described(table: str, column: str) -> tuple[str, str]:
    """What a column of a table holds, and its unit ("1" for shares, blank where there is none).

    Raises
    ------
    KeyError : no such column is known.
    """
    for ending, side in COMPARED.items():
        if column.endswith(ending):
            description, unit = described(table, column.removesuffix(ending))
            return f"{description} ({side})", unit
    return COLUMNS.get(f"{table}.{column}") or COLUMNS[column]


def _write_table(file: Path, name: str, table: pd.DataFrame) -> None:
    """One table as CSV or Parquet, as the file's ending says; Parquet carries what each column means."""
    if file.suffix == ".csv":
        rounded(table).to_csv(file, index=False, float_format=f"%.{SIGNIFICANT_DIGITS}g")
        return
    content = pa.Table.from_pandas(rounded(table), preserve_index=False)
    fields = [
        entry.with_metadata(dict(zip(("description", "unit"), described(name, entry.name), strict=True)))
        for entry in content.schema
    ]
    content = content.cast(pa.schema(fields, metadata=content.schema.metadata))
    parquet.write_table(content, file, compression="zstd")


def _resource(name: str, path: str, table: pd.DataFrame) -> dict[str, Any]:
    file_format = Path(path).suffix.removeprefix(".")
    return {
        "name": name.replace("_", "-"),
        "path": path,
        "description": TABLES.get(name, ""),
        "format": file_format,
        "profile": "tabular-data-resource",
        "schema": {"fields": [_field(name, str(column), table[column]) for column in table]},
    }


def _field(table: str, column: str, values: pd.Series) -> dict[str, Any]:
    kinds = {"b": "boolean", "i": "integer", "f": "number"}
    description, unit = described(table, column)
    field_: dict[str, Any] = {
        "name": column,
        "type": kinds.get(values.dtype.kind, "string"),
        "description": description,
    }
    if field_["type"] == "boolean":
        return field_ | {"trueValues": ["True"], "falseValues": ["False"]}
    return field_ | ({"unit": unit} if unit else {})


def _write_json(file: Path, content: Mapping[str, Any]) -> None:
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
        tables = {Path(entry["path"]).stem: _read_table(path, entry) for entry in package["resources"]}
        scenario, objective = manifest["scenario"]["name"], float(manifest["objective"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError([Fault(path, 1, 1, f"not a result folder: {error}")]) from None
    return Result(scenario, package["title"], objective, manifest, tables)


def _read_table(folder: Path, resource: dict[str, Any]) -> pd.DataFrame:
    """One table with the types that the package declares; a blank text stays a blank text."""
    file = folder / resource["path"]
    if file.suffix == ".parquet":
        return pd.read_parquet(file)
    kinds = {entry["name"]: entry["type"] for entry in resource["schema"]["fields"]}
    texts = {name: str for name, kind in kinds.items() if kind == "string"}
    blanks = {name: [""] for name in kinds if name not in texts}
    return pd.read_csv(file, dtype=texts, keep_default_na=False, na_values=blanks)
