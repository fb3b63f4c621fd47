"""The commands that ask many solves one question; each writes OUT/NAME_STUDY/, tables and figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from supplychain.cli.options import (
    INTERRUPTED,
    AsJson,
    Data,
    Minerals,
    Out,
    Quiet,
    ScenarioOrFile,
    Settings,
    opened,
    progress,
    told,
)
from supplychain.show.console import records, say, show

if TYPE_CHECKING:
    import pandas as pd

    from supplychain.studies.findings import Findings

SHOWN = 12  # rows on the screen


def frontier(
    scenario: ScenarioOrFile,
    policy: Annotated[str, typer.Option("--policy", metavar="ID", help="The policy whose limit moves.")] = "",
    group: Annotated[str, typer.Option("--group", help="Instead: a cap on this group's share of US supply.")] = "",
    first: Annotated[float, typer.Option("--from", help="First level of the limit.")] = 1.0,
    last: Annotated[float, typer.Option("--to", help="Last level.")] = 0.1,
    points: Annotated[int, typer.Option("--points", min=2, help="Levels, evenly apart.")] = 19,
    minerals: Minerals = None,
    data: Data = None,
    out: Out = Path("results"),
    settings: Settings = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """The least cost as one limit is tightened from level to level, and what the next bit of it costs."""
    import numpy as np

    from supplychain.studies import frontier as study

    if bool(policy) == bool(group):
        raise typer.BadParameter("either --policy, the id of a policy with a limit, or --group, for a cap on it")

    def found(story: Any, known: Any, step: Any) -> Findings:
        asked = study.capped(story, known, group) if group else story
        return study.frontier(asked, policy or study.CAP, list(np.linspace(first, last, points)), known, step)

    columns = ["level", "status", "extra_musd", "slope_usd", "unit", "share_feoc", "share_central_asia"]
    _study(found, "frontier", scenario, minerals, data, out, settings, {"frontier": columns}, quiet, as_json)


def space(
    scenario: ScenarioOrFile,
    slack: Annotated[str, typer.Option("--slack", help="What a mineral may cost more, parts of 1.")] = "0.01,0.02,0.05",
    group: Annotated[str, typer.Option("--group", help="A group of countries, or a country.")] = "central_asia",
    stage: Annotated[str, typer.Option("--stage", help="mine, refine, or both.")] = "mine,refine",
    minerals: Minerals = None,
    data: Data = None,
    out: Out = Path("results"),
    settings: Settings = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """The least and the greatest share that a group could have of US supply for a little more cost."""
    from supplychain.studies import space as study

    def found(story: Any, known: Any, step: Any) -> Findings:
        try:
            slacks = [float(part) for part in slack.split(",")]
        except ValueError:
            raise typer.BadParameter(f"--slack takes numbers with commas between them, not {slack!r}") from None
        return study.space(story, known, group, slacks, stage.split(","), step)

    _study(found, "space", scenario, minerals, data, out, settings, {"space": []}, quiet, as_json)


def screen(
    scenario: ScenarioOrFile,
    together: Annotated[int, typer.Option("--k", min=1, max=2, help="Losses at once.")] = 1,
    year: Annotated[int | None, typer.Option("--year", help="Year of the loss (default: the middle).")] = None,
    recover: Annotated[int, typer.Option("--recovery", min=0, help="Follow so many of the worst to the end.")] = 0,
    minerals: Minerals = None,
    data: Data = None,
    out: Out = Path("results"),
    settings: Settings = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Lose each supplier, country, hub, plant and corridor leg in turn: what the United States then go without."""
    from supplychain.studies import screen as study

    def found(story: Any, known: Any, step: Any) -> Findings:
        return study.screen(story, known, year, together, recover, step)

    told = ["item", "unmet_share", "unmet_musd", "price_multiple", "cost_musd"]
    shown = {"losses": ["name", *told], "pairs": ["first", "second", "unmet_musd", "cost_musd", "beyond_musd"]}
    shown["recovery"] = ["name", "year", *told[:4]]
    _study(found, "screen", scenario, minerals, data, out, settings, shown, quiet, as_json)


def stochastic(
    scenario: ScenarioOrFile,
    level: Annotated[float, typer.Option("--cvar", min=0, max=0.999, help="Level of CVaR.")] = 0.9,
    weight: Annotated[float, typer.Option("--risk-weight", min=0, max=1, help="Weight of CVaR in the cost.")] = 0.0,
    year: Annotated[int | None, typer.Option("--year", help="Year of the disruption (default: the fourth).")] = None,
    exposure: Annotated[float, typer.Option("--exposure", min=0, help="Years in which it may begin.")] = 1.0,
    minerals: Minerals = None,
    data: Data = None,
    out: Out = Path("results"),
    settings: Settings = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """What to build and store now, before it is known what breaks: a two-stage program over the facts' disruptions."""
    from supplychain.solve.twostage import Risk
    from supplychain.studies import stochastic as study

    def found(story: Any, known: Any, step: Any) -> Findings:
        return study.stochastic(story, known, year, Risk(weight, level), exposure, step=step)

    outcomes = ["event", "probability", "planned_musd", "ignored_musd", "known_musd"]
    shown = {"stochastic": [], "outcomes": outcomes, "builds": [], "stored": []}
    _study(found, "stochastic", scenario, minerals, data, out, settings, shown, quiet, as_json)


def _study(
    found_by: Callable[..., Findings],
    study: str,
    scenario: str,
    minerals: str | None,
    data: Path | None,
    out: Path,
    settings: list[str] | None,
    shown: dict[str, list[str]],
    quiet: bool,
    as_json: bool,
) -> None:
    """Read, ask, write, and show the first rows."""
    from supplychain.results.writing import check_package
    from supplychain.show.figures.studies import draw_findings

    with told(), progress(quiet) as step:
        step("reading")
        known, story = opened(scenario, minerals, data, settings)
        folder = out / f"{story.name}_{study}"
        check_package(folder)
        found = found_by(story, known, step)
        found.save(folder)
        draw_findings(found, folder / "figures")
    if as_json:
        typer.echo(json.dumps({name: records(table) for name, table in found.tables.items()}, ensure_ascii=False))
    elif not quiet:
        _show(found, shown, folder)
    if not found.manifest.get("complete", True):
        typer.echo("interrupted; what was done is kept", err=True)
        raise typer.Exit(INTERRUPTED)


def _show(found: Findings, shown: dict[str, list[str]], folder: Path) -> None:
    from supplychain.results.columns import TABLES

    for name, columns in shown.items():
        if (table := found.tables.get(name)) is not None and len(table):
            show(_first(table, columns), False, False, TABLES[name])
    files = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    say(f"wrote {folder}: {', '.join(files)}")


def _first(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    return table[columns or list(table.columns)].head(SHOWN)


STUDIES = (frontier, space, screen, stochastic)
