"""The cost curve of a mineral: who could make how much at what cost, against its price."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from supplychain.facts.errors import nearest
from supplychain.results.result import Result
from supplychain.show.figures import style
from supplychain.show.figures.words import cardinal, in_words, percent, sentence
from supplychain.system.pattern import STAGES

# Narrower blocks, as a part of the whole width, do not bear their country's code.
LEGIBLE = 0.025
TALLEST = 2.0  # times the price: what is dearer is cut off, and said


def cost_steps(result: Result, mineral: str, stage: str | None = None) -> pd.DataFrame:
    """What `cost_curve` draws, cheapest first.

    Parameters
    ----------
    stage : mine, refine or fabricate (default: the first that the mineral has of its own).

    Returns
    -------
    DataFrame: country, step, site, capacity_t, delivered_usd_per_t, from_t (where its block begins).

    Raises
    ------
    ValueError : no curve of that mineral, or at that stage; names what there is.
    """
    table = result.tables["cost_curve"].dropna(subset=["delivered_usd_per_t"])
    of_mineral = table[table["mineral"] == mineral]
    if of_mineral.empty:
        raise ValueError(f"no cost curve of {mineral!r}; {nearest(mineral, set(table['mineral']))}")
    stages = [s for s in STAGES if s in set(of_mineral["stage"])]
    if stage is not None and stage not in stages:
        raise ValueError(f"{mineral} has no cost curve at the stage {stage!r}; it has {', '.join(stages)}")
    steps = of_mineral[of_mineral["stage"] == (stage or stages[0])]
    steps = steps.sort_values(["delivered_usd_per_t", "country", "step"], ignore_index=True)
    steps = steps.assign(site=steps["site"].fillna(""), from_t=steps["capacity_t"].cumsum() - steps["capacity_t"])
    return steps[["stage", "country", "step", "site", "capacity_t", "delivered_usd_per_t", "from_t"]]


@style.styled
def cost_curve(result: Result, mineral: str, stage: str | None = None, ax: Axes | None = None) -> Axes:
    """The cost curve of a mineral at one stage in the first year.

    Parameters
    ----------
    stage : mine, refine or fabricate (default: the first that the mineral has of its own).

    Returns
    -------
    Axes; a block's width is capacity, its height the cost of a delivered tonne, its colour the country; hatched:
    projects, with their capital; pale: capacity that stood idle. The lines are the normal price and that of the last
    year in the United States. The data are those of `cost_steps`.

    Raises
    ------
    ValueError : as `cost_steps`.
    """
    steps = cost_steps(result, mineral, stage)
    ax = style.axes(ax, 7.6, 4.4)
    whole = float(steps["capacity_t"].sum())
    prices = result.tables["prices"].query("mineral == @mineral and market == 'USA'").sort_values("year")
    normal, last = float(prices["observed_usd_per_t"].iloc[0]), float(prices["usd_per_t"].iloc[-1])
    top = TALLEST * max(normal, last)
    _blocks(ax, steps, whole, top)
    ax.axhline(normal, color=style.INK, linewidth=1.2, label=f"normal price, {_rounded(normal)} USD/t")
    year = int(prices["year"].iloc[-1])
    ax.axhline(last, color=style.INK, linewidth=1.0, linestyle=":", label=f"price in {year}, {_rounded(last)} USD/t")
    floor = float(steps["delivered_usd_per_t"].clip(upper=top).min())
    ax.set(xlim=(0, whole), ylim=(min(0.0, 1.1 * floor), min(top, 1.15 * float(steps["delivered_usd_per_t"].max()))))
    ax.set(ylabel="USD per delivered tonne")
    ax.yaxis.set_major_formatter("{x:,.0f}")
    ax.xaxis.set_major_formatter(lambda tonnes, _: style.tonnes(tonnes))
    ax.set_xlabel("capacity, tonnes a year")
    _legend(ax, steps)
    cut = int((steps["delivered_usd_per_t"] > top).sum())
    dear = f"; {cut} dearer than twice the price cut off" if cut else ""
    what = f"{style.spoken(mineral)}, what a tonne costs by {style.place(steps['stage'].iloc[0])}"
    description = f"{what}: operating cost of what stands, cheapest first; hatched: projects with their capital{dear}"
    takeaway = curve_takeaway(steps, mineral, normal)
    return style.headed(ax, takeaway, description, legend_columns=5, scenario=result.title)


def curve_takeaway(steps: pd.DataFrame, mineral: str, normal: float) -> str:
    """How cheap the cheaper half of what stands is, and how many projects pay at the normal price.

    Parameters
    ----------
    steps : as `cost_steps` gives them. normal : USD per tonne.
    """
    planned = steps["step"] == "project"
    stands, parts = steps[~planned].sort_values("delivered_usd_per_t"), list[str]()
    if stands["capacity_t"].sum() > 0:
        share = stands["capacity_t"].cumsum() / stands["capacity_t"].sum()
        middle = stands.loc[share >= 0.5 - 1e-9, "delivered_usd_per_t"].iloc[0]
        parts.append(
            f"half of {in_words(mineral)} capacity costs at most {percent(100 * middle / normal)} of its price"
        )
    else:
        parts.append(f"no {in_words(mineral)} capacity stands")
    if planned.any():
        would = int((planned & (steps["delivered_usd_per_t"] <= normal)).sum())
        paying = f"{cardinal(would) if would else 'none'} of {cardinal(int(planned.sum()))} projects"
        parts.append(f"{paying} would pay, with capital")
    return sentence(*parts)


def _blocks(ax: Axes, steps: pd.DataFrame, whole: float, top: float) -> None:
    for row in steps.itertuples():
        planned, idle = row.step == "project", row.step == "idle"
        tint = style.colour(row.country)
        ax.bar(
            row.from_t,
            min(row.delivered_usd_per_t, top),
            width=row.capacity_t,
            align="edge",
            color="white" if planned else tint,
            edgecolor=tint if planned else "white",
            linewidth=0.5 if whole and row.capacity_t / whole > LEGIBLE / 4 else 0.0,
            hatch="////" if planned else None,
            alpha=0.35 if idle else 1.0,
        )
        if row.capacity_t >= LEGIBLE * whole and not idle:
            middle = (row.from_t + row.capacity_t / 2, min(row.delivered_usd_per_t, top) / 2)
            ax.text(*middle, row.country, fontsize=7, color=style.ink("white" if planned else tint), **style.INSIDE)


def _rounded(price: float) -> str:
    """A price to four figures, in full."""
    return f"{float(f'{price:.4g}'):,.0f}"


def _legend(ax: Axes, steps: pd.DataFrame) -> None:
    """The lines, and the countries with a colour of their own that have most capacity."""
    sizes = steps.groupby("country")["capacity_t"].sum()
    shown = [c for c in sizes.sort_values(ascending=False).index if c in style.COLOURS]
    region = [c for c in style.CENTRAL_ASIA if c in sizes.index]
    for country in dict.fromkeys([*shown[:6], *region]):
        ax.bar(0, 0, color=style.colour(country), label=style.country_name(country))
