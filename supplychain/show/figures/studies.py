"""What studies of many solves found: cost against a limit, what could be, what a loss takes, what to build."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from supplychain.results.short import joined
from supplychain.show.figures import style
from supplychain.show.figures.svg import save_both
from supplychain.show.figures.words import counted, in_words, money, multiple, percent, sentence
from supplychain.studies.findings import Findings

MOST = 20  # rows of a figure
TELLING = 0.5  # points of a share
BILLION = 500.0  # million USD, from which on sums are told in billions


def steps_takeaway(table: pd.DataFrame) -> str:
    """What the tightest level costs, and how much of it the last step.

    Parameters
    ----------
    table : level, extra_musd, by row from the loosest to the tightest.
    """
    solved = table.dropna(subset=["extra_musd"])
    if len(solved) < 2 or solved["extra_musd"].iloc[-1] <= 0:
        return "The limit costs nothing down to its last level"
    cost, last = solved["extra_musd"].iloc[-1], solved["extra_musd"].diff().iloc[-1]
    level = f"{solved['level'].iloc[-1]:.0%}" if solved["level"].abs().max() <= 1 else f"{solved['level'].iloc[-1]:g}"
    return sentence(f"down to {level} it costs {money(cost / 1e3)}", f"the last step alone {money(last / 1e3)}")


@style.styled
def frontier(found: Findings, ax: Axes | None = None) -> Axes:
    """Least cost against a limit, with what the plan then is: share of countries of concern and of Central Asia."""
    table = found.tables["frontier"].dropna(subset=["extra_musd"])
    ax = style.axes(ax, 6.6, 4.2)
    share = bool(table["level"].abs().max() <= 1)
    size, unit = (1e3, "billion") if table["extra_musd"].max() >= BILLION else (1.0, "million")
    cost = table["extra_musd"] / size
    ax.plot(table["level"], cost, color=style.INK, marker="o", markersize=3)
    ax.fill_between(table["level"], 0, cost, color="#F2F2F2")
    ax.invert_xaxis()
    ax.set_ylim(0, max(1.2 * cost.max(), 1e-6))
    ax.set_ylabel(f"{unit} USD, present value")
    ax.set_xlabel(
        f"limit of {style.spoken(str(table['policy'].iloc[0])).lower()} ({table['setting'].iloc[0]}), level by level"
    )
    if share:
        ax.xaxis.set_major_formatter(PercentFormatter(1.0))
    for row in (table.iloc[len(table) // 2], table.iloc[-1]):
        text = f"concern {row['share_feoc']:.0%}\nCentral Asia {row['share_central_asia']:.1%}"
        at = (row["level"], row["extra_musd"] / size)
        ax.annotate(text, at, xytext=(-8, 6), textcoords="offset points", ha="right", fontsize=8, color=style.QUIET)
    description = "Cost beyond that of the first level as the limit is tightened; shares of US supply in the last year"
    return style.headed(ax, steps_takeaway(table), description, scenario=found.title)


def space_takeaway(table: pd.DataFrame, group: str) -> str:
    """How many minerals a group of countries could give much more of, and of which most.

    Parameters
    ----------
    table : mineral, share, high, of one slack. group : its name.
    """
    more = (table["high"] - table["share"]).groupby(table["mineral"]).max().sort_values(ascending=False)
    wide = more[more > 0.1]
    if wide.empty:
        return f"{group} could give ten points more of no mineral"
    first = table.loc[(table["high"] - table["share"]).idxmax()]
    return sentence(
        f"{group} could give over ten points more of {counted(len(wide), 'mineral')}",
        f"{in_words(str(wide.index[0]))} from {percent(100 * first['share'])} to {percent(100 * first['high'])}",
    )


@style.styled
def space(found: Findings, ax: Axes | None = None) -> Axes:
    """A bar a mineral: from the least to the greatest share that the group could have, the plan's as a mark."""
    table = found.tables["space"]
    slacks = sorted(table["slack"].unique())
    wide = table.sort_values("high").groupby(["mineral", "slack"]).tail(1)
    ends = wide[wide["slack"] == slacks[-1]].set_index("mineral")["high"].sort_values()
    ends = ends[ends > TELLING / 100].tail(MOST)
    group = str(found.manifest["asked"]["group"]).replace("_", " ").title()
    takeaway = space_takeaway(table[table["slack"] == slacks[0]], group)
    description = f"Share of US supply after the base year that {group} could have, if a mineral may cost more; percent"
    if ends.empty:
        return style.nothing(style.axes(ax, 6.6, 1.2), takeaway, description, found.title)
    ax = style.axes(ax, 6.6, style.rows_height(len(ends), 0.24, 1.6))
    place = {mineral: row for row, mineral in enumerate(ends.index)}
    for number, slack in enumerate(reversed(slacks)):
        rows = wide[(wide["slack"] == slack) & wide["mineral"].isin(place)]
        shade = np.linspace(0.25, 0.95, len(slacks))[number]
        width = 100 * (rows["high"] - rows["low"])
        at = rows["mineral"].map(place)
        ax.barh(at, width, left=100 * rows["low"], height=0.62, color="#0598A1", alpha=shade, label=f"{slack:.1%} more")
    plan = wide[(wide["slack"] == slacks[0]) & wide["mineral"].isin(place)]
    ax.plot(100 * plan["share"], plan["mineral"].map(place), "o", color=style.INK, markersize=4, label="the plan")
    ax.set_yticks(range(len(ends)), [style.spoken(str(mineral)) for mineral in ends.index])
    ax.set_xlim(0, 100)
    return style.headed(ax, takeaway, description, legend_columns=4, scenario=found.title)


def loss_name(loss: pd.Series) -> str:
    """What is lost, in words: plants by mineral, stage and country, anything else by its name."""
    if loss["kind"] != "supplier":
        return style.spoken(str(loss["name"]))
    return style.spoken(f"{loss['mineral']} {style.place(loss['stage'])}, {style.country_name(loss['country'])}")


def loss_remark(loss: pd.Series) -> str:
    """What a loss does, beside its bar: use given up, price, and what the missing tonnes would have equipped."""
    parts = [f"{loss['unmet_share']:.0%} of {in_words(str(loss['item']))}"]
    parts += [f"price {multiple(loss['price_multiple'])}"]
    parts += [f"{loss['vehicles_worth']:,.0f} vehicles"] * (loss["vehicles_worth"] >= 1)
    parts += [f"{loss['gw_worth']:,.0f} GW"] * (loss["gw_worth"] >= 1)
    return ", ".join(parts)


def losses_takeaway(table: pd.DataFrame) -> str:
    """Which loss takes most, and how many take anything.

    Parameters
    ----------
    table : kind, mineral, stage, country, name, unmet_musd, item, unmet_share, the worst first.
    """
    hurt = table[table["unmet_musd"] > 0]
    if hurt.empty:
        return "No single loss leaves the United States without"
    worst, name = hurt.iloc[0], loss_name(hurt.iloc[0])
    gone = f"{percent(100 * worst['unmet_share'])} of {in_words(worst['item'])} use"
    return sentence(
        f"losing {name[:1].lower()}{name[1:]} takes {gone}",
        f"{counted(len(hurt), 'loss takes', 'losses take')} something",
    )


@style.styled
def losses(found: Findings, ax: Axes | None = None) -> Axes:
    """The worst single losses: what the United States go without in the year, and the price."""
    table = found.tables["losses"]
    table = table[(table["kind"] != "country") & np.isfinite(table["unmet_musd"])].head(MOST)
    year = found.manifest["asked"]["year"]
    description = (
        f"US use given up in {year} when a supplier is lost and nothing can be built, million USD at usual prices"
    )
    takeaway = losses_takeaway(table)
    table = table[table["unmet_musd"] > 0].iloc[::-1]
    if table.empty:
        return style.nothing(style.axes(ax, 6.6, 1.2), takeaway, description, found.title)
    ax = style.axes(ax, 6.6, style.rows_height(len(table), 0.24, 1.6))
    ax.barh(range(len(table)), table["unmet_musd"], height=0.65, color=style.GIVEN_UP)
    ax.set_yticks(range(len(table)), [loss_name(loss) for _, loss in table.iterrows()])
    for row, (_, loss) in enumerate(table.iterrows()):
        _beside(ax, loss_remark(loss), loss["unmet_musd"], row)
    ax.margins(x=0.75)
    ax.set_xlim(0)
    return style.headed(ax, takeaway, description, scenario=found.title)


def builds_takeaway(builds: pd.DataFrame, worth: float) -> str:
    """What is planned differently with the risk in view, and what that saves.

    Parameters
    ----------
    builds : mineral, planned_t, ignored_t. worth : million USD.
    """
    more = builds[builds["planned_t"] > 1.01 * builds["ignored_t"] + 1.0]["mineral"]
    what = f"more {joined([in_words(m) for m in dict.fromkeys(more)][:3])}" if len(more) else "nothing more is built"
    return sentence(f"with the risk in view {what}", f"planning for it is worth {money(worth / 1e3)}")


def decided_otherwise(found: Findings) -> pd.DataFrame:
    """What `under_risk` draws: plants and private stocks that differ with the risk in view.

    Returns
    -------
    DataFrame: name, mineral, planned_t, ignored_t, more (percent of the larger), by rising `more`.
    """
    tonnes = ["planned_t", "ignored_t"]
    built = found.tables["builds"].groupby(["mineral", "stage", "country"], as_index=False)[tonnes].sum()
    where = zip(built["mineral"], built["stage"], built["country"], strict=True)
    built["name"] = [f"{style.spoken(m)} {style.place(s)}, {style.country_name(c)}" for m, s, c in where]
    kept = found.tables["stored"].groupby("mineral", as_index=False)[tonnes].sum()
    kept["name"] = [f"{style.spoken(mineral)} in stock" for mineral in kept["mineral"]]
    table = pd.concat([built, kept], ignore_index=True)
    larger = table[tonnes].abs().max(axis=1).replace(0.0, np.nan)
    table = table.assign(more=100 * (table["planned_t"] - table["ignored_t"]) / larger)
    return table[table["more"].abs() > 1.0].sort_values("more")[["name", "mineral", *tonnes, "more"]]


@style.styled
def under_risk(found: Findings, ax: Axes | None = None) -> Axes:
    """What is decided now with the risk in view against without: plants and private stocks, where they differ."""
    table = decided_otherwise(found)
    value = found.tables["stochastic"].set_index("metric")["value"]
    takeaway = builds_takeaway(table, float(value["worth_of_planning"]))
    description = (
        f"Decided before {found.manifest['asked']['year']}, with what may break in view against without, tonnes"
    )
    if table.empty:
        return style.nothing(style.axes(ax, 6.6, 1.2), takeaway, description, found.title)
    table = table.tail(MOST)
    ax = style.axes(ax, 6.6, style.rows_height(len(table), 0.26, 1.7))
    ax.barh(range(len(table)), table["more"], height=0.65, color=np.where(table["more"] > 0, "#0598A1", "#969696"))
    ax.set_yticks(range(len(table)), list(table["name"]))
    for row, each in enumerate(table.itertuples()):
        text = f"{style.tonnes(each.planned_t)} for {style.tonnes(each.ignored_t)}"
        _beside(ax, text, max(each.more, 0), row)
    ax.margins(x=0.3)
    ax.axvline(0, color=style.INK, linewidth=0.8)
    ax.set_xlabel("more (or less) than without, percent of the larger")
    return style.headed(ax, takeaway, description, scenario=found.title)


def _beside(ax: Axes, text: str, at: float, row: int) -> None:
    """A remark at the end of a bar."""
    how: dict[str, Any] = {"textcoords": "offset points", "fontsize": 7, "va": "center", "color": style.QUIET}
    ax.annotate(text, (at, row), xytext=(4, 0), **how)


FIGURES: Mapping[str, Mapping[str, Callable[[Findings], Axes]]] = {
    "frontier": {"frontier": frontier},
    "space": {"space": space},
    "screen": {"losses": losses},
    "stochastic": {"under_risk": under_risk},
}


def draw_findings(found: Findings, folder: Path) -> list[Path]:
    """The figures of a study as PNG and SVG; none where the study has none."""
    files = []
    for name, draw in FIGURES.get(found.study, {}).items():
        figure = style.figure_of(draw(found))
        if not style.is_nothing(figure):
            folder.mkdir(parents=True, exist_ok=True)
            files += save_both(figure, folder / f"{name}.png", f"{found.name}/{name}")
    return files
