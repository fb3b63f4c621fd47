"""A linear program made from tables: variables are rows of a table, constraints are group-bys on them.

Everything is stated in the user's units (t, USD). Each variable and each constraint also names the
size of its own unit, and `arrays` divides by it, so that the solver meets numbers of one magnitude.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from supplychain.program.labels import Ints as Ints
from supplychain.program.labels import Keys as Keys
from supplychain.program.labels import Labels, Vocabulary, alike, keys, matched, names

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Positions = NDArray[np.int32]
YEAR = "year"  # the label that tells the same thing apart in time


def _filled(value: ArrayLike, size: int) -> Floats:
    return np.ascontiguousarray(np.broadcast_to(np.asarray(value, dtype=float), (size,)))


def _checked(family: str, **values: Floats) -> None:
    """Refuses what is not a number: a solver may take it for no bound, or for a plan without end."""
    for name, value in values.items():
        wrong = int(np.isnan(value).sum())
        assert not wrong, f"{family}: {name} of {wrong} of {len(value)} is not a number"


@dataclass(frozen=True)
class Variable:
    """A family of columns, one for each row of `table`."""

    name: str
    labels: Labels
    first: int
    lower: Floats
    upper: Floats
    cost: Floats
    unit: Floats
    worth: Floats
    guess: Floats
    label: tuple[str, ...] = ()

    @property
    def table(self) -> pd.DataFrame:
        """The table of which each row is a column of the program."""
        return self.labels.table

    def __len__(self) -> int:
        return len(self.table)

    def by(
        self,
        *keys: str,
        coefficient: ArrayLike = 1.0,
        rows: ArrayLike | None = None,
        always: Mapping[str, str] | None = None,
        **renamed: str,
    ) -> Terms:
        """Each column with a coefficient, labelled by columns of the variable's own table.

        Parameters
        ----------
        rows : positions of the columns that take part (default: all).
        always : labels that all of them have alike.
        renamed : label=column, where the label's name is not the column's.
        """
        position = np.arange(len(self)) if rows is None else np.asarray(rows, dtype=np.int64)
        own = {key: self.labels[column] for key, column in {**{key: key for key in keys}, **renamed}.items()}
        labels = own if rows is None else {key: numbers[position] for key, numbers in own.items()}
        number = self.labels.vocabulary.number
        labels |= {key: np.full(len(position), number(name)) for key, name in (always or {}).items()}
        return Terms(labels, self.first + position, _filled(coefficient, len(position)))

    def at(self, keys: pd.DataFrame, rows: ArrayLike, coefficient: ArrayLike = 1.0, own: Sequence[str] = ()) -> Terms:
        """Terms with labels of their own: `rows` are positions in the variable's table, `keys` their labels.

        `own` names columns of the variable's table that are labels too.
        """
        position = np.asarray(rows, dtype=np.int64)
        labels = {str(key): self.labels.vocabulary.numbers(keys[key]) for key in keys}
        labels |= {key: self.labels[key][position] for key in own}
        return Terms(labels, self.first + position, _filled(coefficient, len(position)))


@dataclass(frozen=True)
class Terms:
    """Coefficients of columns, each labelled with the keys of the constraint row in which it stands."""

    labels: dict[str, Ints]
    column: Ints
    coefficient: Floats

    def __neg__(self) -> Terms:
        return replace(self, coefficient=-self.coefficient)


@dataclass(frozen=True)
class Constraint:
    """A family of rows, one for each row of `table`; `lower` <= row <= `upper`."""

    name: str
    labels: Labels
    first: int
    lower: Floats
    upper: Floats
    unit: Floats
    links: Flags
    asked: Flags
    label: tuple[str, ...]

    @property
    def table(self) -> pd.DataFrame:
        """The table of which each row is a row of the program."""
        return self.labels.table

    def __len__(self) -> int:
        return len(self.table)


@dataclass(frozen=True)
class Arrays:
    """The program as a solver takes it: min cost x, row_lower <= matrix x <= row_upper, lower <= x <= upper.

    `links` marks the rows, `guess` (not NaN) the columns, that tie parts together which would else stand apart; `asked`
    the rows whose right-hand side is what is asked for. `worth` is what a unit of each column is worth, in the
    objective's unit. `column_key` and `row_key` are numbers drawn from the names of columns and rows: what has the same
    name has the same key in every program. `column_kind` is one of the name without its year.
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
    column_kind: Keys
    row_key: Keys

    def part(self, row: Ints, column: Ints, matrix: Any = None, **changed: Any) -> Arrays:
        """The program of some of its rows and columns.

        Parameters
        ----------
        matrix : of these rows and columns, where it is at hand. changed : what else is not as in the whole.
        """
        own = self.matrix[:, column].tocsr()[row] if matrix is None else matrix
        of_columns = ("cost", "lower", "upper", "column_unit", "guess", "worth", "column_key", "column_kind")
        of_rows = ("row_lower", "row_upper", "row_unit", "links", "asked", "row_key")
        parts = {name: getattr(self, name)[column] for name in of_columns}
        parts |= {name: getattr(self, name)[row] for name in of_rows}
        return Arrays(matrix=own.tocsc(), **(parts | changed))

    def towards(self, other: Arrays, part: float) -> Arrays:
        """The program a part of the way to another of the same rows and columns."""

        def between(name: str) -> Floats:
            here, there = getattr(self, name), getattr(other, name)
            same = here == there  # infinite bounds among them
            return np.where(same, here, here + part * np.where(same, 0.0, there - np.where(same, 0.0, here)))

        names = ("cost", "lower", "upper", "row_lower", "row_upper")
        numbers: dict[str, Any] = {name: between(name) for name in names}
        matrix = (self.matrix + part * (other.matrix - self.matrix)).tocsc()
        return replace(self, matrix=matrix, **numbers)

    def with_rows(self, rows: sparse.csr_matrix, lower: Floats, upper: Floats) -> Arrays:
        """The program with rows more, nameless and in its own units."""
        more: dict[str, Any] = {"row_lower": lower, "row_upper": upper, "row_unit": 1.0}
        more |= {"links": False, "asked": False, "row_key": 0}
        return self._longer(sparse.vstack([self.matrix, rows]).tocsc(), rows.shape[0], more)

    def with_column(self, cost: float) -> Arrays:
        """The program with a column more, nameless, not below nil and in no row."""
        more = {"cost": cost, "lower": 0.0, "upper": np.inf, "column_unit": 1.0}
        more |= {"guess": np.nan, "worth": 0.0, "column_key": 0, "column_kind": 0}
        empty = sparse.csc_matrix((self.matrix.shape[0], 1))
        return self._longer(sparse.hstack([self.matrix, empty]).tocsc(), 1, more)

    def _longer(self, matrix: sparse.csc_matrix, by: int, more: Mapping[str, ArrayLike]) -> Arrays:
        def grown(values: NDArray[Any], ends: ArrayLike) -> NDArray[Any]:
            return np.concatenate([values, np.broadcast_to(np.asarray(ends, dtype=values.dtype), (by,))])

        return replace(self, matrix=matrix, **{name: grown(getattr(self, name), ends) for name, ends in more.items()})


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
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    _entries: list[tuple[Positions, Positions, Floats]] = field(default_factory=list)

    @property
    def columns(self) -> int:
        return sum(len(variable) for variable in self.variables.values())

    @property
    def rows(self) -> int:
        return sum(len(constraint) for constraint in self.constraints.values())

    def extended(self) -> LinearProgram:
        """A program of the same columns and rows, to which more can be added."""
        return replace(self, variables={**self.variables}, constraints={**self.constraints}, _entries=[*self._entries])

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
        n, labels = len(table), Labels(table.reset_index(drop=True), self.vocabulary)
        low, high, price, size, likely = (_filled(value, n) for value in (lower, upper, cost, unit, guess))
        value = np.abs(price) if worth is None else _filled(worth, n)
        _checked(name, lower=low, upper=high, cost=price, unit=size, worth=value)
        named = tuple(table.columns if label is None else label)
        self.variables[name] = Variable(name, labels, self.columns, low, high, price, size, value, likely, named)
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
        label: Sequence[str] | None = None,
    ) -> Constraint:
        """Add one row for each row of the table: the sum of all terms that carry its labels.

        A term whose labels meet several rows enters each of them; one that meets none is left out. `links` says that
        the rows tie together parts of the program which would else stand apart, `asked` that their right-hand side is
        what is asked for, `label` which columns' entries name a row (default: all).
        """
        n, labels = len(table), Labels(table.reset_index(drop=True), self.vocabulary)
        low, high, size = (_filled(value, n) for value in (lower, upper, unit))
        _checked(name, lower=low, upper=high, unit=size)
        linking, wanted = (np.full(n, flag) for flag in (links, asked))
        named = tuple(table.columns if label is None else label)
        constraint = Constraint(name, labels, self.rows, low, high, size, linking, wanted, named)
        for term in terms:
            row, entry = matched(labels, term.labels)
            _checked(name, coefficient=term.coefficient[entry])
            place, column = (constraint.first + row).astype(np.int32), term.column[entry].astype(np.int32)
            self._entries.append((place, column, term.coefficient[entry]))
        self.constraints[name] = constraint
        return constraint

    def columns_where(self, holds: Callable[[pd.DataFrame], ArrayLike]) -> Flags:
        """Which columns are in rows of their variable's table for which something holds: one answer, or one a row."""
        return _flags(self.variables, holds)

    def rows_where(self, holds: Callable[[pd.DataFrame], ArrayLike]) -> Flags:
        """Which rows are in rows of their constraint's table for which something holds."""
        return _flags(self.constraints, holds)

    def arrays(self, *, scaled: bool = True) -> Arrays:
        """The program in its own units, or as it stands in the tables; entries that meet in one place are added up."""
        column_unit = self._joined("unit", self.variables) if scaled else np.ones(self.columns)
        row_unit = self._joined("unit", self.constraints) if scaled else np.ones(self.rows)
        money_unit = self.money_unit if scaled else 1.0
        row, column = (np.concatenate([entry[i] for entry in self._entries]) for i in range(2))
        value = np.concatenate([value * column_unit[j] / row_unit[i] for i, j, value in self._entries])
        shape = (self.rows, self.columns)
        matrix = sparse.coo_matrix((value, (row, column)), shape=shape).tocsc()
        matrix.eliminate_zeros()
        of_columns = self.variables.values()
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
            column_key=_one([keys(v.name, v.labels, v.label) for v in of_columns]),
            column_kind=_one([alike(v.name, v.labels, [c for c in v.label if c != YEAR]) for v in of_columns]),
            row_key=_one([keys(c.name, c.labels, c.label) for c in self.constraints.values()]),
        )

    def names(self) -> tuple[list[str], list[str]]:
        """Readable names of all columns and all rows, e.g. `flow[tungsten,KAZ,USA,2030]`, no two alike.

        A name holds letters, digits, `_`, `.`, `,` and one pair of brackets; a repeated one is numbered, `~2`.
        """
        columns = [name for v in self.variables.values() for name in names(v.name, v.table[list(v.label)])]
        rows = [name for c in self.constraints.values() for name in names(c.name, c.table[list(c.label)])]
        return columns, rows

    def _joined(self, attribute: str, family: dict[str, Any]) -> Floats:
        parts = [getattr(member, attribute) for member in family.values()]
        return np.concatenate(parts) if parts else np.zeros(0)


def _flags(families: Mapping[str, Any], holds: Callable[[pd.DataFrame], ArrayLike]) -> Flags:
    parts = [np.broadcast_to(np.asarray(holds(each.table), dtype=bool), (len(each),)) for each in families.values()]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=bool)


def _one(parts: list[Keys]) -> Keys:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint64)
