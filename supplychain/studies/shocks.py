"""Known supply shocks told again: what the model says of their prices, beside what the prices did.

Each event of the table `events` is a shock to today's facts of its mineral alone. Parameters are the facts' own, or
chosen for each event without it, on the other events of its group.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from supplychain.facts.checks import base_year
from supplychain.facts.dataset import PLACE, Dataset
from supplychain.results import tables
from supplychain.results.unfold import Solved, unfolding
from supplychain.scenario.policies import AnyPolicy, Tables
from supplychain.scenario.policies.base import ALL, Stage
from supplychain.scenario.policies.shocks import CapacityLoss
from supplychain.scenario.policies.trade import ExportBan
from supplychain.scenario.scenario import Scenario
from supplychain.studies.as_of import combinations, with_parameters
from supplychain.studies.backcast import DISCOUNT_RATE
from supplychain.system.build import base_tables

# The years that are solved: the base year, in which nothing has happened yet, and those after it; so many that stocks
# which are drawn under a ban without end are not back, as they must be at the horizon's, while it is still new.
YEARS = 7
# The highest yearly price of so many years of the shock is what the table's multiple is held against.
FIRST_YEARS = 2
# What the parameters may be, times the facts' own (which stand first); every combination is tried.
GRID: dict[str, tuple[float, ...]] = {"short_run": (1.0, 0.5, 2.0), "stock_months": (1.0, 0.5, 2.0)}
# A group with fewer events has the parameters of all the others.
LEAST_GROUP = 3
LOSS, STOP, NONE = "loss", "stop", "none"
# Whose flow a loss is a part of (`of`): where it is the world's every country loses that part of its plants.
WORLD = "world"
ORE: list[Stage] = ["mine"]
METAL: list[Stage] = ["refine", "fabricate"]
GUESSES = ["model", "left_out", "no_change"]
# Errors of logarithms that are nearer to each other than this are a tie.
DIGITS = 9
_TOLD = ["event", "mineral", "group", "kind", "shock", "lost_share", "share_guessed", "observed"]


def shocks(
    known: Dataset, grid: Mapping[str, tuple[float, ...]] | None = None, workers: int | None = None
) -> pd.DataFrame:
    """The price of every counted event: as it was, with the facts' own parameters, and with those of a grid.

    Parameters
    ----------
    grid : factors to be tried by parameter, as `with_parameters` has them; without it the facts' own alone.
    workers : events solved at once (default: as many as there are processors).

    Returns
    -------
    DataFrame, one row an event in the order of the table `events`: event, mineral, group (the mineral's class), kind,
    shock (events of one shock have the same), lost_share, share_guessed (no tonnes found: the median of its kind),
    observed (yearly price over that before), model, no_change (1), error_model, error_no_change (log of the guess over
    the observed), at_ceiling (the model's price is that of the demand curve's last step, or above). With a grid also
    left_out (with the parameters chosen without the event), error_left_out, left_out_at_ceiling and a column for each
    parameter: the factor chosen.
    """
    events = counted(known)
    table = tried(known, events, grid or {}, workers)
    return judged(events, table, grid or {})


def counted(known: Dataset) -> pd.DataFrame:
    """The events by which the model is judged: those that lost tonnes of a country and have a yearly multiple.

    Returns
    -------
    DataFrame: event, mineral, group, kind, shock, lost_share, share_guessed, observed, and what the policy needs:
    stage, by, against, lasts (years), lost_t, of.
    """
    told = known["events"]
    told = told.assign(share_guessed=told["lost_share"].isna(), lost_share=lost_shares(told), shock=_same_shock(told))
    told = told[
        (told["kind"] != NONE) & (told["by"] != "") & told[["annual_multiple", "lost_share"]].notna().all(axis=1)
    ]
    group = told["mineral"].map(known["minerals"].set_index("mineral")["class"])
    lasts = told["last_year"] - told["first_year"] + 1
    table = told.assign(group=group, lasts=lasts, observed=told["annual_multiple"])
    return table[[*_TOLD, "stage", "by", "against", "lasts", "lost_t", "of"]].reset_index(drop=True)


def apart(known: Dataset) -> pd.DataFrame:
    """The events that do not count, and why: event, mineral, kind, observed, why."""
    told = known["events"]
    told = told[~told["event"].isin(counted(known)["event"])]
    why = np.select(
        [told["kind"] == NONE, told["annual_multiple"].isna(), told["by"] == ""],
        ["no tonnes were lost", "no yearly multiple", "no country"],
        "no part lost is known",
    )
    table = told.rename(columns={"annual_multiple": "observed"})[["event", "mineral", "kind", "observed"]]
    return table.assign(why=why).reset_index(drop=True)


def lost_shares(events: pd.DataFrame) -> pd.Series:
    """The part lost of each event; where no tonnes were found, the median of the other events of its kind."""
    return events["lost_share"].fillna(events.groupby("kind")["lost_share"].transform("median"))


def _same_shock(events: pd.DataFrame) -> pd.Series:
    """The first event of each shock: events of one country and year that lost the same tonnes of the same are one."""
    keys = ["by", "kind", "first_year", "lost_t", "of_t"]
    first = events.dropna(subset=keys).groupby(keys)["event"].transform("first")
    return first.reindex(events.index).fillna(events["event"])


def policy(event: pd.Series, base: Tables, horizon: range) -> AnyPolicy:
    """An event as a policy that strikes in the year after the base year, known no sooner.

    A loss of plants, and a stop, which is declared for some months, end as they ended; of other controls nobody knew
    the end, so they stay. A control of metal holds for the goods that are made of it too, or it would leave in them;
    ore may be refined at home.

    Parameters
    ----------
    base : the system's tables before any policy.
    """
    first = horizon[1]
    told: dict[str, Any] = {"minerals": [event["mineral"]], "known_from": first, "assumption": event["event"]}
    ends = first + int(event["lasts"]) - 1
    if event["kind"] == LOSS:
        countries, share = _loss(event, base)
        years = (first, ends)
        return CapacityLoss(
            kind="capacity_loss", countries=countries, stages=[event["stage"]], share=share, years=years, **told
        )
    return ExportBan(
        kind="export_ban",
        countries=[event["by"]],
        against=[event["against"]] if event["against"] else ALL,
        stages=ORE if event["stage"] in ORE else METAL,
        share=_cut(event, base),
        years=(first, ends if event["kind"] == STOP else horizon[-1]),
        **told,
    )


def _cut(event: pd.Series, base: Tables) -> float:
    """What part of the exports is lost: no more than the tonnes that customs missed, where they count one form and the
    pattern holds more of them."""
    sold = base["deliveries"]
    out = (sold["supplier"] == event["by"]) & (sold["market"] != event["by"]) & (sold["stage"] == event["stage"])
    exports = sold.loc[out & sold["observed"].astype(bool), "base_t"].sum()
    known = event["lost_t"] > 0 and exports > 0
    return float(min(event["lost_share"], event["lost_t"] / exports) if known else event["lost_share"])


def _loss(event: pd.Series, base: Tables) -> tuple[list[str], float]:
    """The countries that lose plants, and what part of them: so much that they make no more than what was left of their
    output, for the table tells of output, and what stood idle did not take its place."""
    keys = ["mineral", "stage"] if event["of"] == WORLD else PLACE
    hit = event.rename({"by": "country"})[keys]
    sites, existing = (base[name][(base[name][keys] == hit).all(axis=1)] for name in ("sites", "existing"))
    made = sites["output_t"].sum()
    able = existing.loc[existing["year"] == existing["year"].min() + 1, "existing_t"].sum()
    left = (1.0 - float(event["lost_share"])) * (made / able if able > 0 else 1.0)
    return list(dict.fromkeys(existing["country"])) or [event["by"]], 1.0 - min(left, 1.0)


def tried(
    known: Dataset, events: pd.DataFrame, grid: Mapping[str, tuple[float, ...]], workers: int | None = None
) -> pd.DataFrame:
    """What the model says of each event with each combination of the parameters.

    Returns
    -------
    DataFrame, one row an event and combination: event, a column for each parameter (its factor), multiple, at_ceiling.
    """
    rows = [row for _, row in events.iterrows()]
    solve = partial(_over_grid, known=known, grid=dict(grid))
    workers = min(workers or os.cpu_count() or 1, max(len(rows), 1))
    if workers == 1:
        return _stacked(map(solve, rows), grid)
    with ProcessPoolExecutor(workers) as pool:
        return _stacked(pool.map(solve, rows), grid)


def _stacked(parts: Iterable[list[dict[str, object]]], grid: Mapping[str, tuple[float, ...]]) -> pd.DataFrame:
    return pd.DataFrame([row for part in parts for row in part], columns=["event", *grid, "multiple", "at_ceiling"])


def _over_grid(event: pd.Series, known: Dataset, grid: Mapping[str, tuple[float, ...]]) -> list[dict[str, object]]:
    part = known.only([event["mineral"]])
    rows = []
    for factors in combinations(grid):
        multiple, at_ceiling = told_again(event, with_parameters(part, factors))
        rows.append({"event": event["event"], **factors, "multiple": multiple, "at_ceiling": at_ceiling})
    return rows


def told_again(event: pd.Series, part: Dataset) -> tuple[float, bool]:
    """The highest yearly price of the shock's first years over that of the same year without it, and whether that
    price is at the last step of the demand curve.

    The price is the mean over the markets by their use, without the market that a country which keeps its goods is by
    itself: there they are cheap.
    """
    years = range(base_year(part), base_year(part) + YEARS)
    base = base_tables(part, years)
    shock = {str(event["event"]): policy(event, base, years)}
    solved = list(unfolding(Scenario("shock", "", "", years, DISCOUNT_RATE, shock), part, base))
    home = "" if event["kind"] == LOSS else str(event["by"])
    without, struck = (_price(one, str(event["mineral"]), home) for one in (solved[0], solved[-1]))
    highest = (struck / without).loc[years[1] : years[FIRST_YEARS]].idxmax()
    minerals = solved[0].system.minerals.set_index("mineral")
    ceiling = float(minerals.loc[str(event["mineral"]), "ceiling"])
    return float(struck[highest] / without[highest]), bool(struck[highest] >= 0.999 * ceiling)


def _price(solved: Solved, mineral: str, home: str) -> pd.Series:
    """The mineral's price over its normal price by year, mean by use over the markets but the one of that name."""
    table = tables.prices(solved.program, solved.system, solved.solution).query("mineral == @mineral")
    use = solved.system.use
    use = use.assign(whole=use["base_t"] * use["growth"])[["mineral", "market", "year", "whole"]]
    table = table.merge(use, on=["mineral", "market", "year"])
    outside = table[table["market"] != home]
    table = outside if outside["whole"].sum() > 0 else table
    spent = (table["usd_per_t"] / table["observed_usd_per_t"] * table["whole"]).groupby(table["year"]).sum()
    return spent / table.groupby("year")["whole"].sum()


def judged(events: pd.DataFrame, table: pd.DataFrame, grid: Mapping[str, tuple[float, ...]]) -> pd.DataFrame:
    """The table of `shocks` from what was tried."""
    own = table[(table[list(grid)] == 1.0).all(axis=1)].set_index("event").reindex(events["event"])
    found = events[_TOLD].assign(
        model=own["multiple"].to_numpy(), no_change=1.0, at_ceiling=own["at_ceiling"].to_numpy(dtype=bool)
    )
    if grid:
        best = left_out(events, table, list(grid))
        found = found.assign(left_out=best["multiple"].to_numpy(), left_out_at_ceiling=best["at_ceiling"].to_numpy())
        found = found.assign(**{name: best[name].to_numpy() for name in grid})
    guesses = [name for name in GUESSES if name in found]
    return found.assign(**{f"error_{name}": np.log(found[name] / found["observed"]) for name in guesses})


def left_out(events: pd.DataFrame, table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """The row of `tried` of each event with the parameters that do best on the other shocks of its group.

    The best has the least mean absolute error of logarithms, each shock counting once. A tie goes to the facts' own,
    then to who stands first. Groups of fewer than `LEAST_GROUP` events take the best of all the other shocks.

    Returns
    -------
    DataFrame: as `tried`, one row an event, in the order of `events`.
    """
    told = table.merge(events[["event", "shock", "group", "observed"]], on="event")
    told = told.assign(off=np.log(told["multiple"] / told["observed"]).abs())
    size = events.groupby("group")["event"].transform("size")
    rows = []
    for event, enough in zip(events.itertuples(), size >= LEAST_GROUP, strict=True):
        others = told[(told["shock"] != event.shock) & ((told["group"] == event.group) | (not enough))]
        rows.append(table[(table["event"] == event.event) & (table[names] == best(others, names)).all(axis=1)])
    return pd.concat(rows, ignore_index=True) if rows else table.iloc[:0]


def best(told: pd.DataFrame, names: list[str]) -> pd.Series:
    """The factors with the least mean error (`off`) over shocks; the facts' own where there is nothing to choose by."""
    own = pd.Series(1.0, index=names)
    if told.empty:
        return own
    by_shock = told.groupby([*names, "shock"], sort=False)["off"].mean()
    means = by_shock.groupby(names, sort=False).mean().round(DIGITS).reset_index()
    means = means.assign(other=(means[names] != 1.0).any(axis=1))
    return means.sort_values(["off", "other"], kind="stable").iloc[0][names].astype(float)


def scores(table: pd.DataFrame) -> pd.DataFrame:
    """Mean absolute errors of logarithms by group and over all events.

    Returns
    -------
    DataFrame: group (the last row is `all`), events, model, left_out (where it was chosen), no_change,
    model_at_ceiling, left_out_at_ceiling (events).
    """
    guesses = [name for name in GUESSES if name in table]
    off = table[[f"error_{name}" for name in guesses]].abs().set_axis(guesses, axis=1)
    at_ceiling = {"model_at_ceiling": "at_ceiling", "left_out_at_ceiling": "left_out_at_ceiling"}
    at_ceiling = {name: column for name, column in at_ceiling.items() if column in table}
    off = off.assign(events=1, **{name: table[column].astype(int) for name, column in at_ceiling.items()})
    both = pd.concat([off.assign(group=table["group"]), off.assign(group="all")])
    sums = {"events": "sum"} | dict.fromkeys(guesses, "mean") | dict.fromkeys(at_ceiling, "sum")
    return both.groupby("group", sort=False).agg(sums).reset_index()


def spoken(table: pd.DataFrame) -> pd.DataFrame:
    """The table of `shocks` with what a terminal of 80 columns holds: an asterisk where the part lost is a guess, and
    where a price is at the ceiling."""
    short = pd.DataFrame({"event": table["event"], "lost": _starred(table["lost_share"], table["share_guessed"])})
    short = short.assign(observed=table["observed"].map("{:.2f}".format))
    short = short.assign(model=_starred(table["model"], table["at_ceiling"]))
    if "left_out" in table:
        short = short.assign(left_out=_starred(table["left_out"], table["left_out_at_ceiling"]))
    return short


def _starred(values: pd.Series, marked: pd.Series) -> pd.Series:
    return values.map("{:.2f}".format) + marked.map({True: "*", False: ""})
