"""The facts as they were in an earlier year, one stage of the world's minerals in one market, for a backcast."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd

from supplychain.facts.costs import calibration_prices
from supplychain.facts.dataset import PLACE, Dataset
from supplychain.facts.errors import Fault, InputError, nearest
from supplychain.facts.parameters import parameters
from supplychain.system.pattern import ORE, ore_baskets
from supplychain.system.pattern.deliveries import SMALLEST_SHARE

WORLD = "WORLD"
# A line of history is the world's where it holds this part of the world's output in the base year of the facts.
LEAST_COVER = 0.5
# Use is what it was, so it is worth far more than any supplier asks.
WORTH = 10.0
# What came later, or is about single markets and stages that the backcast does not have.
LATER = ("capacity", "projects", "controls", "owners", "outlook", "demand", "world", "primary_shares")
MARKETS = (
    "import_sources",
    "us_supply",
    "trade",
    "destinations",
    "freight",
    "groups",
    "legs",
    "leg_capacity",
    "routes",
)
ENERGY = (
    *("services", "deployment", "past_deployment", "technologies", "technology_mix", "technology_bounds"),
    *("intensities", "lifetimes", "recycling", "scrap"),
)


def history(known: Dataset) -> pd.DataFrame:
    """Past output by country: mineral, stage, country, year, output_t; of an ore, the output of each of its products.

    Lines of which the source has less than half of the world are left out.
    """
    told = known["history"][[*PLACE, "year", "output_t"]]
    basket = ore_baskets(known).rename(columns={"host": "mineral", "host_stage": "stage"})
    won = told.merge(basket, on=PLACE)
    won = won.assign(mineral=won["product"], stage=won["product_stage"], output_t=won["output_t"] * won["ratio"])
    won = won.groupby([*PLACE, "year"], as_index=False)["output_t"].sum()
    ores = known["minerals"].loc[known["minerals"]["class"] == ORE, "mineral"]
    both = pd.concat([told[~told["mineral"].isin(ores)], won], ignore_index=True)
    return both[_covered(both, known["production"])].reset_index(drop=True)


def _covered(told: pd.DataFrame, production: pd.DataFrame) -> np.ndarray:
    """Whether each row is of a line that holds the world's output well enough in its last year."""
    line = ["mineral", "stage"]
    last = told[told["year"] == told["year"].max()].groupby(line)["output_t"].sum()
    cover = last / production.groupby(line)["output_t"].sum()
    return (cover.reindex(pd.MultiIndex.from_frame(told[line])) >= LEAST_COVER).to_numpy()


def as_of(known: Dataset, stage: str, base: int, last: int) -> Dataset:
    """What a modeller in the base year could know of one stage, and what the world then used until the last year.

    Production and history are those up to the base year; every mineral has this stage alone and is sold in one market,
    whose use in each year is what the world made in it. Costs, prices and reserves are those of the facts; projects,
    policies, owners and by-products' hosts (but for the products of one ore) are left out.

    Raises
    ------
    InputError : the facts have no history of that stage in that year.
    """
    told = history(known).query("stage == @stage")
    now = told[(told["year"] == base) & (told["output_t"] > 0)]
    if now.empty:
        fault = f"no line of the stage {stage!r} in {base} that holds half of the world's output"
        raise InputError([Fault(known.path / "history.csv", 1, 1, fault)])
    minerals = list(dict.fromkeys(now["mineral"]))
    basket = ore_baskets(known).query("product in @minerals and product_stage == @stage")
    part = known.only([*minerals, *dict.fromkeys(basket["host"])])
    used = told[(told["year"] >= base) & told["mineral"].isin(minerals)]
    return replace(part, tables=part.tables | _edited(part, stage, base, now, used))


def _edited(part: Dataset, stage: str, base: int, now: pd.DataFrame, used: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The tables that differ from those of the facts."""
    past = part["history"].query("year <= @base")
    ores = part["minerals"].loc[part["minerals"]["class"] == ORE, "mineral"]
    dug = past[(past["year"] == base) & past["mineral"].isin(ores)]
    made = pd.concat([now, dug], ignore_index=True).reindex(columns=part["production"].columns)
    market = part["markets"].head(1).assign(market=WORLD, name="World", traced=False, consumption_share=1.0)
    return {
        **{name: part[name].iloc[:0] for name in (*LATER, *MARKETS, *ENERGY)},
        "history": past,
        "production": made,
        "stages": part["stages"].query("stage == @stage"),
        "byproducts": part["byproducts"][part["byproducts"]["host"].isin(ores)],
        "countries": part["countries"].assign(market=WORLD),
        "markets": market,
        "consumption": _use(part, used),
    }


def _use(part: Dataset, used: pd.DataFrame) -> pd.DataFrame:
    """The world's use by mineral and year: all that was made."""
    total = used.groupby(["mineral", "year"], as_index=False)["output_t"].sum()
    worth = WORTH * total["mineral"].map(calibration_prices(part)).to_numpy()
    table = total.rename(columns={"output_t": "consumption_t"}).assign(market=WORLD, value_usd_per_t=worth)
    return table.reindex(columns=part["consumption"].columns)


def trading(known: Dataset, now: pd.DataFrame, later: pd.DataFrame, base: int, last: int) -> Dataset:
    """What a modeller in the base year could know of who sells to whom, and what each country makes, and each market
    uses, until the last year.

    Every mineral has one stage alone. Output and use go in a straight line from what is delivered in the base year to
    what is in the last one; nothing else can be built. Costs, prices and freight are those of the facts; policies,
    projects, owners and by-products' hosts are left out.

    Parameters
    ----------
    now, later : mineral, stage, supplier, market, tonnes of the base year and of the last one.
    """
    part = known.only(now["mineral"].unique())
    told = {base: _aliased(without_crumbs(now)), last: _aliased(later)}
    markets, freight, homes = (_aliased(part[name]) for name in ("markets", "freight", "countries"))
    stages = part["stages"].merge(now[["mineral", "stage"]].drop_duplicates(), on=["mineral", "stage"])
    tables = {name: part[name].iloc[:0] for name in (*LATER, *MARKETS, *ENERGY, "byproducts", "reserves", "past_trade")}
    # Without a limit of its own a stage does not grow.
    tables |= {name: part[name].query("item != 'growth_limit'") for name in ("stage_defaults", "economics")}
    tables |= _made(part, told)
    tables |= {
        "history": part["history"].query("year <= @base"),
        "minerals": part["minerals"].assign(ore=""),
        "stages": stages,
        "countries": homes,
        "markets": markets.assign(traced=False, consumption_share=1.0 / len(markets)),
        "freight": freight,
        "destinations": _buyers(part, told[base], homes),
        "consumption": _wanted(part, told, base, last),
    }
    return replace(part, tables=part.tables | tables)


# A market is not called as a country is, so that none is taken for the one whose own statistics the pattern reads.
ALIAS = "*"


def _aliased(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(market=table["market"] + ALIAS)


def without_crumbs(table: pd.DataFrame) -> pd.DataFrame:
    """Deliveries without those that are next to nothing to their market, which the base pattern leaves out."""
    whole = table.groupby([*PLACE[:2], "market"])["tonnes"].transform("sum")
    return table[table["tonnes"] >= SMALLEST_SHARE * whole]


def _made(part: Dataset, told: dict[int, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Output, capacity and outlook: what is delivered is made, by plants that run at all they have."""
    rows = pd.concat([table.assign(year=year) for year, table in told.items()])
    rows = rows.rename(columns={"supplier": "country", "tonnes": "output_t"})
    rows = rows.groupby([*PLACE, "year"], as_index=False, sort=False)["output_t"].sum()
    first = rows[rows["year"] == min(told)]
    tables = {
        "production": first,
        "capacity": first.rename(columns={"output_t": "capacity_t"}),
        "outlook": rows.rename(columns={"mineral": "commodity"}),
    }
    return {name: table.reindex(columns=part[name].columns) for name, table in tables.items()}


def _buyers(part: Dataset, now: pd.DataFrame, homes: pd.DataFrame) -> pd.DataFrame:
    """Where each country's output goes, percent, told by one country of each market."""
    one = homes.drop_duplicates("market").set_index("market")["country"]
    whole = now.groupby([*PLACE[:2], "supplier"])["tonnes"].transform("sum")
    table = now.assign(exporter=now["supplier"], importer=now["market"].map(one), share_pct=100 * now["tonnes"] / whole)
    return table.reindex(columns=part["destinations"].columns)


def _wanted(part: Dataset, told: dict[int, pd.DataFrame], base: int, last: int) -> pd.DataFrame:
    """Use by mineral, market and year: what is delivered, in a straight line between the two years."""
    ends = {year: table.groupby(["mineral", "market"])["tonnes"].sum() for year, table in told.items()}
    table = pd.DataFrame(ends).fillna(0.0)
    wide = {y: table[base] + (table[last] - table[base]) * (y - base) / (last - base) for y in range(base, last + 1)}
    used = pd.DataFrame(wide).rename_axis(columns="year").stack().rename("consumption_t").reset_index()
    worth = WORTH * used["mineral"].map(calibration_prices(part))
    return used.assign(value_usd_per_t=worth).reindex(columns=part["consumption"].columns)


_PARAMETERS = {"stage_defaults": "item", "economics": "item", "elasticities": "parameter", "parameters": "parameter"}


def combinations(grid: Mapping[str, tuple[float, ...]]) -> Iterator[dict[str, float]]:
    """Every combination of the factors of a grid, by parameter; the first of each parameter come first."""
    return (dict(zip(grid, values, strict=True)) for values in product(*grid.values()))


def with_parameters(known: Dataset, factors: Mapping[str, float]) -> Dataset:
    """The facts with some of the model's parameters larger or smaller for all minerals.

    Parameters
    ----------
    factors : by name, as `stage_defaults`, `economics`, `elasticities` or `parameters` calls them, e.g. `growth_limit`,
        `substitution`, `run_out`: times the facts' own values, or times the default of one that they leave out.

    Raises
    ------
    InputError : no such parameter; names the nearest.
    """
    given = {table: known[table] for table in _PARAMETERS}
    given["parameters"] = parameters(known).reindex(columns=known["parameters"].columns)
    names = {name for table, column in _PARAMETERS.items() for name in given[table][column]}
    faults = [f"no parameter {name!r}; {nearest(name, names)}" for name in factors if name not in names]
    if faults:
        raise InputError([Fault(known.path / "stage_defaults.csv", 1, 1, fault) for fault in faults])
    tables = {}
    for table, column in _PARAMETERS.items():
        factor = given[table][column].map(factors).astype(float).fillna(1.0)
        tables[table] = given[table].assign(value=given[table]["value"] * factor)
    return replace(known, tables=known.tables | tables)
