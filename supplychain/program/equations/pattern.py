"""The base-year pattern in the program: sums along paths, steps of deliveries and feeds, hubs (eq. 8)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.facts.dataset import PLACE
from supplychain.program.lp import LinearProgram, Terms, Variable
from supplychain.program.variables.steps import NEW, unit_of
from supplychain.system.build import HUB_UTILISATION, System
from supplychain.system.pattern import STAGES


def accounts(lp: LinearProgram, system: System) -> None:
    """What passes through each place, and in all: sums of the traced paths."""
    flow, through, total = (lp.variables[name] for name in ("flow", "through", "total"))
    sums = [flow.by("mineral", "market", "year", country=stage, always={"stage": stage}) for stage in STAGES]
    keys = [*PLACE, "market", "year"]
    unit = unit_of(through.table, system)
    lp.constrain("through", through.table[keys], *sums, -through.by(*keys), lower=0, upper=0, unit=unit)
    keys = ["mineral", "market", "year"]
    unit = unit_of(total.table, system)
    lp.constrain("total", total.table[keys], flow.by(*keys), -total.by(*keys), lower=0, upper=0, unit=unit)


def pooled_balance(lp: LinearProgram, system: System) -> None:
    """In the pooled markets a place makes what it delivers or passes on, and is fed for what it makes."""
    pooled, feed, delivered = (lp.variables[name] for name in ("pooled", "feed", "delivered"))
    keys = [*PLACE, "year"]
    on = np.flatnonzero(~delivered.table["traced"])
    lp.constrain(
        "pooled_output",
        pooled.table[keys],
        pooled.by(*keys),
        -delivered.by("mineral", "year", stage="last_stage", country="supplier", rows=on),
        -feed.by("mineral", "stage", "year", country="origin"),
        lower=0,
        upper=0,
        unit=unit_of(pooled.table, system),
    )
    fed, per_tonne = _fed_places(system, pooled.table)
    lp.constrain(
        "pooled_feed",
        pooled.table.loc[fed, keys],
        feed.by("mineral", "year", stage="next_stage", country="destination"),
        -pooled.by(*keys, rows=np.flatnonzero(fed), coefficient=per_tonne),
        lower=0,
        upper=0,
        unit=unit_of(pooled.table[fed], system),
    )


def _fed_places(system: System, table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Which places have a stage before them, and the tonnes of feed per tonne that they make."""
    before = system.chain.groupby("mineral", sort=False)["ratio"].shift(1) / system.chain["ratio"]
    ratio = before.set_axis(pd.MultiIndex.from_frame(system.chain[["mineral", "stage"]]))
    per_tonne = ratio.reindex(pd.MultiIndex.from_frame(table[["mineral", "stage"]])).to_numpy()
    fed = np.isfinite(per_tonne)
    return fed, per_tonne[fed]


def delivery_pattern(lp: LinearProgram, system: System) -> None:
    """Eq. 8: a traced market's delivery from a supplier fills the steps of its base-year pattern."""
    keys = ["mineral", "supplier", "market", "year"]
    flow, delivered = lp.variables["flow"], lp.variables["delivered"]
    table = delivered.table[delivered.table["traced"] & (delivered.table["step"] == 0)]
    steps = delivered.by(*keys, rows=np.flatnonzero(delivered.table["traced"]))
    lp.constrain("delivery_pattern", table[keys], flow.by(*keys), -steps, lower=0, upper=0, unit=unit_of(table, system))


def new_relations(lp: LinearProgram, system: System) -> None:
    """Eq. 8: what is newly qualified of a supplier grows by no more than the pace times the market's use a year."""
    delivered = lp.variables["delivered"]
    on = np.flatnonzero(delivered.table["step"] == NEW)
    keys = ["delivery", "year"]
    table = delivered.table.iloc[on][["mineral", "supplier", "market", *keys]]
    use = system.use[["mineral", "market", "year", "base_t", "growth"]]
    use = table.merge(use, on=["mineral", "market", "year"], how="left")
    lp.constrain(
        "new_relations",
        table,
        delivered.by(*keys, rows=on),
        -_a_year_later(delivered, on, keys),
        upper=system.parameter("pace") * use["base_t"] * use["growth"],
        unit=unit_of(table, system),
    )


def _a_year_later(v: Variable, rows: np.ndarray, keys: list[str]) -> Terms:
    """The rows of a variable under the labels of the following year, where there is one."""
    table = v.table.iloc[rows][keys].assign(year=lambda t: t["year"] + 1, row=rows)
    table = table[table["year"] <= v.table["year"].max()]
    return v.at(table[keys], table["row"])


def feed_pattern(lp: LinearProgram, system: System) -> None:
    """Eq. 8 for feeds: what traced paths draw from an origin beyond the usual proportion fills costly steps."""
    flow, excess, through = (lp.variables[name] for name in ("flow", "excess", "through"))
    keys = ["feed", "market", "year"]
    table = excess.table.loc[excess.table["step"] == 0, ["mineral", "stage", "origin", "destination", *keys]]
    drawn = [flow.by("market", "year", feed=column) for column in ("feed_mine", "feed_refine")]
    usual = system.feeds[["feed", "mineral", "next_stage", "destination", "share"]]
    usual = usual.rename(columns={"next_stage": "stage", "destination": "country"})
    usual = usual[(usual["share"] > 0) & (usual["stage"] != "supply")]
    made = through.table.assign(row=np.arange(len(through))).merge(usual, on=PLACE)
    lp.constrain(
        "feed_pattern",
        table,
        *drawn,
        -through.at(made[keys], made["row"], made["share"]),
        -excess.by(*keys),
        *_hub_shares(lp, system),
        upper=0,
        unit=unit_of(table, system),
    )


def _hub_shares(lp: LinearProgram, system: System) -> list[Terms]:
    """What hubs pass on and draw: their feeds' proportions hold among the paths that pass through them."""
    flow, hubs = lp.variables["flow"], system.feeds[system.feeds["hub"]]
    if hubs.empty:
        return []
    hubs = hubs[["feed", "mineral", "stage", "origin", "destination", "share"]].set_axis(
        ["feed", "mineral", "stage", "origin", "supplier", "share"], axis=1
    )
    passing = system.paths.loc[system.paths["via_hub"], ["path", "mineral", "supplier", *STAGES]]
    pairs = passing.merge(hubs, on=["mineral", "supplier"])
    site = np.select([pairs["stage"] == stage for stage in STAGES], [pairs[stage] for stage in STAGES], "")
    pairs = pairs[["path", "feed", "share"]].assign(drawn=site == pairs["origin"].to_numpy())
    pairs = pairs.merge(flow.table["path"].rename_axis("row").reset_index(), on="path")
    drawn = pairs[pairs["drawn"]]
    own = ["market", "year"]
    return [
        flow.at(drawn[["feed"]], drawn["row"], own=own),
        -flow.at(pairs[["feed"]], pairs["row"], pairs["share"], own=own),
    ]


def pooled_feed_pattern(lp: LinearProgram, system: System) -> None:
    """The same for the pooled markets."""
    feed, excess, pooled = (lp.variables[name] for name in ("feed", "pooled_excess", "pooled"))
    keys = ["feed", "year"]
    table = excess.table.loc[excess.table["step"] == 0, ["mineral", "stage", "origin", "destination", *keys]]
    fed, per_tonne = _fed_places(system, pooled.table)
    made = pooled.table.loc[fed, [*PLACE, "year"]].assign(row=np.flatnonzero(fed), per_tonne=per_tonne)
    usual = system.feeds[~system.feeds["hub"] & (system.feeds["share"] > 0)]
    usual = usual[["feed", "mineral", "next_stage", "destination", "share"]]
    made = made.merge(usual.rename(columns={"next_stage": "stage", "destination": "country"}), on=PLACE)
    lp.constrain(
        "pooled_feed_pattern",
        table,
        feed.by(*keys),
        -pooled.at(made[keys], made["row"], made["share"] * made["per_tonne"]),
        -excess.by(*keys),
        upper=0,
        unit=unit_of(table, system),
    )


def hub_capacity(lp: LinearProgram, system: System) -> None:
    """A hub passes on at most what it ships in the base year, over its utilisation, as use grows."""
    keys = ["mineral", "supplier", "market", "year"]
    hubs = system.paths[system.paths["via_hub"]].groupby(keys[:3], sort=False)["base_t"].sum().reset_index()
    hubs = hubs.merge(system.use[["mineral", "market", "year", "growth"]], on=["mineral", "market"])
    flow = lp.variables["flow"]
    shipped = flow.by(*keys, rows=np.flatnonzero(flow.table["via_hub"]))
    upper = hubs["base_t"] * hubs["growth"] / HUB_UTILISATION
    lp.constrain("hub_capacity", hubs[keys], shipped, upper=upper, unit=unit_of(hubs, system))
