"""The commands on scenario files that solve nothing: are they valid, and which keys may they have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from supplychain.cli.options import AsJson, Data, Quiet, Settings, facts, progress, told, warn
from supplychain.scenario.files import beginning_with, every
from supplychain.show.console import show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from supplychain.scenario.scenario import Scenario


def check(
    scenarios: Annotated[
        list[str] | None,
        typer.Argument(
            help="YAML files, or names of shipped scenarios; without any, all of scenarios/.",
            autocompletion=beginning_with,
        ),
    ] = None,
    data: Data = None,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="Print each scenario with nothing left to inherit, as YAML.")
    ] = False,
    policies: Annotated[bool, typer.Option("--policies", help="Show what each policy touches.")] = False,
    settings: Settings = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Read and validate scenarios without solving them; warn of policies that hardly do what is meant."""
    from supplychain.scenario.documents import written
    from supplychain.scenario.scenario import read as read_scenario
    from supplychain.system.warnings import examine

    with told(), progress(quiet) as step:
        step("reading scenarios")
        known = facts(data)
        stories = [read_scenario(name, known, settings or ()) for name in scenarios or every()]
        if not resolved:
            step(f"checking {len(stories)} scenario(s)")
            table, warnings = examine(stories, known)
    if resolved:
        typer.echo("---\n".join(written(story.resolved()) for story in stories), nl=False)
        return
    warn(warnings)
    if policies or as_json:
        show(table, quiet, as_json, "Valid scenarios, and what their policies touch")
    elif not quiet:
        _show(stories, len(warnings))


def _show(stories: Sequence[Scenario], warnings: int) -> None:
    """A line for each scenario."""
    import pandas as pd

    from supplychain.show.console import show_lines

    rows = [(s.name, f"{s.years[0]}-{s.years[-1]}", len(s.policies), s.title) for s in stories]
    show_lines(pd.DataFrame(rows, columns=["scenario", "years", "policies", "title"]), "Valid scenarios")
    typer.echo(f"{len(stories)} valid, warnings: {warnings} (--policies shows what each policy touches)")


def schema(
    page: Annotated[
        bool, typer.Option("--page", help="Print the reference of every key instead, in Markdown.")
    ] = False,
    data: Data = None,
) -> None:
    """Print the JSON Schema of a scenario file, for editors, with the names that the facts offer."""
    from supplychain.scenario import schema as keys

    with told():
        known = facts(data)
    text = keys.page() if page else json.dumps(keys.schema(known), ensure_ascii=False, indent=1) + "\n"
    typer.echo(text, nl=False)
