"""Tables as an Excel workbook: number formats by unit, frozen header, column widths. Needs openpyxl."""

from __future__ import annotations

import gc
import math
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from supplychain.facts.errors import Fault, InputError
from supplychain.results.columns import COLUMNS, described

LARGEST_SHEET = 1_048_575  # rows of a worksheet, less the header
WIDEST = 60
LINE_HEIGHT = 15.0  # points
BY_UNIT = {"1": "0.0%", "t": "#,##0.0", "t/yr": "#,##0.0", "USD/t": "#,##0", "million USD": "#,##0.00"}
BY_COLUMN = {"year": "0", "hhi": "0.000", "hhi_low": "0.000", "hhi_high": "0.000"}
HEADER = {"font": Font(name="Calibri", size=11, bold=True), "fill": PatternFill("solid", fgColor="DDE6EE")}
RIGHT, WRAPPED = Alignment(horizontal="right"), Alignment(wrap_text=True, vertical="top")


def write(sheets: Mapping[str, pd.DataFrame], file: Path) -> None:
    """Write one sheet for each table, in the order given.

    Parameters
    ----------
    sheets : table by sheet name; columns known to `results.COLUMNS` get the number format of their unit.

    Raises
    ------
    InputError : a table has more rows than a worksheet holds. OSError : the file cannot be written.
    """
    for name, table in sheets.items():
        if len(table) > LARGEST_SHEET:
            message = f"{name} has {len(table)} rows, a worksheet at most {LARGEST_SHEET}; use the format parquet"
            raise InputError([Fault(file, 1, 1, message)])
    with _dropped_quietly():
        failed = _saved(sheets, file)
    if failed:
        raise failed


def _saved(sheets: Mapping[str, pd.DataFrame], file: Path) -> OSError | None:
    """Writes the workbook; what the system says against it, without the sheets that are then half written."""
    try:
        book = Workbook(write_only=True)
        for name, table in sheets.items():
            _sheet(book.create_sheet(name), name, table)
        book.save(file)
    except OSError as error:
        return OSError(*error.args)
    return None


@contextmanager
def _dropped_quietly() -> Iterator[None]:
    """Half-written sheets of openpyxl complain on standard error when they are dropped; the one error says it all."""
    hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        yield
        gc.collect()
    finally:
        sys.unraisablehook = hook


def _sheet(sheet: Any, name: str, table: pd.DataFrame) -> None:
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(max(len(table.columns), 1))}{len(table) + 1}"
    for i, column in enumerate(table, start=1):
        sheet.column_dimensions[get_column_letter(i)].width = _width(str(column), table[column])
    heads = [HEADER | ({"alignment": RIGHT} if _is_numeric(table[column]) else {}) for column in table]
    sheet.append([_cell(sheet, str(column), None, **head) for column, head in zip(table, heads, strict=True)])
    formats = {str(column): _format(name, str(column)) for column in table}
    look = {"alignment": WRAPPED} if any(_is_long(table[column]) for column in table) else {}
    for number, row in enumerate(table.to_dict("records"), start=2):
        if look:
            sheet.row_dimensions[number].height = LINE_HEIGHT * max(_lines(value) for value in row.values())
        own = formats | ({"value": _by_size(row["value"], row["unit"])} if name == "summary" else {})
        sheet.append([_cell(sheet, value, own[str(column)], **look) for column, value in row.items()])


def _format(table: str, column: str) -> str | None:
    if column in BY_COLUMN:
        return BY_COLUMN[column]
    known = column in COLUMNS or f"{table}.{column}" in COLUMNS
    return BY_UNIT.get(described(table, column)[1]) if known else None


def _cell(sheet: Any, value: Any, number_format: str | None, **style: Any) -> Any:
    """A value as a cell; a text stays a text, even where a spreadsheet would take it for a formula."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    text = isinstance(value, str)
    if not style and not (text and value.startswith("=")) and (text or not number_format):
        return value
    cell = WriteOnlyCell(sheet, value)
    if text:
        cell.data_type = "s"
    elif number_format:
        cell.number_format = number_format
    for name, look in style.items():
        setattr(cell, name, look)
    return cell


def _by_size(value: float, unit: str) -> str | None:
    """Number format of a headline figure: its unit's, else without decimals where it is large."""
    return BY_UNIT.get(unit) or ("#,##0" if abs(value) >= 1000 else None)


def _is_numeric(values: pd.Series) -> bool:
    return values.dtype.kind in "iuf"


def _is_long(values: pd.Series) -> bool:
    return not _is_numeric(values) and _longest(values) > WIDEST


def _lines(value: Any) -> int:
    """Lines that a text takes in the widest column; words do not break, so a little more than its length says."""
    return math.ceil(1.1 * len(value) / WIDEST) if isinstance(value, str) and value else 1


def _width(header: str, values: pd.Series) -> float:
    longest = len(f"{values.abs().max():,.1f}") if _is_numeric(values) else _longest(values)
    return min(max(len(header) + 4, longest + 2), WIDEST)


def _longest(values: pd.Series) -> int:
    return int(values.astype(str).str.len().max()) if len(values) else 0
