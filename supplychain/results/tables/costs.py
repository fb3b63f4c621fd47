"""What it costs, and who pays: cost items, switching, and the treasury's bill."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from supplychain.facts.dataset import PLACE
from supplychain.program.lp import LinearProgram
from supplychain.program.variables.steps import delivery_reference
from supplychain.results.tables.common import MUSD, carried, scarcity, summed, values, weights
from supplychain.solve.highs import Solution
from supplychain.system.build import System
from supplychain.system.pattern import STAGES

RESOURCE, TRANSFER = "resource", "transfer"
# What is no resource used up: money that only changes hands.
_TRANSFERS = ("tariff", "credit", "subsidy", "cheap_capital")


def costs(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """Cost by year and item, million USD of the year (not discounted): year, item, kind, musd.

    Items of the kind `resource`: mine, refine, fabricate (operating), dearer (what a place's dearer plants, and those
    that stood idle, cost beyond its cheapest), entry (what new plants cost to run beyond those that stand), capex
    (annuities of new plants at their country's rate, whoever pays), freight (with time on the ways out of Central
    Asia), time, margin (what levels the freight of those who trade with each other: quality and contracts), switching
    (above the base pattern), forgone (use given up, at its step's value), gained (less what more use is worth, where
    prices fall), undelivered (services lost), recycling, technology (margins and shifts of the mix), stock (holding,
    less what is left at the end), private_stock (what being without it costs those who hold it, and more than usual to
    store), detour (the way round an export ban). `transfer`: tariff (paid), and received, negative, credit (production
    credits and price floors), subsidy (the funds' part of the annuities) and cheap_capital (what a lower rate takes off
    them). All items together, discounted,
    are the objective. Rents are no cost: see `rents`.
    """
    parts = [*_path_costs(lp, system, solution), *_pooled_costs(lp, system, solution), _shipping(lp, solution)]
    parts += [_priced(lp, system, solution, name, item) for name, item in _PRICED.items()]
    parts += [_worth(system), *_tariffs_paid(lp, solution), *_annuities(lp, system, solution)]
    items = sorted({part.item for part in parts})
    table = pd.concat([_yearly(item, [part for part in parts if part.item == item]) for item in items])
    table.insert(2, "kind", table["item"].map(kind_of))
    return table.sort_values(["year", "item"], ignore_index=True)


def kind_of(item: str) -> str:
    """Whether an item of cost is a resource used or a transfer."""
    return TRANSFER if item in _TRANSFERS else RESOURCE


class _Part(NamedTuple):
    """Part of an item: the year and the million USD of each of its entries."""

    item: str
    year: pd.Series
    musd: pd.Series | np.ndarray


def _yearly(item: str, parts: list[_Part]) -> pd.DataFrame:
    """All parts of one item by year; an item at a time, so that no entry has to carry the item's name."""
    parts = [part for part in parts if len(part.year)]
    year = np.concatenate([part.year.to_numpy() for part in parts] or [np.zeros(0, dtype=int)])
    musd = np.concatenate([np.asarray(part.musd, dtype=float) for part in parts] or [np.zeros(0)])
    sums = pd.Series(musd).groupby(year).sum()
    return pd.DataFrame({"year": sums.index, "item": item, "musd": sums.to_numpy()})


_MOVES = ["freight", "time", "margin"]
_PRICED = {
    "used": "dearer",
    "excess": "switching",
    "pooled_excess": "switching",
    "forgone": "forgone",
    "gained": "gained",
    "undelivered": "undelivered",
    "secondary": "recycling",
    "deployed": "technology",
    "shifted": "technology",
    "stock": "stock",
    "held": "private_stock",
    "detoured": "detour",
    "through": "credit",
}


def _priced(lp: LinearProgram, system: System, solution: Solution, name: str, item: str) -> _Part:
    """A variable's own cost in each year as one item."""
    v = lp.variables[name]
    year_weights = v.table["year"].map(weights(system)).to_numpy(dtype=float)
    return _Part(item, v.table["year"], solution.of(v).to_numpy() * v.cost / year_weights / MUSD)


def _worth(system: System) -> _Part:
    """Less the value of use, where the data say what it is worth."""
    musd = -(system.use["value_usd_per_t"].fillna(0.0) * system.use["tonnes"]) / MUSD
    return _Part("forgone", system.use["year"], musd)


def _shipping(lp: LinearProgram, solution: Solution) -> _Part:
    """Freight and time on the ways out of Central Asia."""
    shipped = lp.variables["shipped"]
    return _Part("freight", shipped.table["year"], values(solution, shipped) * shipped.table["cost"] / MUSD)


def _tariffs_paid(lp: LinearProgram, solution: Solution) -> list[_Part]:
    """Tariffs on traced paths and pooled deliveries."""
    both = [lp.variables[name] for name in ("flow", "delivered")]
    return [_Part("tariff", v.table["year"], values(solution, v) * v.table["tariff_usd_per_t"] / MUSD) for v in both]


def _path_costs(lp: LinearProgram, system: System, solution: Solution) -> list[_Part]:
    """What is paid along the traced paths."""
    items = [*STAGES, *_MOVES]
    rates = system.paths[["path", *(f"{item}_usd_per_t" for item in items)]]
    return _at_rates(carried(solution, lp.variables["flow"], ["path", "year"]).merge(rates, on="path"), items)


def _at_rates(table: pd.DataFrame, items: list[str]) -> list[_Part]:
    """Each item at its rate on the table's tonnes."""
    return [_Part(item, table["year"], table[f"{item}_usd_per_t"] * table["tonnes"] / MUSD) for item in items]


def _pooled_costs(lp: LinearProgram, system: System, solution: Solution) -> list[_Part]:
    """What the pooled markets pay, and what switching costs in all markets."""
    feed, delivered = lp.variables["feed"], lp.variables["delivered"]
    rates = [f"{item}_usd_per_t" for item in _MOVES]
    fed = carried(solution, feed, ["feed", "year"]).merge(system.feeds[["feed", *rates]], on="feed")
    sold = carried(solution, delivered, ["delivery", "year", "traced", "switching"])
    pooled = sold.loc[~sold["traced"].to_numpy(dtype=bool), ["delivery", "year", "tonnes"]]
    pooled = pooled.merge(system.deliveries[["delivery", *rates]], on="delivery")
    reference = delivery_reference(delivered.table)["musd"]
    switching = [
        _Part("switching", sold["year"], sold["tonnes"] * sold["switching"] / MUSD),
        _Part("switching", delivered.table["year"], reference),
    ]
    return [*_made_for_pooled(lp, solution), *_at_rates(fed, _MOVES), *_at_rates(pooled, _MOVES), *switching]


def _made_for_pooled(lp: LinearProgram, solution: Solution) -> list[_Part]:
    """Operating costs of what is made for the pooled markets, by stage, and the credits on it."""
    pooled = lp.variables["pooled"]
    table, made = pooled.table, values(solution, pooled)
    opex = table["opex_usd_per_t"].to_numpy(dtype=float)
    rate = pooled.cost / table["weight"].to_numpy(dtype=float) - opex
    at = {stage: (table["stage"] == stage).to_numpy(dtype=bool) for stage in STAGES}
    parts = [_Part(stage, table["year"][rows], (made * opex / MUSD)[rows]) for stage, rows in at.items()]
    return [*parts, _Part("credit", table["year"], made * rate / MUSD)]


def switching(lp: LinearProgram, solution: Solution) -> pd.DataFrame:
    """Switching cost by year, mineral and market above the base pattern: year, mineral, market, musd.

    Deliveries only; what feeds draw beyond their usual proportion is in `costs`.
    """
    delivered = lp.variables["delivered"]
    musd = values(solution, delivered) * delivered.table["switching"] / MUSD
    musd += delivery_reference(delivered.table)["musd"]
    first = ~delivered.table["delivery"].duplicated()
    labels = delivered.table.loc[first, ["mineral", "market"]]
    position, _ = pd.factorize(delivered.table["delivery"])
    table = summed(delivered.table[["year"]].assign(musd=musd), position, labels)
    keys = ["year", "mineral", "market"]
    return table.sort_values(keys, ignore_index=True)[[*keys, "musd"]]


def _annuities(lp: LinearProgram, system: System, solution: Solution) -> list[_Part]:
    """Yearly payments for what has been built at its country's rate, and what a lower rate and funds take off them."""
    build, shared = lp.variables["build"], lp.variables["subsidised"]
    paid = values(solution, build) * build.table["charge_usd_per_t"] / MUSD
    whole = paid / cheapness(build.table, system)
    given = values(solution, shared) * shared.table["charge_usd_per_t"] * shared.table["capex_share"] / MUSD
    dearer = values(solution, build) * build.table["entry_usd_per_t"] / MUSD
    return [
        _from_then_on("entry", build.table["year"], dearer, system),
        _from_then_on("capex", build.table["year"], whole, system),
        _from_then_on("cheap_capital", build.table["year"], paid - whole, system),
        _from_then_on("subsidy", shared.table["year"], -given, system),
    ]


def _from_then_on(item: str, start: pd.Series, musd: pd.Series, system: System) -> _Part:
    """An item that is paid in every year from its start to the horizon's end."""
    table = pd.DataFrame({"start": start, "musd": musd}).merge(system.years[["year"]], how="cross")
    table = table[table["year"] >= table["start"]]
    return _Part(item, table["year"], table["musd"])


def cheapness(table: pd.DataFrame, system: System) -> np.ndarray:
    """What lower rates leave of the annuity of each build and year of coming on line, 1 where there are none."""
    lower = system.rates[system.rates["factor"] < 1.0]
    left = lower.groupby(["build", "year"])["factor"].prod()
    return left.reindex(pd.MultiIndex.from_frame(table[["build", "year"]])).fillna(1.0).to_numpy()


def rents(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """What those earn who have capacity that is cheaper than the dearest that is needed: a part of prices, not of cost.

    Returns
    -------
    DataFrame: year, mineral, stage, country, musd (the dual of the site's capacity, on what runs there of existing
    plant, less what its dearer part costs).
    """
    used = lp.variables["used"]
    keys = [*PLACE, "owner", "year"]
    table = used.table[[*keys, "dearer_usd_per_t"]].assign(made=values(solution, used))
    table = table.merge(scarcity(lp, system, solution), on=keys)
    table["musd"] = table["made"] * (table["rent_usd_per_t"] - table["dearer_usd_per_t"]).clip(lower=0.0) / MUSD
    return table.groupby(["year", *PLACE], as_index=False)["musd"].sum()
