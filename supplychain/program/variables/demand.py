"""Steps of demand and of private stocks: at what price use gives way, and stocks are drawn upon."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.program.variables.steps import acts_in_base_year, repeated
from supplychain.system.build import System

# Multiples of the normal price at which demand is forgone, for a ceiling of ten times; others are stretched to theirs.
PRICE_EDGES = np.array([1.0, 1.05, 1.15, 1.3, 1.5, 2.0, 3.0, 4.5, 6.5, 10.0])
# Multiples of the normal price below which use is gained, step by step.
LOW_EDGES = np.array([1.0, 0.95, 0.85, 0.7, 0.5, 0.3])
# By how much of the normal price, interest apart, this year's must stand above next year's for a quarter of a stock to
# be sold, and for each further one (judgement: who is left without pays ever more to keep running).
DRAWN = np.array([0.1, 0.3, 0.8, 2.0])
# What storing more than usual costs a year, interest apart, as a part of the price.
STORAGE = 0.02


def forgone_steps(system: System) -> pd.DataFrame:
    """Steps of price-responsive use: how wide in the long run, how fast in a year, and at what price.

    Along the long-run curve q = (p/p0)^(-long_run) each step is as wide as the price moves it, that of technologies
    too; in one year it gives way only as far as the short-run elasticity has it. Beyond the last price all use ends:
    what is outside energy at the ceiling, and of other markets' technologies at what the same are worth in the traced
    one, where they end by themselves.

    Returns
    -------
    DataFrame: mineral, market, year, weight, step, width_t, pace_t (t more in a year; without end where all use ends),
    value_usd_per_t.
    """
    table = _responsive(system).merge(_worth(system), on="mineral", how="left")
    n = len(PRICE_EDGES)
    long, step = repeated(table, n + 1), np.tile(np.arange(n + 1), len(table))
    edges = PRICE_EDGES[np.minimum(step, n - 1)], PRICE_EDGES[np.minimum(step + 1, n - 1)]
    low, high = (edge ** (np.log(long["ceiling"]) / np.log(PRICE_EDGES[-1])) for edge in edges)
    wide, quick = (low ** -long[e] - high ** -long[e] for e in ("long_run", "short_run"))
    energy = long["energy_share"].where(~long["traced"] & long["worth_usd_per_t"].notna(), 0.0)
    left = np.where(step == n, energy, 1.0 - energy) * long["tonnes"]
    # The base year is history: nobody saves in it ahead of what comes later, unless a policy acts in it already.
    now = _in_base_year(long, system)
    rest = step >= n - 1
    price = np.sqrt(low * high) * long["price"]
    steps = long[["mineral", "market", "year", "weight"]].assign(
        step=step,
        width_t=np.where(rest, left, np.where(now, 0.0, wide * long["whole_t"])),
        pace_t=np.where(rest, np.inf, np.minimum(quick, wide) * long["whole_t"]),
        value_usd_per_t=np.where(step == n, np.fmax(long["worth_usd_per_t"], price), price),
    )
    steps = steps[(steps["step"] < n) | (steps["width_t"] > 0)]
    return pd.concat([_valued(system), steps], ignore_index=True)


def _responsive(system: System) -> pd.DataFrame:
    """Use by year that a demand curve values, that of technologies with it (`whole_t`), beside its mineral's curve."""
    curve = ["mineral", "price", "short_run", "long_run", "ceiling", "energy_share"]
    elastic = system.minerals.dropna(subset=["short_run", "long_run"])[curve]
    table = system.use[system.use["value_usd_per_t"].isna()].drop(columns="value_usd_per_t")
    table = table.assign(whole_t=np.fmax(table["base_t"] * table["growth"], table["tonnes"]))
    table = table.merge(elastic[elastic["price"] > 0], on="mineral")
    return table[table["whole_t"] > 0].merge(system.years, on="year")


def _worth(system: System) -> pd.DataFrame:
    """What technologies could pay for a mineral before the first of them is given up: mineral, worth_usd_per_t."""
    value = system.services.groupby("service")["value_usd_per_unit"].max()
    made = system.technologies[system.technologies["share"] > 0].drop_duplicates("technology")
    table = system.intensities.merge(made[["technology", "service"]], on="technology")
    worth = table["service"].map(value) / table["t_per_unit"].replace(0.0, np.nan)
    return worth.groupby(table["mineral"]).min().rename("worth_usd_per_t").reset_index()


def _in_base_year(table: pd.DataFrame, system: System) -> pd.Series:
    """Whether a row is of the base year, and no policy acts in it."""
    return (table["year"] == system.years["year"].iloc[0]) & (not acts_in_base_year(system))


def _valued(system: System) -> pd.DataFrame:
    """One step for use whose worth the data state."""
    table = system.use.dropna(subset=["value_usd_per_t"]).merge(system.years, on="year")
    columns = ["mineral", "market", "year", "weight", "value_usd_per_t"]
    return table[columns].assign(step=0, width_t=table["tonnes"], pace_t=np.inf)


def gained_steps(system: System) -> pd.DataFrame:
    """Steps of use that is there only below the normal price: the same curves as of use forgone, and the same columns.

    As use gives way slowly it comes slowly: in one year as far as the short-run elasticity has it. The base year is
    history.
    """
    table = _responsive(system)
    table = table[table["tonnes"] > 0]
    n = len(LOW_EDGES) - 1
    long, step = repeated(table, n), np.tile(np.arange(n), len(table))
    high, low = LOW_EDGES[step], LOW_EDGES[step + 1]
    wide, quick = (low ** -long[e] - high ** -long[e] for e in ("long_run", "short_run"))
    return long[["mineral", "market", "year", "weight"]].assign(
        step=step,
        width_t=np.where(_in_base_year(long, system), 0.0, wide) * long["tonnes"],
        pace_t=np.minimum(quick, wide) * long["tonnes"],
        value_usd_per_t=np.sqrt(low * high) * long["price"],
    )


def stock_steps(system: System) -> pd.DataFrame:
    """How far private stocks may stand below their usual level, and above it (`sign` -1), by year.

    Being without a part of it costs each year what `DRAWN` has, beside the interest that is saved. In the base year
    stocks are as they were, unless a policy acts in it. In the last year they are at their usual level again: what
    is missing costs what it costs then, for at any other price the end itself would be worth selling, or storing, for.

    Returns
    -------
    DataFrame: mineral, market, year, weight, step, sign, width_t, usd_per_t (a year that it stands so).
    """
    use = system.use[system.use["stock_t"] > 0][["mineral", "market", "year", "stock_t"]]
    table = use.merge(system.minerals.loc[system.minerals["price"] > 0, ["mineral", "price"]], on="mineral")
    table = table.merge(system.years, on="year")
    weights = system.years["weight"].to_numpy(dtype=float)
    interest = weights[0] / weights[1] - 1.0 if len(weights) > 1 else 0.0
    n = len(DRAWN) + 1
    long, step = repeated(table, n), np.tile(np.arange(n), len(table))
    below = step < len(DRAWN)
    charge = np.append(DRAWN + interest, STORAGE)[step]
    last = long["year"] == system.years["year"].iloc[-1]
    width = np.where(below, 1.0 / len(DRAWN), 1.0) * long["stock_t"]
    return long[["mineral", "market", "year", "weight"]].assign(
        step=step,
        sign=np.where(below, 1.0, -1.0),
        width_t=np.where(last | _in_base_year(long, system), 0.0, width),
        usd_per_t=charge * long["price"],
    )
