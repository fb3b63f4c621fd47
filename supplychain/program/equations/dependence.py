"""Limits: dependence on groups by place and by owner (eq. 7), and export limits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from supplychain.facts.dataset import PLACE
from supplychain.program.lp import LinearProgram, Terms, Variable
from supplychain.program.variables.capacity import sole_owners
from supplychain.program.variables.steps import unit_of
from supplychain.system.build import System
from supplychain.system.pattern import STAGES

SUPPLY = "supply"
EXPORTS = ["policy", *PLACE, "against", "year"]
LIMIT = ["policy", "kind", "by", "item", "stage", "scope", "market", "year"]


def dependence(lp: LinearProgram, system: System) -> None:
    """Eq. 7: supply through a group stays within (or above) its share of all primary supply, plus tonnes."""
    rows = active_limits(lp, system)
    total = lp.variables["total"]
    whole = _in_market(rows, total.table.assign(row=np.arange(len(total))), ["mineral", "year"])
    table = limit_rows(rows)
    lp.constrain(
        "dependence",
        table[["limit", *LIMIT]],
        *(_signed(v, inside) for v, inside in inside_scope(lp, system, rows)),
        total.at(whole[["limit"]], whole["row"], -whole["sense"] * whole["weight"] * whole["share"]),
        upper=table["sense"] * table["tonnes"],
        unit=table["unit"],
        links=bool((rows["basket"] != "").any()),
        label=LIMIT,
    )


def _signed(v: Variable, inside: pd.DataFrame) -> Terms:
    return v.at(inside[["limit"]], inside["row"], inside["sense"] * inside["weight"] * inside["part"])


def active_limits(lp: LinearProgram, system: System) -> pd.DataFrame:
    """The limits that some supply can touch, and every floor: the columns of `limits`, item, weight, unit, limit.

    Rows of one basket share one number in `limit`; each weighs its normal price, others weigh 1.
    """
    table = system.limits.assign(
        item=system.limits["basket"].where(system.limits["basket"] != "", system.limits["mineral"])
    )
    price = table["mineral"].map(system.minerals.set_index("mineral")["price"])
    table = table.assign(weight=np.where(table["basket"] != "", price, 1.0))
    table = table.assign(unit=table["weight"] * unit_of(table, system))
    touched = _touched(lp, system, table)
    table = table[touched | (table["sense"] < 0)].reset_index(drop=True)
    return table.assign(limit=table.groupby(LIMIT, sort=False).ngroup())


def _touched(lp: LinearProgram, system: System, table: pd.DataFrame) -> pd.Series:
    """Whether a limit's scope holds a place, or an owner, of its mineral at its stage."""
    sold = lp.variables["delivered"].table
    sold = sold.loc[sold["traced"] & (sold["step"] == 0), ["mineral", "supplier"]].drop_duplicates()
    places = lp.variables["through"].table[[*PLACE, "ore"]].drop_duplicates()
    held = places.rename(columns={"mineral": "drawn", "ore": "mineral"}).merge(system.owners, on=PLACE)
    by_owner = held[["drawn", "stage", "owner"]].set_axis(["mineral", "stage", "country"], axis=1).assign(by="owner")
    sold = sold.rename(columns={"supplier": "country"}).assign(stage=SUPPLY)
    at = pd.concat([places[PLACE], sold]).assign(by="place")
    at = pd.concat([at, by_owner, sold.assign(by="owner")]).drop_duplicates()
    keys = ["mineral", "stage", "scope", "by"]
    known = pd.MultiIndex.from_frame(system.members.merge(at, on="country")[keys].drop_duplicates())
    return pd.Series(pd.MultiIndex.from_frame(table[keys]).isin(known), index=table.index)


def limit_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a limit: limit, the columns of `LIMIT`, share, tonnes, sense, unit."""
    first = rows.groupby("limit", as_index=False)[[*LIMIT, "share", "tonnes", "sense"]].first()
    return first.assign(unit=rows.groupby("limit")["unit"].max().to_numpy())


def inside_scope(lp: LinearProgram, system: System, rows: pd.DataFrame) -> Iterator[tuple[Variable, pd.DataFrame]]:
    """What passes through each limit's scope: a variable, and its rows with the limit's columns and `part`."""
    through, sold, owned = (lp.variables[name] for name in ("through", "delivered", "owned_through"))
    members = rows.merge(system.members, on="scope")
    keys = [*PLACE, "year"]
    at = through.table.drop(columns="weight").assign(row=np.arange(len(through)))
    yield through, _in_market(members[members["by"] == "place"], at, keys).assign(part=1.0)
    last = sold.table[sold.table["traced"]][["mineral", "supplier", "market", "year"]]
    last = last.assign(row=last.index, stage=SUPPLY).rename(columns={"supplier": "country"})
    yield sold, _in_market(members[members["stage"] == SUPPLY], last, keys).assign(part=1.0)
    of_owner = members[members["by"] == "owner"].rename(columns={"country": "owner"})
    keys = ["mineral", "stage", "owner", "year"]
    yield through, _in_market(of_owner, sole_owners(at, system), keys).assign(part=1.0)
    split = owned.table.drop(columns="weight").assign(row=np.arange(len(owned)), part=1.0)
    yield owned, _in_market(of_owner, split, keys)


def _in_market(limits: pd.DataFrame, table: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    """Rows of a variable's table to which each limit applies: its own market's, or every market's."""
    columns = ["limit", "market", *on, "sense", "share", "weight"]
    table = table.rename(columns={"market": "of_market"})
    wanted = [c for c in ("row", "part") if c in table]
    both = limits[columns].merge(table[["of_market", *on, *wanted]], on=on)
    return both[(both["market"] == both["of_market"]) | (both["market"] == "all")]


def export_limits(lp: LinearProgram, system: System) -> None:
    """Tonnes that leave a country at a stage stay within the part that is not cut of what would have left.

    That is the base year's tonnes, grown as use of the mineral: the world's, or that of the market that is cut off.
    Of what is cut a part may find a way through third countries (`detours`), at a cost.
    """
    rows = system.export_limits.reset_index(drop=True).assign(row=lambda t: np.arange(len(t)))
    crossing = crossings(lp, system)
    both = rows[["row", "mineral", "stage", "country", "against", "year"]].merge(
        crossing, on=["mineral", "stage", "country", "year"]
    )
    both = both[(both["against"] == "all") | (both["against"] == both["market"])]
    base = both.groupby("row")["base_t"].sum().reindex(rows["row"], fill_value=0.0)
    terms = [
        lp.variables[name].at(part[["row"]], part["position"], part["ratio"])
        for name, part in both.groupby("variable", sort=False)
    ]
    grown = _growth(system).reindex(pd.MultiIndex.from_frame(rows[["mineral", "against", "year"]]), fill_value=1.0)
    usual, cut = base.to_numpy() * grown.to_numpy(), rows["cut"].to_numpy(dtype=float)
    upper = np.where(rows["quota_t"].isna(), (1.0 - cut) * usual, rows["quota_t"])
    detoured = lp.variables["detoured"]
    unit, table = unit_of(rows, system), rows[["row", *EXPORTS]]
    lp.constrain("export_limits", table, *terms, -detoured.by("row"), upper=upper, unit=unit, label=EXPORTS)
    most, table = (rows["leak"] * cut * usual)[detoured.table["row"]], detoured.table[["row", *EXPORTS]]
    lp.constrain("detours", table, detoured.by("row"), upper=most, unit=detoured.unit, label=EXPORTS)


def _growth(system: System) -> pd.Series:
    """Use over that of the base year, by mineral, market (`all` for the world) and year."""
    use = pd.concat([system.use, system.use.assign(market="all")])
    whole = (use["base_t"] * use["growth"]).groupby([use[k] for k in ("mineral", "market", "year")]).sum()
    base = whole.xs(system.years["year"].iloc[0], level="year")
    return (whole / base.replace(0.0, np.nan)).fillna(1.0)


def crossings(lp: LinearProgram, system: System) -> pd.DataFrame:
    """Every flow that leaves a country at a stage: variable, position, tonnes per unit of it, base tonnes.

    A path leaves where its next place is elsewhere; a pooled feed where its destination is; a pooled
    delivery where the market is not the supplier's own.
    """
    wanted = system.export_limits[["mineral", "country"]].drop_duplicates()
    paths = pd.concat([_path_crossings(system, stage, wanted) for stage in STAGES], ignore_index=True)
    flow, feed, delivered = (lp.variables[name].table for name in ("flow", "feed", "delivered"))
    flow = paths.merge(flow[["path", "year"]].rename_axis("position").reset_index(), on="path").assign(variable="flow")
    feed = feed.assign(position=np.arange(len(feed)), country=feed["origin"], market="", ratio=1.0, variable="feed")
    feed = feed[feed["origin"] != feed["destination"]].merge(system.feeds[["feed", "base_t"]], on="feed")
    sold = system.deliveries.merge(wanted.rename(columns={"country": "supplier"}), on=["mineral", "supplier"])
    sold = sold[~sold["traced"] & (sold["market"] != sold["supplier"].map(_home_markets(system)))]
    out = delivered[delivered["delivery"].isin(sold["delivery"])]
    out = out.assign(position=out.index, country=out["supplier"], stage=out["last_stage"])
    out = out.assign(variable="delivered", ratio=1.0)
    base = system.deliveries["base_t"].where(system.deliveries["observed"], 0.0).fillna(0.0)
    out["base_t"] = out["delivery"].map(base).where(out["step"] == 0, 0.0)
    columns = ["variable", "position", "mineral", "stage", "country", "market", "year", "ratio", "base_t"]
    parts = [flow, feed.merge(wanted, on=["mineral", "country"]), out]
    return pd.concat([part[columns] for part in parts if len(part)] or [out[columns]], ignore_index=True)


def _home_markets(system: System) -> dict[str, str]:
    return dict(zip(system.homes["country"], system.homes["market"], strict=True))


def _path_crossings(system: System, stage: str, wanted: pd.DataFrame) -> pd.DataFrame:
    """Paths that leave a country at a stage: path, mineral, stage, country, market, ratio, base_t."""
    columns = ["path", "mineral", "market", *STAGES, "supplier", "via_hub", "base_t"]
    table = system.paths[columns].assign(country=system.paths[stage], stage=stage)
    table = table.merge(wanted, on=["mineral", "country"])
    later = [s for s in STAGES[STAGES.index(stage) + 1 :]]
    following = table["supplier"].where(table["via_hub"], "")
    for place in reversed(later):
        following = table[place].where(table[place] != "", following)
    at_home = (following == table["country"]) | (
        (following == "") & (table["market"] == table["country"].map(_home_markets(system)))
    )
    table = table[~at_home].merge(system.chain[["mineral", "stage", "ratio"]], on=["mineral", "stage"])
    table = table.assign(base_t=table["base_t"].fillna(0.0) * table["ratio"])
    return table[["path", "mineral", "stage", "country", "market", "ratio", "base_t"]]
