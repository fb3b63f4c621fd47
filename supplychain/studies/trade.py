"""Trade told backwards: a model of an earlier year, and who supplies which market five years on.

What each country makes by then, and what each market uses, is given; who sells to whom is told.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.optimize import linprog

from supplychain.facts.costs import calibration_prices, freight_between
from supplychain.facts.dataset import Dataset
from supplychain.program.equations import build_program
from supplychain.scenario.scenario import Scenario
from supplychain.solve.highs import Solver
from supplychain.studies.as_of import ALIAS, combinations, trading, with_parameters
from supplychain.studies.backcast import CHOICE, DISCOUNT_RATE, JUDGEMENT, half_of
from supplychain.studies.traded import LINE, TRADE_YEAR, abroad, deliveries, lines
from supplychain.system.build import build_system

BASE = 2019
# A supplier counts where it has this share of the market's imports in one of the two years, a market where it has this
# share of what all markets import in both.
COUNTS = 0.01
GUESSES = ["model", "no_change", "least_cost"]
# Told beside: it beats standing still by what is given, without a model.
SHOWN = [*GUESSES, "scaled"]
MARKET = "USA"
PAIR = [*LINE, "supplier", "market"]
# What the parameters may be, times the facts' own (which stand first, so that they win a tie): every combination is
# tried. A wider `pace` binds nobody, and a narrower one does what dear qualifying does, so it is left out.
GRID: dict[str, tuple[float, ...]] = {
    "run_out": (1.0, 0.4, 4.0),
    "qualifying": (1.0, 10 / 3),
    "substitution": (1.0, 0.81),
}


def trade(known: Dataset, base: int = BASE) -> pd.DataFrame:
    """Shares of each market's imports by country of origin in 2024: as they were, and as four guesses have them.

    The model knows who sold to whom in the base year, and what each country makes and each market uses until 2024. The
    other guesses: no_change, the shares of the base year; least_cost, what is made brought to what is used for the
    least freight; scaled, the tonnes of the base year grown as their supplier's output.

    Returns
    -------
    DataFrame, one row a mineral, market and supplier that count (`COUNTS`): mineral, stage, market, supplier, half,
    given (`output`, or `sales` where only net sales abroad are known), before (share in the base year), actual, model,
    no_change, least_cost, scaled.

    Raises
    ------
    InputError : the facts have no trade of the base year.
    """
    now, later = (deliveries(known, year, base) for year in (base, TRADE_YEAR))
    model = solved(trading(known, now, later, base, TRADE_YEAR), base, TRADE_YEAR)
    guesses = {"before": now, "actual": later, "model": model}
    guesses |= {"no_change": now, "least_cost": least_cost(known, later), "scaled": scaled(now, later)}
    table = _shares(known, guesses).merge(lines(known, base), on=LINE)
    table["given"] = np.where(table.pop("made"), "output", "sales")
    table = table.assign(half=table["mineral"].map(half_of(table["mineral"])))
    table = table.sort_values([*LINE, "market", "supplier"], ignore_index=True)
    return table[[*LINE, "market", "supplier", "half", "given", *guesses]]


def _shares(known: Dataset, told: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Each supplier's share of its market's imports in several tables of tonnes, of those that count."""
    homes = known["countries"].set_index("country")["market"]
    table = pd.DataFrame({name: abroad(rows, homes).set_index(PAIR)["tonnes"] for name, rows in told.items()})
    table = table.fillna(0.0)
    imports = table.groupby(level=[*LINE, "market"]).transform("sum")
    part = imports / table.groupby(level=LINE).transform("sum")
    counts = (part[["before", "actual"]] >= COUNTS).all(axis=1)
    shares = (table / imports.replace(0.0, np.nan)).fillna(0.0)
    return shares[counts & (shares[["before", "actual"]].max(axis=1) >= COUNTS)].reset_index()


def solved(known: Dataset, base: int, last: int) -> pd.DataFrame:
    """What the model has each supplier deliver in the last year: mineral, stage, supplier, market, tonnes."""
    system = build_system(known, Scenario("trade", "", "", range(base, last + 1), DISCOUNT_RATE, {}))
    program = build_program(system)
    sold = program.variables["delivered"]
    table = sold.table.assign(tonnes=Solver(program).solve().of(sold).to_numpy()).query("year == @last")
    table = table.rename(columns={"last_stage": "stage"}).groupby(PAIR, as_index=False)["tonnes"].sum()
    return table.assign(market=table["market"].str.removesuffix(ALIAS))


def scaled(now: pd.DataFrame, later: pd.DataFrame) -> pd.DataFrame:
    """The deliveries of the base year, each times what its supplier makes now over what it made then."""
    maker = [*LINE, "supplier"]
    then, made = (table.groupby(maker)["tonnes"].sum() for table in (now, later))
    growth = (made / then).fillna(0.0)
    return now.assign(tonnes=now["tonnes"] * growth.reindex(pd.MultiIndex.from_frame(now[maker])).to_numpy())


def least_cost(known: Dataset, later: pd.DataFrame) -> pd.DataFrame:
    """What is made brought to what is used at the least cost of freight and time, line by line, wherever it went."""
    prices = calibration_prices(known)
    parts = []
    for line, rows in later.groupby(LINE):
        made, used = (rows.groupby(end)["tonnes"].sum() for end in ("supplier", "market"))
        pairs = pd.MultiIndex.from_product([made.index, used.index], names=["supplier", "market"]).to_frame(index=False)
        pairs = pairs.assign(mineral=line[0], stage=line[1])
        ends = pairs.assign(origin=pairs["supplier"], destination=pairs["market"], value_usd_per_t=prices[line[0]])
        cost = freight_between(known, ends)[["freight_usd_per_t", "time_usd_per_t"]].sum(axis=1)
        parts.append(pairs.assign(tonnes=_transport(cost.to_numpy(), made.to_numpy(), used.to_numpy())))
    return pd.concat(parts, ignore_index=True)[[*PAIR, "tonnes"]]


def _transport(cost: np.ndarray, made: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Tonnes from each supplier to each market, suppliers one after another, at the least cost."""
    n, m = len(made), len(used)
    whole = made.sum()
    sums = np.vstack([np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))[:-1]])
    found = linprog(cost, A_eq=sums, b_eq=np.concatenate([made, used[:-1]]) / whole, method="highs")
    return np.asarray(found.x) * whole


def errors(table: pd.DataFrame) -> pd.DataFrame:
    """How far each guess of `trade` is off: mineral, stage, market, half, given, suppliers (how many count), model,
    no_change, least_cost, scaled (mean absolute error over these suppliers, percentage points of imports)."""
    off = 100 * table[SHOWN].sub(table["actual"], axis=0).abs()
    keys = [*LINE, "market", "half", "given"]
    means = off.groupby([table[key] for key in keys]).mean()
    return table.groupby(keys).size().rename("suppliers").to_frame().join(means).reset_index()


def halves(rows: pd.DataFrame) -> pd.DataFrame:
    """Means of `errors`, of the United States alone and of all markets: market (USA, all), half (choice of the
    parameters, judgement, or all), lines, model, no_change, least_cost, scaled, best (lines on which the model's error
    is below that of no_change and of least_cost)."""
    first = rows["model"] < rows[GUESSES[1:]].min(axis=1)
    rows = rows.assign(best=first.astype(int), lines=1)
    parts = [rows[rows["market"] == MARKET], rows.assign(market="all")]
    both = pd.concat([part.assign(half=half or part["half"]) for part in parts for half in ("", "all")])
    sums = {"lines": "sum"} | dict.fromkeys(SHOWN, "mean") | {"best": "sum"}
    order = pd.MultiIndex.from_product([[MARKET, "all"], [CHOICE, JUDGEMENT, "all"]], names=["market", "half"])
    return both.groupby(["market", "half"]).agg(sums).reindex(order).dropna().astype({"lines": int}).reset_index()


def choose(known: Dataset, grid: Mapping[str, tuple[float, ...]], base: int = BASE) -> pd.DataFrame:
    """Every combination of the parameters, best first by all markets' error on the minerals to choose on.

    Parameters
    ----------
    grid : factors to be tried by parameter, as `with_parameters` has them.

    Returns
    -------
    DataFrame: a column for each parameter, choice and judgement (the model's mean error over all markets, points),
    choice_usa and judgement_usa (over the United States alone).
    """
    rows = []
    for tried in combinations(grid):
        means = halves(errors(trade(with_parameters(known, tried), base))).set_index(["market", "half"])["model"]
        ends = {CHOICE: ("all", CHOICE), JUDGEMENT: ("all", JUDGEMENT)}
        ends |= {f"{half}_usa": (MARKET, half) for half in (CHOICE, JUDGEMENT)}
        rows.append(tried | {name: float(means.get(key, np.nan)) for name, key in ends.items()})
    return pd.DataFrame(rows).sort_values(CHOICE, kind="stable", ignore_index=True)


def chosen(known: Dataset, grid: Mapping[str, tuple[float, ...]], base: int = BASE) -> tuple[Dataset, pd.DataFrame]:
    """The facts with the best of the parameters, and what `choose` found."""
    tried = choose(known, grid, base)
    return with_parameters(known, tried.loc[0, list(grid)].to_dict()), tried


def mutations(known: Dataset, base: int = BASE) -> pd.DataFrame:
    """What the model's error becomes once it is told what is not so.

    Returns
    -------
    DataFrame: told (`as it was`; `two swapped`: of each mineral the two largest makers of 2024 stand in each other's
    place; `2024 known`: the base pattern is that of 2024), usa, all (the model's mean error over the United States and
    over all markets, points).
    """
    now, later = (deliveries(known, year, base) for year in (base, TRADE_YEAR))
    rows = []
    for name, then, given in (
        ("as it was", now, later),
        ("two swapped", now, swapped(later)),
        ("2024 known", later, later),
    ):
        model = solved(trading(known, then, given, base, TRADE_YEAR), base, TRADE_YEAR)
        table = _shares(known, {"before": now, "actual": later, "model": model})
        off = 100 * (table["model"] - table["actual"]).abs()
        means = off.groupby([table[key] for key in [*LINE, "market"]]).mean()
        usa = means[means.index.get_level_values("market") == MARKET]
        rows.append((name, float(usa.mean()), float(means.mean())))
    return pd.DataFrame(rows, columns=["told", "usa", "all"])


def swapped(table: pd.DataFrame) -> pd.DataFrame:
    """Deliveries in which the two largest suppliers of each mineral stand in each other's place."""
    parts = []
    for _, rows in table.groupby(LINE):
        first = rows.groupby("supplier")["tonnes"].sum().nlargest(2).index
        names = dict(zip(first, first[::-1], strict=True))
        parts.append(rows.assign(supplier=rows["supplier"].replace(names)))
    return pd.concat(parts, ignore_index=True)


def spoken(rows: pd.DataFrame) -> pd.DataFrame:
    """The table of `errors` to a hundredth of a point, with few enough columns for 80 of a terminal."""
    return rows.drop(columns=["given", "suppliers"]).round(2)
