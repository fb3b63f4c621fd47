"""Security: what is left when suppliers are lost, and how concentrated supply may be (eq. 11)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.facts.dataset import PLACE
from supplychain.program.equations.capacity import YEARLY, byproduct_rows, hosted, on_line, site_output
from supplychain.program.equations.dependence import SUPPLY
from supplychain.program.lp import Floats, LinearProgram, Terms, Variable
from supplychain.program.variables.steps import unit_of
from supplychain.system.build import System

LOSS = ["policy", "mineral", "stage", "scope", "market", "year"]
PLACED = [*PLACE, "market", "year"]
KEYS = ["mineral", "market", "year"]
CONE = ["policy", "mineral", "stage", "market", "year"]
TANGENT = [*CONE, "country", "cut"]
CLOSE = 1e-5  # of the index: a limit that is broken by less holds
FAINT = 1e-8  # of a unit: squares that are off by less cannot be told from the solver's rounding


def survive_loss(lp: LinearProgram, system: System) -> None:
    """Eq. 11: what a market loses with a group stays within what it can spare and what stands in for it.

    Stands in: idle plant of places outside the group, the stockpile less what the plan releases in the year, and
    private stocks.
    """
    rows = loss_rows(lp, system)
    total, through, spare, ready = (lp.variables[name] for name in ("total", "through", "spare", "ready"))
    stock, bought = lp.variables["stock"], lp.variables["bought"]
    gone, left = (each_place(v, rows, system) for v in (through, spare))
    gone, left = gone[gone["lost"]], left[~left["lost"]]
    own = rows[["loss", *KEYS, "share"]]
    lp.constrain(
        "survive_loss",
        rows[["loss", *LOSS]],
        through.at(gone[["loss"]], gone["row"]),
        spare.at(left[["loss"]], left["row"], -left["surge"] / left["ratio"]),
        _of_market(total, own, own["share"] - 1.0),
        *(_of_market(v, own, sign) for v, sign in ((stock, -1.0), (bought, 1.0), (ready, -1.0))),
        upper=0,
        unit=unit_of(rows, system),
        label=LOSS,
    )


def loss_rows(lp: LinearProgram, system: System) -> pd.DataFrame:
    """The losses that can touch a market: the columns of `losses`, and `loss`, their number."""
    at = lp.variables["through"].table[[*PLACE, "market"]].drop_duplicates()
    keys = ["mineral", "stage", "scope", "market"]
    known = at.merge(system.members, on="country")[keys]
    touched = pd.MultiIndex.from_frame(system.losses[keys]).isin(pd.MultiIndex.from_frame(known))
    rows = system.losses[touched].reset_index(drop=True)
    return rows.assign(loss=np.arange(len(rows)))


def each_place(v: Variable, rows: pd.DataFrame, system: System) -> pd.DataFrame:
    """Each loss beside every place of its mineral, stage, market and year.

    Returns
    -------
    DataFrame: the columns of `rows`, country, row (position in the variable's table), ratio, lost (whether it is).
    """
    table = v.table[[*PLACED, "ratio"]].assign(row=np.arange(len(v)))
    both = rows.merge(table, on=["mineral", "stage", "market", "year"])
    members = pd.MultiIndex.from_frame(system.members)
    return both.assign(lost=pd.MultiIndex.from_frame(both[["scope", "country"]]).isin(members))


def _of_market(v: Variable, own: pd.DataFrame, coefficient: float | pd.Series) -> Terms:
    table = own.assign(coefficient=coefficient).merge(v.table[KEYS].assign(row=np.arange(len(v))), on=KEYS)
    return v.at(table[["loss"]], table["row"], table["coefficient"])


def spare_capacity(lp: LinearProgram, system: System) -> None:
    """Eq. 11: output and what could be made beyond it stay within what exists and what is built, whoever owns it."""
    spare, built = lp.variables["spare"], on_line(lp, system)
    table = _sites(spare)
    exists = system.existing.groupby(YEARLY)["existing_t"].sum()
    lp.constrain(
        "spare_capacity",
        table,
        *site_output(lp, YEARLY),
        _at_sites(spare),
        -lp.variables["build"].at(built[YEARLY], built["row"], built["factor"]),
        upper=exists.reindex(pd.MultiIndex.from_frame(table)).fillna(0.0),
        unit=unit_of(table, system),
    )


def spare_feed(lp: LinearProgram, system: System) -> None:
    """Eq. 11: what could be made of a by-product beyond its output is fed as that is, by hosts as they run (eq. 5)."""
    spare, built = lp.variables["spare"], on_line(lp, system).merge(system.primary, on=PLACE)
    table = byproduct_rows(system).merge(_sites(spare), on=YEARLY)
    lp.constrain(
        "spare_feed",
        table[YEARLY],
        *site_output(lp, YEARLY),
        _at_sites(spare),
        *(-v.at(t[YEARLY], t["row"], t["factor"]) for v, t in hosted(lp, system)),
        -lp.variables["build"].at(built[YEARLY], built["row"], built["factor"] * built["share"]),
        upper=table["primary_t"],
        unit=unit_of(table, system),
        links=True,
    )


def _sites(spare: Variable) -> pd.DataFrame:
    """The sites of places with spare capacity, by year; the mineral is the site's own."""
    table = spare.table[["ore", "stage", "country", "year"]].set_axis(YEARLY, axis=1)
    return table.drop_duplicates(ignore_index=True)


def _at_sites(spare: Variable) -> Terms:
    return spare.by("stage", "country", "year", mineral="ore")


def ready_stocks(lp: LinearProgram, system: System) -> None:
    """Eq. 11: private stocks give what they hold as the year begins, less what the plan draws of them in it.

    So no more than they hold at its beginning, and no more than at its end: one row for each.
    """
    ready, held = lp.variables["ready"], lp.variables["held"]
    sign = held.table["sign"].to_numpy(dtype=float)
    usual = system.use.set_index(KEYS)["stock_t"].reindex(pd.MultiIndex.from_frame(ready.table[KEYS]))
    for name, later in (("ready_at_end", 0), ("ready_at_beginning", 1)):
        keys = held.table[KEYS].assign(year=held.table["year"] + later)
        below = held.at(keys, np.arange(len(held)), sign)
        unit = unit_of(ready.table, system)
        lp.constrain(name, ready.table[KEYS], ready.by(*KEYS), below, upper=usual.fillna(0.0), unit=unit)


def concentration(lp: LinearProgram, system: System) -> None:
    """Eq. 11: the squares of what passes through each country, over all supply, add up to H times that at most."""
    table, total, squares = system.concentrations, lp.variables["total"], lp.variables["squares"]
    whole = table.merge(total.table[KEYS].assign(row=np.arange(len(total))), on=KEYS)
    terms = [squares.by(*CONE), total.at(whole[CONE], whole["row"], -whole["hhi"])]
    lp.constrain("concentration", table[CONE], *terms, upper=0, unit=unit_of(table, system))


def no_tangents() -> pd.DataFrame:
    """The tangents of a program that has not been solved: the columns of `TANGENT`, and share (where it touches)."""
    types = dict.fromkeys(TANGENT, object) | {"year": int, "cut": int, "share": float}
    return pd.DataFrame(columns=list(types)).astype(types)


def with_tangents(program: LinearProgram, system: System, known: pd.DataFrame) -> LinearProgram:
    """Eq. 11: the program with a country's square above its tangents, x^2 / T >= 2 a x - a^2 T where its share is a.

    Parameters
    ----------
    program : without any. known : the tangents found so far, as `no_tangents` has them, of these and other limits.
    """
    lp, known = program.extended(), known.merge(system.concentrations[CONE], on=CONE)
    total, squares = lp.variables["total"], lp.variables["squares"]
    whole = known.merge(total.table[KEYS].assign(row=np.arange(len(total))), on=KEYS)
    own = known[TANGENT].merge(squares.table[[*CONE, "country"]].assign(row=np.arange(len(squares))))
    terms = [squares.at(own[TANGENT], own["row"]), total.at(whole[TANGENT], whole["row"], whole["share"] ** 2)]
    for v, at in _by_country(lp, system):
        along = at.merge(known, on=[*CONE, "country"])
        terms.append(v.at(along[TANGENT], along["row"], -2.0 * along["share"]))
    lp.constrain("tangents", known[TANGENT], *terms, lower=0, unit=unit_of(known, system))
    return lp


def _by_country(lp: LinearProgram, system: System) -> list[tuple[Variable, pd.DataFrame]]:
    """What passes through each country at the stage of each cone: a variable, and cone, country and `row` of it."""
    cones, parts = system.concentrations[CONE], []
    for v, own in ((lp.variables["through"], {}), (lp.variables["delivered"], {"supplier": "country"})):
        rows = np.flatnonzero(v.table["mineral"].isin(cones["mineral"].unique()))
        table = v.table.iloc[rows].rename(columns=own).assign(row=rows)
        table = table.assign(stage=SUPPLY) if own else table
        parts.append((v, table[[*PLACED, "row"]].merge(cones, on=["mineral", "stage", "market", "year"])))
    return parts


def shares(lp: LinearProgram, system: System, value: Floats) -> pd.DataFrame:
    """Who supplies what is limited in concentration: the columns of `squares`, and share (of no supply nil), total_t.

    Parameters
    ----------
    value : of all columns, t.
    """
    parts = [at.assign(tonnes=value[v.first + at["row"].to_numpy()]) for v, at in _by_country(lp, system)]
    tonnes = pd.concat(parts).groupby([*CONE, "country"])["tonnes"].sum()
    total, table = lp.variables["total"], lp.variables["squares"].table
    whole = total.table[KEYS].assign(total_t=value[total.first : total.first + len(total)])
    table = table.merge(whole, on=KEYS).join(tonnes, on=[*CONE, "country"])
    return table.assign(share=(table["tonnes"] / table["total_t"].where(table["total_t"] > 0)).fillna(0.0))


def more_tangents(lp: LinearProgram, system: System, value: Floats, known: pd.DataFrame) -> pd.DataFrame:
    """The tangents with more for each limit that a plan breaks: where the plan's countries are, if these lie off it.

    Parameters
    ----------
    value : of all columns, t. known : those that the plan keeps; where no limit is broken the answer is as long.
    """
    squares = lp.variables["squares"]
    table = shares(lp, system, value).assign(square_t=value[squares.first : squares.first + len(squares)])
    by_cone = table.assign(square=table["share"] ** 2).groupby(CONE)
    index, countries = by_cone["square"].transform("sum"), by_cone["country"].transform("count")
    off = table["share"] ** 2 - table["square_t"] / table["total_t"].where(table["total_t"] > 0)
    far = off * table["total_t"] > FAINT * squares.unit
    new = table[(index > table["hhi"] + CLOSE) & (off > CLOSE / countries) & far]
    had = known.groupby([*CONE, "country"])["cut"].count()
    cut = had.reindex(pd.MultiIndex.from_frame(new[[*CONE, "country"]]), fill_value=0).to_numpy(dtype=int) + 1
    new = new.assign(cut=cut)[known.columns]
    return pd.concat([known, new], ignore_index=True) if len(known) else new.reset_index(drop=True)
