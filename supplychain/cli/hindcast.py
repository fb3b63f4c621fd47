"""The commands that tell earlier years again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from supplychain.cli.options import AsJson, Choose, Data, Quiet, To, facts, told
from supplychain.show.console import save, show, show_scores

if TYPE_CHECKING:
    import pandas as pd

    from supplychain.facts.dataset import Dataset

hindcast = typer.Typer(help="Models of earlier years, judged by what came after.", no_args_is_help=True)


@hindcast.command()
def production(
    base: Annotated[int, typer.Option("--base", help="The year that the model starts from.")] = 2015,
    judged: Annotated[int, typer.Option("--judged", help="The year by which it is judged.")] = 2023,
    choose: Choose = False,
    to: To = None,
    data: Data = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Who makes how much of the world's output, told from an earlier year, beside no change and the trend."""
    from supplychain.studies import backcast as study

    with told():
        known = _facts(data, to)
        if choose:
            known = _chosen(study, known, quiet or as_json, base, judged)
        table = study.backcast(known, base, judged)
        save(table, to)
    title = f"Mean error of country shares in {judged}, told from {base}, percentage points"
    _show_halves(study, table, quiet, as_json, title)


@hindcast.command()
def trade(
    choose: Choose = False,
    to: To = None,
    data: Data = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Who supplies which market in 2024, told from 2019, beside no change and the least cost of freight."""
    from supplychain.studies import trade as study
    from supplychain.studies.traded import TRADE_YEAR

    with told():
        known = _facts(data, to)
        if choose:
            known = _chosen(study, known, quiet or as_json)
        table = study.trade(known)
        save(table, to)
    title = f"Mean error of import shares in {TRADE_YEAR}, told from {study.BASE}, percentage points"
    _show_halves(study, table, quiet, as_json, title)


@hindcast.command()
def prices(
    choose: Annotated[
        bool, typer.Option("--choose", help="Choose each event's parameters on the other events of its group.")
    ] = False,
    to: To = None,
    data: Data = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """What known supply shocks did to prices, beside what the model says of them and no change."""
    from supplychain.studies import shocks as study

    with told():
        known = _facts(data, to)
        table = study.shocks(known, study.GRID if choose else {})
        save(table, to)
    title = "Yearly price over that before (* the part lost is a guess; the price is at the demand curve's end)"
    unit = "Mean error of the logarithm of the price"
    show_scores(study.scores(table), table, study.spoken(table), quiet, as_json, title, unit)
    show(study.apart(known), quiet or as_json, False, "Not counted")


def _facts(data: Path | None, to: Path | None) -> Dataset:
    """The facts, once it is known that the file can be written: a hindcast takes minutes."""
    from supplychain.results.writing import check_writable

    if to:
        check_writable(to)
    return facts(data)


def _chosen(study: Any, known: Dataset, quiet: bool, *years: int) -> Dataset:
    """The facts with the parameters that tell one half of the minerals best, after a table of those tried."""
    known, tried = study.chosen(known, study.GRID, *years)
    show(tried, quiet, False, "Parameters tried, the chosen first: error of the model, points")
    return known


def _show_halves(study: Any, table: pd.DataFrame, quiet: bool, as_json: bool, title: str) -> None:
    """The mean errors over each half of the minerals, then line by line."""
    lines = study.errors(table)
    show_scores(study.halves(lines), lines, study.spoken(lines), quiet, as_json, title)
