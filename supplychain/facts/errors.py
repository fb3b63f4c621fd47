"""What went wrong with the user's input, told in one line per fault."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Fault:
    """One mistake in one file: where it is (1-based line and column) and what is wrong."""

    file: Path
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class InputError(Exception):
    """Input that cannot be used; `faults` lists every mistake found, in file order."""

    def __init__(self, faults: Iterable[Fault]):
        self.faults = list(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))

    def __reduce__(self) -> tuple[type[InputError], tuple[list[Fault]]]:
        return type(self), (self.faults,)


class LeftOutWarning(UserWarning):
    """A scenario speaks of what a part of the facts leaves out; the message has one line for each place."""


class InfeasibleError(Exception):
    """No plan satisfies every constraint; the message says which of them clash.

    `rows` and `columns` are the positions, in the program, of constraints and bounds that cannot all hold.
    """

    def __init__(self, message: str, rows: Iterable[int] = (), columns: Iterable[int] = ()):
        self.rows, self.columns = list(rows), list(columns)
        super().__init__(message)


def nearest(name: object, allowed: Iterable[object]) -> str:
    """A hint naming the nearest of the allowed names, or the allowed names if they are few."""
    names = sorted(str(item) for item in allowed)
    close = difflib.get_close_matches(str(name), names, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return f"allowed: {shown}"
