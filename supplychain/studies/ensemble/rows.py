"""The folder of an ensemble: a row a run, each in a file of its own as soon as it is done, merged at the end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from supplychain.facts.errors import Fault, InputError
from supplychain.results.package import read_table, write_package
from supplychain.results.writing import PACKAGE, check_package, told, whole_file
from supplychain.studies.ensemble.runs import Row
from supplychain.studies.findings import MANIFEST

ROWS = "runs"


@dataclass(frozen=True)
class Rows:
    """The rows of an ensemble that is under way. A file comes whole or not at all, whatever ends the process."""

    folder: Path

    def write(self, row: Row) -> None:
        """One run's row."""
        with whole_file(self.folder / f"{row['run']:06d}.parquet") as file:
            parquet.write_table(pa.Table.from_pylist([row]), file)

    def done(self) -> set[int]:
        """The numbers of the runs whose rows are there."""
        return {int(file.stem) for file in self.folder.glob("[0-9]*.parquet")}

    def read(self) -> list[Row]:
        """All rows, in the order of the runs."""
        return [row for run in sorted(self.done()) for row in _read(self.folder / f"{run:06d}.parquet")]


def _read(file: Path) -> list[Row]:
    with told(file):
        return list(parquet.read_table(file).to_pylist())


def check(folder: Path, manifest: Mapping[str, Any], resume: bool) -> None:
    """Finds out, before anything long is done, whether this ensemble could be begun, or resumed, in a folder.

    Raises
    ------
    InputError : the folder holds another ensemble, or one under way that is not to be resumed; it cannot be written.
    """
    check_package(folder)
    there = _manifest(folder)
    if there and resume and (differing := _differing(there, manifest)):
        said = f"another ensemble is here: its {', '.join(differing)} differ; name another folder"
        raise InputError([Fault(folder, 1, 1, said)])
    if there and not resume and (folder / ROWS).is_dir():
        done = len(Rows(folder / ROWS).done())
        said = f"an ensemble is under way here, {done} of {there['asked']['runs']} runs are done"
        raise InputError([Fault(folder, 1, 1, f"{said}; --resume goes on with it, or remove the folder")])


def begun(folder: Path, title: str, manifest: Mapping[str, Any]) -> Rows:
    """The rows of an ensemble that `check` has allowed in a folder: those that are there, or none yet.

    A folder under way has the manifest, by which it is known, and no tables yet; a finished one is replaced.
    """
    inside = folder / ROWS
    if not inside.is_dir():
        write_package(folder, folder.name, title, {}, more={MANIFEST: dict(manifest)})
        with told(folder):
            inside.mkdir()
    return Rows(inside)


def finished(folder: Path, manifest: Mapping[str, Any]) -> dict[str, pd.DataFrame] | None:
    """The tables of this ensemble where it is finished."""
    there = _manifest(folder)
    if not there or (folder / ROWS).is_dir() or _differing(there, manifest):
        return None
    with told(folder):
        package = json.loads((folder / PACKAGE).read_text(encoding="utf-8"))
        return {Path(entry["path"]).stem: read_table(folder, entry) for entry in package["resources"]} or None


def _manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of the ensemble in a folder."""
    file = folder / MANIFEST
    with told(folder):
        return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else None


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """In what two manifests differ."""
    flat = [dict(_flat(manifest)) for manifest in (one, other)]
    return [key for key in flat[1] if flat[0].get(key) != flat[1][key]]


def _flat(manifest: Mapping[str, Any], above: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in manifest.items():
        yield from _flat(value, f"{key} ") if isinstance(value, Mapping) else [(above + key, value)]
