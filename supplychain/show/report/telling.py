"""Text alternatives of the figures: what is to be seen in each, computed from the same tables."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from supplychain.results.short import joined
from supplychain.show import figures
from supplychain.show.figures import region
from supplychain.show.figures.cost import SAME, resources_used
from supplychain.show.figures.words import CEILING, counted
from supplychain.show.report.answer import HALF
from supplychain.show.report.binding import full_corridors
from supplychain.show.report.cases import HOME, Case
from supplychain.show.report.names import Names
from supplychain.show.report.words import MINUS, NARROW, billions, number, percent, spoken

SEEN = 0.005
LARGE = 0.02


@dataclass(frozen=True)
class Scene:
    """What a figure is about: a scenario, the one that it stands beside, and the mineral that is shown."""

    case: Case
    reference: Case
    mineral: str
    names: Names

    @property
    def mineral_name(self) -> str:
        """The mineral's name."""
        return self.names.mineral(self.mineral)

    @property
    def ends(self) -> tuple[int, int]:
        """First and last year."""
        return self.case.years[0], self.case.years[-1]


def _listed(shares: pd.Series, names: Names, most: int = 3) -> str:
    return joined([f"{names.mineral(m).lower()} ({percent(value)})" for m, value in shares.head(most).items()])


def dependence(scene: Scene) -> str:
    """Countries of concern at the refinery: for how many minerals over half, the highest, the largest fall."""
    first, last = scene.ends
    table = scene.case.home("dependence").query("stage == 'refine'")
    now = table[table["year"] == last].set_index("mineral")["share_feoc"].sort_values(ascending=False, kind="stable")
    before = table[table["year"] == first].set_index("mineral")["share_feoc"].reindex(now.index).fillna(0.0)
    text = (
        f"Share of the countries of concern in US supply at the refinery, mineral by mineral. It is over half for "
        f"{counted(int((before > HALF).sum()), 'mineral')} in {first} and for "
        f"{counted(int((now > HALF).sum()), 'mineral')} in {last}; highest in {last}: {_listed(now, scene.names)}."
    )
    fallen = (before - now).sort_values(ascending=False, kind="stable")
    if len(fallen) and fallen.iloc[0] > LARGE:
        m = fallen.index[0]
        text += f" It falls most for {scene.names.mineral(m).lower()}, from {percent(before[m])} to {percent(now[m])}."
    return text


def present_values(case: Case) -> pd.Series:
    """Cost of all years by item at present value, million USD; together the objective."""
    table = case.table("costs")
    rate = float(case.story.get("discount_rate") or 0.0)
    worth = table["musd"] * (1 + rate) ** (case.years[0] - table["year"])
    return worth.groupby(table["item"]).sum()


def waterfall(scene: Scene) -> str:
    """What a scenario adds to the cost of supply and what it saves, the three largest parts."""
    table = figures.cost_changes(scene.reference.result, scene.case.result)
    changes, by_label = (table.set_index(key)["change_busd"] for key in ("item", "label"))
    total = 1e3 * float(changes.sum())
    largest = by_label.reindex(by_label.abs().sort_values(ascending=False, kind="stable").index).head(3)
    parts = [f"{label} {'+' if v >= 0 else MINUS}{billions(1e3 * abs(v))}" for label, v in largest.items()]
    return (
        f"Steps from the cost of supply in “{scene.reference.title}” to that in “{scene.case.title}”, present value, "
        f"transfers counted in: in all {_more(total)}"
        f"{_whoever_pays(changes)}; the largest steps: {joined(parts)}."
    )


def _more(musd: float) -> str:
    return f"{billions(musd)} {'more' if musd >= 0 else 'less'}"


def _whoever_pays(changes: pd.Series) -> str:
    """What of a change (billion USD by item) remains without transfers."""
    used = resources_used(changes)
    if used is None:
        return ""
    return f" ({_more(1e3 * used) if abs(used) >= SAME else 'no difference'} without transfers)"


def unmet(scene: Scene) -> str:
    """How many minerals and services the United States is short of, and the three worst."""
    table = scene.case.home("unmet")
    table = table[table["share"] > SEEN] if len(table) else table
    if table.empty:
        return "Of no mineral or service is over half a percent of US use given up in any year."
    worst = table.sort_values("share", ascending=False, kind="stable").drop_duplicates("item")
    said = [
        f"{scene.names.mineral(r.item).lower()} ({percent(r.share)} in {r.year})" for r in worst.head(3).itertuples()
    ]
    return (
        f"Use given up in the United States, percent by item and year: over half a percent of "
        f"{counted(len(worst), 'item')} in some year. The worst: {joined(said)}."
    )


def prices(scene: Scene) -> str:
    """How many US prices rise by over a tenth, and the three highest."""
    table = scene.case.home("prices")
    table = table.assign(over=table["usd_per_t"] / table["observed_usd_per_t"])
    peak = table.sort_values("over", ascending=False, kind="stable").drop_duplicates("mineral")
    said = [
        f"{scene.names.mineral(r.mineral).lower()} ({_times(r.over)} in {r.year})" for r in peak.head(3).itertuples()
    ]
    dear = spoken(counted(int((peak["over"] > 1.1).sum()), "mineral"))
    return (
        f"US price of each mineral over its normal price, by year. {dear} at more than 1.1 times in some year; the "
        f"highest: {joined(said)}."
    )


def _times(over: float) -> str:
    """How many times the normal price; beyond the ceiling, where most uses stop, no more than that."""
    return f"{number(over, 1)} times" if over < CEILING else f"over {number(CEILING, 0)} times"


def central_asia(scene: Scene) -> str:
    """Of how many minerals Central Asia supplies half a percent, of which most, and where it gains most."""
    first, last = scene.ends
    shares = figures.central_asia_shares(scene.case.result)
    now = shares.xs(last, axis=1, level="year").max(axis=1) / 100 if len(shares) else pd.Series(dtype=float)
    seen = now[now >= SEEN].sort_values(ascending=False, kind="stable")
    if seen.empty:
        return f"Central Asia supplies half a percent of US supply of no mineral in {last}."
    text = (
        f"Central Asia’s share of US supply, at mine and refinery. In {last} it supplies at least half a percent of "
        f"{counted(len(seen), 'mineral')}, most of all {_listed(seen, scene.names)}."
    )
    gain = region.largest_gain(shares)
    if gain:
        mineral, moved = gain
        text += f" It gains most in {scene.names.mineral(mineral).lower()}: {moved} since {first}."
    return text


def _refined(case: Case) -> pd.Series:
    """Share of US supply in the last year at the refinery, by mineral and country."""
    table = case.home("supply")
    table = table[(table["stage"] == "refine") & (table["year"] == case.years[-1])]
    tonnes = table.groupby(["mineral", "country"])["tonnes"].sum()
    return tonnes / tonnes.groupby(level=0).transform("sum")


def displaces(scene: Scene) -> str:
    """Where Central Asia gains most at the refinery beside the reference, and who loses most there."""
    change = _refined(scene.case).sub(_refined(scene.reference), fill_value=0.0)
    inside = change[change.index.get_level_values("country").isin(scene.names.asia)].groupby(level=0).sum()
    if inside.empty or inside.max() < 0.001:
        return f"At the refinery Central Asia gains no share of US supply beside “{scene.reference.title}”."
    mineral = inside.idxmax()
    loser = change[mineral].idxmin()
    return (
        f"Who gains and who loses shares of US supply at the refinery where Central Asia’s part moves, beside "
        f"“{scene.reference.title}”. Central Asia gains most in {scene.names.mineral(mineral).lower()}, "
        f"{number(100 * inside[mineral], 1)} points; there {scene.names.place(loser)} loses most, "
        f"{number(-100 * change[mineral][loser], 1)} points."
    )


def corridors(scene: Scene) -> str:
    """How many legs fill up, and the fullest."""
    legs = full_corridors(scene.case)
    if legs.empty:
        return "No leg of the corridors is limited."
    full = int((legs["years"] != "").sum())
    fullest = legs.sort_values("load", ascending=False, kind="stable").iloc[0]
    said = f"{spoken(counted(full, 'leg'))} {'is' if full < 2 else 'are'} full in {'some' if full else 'any'} year"
    return (
        f"How full each leg out of Central Asia is, by year. {said}; the fullest, {scene.names.leg(fullest['leg'])}, "
        f"carries {percent(fullest['load'])} of its capacity in {fullest['year']}."
    )


def chain(scene: Scene) -> str:
    """Where most of the mineral shown is mined and refined on its way to the United States."""
    table = scene.case.table("paths")
    last = scene.ends[1]
    table = table[(table["mineral"] == scene.mineral) & (table["year"] == last) & (table["market"] == HOME)]
    whole = float(table["tonnes"].sum())
    said = [
        f"{word} in {_largest(table, column, whole, scene.names)}"
        for column, word in (("mine", "mined mostly"), ("refine", "refined mostly"))
        if _largest(table, column, whole, scene.names)
    ]
    return f"{scene.mineral_name} for the United States in {last}, {number(whole)}{NARROW}t: {joined(said)}."


def _largest(table: pd.DataFrame, column: str, whole: float, names: Names) -> str:
    tonnes = (
        table[table[column].fillna("") != ""]
        .groupby(column)["tonnes"]
        .sum()
        .sort_values(ascending=False, kind="stable")
    )
    return (
        joined([f"{names.place(place)} ({percent(t / whole)})" for place, t in tonnes.head(2).items()]) if whole else ""
    )


def ways(scene: Scene) -> str:
    """The same, and by which corridors the last leg goes."""
    table = scene.case.table("paths")
    last = scene.ends[1]
    table = table[(table["mineral"] == scene.mineral) & (table["year"] == last) & (table["market"] == HOME)]
    tonnes = table.groupby("corridor")["tonnes"].sum().sort_values(ascending=False, kind="stable")
    by = joined([f"{c} ({percent(t / tonnes.sum())})" for c, t in tonnes.head(3).items()]) if tonnes.sum() else ""
    return f"Map of the ways. {chain(scene)}" + (f" Last leg to the market by corridor: {by}." if by else "")
