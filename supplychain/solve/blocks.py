"""A start for the simplex: solve a program's blocks one by one, then join their bases.

A program of many minerals falls into blocks but for a few rows that link them (a leg that all cargo
shares) and a few columns (a vehicle takes many minerals). Blocks are solved without those rows, and with
those columns at a guess; then the linking columns alone, at the prices that the blocks have. The joint
basis is optimal but for what the links change, and the whole program needs few steps from it.
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

TOGETHER = 2000  # columns
LOWER, BASIC = highspy.HighsBasisStatus.kLower, highspy.HighsBasisStatus.kBasic


@dataclass
class _Start:
    """The basis under construction, and the duals of the rows that have been solved."""

    columns: list[Any]
    rows: list[Any]
    dual: Floats


def joint_basis(arrays: Arrays, solve: Any) -> highspy.HighsBasis | None:
    """A basis of the whole program from those of its blocks.

    Parameters
    ----------
    arrays : the program; `links` and `guess` say which rows and columns link its blocks.
    solve : function of Arrays that returns a HiGHS that has solved them.

    Returns
    -------
    The basis; None where nothing links blocks. A block without a plan of its own keeps the basis of its slacks.
    """
    linking = np.isfinite(arrays.guess)
    if not linking.any() and not arrays.links.any():
        return None
    rows, columns = arrays.matrix.shape
    start = _Start([LOWER] * columns, [BASIC] * rows, np.zeros(rows))
    settled = arrays.matrix @ np.where(linking, arrays.guess, 0.0)
    by_row = arrays.matrix.tocsr()
    blocks = list(_blocks(by_row, ~arrays.links, ~linking))
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for (row, column, _), solved in zip(
            blocks, threads.map(partial(_solved, arrays, settled, solve), blocks), strict=True
        ):
            _take(solved, row, column, start)
    _solve_links(arrays, by_row, linking, solve, start)
    basis = highspy.HighsBasis()
    basis.col_status, basis.row_status, basis.valid = start.columns, start.rows, True
    return basis


def _solved(arrays: Arrays, settled: Floats, solve: Any, block: tuple[Ints, Ints, sparse.csr_matrix]) -> Any:
    """A block with the linking columns at their guess."""
    row, column, matrix = block
    lower, upper = arrays.row_lower[row] - settled[row], arrays.row_upper[row] - settled[row]
    return solve(arrays.part(row, column, matrix, row_lower=lower, row_upper=upper))


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


def _solve_links(arrays: Arrays, by_row: Any, linking: Flags, solve: Any, start: _Start) -> None:
    """The linking columns alone, in the rows that hold nothing else, at the prices of the blocks."""
    column = np.flatnonzero(linking)
    inside = np.diff(by_row[:, column].indptr)
    row = np.flatnonzero((inside > 0) & (inside == np.diff(by_row.indptr)) & ~arrays.links)
    if len(column) and len(row):
        cost = arrays.cost[column] - arrays.matrix[:, column].T @ start.dual
        _take(solve(arrays.part(row, column, by_row[row][:, column], cost=cost)), row, column, start)


def _take(highs: Any, row: Ints, column: Ints, start: _Start) -> None:
    """Write a block's basis and duals where they belong."""
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return
    basis = highs.getBasis()
    for whole, place, part in ((start.columns, column, basis.col_status), (start.rows, row, basis.row_status)):
        for i, status in zip(place.tolist(), part, strict=True):
            whole[i] = status
    start.dual[row] = highs.getSolution().row_dual
