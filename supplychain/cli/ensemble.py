"""The command that solves a scenario many times over the ranges of its facts."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from supplychain.cli.options import AsJson, Data, Minerals, Out, Quiet, ScenarioOrFile, Settings, counting, opened, told
from supplychain.show.console import records, say, show

if TYPE_CHECKING:
    from supplychain.studies.findings import Findings

SHOWN = "share_central_asia"  # the figure whose ranks are printed
FIRST = 5
WORKERS = os.cpu_count() or 1


Runs = Annotated[int, typer.Option("--runs", min=2, help="How often it is solved.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Of the draws: the same seed, the same tables.")]
How = Annotated[
    Literal["latin", "sobol"], typer.Option("--points", help="A Latin hypercube, or Sobol points (a power of two).")
]
Workers = Annotated[int, typer.Option("--workers", min=1, help="Processes on this machine.")]
Scheduler = Annotated[
    str | None, typer.Option("--scheduler", help="Dask scheduler whose workers do it instead, tcp://HOST:PORT.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with an ensemble that was interrupted.")]


def ensemble(
    scenario: ScenarioOrFile,
    runs: Runs = 1000,
    seed: Seed = 1,
    points: How = "latin",
    minerals: Minerals = None,
    workers: Workers = WORKERS,
    scheduler: Scheduler = None,
    resume: Resume = False,
    settings: Settings = None,
    data: Data = None,
    out: Out = Path("results"),
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """How far the answer spreads over the published ranges of the facts, and which facts it hangs on.

    Writes OUT/NAME_ensemble/ with figures.
    """
    from supplychain.show.figures.ensemble import draw_ensemble
    from supplychain.studies.ensemble import ensemble as study

    if points == "sobol" and runs & (runs - 1):
        raise typer.BadParameter("Sobol points are a power of two, such as 256 or 1024", param_hint="--runs")
    with told("runs that are done are kept; --resume goes on"), counting(quiet) as step:
        known, story = opened(scenario, minerals, data, settings)
        folder = out / f"{story.name}_{study.ENSEMBLE}"
        asked, by = (story, folder, runs, seed, known), scheduler or workers
        found = study.ensemble(*asked, method=points, workers=by, resume=resume, step=step)
        draw_ensemble(found.tables, found.title, folder / "figures")
    if as_json:
        tables = {name: records(table) for name, table in found.tables.items() if name != "draws"}
        typer.echo(json.dumps(tables, ensure_ascii=False))
    elif not quiet:
        _show(found, folder)


def _show(found: Findings, folder: Path) -> None:
    from supplychain.studies.ensemble.bands import counted

    ended = ", ".join(f"{count} {status}" for status, count in counted(found.tables["runs"]["status"]).items())
    spread = found.tables["spread"]
    units = spread["unit"].map(lambda unit: "" if unit == "1" else f", {unit}")
    show(spread.assign(metric=spread["metric"] + units).drop(columns="unit"), False, False, f"{found.title}: {ended}")
    ranks = found.tables["ranks"]
    strongest = ranks[ranks["metric"] == SHOWN].head(FIRST) if len(ranks) else ranks
    if len(strongest):
        columns = ["factor", "rows", "correlation", "p_value", "significant"]
        show(strongest[columns], False, False, f"What {SHOWN} hangs on most: rank correlation over the runs")
    say(f"wrote {folder}: " + ", ".join(sorted(file.name for file in folder.iterdir())))
