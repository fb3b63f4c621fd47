"""What each policy asked for, what came of it, its shadow price, and what the treasury pays."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.facts.dataset import PLACE
from supplychain.program.equations.dependence import active_limits, inside_scope, limit_rows
from supplychain.program.lp import LinearProgram
from supplychain.results.tables.common import MUSD, carried, dual_in_year, values, weights
from supplychain.results.tables.costs import cheapness
from supplychain.results.tables.security import concentrated, losses
from supplychain.scenario.policies.finance import part_of_price
from supplychain.solve.highs import TIE, Solution
from supplychain.system.build import System
from supplychain.system.pattern import STAGES

COLUMNS = ["policy", "kind", "year", "mineral", "stage", "scope", "market"]
COLUMNS = [*COLUMNS, "asked", "achieved", "binding", "shadow_price", "unit", "shadow_price_usd_per_t"]


def policies(lp: LinearProgram, system: System, solution: Solution, bills: pd.DataFrame) -> pd.DataFrame:
    """What each policy asked for, what was achieved, whether it binds and its shadow price.

    Parameters
    ----------
    bills : what the treasury pays, as `public` gives it.

    Returns
    -------
    DataFrame: policy, kind, year, mineral (or the basket's name), stage, scope, market, asked, achieved, binding,
    shadow_price, unit, shadow_price_usd_per_t. A share's shadow price is USD per percentage point of share and year,
    and per tonne moved off the group, or kept when it is lost; that of an index of concentration USD per hundredth of
    it and year; an export limit's, a floor's in tonnes and a stock's USD per tonne; a budget's
    USD per USD of fund. Tariffs and credits show what is paid, million USD.
    """
    parts = [_limits(lp, system, solution), _exports(lp, system, solution), _budgets(lp, solution)]
    parts += [losses(lp, system, solution), concentrated(lp, system, solution)]
    parts += [_targets(lp, system, solution), _paid(bills)]
    table = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    return table.reindex(columns=COLUMNS).sort_values(COLUMNS[:7], ignore_index=True)


def _limits(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    rows = active_limits(lp, system)
    table = limit_rows(rows).rename(columns={"item": "mineral"}).drop(columns="unit")
    inside = [
        t.assign(amount=values(solution, v)[t["row"]] * t["weight"] * t["part"])
        for v, t in inside_scope(lp, system, rows)
    ]
    amount = pd.concat(inside)[["limit", "amount"]].groupby("limit")["amount"].sum()
    amount = amount.reindex(table["limit"], fill_value=0.0).to_numpy()
    whole = _whole(lp, solution, rows).reindex(table["limit"], fill_value=0.0).to_numpy()
    in_tonnes = (table["tonnes"] > 0).to_numpy()
    dual = np.abs(dual_in_year(lp, system, solution, "dependence"))
    share = np.divide(amount, whole, out=np.zeros(len(whole)), where=whole > 0)
    price = np.where(in_tonnes, dual, dual * whole / 100)
    return table.assign(
        asked=np.where(in_tonnes, table["tonnes"], table["share"]),
        achieved=np.where(in_tonnes, amount, share),
        binding=price > 1e-3,
        shadow_price=price,
        shadow_price_usd_per_t=dual,
        unit=np.where(in_tonnes, "USD per tonne", "USD per percentage point"),
    )


def _whole(lp: LinearProgram, solution: Solution, rows: pd.DataFrame) -> pd.Series:
    """All primary supply that each limit's share is of (a basket's in USD at normal prices)."""
    total = lp.variables["total"]
    table = total.table[["mineral", "market", "year"]].assign(tonnes=values(solution, total))
    both = rows[["limit", "mineral", "year", "market", "weight"]].merge(
        table, on=["mineral", "year"], suffixes=("", "_of")
    )
    both = both[(both["market"] == both["market_of"]) | (both["market"] == "all")]
    return (both["tonnes"] * both["weight"]).groupby(both["limit"]).sum()


def _exports(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    rows = lp.constraints["export_limits"]
    dual = np.abs(solution.dual_of(rows).to_numpy()) / system.export_limits["year"].map(weights(system))
    arrays = solution.arrays
    out = arrays.matrix[rows.first : rows.first + len(rows)] @ (solution.value / arrays.column_unit) * rows.unit
    table = system.export_limits.assign(scope=system.export_limits["country"])
    return table.rename(columns={"against": "market"}).assign(
        asked=rows.upper,
        achieved=out,
        binding=dual > 1e-6,
        shadow_price=dual,
        shadow_price_usd_per_t=dual,
        unit="USD per tonne let out",
    )


def _budgets(lp: LinearProgram, solution: Solution) -> pd.DataFrame:
    rows, shared = lp.constraints["budget"], lp.variables["subsidised"]
    paid = values(solution, shared) * shared.table["capex_share"] * shared.table["capex_usd_per_t"]
    spent = paid.groupby(shared.table["policy"]).sum().reindex(rows.table["policy"], fill_value=0.0).to_numpy()
    dual = np.abs(solution.dual_of(rows).to_numpy())
    return rows.table.assign(
        kind="investment_fund",
        asked=rows.upper / MUSD,
        achieved=spent / MUSD,
        binding=dual > 1e-9,
        shadow_price=dual,
        unit="USD per USD of fund, budget in million USD",
    )


def _targets(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """Stockpiles: the level asked for, and what one tonne less would save."""
    stock = lp.variables["stock"]
    keys = ["mineral", "market", "year"]
    reduced = solution.reduced[stock.first : stock.first + len(stock)]
    level = stock.table[keys].assign(
        achieved=values(solution, stock), at=reduced / stock.table["weight"].to_numpy(dtype=float)
    )
    table = system.stocks.merge(level, on=keys)
    worth = table["at"].clip(lower=0.0)
    return table.assign(
        kind="stockpile",
        asked=table["target_t"],
        binding=(worth > TIE) & (table["target_t"] > 0),
        shadow_price=worth,
        shadow_price_usd_per_t=worth,
        unit="USD per tonne",
    )


def _paid(bills: pd.DataFrame) -> pd.DataFrame:
    """Tariffs and credits: what they bring or cost in the year."""
    table = bills[bills["item"].isin(["credit", "revenue"])]
    return table.assign(achieved=table["musd"].abs(), binding=table["musd"].abs() > 1e-9, unit="million USD paid")


def public(lp: LinearProgram, system: System, solution: Solution, prices: pd.DataFrame) -> pd.DataFrame:
    """What the treasury pays, apart from the system's cost: policy, kind, year, item, musd (negative: it earns).

    Items: capital (a fund's share of what is built, in the year of coming on line), guarantee (the part of the capital
    that annuities at a lower rate do not repay, in that year), credit (production credits; a price
    floor's is the floor less the mean delivered price, where that is lower), offtake (the floor's shadow price on its
    tonnes), stock (purchases less releases at the delivered price), holding, revenue (tariffs).
    """
    parts = [
        _capital(lp, solution),
        _guarantees(lp, system, solution),
        _credits(lp, system, solution, prices),
        _offtakes(lp, system, solution),
    ]
    parts += [_stock_bills(lp, system, solution, prices), _revenue(lp, system, solution)]
    keys = ["policy", "kind", "year", "item"]
    table = pd.concat(
        [part[[*keys, "musd"]] for part in parts if len(part)] or [parts[0][[*keys, "musd"]]], ignore_index=True
    )
    return table.groupby(keys, as_index=False)["musd"].sum().sort_values(keys, ignore_index=True)


def _capital(lp: LinearProgram, solution: Solution) -> pd.DataFrame:
    shared = lp.variables["subsidised"]
    paid = values(solution, shared) * shared.table["capex_share"] * shared.table["capex_usd_per_t"] / MUSD
    return shared.table[["policy", "year"]].assign(kind="investment_fund", item="capital", musd=paid)


def _guarantees(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """What lower rates are worth: capital that is not a fund's, less what annuities at those rates repay of it.

    At the country's own rate these are worth annuity(lower) / annuity(own) of the capital; policies share the rest by
    the logarithms of their parts in that ratio.
    """
    build, shared = lp.variables["build"], lp.variables["subsidised"]
    keys = ["build", "year"]
    given = (values(solution, shared) * shared.table["capex_share"]).groupby([shared.table[k] for k in keys]).sum()
    table = build.table[[*keys, "capex_usd_per_t"]].assign(built=values(solution, build))
    table = table.assign(left=cheapness(table, system)).join(given.rename("given"), on=keys).fillna({"given": 0.0})
    table = table.merge(system.rates[system.rates["factor"] < 1.0], on=keys)
    part = np.log(table["factor"]) / np.log(table["left"])
    musd = (table["built"] - table["given"]) * table["capex_usd_per_t"] * (1.0 - table["left"]) * part / MUSD
    return table.assign(item="guarantee", musd=musd)


def _credits(lp: LinearProgram, system: System, solution: Solution, prices: pd.DataFrame) -> pd.DataFrame:
    through, pooled = (_wanted(lp, solution, name, system.credits, [*PLACE, "ratio"]) for name in ("through", "pooled"))
    made = [through.assign(made_t=through["tonnes"] * through["ratio"]), pooled.assign(made_t=pooled["tonnes"])]
    keys = [*PLACE, "year"]
    output = pd.concat(made).groupby(keys)["made_t"].sum()
    table = system.credits.join(output, on=keys).fillna({"made_t": 0.0})
    mean = _mean_price(system, prices).reindex(pd.MultiIndex.from_frame(table[["mineral", "year"]])).to_numpy()
    gap = (table["floor_usd_per_t"] - mean * part_of_price(system.feeds, system.minerals, table)).clip(lower=0.0)
    rate = table["usd_per_t"].where(table["floor_usd_per_t"].isna(), gap)
    return table.assign(item="credit", musd=rate * table["made_t"] / MUSD)


def _mean_price(system: System, prices: pd.DataFrame) -> pd.Series:
    """Delivered price by mineral and year, mean of the markets weighted by their use."""
    use = system.use.assign(whole=system.use["base_t"] * system.use["growth"])
    table = prices.merge(use[["mineral", "market", "year", "whole"]], on=["mineral", "market", "year"])
    sums = table.assign(paid=table["usd_per_t"] * table["whole"]).groupby(["mineral", "year"])[["paid", "whole"]].sum()
    return sums["paid"] / sums["whole"].replace(0.0, np.nan)


def _offtakes(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """What a guaranteed purchase costs beyond the market: shadow price of its floor in tonnes, on those tonnes."""
    rows = lp.constraints["dependence"]
    floor = -np.minimum(rows.upper, 0.0)  # as eq. 7 has it; a cap's bound is not negative
    musd = np.abs(dual_in_year(lp, system, solution, "dependence")) * floor / MUSD
    return rows.table.assign(item="offtake", musd=musd)[floor > 0]


def _stock_bills(lp: LinearProgram, system: System, solution: Solution, prices: pd.DataFrame) -> pd.DataFrame:
    stock = lp.variables["stock"]
    keys = ["mineral", "market", "year"]
    table = stock.table[[*keys, "holding_usd_per_t"]].assign(
        level_t=values(solution, stock),
        net_t=values(solution, lp.variables["bought"]) - values(solution, lp.variables["released"]),
    )
    table = table.merge(prices[[*keys, "usd_per_t"]], on=keys).merge(system.stocks[["policy", *keys]], on=keys)
    # Several policies on one stock share its bill.
    table["part"] = 1.0 / table.groupby(keys)["policy"].transform("count")
    bought = table["net_t"] * table["usd_per_t"] * table["part"] / MUSD
    held = table["level_t"] * table["holding_usd_per_t"] * table["part"] / MUSD
    both = [
        table.assign(item=item, musd=musd, kind="stockpile") for item, musd in (("stock", bought), ("holding", held))
    ]
    return pd.concat(both, ignore_index=True)


def _revenue(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """Tariff revenue by policy: each rate on the tonnes that it meets."""
    keys = ["mineral", "stage", "country", "market", "year"]
    places = {stage: stage for stage in STAGES} | {"supply": "supplier"}
    flows = _wanted(lp, solution, "flow", system.tariffs, ["market", *places.values()])
    sold = _wanted(lp, solution, "delivered", system.tariffs, ["market", "supplier", "traced"])
    parts = [flows.assign(country=flows[place], stage=stage) for stage, place in places.items()]
    parts.append(sold.loc[~sold["traced"].to_numpy(dtype=bool)].assign(country=sold["supplier"], stage="supply"))
    met = pd.concat([part[[*keys, "tonnes"]] for part in parts]).groupby(keys)["tonnes"].sum()
    table = system.tariffs.join(met, on=keys).fillna({"tonnes": 0.0})
    return table.assign(item="revenue", musd=-table["tonnes"] * table["usd_per_t"] / MUSD)


def _wanted(lp: LinearProgram, solution: Solution, name: str, asked: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """What a variable carries of the minerals that a policy asks about: mineral, year, these columns, tonnes."""
    v = lp.variables[name]
    of_these = v.table["mineral"].isin(asked["mineral"].unique()).to_numpy()
    return carried(solution, v, list(dict.fromkeys(["mineral", "year", *columns])), only=of_these)
