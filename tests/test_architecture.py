"""The rooms stand in order, and each is small enough to see whole."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOMS = ["facts", "scenario", "system", "program", "solve", "results", "studies", "show", "cli"]
PACKAGE = Path(__file__).parents[1] / "supplychain"
FILES = sorted(PACKAGE.rglob("*.py"))


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


@pytest.mark.parametrize("file", FILES, ids=label)
def test_small_enough_to_see_whole(file):
    """No file over 450 lines, no function over 60; every public function and class says what it is for."""
    text = file.read_text(encoding="utf-8")
    assert text.count("\n") <= 450
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            assert isinstance(node, ast.ClassDef) or node.end_lineno - node.lineno < 60, node.name
    for node in ast.parse(text).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            assert ast.get_docstring(node), node.name
