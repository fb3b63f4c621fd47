"""A mistake in a table or a scenario is one clear line with file and row, and exit status 2."""

from __future__ import annotations

import csv
import shutil

import pytest
from conftest import CASES
from typer.testing import CliRunner

from supplychain import dataset, scenario
from supplychain.cli import app
from supplychain.errors import InputError

DATA = CASES / "dantzig"


def _set(column, value):
    def change(rows):
        rows[1][rows[0].index(column)] = value
        return rows

    return change


def _drop_source(rows):
    rows[1][rows[0].index("source")] = ""
    return rows


def _drop_column(rows):
    return [row[:-1] for row in rows]


BROKEN = {
    "negative capacity": ("capacity", _set("capacity_t", "-1"), 2, "below the minimum"),
    "text in a number": ("capacity", _set("capacity_t", "many"), 2, "'many' is not a finite number"),
    "not a number": ("capacity", _set("capacity_t", "nan"), 2, "not a finite number"),
    "infinite": ("capacity", _set("capacity_t", "inf"), 2, "not a finite number"),
    "blank": ("capacity", _set("capacity_t", ""), 2, "a value is required"),
    "year with a fraction": ("capacity", _set("year", "2025.5"), 2, "not a finite integer"),
    "unknown stage": ("capacity", _set("stage", "refien"), 2, "did you mean 'refine'"),
    "unknown mineral": ("reserves", _set("mineral", "antimonny"), 2, "did you mean 'antimony'"),
    "unknown country": ("reserves", _set("country", "KAX"), 2, "unknown country 'KAX'"),
    "unknown source": ("reserves", _set("source", "usgs_mcs206"), 2, "did you mean 'usgs_mcs2026'"),
    "duplicate key": ("reserves", lambda rows: [*rows, rows[1]], None, "duplicate key"),
    "missing column": ("reserves", _drop_column, 1, "column 'high' is missing"),
    "unknown column": ("deflator", lambda rows: [[*row, "x"] for row in rows], 1, "unknown column 'x'"),
    "neither source nor estimate": ("reserves", _drop_source, 2, "neither a source nor an estimate"),
    "estimate without a range": ("reserves", _set("estimate", "guess"), 2, "needs its range"),
    "ragged row": ("reserves", lambda rows: [rows[0], rows[1][:-2], *rows[2:]], 2, "cells where the header has"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_table_is_one_line_with_file_and_row(tmp_path, kind):
    """Each mistake in a copy of the facts is told once, with the table's file and the row's line; exit 2."""
    table, change, line, message = BROKEN[kind]
    folder = tmp_path / "data"
    shutil.copytree(dataset.SHIPPED, folder)
    file = folder / f"{table}.csv"
    rows = change(list(csv.reader(file.open(encoding="utf-8", newline=""))))
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)
    with pytest.raises(InputError) as caught:
        dataset.read(folder)
    faults = caught.value.faults
    assert len(faults) == 1, [str(fault) for fault in faults]
    assert faults[0].file == file
    assert faults[0].line == (line or len(rows))
    assert message in faults[0].message
    done = CliRunner().invoke(app, ["data", "--check", "--data", str(folder)])
    assert done.exit_code == 2 and "Traceback" not in done.output


HEAD = "name: x\nhorizon: {from: 2025, to: 2025}\n"
POLICY = (
    HEAD
    + "policies:\n  p:\n    kind: supplier_cap\n    group: SDG\n    market: all\n"
    + "    stages: [mine]\n    share: 0.5\n    assumption: test\n"
)
SCENARIOS = {
    "unknown key": (HEAD + "titel: y\n", 3, "did you mean 'title'"),
    "wrong type": ("name: x\nhorizon: {from: soon, to: 2025}\n", 2, "valid integer"),
    "a number as text": (POLICY.replace("0.5", "'0.5'"), 9, "share"),
    "share over one": (POLICY.replace("0.5", "1.5"), 9, "less than or equal to 1"),
    "not a number": (POLICY.replace("0.5", ".nan"), 9, "finite"),
    "unknown kind": (POLICY.replace("supplier_cap", "supplier_cup"), 5, "did you mean 'supplier_cap'"),
    "missing field": (POLICY.replace("    group: SDG\n", ""), 4, "'group' is missing"),
    "unknown country": (POLICY.replace("SDG", "SDX"), 6, "did you mean 'SDG'"),
    "unknown market": (POLICY.replace("market: all", "market: topeca"), 7, "did you mean 'topeka'"),
    "unknown mineral": (POLICY.replace("    share", "    minerals: [case]\n    share"), 9, "did you mean 'cases'"),
    "unknown field": (POLICY.replace("    share", "    shar: 1\n    share"), 9, "did you mean 'share'"),
    "no grounds": (POLICY.replace("    assumption: test\n", ""), 4, "needs a 'source' or an 'assumption'"),
    "years backwards": (POLICY + "    years: [2030, 2026]\n", 4, "run backwards"),
    "extends nothing": (HEAD + "extends: nowhere_at_all\n", 3, "no such scenario"),
    "extends itself": (HEAD + "extends: broken\n", 3, "extends it in turn"),
    "duplicate key": (HEAD + "name: y\n", 3, "duplicate key"),
    "alias": (HEAD + "title: &a x\nstory: *a\n", 4, "aliases"),
    "tabs": ("name: x\n\thorizon: 1\n", 2, "not valid YAML"),
    "empty": ("", 1, "mapping of keys"),
    "a list": ("- a\n", 1, "mapping of keys"),
    "no horizon": ("name: x\n", 1, "needs a horizon"),
    "horizon backwards": ("name: x\nhorizon: {from: 2030, to: 2025}\n", 1, "needs a horizon"),
    "year out of range": ("name: x\nhorizon: {from: 25, to: 2030}\n", 2, "greater than or equal to 1900"),
    "bad name": ("name: ../x\nhorizon: {from: 2025, to: 2025}\n", 1, "name"),
}


@pytest.mark.parametrize("kind", SCENARIOS)
def test_a_broken_scenario_is_one_line_with_its_place(tmp_path, kind):
    """Each mistake in a scenario is told once, with file and line, and exit status 2."""
    text, line, message = SCENARIOS[kind]
    file = tmp_path / "broken.yaml"
    file.write_text(text, encoding="utf-8")
    done = CliRunner().invoke(app, ["check", str(file), "--data", str(DATA)])
    lines = done.output.strip().splitlines()
    assert done.exit_code == 2
    assert len(lines) == 1, lines
    assert lines[0].startswith(f"{file}:{line}:") and message in lines[0], lines[0]


@pytest.mark.parametrize("raw", [b"\xff\xfe\x00", b"name: \x80", b"x" * 1_100_000], ids=["binary", "latin", "huge"])
def test_bytes_that_are_no_scenario(tmp_path, raw):
    """Binary, other encodings and files of a megabyte are refused in a line."""
    file = tmp_path / "broken.yaml"
    file.write_bytes(raw)
    with pytest.raises(InputError) as caught:
        scenario.read(file, dataset.read(DATA))
    assert len(caught.value.faults) == 1


def test_null_removes_and_an_id_overrides(tmp_path):
    """A child's null removes an inherited policy; the same id replaces it whole."""
    known = dataset.read(DATA)
    (tmp_path / "parent.yaml").write_text(POLICY, encoding="utf-8")
    child = tmp_path / "child.yaml"
    child.write_text("name: y\nextends: parent\npolicies:\n  p: null\n", encoding="utf-8")
    assert scenario.read(child, known).policies == {}
    child.write_text(POLICY.replace("name: x", "name: y\nextends: parent").replace("0.5", "0.7"), encoding="utf-8")
    assert scenario.read(child, known).policies["p"].share == 0.7


def test_unknown_scenario_names_the_nearest():
    """`run` on a misspelt name says which scenario was meant."""
    done = CliRunner().invoke(app, ["run", "status_quu"])
    assert done.exit_code == 2 and "status_quo" in done.output
