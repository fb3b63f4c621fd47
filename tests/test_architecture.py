"""The rooms stand in order, and each is small enough to see whole."""

from __future__ import annotations

import ast
import math
import statistics
from pathlib import Path

import pytest

ROOMS = ["facts", "scenario", "system", "program", "solve", "results", "studies", "show", "cli"]
PACKAGE = Path(__file__).parents[1] / "supplychain"
FILES = sorted(PACKAGE.rglob("*.py"))
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def room(file):
    """The room in which a file stands: a module of its own, or the package that it is part of."""
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def label(file):
    """A file's path inside the package, for the names of the tests."""
    return file.relative_to(PACKAGE).with_suffix("").as_posix()


def imports(file):
    """Names of the package's own modules that a file imports."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "supplychain":
            parts = node.module.split(".")
            yield from [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names]


def test_every_room_has_its_place():
    """ROOMS names exactly what is there."""
    assert {room(file) for file in FILES} - {"__init__"} == set(ROOMS)


@pytest.mark.parametrize("file", [f for f in FILES if room(f) != "__init__"], ids=label)
def test_imports_run_one_way(file):
    """A room imports only rooms above it; the program and its solver know nothing of minerals."""
    own = room(file)
    used = set(imports(file)) - {own}
    assert used <= set(ROOMS[: ROOMS.index(own)])
    if own == "solve" or file.name == "lp.py":
        assert used <= {"facts", "program"}


def functions(file):
    """Every function and method of a file, those inside others too."""
    return [node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, FUNCTION)]


def lines(function):
    """How many lines a function has, its docstring among them."""
    return function.end_lineno - function.lineno + 1


@pytest.mark.parametrize("file", FILES, ids=label)
def test_small_enough_to_see_whole(file):
    """No file over 400 lines, no function over 45; every public function and class says what it is for."""
    text = file.read_text(encoding="utf-8")
    assert text.count("\n") <= 400
    assert [function.name for function in functions(file) if lines(function) > 45] == []
    for node in ast.parse(text).body:
        if isinstance(node, (*FUNCTION, ast.ClassDef)) and not node.name.startswith("_"):
            assert ast.get_docstring(node), node.name


def test_most_functions_are_short():
    """Half of all functions have at most 8 lines, 95 of 100 at most 25."""
    long = sorted(lines(function) for file in FILES for function in functions(file))
    assert statistics.median(long) <= 8
    assert long[math.ceil(0.95 * len(long)) - 1] <= 25


def test_the_door_shows_few_things():
    """At most ten entries stand beside the data at the top of the package."""
    beside = {entry.name for entry in PACKAGE.iterdir()} - {"data", "py.typed", "__pycache__"}
    assert len(beside) <= 10, sorted(beside)
