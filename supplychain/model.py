"""The mathematics: one function for each equation of docs/model.md, written over the system's tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.lp import Constraint, LinearProgram, Terms
from supplychain.pattern import STAGES
from supplychain.system import HUB_UTILISATION, System
from supplychain.variables import PLACE, capacities, flows, last_stage, pooled_flows, unit_of, uses

MONEY_UNIT = 1e6


def build_program(system: System) -> LinearProgram:
    """The whole program of one system: variables, then equations 1 to 10 as far as its tables feed them."""
    lp = LinearProgram(money_unit=MONEY_UNIT if system.money == "USD" else 1.0)
    flows(lp, system)
    pooled_flows(lp, system)
    capacities(lp, system)
    uses(lp, system)
    accounts(lp, system)
    demand(lp, system)
    thrift(lp, system)
    service(lp, system)
    technology_mix(lp, system)
    capacity(lp, system)
    project_size(lp, system)
    reserves(lp, system)
    pooled_balance(lp, system)
    dependence(lp, system)
    export_limits(lp, system)
    delivery_pattern(lp, system)
    feed_pattern(lp, system)
    pooled_feed_pattern(lp, system)
    hub_capacity(lp, system)
    budgets(lp, system)
    return lp


def accounts(lp: LinearProgram, system: System) -> None:
    """What passes through each place, and in all: sums of the traced paths."""
    flow, through, total = (lp.variables[name] for name in ("flow", "through", "total"))
    sums = [
        flow.at(
            flow.table.loc[on, ["mineral", stage, "market", "year"]]
            .rename(columns={stage: "country"})
            .assign(stage=stage),
            np.flatnonzero(on),
        )
        for stage in STAGES
        if (on := (flow.table[stage] != "").to_numpy()).any()
    ]
    keys = [*PLACE, "market", "year"]
    unit = unit_of(through.table, system)
    lp.constrain("through", through.table[keys], *sums, -through.by(*keys), lower=0, upper=0, unit=unit)
    keys = ["mineral", "market", "year"]
    unit = unit_of(total.table, system)
    lp.constrain("total", total.table[keys], flow.by(*keys), -total.by(*keys), lower=0, upper=0, unit=unit)


def demand(lp: LinearProgram, system: System) -> Constraint:
    """Eq. 1: supply and use forgone cover use, that of the energy technologies included."""
    keys = ["mineral", "market", "year"]
    delivered, deployed = lp.variables["delivered"], lp.variables["deployed"]
    pooled = (~delivered.table["traced"]).to_numpy()
    into = delivered.at(delivered.table.loc[pooled, keys], np.flatnonzero(pooled))
    needs = deployed.table[["technology", "year"]].assign(row=np.arange(len(deployed)))
    needs = needs.merge(system.intensities, on="technology").assign(market="USA")
    taken = deployed.at(needs[keys], needs["row"], needs["t_per_unit"])
    table = system.use[[*keys, "tonnes"]]
    return lp.constrain(
        "demand",
        table[keys],
        lp.variables["total"].by(*keys),
        into,
        lp.variables["forgone"].by(*keys),
        -taken,
        lower=table["tonnes"],
        upper=table["tonnes"],
        unit=unit_of(table, system),
    )


def thrift(lp: LinearProgram, system: System) -> None:
    """Use forgone at a step grows by no more than its pace a year."""
    forgone = lp.variables["forgone"]
    keys = ["mineral", "market", "step", "year"]
    table = forgone.table[np.isfinite(forgone.table["pace_t"])]
    before = forgone.table[keys].assign(year=forgone.table["year"] + 1)
    lp.constrain(
        "thrift",
        table[keys],
        forgone.by(*keys),
        -forgone.at(before, np.arange(len(forgone))),
        upper=table["pace_t"],
        unit=unit_of(table, system),
    )


def service(lp: LinearProgram, system: System) -> Constraint:
    """Eq. 2: what the technologies give and what is not delivered make up the target."""
    deployed, undelivered = lp.variables["deployed"], lp.variables["undelivered"]
    keys = ["service", "year"]
    target = undelivered.table["amount"]
    return lp.constrain(
        "service",
        undelivered.table[keys],
        deployed.by(*keys),
        undelivered.by(*keys),
        lower=target,
        upper=target,
        unit=undelivered.unit,
    )


def technology_mix(lp: LinearProgram, system: System) -> None:
    """Eq. 2: each technology keeps its share of what its service deploys."""
    deployed = lp.variables["deployed"]
    own, pairs = ["technology", "year"], deployed.table[["service", "year"]].assign(row=np.arange(len(deployed)))
    shares = deployed.table[["technology", "service", "year", "share"]].merge(pairs, on=["service", "year"])
    lp.constrain(
        "technology_mix",
        deployed.table[own],
        deployed.by(*own),
        -deployed.at(shares[own], shares["row"], shares["share"]),
        lower=0,
        upper=0,
        unit=deployed.unit,
    )


def site_output(lp: LinearProgram, system: System, keys: list[str]) -> list[Terms]:
    """Tonnes through each site, of every mineral drawn from it, labelled by the site's own mineral."""
    terms = []
    ratios = system.chain[["mineral", "stage", "ore", "ratio"]]
    for name in ("through", "pooled"):
        table = lp.variables[name].table[[*PLACE, "year"]].merge(ratios, on=["mineral", "stage"], how="left")
        factor = table["ratio"] if name == "through" else 1.0
        labels = table.assign(mineral=table["ore"])[keys]
        terms.append(lp.variables[name].at(labels, np.arange(len(table)), factor))
    return terms


def capacity(lp: LinearProgram, system: System) -> Constraint:
    """Eq. 3: tonnes through a site stay within what exists and has been built."""
    used, build = lp.variables["used"], lp.variables["build"]
    keys = [*PLACE, "year"]
    on_line = build.table[[*PLACE, "year"]].assign(row=np.arange(len(build)))
    on_line = on_line.merge(system.years[["year"]].rename(columns={"year": "later"}), how="cross")
    on_line = on_line[on_line["later"] >= on_line["year"]].assign(year=lambda t: t["later"])
    return lp.constrain(
        "capacity",
        used.table[keys],
        *site_output(lp, system, keys),
        -used.by(*keys),
        -build.at(on_line[keys], on_line["row"]),
        upper=0,
        unit=unit_of(used.table, system),
    )


def project_size(lp: LinearProgram, system: System) -> None:
    """Eq. 3: a named project is built at most once."""
    build = lp.variables["build"]
    named = system.builds[np.isfinite(system.builds["total_t"])]
    lp.constrain(
        "project_size", named[["build"]], build.by("build"), upper=named["total_t"], unit=unit_of(named, system)
    )


def reserves(lp: LinearProgram, system: System) -> None:
    """Eq. 4: what is mined over the horizon stays within the reserves, where a source gives them."""
    known = system.sites[(system.sites["stage"] == "mine") & (system.sites["reserves_t"] > 0)]
    # A source can print reserves smaller than a few years of the output that it prints beside them.
    upper = np.maximum(known["reserves_t"], 1.5 * len(system.years) * known["output_t"])
    lp.constrain("reserves", known[PLACE], *site_output(lp, system, PLACE), upper=upper, unit=unit_of(known, system))


def pooled_balance(lp: LinearProgram, system: System) -> None:
    """In the pooled markets a place makes what it delivers or passes on, and is fed for what it makes."""
    pooled, feed, delivered = (lp.variables[name] for name in ("pooled", "feed", "delivered"))
    keys = [*PLACE, "year"]
    on = (~delivered.table["traced"]).to_numpy()
    out = last_stage(system, delivered.table[on]).assign(year=delivered.table.loc[on, "year"])
    lp.constrain(
        "pooled_output",
        pooled.table[keys],
        pooled.by(*keys),
        -delivered.at(out, np.flatnonzero(on)),
        -feed.at(feed.table[["mineral", "stage", "origin", "year"]].set_axis(keys, axis=1), np.arange(len(feed))),
        lower=0,
        upper=0,
        unit=unit_of(pooled.table, system),
    )
    fed, per_tonne = _fed_places(system, pooled.table)
    into = feed.table[["mineral", "next_stage", "destination", "year"]].set_axis(keys, axis=1)
    lp.constrain(
        "pooled_feed",
        pooled.table.loc[fed, keys],
        feed.at(into, np.arange(len(feed))),
        -pooled.at(pooled.table.loc[fed, keys], np.flatnonzero(fed), per_tonne),
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


def dependence(lp: LinearProgram, system: System) -> Constraint:
    """Eq. 7: supply that passes through a group stays within (or above) its share of all primary supply."""
    through, total = lp.variables["through"], lp.variables["total"]
    limits = active_limits(lp, system)
    sense = limits["sense"].to_numpy(dtype=float)
    table = limits[["limit"]].assign(unit=unit_of(limits, system))
    into = limits[["limit", "mineral", "stage", "scope", "market", "year", "sense", "share"]]
    members = into.merge(system.members, on="scope")
    inside = _in_market(members, through.table.assign(row=np.arange(len(through))), [*PLACE, "year"])
    whole = _in_market(into, total.table.assign(row=np.arange(len(total))), ["mineral", "year"])
    return lp.constrain(
        "dependence",
        limits[[*_LIMIT_KEYS, "policy", "mineral", "stage", "scope", "market", "year"]],
        through.at(inside[_LIMIT_KEYS], inside["row"], inside["sense"]),
        -total.at(whole[_LIMIT_KEYS], whole["row"], whole["sense"] * whole["share"]),
        upper=np.zeros(len(sense)),
        unit=table["unit"],
    )


_LIMIT_KEYS = ["limit"]


def active_limits(lp: LinearProgram, system: System) -> pd.DataFrame:
    """The limits that some path can touch, numbered in `limit`; the others say nothing."""
    places = lp.variables["through"].table[PLACE].drop_duplicates()
    touched = system.members.merge(places, on="country")[["mineral", "stage", "scope"]].drop_duplicates()
    floors = system.limits["sense"].astype(float) < 0
    table = system.limits.merge(touched, on=["mineral", "stage", "scope"], how="left", indicator=True)
    table = table[(table["_merge"] == "both") | floors.to_numpy()].drop(columns="_merge")
    return table.assign(limit=np.arange(len(table))).reset_index(drop=True)


def _in_market(limits: pd.DataFrame, table: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    """Rows of a variable's table to which each limit applies: its own market's, or every market's."""
    both = limits.merge(table.rename(columns={"market": "of_market"}), on=on)
    return both[(both["market"] == both["of_market"]) | (both["market"] == "all")]


def export_limits(lp: LinearProgram, system: System) -> Constraint:
    """Tonnes that leave a country at a stage stay within the part of the base year's that is not cut."""
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
    upper = (1.0 - rows["cut"].to_numpy(dtype=float)) * base.to_numpy()
    return lp.constrain("export_limits", rows[["row"]], *terms, upper=upper, unit=unit_of(rows, system))


def crossings(lp: LinearProgram, system: System) -> pd.DataFrame:
    """Every flow that leaves a country at a stage: variable, position, tonnes per unit of it, base tonnes.

    A path leaves where its next place is elsewhere; a pooled feed where its destination is; a pooled
    delivery where the market is not the supplier's own.
    """
    wanted = system.export_limits[["mineral", "country"]].drop_duplicates()
    parts = [_path_crossings(lp, system, stage, wanted) for stage in STAGES]
    feed, delivered = lp.variables["feed"].table, lp.variables["delivered"].table
    feed = feed.assign(position=np.arange(len(feed)), country=feed["origin"], market="", ratio=1.0, variable="feed")
    feed = feed[feed["origin"] != feed["destination"]].merge(system.feeds[["feed", "base_t"]], on="feed")
    out = delivered.assign(position=np.arange(len(delivered)), variable="delivered", ratio=1.0)
    out = out[~out["traced"]].merge(wanted.rename(columns={"country": "supplier"}), on=["mineral", "supplier"])
    out = out.assign(country=out["supplier"], stage=last_stage(system, out)["stage"])
    out = out[out["market"] != out["country"].map(_home_markets(system))]
    base = system.deliveries["base_t"].where(system.deliveries["observed"], 0.0).fillna(0.0)
    out["base_t"] = out["delivery"].map(base).where(out["step"] == 0, 0.0)
    columns = ["variable", "position", "mineral", "stage", "country", "market", "year", "ratio", "base_t"]
    parts += [feed.merge(wanted, on=["mineral", "country"])[columns], out[columns]]
    return pd.concat([part[columns] for part in parts if len(part)] or [out[columns]], ignore_index=True)


def _home_markets(system: System) -> dict[str, str]:
    return dict(zip(system.homes["country"], system.homes["market"], strict=True))


def _path_crossings(lp: LinearProgram, system: System, stage: str, wanted: pd.DataFrame) -> pd.DataFrame:
    table = lp.variables["flow"].table
    table = table.assign(position=np.arange(len(table)), country=table[stage], variable="flow", stage=stage)
    table = table[table["country"] != ""].merge(wanted, on=["mineral", "country"])
    later = [s for s in STAGES[STAGES.index(stage) + 1 :]]
    following = table["supplier"].where(table["via_hub"], "")
    for place in reversed(later):
        following = table[place].where(table[place] != "", following)
    at_home = (following == table["country"]) | (
        (following == "") & (table["market"] == table["country"].map(_home_markets(system)))
    )
    table = table[~at_home].merge(system.chain[["mineral", "stage", "ratio"]], on=["mineral", "stage"])
    base = table["path"].map(system.paths.set_index("path")["base_t"]).fillna(0.0)
    return table.assign(base_t=base * table["ratio"])


def delivery_pattern(lp: LinearProgram, system: System) -> None:
    """Eq. 8: a traced market's delivery from a supplier fills the steps of its base-year pattern."""
    keys = ["mineral", "supplier", "market", "year"]
    flow, delivered = lp.variables["flow"], lp.variables["delivered"]
    table = delivered.table[delivered.table["traced"] & (delivered.table["step"] == 0)]
    on = delivered.table["traced"].to_numpy()
    steps = delivered.at(delivered.table.loc[on, keys], np.flatnonzero(on))
    lp.constrain("delivery_pattern", table[keys], flow.by(*keys), -steps, lower=0, upper=0, unit=unit_of(table, system))


def feed_pattern(lp: LinearProgram, system: System) -> None:
    """Eq. 8 for feeds: what traced paths draw from an origin beyond the usual proportion fills costly steps."""
    flow, excess, through = (lp.variables[name] for name in ("flow", "excess", "through"))
    keys = ["feed", "market", "year"]
    table = excess.table.loc[excess.table["step"] == 0, ["mineral", *keys]]
    drawn = [
        flow.at(flow.table.loc[on, [column, "market", "year"]].rename(columns={column: "feed"}), np.flatnonzero(on))
        for column in flow.table.columns[flow.table.columns.str.startswith("feed_")]
        if (on := flow.table[column].notna().to_numpy()).any()
    ]
    usual = system.feeds[["feed", "mineral", "next_stage", "destination", "share"]]
    usual = usual.rename(columns={"next_stage": "stage", "destination": "country"})
    usual = usual[(usual["share"] > 0) & (usual["stage"] != "supply")]
    made = through.table.assign(row=np.arange(len(through))).merge(usual, on=PLACE)
    lp.constrain(
        "feed_pattern",
        table[keys],
        *drawn,
        -through.at(made[keys], made["row"], made["share"]),
        -excess.by(*keys),
        *_hub_shares(lp, system, keys),
        upper=0,
        unit=unit_of(table, system),
    )


def _hub_shares(lp: LinearProgram, system: System, keys: list[str]) -> list[Terms]:
    """What hubs pass on and draw: their feeds' proportions hold among the paths that pass through them."""
    flow, hubs = lp.variables["flow"], system.feeds[system.feeds["hub"]]
    if hubs.empty:
        return []
    passing = flow.table[["mineral", "supplier", "market", "year", "via_hub", *STAGES]].assign(row=np.arange(len(flow)))
    passing = passing[passing["via_hub"]]
    pairs = hubs[["feed", "mineral", "stage", "origin", "destination", "share"]]
    pairs = passing.merge(pairs.rename(columns={"destination": "supplier"}), on=["mineral", "supplier"])
    site = np.select([pairs["stage"] == stage for stage in STAGES], [pairs[stage] for stage in STAGES], "")
    drawn = pairs[site == pairs["origin"].to_numpy()]
    return [flow.at(drawn[keys], drawn["row"]), -flow.at(pairs[keys], pairs["row"], pairs["share"])]


def pooled_feed_pattern(lp: LinearProgram, system: System) -> None:
    """The same for the pooled markets."""
    feed, excess, pooled = (lp.variables[name] for name in ("feed", "pooled_excess", "pooled"))
    keys = ["feed", "year"]
    table = excess.table.loc[excess.table["step"] == 0, ["mineral", *keys]]
    fed, per_tonne = _fed_places(system, pooled.table)
    made = pooled.table.loc[fed, [*PLACE, "year"]].assign(row=np.flatnonzero(fed), per_tonne=per_tonne)
    usual = system.feeds[~system.feeds["hub"] & (system.feeds["share"] > 0)]
    usual = usual[["feed", "mineral", "next_stage", "destination", "share"]]
    made = made.merge(usual.rename(columns={"next_stage": "stage", "destination": "country"}), on=PLACE)
    lp.constrain(
        "pooled_feed_pattern",
        table[keys],
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
    on = flow.table["via_hub"].to_numpy()
    shipped = flow.at(flow.table.loc[on, keys], np.flatnonzero(on))
    upper = hubs["base_t"] * hubs["growth"] / HUB_UTILISATION
    lp.constrain("hub_capacity", hubs[keys], shipped, upper=upper, unit=unit_of(hubs, system))


def budgets(lp: LinearProgram, system: System) -> None:
    """Eq. 10: a fund shares in builds only, and its shares of capital cost stay within its budget."""
    build, shared = lp.variables["build"], lp.variables["subsidised"]
    keys = ["build", "year"]
    table = shared.table[["mineral", *keys]].drop_duplicates()
    lp.constrain("subsidised", table[keys], shared.by(*keys), -build.by(*keys), upper=0, unit=unit_of(table, system))
    funds = system.funds[["policy", "budget_musd"]].drop_duplicates()
    paid = shared.by("policy", coefficient=shared.table["capex_share"] * shared.table["capex_usd_per_t"])
    lp.constrain("budget", funds[["policy"]], paid, upper=funds["budget_musd"] * 1e6, unit=1e6)
