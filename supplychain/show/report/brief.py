"""The opening of the page: one sentence, three large numbers, one picture, and what each policy gives for its money."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from supplychain.show.figures import to_svg, tradeoff
from supplychain.show.figures.tradeoff import NARROW, WIDE
from supplychain.show.figures.words import cardinal, counted
from supplychain.show.report import charts
from supplychain.show.report.answer import NOTABLE, as_high, as_low, at_worst, least_dependent, named, titles
from supplychain.show.report.cases import GROUPS, Case
from supplychain.show.report.charts import Chart
from supplychain.show.report.figures import fitted
from supplychain.show.report.grids import Cell, Grid, figure, share, words
from supplychain.show.report.words import NARROW as SPACE
from supplychain.show.report.words import billions, number, percent, signed, spoken

RIVAL = "CHN"
MOST = 8
LEAST_BILLION = 100.0  # million USD, below which billions with a decimal would say too little


@dataclass(frozen=True)
class Opening:
    """What is seen first.

    Attributes
    ----------
    sentence : the finding. numbers : three (figure, what it is). wide, narrow : the picture as SVG, for a screen and
    for a telephone. chart : its data. per_dollar : what policies take off China's share for their money.
    """

    sentence: str
    numbers: list[tuple[str, str]]
    wide: str
    narrow: str
    chart: Chart
    per_dollar: Grid


def opening(cases: Sequence[Case]) -> Opening | None:
    """The opening of a page about these scenarios; None where the reference is not in USD, or alone.

    Parameters
    ----------
    cases : in the order of the page, the reference first.
    """
    told = [case for case in cases if case.in_dollars]
    if len(told) < 2 or told[0] is not cases[0]:
        return None
    seen = points(told)
    wide, narrow = (
        fitted(to_svg(tradeoff(seen, layout), salt=f"opening{layout.width}"), _alternative(told))[0]
        for layout in (WIDE, NARROW)
    )
    return Opening(_sentence(told), _numbers(told), wide, narrow, charts.scenarios(seen), per_dollar(told))


def points(cases: Sequence[Case]) -> pd.DataFrame:
    """What the picture draws, one row a scenario.

    Returns
    -------
    DataFrame: label, group, extra_busd (resource cost over the first scenario's, present value), concern and
    central_asia (shares of the average US mineral in the last year, 0 to 1).
    """
    labels = [case.label for case in cases]
    return pd.DataFrame(
        {
            "label": [c.label if labels.count(c.label) == 1 else c.title for c in cases],
            "group": [case.group for case in cases],
            "extra_busd": [case.row["cost_busd"] - cases[0].row["cost_busd"] for case in cases],
            "concern": [case.row["feoc_share"] for case in cases],
            "central_asia": [case.row["central_asia_share"] for case in cases],
        }
    )


def from_country(case: Case, country: str) -> float:
    """A country's part in US supply of the average mineral in the last year, at mine or refinery, the higher."""
    minerals = at_worst(case, "share_feoc", case.years[-1]).index
    supply = case.home("supply")
    supply = supply[(supply["year"] == case.years[-1]) & supply["stage"].isin(["mine", "refine"])]
    parts = supply[supply["country"] == country].groupby("mineral")["share"].max()
    return float(parts.reindex(minerals).fillna(0.0).mean())


def per_dollar(cases: Sequence[Case]) -> Grid:
    """What each policy takes off China's part in US supply for each billion USD of resources; the most first.

    A policy that takes less than half a point is left out; one that costs nothing more comes first. At most MOST.
    """
    last, start = cases[0].years[-1], from_country(cases[0], RIVAL)
    head = [("Policy", False), (f"China in {last}", True), ("Points less", True), ("Extra cost, million USD", True)]
    head += [("Points less per billion USD", True), ("Public money, million USD", True)]
    rows = [
        row
        for case in cases
        if case.group == "policy" and start - from_country(case, RIVAL) >= NOTABLE
        for row in [_bought(case, cases[0], start)]
    ]
    rows.sort(key=lambda row: -float(row[4].value))
    caption = (
        f"What lowers dependence on China most for its cost: China’s part is {percent(start, 1)} without new policy"
    )
    return Grid(caption, head, rows[:MOST])


def _bought(case: Case, reference: Case, start: float) -> list[Cell]:
    now = from_country(case, RIVAL)
    extra, points_less = case.row["cost_busd"] - reference.row["cost_busd"], 100 * (start - now)
    rate = points_less / extra if extra > 0 else float("inf")
    cells = [words(case.label), share(now), figure(points_less, 1), Cell(signed(1e3 * extra), 1e3 * extra)]
    each = Cell(number(rate, 1), rate) if extra > 0 else Cell("costs nothing", rate)
    return [*cells, each, figure(1e3 * case.row["public_busd"])]


def _sentence(cases: Sequence[Case]) -> str:
    reference, last = cases[0], cases[0].years[-1]
    text = (
        f"{spoken(named(reference))}, countries of concern supply {percent(reference.row['feoc_share'])} of the "
        f"average critical mineral that the United States use in {last}"
    )
    policies = _of(cases, "policy")
    if not policies:
        return f"{text}."
    best = least_dependent(policies)
    if reference.row["feoc_share"] - best.row["feoc_share"] < NOTABLE:
        none = f"none of {cardinal(len(policies))} policies here lowers it"
        return f"{text}, and {none if len(policies) > 1 else 'the one policy here does not lower it'}."
    extra = best.row["cost_busd"] - reference.row["cost_busd"]
    alike = as_low(policies, best)
    most = "most, " if len(policies) > 1 else ""
    lowers = f"{titles(alike)} {'lowers' if len(alike) == 1 else 'lower'} that {most}to {_to(alike)}"
    then = "then" if len(alike) == 1 else f"under “{best.label}”"
    return (
        f"{text}; {lowers}, and supplying the world {then} costs {billions(1e3 * extra)} "
        f"{'more' if extra >= 0 else 'less'} over {best.years[0]}–{best.years[-1]}."
    )


def _to(cases: Sequence[Case]) -> str:
    """The share of the countries of concern; of several scenarios the lowest and the highest, where they differ."""
    low, high = (percent(f(case.row["feoc_share"] for case in cases)) for f in (min, max))
    return low if low == high else f"{low.removesuffix(SPACE + '%')} or {high}"


def _of(cases: Sequence[Case], group: str) -> list[Case]:
    return [case for case in cases if case.group == group]


def _numbers(cases: Sequence[Case]) -> list[tuple[str, str]]:
    reference, last = cases[0], cases[0].years[-1]
    policies = _of(cases, "policy") or [reference]
    best, richest = least_dependent(policies), max(cases, key=lambda c: float(c.row["central_asia_share"]))
    # What the reference does as well, to half a point, no other scenario is praised for.
    best = best if reference.row["feoc_share"] - best.row["feoc_share"] >= NOTABLE else reference
    gain = richest.row["central_asia_share"] - reference.row["central_asia_share"]
    richest = richest if gain >= NOTABLE else reference
    return [
        (
            _from_to(reference.row["feoc_share"], best.row["feoc_share"]),
            f"of the average US mineral comes from countries of concern in {last}: {named(reference)}"
            f"{_and(as_low(policies, best), reference)}",
        ),
        _dearest(cases),
        (
            _from_to(reference.row["central_asia_share"], richest.row["central_asia_share"], 1),
            f"comes from Central Asia: {named(reference)}{_and(as_high(cases[1:], richest), reference)}",
        ),
    ]


def _from_to(before: float, after: float, decimals: int = 0) -> str:
    """`35 → 24 %`, or one percentage where the two are the same."""
    first, second = number(100 * before, decimals), percent(after, decimals)
    return second if second.startswith(first + SPACE) else f"{first} → {second}"


def _and(cases: Sequence[Case], reference: Case) -> str:
    return "" if cases[0] is reference else f", and under {titles(cases).replace('” and “', '” or “')}"


def _dearest(cases: Sequence[Case]) -> tuple[str, str]:
    """The costliest disruption, else the costliest scenario."""
    reference = cases[0]
    worst = max(_of(cases, "disruption") or cases[1:], key=lambda c: float(c.row["cost_busd"]))
    extra = 1e3 * (worst.row["cost_busd"] - reference.row["cost_busd"])
    count = int(worst.row["short"])
    short = f"; {counted(count, 'mineral runs', 'minerals run')} short" if count else ""
    return _size(extra), f"{'more' if extra >= 0 else 'less'} for the world’s supply if “{worst.label}”{short}"


def _size(musd: float) -> str:
    """`USD 5.0 bn`; in millions where that would be nought."""
    large = abs(musd) >= LEAST_BILLION
    return (
        f"USD{SPACE}{number(abs(musd) / 1e3, 1)}{SPACE}bn" if large else f"USD{SPACE}{number(abs(musd))}{SPACE}million"
    )


def glance(cases: Sequence[Case]) -> list[dict[str, Any]]:
    """Of every scenario in USD: title, extra resource cost, public money, shares of Central Asia and of concern."""
    told = [case for case in cases if case.in_dollars] if cases[0].in_dollars else []
    return [
        {
            "title": c.label,
            "kind": GROUPS[c.group],
            "extra": _short_sum(1e3 * (c.row["cost_busd"] - told[0].row["cost_busd"]), signed),
            "public": _short_sum(1e3 * c.row["public_busd"], number),
            "asia": percent(c.row["central_asia_share"], 1),
            "said": percent(c.row["feoc_share"]),
            "share": c.row["feoc_share"],
        }
        for c in told
    ]


def _short_sum(musd: float, written: Callable[[float, int], str]) -> str:
    """Billion USD with a decimal; in millions, and marked so, where that would be nought."""
    few = 0.5 <= abs(musd) < LEAST_BILLION
    return f"{written(musd, 0)}{SPACE}m" if few else written(musd / 1e3, 1)


def _alternative(cases: Sequence[Case]) -> str:
    """What the picture shows, for those who do not see it."""
    low, high = (f(cases, key=lambda c: float(c.row["feoc_share"])) for f in (min, max))
    dear = max(cases, key=lambda c: float(c.row["cost_busd"]))
    asia = max(cases, key=lambda c: float(c.row["central_asia_share"]))
    extra = billions(1e3 * (dear.row["cost_busd"] - cases[0].row["cost_busd"]))
    return (
        f"{spoken(counted(len(cases), 'scenario'))}: extra cost of all supply over “{cases[0].label}”, against the "
        f"share of the average US mineral from countries of concern in {cases[0].years[-1]}. Least dependent is "
        f"“{low.label}” ({percent(low.row['feoc_share'])}), most “{high.label}” "
        f"({percent(high.row['feoc_share'])}); dearest “{dear.label}” ({extra} more). "
        f"Marks are as large as Central Asia’s share, largest in “{asia.label}” "
        f"({percent(asia.row['central_asia_share'], 1)})."
    )
