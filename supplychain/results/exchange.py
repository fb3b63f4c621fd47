"""Results and programs in forms that other tools read: IAMC, Excel, Parquet, Frictionless, MPS and LP."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal
from zlib import crc32

import pandas as pd

from supplychain.facts.dataset import Dataset
from supplychain.facts.errors import Fault, InputError
from supplychain.results.columns import described
from supplychain.results.formats import Format
from supplychain.results.package import rounded
from supplychain.results.result import Result, load
from supplychain.results.run import run
from supplychain.results.unfold import foreseen_program
from supplychain.results.writing import check_folder, check_writable, told, whole_file
from supplychain.scenario import scenario
from supplychain.scenario.scenario import Scenario
from supplychain.solve import highs

PRICE_YEAR = "2025"  # whose dollars the facts are in
WORLD, TRACED = "World", "USA"  # scrap and technologies are followed in the United States only
STAGE_WORDS = {"supply": "Last Supplier"}


@dataclass(frozen=True)
class Series:
    """One kind of IAMC variable and where it comes from.

    Attributes
    ----------
    variable : its name; columns of the table stand in braces. Rows that then have one name are added up.
    table, value : table of the result, and the column that holds the figure.
    unit : a unit, or a column that holds one; money is written `USD`.
    region : a column, or a fixed name.
    amount : whether a year without a row means none of it (for prices and shares it means that there is no figure).
    """

    variable: str
    table: str
    value: str
    unit: str
    region: str = "market"
    amount: bool = True


SERIES = (
    Series("Supply|{mineral}|{stage}|{country}", "supply", "tonnes", "t/yr"),
    Series("Supply|{mineral}|{stage}", "supply", "tonnes", "t/yr"),
    Series("Price|{mineral}", "prices", "usd_per_t", "USD/t", amount=False),
    Series("Dependence|{mineral}|{stage}|Largest Supplier", "dependence", "top_share", "", amount=False),
    Series("Dependence|{mineral}|{stage}|Herfindahl-Hirschman Index", "dependence", "hhi", "", amount=False),
    Series("Dependence|{mineral}|{stage}|Countries of Concern", "dependence", "share_feoc", "", amount=False),
    Series("Dependence|{mineral}|{stage}|Central Asia", "dependence", "share_central_asia", "", amount=False),
    Series("Dependence|{mineral}|{stage}|Net Import Reliance", "dependence", "net_import_reliance", "", amount=False),
    Series("Existing Capacity|{mineral}|{stage}", "capacity", "existing_t", "t/yr", "country"),
    Series("Capacity Additions|{mineral}|{stage}", "capacity", "built_t", "t/yr", "country"),
    Series("Use Forgone|{item}", "unmet", "amount", "unit"),
    Series("Stock|{mineral}", "stocks", "level_t", "t"),
    Series("Added Secondary Supply|{mineral}", "secondary", "used_t", "t/yr", TRACED),
    Series("Deployment|{service}|{technology}", "technology", "deployed", "unit", TRACED),
    Series("Cost|{item}", "costs", "musd", "million USD/yr", WORLD),
    Series("Public Spending|{policy}|{item}", "public", "musd", "million USD/yr", WORLD),
    Series("Corridor Use|{corridor}|{leg}", "corridors", "used_t", "t/yr", WORLD),
)


def export(name: str, form: Format, to: Path, known: Dataset, settings: Sequence[str] = ()) -> Path:
    """Write a scenario's program or its result in a form that other tools read.

    Parameters
    ----------
    name : a scenario (solved where the form holds results), or a result folder.
    form : `mps`, `lp` (the program; see `write_program`), `iamc` (`write_iamc`), `xlsx` (`write_excel`), `parquet` (a
        result folder of Parquet files), `frictionless` (a result folder with the sources, or that folder as a zip).
    to : file to write; a folder for `parquet`, a folder or `.zip` for `frictionless`.
    settings : values of the scenario to change, each `policies.ID.field=value`.

    Raises
    ------
    InputError : the scenario cannot be used, the file cannot be written, or an optional package is missing.
    InfeasibleError : no plan satisfies every constraint.
    """
    _prepare(form, to)
    if form in ("mps", "lp"):
        if is_result_folder(name):
            raise InputError([Fault(Path(name), 1, 1, "a result folder holds no program; name its scenario")])
        return write_program(scenario.read(name, known, settings), known, to, form)
    writers: dict[str, Callable[[Result, Dataset, Path], Path]] = {
        "iamc": lambda result, _, file: write_iamc(result, file),
        "xlsx": write_excel,
        "parquet": lambda result, _, folder: result.save(folder, largest_csv=0),
        "frictionless": write_frictionless,
    }
    return writers[form](result_of(name, known, settings), known, to)


def _prepare(form: Format, to: Path) -> None:
    """Finds out before anything is solved whether the file can be written."""
    if form in ("iamc", "xlsx"):
        _optional({"iamc": "pyam", "xlsx": "openpyxl"}[form], to)
    if form == "parquet" or (form == "frictionless" and to.suffix != ".zip"):
        check_folder(to)
    check_writable(to)


def is_result_folder(name: str | Path) -> bool:
    """Whether a name is that of a folder with a result in it, not of a scenario."""
    return (Path(name) / "manifest.json").is_file()


def result_of(name: str | Path, known: Dataset, settings: Sequence[str] = ()) -> Result:
    """The result in a folder, or that of a scenario, solved now.

    Raises
    ------
    InputError : neither can be used, or settings are to change a result that is there already.
    """
    if not is_result_folder(name):
        return run(scenario.read(name, known, settings), known)
    if settings:
        raise InputError([Fault(Path(name), 1, 1, "--set changes a scenario, not a result folder")])
    return load(name)


def write_program(story: Scenario, known: Dataset, file: Path, form: Literal["mps", "lp"]) -> Path:
    """The linear program as an MPS or LP file with readable names, such as `demand(tungsten,USA,2030)`.

    It is written unscaled: columns are tonnes of contained mineral in the year (those of `deployed`, `shifted` and
    `undelivered`: units of the service), the objective is the data's money (USD), present value, and holds its
    constant, so another solver's objective is the manifest's. The file's first lines say so. Limits on concentration
    are in it as the tangents that solving finds.
    """
    program = foreseen_program(story, known)
    about = [
        f"supplychain: scenario {story.name}, sha256 {story.digest}; facts sha256 {known.digest}",
        f"Minimise cost of supply: {known.money}, present value, with a constant of {program.offset:.15g}.",
        "Columns: tonnes of contained mineral a year; deployed, shifted, undelivered: units of the service. Unscaled.",
    ]
    sign = {"mps": "*", "lp": "\\"}[form]
    with whole_file(file) as whole, tempfile.TemporaryDirectory(dir=whole.parent) as temporary:
        plain = Path(temporary) / f"program.{form}"
        highs.write(program, plain)
        with plain.open("rb") as source, whole.open("wb") as target:
            target.write("".join(f"{sign} {line}\n" for line in about).encode())
            shutil.copyfileobj(source, target)
    return file


def iamc_table(result: Result) -> pd.DataFrame:
    """The result as an IAMC table: model, scenario, region, variable, unit, year, value.

    Region is the market, the country of the plant for capacities, or World. Shares and the HHI have no unit. Amounts
    have every year, zeros too; tables that the result lacks are left out.
    """
    held = [series for series in SERIES if len(result.tables.get(series.table, ()))]
    years = sorted({int(year) for series in held for year in result.tables[series.table]["year"].unique()})
    table = pd.concat([_series(result, series, years) for series in held], ignore_index=True)
    version = result.manifest.get("supplychain", "")
    table.insert(0, "model", f"supplychain {version}".strip())
    table.insert(1, "scenario", result.name)
    return rounded(table)


def _series(result: Result, series: Series, years: list[int]) -> pd.DataFrame:
    table = result.tables[series.table].dropna(subset=[series.value])
    regions = table.get(series.region, series.region)
    units = table.get(series.unit, _money(series.unit, result))
    names = pd.Series(series.variable, index=table.index)
    for column in [c for c in table if f"{{{c}}}" in series.variable]:
        words = {cell: _words(column, str(cell)) for cell in table[column].unique()}
        filled = zip(names, table[column], strict=True)
        names = pd.Series([n.replace(f"{{{column}}}", words[cell]) for n, cell in filled], index=table.index)
    long = pd.DataFrame(
        {"region": regions, "variable": names, "unit": units, "year": table["year"], "value": table[series.value]}
    )
    wide = long.pivot_table(index=["region", "variable", "unit"], columns="year", values="value", aggfunc="sum")
    wide = wide.reindex(columns=years).fillna(0.0) if series.amount else wide
    return wide.melt(ignore_index=False, var_name="year").dropna().reset_index()


def _words(column: str, name: str) -> str:
    """Ids of minerals, stages and cost items as words; those of places, legs and policies as they are."""
    if column not in ("mineral", "stage", "item"):
        return name
    return STAGE_WORDS.get(name, name.replace("_", " ").title())


def _money(unit: str, result: Result) -> str:
    money = str(result.manifest.get("data", {}).get("money", "USD"))
    return unit.replace("USD", f"USD_{PRICE_YEAR}") if money == "USD" else unit.replace("USD", money)


def write_iamc(result: Result, file: Path) -> Path:
    """The IAMC table through pyam, years as columns: CSV, or Excel where the file's ending is `.xlsx`."""
    pyam = _optional("pyam", file)
    frame = pyam.IamDataFrame(iamc_table(result))
    with whole_file(file) as whole:
        write = frame.to_excel if file.suffix == ".xlsx" else frame.to_csv
        write(whole)
    return file


def write_excel(result: Result, known: Dataset, file: Path) -> Path:
    """One workbook: what it is, a sheet for each table, what the columns mean, and the sources of the facts.

    Tables are written as the CSV files are, so both read back alike.
    """
    _optional("openpyxl", file)
    workbook = importlib.import_module("supplychain.results.workbook")
    tables = {name: rounded(table, name) for name, table in result.tables.items() if len(table)}
    meaning = [(name, column, *described(name, column)) for name, table in tables.items() for column in table]
    columns = pd.DataFrame(meaning, columns=["table", "column", "description", "unit"])
    sheets = {"about": _about(result)} | tables | {"columns": columns, "sources": known["sources"]}
    with whole_file(file) as whole:
        workbook.write(sheets, whole)
    return file


def _about(result: Result) -> pd.DataFrame:
    m = result.manifest
    rows = [
        ("title", result.title),
        ("story", m["scenario"].get("resolved", {}).get("story", "")),
        ("least cost", result.cost_in_words()),
        ("certificate", f"{m['solver']}: {m['status']}, gap {m['gap']:.2g}, residual {m['primal_residual']:.2g}"),
        ("supplychain", m.get("supplychain", "")),
        ("scenario sha256", m["scenario"].get("sha256", "")),
        ("facts sha256", m["data"].get("sha256", "")),
    ]
    return pd.DataFrame(rows, columns=["item", "value"])


def write_frictionless(result: Result, known: Dataset, to: Path) -> Path:
    """The result folder with the sources of the facts as one more table; a zip of it where the ending is `.zip`."""
    whole = replace(result, tables=result.tables | {"sources": known["sources"]})
    if to.suffix != ".zip":
        return whole.save(to)
    with whole_file(to) as file, tempfile.TemporaryDirectory(dir=file.parent) as temporary:
        whole.save(Path(temporary) / "package")
        shutil.make_archive(str(file.with_suffix("")), "zip", Path(temporary) / "package")
    return to


def _optional(package: str, file: Path) -> Any:
    """A package of the `interop` extra; what it warns of at import does not concern the user."""
    # The units that pyam reads are cached with the path of the environment that read them first.
    cache = Path(tempfile.gettempdir()) / f"iam-units-{crc32(sys.prefix.encode()):x}"
    os.environ.setdefault("IAM_UNITS_CACHE", str(cache))
    try:
        with warnings.catch_warnings(), told(file), _gone_if_torn(cache):
            warnings.simplefilter("ignore")
            return importlib.import_module(package)
    except ImportError:
        message = f"needs the package {package}: pip install 'supplychain[interop]'"
        raise InputError([Fault(file, 1, 1, message)]) from None


@contextmanager
def _gone_if_torn(cache: Path) -> Iterator[None]:
    """A cache that a full disk leaves half written goes: it could not be read the next time."""
    try:
        yield
    except OSError:
        shutil.rmtree(cache, ignore_errors=True)
        raise
