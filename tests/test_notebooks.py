"""The notebooks run from a clean kernel, keep outputs that can be shown, and end in a sentence that was computed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from conftest import ROOT
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(path.name for path in FOLDER.glob("*.ipynb"))
PICTURE, WIDGET = "image/png", "application/vnd.jupyter.widget-view+json"
NUMBER = r"\d[\d,]*(?:\.\d+)?"


def code_cells(path):
    """The code cells of a notebook, in order."""
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def sentence(path):
    """What the last cell says."""
    return code_cells(path)[-1].outputs[-1]["data"]["text/markdown"]


def outputs(path, kind):
    """Every output of a kind in a notebook: a type such as stream, or a MIME type."""
    found = [output for cell in code_cells(path) for output in cell.outputs]
    return [output for output in found if output.output_type == kind or kind in output.get("data", {})]


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """A copy of the folder, its notebooks stripped of outputs and then executed as `make notebooks` does."""
    folder = tmp_path_factory.mktemp("copy") / "notebooks"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__"))
    for name in NOTEBOOKS:
        notebook = nbformat.read(folder / name, as_version=4)
        for cell in (cell for cell in notebook.cells if cell.cell_type == "code"):
            cell.outputs, cell.execution_count = [], None
        nbformat.write(notebook, folder / name)
    run = subprocess.run([sys.executable, "execute.py"], cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    return folder


def test_there_are_five():
    """Five stories, numbered in the order in which they are read."""
    assert [name.split("_")[0] for name in NOTEBOOKS] == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("name", NOTEBOOKS)
@pytest.mark.slow
def test_runs_from_a_clean_kernel(executed, name):
    """Every cell runs, none fails or warns, and with nobody at the keyboard figures are shown in place of sliders."""
    path = executed / name
    assert [cell.execution_count for cell in code_cells(path)] == list(range(1, len(code_cells(path)) + 1))
    assert not outputs(path, "error")
    assert [output.text for output in outputs(path, "stream") if output.name == "stderr"] == []
    assert outputs(path, PICTURE) and not outputs(path, WIDGET)
    for cell in code_cells(path):
        if "\nsliders(" in cell.source:
            assert PICTURE in cell.outputs[0]["data"]


@pytest.mark.parametrize("name", NOTEBOOKS)
@pytest.mark.slow
def test_ends_in_an_insight(executed, name):
    """The last cell says a sentence with at least three numbers that stand nowhere in its source."""
    said, source = sentence(executed / name), code_cells(executed / name)[-1].source
    computed = set(re.findall(NUMBER, said)) - set(re.findall(NUMBER, source))
    assert said.strip().endswith(".") and len(computed) >= 3, said


@pytest.mark.parametrize("name", NOTEBOOKS)
@pytest.mark.slow
def test_kept_outputs_tell_todays_story(executed, name):
    """The sentence kept in the repository is today's in its words; else `make notebooks` is due."""
    kept, now = (re.sub(NUMBER, "#", sentence(folder / name)) for folder in (FOLDER, executed))
    assert kept == now, "run `make notebooks` and read what it says"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_kept_outputs_can_be_shown(name):
    """Outputs are kept, small, and say nothing of the machine on which they were made, nor of the moment."""
    path = FOLDER / name
    assert path.stat().st_size < 600_000
    assert all(cell.execution_count for cell in code_cells(path)) and outputs(path, PICTURE)
    assert not [output.text for output in outputs(path, "stream") if output.name == "stderr"]
    assert re.findall(r"/(?:work|root|home|tmp|Users)\b|[A-Z]:\\\\", without_pictures(path)) == []
    assert not any("execution" in cell.metadata for cell in code_cells(path))


def without_pictures(path):
    """All that stands in a notebook but its pictures, as text."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(PICTURE, None)
    return json.dumps(notebook, ensure_ascii=False)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_cells_have_names_that_stay(name):
    """Cell ids are words given by hand, so that a new run changes no line but what came out."""
    ids = [cell.id for cell in nbformat.read(FOLDER / name, as_version=4).cells]
    assert len(set(ids)) == len(ids) and all(re.fullmatch("[a-z-]+", cell_id) for cell_id in ids)


DRAW = """
from controls import sliders


def draw(cap=20):
    print("cap", cap)


sliders(draw, cap=[10, 20, 30])
"""


@pytest.fixture(scope="module")
def shown():
    """The outputs of DRAW in one kernel: without a reader, before one, and before one who has no ipywidgets."""
    without_widgets = 'import sys\n\nsys.modules["ipywidgets"] = None\n'
    cells = {"nobody": DRAW, "reader": DRAW, "bare": without_widgets + DRAW}
    notebook = new_notebook(cells=list(map(new_code_cell, cells.values())))
    client = NotebookClient(notebook, timeout=60, resources={"metadata": {"path": FOLDER}})
    with client.setup_kernel():
        for place, who in enumerate(cells):
            client.kc.allow_stdin = who != "nobody"
            client.execute_cell(notebook.cells[place], place)
    return {who: cell.outputs for who, cell in zip(cells, notebook.cells, strict=True)}


def test_a_reader_gets_sliders(shown):
    """In front of a reader the sliders are there."""
    assert any(WIDGET in output.get("data", {}) for output in shown["reader"])


def test_without_widgets_the_default_is_drawn(shown):
    """A reader without ipywidgets sees what `draw` makes of its own defaults."""
    (output,) = shown["bare"]
    assert output.text == "cap 20\n"


def test_without_a_reader_the_default_is_drawn(shown):
    """So does a run that nobody watches."""
    (output,) = shown["nobody"]
    assert output.text == "cap 20\n"
