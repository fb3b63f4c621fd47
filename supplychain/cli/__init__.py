"""The command line: arguments in, functions called, tables out."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supplychain.cli.compare import compare
from supplychain.cli.data import data
from supplychain.cli.ensemble import ensemble
from supplychain.cli.hindcast import hindcast
from supplychain.cli.options import (
    INTERRUPTED,
    NO_PLAN,
    AsJson,
    Data,
    Minerals,
    Out,
    Quiet,
    ScenarioOrFile,
    ScenarioOrFolder,
    Settings,
    To,
    all_opened,
    facts,
    opened,
    progress,
    told,
    warn,
)
from supplychain.cli.scenarios import check, schema
from supplychain.cli.studies import STUDIES
from supplychain.results.formats import Format
from supplychain.scenario.files import beginning_with
from supplychain.show.console import records, save, say, show, show_scores

if TYPE_CHECKING:
    from supplychain.results.result import Result

# A command imports what it needs when it is called, so that `--help` and completion load no tables, solver or figures.
app = typer.Typer(
    help="A linear-programming model of critical-mineral supply.", no_args_is_help=True, pretty_exceptions_enable=False
)

Scenarios = Annotated[
    list[str], typer.Argument(help="YAML files, or names of shipped scenarios.", autocompletion=beginning_with)
]


def main() -> None:
    """Entry point of the `supplychain` command."""
    try:
        app()
    except KeyboardInterrupt:  # pragma: no cover
        sys.exit(INTERRUPTED)


def run(
    scenarios: Scenarios,
    data: Data = None,
    out: Out = Path("results"),
    figures: Annotated[bool, typer.Option("--figures/--no-figures", help="Draw the figures too.")] = False,
    minerals: Minerals = None,
    settings: Settings = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Solve what is unchanged too.")] = False,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Scenarios solved at once.")] = os.cpu_count() or 1,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Solve each scenario, print one summary row each, and write OUT/NAME/."""
    from supplychain.results.kept import is_kept
    from supplychain.results.result import load
    from supplychain.results.run import Shared, run_all
    from supplychain.results.summary import observed_multiples
    from supplychain.results.writing import check_package
    from supplychain.show.figures.gallery import draw_results
    from supplychain.system.warnings import examine, idle

    with told(), progress(quiet) as step:
        step(f"reading {len(scenarios)} scenario(s)")
        known, stories = all_opened(scenarios, minerals, data, settings)
        changed = [story for story in stories if fresh or not is_kept(out / story.name, story, known)]
        for story in changed:
            check_package(out / story.name)
        shared = Shared.by(changed, known)
        warn(examine(changed, known, shared.base)[1])
        solved: dict[str, Result] = {}
        step(f"solving {len(changed)} scenario(s)")
        for story, result in zip(changed, run_all(changed, shared, workers), strict=True):
            solved[story.name] = result
            warn(idle(result.tables["policies"], story))
            result.save(out / story.name)
            step(f"solved {len(solved)} of {len(changed)}")
        results = [solved.get(story.name) or load(out / story.name) for story in stories]
        if figures:
            draw_results([out / story.name for story in stories], observed_multiples(known), out, workers, step)
    _show_runs(results, out, len(stories) - len(changed), quiet, as_json)


def _show_runs(results: list[Result], out: Path, unchanged: int, quiet: bool, as_json: bool) -> None:
    from supplychain.results.summary import summary_table

    show(summary_table(results), quiet, as_json, "Scenarios")
    if quiet or as_json:
        return
    typer.echo(f"results in {out}/")
    if unchanged:
        say(f"{unchanged} of {len(results)} unchanged, not solved again (--fresh solves all)")


def export(
    scenario: ScenarioOrFolder,
    form: Annotated[Format, typer.Option("--format", help="What to write.")],
    to: Annotated[Path, typer.Option("--to", help="File; for parquet and frictionless a folder.")],
    data: Data = None,
    settings: Settings = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Write a scenario's program (mps, lp) or its result (iamc, xlsx, parquet, frictionless) for other tools."""
    import pandas as pd

    from supplychain.results import exchange

    with told(), progress(quiet) as step:
        step(f"writing {to}")
        written = exchange.export(scenario, form, to, facts(data), settings or ())
    show(pd.DataFrame({"format": [form], "written": [str(written)]}), quiet, as_json, "Export")


def explain(
    scenario: ScenarioOrFile,
    data: Data = None,
    out: Out = Path("results"),
    settings: Settings = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """What each policy costs at the margin, who would enter next, whether the plan is unique; or why there is none.

    Writes OUT/NAME/, as run does, and OUT/NAME/explain/.
    """
    from supplychain.results.result import EXPLAINED
    from supplychain.results.writing import check_package
    from supplychain.studies.explain import explanation as study

    with told(), progress(quiet) as step:
        step(f"explaining {scenario}")
        known, story = opened(scenario, None, data, settings)
        check_package(out / story.name)
        found = study.explain(story, known, step, workers=os.cpu_count() or 1)
        if found.result:
            found.result.save(out / found.name)
            found.save(out / found.name / EXPLAINED)
    if as_json:
        typer.echo(json.dumps({name: records(table) for name, table in found.tables.items()}, ensure_ascii=False))
    elif not quiet:
        typer.echo(str(found))
    if not found.result:
        raise typer.Exit(NO_PLAN)


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Results of one or several scenarios.")],
    to: Annotated[
        Path | None, typer.Option("--to", help="The HTML file (default: report.html, or brief.html).")
    ] = None,
    brief: Annotated[bool, typer.Option("--brief", help="Only its beginning, on two printed pages.")] = False,
    data: Data = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Write one self-contained HTML page about a folder of results: it needs no network."""
    import pandas as pd

    from supplychain.show.report.page import write

    with told(), progress(quiet) as step:
        form = "brief" if brief else "report"
        written = write(folder, to or Path(f"{form}.html"), facts(data), step, form)
    show(pd.DataFrame({"written": [str(written)], "bytes": [written.stat().st_size]}), quiet, as_json, "Report")


def outlook(
    folder: Annotated[Path | None, typer.Argument(metavar="RESULT_FOLDER", help="The result of one scenario.")] = None,
    withheld: Annotated[
        bool, typer.Option("--withheld", help="Solve status_quo on facts that hold nothing of the IEA's years ahead.")
    ] = False,
    year: Annotated[int, typer.Option("--year", help="The later year.")] = 2035,
    to: To = None,
    data: Data = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Who mines and refines in a result and in the IEA's base case, and how well the shifts agree."""
    from supplychain.results.result import load
    from supplychain.studies import outlook as study

    if (folder is None) != withheld:
        raise typer.BadParameter("either a result folder or --withheld, which solves its own")
    with told():
        known = facts(data)
        table = study.outlook(load(folder), known, year) if folder else study.unaided(known, year)
        save(table, to)
    title = f"Shares of world output in the first year and {year}, percent"
    show_scores(study.agreement(table), table, study.spoken(table), quiet, as_json, title)


for command in (run, check, schema, data, export, explain, compare, report, outlook, *STUDIES, ensemble):
    app.command()(command)
app.add_typer(hindcast, name="hindcast")
