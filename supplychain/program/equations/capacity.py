"""What can be made: capacity, owners, builds, reserves, by-products and funds (eqs. 3, 4, 5, 10)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.facts.dataset import PLACE
from supplychain.program.lp import LinearProgram, Terms, Variable
from supplychain.program.variables.steps import unit_of
from supplychain.system.build import System

YEARLY = [*PLACE, "year"]


def made_at_sites(lp: LinearProgram, prefix: str = "") -> list[tuple[Variable, pd.DataFrame]]:
    """What each site makes, of every mineral drawn from it: its labels, `row`, `factor` (tonnes at the stage)."""
    parts = []
    for name in ("through", "pooled"):
        v = lp.variables[prefix + name]
        factor = v.table["ratio"] if name == "through" else 1.0
        parts.append((v, v.table.assign(mineral=v.table["ore"], row=np.arange(len(v)), factor=factor)))
    return parts


def site_output(lp: LinearProgram, keys: list[str]) -> list[Terms]:
    """Tonnes through each site, labelled by the site's own mineral."""
    return [v.at(table[keys], table["row"], table["factor"]) for v, table in made_at_sites(lp)]


def capacity(lp: LinearProgram, system: System) -> None:
    """Eq. 3: tonnes through a site, of each owner, stay within what exists and what has been built and can run."""
    used = lp.variables["used"]
    keys = [*PLACE, "owner", "year"]
    alone = system.owners[~system.owners.duplicated(PLACE, keep=False)][[*PLACE, "owner"]]
    whole = [(v, table.merge(alone, on=PLACE)) for v, table in made_at_sites(lp)]
    built = on_line(lp, system)
    table = used.table[keys].drop_duplicates(ignore_index=True)
    lp.constrain(
        "capacity",
        table,
        *(v.at(table[keys], table["row"], table["factor"]) for v, table in [*whole, *made_at_sites(lp, "owned_")]),
        -used.by(*keys),
        -lp.variables["build"].at(built[keys], built["row"], built["factor"]),
        upper=0,
        unit=unit_of(table, system),
    )


def on_line(lp: LinearProgram, system: System) -> pd.DataFrame:
    """Every build in every year from which it is on line: labels, `row`, `factor` (the part that can run).

    Eq. 5: what is built on an ore is capacity for each of its products, by its part of the basket.
    """
    build = lp.variables["build"].table
    table = build[[*PLACE, "owner", "year"]].rename(columns={"year": "start"})
    table = table.assign(row=np.arange(len(build)), factor=1.0)
    basket = system.byproducts[system.byproducts["joint"]].drop(columns="joint")
    of_ore = table.rename(columns={"mineral": "host", "stage": "host_stage"}).merge(
        basket, on=["host", "host_stage", "country"]
    )
    of_ore = of_ore.assign(mineral=of_ore["product"], stage=of_ore["product_stage"], factor=of_ore["ratio"])
    table = pd.concat([table, of_ore[table.columns]], ignore_index=True).merge(system.years[["year"]], how="cross")
    table = table[table["year"] >= table["start"]]
    table = table.merge(system.availability.rename(columns={"factor": "runs"}), on=YEARLY)
    return table.assign(factor=table["factor"] * table["runs"])


def owned(lp: LinearProgram, system: System) -> None:
    """What the owners of a shared site make adds up to what it makes, for each traced market and all pooled ones."""
    for name, keys in (("through", [*PLACE, "market", "year"]), ("pooled", YEARLY)):
        whole, parts = lp.variables[name], lp.variables[f"owned_{name}"]
        table = parts.table[keys].drop_duplicates()
        unit = unit_of(table, system)
        lp.constrain(f"owned_{name}", table, parts.by(*keys), -whole.by(*keys), lower=0, upper=0, unit=unit)


def owner_pattern(lp: LinearProgram, system: System) -> None:
    """Of equally cheap plans, the one in which a shared site's owners have their shares of it in what it makes."""
    for name, keys in (("through", [*PLACE, "market", "year"]), ("pooled", YEARLY)):
        whole, parts = lp.variables[name], lp.variables[f"owned_{name}"]
        above, below = lp.variables[f"owned_{name}_above"], lp.variables[f"owned_{name}_below"]
        labels = [*keys, "owner"]
        usual = whole.table[keys].assign(row=np.arange(len(whole))).merge(parts.table[[*labels, "share"]], on=keys)
        lp.constrain(
            f"owner_pattern_{name}",
            parts.table[labels],
            parts.by(*labels),
            -whole.at(usual[labels], usual["row"], usual["share"]),
            -above.by(*labels),
            below.by(*labels),
            lower=0,
            upper=0,
            unit=parts.unit,
        )


def project_size(lp: LinearProgram, system: System) -> None:
    """Eq. 3: a named project is built at most once."""
    build = lp.variables["build"]
    named = system.builds[np.isfinite(system.builds["total_t"])]
    unit = unit_of(named, system)
    lp.constrain("project_size", named[["build", "project"]], build.by("build"), upper=named["total_t"], unit=unit)


def reserves(lp: LinearProgram, system: System) -> None:
    """Eq. 4: what is mined over the horizon stays within the reserves, where a source gives them."""
    known = system.sites[(system.sites["stage"] == "mine") & (system.sites["reserves_t"] > 0)]
    known = known[known["mineral"].isin(system.chain["ore"])]
    # A source can print reserves smaller than a few years of the output that it prints beside them.
    upper = np.maximum(known["reserves_t"], 1.5 * len(system.years) * known["output_t"])
    lp.constrain("reserves", known[PLACE], *site_output(lp, PLACE), upper=upper, unit=unit_of(known, system))


def by_products(lp: LinearProgram, system: System) -> None:
    """Eq. 5: a by-product stays within what its hosts give, plus what is won for its own sake; the rest is unsold."""
    table = byproduct_rows(system)
    built = on_line(lp, system).merge(system.primary, on=PLACE)
    lp.constrain(
        "by_products",
        table[YEARLY],
        *site_output(lp, YEARLY),
        *(-v.at(t[YEARLY], t["row"], t["factor"]) for v, t in hosted(lp, system)),
        -lp.variables["build"].at(built[YEARLY], built["row"], built["factor"] * built["share"]),
        upper=table["primary_t"],
        unit=unit_of(table, system),
        links=True,
    )


def hosted(lp: LinearProgram, system: System) -> list[tuple[Variable, pd.DataFrame]]:
    """What hosts give of each by-product: labels of the by-product's site, `row`, `factor` (tonnes of it per unit)."""
    hosts = system.byproducts.loc[~system.byproducts["joint"]].drop(columns="joint")
    parts = []
    for v, made in made_at_sites(lp):
        made = made[[*YEARLY, "row", "factor"]].rename(columns={"mineral": "host", "stage": "host_stage"})
        table = made.merge(hosts, on=["host", "host_stage", "country"])
        table = table.rename(columns={"product": "mineral", "product_stage": "stage"})
        parts.append((v, table.assign(factor=table["factor"] * table["ratio"])))
    return parts


def byproduct_rows(system: System) -> pd.DataFrame:
    """Every by-product's site and year: mineral, stage, country, year, primary_t (existing capacity without a host)."""
    places = system.primary[system.primary["share"] < 1.0].merge(system.years[["year"]], how="cross")
    has = system.existing.groupby(YEARLY)["existing_t"].sum()
    known = has.reindex(pd.MultiIndex.from_frame(places[YEARLY])).fillna(0.0).to_numpy()
    return places.assign(primary_t=places["share"] * known).drop(columns="share").reset_index(drop=True)


def budgets(lp: LinearProgram, system: System) -> None:
    """Eq. 10: a fund shares in builds only, and its shares of capital cost stay within its budget."""
    build, shared = lp.variables["build"], lp.variables["subsidised"]
    keys = ["build", "year"]
    table = shared.table[["mineral", *keys]].drop_duplicates()
    lp.constrain("subsidised", table[keys], shared.by(*keys), -build.by(*keys), upper=0, unit=unit_of(table, system))
    funds = system.funds[["policy", "budget_musd"]].drop_duplicates()
    paid = shared.by("policy", coefficient=shared.table["capex_share"] * shared.table["capex_usd_per_t"])
    lp.constrain("budget", funds[["policy"]], paid, upper=funds["budget_musd"] * 1e6, unit=1e6, links=True)
