"""Tables on the terminal, as JSON, or in a file. Light: what is heavy is loaded when a table is drawn."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    import pandas as pd


def show(table: pd.DataFrame, quiet: bool, as_json: bool, title: str) -> None:
    """A table with its title, or as JSON, or nothing."""
    if as_json:
        typer.echo(json.dumps(records(table), ensure_ascii=False, indent=1))
        return
    if quiet:
        return
    from rich.console import Console
    from rich.table import Table

    shown = Table(title=title, title_justify="left")
    for column in table:
        numeric = table[column].dtype.kind in "biuf"
        shown.add_column(str(column), justify="right" if numeric else "left", overflow="fold")
    for row in table.itertuples(index=False):
        shown.add_row(*[_cell(value) for value in row])
    width = None if sys.stdout.isatty() else 180
    Console(width=width).print(shown)


def records(table: pd.DataFrame) -> Any:
    """The table's rows as plain data."""
    return json.loads(table.to_json(orient="records"))


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if value != value else f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return str(value)


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


def save(table: pd.DataFrame, file: Path | None) -> None:
    """Write every row as CSV, to six significant digits; nothing where no file is named."""
    if file is not None:
        table.to_csv(file, index=False, float_format="%.6g")
