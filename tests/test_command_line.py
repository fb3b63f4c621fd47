"""What the command line prints fits on a screen of 80 columns, and on 40 lines where more is not asked for."""

from __future__ import annotations

import io
import os
import shutil

import numpy as np
import pandas as pd
import pytest
from conftest import CASES, ROOT
from typer.testing import CliRunner

from supplychain.cli import app
from supplychain.cli.data import ABOUT, ROWS
from supplychain.facts import dataset
from supplychain.facts.reading import schema
from supplychain.results.kept import is_kept
from supplychain.results.result import load
from supplychain.scenario import scenario
from supplychain.show.console import show

TWO_MINES, DANTZIG = CASES / "two_mines", CASES / "dantzig"


@pytest.fixture
def known(monkeypatch, shipped):
    """The shipped facts, read once for all commands."""
    monkeypatch.setattr("supplychain.facts.dataset.read", lambda data: shipped)
    return shipped


def lines_of(*arguments):
    """What a command that goes well prints: lines of at most 80 columns."""
    done = CliRunner().invoke(app, list(map(str, arguments)))
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    return lines


@pytest.mark.parametrize("table", [None, *schema()])
def test_facts_fit(known, table):
    """Any table, and the overview: 80 columns, 40 lines, a line a row; what is not shown is said."""
    lines = lines_of("data", *[table] * (table is not None))
    assert len(lines) <= 40
    if table is not None:
        shown = min(ROWS, len(known[table]))
        ruled = next(i for i, line in enumerate(lines) if line.startswith("──"))
        assert lines[ruled + 1 + shown].strip() == "" and f"{shown} of {len(known[table])} rows" in " ".join(lines)


def test_the_overview_names_every_table(known):
    """Each table of figures stands there with its number of rows."""
    cells = " ".join(lines_of("data")).split()
    for name, resource in schema().items():
        if "fact" in resource:
            assert cells[cells.index(name) + 1] == str(len(known[name]))


def test_every_row_where_it_is_asked_for(known, tmp_path, monkeypatch):
    """`--all` shows as many lines as there are rows, numbers whole; `--to` writes what was read, and names the file."""
    lines = lines_of("data", "production", "--all")
    tonnes = [f"{value:,.0f}" for value in known["production"]["output_t"] if value >= 1000]
    words = " ".join(lines).split()
    assert all(number in words for number in tonnes)
    monkeypatch.chdir(tmp_path)
    assert lines_of("data", "production", "--to", "p.csv") == [f"wrote p.csv: {len(known['production'])} rows"]
    written = pd.read_csv("p.csv", keep_default_na=False)
    assert written["output_t"].tolist() == known["production"]["output_t"].tolist()
    assert set(ABOUT) < set(written)


def test_a_file_that_cannot_be_written_is_one_line(known, tmp_path):
    """The table is not printed in its stead."""
    (tmp_path / "file").write_text("mine")
    done = CliRunner().invoke(app, ["data", "prices", "--to", str(tmp_path / "file" / "prices.csv")])
    assert done.exit_code == 2 and done.stdout == "" and "is a file, not a folder" in done.stderr


@pytest.mark.filterwarnings("ignore::supplychain.facts.errors.LeftOutWarning")
def test_check_takes_the_folder_of_scenarios(known, two, monkeypatch):
    """Without arguments all of `scenarios/`: a line each, 80 columns, 40 lines; policies where they are asked for."""
    monkeypatch.setattr("supplychain.facts.dataset.read", lambda data: two)
    monkeypatch.chdir(ROOT)
    lines = lines_of("check")
    names = [file.stem for file in sorted(ROOT.glob("scenarios/*.yaml"))]
    assert len(names) == 20 and len(lines) <= 40
    assert [line.split()[0] for line in lines if line and line.split()[0] in names] == names
    asked = lines_of("check", "diversify_away", "--policies")
    assert any(line.split()[:3] == ["diversify_away", "concern_cap", "supplier_cap"] for line in asked)


def test_check_takes_ones_own_folder_first(monkeypatch, tmp_path):
    """A folder `scenarios/` where the command is called is the one that is meant; an empty one is told."""
    (tmp_path / "scenarios").mkdir()
    monkeypatch.chdir(tmp_path)
    empty = CliRunner().invoke(app, ["check", "--data", str(TWO_MINES)])
    assert empty.exit_code == 2 and empty.stderr.startswith("scenarios:1:1: holds no scenario")
    shutil.copy(TWO_MINES / "base.yaml", "scenarios")
    assert any(line.split()[:1] == ["base"] for line in lines_of("check", "--data", TWO_MINES))


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_number_is_broken(monkeypatch, capsys, width):
    """A table of long names and numbers: whole numbers, names broken at underscores, no line too long, no column lost.

    What does not fit goes on below, beside the first column again.
    """
    monkeypatch.setenv("COLUMNS", str(width))
    numbers = np.arange(1, 37).reshape(3, 12) * 1_000_003.0
    names = [f"a_long_name_of_{i}" for i in range(12)]
    table = pd.DataFrame(numbers, columns=names, index=["one", "two", "three"]).reset_index(names="scenario")
    table["story"] = "words that are wrapped where there is no room for them " * 3
    show(table, False, False, "Numbers")
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= width
    words = text.split()
    assert all(words.count(f"{number:,.0f}") == 1 for number in numbers.flat)
    assert words.count("one") == words.count("scenario") > 1 and text.count("words") == 9


def test_json_is_as_wide_as_it_is(known):
    """Every row and column for other programs, whatever is shown to people."""
    done = CliRunner().invoke(app, ["data", "production", "--json"])
    rows = pd.read_json(io.StringIO(done.stdout))
    assert len(rows) == len(known["production"]) and set(rows) == set(known["production"])


def never(*arguments, **options):
    """Stands in the place of what takes minutes."""
    raise AssertionError("begun before it was known that the result can be written")


@pytest.mark.parametrize("command", ["run", "explain"])
@pytest.mark.parametrize("there", ["a file", "a folder of somebody else's"])
def test_out_is_tried_before_anything_is_solved(command, there, monkeypatch, tmp_path):
    """A place where the result cannot be written is one line and exit status 2, at once."""
    monkeypatch.setattr("supplychain.results.run.run_all", never)
    monkeypatch.setattr("supplychain.studies.explain.explanation.explain", never)
    out = tmp_path / "out"
    if there == "a file":
        out.write_text("mine")
    else:
        (out / "dantzig_cap_65").mkdir(parents=True)
        (out / "dantzig_cap_65" / "letter.txt").write_text("dear")
    before = sorted(os.walk(tmp_path))
    done = CliRunner().invoke(app, [command, str(DANTZIG / "cap_65.yaml"), "--data", str(DANTZIG), "--out", str(out)])
    assert done.exit_code == 2 and done.stdout == ""
    assert done.stderr.startswith(f"{out / 'dantzig_cap_65'}:1:1: ") and done.stderr.count("\n") == 1
    assert sorted(os.walk(tmp_path)) == before


def test_a_hindcast_tries_its_file_first(monkeypatch, tmp_path):
    """So does a study of minutes."""
    monkeypatch.setattr("supplychain.studies.backcast.backcast", never)
    (tmp_path / "file").write_text("mine")
    to = tmp_path / "file" / "all.csv"
    done = CliRunner().invoke(app, ["hindcast", "production", "--data", str(TWO_MINES), "--to", str(to)])
    assert done.exit_code == 2 and done.stderr.startswith(f"{to}:1:1: cannot be written")


def test_a_run_of_a_few_minerals_is_not_taken_for_one_of_others(tmp_path, monkeypatch):
    """`run --minerals` solves those alone and says so; the folder is no answer to other minerals, nor to all."""
    monkeypatch.chdir(tmp_path)
    for mineral in ("bismuth", "beryllium"):
        lines_of("run", "status_quo", "--minerals", mineral, "--out", ".")
        result = load(tmp_path / "status_quo")
        assert set(result.tables["supply"]["mineral"]) == {mineral}
        assert result.manifest["data"]["minerals"] == [mineral]
    whole = dataset.read()
    assert not is_kept(tmp_path / "status_quo", scenario.read("status_quo", whole), whole)
    wrong = CliRunner().invoke(app, ["run", "status_quo", "--minerals", "bismut", "--out", str(tmp_path)])
    assert wrong.exit_code == 2 and "did you mean 'bismuth'?" in wrong.output
