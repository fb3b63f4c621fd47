"""Tables written as a Frictionless data package, whole or not at all, and read back."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from supplychain.results.columns import TABLES, described
from supplychain.results.writing import PACKAGE, whole_folder

SIGNIFICANT_DIGITS = 6
OF_TABLE = {"summary": 9}  # trillions, of which scenarios differ by millions
LARGEST_CSV = 100_000  # rows; a larger table is written as Parquet


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
    folder : the folder to write; replaced if it holds an earlier package.
    name, title : of the package.
    tables : by name; every column must be in `COLUMNS`. Those without rows are left out.
    more : further JSON files by name. largest_csv : rows; a table with more is written as Parquet.

    Returns
    -------
    The folder's path.

    Raises
    ------
    InputError : the folder cannot be written, or holds something else than a data package.
    """
    target = Path(folder)
    written = {table: content for table, content in tables.items() if len(content)}
    files = {table: f"{table}.{'csv' if len(t) <= largest_csv else 'parquet'}" for table, t in written.items()}
    resources = [_resource(table, files[table], content) for table, content in written.items()]
    about = {"name": name.lower(), "title": title, "profile": "tabular-data-package", "resources": resources}
    with whole_folder(target) as new:
        for table, content in written.items():
            _write_table(new / files[table], table, content)
        for file, document in (dict(more or {}) | {PACKAGE: about}).items():
            _write_json(new / file, document)
    return target


def rounded(table: pd.DataFrame, name: str = "") -> pd.DataFrame:
    """The table as it is written: numbers with decimals to the significant digits of its name, infinite ones blank."""
    digits = _digits(name)
    decimal = [column for column in table if table[column].dtype.kind == "f"]
    finite = table.replace({column: {math.inf: math.nan, -math.inf: math.nan} for column in decimal})
    return finite.assign(**{c: [float(f"{v:.{digits}g}") for v in finite[c].tolist()] for c in decimal})


def _digits(name: str) -> int:
    return OF_TABLE.get(name, SIGNIFICANT_DIGITS)


def _write_table(file: Path, name: str, table: pd.DataFrame) -> None:
    """One table as CSV or Parquet, as the file's ending says; Parquet carries what each column means."""
    if file.suffix == ".csv":
        rounded(table, name).to_csv(file, index=False, float_format=f"%.{_digits(name)}g")
        return
    content = pa.Table.from_pandas(rounded(table, name), preserve_index=False)
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


def read_table(folder: Path, resource: dict[str, Any]) -> pd.DataFrame:
    """One table with the types that the package declares; a blank text stays a blank text."""
    file = folder / resource["path"]
    if file.suffix == ".parquet":
        return pd.read_parquet(file)
    kinds = {entry["name"]: entry["type"] for entry in resource["schema"]["fields"]}
    texts = {name: str for name, kind in kinds.items() if kind == "string"}
    blanks = {name: [""] for name in kinds if name not in texts}
    return pd.read_csv(file, dtype=texts, keep_default_na=False, na_values=blanks)
