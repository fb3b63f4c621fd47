"""Files and folders written whole or not at all; a full disk or a folder in the way is a fault in one line."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from supplychain.facts.errors import Fault, InputError

PACKAGE = "datapackage.json"  # by which a folder is known as one of ours


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turns whatever the system says while the path is written into a fault of the input.

    Raises
    ------
    InputError : the disk is full, a limit of size is met, the folder cannot be written, a file stands in its place ...
    """
    try:
        yield
    except OSError as error:
        raise InputError([Fault(path, 1, 1, f"cannot be written: {_why(path, error)}")]) from None


def _why(path: Path, error: OSError) -> str:
    """What the system says, in its own words only; some libraries put theirs before them."""
    in_the_way = next((above for above in path.parents if above.is_file()), None)
    if in_the_way:
        return f"{in_the_way} is a file, not a folder"
    return os.strerror(error.errno) if error.errno else str(error)


@contextmanager
def whole_file(file: Path) -> Iterator[Path]:
    """A file beside the wanted one, of the same ending, that takes its place once it is written whole.

    Raises
    ------
    InputError : it cannot be written; what stood there before stands still.
    """
    with _beside(file) as folder:
        new = folder / f"whole{file.suffix}"
        yield new
        new.replace(file)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A new folder beside the wanted one that takes its place once all its files are written.

    Raises
    ------
    InputError : it cannot be written, or what stands in its place is no data package; that stands still.
    """
    with _beside(folder) as temporary:
        check_folder(folder)
        new = temporary / "new"
        new.mkdir()
        yield new
        _swap(new, folder, temporary / "old")


def _swap(new: Path, folder: Path, old: Path) -> None:
    """Puts the new folder in the place of the old one, which comes back if that fails."""
    if folder.exists():
        folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise


@contextmanager
def whole_set(folder: Path) -> Iterator[Path]:
    """A folder for several files, which go to the wanted folder, beside what is there, once all are written.

    Raises
    ------
    InputError : one of them cannot be written; then none of them is.
    """
    with _beside(folder) as temporary:
        yield temporary
        for file in sorted(temporary.iterdir()):
            folder.mkdir(exist_ok=True)
            file.replace(folder / file.name)


def check_folder(folder: Path) -> None:
    """A folder to write must be new, empty, or hold an earlier package: nobody else's files are replaced.

    Raises
    ------
    InputError : something else is there.
    """
    if folder.exists() and not (folder.is_dir() and (_is_empty(folder) or (folder / PACKAGE).is_file())):
        raise InputError([Fault(folder, 1, 1, "is there already and is no data package; name another folder")])


def check_package(folder: Path) -> None:
    """Finds out, before anything long is done for it, whether a package could be written to the folder.

    Raises
    ------
    InputError : it could not, or something else is there.
    """
    check_writable(folder)
    check_folder(folder)


def check_writable(path: Path) -> None:
    """Finds out, before anything long is done for it, whether a file or folder could be written beside the path.

    Raises
    ------
    InputError : it could not.
    """
    with _beside(path):
        pass


def _is_empty(folder: Path) -> bool:
    return next(folder.iterdir(), None) is None


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A temporary folder in the same folder, and so on the same disk; what goes wrong in it is told of the path."""
    with told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as temporary:
            try:
                yield Path(temporary)
            except InputError as error:
                raise InputError([_told_of(path, fault, Path(temporary)) for fault in error.faults]) from None


def _told_of(path: Path, fault: Fault, temporary: Path) -> Fault:
    return replace(fault, file=path) if temporary in fault.file.parents else fault
