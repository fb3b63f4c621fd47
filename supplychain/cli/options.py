"""What the commands share: options, and how a fault is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from supplychain.facts.errors import Fault, InfeasibleError, InputError

BAD_INPUT, NO_PLAN, INTERRUPTED = 2, 3, 130

Data = Annotated[Path | None, typer.Option("--data", help="A folder with the tables of the facts.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the table as JSON.")]
Choose = Annotated[bool, typer.Option("--choose", help="Choose the parameters on one half of the minerals.")]
To = Annotated[Path | None, typer.Option("--to", help="Write every row to this CSV file too.")]


@contextmanager
def told() -> Iterator[None]:
    """Turns what a user can mend into one line each and the right exit status."""
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
        typer.echo("interrupted; finished scenarios are kept", err=True)
        raise typer.Exit(INTERRUPTED) from None
