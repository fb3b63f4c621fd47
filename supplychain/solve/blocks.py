"""A start for the simplex: solve a program's blocks one by one, then join their bases.

A program of many minerals falls into blocks but for a few rows that link them (a leg that all cargo
shares) and a few columns (a vehicle takes many minerals). Blocks are solved without those rows, and with
those columns at a guess; then the linking columns alone, at the prices that the blocks have. The joint
basis is optimal but for what the links change, and the whole program needs few steps from it. A block may itself
start where another program ended: in a block a step costs a tenth of what it costs in the whole.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import highspy
import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from supplychain.program.lp import Arrays, Flags, Floats, Ints
from supplychain.solve.start import BASIC, LOWER, Start, Statuses, basis_of, statuses_of

TOGETHER = 2000  # columns


@dataclass
class _Joint:
    """The basis under construction, and the duals of the rows that have been solved."""

    columns: Statuses
    rows: Statuses
    dual: Floats


def joint_basis(arrays: Arrays, solve: Any, start: Start | None = None) -> Any:
    """A basis of the whole program from those of its blocks.

    Parameters
    ----------
    arrays : the program; `links` and `guess` say which rows and columns link its blocks.
    solve : function of Arrays, and of a basis to start from, that returns a HiGHS that has solved them.
    start : where another program ended.

    Returns
    -------
    The basis; None where nothing links blocks. A block without a plan of its own keeps the basis of its slacks.
    """
    linking = np.isfinite(arrays.guess)
    if not linking.any() and not arrays.links.any():
        return basis_of(*start.statuses(arrays)) if start else None
    rows, columns = arrays.matrix.shape
    guess = start.guess(arrays) if start else arrays.guess
    joint = _Joint(np.full(columns, LOWER, np.int8), np.full(rows, BASIC, np.int8), np.zeros(rows))
    settled = arrays.matrix @ np.where(linking, guess, 0.0)
    by_row = arrays.matrix.tocsr()
    blocks = list(_blocks(by_row, ~arrays.links, ~linking))
    known = start.statuses(arrays) if start else None
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for (row, column, _), solved in zip(
            blocks, threads.map(partial(_solved, arrays, settled, solve, known), blocks), strict=True
        ):
            _take(solved, row, column, joint)
    _solve_links(arrays, by_row, linking, solve, joint)
    return basis_of(joint.columns, joint.rows)


def _solved(
    arrays: Arrays,
    settled: Floats,
    solve: Any,
    known: tuple[Statuses, Statuses] | None,
    block: tuple[Ints, Ints, sparse.csr_matrix],
) -> Any:
    """A block with the linking columns at their guess."""
    row, column, matrix = block
    lower, upper = arrays.row_lower[row] - settled[row], arrays.row_upper[row] - settled[row]
    part = arrays.part(row, column, matrix, row_lower=lower, row_upper=upper)
    return solve(part, basis_of(known[0][column], known[1][row]) if known else None)


def _blocks(by_row: sparse.csr_matrix, rows: Flags, columns: Flags) -> Iterator[tuple[Ints, Ints, sparse.csr_matrix]]:
    """Rows, columns and matrix of the connected blocks among those that link nothing, small ones several together."""
    row, column = np.flatnonzero(rows), np.flatnonzero(columns)
    inner = by_row[row][:, column]
    count, label = connected_components(sparse.bmat([[None, inner], [inner.T, None]]), directed=False)
    row, row_edges = _sorted(row, label[: len(row)], count)
    column, column_edges = _sorted(column, label[len(row) :], count)
    inner = by_row[row][:, column]
    # A block ends the group that reaches a round number of columns.
    ends = np.unique(np.r_[0, np.flatnonzero(np.diff(column_edges // TOGETHER)) + 1, count])
    for (r0, r1), (c0, c1) in zip(pairwise(row_edges[ends]), pairwise(column_edges[ends]), strict=True):
        if r1 > r0 and c1 > c0:
            part = inner[r0:r1]
            matrix = sparse.csr_matrix((part.data, part.indices - c0, part.indptr), shape=(r1 - r0, c1 - c0))
            yield row[r0:r1], column[c0:c1], matrix


def _sorted(places: Ints, label: Ints, count: int) -> tuple[Ints, Ints]:
    """The places in the order of their labels, and where each label begins."""
    order = np.argsort(label, kind="stable")
    return places[order], np.searchsorted(label[order], np.arange(count + 1))


def _solve_links(arrays: Arrays, by_row: Any, linking: Flags, solve: Any, joint: _Joint) -> None:
    """The linking columns alone, in the rows that hold nothing else, at the prices of the blocks."""
    column = np.flatnonzero(linking)
    inside = np.diff(by_row[:, column].indptr)
    row = np.flatnonzero((inside > 0) & (inside == np.diff(by_row.indptr)) & ~arrays.links)
    if len(column) and len(row):
        cost = arrays.cost[column] - arrays.matrix[:, column].T @ joint.dual
        _take(solve(arrays.part(row, column, by_row[row][:, column], cost=cost)), row, column, joint)


def _take(highs: Any, row: Ints, column: Ints, joint: _Joint) -> None:
    """Write a block's basis and duals where they belong."""
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return
    basis = highs.getBasis()
    joint.columns[column], joint.rows[row] = statuses_of(basis)
    joint.dual[row] = highs.getSolution().row_dual
