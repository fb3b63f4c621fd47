"""What moves: feeds between stages, deliveries to markets, whole paths, and the ways out of Central Asia."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.facts.costs import CARGO_INTEREST, DAYS_PER_YEAR, freight_between
from supplychain.facts.dataset import PLACE, Dataset
from supplychain.system.pattern import STAGES, Pattern
from supplychain.system.sites import over_years

# The least cost of any other way over the usual one's, so that the base year's tonnes take the usual way.
UNUSUAL = 1.01
MOVES = ["freight_usd_per_t", "time_usd_per_t", "margin_usd_per_t"]


def legs(dataset: Dataset, years: list[int]) -> pd.DataFrame:
    """Legs by year: leg, name, corridor, year, capacity_t (inf: not limited), background_t, usd_per_t, days."""
    table = dataset["legs"][["leg", "name", "corridor", "usd_per_t", "days"]]
    table = table.merge(pd.DataFrame({"year": years}), how="cross")
    for column, free in (("capacity_t", np.inf), ("background_t", 0.0)):
        limited = over_years(dataset["leg_capacity"], ["leg"], column, years)
        table = table.merge(limited, on=["leg", "year"], how="left").fillna({column: free})
    return table


def stage_values(chain: pd.DataFrame, top: pd.Series, minerals: pd.DataFrame) -> pd.DataFrame:
    """Value of each stage's product per tonne of it: the price, shared out by the costs incurred so far.

    Parameters
    ----------
    top : operating cost by mineral and stage, as `curves.dearest` gives it.

    Returns
    -------
    DataFrame: mineral, stage, ore, position, ratio, value_usd_per_t.
    """
    cost = top.reindex(pd.MultiIndex.from_frame(chain[["ore", "stage"]])).fillna(0.0).to_numpy()
    table = chain.assign(cost=cost * chain["whole_ratio"])
    table["so_far"] = table.groupby("mineral", sort=False)["cost"].cumsum()
    whole = table.groupby("mineral", sort=False)["cost"].transform("sum")
    share = np.where(whole > 0, table["so_far"] / whole.replace(0.0, 1.0), 1.0)
    table = table.merge(minerals[["mineral", "price"]], on="mineral")
    table["value_usd_per_t"] = share * table["price"] / table["whole_ratio"]
    return table[["mineral", "stage", "ore", "position", "ratio", "value_usd_per_t"]]


def ways(dataset: Dataset, moves: pd.DataFrame, base_year: int) -> pd.DataFrame:
    """The ways that a move out of or into Central Asia can take, the usual one first.

    Parameters
    ----------
    moves : kind (`feed` or `delivery`), move (its number), mineral, stage (of the product), origin (country),
        destination (country or market), value_usd_per_t (of the cargo), cargo_share (part of the move that is cargo
        on a way: in its own market a supplier's next buyers are at home).

    Returns
    -------
    DataFrame: way, kind, move, mineral, stage, country (in Central Asia), zone, corridor, abroad (leaves the
    country), usual, cargo_share, gross_t_per_t, value_usd_per_t (cargo per tonne moved), margin_usd_per_t. A way
    that is cheaper on paper than the usual one costs a little more: what keeps traffic off it is not in the rates.
    """
    routes = dataset["routes"][["country", "zone", "corridor"]].drop_duplicates()
    routes = routes.assign(usual=~routes.duplicated(["country", "zone"]))
    gross = dataset["concentrates"][["mineral", "stage", "gross_t_per_t"]]
    table = _crossing(dataset, moves, set(routes["country"])).merge(routes, on=["country", "zone"])
    table = table.merge(gross, on=["mineral", "stage"], how="left").fillna({"gross_t_per_t": 1.0})
    for column in ("gross_t_per_t", "value_usd_per_t"):
        table[column] *= table["cargo_share"]
    cost = way_costs(table.assign(year=base_year, margin_usd_per_t=0.0), legs(dataset, [base_year]), way_legs(dataset))
    usual = cost.where(table["usual"]).groupby([table["kind"], table["move"]]).transform("max")
    least = usual.where(table["usual"], UNUSUAL * usual)
    table = table.assign(usual_usd_per_t=usual, margin_usd_per_t=(least - cost).clip(lower=0.0))
    return table.assign(way=np.arange(len(table)))


def _crossing(dataset: Dataset, moves: pd.DataFrame, inside: set[str]) -> pd.DataFrame:
    """Moves with one end in a country that has routes: its country, and the zone of the other end."""
    market_of = dataset["countries"].set_index("country")["market"]
    zones = set(dataset["routes"]["zone"])
    ends = []
    for country, other, abroad in (("origin", "destination", True), ("destination", "origin", False)):
        table = moves[moves[country].isin(inside) & ~moves[other].isin(inside)]
        zone = table[other].where(table[other].isin(zones), table[other].map(market_of).fillna(table[other]))
        ends.append(table.assign(country=table[country], zone=zone, abroad=abroad))
    return pd.concat(ends, ignore_index=True)


def way_legs(dataset: Dataset) -> pd.DataFrame:
    """Which legs a way is made of: country, zone, corridor, leg."""
    return dataset["routes"][["country", "zone", "corridor", "leg"]]


def way_costs(table: pd.DataFrame, leg_years: pd.DataFrame, parts: pd.DataFrame) -> pd.Series:
    """Cost of a way per contained tonne in the row's year: freight of the cargo's weight, interest on its value,
    margin.

    Parameters
    ----------
    table : ways (as `ways` gives them) with a `year`.
    leg_years : legs by year. parts : legs of each way.
    """
    keys = ["country", "zone", "corridor"]
    rates = parts.merge(leg_years[["leg", "year", "usd_per_t", "days"]], on="leg")
    rates = rates.groupby([*keys, "year"])[["usd_per_t", "days"]].sum()
    found = rates.reindex(pd.MultiIndex.from_frame(table[[*keys, "year"]])).set_axis(table.index)
    interest = found["days"] / DAYS_PER_YEAR * CARGO_INTEREST * table["value_usd_per_t"]
    return found["usd_per_t"] * table["gross_t_per_t"] + interest + table["margin_usd_per_t"]


def _moved(dataset: Dataset, table: pd.DataFrame, kind: str, base_year: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The moves with freight and time, and the ways of those that have any; a routed move's freight is its usual way's.

    `table` has mineral, stage, origin, destination, value_usd_per_t, cargo_share.
    """
    table = pd.concat([table, freight_between(dataset, table)], axis=1)
    moves = table[["mineral", "stage", "origin", "destination", "value_usd_per_t", "cargo_share"]]
    choice = ways(dataset, moves.assign(kind=kind, move=np.arange(len(table))), base_year)
    usual = choice[choice["usual"]].drop_duplicates("move").set_index("move")["usual_usd_per_t"]
    routed = pd.Series(np.arange(len(table)), index=table.index).isin(usual.index)
    way = pd.Series(np.arange(len(table)), index=table.index).map(usual)
    table["usual_usd_per_t"] = (table["freight_usd_per_t"] + table["time_usd_per_t"]).where(~routed, way)
    table.loc[routed, ["freight_usd_per_t", "time_usd_per_t"]] = 0.0
    table.loc[routed, "corridor"] = ""
    return table.assign(routed=routed), choice.drop(columns="usual_usd_per_t")


def feeds(
    dataset: Dataset, pattern: Pattern, top: pd.Series, minerals: pd.DataFrame, base_year: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Feeds with their costs per tonne of the origin's product, and their ways.

    The freight of observed feeds is levelled by a margin: by proportion they cost the same, so that the base
    year's pattern is an optimum; a new feed pays its freight where that is more.
    """
    stages = stage_values(pattern.chain, top, minerals)
    fed = pattern.feeds.astype({column: object for column in ("mineral", "stage", "origin", "destination")})
    fed = fed.merge(stages, on=["mineral", "stage"]).assign(cargo_share=1.0)
    table, choice = _moved(dataset, fed, "feed", base_year)
    moved = table["usual_usd_per_t"]
    keys = [table["mineral"], table["stage"], table["hub"]]
    weight = table["share"].fillna(0.0)
    level = (moved * weight).groupby(keys).transform("sum") / weight.groupby(keys).transform("sum").replace(0.0, np.nan)
    level = level.where(~table["hub"], 0.0)
    table["level_usd_per_t"] = level.fillna(0.0)
    gap = (level - moved).where(table["share"] > 0, (level - moved).clip(lower=0.0))
    table["margin_usd_per_t"] = gap.fillna(0.0)
    table["next_stage"] = _next_stage(stages, table)
    return table.assign(feed=np.arange(len(table))), choice


def _next_stage(stages: pd.DataFrame, table: pd.DataFrame) -> pd.Series:
    """The stage that a feed enters: the one after its origin's, or the supplier itself for a hub."""
    after = {
        (mineral, stage): following
        for mineral, links in stages.sort_values("position").groupby("mineral")
        for stage, following in zip(links["stage"], [*links["stage"][1:], "supply"], strict=True)
    }
    pairs = zip(table["mineral"], table["stage"], table["hub"], strict=True)
    return pd.Series(["supply" if hub else after[m, s] for m, s, hub in pairs], index=table.index, dtype=object)


def deliveries(
    dataset: Dataset, pattern: Pattern, minerals: pd.DataFrame, base_year: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Deliveries with their costs, and their ways; the margin levels the freight of observed pairs.

    A pair that has not traded pays its freight where that is more than the mean. `level_usd_per_t` is that mean.
    """
    last = pattern.chain.loc[pattern.chain["last"]].set_index("mineral")["stage"]
    table = pattern.deliveries.merge(minerals[["mineral", "price", "substitution"]], on="mineral")
    table = table.merge(dataset["markets"][["market", "traced"]], on="market")
    ends = {"origin": table["supplier"], "destination": table["market"], "stage": table["mineral"].map(last)}
    table, choice = _moved(dataset, table.assign(value_usd_per_t=table["price"], **ends), "delivery", base_year)
    moved = table["usual_usd_per_t"]
    weight = table["base_t"].where(table["observed"], 0.0).fillna(0.0)
    mean = (moved * weight).groupby(table["mineral"]).transform("sum")
    mean = (mean / weight.groupby(table["mineral"]).transform("sum").replace(0.0, np.nan)).fillna(0.0)
    margin = (mean - moved).where(table["observed"], (mean - moved).clip(lower=0.0))
    table["margin_usd_per_t"] = margin.where(table["price"] > 0, 0.0)
    table = table.assign(level_usd_per_t=mean).drop(columns=["origin", "destination", "cargo_share"])
    return table.assign(delivery=np.arange(len(table))), choice


def freight_levels(chain: pd.DataFrame, sold: pd.DataFrame, fed: pd.DataFrame) -> pd.Series:
    """Usual freight of the whole chain by mineral, USD per delivered tonne."""
    level = fed[~fed["hub"]].groupby(["mineral", "stage"])["level_usd_per_t"].max()
    inside = chain.join(level, on=["mineral", "stage"]).fillna({"level_usd_per_t": 0.0})
    inside = (inside["level_usd_per_t"] * inside["ratio"]).groupby(inside["mineral"]).sum()
    return inside.add(sold.groupby("mineral")["level_usd_per_t"].max(), fill_value=0.0)


def ran(chain: pd.DataFrame, walked: pd.DataFrame, sold: pd.DataFrame, fed: pd.DataFrame) -> pd.Series:
    """What passed through each place in the base year's pattern: tonnes leaving it, by own mineral, stage, country.

    Parameters
    ----------
    walked : paths. sold, fed : deliveries and feeds, with their base tonnes; nothing where there is no base year.
    """
    ratios = chain[["mineral", "stage", "ore", "ratio"]]
    # The tonnes of a pair that has not traded are the seed of what it may do later, and ran nowhere.
    walked = walked[walked["delivery"].isin(sold.loc[sold["observed"].astype(bool), "delivery"])]
    parts = []
    for stage in STAGES:
        traced = walked.loc[walked[stage] != "", ["mineral", stage, "base_t"]]
        traced = traced.set_axis(["mineral", "country", "base_t"], axis=1).assign(stage=stage).merge(ratios)
        parts.append(traced.assign(base_t=traced["base_t"] * traced["ratio"]))
    last = chain.loc[chain["last"], ["mineral", "stage", "ore"]]
    pooled = sold[~sold["traced"].astype(bool) & sold["observed"].astype(bool)]
    parts.append(pooled.rename(columns={"supplier": "country"})[["mineral", "country", "base_t"]].merge(last))
    inside = fed[~fed["hub"].astype(bool)].rename(columns={"origin": "country"})
    parts.append(inside[["mineral", "stage", "country", "base_t"]].merge(ratios, on=["mineral", "stage"]))
    table = pd.concat(parts, ignore_index=True).drop(columns="mineral").rename(columns={"ore": "mineral"})
    return table.dropna(subset=["base_t"]).groupby(PLACE)["base_t"].sum()


def with_base(chain: pd.DataFrame, sold: pd.DataFrame, fed: pd.DataFrame) -> pd.DataFrame:
    """Feeds with `base_t`, the tonnes that they carry for the pooled markets in the base year."""
    out = sold[~sold["traced"] & sold["observed"]].groupby(["mineral", "supplier"])["base_t"].sum()
    fed = fed.assign(base_t=0.0)
    links = chain.assign(following=chain.groupby("mineral", sort=False)["ratio"].shift(-1))
    for link in links[~links["last"]].sort_values("position", ascending=False).itertuples():
        here = (fed["mineral"] == link.mineral) & (fed["stage"] == link.stage) & ~fed["hub"]
        made = fed.loc[here, "destination"].map(out.loc[[link.mineral]].droplevel(0) if link.mineral in out else {})
        fed.loc[here, "base_t"] = made.fillna(0.0) * fed.loc[here, "share"].fillna(0.0) * link.ratio / link.following
        origin = fed[here].groupby("origin")["base_t"].sum()
        out = out.drop(link.mineral, level=0, errors="ignore")
        out = pd.concat([out, pd.concat({link.mineral: origin}, names=["mineral", "supplier"])])
    return fed


def paths(chain: pd.DataFrame, sites: pd.DataFrame, sold: pd.DataFrame, fed: pd.DataFrame) -> pd.DataFrame:
    """Every chain of sites from mine to a traced market that deliveries and feeds allow, with its base tonnes.

    Parameters
    ----------
    sites : mineral, stage, country of all that make something. sold, fed : deliveries and feeds.
    """
    found = []
    for mineral, links in chain.groupby("mineral", sort=False):
        arcs = fed[fed["mineral"] == mineral]
        table = sold[sold["traced"] & (sold["mineral"] == mineral)]
        table = table[["delivery", "mineral", "market", "supplier", "base_t", "own_share", "corridor", *MOVES]]
        makers = sites[(sites["mineral"] == links["ore"].iloc[-1]) & (sites["stage"] == links["stage"].iloc[-1])]
        table = _through_hubs(table, arcs[arcs["hub"]], set(makers["country"]), links["stage"].iloc[-1])
        for i in range(len(links) - 2, -1, -1):
            table = _fed_from(table, arcs[~arcs["hub"]], links.iloc[i], links["stage"].iloc[i + 1])
        found.append(table)
    table = pd.concat(found, ignore_index=True)
    for stage in STAGES:
        table[stage] = table[stage].fillna("") if stage in table else ""
        table[f"feed_{stage}"] = table.get(f"feed_{stage}", np.nan)
    table["hub_feed"] = table.get("hub_feed", np.nan)
    return table.assign(path=np.arange(len(table)))


def with_costs(walked: pd.DataFrame, chain: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """The paths with what each stage costs at its site, the scrap in it too, per delivered tonne."""
    cost = places.set_index(PLACE)["opex_usd_per_t"]
    links = chain.set_index(["mineral", "stage"])[["ore", "ratio", "scrap_usd_per_t"]]
    for stage in STAGES:
        link = links.reindex(pd.MultiIndex.from_arrays([walked["mineral"], [stage] * len(walked)]))
        at = pd.MultiIndex.from_arrays([link["ore"], [stage] * len(walked), walked[stage]])
        paid = cost.reindex(at).to_numpy(dtype=float) + link["scrap_usd_per_t"].to_numpy(dtype=float)
        paid *= link["ratio"].to_numpy(dtype=float)
        walked = walked.assign(**{f"{stage}_usd_per_t": np.nan_to_num(paid)})
    return walked


def _through_hubs(table: pd.DataFrame, hubs: pd.DataFrame, makers: set[str], last: str) -> pd.DataFrame:
    """Deliveries that the supplier makes itself, and those that it passes on from other makers.

    A supplier that is hub and maker is both: the part that it can make is its own.
    """
    passed_on = set(hubs["destination"])
    own = table[table["supplier"].isin(makers)].assign(**{last: lambda t: t["supplier"]})
    own["base_t"] *= own["own_share"]
    arcs = hubs[["feed", "origin", "destination", "share", *MOVES]]
    arcs = arcs.rename(columns={"origin": last, "destination": "supplier", "feed": "hub_feed"})
    via = table[table["supplier"].isin(passed_on)].merge(arcs, on="supplier", suffixes=("", "_hub"))
    via["base_t"] *= via["share"] * (1.0 - via["own_share"])
    for cost in MOVES:
        via[cost] += via.pop(f"{cost}_hub")
    return pd.concat([own.assign(via_hub=False), via.drop(columns="share").assign(via_hub=True)], ignore_index=True)


def _fed_from(table: pd.DataFrame, fed: pd.DataFrame, link: pd.Series, following: str) -> pd.DataFrame:
    """The paths lengthened by one stage upstream: one for each origin that may feed their site."""
    arcs = fed[fed["stage"] == link["stage"]][["feed", "origin", "destination", "share", *MOVES]]
    arcs = arcs.rename(columns={"origin": link["stage"], "destination": following, "feed": f"feed_{link['stage']}"})
    table = table.merge(arcs, on=following, suffixes=("", "_feed"))
    table["base_t"] *= table.pop("share").fillna(1.0)
    for cost in MOVES:
        table[cost] += table.pop(f"{cost}_feed") * link["ratio"]
    return table
