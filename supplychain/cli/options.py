"""What the commands share: arguments and options, how a fault is told, and how far a command has come."""

from __future__ import annotations

import os
import sys
import textwrap
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from supplychain.facts.errors import Fault, InfeasibleError, InputError
from supplychain.scenario.files import beginning_with
from supplychain.show.console import WIDTH

if TYPE_CHECKING:
    from supplychain.facts.dataset import Dataset
    from supplychain.scenario.scenario import Scenario

BAD_INPUT, NO_PLAN, INTERRUPTED = 2, 3, 130
LEAST_MESSAGE = 40  # letters of a warning behind its place

ScenarioOrFile = Annotated[
    str, typer.Argument(help="A YAML file, or the name of a shipped scenario.", autocompletion=beginning_with)
]
ScenarioOrFolder = Annotated[
    str, typer.Argument(help="A YAML file, a scenario's name, or a result folder.", autocompletion=beginning_with)
]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="policies.ID.field=value", help="Change one value; repeatable.")
]
Minerals = Annotated[str | None, typer.Option("--minerals", metavar="A,B", help="Only these minerals (default: all).")]
Out = Annotated[Path, typer.Option("--out", help="Folder for the results.")]
Data = Annotated[Path | None, typer.Option("--data", help="A folder with the tables of the facts.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the table as JSON.")]
Choose = Annotated[bool, typer.Option("--choose", help="Choose the parameters on one half of the minerals.")]
To = Annotated[Path | None, typer.Option("--to", help="Write every row to this CSV file too.")]


@contextmanager
def told(kept: str = "finished scenarios are kept") -> Iterator[None]:
    """Turns what a user can mend into one line each and the right exit status.

    Parameters
    ----------
    kept : what an interruption leaves.
    """
    try:
        yield
    except InputError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(BAD_INPUT) from None
    except InfeasibleError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(NO_PLAN) from None
    except OSError as error:
        # Who writes a file says so himself; this is for the rest, such as a full /tmp.
        what = f"cannot be read or written: {error.strerror or error}"
        typer.echo(str(Fault(Path(error.filename or "."), 1, 1, what)), err=True)
        raise typer.Exit(BAD_INPUT) from None
    except KeyboardInterrupt:
        typer.echo(f"interrupted; {kept}", err=True)
        raise typer.Exit(INTERRUPTED) from None


def warn(told: Iterable[object]) -> None:
    """Each on standard error, on as many lines as it takes; the first begins with its file, line and column."""
    from rich.console import Console

    width = Console(stderr=True).width if sys.stderr.isatty() or "COLUMNS" in os.environ else WIDTH
    for text in map(str, told):
        # Behind a long path the message still begins on the same line.
        room = max(width, len(text.partition(": ")[0]) + LEAST_MESSAGE)
        lines = textwrap.wrap(text, room, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
        typer.echo("\n".join(lines), err=True)


@contextmanager
def progress(quiet: bool) -> Iterator[Any]:
    """A spinner on standard error, only on a terminal."""
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    with _shown(quiet, SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()) as (shown, task):
        yield lambda text: shown.update(task, description=text)


@contextmanager
def counting(quiet: bool) -> Iterator[Any]:
    """A bar with how much is done, of how much, and the time left; on standard error, only on a terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    passed, left = (TimeElapsedColumn(), TextColumn("passed,")), (TimeRemainingColumn(), TextColumn("left"))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), *passed, *left)
    with _shown(quiet, *columns) as (shown, task):
        yield lambda text, done, of: shown.update(task, description=text, completed=done, total=of)


@contextmanager
def _shown(quiet: bool, *columns: Any) -> Iterator[tuple[Any, Any]]:
    """Progress in these columns, gone when it is over, and its one task."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as shown:
        yield shown, shown.add_task("starting", total=None)


def facts(data: Path | None) -> Dataset:
    """The facts of a folder, or those shipped, their texts kept the quick way."""
    from supplychain.facts.dataset import read
    from supplychain.facts.reading import keep_texts_plain

    keep_texts_plain()
    return read(data)


def opened(
    scenario: str, minerals: str | None, data: Path | None, settings: list[str] | None
) -> tuple[Dataset, Scenario]:
    """The facts, of these minerals or all, and the scenario; what it says of others is told as left out."""
    known, (story,) = all_opened([scenario], minerals, data, settings)
    return known, story


def all_opened(
    scenarios: Iterable[str], minerals: str | None, data: Path | None, settings: list[str] | None
) -> tuple[Dataset, list[Scenario]]:
    """The same, of several scenarios."""
    from supplychain.scenario.scenario import read as read_scenario

    known = facts(data)
    known = known if minerals is None else known.only(name.strip() for name in minerals.split(","))
    with warnings.catch_warnings(record=True) as left_out:
        stories = [read_scenario(name, known, settings or ()) for name in scenarios]
    warn(dict.fromkeys(str(warning.message) for warning in left_out))
    return known, stories
