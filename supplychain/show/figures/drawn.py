"""What a folder of figures holds, and of which results: so that none is drawn twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import matplotlib

from supplychain.results.writing import whole_file

RECORD = "drawn.json"
# Of each figure by name: the stamp of the results that it shows, and its files; none where it has nothing to show.
Record = dict[str, dict[str, Any]]


def stamp(manifests: Iterable[Mapping[str, Any]], besides: str = "") -> str:
    """Digest of the manifests of the results that a figure shows, and of the code that draws it.

    Parameters
    ----------
    besides : whatever else the figure shows.
    """
    # Once through JSON, as a manifest on disk has been: there every key is a text.
    content = json.loads(json.dumps([dict(manifest) for manifest in manifests]))
    text = json.dumps(content, sort_keys=True) + besides + _hand()
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _hand() -> str:
    """Digest of the drawing code: a figure by an older hand is drawn anew."""
    digest = hashlib.sha256(matplotlib.__version__.encode())
    for file in sorted(files("supplychain.show.figures").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".py"):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def read_record(folder: Path) -> Record:
    """The record of a folder of figures; empty where there is none that can be read."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def write_record(folder: Path, record: Record) -> None:
    """Write the record of a folder of figures, after the figures."""
    with whole_file(folder / RECORD) as whole:
        whole.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def there(folder: Path, record: Record, name: str, of: str) -> list[Path] | None:
    """The files of a figure as it was drawn of results with that stamp; None where it was not, or one is missing."""
    entry = record.get(name)
    if entry is None or entry["of"] != of:
        return None
    found = [folder / file for file in entry["files"]]
    return found if all(file.is_file() for file in found) else None


def complete(folder: Path, record: Record, of: str) -> bool:
    """Whether the figures of results with that stamp are there: a record names all of them, or none."""
    names = [name for name, entry in record.items() if entry["of"] == of]
    return bool(names) and all(there(folder, record, name, of) is not None for name in names)
