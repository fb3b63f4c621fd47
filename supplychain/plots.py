"""One function for each figure; each takes a Result (or several) and an Axes, and returns the Axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from supplychain.results import Result

matplotlib.use("Agg")

STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "figure.facecolor": "white",
    "savefig.dpi": 130,
    "svg.hashsalt": "supplychain",
}
# Tol's bright and muted schemes, safe for colour-blind readers; a country keeps its colour in every figure.
COLOURS = {
    "USA": "#4477AA",
    "CHN": "#CC3311",
    "RUS": "#882255",
    "KAZ": "#009988",
    "UZB": "#44BB99",
    "TJK": "#117733",
    "KGZ": "#99DDBB",
    "CAN": "#EE7733",
    "AUS": "#DDAA33",
    "CHL": "#999933",
    "JPN": "#AA4499",
    "KOR": "#CC99BB",
    "ZAF": "#AA7744",
    "BRA": "#88CCEE",
    "MEX": "#BBCC33",
    "PER": "#EEDD88",
    "DEU": "#332288",
    "BEL": "#6699CC",
    "IDN": "#CC6677",
    "COD": "#661100",
}
OTHERS = "#BBBBBB"
SOURCE = "Source: supplychain; facts of USGS, IEA, EU, BGS, BACI and others as listed in its sources table."
SOLD = "refine"


def colour(country: str) -> str:
    """The colour that a country has in every figure."""
    return COLOURS.get(country, OTHERS)


def _supply_shares(result: Result, mineral: str, stage: str, most: int = 6) -> pd.DataFrame:
    """Shares of US supply by year (rows) and country (columns), the largest first, the rest as `other`."""
    table = result.tables["supply"]
    table = table[(table["mineral"] == mineral) & (table["stage"] == stage) & (table["market"] == "USA")]
    wide = table.pivot_table(index="year", columns="country", values="share", aggfunc="sum").fillna(0.0)
    order = wide.mean().sort_values(ascending=False).index
    shown = wide[order[:most]].copy()
    shown["other"] = wide[order[most:]].sum(axis=1)
    return shown


def supply(result: Result, mineral: str, stage: str = SOLD, ax: Axes | None = None) -> Axes:
    """Who supplies a mineral to the United States at one stage, year by year.

    Parameters
    ----------
    mineral : mineral id. stage : `mine`, `refine`, `fabricate`, or `supply` for the last supplier.

    Returns
    -------
    Axes with one band a country, share of supply in percent.
    """
    ax = _axes(ax)
    shares = 100 * _supply_shares(result, mineral, stage)
    bottom = np.zeros(len(shares))
    for country in shares:
        top = bottom + shares[country].to_numpy()
        ax.fill_between(shares.index, bottom, top, color=colour(str(country)), linewidth=0.4, edgecolor="white")
        middle = (bottom + top) / 2
        widest = int(np.argmax(top - bottom)) if len(shares) else 0
        if len(shares) and (top - bottom)[widest] > 13 and country != "other":
            where = float(np.clip(shares.index[widest], shares.index[0] + 1, shares.index[-1] - 1))
            ax.text(where, middle[widest], country, ha="center", va="center", fontsize=7, color="white", weight="bold")
        bottom = top
    ax.set(title=_spoken(mineral), ylim=(0, 100))
    if len(shares):
        ax.set_xlim(shares.index[0], shares.index[-1])
        ax.set_xticks([shares.index[0], shares.index[-1]])
    ax.set_yticks([0, 50, 100])
    return ax


def supply_overview(result: Result, stage: str) -> Figure:
    """Who supplies every mineral at one stage, a panel each."""
    table = result.tables["supply"]
    minerals = list(dict.fromkeys(table[(table["stage"] == stage) & (table["market"] == "USA")]["mineral"]))
    columns = 6
    rows = max(1, -(-len(minerals) // columns))
    figure = Figure(figsize=(2.1 * columns, 1.75 * rows + 0.9), layout="constrained")
    for i, mineral in enumerate(minerals):
        supply(result, mineral, stage, figure.add_subplot(rows, columns, i + 1))
    words = {"mine": "where it was mined", "refine": "where it was refined", "fabricate": "where it was made"}
    figure.suptitle(
        f"US supply by country, {words.get(stage, stage)}, percent — {result.title}", x=0.01, ha="left", weight="bold"
    )
    figure.supxlabel(SOURCE, fontsize=7, x=0.01, ha="left", color="#555555")
    return figure


def dependence(result: Result, stage: str = SOLD, ax: Axes | None = None) -> Axes:
    """Share of the countries of concern in US supply, first and last year, beside the caps of the scenario."""
    ax = _axes(ax, height=8)
    table = result.tables["dependence"]
    table = table[(table["stage"] == stage) & (table["market"] == "USA")]
    first, last = int(table["year"].min()), int(table["year"].max())
    wide = table.pivot_table(index="mineral", columns="year", values=["share_feoc", "top_share"]) * 100
    wide = wide.sort_values(("share_feoc", first))
    y = np.arange(len(wide))
    ax.hlines(y, wide["share_feoc", first], wide["share_feoc", last], color=OTHERS, linewidth=2, zorder=1)
    ax.scatter(
        wide["share_feoc", first],
        y,
        color="white",
        edgecolor=colour("CHN"),
        s=28,
        label=f"countries of concern, {first}",
        zorder=2,
    )
    ax.scatter(wide["share_feoc", last], y, color=colour("CHN"), s=28, label=f"countries of concern, {last}", zorder=3)
    ax.scatter(
        wide["top_share", last],
        y,
        marker="d",
        color=colour("USA"),
        s=22,
        label=f"largest supplier abroad, {last}",
        zorder=2,
    )
    caps = _caps(result, stage, last)
    if len(caps):
        at = caps.reindex(wide.index).to_numpy(dtype=float)
        ax.scatter(at, y, marker="|", color="black", s=110, label=f"cap on countries of concern, {last}", zorder=4)
    ax.set_yticks(y, [_spoken(mineral) for mineral in wide.index])
    ax.set(
        xlim=(-2, 102),
        xlabel="share of US supply, percent",
        title=f"Dependence at the {_place(stage)} — {result.title}",
    )
    ax.legend(loc="lower right", fontsize=8, framealpha=0.9, edgecolor="none")
    return _sourced(ax)


def _caps(result: Result, stage: str, year: int) -> pd.Series:
    table = result.tables["policies"]
    if table.empty:
        return pd.Series(dtype=float)
    table = table[(table["kind"] == "supplier_cap") & (table["stage"] == stage) & (table["year"] == year)]
    return 100 * table[table["scope"] == "feoc"].groupby("mineral")["asked"].min()


def unmet(result: Result, ax: Axes | None = None) -> Axes:
    """What the United States goes without, percent of use by mineral or service and year."""
    ax = _axes(ax, height=6)
    table = result.tables["unmet"]
    table = table[(table["market"] == "USA") & (table["share"] > 0.005)]
    years = sorted(result.tables["prices"]["year"].unique())
    wide = 100 * table.pivot_table(index="item", columns="year", values="share").reindex(columns=years).fillna(0.0)
    wide = wide.loc[wide.max(axis=1).sort_values(ascending=False).index[:22]]
    ax.set_title(f"Use given up in the United States, percent — {result.title}")
    if wide.empty:
        ax.text(0.5, 0.5, "Nothing over 0.5 % of use in any year", ha="center", va="center", transform=ax.transAxes)
        ax.set_axis_off()
        return ax
    ax.imshow(wide, aspect="auto", cmap="OrRd", vmin=0, vmax=max(25.0, float(wide.to_numpy().max())))
    for (i, j), value in np.ndenumerate(wide.to_numpy()):
        if value >= 0.5:
            ax.text(
                j, i, f"{value:.0f}", ha="center", va="center", fontsize=7, color="white" if value > 20 else "black"
            )
    ax.set_xticks(range(len(years)), [str(year) for year in years])
    ax.set_yticks(range(len(wide)), [_spoken(str(item)) for item in wide.index])
    return _sourced(ax)


ITEMS = {
    "mine": "mining",
    "refine": "refining",
    "fabricate": "fabricating",
    "capital": "capital, existing",
    "capex": "capital, new",
    "freight": "freight and time",
    "margin": "suppliers' margin",
    "switching": "switching suppliers",
    "forgone": "use given up",
    "undelivered": "services lost",
}
ITEM_COLOURS = [
    "#4477AA",
    "#66CCEE",
    "#228833",
    "#CCBB44",
    "#DDAA33",
    "#999933",
    "#BBBBBB",
    "#AA3377",
    "#EE6677",
    "#882255",
]


def costs(result: Result, ax: Axes | None = None) -> Axes:
    """What supplying all markets costs by year and item, billion USD."""
    ax = _axes(ax)
    table = result.tables["costs"].assign(item=lambda t: t["item"].replace({"time": "freight", "subsidy": "capex"}))
    wide = table.pivot_table(index="year", columns="item", values="musd", aggfunc="sum").fillna(0.0) / 1e3
    bottom = np.zeros(len(wide))
    for item, tint in zip(ITEMS, ITEM_COLOURS, strict=True):
        if item in wide and wide[item].abs().sum() > 0:
            ax.bar(wide.index, wide[item], bottom=bottom, color=tint, label=ITEMS[item], width=0.85)
            bottom += wide[item].to_numpy()
    ax.set(ylabel="billion USD of 2025", title=f"Cost of supply, all markets, by item — {result.title}")
    handles, labels = ax.get_legend_handles_labels()
    ax.legend(handles[::-1], labels[::-1], loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    return _sourced(ax)


def central_asia(result: Result, ax: Axes | None = None) -> Axes:
    """Central Asia's share of US supply by mineral, at the mine and at the refinery, first and last year."""
    ax = _axes(ax, height=6)
    table = result.tables["dependence"].query("market == 'USA' and stage in ['mine', 'refine']")
    first, last = int(table["year"].min()), int(table["year"].max())
    wide = 100 * table.pivot_table(index="mineral", columns=["stage", "year"], values="share_central_asia").fillna(0.0)
    keys = [(stage, year) for stage in ("mine", "refine") for year in (first, last) if (stage, year) in wide]
    wide = wide[keys]
    wide = wide.loc[wide.max(axis=1).sort_values().index]
    wide = wide[wide.max(axis=1) >= 0.5]
    tints = {
        ("mine", first): "#99DDBB",
        ("mine", last): "#009988",
        ("refine", first): "#99BBDD",
        ("refine", last): "#4477AA",
    }
    y, height = np.arange(len(wide)), 0.8 / max(len(keys), 1)
    for i, key in enumerate(keys):
        place = "mined" if key[0] == "mine" else "refined"
        ax.barh(
            y + (len(keys) / 2 - i - 0.5) * height,
            wide[key],
            height=height,
            color=tints[key],
            label=f"{place}, {key[1]}",
        )
    ax.set_yticks(y, [_spoken(mineral) for mineral in wide.index])
    ax.set(xlabel="share of US supply, percent", title=f"Central Asia in US supply — {result.title}")
    ax.legend(frameon=False, loc="lower right")
    return _sourced(ax)


def outside_prices(results: Sequence[Result], observed: pd.Series, ax: Axes | None = None) -> Axes:
    """Highest price outside China over the normal one, by mineral: the scenarios beside what was observed.

    Parameters
    ----------
    results : scenarios to compare, in the order of the bars.
    observed : price of 2025 over the calibration price, by mineral.
    """
    ax = _axes(ax, height=5)
    peaks = pd.DataFrame({result.title: price_multiples(result).max(axis=1) for result in results})
    peaks = peaks.loc[observed.index.intersection(peaks.index)]
    peaks = peaks.sort_values(peaks.columns[-1], ascending=False)
    x, width = np.arange(len(peaks)), 0.8 / (len(results) + 1)
    tints = ["#66CCEE", "#CC3311", "#EE7733", "#AA3377"]
    ax.bar(x - 0.4 + width / 2, observed.reindex(peaks.index), width, color="black", label="observed, 2025 over normal")
    for i, title in enumerate(peaks):
        ax.bar(x - 0.4 + (i + 1.5) * width, peaks[title], width, color=tints[i % 4], label=f"{title}, peak")
    ax.axhline(1.0, color=OTHERS, linewidth=0.8, zorder=0)
    ax.set_yscale("log")
    ax.set_yticks([1, 2, 3, 5, 10, 30], ["1×", "2×", "3×", "5×", "10×", "30×"])
    ax.minorticks_off()
    ax.set_xticks(x, [_spoken(m) for m in peaks.index], rotation=40, ha="right")
    ax.set(title="Price outside China, multiple of the normal price", ylim=(0.7, 60))
    ax.legend(frameon=False, loc="upper right")
    return _sourced(ax)


def price_paths(result: Result, minerals: Sequence[str], ax: Axes | None = None) -> Axes:
    """Price outside China over the normal one, year by year, a line for each mineral."""
    ax = _axes(ax)
    multiples = price_multiples(result)
    tints = matplotlib.colormaps["tab20"].colors  # type: ignore[attr-defined]
    for i, mineral in enumerate(m for m in minerals if m in multiples.index):
        ax.plot(multiples.columns, multiples.loc[mineral], color=tints[i % 20], linewidth=1.8, label=_spoken(mineral))
    ax.set(ylabel="multiple of the normal price", title=f"Price outside China — {result.title}")
    ax.set_yscale("log")
    ax.set_yticks([1, 2, 3, 5, 10], ["1×", "2×", "3×", "5×", "10×"])
    ax.minorticks_off()
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    return _sourced(ax)


def price_multiples(result: Result) -> pd.DataFrame:
    """Price over the normal price, mean of the markets outside China: minerals by years."""
    table = result.tables["prices"]
    table = table[(table["market"] != "CHN") & (table["observed_usd_per_t"] > 0)]
    ratio = table.assign(multiple=table["usd_per_t"] / table["observed_usd_per_t"])
    return ratio.pivot_table(index="mineral", columns="year", values="multiple")


PER_SCENARIO: dict[str, Callable[[Result], Figure]] = {
    "supply_mine": lambda result: supply_overview(result, "mine"),
    "supply_refine": lambda result: supply_overview(result, "refine"),
    "dependence": lambda result: _figure(dependence(result)),
    "unmet": lambda result: _figure(unmet(result)),
    "costs": lambda result: _figure(costs(result)),
    "central_asia": lambda result: _figure(central_asia(result)),
}


def draw_all(result: Result, folder: Path) -> list[Path]:
    """Every figure of one scenario as PNG; returns the files. Results without US supply have none."""
    dependence_table = result.tables["dependence"]
    if "share_feoc" not in dependence_table or not (dependence_table["market"] == "USA").any():
        return []
    return [_save(draw, result, folder / f"{name}.png") for name, draw in PER_SCENARIO.items()]


def _save(draw: Callable[[Result], Figure], result: Result, file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context(STYLE):
        figure = draw(result)
        figure.savefig(file, bbox_inches="tight", metadata={"Software": None})
    return file


def draw_comparison(results: Sequence[Result], observed: pd.Series, folder: Path) -> list[Path]:
    """Figures across scenarios: prices outside China under export controls, beside those observed."""
    bans = [
        r
        for r in results
        if any(p["kind"] == "export_ban" for p in r.manifest["scenario"]["resolved"]["policies"].values())
    ]
    if not bans:
        return []
    files = [_save(lambda _: _figure(outside_prices(bans, observed)), bans[0], folder / "prices_outside_china.png")]
    for ban in bans:
        name = folder / f"prices_{ban.name}.png"
        files.append(_save(lambda r: _figure(price_paths(r, list(observed.index))), ban, name))
    return files


class Plotter:
    """`result.plot`: every figure of a result as a method that returns its Axes."""

    def __init__(self, result: Result):
        self._result = result

    def supply(self, mineral: str, stage: str = SOLD, ax: Axes | None = None) -> Axes:
        """Who supplies a mineral to the United States; see `plots.supply`."""
        return supply(self._result, mineral, stage, ax)

    def dependence(self, stage: str = SOLD, ax: Axes | None = None) -> Axes:
        """Dependence against caps; see `plots.dependence`."""
        return dependence(self._result, stage, ax)

    def unmet(self, ax: Axes | None = None) -> Axes:
        """What is given up; see `plots.unmet`."""
        return unmet(self._result, ax)

    def costs(self, ax: Axes | None = None) -> Axes:
        """Cost by item; see `plots.costs`."""
        return costs(self._result, ax)

    def central_asia(self, ax: Axes | None = None) -> Axes:
        """Central Asia's share; see `plots.central_asia`."""
        return central_asia(self._result, ax)


def _axes(ax: Axes | None, height: float = 4.5) -> Axes:
    return Figure(figsize=(8, height)).add_subplot() if ax is None else ax


def _figure(ax: Axes) -> Figure:
    figure = ax.get_figure(root=True)
    assert figure is not None
    return figure


def _sourced(ax: Axes) -> Axes:
    ax.annotate(
        SOURCE,
        (0, 0),
        (-40, -56),
        xycoords="axes fraction",
        textcoords="offset points",
        fontsize=6.5,
        color="#555555",
        va="top",
        annotation_clip=False,
    )
    return ax


def _spoken(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _place(stage: str) -> str:
    return {"mine": "mine", "refine": "refinery", "fabricate": "factory"}.get(stage, "last supplier")
