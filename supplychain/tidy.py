"""From a solution to tidy tables: one fact a row, tonnes and USD, nothing scaled."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.lp import LinearProgram, Variable
from supplychain.model import active_limits
from supplychain.pattern import STAGES
from supplychain.solver import TIE, Solution
from supplychain.system import System
from supplychain.variables import PLACE, delivery_reference

MUSD = 1e6
# Flows below this part of a mineral's thousandth of world output are the solver's rounding.
DUST = 1e-6


def _values(solution: Solution, variable: Variable) -> np.ndarray:
    """A variable's values without dust."""
    value = solution.of(variable).to_numpy()
    return np.where(value > DUST * variable.unit, value, 0.0)


def _weights(system: System) -> pd.Series:
    return system.years.set_index("year")["weight"]


def paths(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """Tonnes along each path: year, mineral, market, mine, refine, fabricate, supplier, corridor, tonnes, cost."""
    flow = lp.variables["flow"]
    table = flow.table[["path", "year", "mineral", "market", *STAGES, "supplier"]].assign(
        tonnes=_values(solution, flow), cost_usd_per_t=flow.table["cost"]
    )
    table = table[table["tonnes"] > 0].merge(system.paths[["path", "corridor"]], on="path")
    order = ["year", "mineral", "market", *STAGES, "supplier", "corridor"]
    return table.sort_values(order, ignore_index=True)[[*order, "tonnes", "cost_usd_per_t"]]


def supply(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """Who supplies each market at each stage; stage `supply` is the last supplier, as customs record it.

    Columns: year, mineral, stage, country, market, tonnes, share, low_t, high_t. The last two bound the tonnes over
    all plans that cost exactly as little.
    """
    parts = [_traced_supply(lp, solution, stage) for stage in (*STAGES, "supplier")]
    parts.append(_pooled_supply(lp, system, solution))
    table = pd.concat(parts, ignore_index=True)
    keys = ["year", "mineral", "stage", "market"]
    total = table.groupby(keys)["tonnes"].transform("sum")
    table = table.assign(share=(table["tonnes"] / total.replace(0.0, np.nan)).fillna(0.0))
    table["high_t"] = np.minimum(table["high_t"], total)
    table = table[(table["tonnes"] > 0) | (table["high_t"] > table["low_t"])]
    columns = ["year", "mineral", "stage", "country", "market", "tonnes", "share", "low_t", "high_t"]
    return table.sort_values(columns[:5], ignore_index=True)[columns]


def _free(solution: Solution, lp: LinearProgram, variable: Variable) -> np.ndarray:
    """Columns without a reduced cost: those that another, equally cheap plan may move."""
    reduced = solution.reduced[variable.first : variable.first + len(variable)]
    return np.abs(reduced * variable.unit / lp.money_unit) <= TIE


def _traced_supply(lp: LinearProgram, solution: Solution, place: str) -> pd.DataFrame:
    flow = lp.variables["flow"]
    value, most = _values(solution, flow), _most(lp, solution)
    free = _free(solution, lp, flow)
    table = flow.table[["year", "mineral", "market", place]].rename(columns={place: "country"})
    table = table.assign(tonnes=value, low_t=np.where(free, 0.0, value), high_t=np.where(free, most, value))
    table = table[table["country"] != ""].groupby(["year", "mineral", "country", "market"], as_index=False).sum()
    return table.assign(stage="supply" if place == "supplier" else place)


def _most(lp: LinearProgram, solution: Solution) -> np.ndarray:
    """The most that each path's supplier can deliver in an equally cheap plan: its steps, free ones full."""
    flow, delivered = lp.variables["flow"], lp.variables["delivered"]
    keys = ["mineral", "supplier", "market", "year"]
    value = _values(solution, delivered)
    full = np.where(_free(solution, lp, delivered) & np.isfinite(delivered.upper), delivered.upper, value)
    reach = pd.Series(full).groupby([delivered.table[k] for k in keys]).sum()
    reach = reach.reindex(pd.MultiIndex.from_frame(flow.table[keys])).to_numpy()
    return np.maximum(np.nan_to_num(reach), _values(solution, flow))


def _pooled_supply(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    delivered = lp.variables["delivered"]
    table = delivered.table.assign(tonnes=_values(solution, delivered))
    table = table[~table["traced"]].rename(columns={"supplier": "country"})
    table = table.groupby(["year", "mineral", "country", "market"], as_index=False)["tonnes"].sum()
    return table.assign(stage="supply", low_t=table["tonnes"], high_t=table["tonnes"])


def prices(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """Delivered price, the dual of demand: year, mineral, market, usd_per_t, observed_usd_per_t (the normal price)."""
    demand = lp.constraints["demand"]
    table = demand.table[["year", "mineral", "market"]].copy()
    table["usd_per_t"] = solution.dual_of(demand).to_numpy() / table["year"].map(_weights(system)).to_numpy()
    normal = system.minerals.set_index("mineral")["price"]
    table["observed_usd_per_t"] = table["mineral"].map(normal)
    return table.sort_values(["year", "mineral", "market"], ignore_index=True)


def unmet(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """Use forgone and services not delivered: year, market, item, amount, unit, share (of use), value_musd."""
    forgone, undelivered = lp.variables["forgone"], lp.variables["undelivered"]
    keys = ["year", "mineral", "market"]
    table = forgone.table.assign(amount=_values(solution, forgone))
    table["value_musd"] = table["amount"] * table["value_usd_per_t"] / MUSD
    table = table.groupby(keys, as_index=False)[["amount", "value_musd"]].sum()
    use = system.use.assign(whole=system.use["base_t"] * system.use["growth"])
    table = table.merge(use[[*keys, "whole"]], on=keys)
    table = table.assign(unit="t", share=table["amount"] / table["whole"].replace(0.0, np.nan))
    lost = undelivered.table.rename(columns={"service": "mineral", "amount": "whole"})
    lost = lost.assign(amount=_values(solution, undelivered), market="USA")
    lost["value_musd"] = lost["amount"] * lost["value_usd_per_unit"] / MUSD
    lost["share"] = lost["amount"] / lost["whole"].replace(0.0, np.nan)
    columns = ["year", "market", "mineral", "amount", "unit", "share", "value_musd"]
    both = pd.concat([t[columns] for t in (table, lost) if len(t)] or [table[columns]], ignore_index=True)
    both = both[both["amount"] > 0].rename(columns={"mineral": "item"})
    return both.sort_values(["year", "market", "item"], ignore_index=True)


def capacity(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """Capacity by site and year: existing_t, built_t (in the year), capex_musd, subsidy_musd, scarcity rent."""
    used, build, shared = (lp.variables[name] for name in ("used", "build", "subsidised"))
    keys = [*PLACE, "year"]
    rent = lp.constraints["capacity"]
    scarcity = -solution.dual_of(rent).to_numpy() / rent.table["year"].map(_weights(system)).to_numpy()
    charge = used.table["charge_usd_per_t"].to_numpy()
    table = used.table[keys].assign(
        site="",
        existing_t=used.table["existing_t"],
        used_t=_values(solution, used),
        built_t=0.0,
        capex_musd=0.0,
        subsidy_musd=0.0,
        scarcity_rent_usd_per_t=np.maximum(scarcity - charge, 0.0),
    )
    built = build.table[[*keys, "build", "project", "capex_usd_per_t"]].assign(built_t=_values(solution, build))
    paid = shared.table[["build", "year"]].assign(
        subsidy_musd=_values(solution, shared) * shared.table["capex_share"] * shared.table["capex_usd_per_t"] / MUSD
    )
    paid = paid.groupby(["build", "year"], as_index=False)["subsidy_musd"].sum()
    built = built.merge(paid, on=["build", "year"], how="left").fillna({"subsidy_musd": 0.0})
    built = built[built["built_t"] > 0].assign(
        capex_musd=lambda t: t["built_t"] * t["capex_usd_per_t"] / MUSD,
        site=lambda t: t["project"].where(t["project"] != "", "expansion"),
        existing_t=0.0,
        used_t=0.0,
        scarcity_rent_usd_per_t=0.0,
    )
    columns = ["year", *PLACE, "site", "existing_t", "used_t", "built_t", "capex_musd", "subsidy_musd"]
    columns += ["scarcity_rent_usd_per_t"]
    both = pd.concat([table[columns], built[columns]] if len(built) else [table[columns]], ignore_index=True)
    return both.sort_values(["year", *PLACE, "site"], ignore_index=True)


def policies(lp: LinearProgram, system: System, solution: Solution, supplied: pd.DataFrame) -> pd.DataFrame:
    """What each limit asked for, what was achieved, whether it binds and its shadow price.

    Columns: policy, kind, year, mineral, stage, scope, market, asked, achieved, binding, shadow_price, unit,
    shadow_price_usd_per_t. A share's shadow price is USD per percentage point of share and year, and per tonne moved
    off the group; an export limit's USD per tonne; a budget's USD per USD of fund.
    """
    parts = [_shares(lp, system, solution, supplied), _exports(lp, system, solution), _budgets(lp, solution)]
    table = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    columns = ["policy", "kind", "year", "mineral", "stage", "scope", "market"]
    columns += ["asked", "achieved", "binding", "shadow_price", "unit", "shadow_price_usd_per_t"]
    return table.reindex(columns=columns).sort_values(columns[:7], ignore_index=True)


def _shares(lp: LinearProgram, system: System, solution: Solution, supplied: pd.DataFrame) -> pd.DataFrame:
    limits = active_limits(lp, system)
    whole = supplied.groupby(["mineral", "stage", "market", "year"], as_index=False)["tonnes"].sum()
    inside = supplied.merge(system.members, on="country")
    inside = inside.groupby(["mineral", "stage", "scope", "market", "year"], as_index=False)["tonnes"].sum()
    keys = ["mineral", "stage", "year"]
    everywhere = whole.groupby(keys, as_index=False)["tonnes"].sum().assign(market="all")
    inside_all = inside.groupby([*keys, "scope"], as_index=False)["tonnes"].sum().assign(market="all")
    whole = pd.concat([whole, everywhere]).rename(columns={"tonnes": "tonnes_all"})
    table = limits.merge(whole, on=[*keys, "market"], how="left")
    table = table.merge(pd.concat([inside, inside_all]), on=[*keys, "scope", "market"], how="left")
    achieved = (table["tonnes"] / table["tonnes_all"]).fillna(0.0)
    dual = np.abs(solution.dual_of(lp.constraints["dependence"]).to_numpy())
    per_point = dual * table["tonnes_all"].fillna(0.0) / 100 / table["year"].map(_weights(system))
    return table.assign(
        asked=table["share"],
        achieved=achieved,
        binding=per_point > 1e-3,
        shadow_price=per_point,
        shadow_price_usd_per_t=dual / table["year"].map(_weights(system)),
        unit="USD per percentage point",
    )


def _exports(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    rows = lp.constraints["export_limits"]
    dual = np.abs(solution.dual_of(rows).to_numpy()) / system.export_limits["year"].map(_weights(system))
    table = system.export_limits.assign(kind="export_ban", scope=system.export_limits["country"])
    table = table.rename(columns={"against": "market"})
    achieved = pd.Series(rows.upper)
    return table.assign(
        asked=rows.upper,
        achieved=achieved,
        binding=dual > 1e-6,
        shadow_price=dual,
        shadow_price_usd_per_t=dual,
        unit="USD per tonne let out",
    )


def _budgets(lp: LinearProgram, solution: Solution) -> pd.DataFrame:
    rows, shared = lp.constraints["budget"], lp.variables["subsidised"]
    paid = _values(solution, shared) * shared.table["capex_share"] * shared.table["capex_usd_per_t"]
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


def costs(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """Cost by year and item, million USD of the year (not discounted): year, item, musd.

    Items: mine, refine, fabricate (operating), capital (charge of existing plants), capex (annuities of new ones, after
    subsidy), freight, time, margin (what suppliers earn above cost at the normal price), switching (above the base
    pattern), forgone (use given up, at its step's value), undelivered (services lost).
    """
    weights = _weights(system)
    parts = [_path_costs(lp, system, solution), _pooled_costs(lp, system, solution)]
    for name, item in _PRICED.items():
        v = lp.variables[name]
        value = _values(solution, v) * v.cost / v.table["year"].map(weights).to_numpy() / MUSD
        parts.append(pd.DataFrame({"year": v.table["year"], "item": item, "musd": value}))
    parts.append(_annuities(lp, system, solution))
    table = pd.concat([part for part in parts if len(part)], ignore_index=True)
    return table.groupby(["year", "item"], as_index=False)["musd"].sum()


_PRICED = {
    "used": "capital",
    "excess": "switching",
    "pooled_excess": "switching",
    "forgone": "forgone",
    "undelivered": "undelivered",
}


def _path_costs(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    flow = lp.variables["flow"]
    tonnes = flow.table[["path", "year"]].assign(tonnes=_values(solution, flow))
    items = [*STAGES, "freight", "time", "margin"]
    rates = system.paths[["path", *(f"{item}_usd_per_t" for item in items)]]
    table = tonnes[tonnes["tonnes"] > 0].merge(rates, on="path")
    return _melted(table, items)


def _melted(table: pd.DataFrame, items: list[str]) -> pd.DataFrame:
    musd = table[[f"{item}_usd_per_t" for item in items]].mul(table["tonnes"], axis=0) / MUSD
    return musd.set_axis(items, axis=1).assign(year=table["year"]).melt("year", var_name="item", value_name="musd")


def _pooled_costs(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    pooled, feed, delivered = (lp.variables[name] for name in ("pooled", "feed", "delivered"))
    made = pooled.table.assign(item=pooled.table["stage"])
    made["musd"] = _values(solution, pooled) * made["opex_usd_per_t"] / MUSD
    moves = ["freight", "time", "margin"]
    columns = [f"{item}_usd_per_t" for item in moves]
    fed = feed.table[["feed", "year"]].assign(tonnes=_values(solution, feed))
    fed = fed[fed["tonnes"] > 0].merge(system.feeds[["feed", *columns]], on="feed")
    sold = delivered.table[["delivery", "year", "traced", "switching", "supplier"]].assign(
        tonnes=_values(solution, delivered)
    )
    sold = sold[sold["tonnes"] > 0].merge(system.deliveries[["delivery", *columns]], on="delivery")
    switching = sold.assign(item="switching", musd=sold["tonnes"] * sold["switching"] / MUSD)
    reference = delivery_reference(lp.variables["delivered"].table)
    parts = [made, _melted(fed, moves), _melted(sold[~sold["traced"]], moves), switching, reference]
    return pd.concat([part[["year", "item", "musd"]] for part in parts if len(part)], ignore_index=True)


def switching(lp: LinearProgram, solution: Solution) -> pd.DataFrame:
    """Switching cost by year, mineral and market above the base pattern: year, mineral, market, musd.

    Deliveries only; what feeds draw beyond their usual proportion is in `costs`.
    """
    delivered = lp.variables["delivered"]
    table = delivered.table.assign(musd=_values(solution, delivered) * delivered.table["switching"] / MUSD)
    table["musd"] += delivery_reference(delivered.table)["musd"]
    return table.groupby(["year", "mineral", "market"], as_index=False)["musd"].sum()


def _annuities(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """Yearly payments for what has been built, and what a fund pays of them."""
    parts = []
    for name, item, sign in (("build", "capex", 1.0), ("subsidised", "capex", -1.0), ("subsidised", "subsidy", 1.0)):
        v = lp.variables[name]
        share = v.table["capex_share"] if name == "subsidised" else 1.0
        yearly = _values(solution, v) * v.table["charge_usd_per_t"] * share * sign / MUSD
        table = v.table[["year"]].rename(columns={"year": "start"}).assign(musd=yearly, item=item)
        table = table.merge(system.years[["year"]], how="cross")
        parts.append(table[table["year"] >= table["start"]][["year", "item", "musd"]])
    return pd.concat(parts, ignore_index=True)


def closure(lp: LinearProgram, solution: Solution) -> pd.DataFrame:
    """Mass balance by mineral: largest imbalance of any balance row over the mineral's flow: mineral, closure."""
    rows = [
        lp.constraints[n] for n in ("through", "total", "demand", "pooled_output", "pooled_feed", "delivery_pattern")
    ]
    arrays = solution.arrays
    activity = arrays.matrix @ (solution.value / arrays.column_unit) * arrays.row_unit
    parts = []
    for c in rows:
        gap = np.abs(activity[c.first : c.first + len(c)] - c.lower)
        parts.append(c.table[["mineral"]].assign(gap=gap))
    gaps = pd.concat(parts, ignore_index=True).groupby("mineral")["gap"].max()
    demand = lp.constraints["demand"]
    size = pd.Series(demand.lower).groupby(demand.table["mineral"]).sum()
    flow = pd.Series(solution.of(lp.variables["total"])).groupby(lp.variables["total"].table["mineral"]).sum()
    scale = size.add(flow, fill_value=0.0)
    return (gaps / scale.replace(0.0, np.nan)).fillna(0.0).rename("closure").reset_index()
