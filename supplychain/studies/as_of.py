"""The facts as they were in an earlier year, one stage of the world's minerals in one market, for a backcast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from supplychain.facts.costs import calibration_prices
from supplychain.facts.dataset import PLACE, Dataset
from supplychain.facts.errors import Fault, InputError, nearest
from supplychain.facts.parameters import parameters
from supplychain.system.pattern import ORE, ore_baskets

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


_PARAMETERS = {"stage_defaults": "item", "economics": "item", "elasticities": "parameter", "parameters": "parameter"}


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
