"""Labels as whole numbers: rows of two tables meet, and names become keys, without comparing one string.

A label column becomes numbers once; whoever asks for it again finds them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Keys = NDArray[np.uint64]
MISSING = -(2**40)


@dataclass
class Vocabulary:
    """Numbers for labels, the same in every table that shares it.

    Whole numbers stand for themselves. Names are numbered from `MISSING` downwards, where no whole number is in use.
    """

    known: dict[Any, int] = field(default_factory=lambda: {None: MISSING})
    _hashes: Keys = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))

    def numbers(self, values: pd.Series) -> Ints:
        """The number of each label; labels that are missing share one."""
        if values.dtype.kind in "biu":
            return values.to_numpy(dtype=np.int64)
        if values.dtype.kind == "f" and (values.dropna() % 1 == 0).all():
            return values.fillna(MISSING).to_numpy(dtype=np.int64)
        place, names = pd.factorize(values)
        # What is missing has place -1: the last.
        return np.array([*(self.number(name) for name in names), MISSING], dtype=np.int64)[place]

    def number(self, name: Any) -> int:
        """The number of one name, a new one if it has none yet."""
        return self.known.setdefault(name, MISSING - len(self.known))

    def hashes(self) -> Keys:
        """A hash of each name, in the order of their numbers, from `MISSING` downwards."""
        if len(self._hashes) < len(self.known):
            self._hashes = pd.util.hash_array(np.array(list(self.known), dtype=object))
        return self._hashes


@dataclass(frozen=True)
class Labels:
    """The columns of a table as numbers."""

    table: pd.DataFrame
    vocabulary: Vocabulary
    _found: dict[str, Ints] = field(default_factory=dict)

    def __getitem__(self, column: str) -> Ints:
        if column not in self._found:
            self._found[column] = self.vocabulary.numbers(self.table[column])
        return self._found[column]

    def hashed(self, column: str) -> Keys:
        """A hash of each label of a column: of the number that it is, or of the name."""
        values = self.table[column]
        if values.dtype.kind in "biuf":
            return pd.util.hash_array(values.to_numpy())
        numbers = self[column]
        return self.vocabulary.hashes()[MISSING - numbers]


def matched(labels: Labels, wanted: Mapping[str, Ints]) -> tuple[Ints, Ints]:
    """Pairs (row of the labels' table, entry of `wanted`) whose labels agree, in the order of the entries."""
    row, entry = _combined(labels, wanted)
    rows = pd.Index(row)
    if rows.is_unique:
        place = rows.get_indexer(entry)
        found = np.flatnonzero(place >= 0)
        return place[found].astype(np.int64), found
    left = pd.DataFrame({"key": row, "row": np.arange(len(row))})
    both = pd.DataFrame({"key": entry, "entry": np.arange(len(entry))}).merge(left, on="key")
    return both["row"].to_numpy(dtype=np.int64), both["entry"].to_numpy(dtype=np.int64)


def _combined(labels: Labels, wanted: Mapping[str, Ints]) -> tuple[Ints, Ints]:
    """One number for all labels of each row, and of each entry; -1 where an entry has a label that no row has."""
    row = np.zeros(len(labels.table), dtype=np.int64)
    entry = np.zeros(max((len(numbers) for numbers in wanted.values()), default=0), dtype=np.int64)
    strange = np.zeros(len(entry), dtype=bool)
    for column, numbers in wanted.items():
        distinct = pd.Index(pd.unique(labels[column]))
        place = distinct.get_indexer(numbers)
        strange |= place < 0
        row = row * len(distinct) + distinct.get_indexer(labels[column])
        entry = entry * len(distinct) + place
    return row, np.where(strange, -1, entry)


def keys(name: str, labels: Labels, columns: Sequence[str]) -> Keys:
    """A number for each row, drawn from the family's name and the row's labels; repeated labels are told apart."""
    key = alike(name, labels, columns)
    repeat = pd.Series(key).groupby(key).cumcount().to_numpy(dtype=np.uint64) if len(key) != len(pd.unique(key)) else 0
    return key + repeat


def alike(name: str, labels: Labels, columns: Sequence[str]) -> Keys:
    """A number for each row, the same for rows whose labels in these columns are the same."""
    key = np.full(len(labels.table), pd.util.hash_array(np.array([name], dtype=object))[0])
    for column in columns:
        key = _mixed(key ^ labels.hashed(column))
    return key


def looked_up(known: Keys, values: NDArray[Any], wanted: Keys, missing: float) -> NDArray[Any]:
    """The value of each wanted key among the known ones; `missing` where it is not there."""
    if not len(known):
        return np.full(len(wanted), missing)
    place = pd.Index(known).get_indexer(pd.Index(wanted))
    return np.where(place >= 0, values[place], missing)


def _mixed(key: Keys) -> Keys:
    """Scrambled so that keys of like names have nothing in common (the finaliser of MurmurHash3)."""
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        key = (key ^ (key >> np.uint64(33))) * np.uint64(factor)
    return key ^ (key >> np.uint64(33))


def names(name: str, table: pd.DataFrame) -> list[str]:
    """A readable name for each row, e.g. `flow[tungsten,KAZ,USA,2030]`; a repeated one is numbered, `~2`."""
    if table.empty:
        return []
    cells = [table[column].astype(str).str.replace(r"[^A-Za-z0-9_.]", "_", regex=True) for column in table]
    told = pd.Series([f"{name}[{','.join(row)}]" for row in zip(*cells, strict=True)])
    repeat = told.groupby(told).cumcount()
    return [f"{label}~{n + 1}" if n else label for label, n in zip(told, repeat, strict=True)]
