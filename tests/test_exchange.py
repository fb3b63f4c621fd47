"""What other tools read: the program solved by another solver, results read back by pyam, pandas and Frictionless."""

from __future__ import annotations

import importlib
import json
import warnings
from pathlib import Path

import highspy
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from conftest import CASES
from frictionless import Package, validate
from pandas.testing import assert_frame_equal
from pyscipopt import Model
from typer.testing import CliRunner

import supplychain
from supplychain.cli import app
from supplychain.facts import dataset
from supplychain.facts.errors import InputError
from supplychain.program import equations as model
from supplychain.program.lp import LinearProgram
from supplychain.results import exchange, package
from supplychain.scenario import scenario
from supplychain.solve import highs as solver
from supplychain.system.build import build_system

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pyam

DANTZIG = CASES / "dantzig"


@pytest.fixture(scope="module")
def result(pair):
    """Two real minerals under caps."""
    return pair[1]


@pytest.fixture(scope="module")
def folder(result, tmp_path_factory):
    """The same as a result folder."""
    return result.save(tmp_path_factory.mktemp("results") / result.name)


@pytest.fixture(scope="module")
def short(two, tmp_path_factory):
    """The caps until 2027, their file and their result: a program of a fourth of the size has rows of every kind."""
    file = tmp_path_factory.mktemp("scenarios") / "short.yaml"
    file.write_text("name: short\nextends: diversify_away\nhorizon: {from: 2025, to: 2027}\n", encoding="utf-8")
    return str(file), supplychain.run(file, two)


def solved_by_scip(file):
    """The optimal objective that SCIP finds for a program in a file."""
    scip = Model()
    scip.hideOutput()
    scip.readProblem(str(file))
    scip.optimize()
    assert scip.getStatus() == "optimal"
    return scip.getObjVal()


@pytest.mark.parametrize("form", ["mps", "lp"])
@pytest.mark.parametrize("case", ["dantzig", "real"])
@pytest.mark.slow
def test_another_solver_finds_the_same_optimum(case, form, two, short, tmp_path):
    """SCIP reads the file and finds the objective of the manifest, in the unit that the file's first lines state."""
    if case == "dantzig":
        known, name = dataset.read(DANTZIG), str(DANTZIG / "dantzig.yaml")
        objective, money = 153.675, "thousand USD"
    else:
        known, name, objective, money = two, short[0], short[1].objective, "USD"
    file = exchange.export(name, form, tmp_path / f"program.{form}", known)
    assert f"{money}, present value" in "".join(file.read_text().splitlines()[:3])
    assert solved_by_scip(file) == pytest.approx(objective, rel=1e-6)


def test_names_are_readable_and_no_two_alike(two, short, tmp_path):
    """Every column and row of a real program keeps its own name through both formats, and no name breaks a rule."""
    program = model.build_program(build_system(two, scenario.read(short[0], two)))
    columns, rows = program.names()
    assert "demand[tungsten,USA,2027]" in rows
    assert "used[tungsten,mine,KAZ" in " ".join(columns)
    for names in (columns, rows):
        assert len(set(names)) == len(names)
        assert max(map(len, names)) <= 255
        assert pd.Series(names).str.fullmatch(r"[a-z_]+\[[A-Za-z0-9_.,]*\](~\d+)?").all()
    for form in ("mps", "lp"):
        file = tmp_path / f"program.{form}"
        solver.write(program, file)
        highs = highspy.Highs()
        highs.silent()
        highs.readModel(str(file))
        read = highs.getLp()
        assert sorted(read.row_names_) == sorted(name.replace("[", "(").replace("]", ")") for name in rows)
        assert read.num_col_ == len(columns)


def test_repeated_names_are_numbered():
    """Rows of one label, and labels with signs that an LP file takes for operators, still have names of their own."""
    lp = LinearProgram()
    lp.variable("flow", pd.DataFrame({"site": ["a-1", "a 1", "b"], "size": [1.5, 2.5, 3.5]}), label=["site"])
    assert lp.names()[0] == ["flow[a_1]", "flow[a_1]~2", "flow[b]"]


@pytest.mark.filterwarnings("ignore:The inplace keyword")
def test_iamc_file_reads_back_as_it_was(result, tmp_path):
    """pyam reads its own file back equal; years are columns; suppliers add up to the market's supply."""
    written = pyam.IamDataFrame(exchange.iamc_table(result))
    for file in (tmp_path / "result.csv", tmp_path / "result.xlsx"):
        exchange.write_iamc(result, file)
        assert pyam.IamDataFrame(file).equals(written)
    wide = pd.read_csv(tmp_path / "result.csv")
    assert list(wide.columns[:6]) == ["Model", "Scenario", "Region", "Variable", "Unit", "2025"]
    assert written.check_aggregate("Supply|Tungsten|Mine") is None
    years = result.supply.query("mineral == 'tungsten' and stage == 'mine' and market == 'USA' and country == 'KAZ'")
    there = written.filter(variable="Supply|Tungsten|Mine|KAZ", region="USA", unit="t/yr")
    total = there.data.set_index("year")["value"]
    assert total.to_dict() == pytest.approx(years.groupby("year")["tonnes"].sum().to_dict(), rel=1e-5)
    assert set(written.filter(variable="Price*").unit) == {"USD_2025/t"}


def test_iamc_leaves_out_what_the_result_has_not(result):
    """A result without some tables gives the variables of the others."""
    few = exchange.iamc_table(supplychain.Result("x", "x", 1.0, {}, {"prices": result.prices}))
    assert set(few["variable"].str.split("|").str[0]) == {"Price"}
    assert list(few.columns) == ["model", "scenario", "region", "variable", "unit", "year", "value"]


def test_excel_reads_back_as_the_csv(result, two, folder, tmp_path):
    """Every sheet holds what the CSV of its name holds; the others say what it means and where it is from."""
    file = exchange.write_excel(result, two, tmp_path / "result.xlsx")
    sheets = pd.read_excel(file, sheet_name=None, keep_default_na=False, na_values=[""])
    tables = {csv.stem: pd.read_csv(csv, keep_default_na=False, na_values=[""]) for csv in folder.glob("*.csv")}
    assert set(sheets) == set(tables) | {"about", "columns", "sources"}
    for name, table in tables.items():
        assert_frame_equal(sheets[name], table, check_dtype=False, check_exact=True)
    described = set(zip(sheets["columns"]["table"], sheets["columns"]["column"], strict=True))
    assert described == {(name, column) for name, table in tables.items() for column in table}
    assert set(sheets["sources"]["source"]) == set(two["sources"]["source"])


def test_excel_is_formatted(result, two, tmp_path):
    """The header stays in view, shares are percent, tonnes have separators, and a text is never a formula."""
    named = supplychain.Result(result.name, '=HYPERLINK("x")', result.objective, result.manifest, result.tables)
    book = openpyxl.load_workbook(exchange.write_excel(named, two, tmp_path / "result.xlsx"))
    supply = book["supply"]
    header = [cell.value for cell in supply[1]]
    assert supply.freeze_panes == "A2" and supply["A1"].font.bold
    assert supply.cell(2, header.index("share") + 1).number_format == "0.0%"
    assert supply.cell(2, header.index("tonnes") + 1).number_format == "#,##0.0"
    title = book["about"]["B2"]
    assert title.value.startswith("=HYPERLINK") and title.data_type == "s"


def test_parquet_holds_what_the_csv_holds(result, folder, two, tmp_path):
    """A folder of Parquet files reads back as the CSV folder does, validates, and says what its columns mean."""
    other = exchange.export(str(folder), "parquet", tmp_path / "parquet", two)
    assert not list(other.glob("*.csv"))
    one, two_ = supplychain.load(folder), supplychain.load(other)
    assert set(one.tables) == set(two_.tables)
    for name, table in one.tables.items():
        assert_frame_equal(table, two_.tables[name])
    metadata = pq.read_schema(other / "supply.parquet").field("tonnes").metadata
    assert metadata == {b"description": b"contained mineral", b"unit": b"t"}
    assert validate(str(other / "datapackage.json")).valid
    pd.DataFrame({"metric": ["x"]}).to_parquet(other / "summary.parquet")
    assert not validate(str(other / "datapackage.json")).valid


def test_large_tables_are_parquet(result, tmp_path):
    """A table over the limit is written as Parquet, the others as CSV, and the folder reads back."""
    limit = len(result.supply) - 1
    written = result.save(tmp_path / "mixed", largest_csv=limit)
    assert (written / "supply.parquet").is_file() and (written / "summary.csv").is_file()
    assert package.LARGEST_CSV == 100_000
    assert len(supplychain.load(written).supply) == len(result.supply)


@pytest.mark.parametrize("to", ["package", "package.zip"])
def test_frictionless_package_carries_its_sources(to, folder, two, tmp_path):
    """Folder or zip: `frictionless validate` finds nothing wrong, and the facts' sources are in it."""
    package = exchange.export(str(folder), "frictionless", tmp_path / to, two)
    descriptor = package if to.endswith(".zip") else package / "datapackage.json"
    report = validate(str(descriptor), type="package")
    assert report.valid, report.flatten(["name", "message"])[:5]
    assert "sources" in [resource.name for resource in Package(str(descriptor)).resources]


def test_infinite_and_blank_values_survive(tmp_path):
    """What nothing limits is written blank, a blank text stays a blank text, and the package validates."""
    tables = {
        "summary": pd.DataFrame({"metric": ["objective"], "value": [1.0], "unit": ["USD"]}),
        "corridors": pd.DataFrame(
            {"year": [2030, 2030], "leg": ["caspian", ""], "capacity_t": [float("inf"), 2.5e6], "used_t": [1.0, 2.0]}
        ),
    }
    manifest = {"scenario": {"name": "x"}, "objective": 1.0}
    folder = supplychain.Result("x", "x", 1.0, manifest, tables).save(tmp_path / "x")
    assert validate(str(folder / "datapackage.json")).valid
    again = supplychain.load(folder).corridors
    assert again["capacity_t"].isna().tolist() == [True, False]
    assert again["leg"].tolist() == ["caspian", ""]


def faults(name, form, to, known):
    """The one fault that an export ends with."""
    with pytest.raises(InputError) as caught:
        exchange.export(str(name), form, to, known)
    assert len(caught.value.faults) == 1
    return caught.value.faults[0].message


def test_what_cannot_be_exported_says_so(folder, two, tmp_path, monkeypatch):
    """A program from a folder, somebody's folder, a path through a file, a missing package: one fault each, no file."""
    assert "holds no program" in faults(folder, "mps", tmp_path / "x.mps", two)
    with pytest.raises(InputError, match="--set changes a scenario"):
        exchange.export(str(folder), "iamc", tmp_path / "x.csv", two, ["policies.concern_cap=null"])
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep me")
    assert "is no data package" in faults(folder, "parquet", tmp_path / "mine", two)
    assert "cannot be written" in faults(folder, "iamc", tmp_path / "mine" / "letter.txt" / "x.csv", two)

    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    assert "pip install 'supplychain[interop]'" in faults(folder, "xlsx", tmp_path / "x.xlsx", two)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["letter.txt", "mine"]


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    """Where writing fails half way, the earlier file stands as it was and nothing is left beside it."""
    file = tmp_path / "program.mps"
    file.write_text("earlier")

    def breaks(program, target):
        Path(target).write_text("half")
        raise OSError("disk full")

    monkeypatch.setattr(solver, "write", breaks)
    assert "disk full" in faults(DANTZIG / "dantzig.yaml", "mps", file, dataset.read(DANTZIG))
    assert file.read_text() == "earlier" and list(tmp_path.iterdir()) == [file]


def test_command_line(tmp_path):
    """`export` writes the file and says which; a program cannot be had from nothing: exit status 2, one line."""
    to = tmp_path / "dantzig.xlsx"
    data = ["--data", str(DANTZIG)]
    arguments = ["export", str(DANTZIG / "dantzig.yaml"), *data, "--format", "xlsx", "--to", str(to), "--json"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == [{"format": "xlsx", "written": str(to)}]
    assert "paths" in pd.read_excel(to, sheet_name=None)
    done = CliRunner().invoke(app, ["export", "no_such", *data, "--format", "mps", "--to", str(tmp_path / "x.mps")])
    assert done.exit_code == 2 and done.output.count("\n") == 1
