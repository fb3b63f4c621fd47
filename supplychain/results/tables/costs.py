"""What it costs, and who pays: cost items, switching, and the treasury's bill."""

from __future__ import annotations

import pandas as pd

from supplychain.program.lp import LinearProgram
from supplychain.program.variables.steps import delivery_reference
from supplychain.results.tables.common import MUSD, values, weights
from supplychain.solve.highs import Solution
from supplychain.system.build import System
from supplychain.system.pattern import STAGES


def costs(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """Cost by year and item, million USD of the year (not discounted): year, item, musd.

    Items: mine, refine, fabricate (operating), capital (charge of existing plants), capex (annuities of new ones),
    freight (with time on the ways out of Central Asia), time, margin (what suppliers earn above cost at the
    normal price), switching (above the base pattern), forgone (use given up, at its step's value), undelivered
    (services lost), recycling, technology (margins and shifts of the mix), stock (holding, less what is left at the
    end), tariff (paid), credit and subsidy (received, negative: production credits, and the funds' part of the
    annuities). All items together, discounted, are the objective.
    """
    parts = [_path_costs(lp, system, solution), _pooled_costs(lp, system, solution), _shipping(lp, solution)]
    parts += [_priced(lp, system, solution, name, item) for name, item in _PRICED.items()]
    parts += [_worth(system), tariffs_paid(lp, solution), _annuities(lp, system, solution)]
    table = pd.concat([part for part in parts if len(part)], ignore_index=True)
    return table.groupby(["year", "item"], as_index=False)["musd"].sum()


_PRICED = {
    "used": "capital",
    "excess": "switching",
    "pooled_excess": "switching",
    "forgone": "forgone",
    "undelivered": "undelivered",
    "secondary": "recycling",
    "deployed": "technology",
    "shifted": "technology",
    "stock": "stock",
    "through": "credit",
}


def _priced(lp: LinearProgram, system: System, solution: Solution, name: str, item: str) -> pd.DataFrame:
    """A variable's own cost in each year as one item."""
    v = lp.variables[name]
    year_weights = v.table["year"].map(weights(system)).to_numpy(dtype=float)
    musd = solution.of(v).to_numpy() * v.cost / year_weights / MUSD
    return pd.DataFrame({"year": v.table["year"], "item": item, "musd": musd})


def _worth(system: System) -> pd.DataFrame:
    """Less the value of use, where the data say what it is worth."""
    musd = -(system.use["value_usd_per_t"].fillna(0.0) * system.use["tonnes"]) / MUSD
    return pd.DataFrame({"year": system.use["year"], "item": "forgone", "musd": musd})


def _shipping(lp: LinearProgram, solution: Solution) -> pd.DataFrame:
    """Freight and time on the ways out of Central Asia."""
    shipped = lp.variables["shipped"]
    musd = values(solution, shipped) * shipped.table["cost"] / MUSD
    return pd.DataFrame({"year": shipped.table["year"], "item": "freight", "musd": musd})


def tariffs_paid(lp: LinearProgram, solution: Solution) -> pd.DataFrame:
    """Tariffs on traced paths and pooled deliveries: year, market, item, musd."""
    parts = []
    for name in ("flow", "delivered"):
        v = lp.variables[name]
        musd = values(solution, v) * v.table["tariff_usd_per_t"] / MUSD
        parts.append(v.table[["year", "market"]].assign(item="tariff", musd=musd))
    return pd.concat(parts, ignore_index=True).groupby(["year", "market", "item"], as_index=False)["musd"].sum()


def _path_costs(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    flow = lp.variables["flow"]
    tonnes = flow.table[["path", "year"]].assign(tonnes=values(solution, flow))
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
    made["musd"] = values(solution, pooled) * made["opex_usd_per_t"] / MUSD
    credit = _credit_of_pooled(lp, solution)
    moves = ["freight", "time", "margin"]
    columns = [f"{item}_usd_per_t" for item in moves]
    fed = feed.table[["feed", "year"]].assign(tonnes=values(solution, feed))
    fed = fed[fed["tonnes"] > 0].merge(system.feeds[["feed", *columns]], on="feed")
    sold = delivered.table[["delivery", "year", "traced", "switching", "supplier"]].assign(
        tonnes=values(solution, delivered)
    )
    sold = sold[sold["tonnes"] > 0].merge(system.deliveries[["delivery", *columns]], on="delivery")
    switching = sold.assign(item="switching", musd=sold["tonnes"] * sold["switching"] / MUSD)
    reference = delivery_reference(lp.variables["delivered"].table)
    parts = [made, credit, _melted(fed, moves), _melted(sold[~sold["traced"]], moves), switching, reference]
    return pd.concat([part[["year", "item", "musd"]] for part in parts if len(part)], ignore_index=True)


def _credit_of_pooled(lp: LinearProgram, solution: Solution) -> pd.DataFrame:
    """Credits on what is made for the pooled markets."""
    pooled = lp.variables["pooled"]
    rate = pooled.cost / pooled.table["weight"].to_numpy(dtype=float) - pooled.table["opex_usd_per_t"].to_numpy()
    return pd.DataFrame(
        {"year": pooled.table["year"], "item": "credit", "musd": values(solution, pooled) * rate / MUSD}
    )


def switching(lp: LinearProgram, solution: Solution) -> pd.DataFrame:
    """Switching cost by year, mineral and market above the base pattern: year, mineral, market, musd.

    Deliveries only; what feeds draw beyond their usual proportion is in `costs`.
    """
    delivered = lp.variables["delivered"]
    table = delivered.table.assign(musd=values(solution, delivered) * delivered.table["switching"] / MUSD)
    table["musd"] += delivery_reference(delivered.table)["musd"]
    return table.groupby(["year", "mineral", "market"], as_index=False)["musd"].sum()


def _annuities(lp: LinearProgram, system: System, solution: Solution) -> pd.DataFrame:
    """Yearly payments for what has been built, and what a fund pays of them."""
    parts = []
    for name, item, sign in (("build", "capex", 1.0), ("subsidised", "subsidy", -1.0)):
        v = lp.variables[name]
        share = v.table["capex_share"] if name == "subsidised" else 1.0
        yearly = values(solution, v) * v.table["charge_usd_per_t"] * share * sign / MUSD
        table = v.table[["year"]].rename(columns={"year": "start"}).assign(musd=yearly, item=item)
        table = table.merge(system.years[["year"]], how="cross")
        parts.append(table[table["year"] >= table["start"]][["year", "item", "musd"]])
    return pd.concat(parts, ignore_index=True)
