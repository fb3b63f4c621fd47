"""The answer in three sentences, computed from whatever the results are."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from supplychain.results.short import joined
from supplychain.results.summary import REFERENCE
from supplychain.show.figures.words import cardinal, counted
from supplychain.show.report.cases import Case
from supplychain.show.report.words import (
    NARROW,
    SHORTAGE,
    billions,
    number,
    percent,
    significant,
    spoken,
)

NOTABLE = 0.005
HALF = 0.5
MOST_NAMED = 3  # scenarios that are called equally good
FULL = 0.999


def at_worst(case: Case, column: str, year: int) -> pd.Series:
    """By mineral, a share of US supply at mine or refinery, whichever is higher; sorted, the highest first."""
    table = case.home("dependence")
    table = table[(table["year"] == year) & table["stage"].isin(["mine", "refine"])]
    return table.groupby("mineral")[column].max().sort_values(ascending=False, kind="stable")


def least_dependent(cases: Sequence[Case]) -> Case:
    """The scenario in which countries of concern supply least; of those alike, to half a point, the cheapest."""
    least = min(case.row["feoc_share"] for case in cases)
    alike = [case for case in cases if case.row["feoc_share"] - least < NOTABLE]
    return min(alike, key=lambda case: float(case.row["cost_busd"]))


def as_low(cases: Sequence[Case], best: Case) -> list[Case]:
    """The best and those whose countries of concern supply hardly more: tenths of a point do not tell them apart."""
    return _near(cases, best, "feoc_share")


def as_high(cases: Sequence[Case], best: Case) -> list[Case]:
    """The same of those to which Central Asia supplies hardly less."""
    return _near(cases, best, "central_asia_share")


def _near(cases: Sequence[Case], best: Case, share: str) -> list[Case]:
    others = [c for c in cases if c is not best and abs(c.row[share] - best.row[share]) < NOTABLE]
    return [best, *sorted(others, key=lambda c: abs(c.row[share] - best.row[share]))[: MOST_NAMED - 1]]


def titles(cases: Sequence[Case]) -> str:
    """Scenarios in a sentence, by their labels in quotation marks."""
    return joined([f"“{case.label}”" for case in cases])


def named(reference: Case) -> str:
    """What the reference is, inside a sentence."""
    return "without new policy" if reference.name == REFERENCE else f"in “{reference.label}”"


def answer(cases: Sequence[Case], names: dict[str, str]) -> list[tuple[str, str]]:
    """Three (heading, sentence) pairs: what dependence is, what diversifying does, what a shock and Central Asia do.

    Parameters
    ----------
    cases : in the order of the page, the reference first. names : mineral id -> name.

    Returns
    -------
    Sentences whose every comparison is computed; one that says so where the results hold no figures in USD.
    """
    told = [case for case in cases if case.in_dollars]
    if not told or told[0] is not cases[0]:
        return [("Cost", _bare(cases))]
    reference, others = told[0], told[1:]
    return [
        ("Dependence", _dependence(reference, names)),
        ("Diversifying", _policies(reference, [c for c in others if c.group == "policy"])),
        ("Shocks and Central Asia", _shocks(reference, [c for c in others if c.group == "disruption"], told)),
    ]


def _bare(cases: Sequence[Case]) -> str:
    first = cases[0]
    unit = first.result.manifest["data"]["money"]
    return f"Supplying every market costs {number(first.result.objective, 2)}{NARROW}{unit} in “{first.title}”."


def _dependence(case: Case, names: dict[str, str]) -> str:
    last = case.years[-1]
    shares = at_worst(case, "share_feoc", last)
    over = int((shares > HALF).sum())
    most = f"{cardinal(over) if over else 'none'} of {counted(len(shares), 'mineral')}"
    worst = joined([f"{_low(names, m)} ({percent(shares[m])})" for m in shares.index[:3] if shares[m] > 0])
    text = (
        f"{spoken(named(case))}, countries of concern supply {percent(case.row['feoc_share'])} of the average US "
        f"mineral in {last}, and the largest foreign supplier {percent(case.row['top_share'])}; for "
        f"{most} countries of concern supply more than half"
    )
    return f"{text}, most of all {worst}." if worst else f"{text}."


def _low(names: dict[str, str], mineral: str) -> str:
    return names.get(mineral, mineral).lower()


def _policies(reference: Case, policies: Sequence[Case]) -> str:
    if not policies:
        return "The folder holds no scenario that diversifies, so nothing is said here of what that costs."
    best = least_dependent(policies)
    cut = reference.row["feoc_share"] - best.row["feoc_share"]
    many = len(policies) > 1
    if cut < NOTABLE:
        which = (
            f"None of the {counted(len(policies), 'policy scenario')} lowers"
            if many
            else "The one policy scenario does not lower"
        )
        return f"{which} that share by half a point; the nearest, “{best.title}”, {_effects(reference, best)}."
    alike = as_low(policies, best)
    first = f"“{best.title}”" if len(alike) == 1 else titles(alike)
    which = f"Of {counted(len(policies), 'policy scenario')}, {first}" if many else first
    if len(alike) > 1:
        shares = joined([percent(case.row["feoc_share"], 1) for case in alike])
        told = f"lower that share most, and about equally, to {shares}; “{best.label}”"
    else:
        told = f"lowers that share {'most, ' if many else ''}to {percent(best.row['feoc_share'])}; it"
    rest = [policy for policy in policies if policy not in alike]
    return f"{which} {told} {_effects(reference, best)}{_the_rest(reference, rest)}."


def _effects(reference: Case, case: Case) -> str:
    """What a scenario does beside the reference, as verbs with their objects; only what there is to say."""
    keys = ("cost_busd", "us_bill_busd", "public_busd", "revenue_busd")
    extra, bill, public, revenue = (1e3 * (case.row[key] - reference.row[key]) for key in keys)
    years = f"{case.years[0]}–{case.years[-1]}"
    parts = [
        f"{_changed('the resource cost of all supply', extra, reference.row['cost_busd'])} over {years}",
        _changed("the US bill", bill, reference.row["us_bill_busd"]),
    ]
    if public > 1:
        parts.append(f"takes {billions(public)} of public money")
    if revenue > 1:
        parts.append(f"brings the treasury {billions(revenue)} of tariffs")
    if case.row["short"]:
        parts.append(f"leaves {counted(int(case.row['short']), 'mineral')} short ({SHORTAGE})")
    return joined([*parts, *_lost(case)])


def _of(musd: float, busd: float) -> str:
    """A difference in million USD as a percentage of billion USD, in parentheses; nothing where that is nought."""
    of = abs(musd) / busd / 10 if busd else 0.0
    if of < 0.0005:
        return ""
    return f" ({significant(of, 2 if of >= 0.1 else 1)}{NARROW}%)"


def _changed(what: str, musd: float, before_busd: float) -> str:
    """`raises the US bill by USD 40.0 billion (7.7 %)`."""
    text = f"{'raises' if musd >= 0 else 'lowers'} {what} by {billions(musd)}"
    return text + _of(musd, before_busd)


def _lost(case: Case) -> list[str]:
    parts = []
    if case.row["vehicles_lost"] >= 1:
        # To three significant digits: a model's vehicles are not counted one by one.
        vehicles = float(f"{case.row['vehicles_lost']:.3g}")
        parts.append(f"{number(vehicles)} electric vehicles")
    if case.row["gw_lost"] >= 0.05:
        parts.append(f"{number(case.row['gw_lost'], 1)}{NARROW}GW of energy equipment")
    return [f"loses the country {' and '.join(parts)}"] if parts else []


def _the_rest(reference: Case, others: Sequence[Case]) -> str:
    rest = [reference.row["feoc_share"] - case.row["feoc_share"] for case in others]
    if not rest:
        return ""
    low, high = 100 * min(rest), 100 * max(rest)
    if max(abs(low), abs(high)) < 100 * NOTABLE:
        which = "the other moves" if len(rest) == 1 else f"the other {cardinal(len(rest))} move"
        return f"; {which} it by less than half a point"
    if len(rest) == 1:
        return f"; the other {_moves(low)}"
    return f"; the other {cardinal(len(rest))} range from one that {_moves(low)} to one that {_moves(high)}"


def _moves(points: float) -> str:
    if abs(points) < 0.05:
        return "leaves it where it is"
    return f"{'lowers' if points > 0 else 'raises'} it by {number(abs(points), 1)} points"


def _shocks(reference: Case, shocks: Sequence[Case], told: Sequence[Case]) -> str:
    asia = _central_asia(reference, told)
    if not shocks:
        return f"{asia}; the folder holds no disruption to say more of."
    worst = max(shocks, key=lambda c: c.row["cost_busd"])
    first = f"“{worst.title}”" + (
        f", the costliest of {counted(len(shocks), 'disruption')}," if len(shocks) > 1 else ""
    )
    return f"{first} {_effects(reference, worst)}; {asia}."


def _central_asia(reference: Case, told: Sequence[Case]) -> str:
    now = reference.row["central_asia_share"]
    best = max(told, key=lambda c: c.row["central_asia_share"])
    most = best.row["central_asia_share"]
    near = as_high([case for case in told if case is not reference], best)
    alike = f"“{best.title}”" if len(near) == 1 else f"{titles(near)}, less than half a point apart"
    if most - now < NOTABLE:
        best, near = reference, []
        by = " by half a point" if most - now >= 0.0005 else ""
        text = f"Central Asia supplies {percent(now, 1)} of the average mineral and no scenario here raises that{by}"
    else:
        text = (
            f"Central Asia supplies {percent(now, 1)} of the average mineral in “{reference.title}” and at most "
            f"{percent(most, 1)}, in {alike}"
        )
    return text + _corridors(best, "there" if len(near) < 2 else f"in “{best.label}”")


def _corridors(case: Case, where: str) -> str:
    """Whether the ways out of Central Asia fill up in that scenario; nothing where the results do not say."""
    legs = case.table("corridors")
    legs = legs[legs["capacity_t"] > 0] if len(legs) else legs
    if legs.empty:
        return ""
    full = legs[(legs["used_t"] + legs["background_t"] >= FULL * legs["capacity_t"]) & (legs["used_t"] > 0)]
    if full.empty:
        return f", and no corridor that leads out of it is full {where} in any year"
    first = full.sort_values(["year", "leg"]).iloc[0]
    legs_full = full["leg"].nunique()
    verb = "is full from" if legs_full == 1 else "are full, the first from"
    place = "where" if where == "there" else f"and {where}"
    return f", {place} {counted(legs_full, 'leg')} of its corridors {verb} {int(first['year'])}"
