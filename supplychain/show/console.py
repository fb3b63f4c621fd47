"""Tables on the terminal, as JSON, or in a file. Light: what is heavy is loaded when a table is drawn.

A terminal's own width is used; what is piped is 80 columns wide, or as many as the variable COLUMNS says.
"""

from __future__ import annotations

import json
import os
import re
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console
    from rich.table import Table

WIDTH = 80
GAP = 2  # blanks between columns
LONGEST_WORD = 24  # a longer one, such as a path, may be broken
NUMBER = re.compile(r"[-+]?[\d,.]+(e[-+]?\d+)?( ?%|\*)?|nan|")


@dataclass(frozen=True)
class _Column:
    """A column as text: numbers stand whole and to the right, words are wrapped, the name breaks at underscores."""

    name: str
    cells: Sequence[str]

    @cached_property
    def numeric(self) -> bool:
        return all(map(NUMBER.fullmatch, self.cells))

    @cached_property
    def natural(self) -> int:
        return max(map(len, (self.name, *self.cells)))

    @cached_property
    def least(self) -> int:
        words = self.cells if self.numeric else [word for cell in self.cells for word in cell.split()]
        longest = max(map(len, words), default=0)
        return max(*map(len, self._parts), longest if self.numeric else min(longest, LONGEST_WORD))

    @cached_property
    def _parts(self) -> list[str]:
        return re.findall(r"[^_]*_|[^_]+", self.name) or [""]

    def heading(self, width: int) -> str:
        """The name on as many lines as it takes."""
        lines = [""]
        for part in self._parts:
            lines += [part] if len(lines[-1] + part) > width else [lines.pop() + part]
        return "\n".join(lines)


def show(table: pd.DataFrame, quiet: bool, as_json: bool, title: str) -> None:
    """A table with its title, or as JSON, or nothing.

    A table too wide for the screen goes on below, under its first column again.
    """
    if as_json:
        typer.echo(json.dumps(records(table), ensure_ascii=False, indent=1))
    elif not quiet:
        console = _console()
        console.print(title, style="bold")
        for block in _blocks(_columns(table), console.width):
            console.print(_drawn(block, _widths(block, console.width)), "")


def show_side_by_side(table: pd.DataFrame, title: str) -> None:
    """A long, narrow table with its title: the second half of its rows beside the first."""
    from rich.table import Table

    console = _console()
    middle = (len(table) + 1) // 2
    halves = [_columns(part) for part in (table[:middle], table[middle:])]
    both = Table.grid(padding=(0, 2 * GAP, 0, 0))
    both.add_row(*(_drawn(half, [column.natural for column in half]) for half in halves))
    console.print(title, style="bold")
    console.print(both, "")


def show_lines(table: pd.DataFrame, title: str) -> list[str]:
    """A table with its title, a line for each row, texts cut short; returns the names of the columns with room."""
    console = _console()
    shown = next(_blocks(_columns(table), console.width))
    widths = _widths(shown, console.width)
    console.print(title, style="bold")
    console.print(_drawn(list(map(_cut, shown, widths)), widths), "")
    return [column.name for column in shown]


def say(text: str) -> None:
    """A line, or as many as it takes."""
    typer.echo(textwrap.fill(text, _console().width, subsequent_indent="  ", break_on_hyphens=False))


def records(table: pd.DataFrame) -> Any:
    """The table's rows as plain data."""
    return json.loads(table.to_json(orient="records"))


def show_scores(
    scores: pd.DataFrame,
    table: pd.DataFrame,
    short: pd.DataFrame,
    quiet: bool,
    as_json: bool,
    title: str,
    unit: str = "Percentage points of a share",
) -> None:
    """What a study found: its scores first, then the table that they are of, short enough for 80 columns."""
    if as_json:
        typer.echo(json.dumps({"scores": records(scores), "table": records(table)}, ensure_ascii=False))
        return
    show(scores, quiet, False, unit)
    show(short, quiet, False, title)


def save(table: pd.DataFrame, file: Path | None, digits: int = 6) -> None:
    """Write every row as CSV, to so many significant digits, whole or not at all; nothing where no file is named."""
    from supplychain.results.writing import whole_file

    if file is not None:
        with whole_file(file) as whole:
            table.to_csv(whole, index=False, float_format=f"%.{digits}g")


def _console() -> Console:
    from rich.console import Console

    own = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(width=None if own else WIDTH, markup=False, emoji=False, highlight=False)


def _columns(table: pd.DataFrame) -> list[_Column]:
    return [_Column(str(name), [_cell(value) for value in table[name]]) for name in table]


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if value != value else f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return str(value)


def _blocks(columns: Sequence[_Column], width: int) -> Iterator[list[_Column]]:
    """The columns in as few tables as hold them, the first column in each."""
    first, *rest = columns
    block = [first]
    for column in rest:
        if len(block) > 1 and _room([*block, column]) > width:
            yield block
            block = [first]
        block.append(column)
    yield block


def _room(columns: Sequence[_Column]) -> int:
    return sum(column.least for column in columns) + GAP * (len(columns) - 1)


def _widths(columns: Sequence[_Column], width: int) -> list[int]:
    """As wide as they are, if there is room; if not, the widest that can be narrower is, step by step."""
    widths = [column.natural for column in columns]
    least = [column.least for column in columns]
    while sum(widths) + GAP * (len(widths) - 1) > width and widths != least:
        widths[max((w, i) for i, w in enumerate(widths) if w > least[i])[1]] -= 1
    return widths


def _cut(column: _Column, width: int) -> _Column:
    """The column with every text on one line."""
    if column.numeric:
        return column
    return _Column(column.name, [textwrap.shorten(cell, width, placeholder=" …") for cell in column.cells])


def _drawn(columns: Sequence[_Column], widths: Sequence[int]) -> Table:
    from rich import box
    from rich.table import Table

    drawn = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, GAP - 1, 0, 0))
    for column, width in zip(columns, widths, strict=True):
        justify: Any = "right" if column.numeric else "left"
        drawn.add_column(column.heading(width), width=width, justify=justify, overflow="fold")
    for row in zip(*(column.cells for column in columns), strict=True):
        drawn.add_row(*row)
    return drawn
