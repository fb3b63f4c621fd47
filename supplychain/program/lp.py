"""A linear program made from tables: variables are rows of a table, constraints are group-bys on them.

Everything is stated in the user's units (t, USD). Each variable and each constraint also names the
size of its own unit, and `arrays` divides by it, so that the solver meets numbers of one magnitude.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Keys = NDArray[np.uint64]


def _filled(value: ArrayLike, size: int) -> Floats:
    return np.ascontiguousarray(np.broadcast_to(np.asarray(value, dtype=float), (size,)))


@dataclass(frozen=True)
class Variable:
    """A family of columns, one for each row of `table`."""

    name: str
    table: pd.DataFrame
    first: int
    lower: Floats
    upper: Floats
    cost: Floats
    unit: Floats
    worth: Floats
    guess: Floats
    label: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.table)

    def by(self, *keys: str, coefficient: ArrayLike = 1.0) -> Terms:
        """Each column with a coefficient, labelled by columns of the variable's own table."""
        return self.at(self.table[list(keys)], np.arange(len(self)), coefficient)

    def at(self, keys: pd.DataFrame, rows: ArrayLike, coefficient: ArrayLike = 1.0) -> Terms:
        """Terms with labels of their own: `rows` are positions in the variable's table, `keys` their labels."""
        position = np.asarray(rows, dtype=np.int64)
        return Terms(keys, self.first + position, _filled(coefficient, len(position)))


@dataclass(frozen=True)
class Terms:
    """Coefficients of columns, each labelled with the keys of the constraint row in which it stands."""

    keys: pd.DataFrame
    column: Ints
    coefficient: Floats

    def __neg__(self) -> Terms:
        return replace(self, coefficient=-self.coefficient)


@dataclass(frozen=True)
class Constraint:
    """A family of rows, one for each row of `table`; `lower` <= row <= `upper`."""

    name: str
    table: pd.DataFrame
    first: int
    lower: Floats
    upper: Floats
    unit: Floats
    links: Flags
    asked: Flags

    def __len__(self) -> int:
        return len(self.table)


@dataclass(frozen=True)
class Arrays:
    """The program as a solver takes it: min cost x, row_lower <= matrix x <= row_upper, lower <= x <= upper.

    `links` marks the rows, `guess` (not NaN) the columns, that tie parts together which would else stand apart; `asked`
    the rows whose right-hand side is what is asked for. `worth` is what a unit of each column is worth, in the
    objective's unit. `column_key` and `row_key` are numbers drawn from the names of columns and rows: what has the same
    name has the same key in every program.
    """

    cost: Floats
    lower: Floats
    upper: Floats
    matrix: sparse.csc_matrix
    row_lower: Floats
    row_upper: Floats
    column_unit: Floats
    row_unit: Floats
    links: Flags
    asked: Flags
    guess: Floats
    worth: Floats
    column_key: Keys
    row_key: Keys


@dataclass
class LinearProgram:
    """A program under construction.

    Attributes
    ----------
    money_unit : size of the objective's own unit, in the tables' money (1e6 where tables hold USD).
    offset : a constant part of the objective, in the tables' money.
    """

    money_unit: float = 1.0
    offset: float = 0.0
    variables: dict[str, Variable] = field(default_factory=dict)
    constraints: dict[str, Constraint] = field(default_factory=dict)
    _entries: list[tuple[Ints, Ints, Floats]] = field(default_factory=list)

    @property
    def columns(self) -> int:
        return sum(len(variable) for variable in self.variables.values())

    @property
    def rows(self) -> int:
        return sum(len(constraint) for constraint in self.constraints.values())

    def variable(
        self,
        name: str,
        table: pd.DataFrame,
        *,
        lower: ArrayLike = 0.0,
        upper: ArrayLike = np.inf,
        cost: ArrayLike = 0.0,
        unit: ArrayLike = 1.0,
        worth: ArrayLike | None = None,
        label: Sequence[str] | None = None,
        guess: ArrayLike = np.nan,
    ) -> Variable:
        """Add one column for each row of the table.

        Parameters
        ----------
        lower, upper, cost, unit : one value, or one for each row of the table.
        worth : what one of each column is worth in the tables' money (default: what it costs); costs that differ by far
            less are the same.
        label : columns of the table whose entries name a row (default: all).
        guess : likely values of columns that tie together parts of the program which would else stand apart.
        """
        n, table = len(table), table.reset_index(drop=True)
        low, high, price, size, likely = (_filled(value, n) for value in (lower, upper, cost, unit, guess))
        value = np.abs(price) if worth is None else _filled(worth, n)
        named = tuple(table.columns if label is None else label)
        self.variables[name] = Variable(name, table, self.columns, low, high, price, size, value, likely, named)
        return self.variables[name]

    def constrain(
        self,
        name: str,
        table: pd.DataFrame,
        *terms: Terms,
        lower: ArrayLike = -np.inf,
        upper: ArrayLike = np.inf,
        unit: ArrayLike = 1.0,
        links: bool = False,
        asked: bool = False,
    ) -> Constraint:
        """Add one row for each row of the table: the sum of all terms that carry its labels.

        A term whose labels meet several rows enters each of them; one that meets none is left out. `links` says that
        the rows tie together parts of the program which would else stand apart, `asked` that their right-hand side is
        what is asked for.
        """
        n, table = len(table), table.reset_index(drop=True)
        low, high, size = (_filled(value, n) for value in (lower, upper, unit))
        constraint = Constraint(name, table, self.rows, low, high, size, *(np.full(n, told) for told in (links, asked)))
        for term in terms:
            row, entry = _match(table, term.keys)
            self._entries.append((constraint.first + row, term.column[entry], term.coefficient[entry]))
        self.constraints[name] = constraint
        return constraint

    def arrays(self, *, scaled: bool = True) -> Arrays:
        """The program in its own units, or as it stands in the tables; entries that meet in one place are added up."""
        column_unit = self._joined("unit", self.variables) if scaled else np.ones(self.columns)
        row_unit = self._joined("unit", self.constraints) if scaled else np.ones(self.rows)
        money_unit = self.money_unit if scaled else 1.0
        row, column, value = (np.concatenate([entry[i] for entry in self._entries]) for i in range(3))
        value = value * column_unit[column] / row_unit[row]
        shape = (self.rows, self.columns)
        matrix = sparse.coo_matrix((value, (row, column)), shape=shape).tocsc()
        matrix.eliminate_zeros()
        return Arrays(
            cost=self._joined("cost", self.variables) * column_unit / money_unit,
            lower=self._joined("lower", self.variables) / column_unit,
            upper=self._joined("upper", self.variables) / column_unit,
            matrix=matrix,
            row_lower=self._joined("lower", self.constraints) / row_unit,
            row_upper=self._joined("upper", self.constraints) / row_unit,
            column_unit=column_unit,
            row_unit=row_unit,
            links=self._joined("links", self.constraints).astype(bool),
            asked=self._joined("asked", self.constraints).astype(bool),
            guess=self._joined("guess", self.variables) / column_unit,
            worth=self._joined("worth", self.variables) * column_unit / money_unit,
            column_key=_all_keys([(v.name, v.table[list(v.label)]) for v in self.variables.values()]),
            row_key=_all_keys([(c.name, c.table) for c in self.constraints.values()]),
        )

    def names(self) -> tuple[list[str], list[str]]:
        """Readable names of all columns and all rows, e.g. `flow[tungsten,KAZ,USA,2030]`, no two alike.

        A name holds letters, digits, `_`, `.`, `,` and one pair of brackets; a repeated one is numbered, `~2`.
        """
        columns = [name for v in self.variables.values() for name in _labels(v.name, v.table[list(v.label)])]
        rows = [name for c in self.constraints.values() for name in _labels(c.name, c.table)]
        return columns, rows

    def _joined(self, attribute: str, family: dict[str, Any]) -> Floats:
        parts = [getattr(member, attribute) for member in family.values()]
        return np.concatenate(parts) if parts else np.zeros(0)


def _all_keys(named: list[tuple[str, pd.DataFrame]]) -> Keys:
    return np.concatenate([_keys(*member) for member in named]) if named else np.zeros(0, dtype=np.uint64)


def _keys(name: str, table: pd.DataFrame) -> Keys:
    """A number for each row, drawn from the family's name and the row's labels; repeated labels are told apart."""
    key = np.full(len(table), pd.util.hash_array(np.array([name], dtype=object))[0])
    for column in table:
        codes, entries = pd.factorize(table[column])
        key = _mixed(key ^ pd.util.hash_array(np.asarray(entries))[codes]) if len(entries) else key
    repeat = pd.Series(key).groupby(key).cumcount().to_numpy(dtype=np.uint64) if len(key) != len(pd.unique(key)) else 0
    return key + repeat


def _mixed(key: Keys) -> Keys:
    """Scrambled so that keys of like names have nothing in common (the finaliser of MurmurHash3)."""
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        key = (key ^ (key >> np.uint64(33))) * np.uint64(factor)
    return key ^ (key >> np.uint64(33))


def _labels(name: str, table: pd.DataFrame) -> list[str]:
    if table.empty:
        return []
    cells = [table[column].astype(str).str.replace(r"[^A-Za-z0-9_.]", "_", regex=True) for column in table]
    names = pd.Series([f"{name}[{','.join(row)}]" for row in zip(*cells, strict=True)])
    repeat = names.groupby(names).cumcount()
    return [f"{label}~{n + 1}" if n else label for label, n in zip(names, repeat, strict=True)]


def _match(table: pd.DataFrame, keys: pd.DataFrame) -> tuple[Ints, Ints]:
    """Pairs (row of the table, row of the keys) whose labels agree."""
    on = list(keys.columns)
    left = table[on].assign(_row=np.arange(len(table)))
    right = keys.reset_index(drop=True).assign(_entry=np.arange(len(keys)))
    both = right.merge(left, on=on, how="inner")
    return both["_row"].to_numpy(dtype=np.int64), both["_entry"].to_numpy(dtype=np.int64)
