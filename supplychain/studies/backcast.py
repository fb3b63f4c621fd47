"""Production told backwards: a model of an earlier year, and who made how much of the world's output some years on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from supplychain.facts.dataset import Dataset
from supplychain.facts.errors import Fault, InputError
from supplychain.facts.growth import MEMBERS
from supplychain.program.equations import build_program
from supplychain.results import tables
from supplychain.scenario.scenario import Scenario
from supplychain.solve.highs import Solver
from supplychain.studies.as_of import as_of, combinations, history, with_parameters
from supplychain.system.build import build_system

BASE, JUDGED = 2015, 2023
# A later base year, of which more history is known: what growth is drawn from it matters here.
LATER_BASE = 2018
# Years before the base year from which the trend is drawn.
PAST = 5
# A country counts where it made this share of the world's output, in the base year or in the judged one.
COUNTS = 0.01
LINE = ["commodity", "stage"]
GUESSES = ["model", "no_change", "trend"]
DISCOUNT_RATE = 0.05
# Minerals by name, one for the choice of parameters, the next to judge them by, and so on.
CHOICE, JUDGEMENT = "choice", "judgement"
# What the parameters may be, times the facts' own (which stand first, so that they win a tie): every combination is
# tried. Those that move the errors least are left out (`alone` tells them).
GRID: dict[str, tuple[float, ...]] = {"growth_quantile": (1.0, 0.4, 1.6), "growth_span": (1.0, 0.6, 1.6)}


def backcast(known: Dataset, base: int = BASE, judged: int = JUDGED) -> pd.DataFrame:
    """Country shares of the world's output in the judged year: as they were, and as three guesses have them.

    The model knows production, and history, up to the base year; use in each year is the world's actual output, so only
    its split over countries is judged. Stages stand alone.

    Returns
    -------
    DataFrame, one row a commodity, stage and country with a hundredth of the world's output in one of the two years:
    commodity, stage, country, half, before (share in the base year), actual, model, no_change (as before), trend (each
    country's output of the base year and the five years before it, drawn on in a straight line, not below nil).

    Raises
    ------
    InputError : the facts have no history of those years.
    """
    told = _as_commodities(history(known))
    _check_years(known, told, base, judged)
    parts = [
        _guessed(known, told[told["stage"] == stage], str(stage), base, judged) for stage in told["stage"].unique()
    ]
    table = pd.concat(parts, ignore_index=True)
    table = table[table[["before", "actual"]].max(axis=1) >= COUNTS].sort_values([*LINE, "country"], ignore_index=True)
    return table.assign(half=table["commodity"].map(half_of(table["commodity"])))[
        [*_LABELS, "before", "actual", *GUESSES]
    ]


_LABELS = [*LINE, "country", "half"]


def _check_years(known: Dataset, told: pd.DataFrame, base: int, judged: int) -> None:
    years = sorted({int(year) for year in told["year"]})
    wrong = [year for year in (base, judged) if year not in years]
    if wrong or base >= judged:
        fault = f"no backcast from {base} to {judged}; the first comes before the second, both among {years}"
        raise InputError([Fault(known.path / "history.csv", 1, 1, fault)])


def _as_commodities(table: pd.DataFrame) -> pd.DataFrame:
    """Minerals under the names by which they are judged: the four magnet rare earths together."""
    named = {m: name for (name, _), members in MEMBERS.items() for m in members if name != "graphite"}
    table = table.assign(commodity=table["mineral"].replace(named))
    keys = [*LINE, "country", "year"]
    return table.rename(columns={"tonnes": "output_t"}).groupby(keys, as_index=False)["output_t"].sum()


def half_of(commodities: Iterable[str]) -> dict[str, str]:
    """The half in which each commodity is: by name, every second one is there to judge by."""
    names = sorted(set(commodities))
    return {name: (CHOICE, JUDGEMENT)[i % 2] for i, name in enumerate(names)}


def _guessed(known: Dataset, told: pd.DataFrame, stage: str, base: int, judged: int) -> pd.DataFrame:
    """The shares of one stage: before, actual, and each guess."""
    tonnes = told.pivot_table(index=[*LINE, "country"], columns="year", values="output_t", aggfunc="sum")
    tonnes = tonnes[tonnes[base].groupby(level=LINE).transform("sum") > 0]
    made = _as_commodities(solved(as_of(known, stage, base, judged), base, judged))
    made = made[made["year"] == judged].set_index([*LINE, "country"])["output_t"]
    before, actual = tonnes[base], tonnes[judged]
    table = pd.DataFrame({"before": before, "actual": actual, "model": made, "no_change": before})
    table = table.assign(trend=trend(tonnes.loc[:, base - PAST : base], judged)).fillna(0.0)
    return (table / table.groupby(level=LINE).transform("sum")).fillna(0.0).reset_index()


def solved(known: Dataset, base: int, last: int) -> pd.DataFrame:
    """What each country makes in the model: year, mineral, stage, country, tonnes, share."""
    system = build_system(known, Scenario("backcast", "", "", range(base, last + 1), DISCOUNT_RATE, {}))
    program = build_program(system)
    return tables.output(program, Solver(program).solve())


def trend(past: pd.DataFrame, year: int) -> pd.Series:
    """Each row drawn on to a year by least squares, not below nil; nil where its last year is missing.

    Parameters
    ----------
    past : tonnes, years in the columns; missing years are left out. One known year is drawn on as it is.
    """
    known = past.notna()
    count = known.sum(axis=1)
    x = known * np.array(past.columns, dtype=float)
    middle, mean = x.sum(axis=1) / count, past.sum(axis=1) / count
    off = x.sub(middle, axis=0).where(known, 0.0)
    slope = (off * past.fillna(0.0)).sum(axis=1) / (off**2).sum(axis=1).replace(0.0, np.nan)
    guess = mean + slope.fillna(0.0) * (year - middle)
    return guess.clip(lower=0.0).where(known.iloc[:, -1], 0.0)


def errors(table: pd.DataFrame) -> pd.DataFrame:
    """How far each guess of `backcast` is off: commodity, stage, half, countries (how many count), model, no_change,
    trend (mean absolute error over these countries, percentage points of the world's output)."""
    off = 100 * table[GUESSES].sub(table["actual"], axis=0).abs()
    keys = [*LINE, "half"]
    means = off.groupby([table[key] for key in keys]).mean()
    return table.groupby(keys).size().rename("countries").to_frame().join(means).reset_index()


def halves(lines: pd.DataFrame) -> pd.DataFrame:
    """Means of `errors` over its lines: half (choice of the parameters, judgement, or all), lines, model, no_change,
    trend, better_than_both (lines on which the model's error is below that of the other two)."""
    best = lines["model"] < lines[["no_change", "trend"]].min(axis=1)
    lines = lines.assign(better_than_both=best.astype(int), lines=1)
    both = pd.concat([lines, lines.assign(half="all")])
    sums = {"lines": "sum"} | dict.fromkeys(GUESSES, "mean") | {"better_than_both": "sum"}
    return both.groupby("half", sort=False).agg(sums).reindex([CHOICE, JUDGEMENT, "all"]).dropna().reset_index()


def choose(
    known: Dataset, grid: Mapping[str, tuple[float, ...]], base: int = BASE, judged: int = JUDGED
) -> pd.DataFrame:
    """Every combination of the parameters, best first by the minerals that are there to choose on.

    Parameters
    ----------
    grid : factors to be tried by parameter, as `with_parameters` has them.

    Returns
    -------
    DataFrame: a column for each parameter, choice and judgement (the model's mean error on either half, points).
    """
    rows = []
    for tried in combinations(grid):
        rows.append(tried | _means(with_parameters(known, tried), base, judged))
    return pd.DataFrame(rows).sort_values(CHOICE, kind="stable", ignore_index=True)


def _means(known: Dataset, base: int, judged: int) -> dict[str, float]:
    """The model's mean error on either half."""
    means = halves(errors(backcast(known, base, judged))).set_index("half")["model"]
    return {half: float(means.get(half, np.nan)) for half in (CHOICE, JUDGEMENT)}


def alone(known: Dataset, base: int = BASE, judged: int = JUDGED) -> pd.DataFrame:
    """Each of the model's own parameters at the ends of its range in the facts, the others as they are.

    Returns
    -------
    DataFrame: parameter, value (tried), choice and judgement (the model's mean error on either half, points); the first
    row is the facts' own.
    """
    own = known["parameters"]
    rows = [{"parameter": "as in the facts", "value": np.nan} | _means(known, base, judged)]
    for row in own.itertuples():
        for value in (end for end in (row.low, row.high) if end != row.value):
            changed = own.assign(value=own["value"].where(own["parameter"] != row.parameter, value))
            part = replace(known, tables=known.tables | {"parameters": changed})
            rows.append({"parameter": row.parameter, "value": value} | _means(part, base, judged))
    return pd.DataFrame(rows)


def chosen(
    known: Dataset, grid: Mapping[str, tuple[float, ...]], base: int = BASE, judged: int = JUDGED
) -> tuple[Dataset, pd.DataFrame]:
    """The facts with the best of the parameters, and what `choose` found."""
    tried = choose(known, grid, base, judged)
    return with_parameters(known, tried.loc[0, list(grid)].to_dict()), tried


def spoken(lines: pd.DataFrame) -> pd.DataFrame:
    """The table of `errors` to a hundredth of a point, with names short enough for 80 columns."""
    return lines.replace({"magnet_rare_earths": "rare earths"}).round(2)
