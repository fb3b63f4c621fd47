"""The command that shows the facts, and holds them against each other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supplychain.cli.options import AsJson, Data, Quiet, facts, told
from supplychain.show.console import save, say, show, show_lines, show_side_by_side

if TYPE_CHECKING:
    import pandas as pd

    from supplychain.facts.dataset import Dataset

ROWS = 20  # shown unless all are asked for
ABOUT = ["locator", "estimate", "low", "high"]  # of a figure; they wait for --to
EXACT = 15  # significant digits: facts are written as they were read


def data(
    table: Annotated[
        str | None, typer.Argument(help="A table of the facts; without it, how well each is sourced.")
    ] = None,
    source: Annotated[str | None, typer.Option("--source", help="Only rows from this source.")] = None,
    check_: Annotated[bool, typer.Option("--check", help="Validate, and hold the tables against each other.")] = False,
    every: Annotated[bool, typer.Option("--all", help=f"Show every row, not the first {ROWS}.")] = False,
    to: Annotated[Path | None, typer.Option("--to", help="Write it whole to this CSV file instead.")] = None,
    data: Data = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """The facts, their sources, which are estimates, and whether they add up."""
    from supplychain.facts.totals import table as rows_of

    with told():
        known = facts(data)
        rows = rows_of(known, table, source)
        save(rows, to, EXACT)
    if check_:
        _check_totals(known, quiet, as_json)
    elif as_json:
        show(rows, quiet, as_json, "")
    elif to and not quiet:
        typer.echo(f"wrote {to}: {len(rows)} rows")
    elif not quiet:
        _show(rows, table, every)


def _show(rows: pd.DataFrame, table: str | None, every: bool) -> None:
    if table is None:
        show_side_by_side(rows.rename(columns={"estimated": "guess"}), "Facts")
        if "sourced" in rows:
            say("sourced: rows that name a source; guess: rows whose figure is, or rests on, an estimate")
        say("`supplychain data TABLE` shows a table")
        return
    some = rows if every else rows.head(ROWS)
    shown = show_lines(some.drop(columns=ABOUT, errors="ignore"), table)
    hidden = [name for name in rows if name not in shown]
    say(f"{len(some)} of {len(rows)} rows" + (f", without {', '.join(hidden)}" if hidden else ""))
    if hidden or len(some) < len(rows):
        say("--all shows every row, --to FILE writes every row and column")


def _check_totals(known: Dataset, quiet: bool, as_json: bool) -> None:
    from supplychain.facts.checks import CHECKS, mistakes
    from supplychain.facts.dataset import coverage
    from supplychain.facts.totals import totals as compared

    totals = compared(known)
    off = totals[~totals["adds_up"]]
    unexplained = off[off["scope"] == ""]
    show(off.drop(columns=["adds_up"]), quiet, as_json, "World totals that the countries do not add up to, and why")
    if not quiet and not as_json:
        sourced = coverage(known)
        share = sourced["sourced"].sum() / max(sourced["rows"].sum(), 1)
        say(
            f"{len(totals) - len(off)} of {len(totals)} world totals add up within rounding; "
            f"{len(unexplained)} do not without a reason given"
        )
        minerals, countries = known["minerals"]["mineral"].nunique(), known["countries"]["country"].nunique()
        say(f"{minerals} minerals, {countries} countries, {sourced['rows'].sum()} fact rows, {share:.1%} with a source")
    found = mistakes(known)
    for fault in found:
        typer.echo(str(fault), err=True)
    if not quiet and not as_json:
        say(f"{len(CHECKS)} checks of the tables against each other: {len(found)} mistakes")
    if len(unexplained) or found:
        raise typer.Exit(1)
