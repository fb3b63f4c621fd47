"""Steps of the curves: what switching suppliers costs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.facts.dataset import PLACE
from supplychain.system.build import System
from supplychain.system.curves import IDLE
from supplychain.system.pattern import SEED, STAGES

# Multiples of a base-year delivery at which the switching cost steps up (eq. 8); finer where paths are traced.
TRACED_EDGES = np.array(
    [
        *(0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.96, 1.0, 1.04, 1.1, 1.18, 1.28, 1.4, 1.53, 1.67),
        *(1.82, 2.0, 2.25, 2.6, 3.2, 4.5, 7.0, 12.0, 30.0, 120.0),
    ]
)
POOLED_EDGES = np.array([0.05, 0.3, 0.6, 0.85, 0.96, 1.0, 1.04, 1.15, 1.4, 2.0, 3.5, 8.0, 30.0, 120.0])
FEED_EDGES = np.array([1.0, 1.1, 1.5, 2.5, 6.0, 30.0])
# The steps of what has run out, or comes with its buyers, and of what is newly qualified.
OPEN, NEW = 98, 99


def yearly(table: pd.DataFrame, system: System) -> pd.DataFrame:
    """The table once for every year, with the year's weight; the years of each row stand together."""
    long, n = repeated(table, len(system.years)), len(table)
    return long.assign(**{column: np.tile(system.years[column].to_numpy(), n) for column in system.years})


def repeated(table: pd.DataFrame, times: int) -> pd.DataFrame:
    """Each row so many times, one after another."""
    return table.take(np.repeat(np.arange(len(table)), times)).reset_index(drop=True)


def looked_up(names: pd.Series, values: pd.Series) -> np.ndarray:
    """The value of each name (not a number where it has none), looked up once for all rows that hold it."""
    place, distinct = pd.factorize(names)
    return values.reindex(distinct).to_numpy(dtype=float)[place]


def unit_of(table: pd.DataFrame, system: System) -> np.ndarray:
    """The size of each row's unit: a thousandth of its mineral's world output, tonnes."""
    return looked_up(table["mineral"], system.minerals.set_index("mineral")["unit_t"])


def sizes(table: pd.DataFrame, system: System) -> dict[str, np.ndarray]:
    """`unit` of each row's columns, tonnes, and their `worth`, the mineral's normal price in present value, USD/t."""
    place, distinct = pd.factorize(table["mineral"])
    known = system.minerals.set_index("mineral")[["unit_t", "price"]].reindex(distinct)
    price = known["price"].fillna(0.0).to_numpy(dtype=float)[place]
    weight = looked_up(table["year"], system.years.set_index("year")["weight"])
    return {"unit": known["unit_t"].to_numpy(dtype=float)[place], "worth": price * weight}


def switching_cost(multiple: np.ndarray, substitution: np.ndarray) -> np.ndarray:
    """Marginal switching cost as a share of the price: 1 - multiple^(-1/sigma) (eq. 8)."""
    return 1.0 - multiple ** (-1.0 / substitution)


def delivery_steps(system: System) -> pd.DataFrame:
    """Steps of every delivery and year: `width_t`, and `cost` per tonne (with freight in pooled markets).

    The base tonnes grow with the market's use, and their contracts run out; only what is under contract carries the
    switching cost. Beside its steps a delivery has one that is open at no such cost (what has run out, and what comes
    with its buyers), and one for what is newly qualified. Nobody has qualified before the base year ends, unless a
    policy acts in it. A pair without base tonnes has one step, open and free. `tariff_usd_per_t` is what a pooled
    market pays, `last_stage` where the delivery leaves the chain.
    """
    table = system.deliveries[
        [
            *("delivery", "mineral", "supplier", "market", "traced", "observed"),
            *("base_t", "price", "substitution", "margin_usd_per_t"),
        ]
    ]
    moved = system.deliveries[["freight_usd_per_t", "time_usd_per_t", "margin_usd_per_t"]].sum(axis=1)
    last = last_stage(system, system.deliveries)["stage"]
    table = table.assign(moved=moved.where(~table["traced"], 0.0), last_stage=last)
    growth = system.use[["mineral", "market", "year", "growth"]]
    table = yearly(table, system).merge(growth, on=["mineral", "market", "year"])
    table = table.assign(tariff_usd_per_t=np.where(table["traced"], 0.0, delivery_tariffs(table, system)))
    patterned = table["base_t"].notna() & table["substitution"].notna()
    free = table[~patterned].assign(step=0, width_t=np.inf, switching=0.0)
    aged = _aged(table[patterned], system)
    parts = [(aged[aged["traced"]], TRACED_EDGES), (aged[~aged["traced"]], POOLED_EDGES)]
    steps = [_stepped(t, edges, t["kept_t"], t["price"], from_zero=True) for t, edges in parts]
    # Who has not traded gains nothing by being chosen for the first tonnes.
    new = np.concatenate([np.repeat(~t["observed"].to_numpy(dtype=bool), len(edges) - 1) for t, edges in parts])
    table = pd.concat(steps, ignore_index=True)
    table["switching"] = table["switching"].where(~new, table["switching"].clip(lower=0.0))
    later = aged[aged["year"] > system.years["year"].iloc[0]]
    opened = later.assign(step=OPEN, width_t=later["open_t"], switching=0.0)
    # What is newly bought is levelled with nobody: where the margin helps a supplier, the tonne pays it back.
    qualifying = system.parameter("qualifying") * later["price"] + (-later["margin_usd_per_t"]).clip(lower=0.0)
    qualified = later.assign(step=NEW, width_t=np.inf, switching=qualifying)
    parts = [t[steps[0].columns] for t in (free, table, opened, qualified)]
    table = pd.concat(parts, ignore_index=True)
    return table.assign(cost=table["switching"] + table["moved"]).drop(columns="moved")


def _aged(table: pd.DataFrame, system: System) -> pd.DataFrame:
    """Deliveries by year with `kept_t`, base tonnes still under contract, and `open_t`, what is free to choose."""
    first = system.years["year"].iloc[0]
    kept = (1.0 - system.parameter("run_out")) ** (table["year"] - first)
    whole = table["base_t"] * table["growth"]
    closed = (table["year"] == first) & ~table["observed"].astype(bool) & (not acts_in_base_year(system))
    return table.assign(
        kept_t=(whole * kept).where(~closed, 0.0), open_t=whole * (1.0 - kept) + _bought_from_new(table, system)
    )


def _bought_from_new(table: pd.DataFrame, system: System) -> np.ndarray:
    """What each delivery takes of capacity that comes on line anyway: it brings its buyers, spread as the supplier's
    sales are, or as use is where it sells nothing yet."""
    sales = system.deliveries[["mineral", "supplier", "market", "base_t", "observed"]]
    sales = sales.assign(sold=sales["base_t"].where(sales["observed"].astype(bool), 0.0))
    use = system.use.drop_duplicates(["mineral", "market"])[["mineral", "market", "base_t"]]
    sales = sales.merge(use.rename(columns={"base_t": "used"}), on=["mineral", "market"])
    keys = [sales["mineral"], sales["supplier"]]
    sold, used = (sales[c] / sales.groupby(keys)[c].transform("sum").replace(0.0, np.nan) for c in ("sold", "used"))
    part = sold.fillna(used).fillna(0.0).set_axis(pd.MultiIndex.from_frame(sales[["mineral", "supplier", "market"]]))
    ores = system.chain[system.chain["last"]].set_index("mineral")["ore"]
    place = [table["mineral"].map(ores), table["last_stage"], table["supplier"], table["year"]]
    came = coming(system).reindex(pd.MultiIndex.from_arrays(place)).fillna(0.0).to_numpy()
    return came * part.reindex(pd.MultiIndex.from_frame(table[["mineral", "supplier", "market"]])).to_numpy()


def coming(system: System) -> pd.Series:
    """Capacity that runs beyond what ran in the first year, by mineral, stage, country and year, t."""
    runs = system.existing[system.existing["step"] != IDLE].groupby([*PLACE, "year"])["existing_t"].sum()
    table = runs.unstack("year")
    return table.sub(table[system.years["year"].iloc[0]], axis=0).clip(lower=0.0).stack()


def delivery_tariffs(table: pd.DataFrame, system: System) -> np.ndarray:
    """Tariffs on the supplier of each delivery and year, USD/t."""
    keys = ["mineral", "country", "market", "year"]
    rate = system.tariffs[system.tariffs["stage"] == "supply"].groupby(keys)["usd_per_t"].sum()
    named = pd.MultiIndex.from_frame(table[["mineral", "supplier", "market", "year"]], names=keys)
    return rate.reindex(named).fillna(0.0).to_numpy()


def last_stage(system: System, deliveries: pd.DataFrame) -> pd.DataFrame:
    """Place (mineral, stage, country) at which each delivery leaves the chain."""
    last = system.chain.loc[system.chain["last"]].set_index("mineral")["stage"]
    table = deliveries[["mineral", "supplier"]].assign(stage=deliveries["mineral"].map(last))
    return table.rename(columns={"supplier": "country"})[PLACE]


def delivery_reference(delivered: pd.DataFrame) -> pd.DataFrame:
    """Less what the base pattern itself would show as switching cost: year, item, musd (negative of a constant).

    Steps below the base tonnes earn, so the pattern as it was would show a gain; it is the zero of the scale.
    """
    below = delivered["switching"].where(np.isfinite(delivered["width_t"]) & (delivered["switching"] < 0), 0.0)
    width = delivered["width_t"].where(np.isfinite(delivered["width_t"]), 0.0)
    return pd.DataFrame({"year": delivered["year"], "item": "switching", "musd": -(below * width) / 1e6})


def _stepped(
    table: pd.DataFrame, edges: np.ndarray, base: pd.Series, price: pd.Series, *, from_zero: bool
) -> pd.DataFrame:
    """Each row once per step between the edges: width_t and switching cost at the step's geometric middle.

    What the steps are made from is left behind.
    """
    n, middle = len(edges) - 1, np.sqrt(edges[:-1] * edges[1:])
    width = np.diff(edges)
    width[0] = edges[1] if from_zero else width[0]
    width[-1] = np.inf
    step = np.tile(np.arange(n), len(table))
    sigma = np.repeat(table["substitution"].to_numpy(dtype=float), n)
    # Of no tonnes the last step, without end for others, has none either.
    whole = np.repeat(base.to_numpy(dtype=float), n)
    widths = np.multiply(whole, width[step], out=np.zeros(len(whole)), where=whole != 0)
    return repeated(table.drop(columns=_SHAPE, errors="ignore"), n).assign(
        step=step,
        width_t=widths,
        switching=np.repeat(price.to_numpy(dtype=float), n) * switching_cost(middle[step], sigma),
    )


_SHAPE = [
    "observed",
    "margin_usd_per_t",
    "kept_t",
    "open_t",
    "base_t",
    "price",
    "substitution",
    "growth",
    "share",
    "seed",
    "value_usd_per_t",
    "next_stage",
]


def traced_excess(system: System) -> pd.DataFrame:
    """Steps for what a traced path draws from an origin beyond its site's usual proportion.

    A market does not choose the ore of the plants that it buys from: its part of their feed stays in proportion
    unless it pays for the difference, or new mines feed all of them.
    """
    feeds = system.feeds[system.feeds["share"].notna()]
    base = system.use.loc[system.use["traced"], ["mineral", "market", "year", "base_t", "growth"]]
    table = feeds[[*_FEED, "ratio"]].merge(base, on="mineral")
    keys = ["mineral", "next_stage", "destination", "market"]
    flows = _base_through(system).rename("through").rename_axis(keys).reset_index()
    through = table[keys].merge(flows, on=keys, how="left")["through"].fillna(0.0).to_numpy()
    # What comes on line anyway feeds every market by its part in the mineral's use.
    use = system.use.drop_duplicates(["mineral", "market"])
    part = table["base_t"] / table["mineral"].map(use.groupby("mineral")["base_t"].sum()).replace(0.0, np.nan)
    table["open_t"] = _fed_from_new(table, system) / table["ratio"] * part.fillna(0.0)
    table["value_usd_per_t"] *= table.pop("ratio")
    return _excess(system, table, np.maximum(through, SEED * table["base_t"]) * table["growth"])


_FEED = ["feed", "mineral", "stage", "origin", "next_stage", "destination", "share", "seed", "value_usd_per_t"]


def _base_through(system: System) -> pd.Series:
    """Base-year tonnes of the traced paths by mineral, stage (or `supply`), country and market."""
    parts = [
        system.paths.groupby(["mineral", place, "market"])["base_t"].sum().rename_axis(["mineral", "country", "market"])
        for place in (*STAGES, "supplier")
    ]
    keys = [stage if stage != "supplier" else "supply" for stage in (*STAGES, "supplier")]
    both = pd.concat(parts, keys=keys, names=["stage"])
    return both.reorder_levels(["mineral", "stage", "country", "market"]).sort_index()


def pooled_excess(system: System, pooled: pd.DataFrame) -> pd.DataFrame:
    """The same for the pooled markets, in tonnes of the origin's product."""
    feeds = pooled[pooled["share"].notna()]
    need = feeds.groupby(["mineral", "stage", "destination"])["base_t"].transform("sum")
    world = feeds.groupby(["mineral", "stage"])["base_t"].transform("sum")
    growth = system.use[~system.use["traced"]].assign(t=lambda u: u["base_t"] * u["growth"])
    growth = growth.groupby(["mineral", "year"])[["t", "base_t"]].sum()
    growth = (growth["t"] / growth["base_t"].replace(0.0, np.nan)).fillna(1.0).rename("growth").reset_index()
    table = feeds[_FEED].assign(reference=np.maximum(need, SEED * world)).merge(growth, on="mineral")
    reference = table["reference"] * table["growth"]
    pace = system.parameter("pace") * (table["year"] - system.years["year"].iloc[0])
    table["open_t"] = np.minimum(pace, 1.0) * reference + _fed_from_new(table, system)
    return _excess(system, table, reference)


def _excess(system: System, table: pd.DataFrame, reference: pd.Series) -> pd.DataFrame:
    """Costly steps beyond the usual proportion, and an open one, `open_t` wide, at what qualifying costs."""
    table = table.merge(system.minerals[["mineral", "substitution"]], on="mineral").merge(system.years, on="year")
    base = np.maximum(table["share"] + table["seed"], 1e-6) * reference.to_numpy()
    steps = _stepped(table, FEED_EDGES, base, table["value_usd_per_t"], from_zero=False)
    qualifying = system.parameter("qualifying") * table["value_usd_per_t"]
    opened = table.assign(step=OPEN, width_t=table["open_t"], switching=qualifying)
    opened = opened[(opened["year"] > system.years["year"].iloc[0]) & (opened["open_t"] > 0)]
    steps = pd.concat([steps, opened[steps.columns]], ignore_index=True)
    return steps.drop(columns=["reference", "ratio"], errors="ignore").assign(cost=steps["switching"])


def _fed_from_new(table: pd.DataFrame, system: System) -> np.ndarray:
    """What each feed's origin has of capacity that comes on line anyway, in tonnes of the origin's product."""
    links = system.chain.set_index(["mineral", "stage"])[["ore", "ratio"]]
    link = links.reindex(pd.MultiIndex.from_frame(table[["mineral", "stage"]]))
    place = [link["ore"].to_numpy(), table["stage"], table["origin"], table["year"]]
    return coming(system).reindex(pd.MultiIndex.from_arrays(place)).fillna(0.0).to_numpy(dtype=float)


def acts_in_base_year(system: System) -> bool:
    """Whether some policy already limits the base year."""
    first = system.years["year"].iloc[0]
    limits = (system.limits, system.losses, system.concentrations, system.export_limits)
    return any(bool((table["year"] == first).any()) for table in limits)
