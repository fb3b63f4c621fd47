"""What a table of the page is made of: cells that carry the value by which their column sorts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import pandas as pd

from supplychain.show.report.words import number, percent, significant

TOP = 15


class Cell(NamedTuple):
    """What is printed, and the value by which the column sorts; a link where there is one."""

    text: str
    value: float | str
    link: str = ""


@dataclass(frozen=True)
class Grid:
    """A table of the page: caption, head of (label, is a number), rows; the first cell of a row names it."""

    caption: str
    head: list[tuple[str, bool]]
    rows: list[list[Cell]] = field(default_factory=list)


def words(text: object) -> Cell:
    """A cell of text."""
    return Cell(str(text), str(text))


def figure(value: float, decimals: int = 0) -> Cell:
    """A cell with a number; one that is missing sorts last."""
    return Cell(number(value, decimals), sortable(value))


def rounded(value: float, digits: int = 3) -> Cell:
    """A cell with a number to so many significant digits."""
    return Cell(significant(value, digits), sortable(value))


def share(value: float, decimals: int = 1) -> Cell:
    """A cell with a percentage."""
    return Cell(percent(value, decimals), sortable(value))


def sortable(value: float) -> float | str:
    """The value by which a cell sorts; blank where there is none."""
    return "" if pd.isna(value) else float(value)


def headed(title: str, rows: int) -> str:
    """A caption that says so where only the first rows of a longer table are shown."""
    return f"{title}: the {TOP} dearest of {rows}" if rows > TOP else title
