"""The command that sets two scenarios side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supplychain.cli.options import AsJson, Data, Out, Quiet, ScenarioOrFolder, facts, progress, told
from supplychain.show.console import records, say, show

if TYPE_CHECKING:
    from supplychain.results.compare import Comparison


def compare(
    before: ScenarioOrFolder,
    after: ScenarioOrFolder,
    data: Data = None,
    out: Out = Path("results"),
    figures: Annotated[bool, typer.Option("--figures/--no-figures", help="Draw the figures too.")] = True,
    settings: Annotated[bool, typer.Option("--settings", help="Show the settings that differ.")] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """What the second scenario costs and brings beside the first; every table that differs goes to OUT/A_vs_B/."""
    from supplychain.results.compare import compare_names
    from supplychain.results.writing import check_writable
    from supplychain.show.figures.gallery import draw_difference

    with told(), progress(quiet) as step:
        step(f"comparing {before} with {after}")
        check_writable(out / f"{Path(before).stem}_vs_{Path(after).stem}")
        found = compare_names(before, after, facts(data))
        folder = found.save(out / f"{found.before.name}_vs_{found.after.name}")
        if figures:
            draw_difference(found.before, found.after, folder)
    if as_json:
        typer.echo(json.dumps({name: records(table) for name, table in found.tables.items()}, ensure_ascii=False))
    elif not quiet:
        _show(found, folder, settings)


def _show(found: Comparison, folder: Path, settings: bool) -> None:
    from supplychain.results.verdict import remarks, verdict

    differing = found.tables["policies"]
    show(verdict(found), False, False, f"Before: {found.before.title}\nAfter:  {found.after.title}")
    for sentence in remarks(found):
        say(sentence)
    if settings:
        typer.echo()
        show(differing, False, False, "Settings that differ")
    else:
        say(f"{len(differing)} settings differ (--settings shows them)")
    typer.echo(f"wrote {folder}:")
    say("  " + ", ".join(sorted(file.name for file in folder.iterdir())))
