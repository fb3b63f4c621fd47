"""The model's future beside the IEA's base case: country shares of mining and refining, and how far they move."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from supplychain.facts.checks import base_year
from supplychain.facts.dataset import OTHER, Dataset
from supplychain.facts.errors import Fault, InputError
from supplychain.facts.growth import members_of
from supplychain.results.result import Result
from supplychain.results.run import run

YEAR = 2035
SCENARIO = "status_quo"
LINE = ["commodity", "stage"]
HEADINGS = {
    f"{who}_{column}": f"{name}_{word}"
    for who, name in (("iea", "IEA"), ("model", "model"))
    for column, word in (("before", "first"), ("after", "later"), ("shift", "shift"))
}


def outlook(result: Result, known: Dataset, year: int = YEAR) -> pd.DataFrame:
    """Country shares of the world's mining and refining in a result, beside those of the IEA's base case.

    Parameters
    ----------
    result : with its table `output`. known : the facts, for their table `outlook`.
    year : the later year; before it stands the first year of each table.

    Returns
    -------
    DataFrame, one row a commodity, stage and country that the IEA names: commodity, stage, country, iea_before,
    iea_after, iea_shift, model_before, model_after, model_shift (shares of the world's output, and what is added to
    them). What the result leaves out is left out. Refined graphite is battery grade: natural and synthetic at the IEA,
    natural in the model.

    Raises
    ------
    InputError : the result does not say what each country makes, or one of the two says nothing of that year.
    """
    told = known["outlook"].rename(columns={"output_t": "tonnes"})
    made = _as_commodities(_made(result), told[LINE].drop_duplicates())
    iea = _shares(told, year, "iea", known.path / "outlook.csv")
    model = _shares(made, year, "model", Path(result.name))
    solved = iea.index.droplevel("country").isin(model.index.droplevel("country"))
    named = iea.index.get_level_values("country") != OTHER
    return iea[solved & named].join(model).fillna(0.0).reset_index()


def withheld(known: Dataset) -> Dataset:
    """The facts without what the model is told of the years ahead: no outlook, no capacity after the base year.

    What is left is output and its history, costs, prices, reserves, projects that are not decided, and policies.
    """
    capacity = known["capacity"]
    told = {"outlook": known["outlook"].iloc[:0], "capacity": capacity[capacity["year"] <= base_year(known)]}
    return replace(known, tables=known.tables | told)


def unaided(known: Dataset, year: int = YEAR) -> pd.DataFrame:
    """The table of `outlook` for `status_quo` solved on the facts without the outlook: no share of it is handed on.

    Raises
    ------
    InputError : as `outlook`.
    """
    return outlook(run(SCENARIO, withheld(known)), known, year)


def _made(result: Result) -> pd.DataFrame:
    if "output" not in result.tables:
        fault = "the result has no table `output`: it was made by an older version, or nothing is made; solve it again"
        raise InputError([Fault(Path(result.name), 1, 1, fault)])
    return result.tables["output"]


def _as_commodities(made: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """The output of the minerals that the outlook's commodities stand for: commodity, stage, country, year, tonnes."""
    return members_of(lines).merge(made, on=["mineral", "stage"])


def _shares(table: pd.DataFrame, year: int, who: str, file: Path) -> pd.DataFrame:
    """Shares of the world's output in the table's first year and a later one, and the shift, by country."""
    first, years = table["year"].min(), sorted({int(y) for y in table["year"]})
    if year not in years[1:]:
        raise InputError([Fault(file, 1, 1, f"nothing to compare in {year}; the years are {years}")])
    tonnes = table.astype({"tonnes": float}).pivot_table(
        index=[*LINE, "country"], columns="year", values="tonnes", aggfunc="sum", fill_value=0.0
    )
    share = tonnes / tonnes.groupby(level=LINE).transform("sum")
    before, after = share[first], share[year]
    return pd.DataFrame({f"{who}_before": before, f"{who}_after": after, f"{who}_shift": after - before})


def agreement(table: pd.DataFrame) -> pd.DataFrame:
    """How well the shifts of `outlook` agree.

    Returns
    -------
    DataFrame of one row, in percentage points: shares (how many), mean_error (of the model's shifts, absolute),
    nothing_moves (the mean error of no shift at all: how far the IEA's shares move), mean_shift (how far the model's
    move), correlation (of the shifts; not a number where one of the two stands still).
    """
    iea, model = 100 * table["iea_shift"], 100 * table["model_shift"]
    return pd.DataFrame(
        {
            "shares": [len(table)],
            "mean_error": [(model - iea).abs().mean()],
            "nothing_moves": [iea.abs().mean()],
            "mean_shift": [model.abs().mean()],
            "correlation": [iea.corr(model) if model.nunique() > 1 < iea.nunique() else float("nan")],
        }
    )


def by_line(table: pd.DataFrame) -> pd.DataFrame:
    """The `agreement` of each line of `outlook`: commodity, stage, shares, mean_error, nothing_moves."""
    parts = [agreement(rows).assign(**dict(zip(LINE, line, strict=True))) for line, rows in table.groupby(LINE)]
    return pd.concat(parts, ignore_index=True)[[*LINE, "shares", "mean_error", "nothing_moves"]]


def spoken(table: pd.DataFrame) -> pd.DataFrame:
    """The table of `outlook` in percent, to a tenth, with names and headings short enough for 80 columns."""
    percent = 100 * table.select_dtypes("number")
    names = table[LINE].replace({"magnet_rare_earths": "rare earths"}).assign(ISO=table["country"])
    # Adding nothing makes a plain zero of a negative one.
    return names.join((percent.round(1) + 0.0).rename(columns=HEADINGS))
