"""The command line: arguments in, functions called, tables out."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from supplychain.cli.hindcast import hindcast
from supplychain.cli.options import INTERRUPTED, NO_PLAN, AsJson, Data, Quiet, To, told
from supplychain.facts.errors import Fault
from supplychain.results.formats import Format
from supplychain.scenario.files import beginning_with
from supplychain.show.console import records, save, show, show_scores

if TYPE_CHECKING:
    from supplychain.facts.dataset import Dataset
    from supplychain.results.compare import Comparison

# A command imports what it needs when it is called, so that `--help` and completion load no tables, solver or figures.
app = typer.Typer(
    help="A linear-programming model of critical-mineral supply.", no_args_is_help=True, pretty_exceptions_enable=False
)
app.add_typer(hindcast, name="hindcast")
Out = Annotated[Path, typer.Option("--out", help="Folder for the results.")]


Scenarios = Annotated[
    list[str], typer.Argument(help="YAML files, or names of shipped scenarios.", autocompletion=beginning_with)
]
ScenarioOrFile = Annotated[
    str, typer.Argument(help="A YAML file, or the name of a shipped scenario.", autocompletion=beginning_with)
]
ScenarioOrFolder = Annotated[
    str, typer.Argument(help="A YAML file, a scenario's name, or a result folder.", autocompletion=beginning_with)
]


Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="policies.ID.field=value", help="Change one value; repeatable.")
]


def main() -> None:
    """Entry point of the `supplychain` command."""
    try:
        app()
    except KeyboardInterrupt:  # pragma: no cover
        sys.exit(INTERRUPTED)


@app.command()
def run(
    scenarios: Scenarios,
    data: Data = None,
    out: Out = Path("results"),
    figures: Annotated[bool, typer.Option("--figures/--no-figures", help="Draw the figures too.")] = False,
    settings: Settings = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Solve what is unchanged too.")] = False,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Scenarios solved at once.")] = os.cpu_count() or 1,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Solve each scenario, print one summary row each, and write OUT/NAME/."""
    from supplychain.facts.dataset import read
    from supplychain.results.kept import is_kept
    from supplychain.results.result import Result, load
    from supplychain.results.run import Shared, run_all
    from supplychain.results.summary import observed_multiples, summary_table
    from supplychain.scenario.scenario import read as read_scenario
    from supplychain.show.figures.gallery import draw_results
    from supplychain.system.warnings import examine, idle

    with told(), _progress(quiet) as step:
        step(f"reading {len(scenarios)} scenario(s)")
        known = read(data)
        stories = [read_scenario(name, known, settings or ()) for name in scenarios]
        changed = [story for story in stories if fresh or not is_kept(out / story.name, story, known)]
        shared = Shared.by(changed, known)
        _warn(examine(changed, known, shared.base)[1])
        solved: dict[str, Result] = {}
        step(f"solving {len(changed)} scenario(s)")
        for story, result in zip(changed, run_all(changed, shared, workers), strict=True):
            solved[story.name] = result
            _warn(idle(result.tables["policies"], story))
            result.save(out / story.name)
            step(f"solved {len(solved)} of {len(changed)}")
        results = [solved.get(story.name) or load(out / story.name) for story in stories]
        if figures:
            draw_results([out / story.name for story in stories], observed_multiples(known), out, workers, step)
    show(summary_table(results), quiet, as_json, "Scenarios")
    if len(changed) < len(stories) and not (quiet or as_json):
        typer.echo(f"{len(stories) - len(changed)} of {len(stories)} unchanged, not solved again (--fresh solves all)")


@app.command()
def check(
    scenarios: Scenarios,
    data: Data = None,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="Print each scenario with nothing left to inherit, as YAML.")
    ] = False,
    settings: Settings = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Read and validate scenarios without solving them; warn of policies that hardly do what is meant."""
    from supplychain.facts.dataset import read
    from supplychain.scenario.documents import written
    from supplychain.scenario.scenario import read as read_scenario
    from supplychain.system.warnings import examine

    with told():
        known = read(data)
        stories = [read_scenario(name, known, settings or ()) for name in scenarios]
    if resolved:
        typer.echo("---\n".join(written(story.resolved()) for story in stories), nl=False)
        return
    table, warnings = examine(stories, known)
    _warn(warnings)
    show(table, quiet, as_json, "Valid scenarios")


def _warn(warnings: list[Fault]) -> None:
    for warning in warnings:
        typer.echo(str(warning), err=True)


@app.command()
def schema(
    page: Annotated[
        bool, typer.Option("--page", help="Print the reference of every key instead, in Markdown.")
    ] = False,
    data: Data = None,
) -> None:
    """Print the JSON Schema of a scenario file, for editors, with the names that the facts offer."""
    from supplychain.facts.dataset import read
    from supplychain.scenario import schema as keys

    with told():
        known = read(data)
    text = keys.page() if page else json.dumps(keys.schema(known), ensure_ascii=False, indent=1) + "\n"
    typer.echo(text, nl=False)


@app.command()
def data(
    table: Annotated[
        str | None, typer.Argument(help="A table of the facts; without it, how well each is sourced.")
    ] = None,
    source: Annotated[str | None, typer.Option("--source", help="Only rows from this source.")] = None,
    check_: Annotated[bool, typer.Option("--check", help="Validate, and hold the tables against each other.")] = False,
    data: Data = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """The facts, their sources, which are estimates, and whether they add up."""
    from supplychain.facts.dataset import read
    from supplychain.facts.totals import table as rows_of

    with told():
        known = read(data)
        shown = rows_of(known, table, source)
    if check_:
        _check_totals(known, quiet, as_json)
        return
    show(shown, quiet, as_json, table or "Facts")


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
        typer.echo(f"{len(totals) - len(off)} of {len(totals)} world totals add up within rounding; ", nl=False)
        typer.echo(f"{len(unexplained)} do not without a reason given")
        minerals, countries = known["minerals"]["mineral"].nunique(), known["countries"]["country"].nunique()
        typer.echo(
            f"{minerals} minerals, {countries} countries, {sourced['rows'].sum()} fact rows, {share:.1%} with a source"
        )
    found = mistakes(known)
    for fault in found:
        typer.echo(str(fault), err=True)
    if not quiet and not as_json:
        typer.echo(f"{len(CHECKS)} checks of the tables against each other: {len(found)} mistakes")
    if len(unexplained) or found:
        raise typer.Exit(1)


@app.command()
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

    from supplychain.facts.dataset import read
    from supplychain.results import exchange

    with told(), _progress(quiet) as step:
        step(f"writing {to}")
        written = exchange.export(scenario, form, to, read(data), settings or ())
    show(pd.DataFrame({"format": [form], "written": [str(written)]}), quiet, as_json, "Export")


@app.command()
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
    from supplychain.facts.dataset import read
    from supplychain.results.result import EXPLAINED
    from supplychain.scenario.scenario import read as read_scenario
    from supplychain.studies.explain import explanation as study

    with told(), _progress(quiet) as step:
        step(f"explaining {scenario}")
        known = read(data)
        found = study.explain(read_scenario(scenario, known, settings or ()), known, step)
        if found.result:
            found.result.save(out / found.name)
            found.save(out / found.name / EXPLAINED)
    if as_json:
        typer.echo(json.dumps({name: records(table) for name, table in found.tables.items()}, ensure_ascii=False))
    elif not quiet:
        typer.echo(str(found))
    if not found.result:
        raise typer.Exit(NO_PLAN)


@app.command()
def compare(
    before: ScenarioOrFolder,
    after: ScenarioOrFolder,
    data: Data = None,
    out: Out = Path("results"),
    figures: Annotated[bool, typer.Option("--figures/--no-figures", help="Draw the figures too.")] = True,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """What the second scenario has that the first has not: policies, supply, dependence, cost; writes OUT/A_vs_B/."""
    from supplychain.facts.dataset import read
    from supplychain.results.compare import compare_names
    from supplychain.show.figures.gallery import draw_difference

    with told(), _progress(quiet) as step:
        step(f"comparing {before} with {after}")
        found = compare_names(before, after, read(data))
        folder = found.save(out / f"{found.before.name}_vs_{found.after.name}")
        if figures:
            draw_difference(found.before, found.after, folder)
    if as_json:
        typer.echo(json.dumps({name: records(table) for name, table in found.tables.items()}, ensure_ascii=False))
    else:
        _show_comparison(found, quiet)


def _show_comparison(found: Comparison, quiet: bool) -> None:
    show(found.tables["policies"], quiet, False, f"Settings that differ: {found.title}")
    for table, value, words in (
        ("supply", "share", "Suppliers whose shares of US supply change most, last year"),
        ("dependence", "share_feoc", "Minerals whose share from countries of concern changes most, last year"),
    ):
        if len(largest := found.largest(table, value, "USA")):
            show(largest, quiet, False, words)
    show(found.tables["summary"], quiet, False, found.title)


@app.command()
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

    from supplychain.facts.dataset import read
    from supplychain.show.report.page import write

    with told(), _progress(quiet) as step:
        form = "brief" if brief else "report"
        written = write(folder, to or Path(f"{form}.html"), read(data), step, form)
    show(pd.DataFrame({"written": [str(written)], "bytes": [written.stat().st_size]}), quiet, as_json, "Report")


@app.command()
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
    from supplychain.facts.dataset import read
    from supplychain.results.result import load
    from supplychain.studies import outlook as study

    if (folder is None) != withheld:
        raise typer.BadParameter("either a result folder or --withheld, which solves its own")
    with told():
        known = read(data)
        table = study.outlook(load(folder), known, year) if folder else study.unaided(known, year)
        save(table, to)
    title = f"Shares of world output in the first year and {year}, percent"
    show_scores(study.agreement(table), table, study.spoken(table), quiet, as_json, title)


@contextmanager
def _progress(quiet: bool) -> Iterator[Any]:
    """A spinner on standard error, only on a terminal."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as progress:
        task = progress.add_task("starting")
        yield lambda text: progress.update(task, description=text)
