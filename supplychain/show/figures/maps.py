"""Flow map: every move of a mineral on its way to a market, on an outline of the world."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch, Polygon
from matplotlib.path import Path

from supplychain.facts.dataset import OTHER
from supplychain.results.result import Result
from supplychain.show.figures import style
from supplychain.show.figures.flows import chain_paths, stages_of
from supplychain.show.figures.words import DOES, in_words, percent, sentence

# Longitudes and latitudes shown; the map is cut in the Bering Strait.
WEST, SOUTH, NORTH = -168.6, -56.0, 78.0
ROUND = 360.0
BETWEEN = "#666666"
WIDEST = 9.0
WAYS = {name: f"by the {name} corridor" for name in style.CORRIDORS} | {
    "sea": "by sea",
    "air": "by air",
    "land": "overland",
    "domestic": "from its own makers",
}
# A point of the figure in degrees of the map, when the map is seven inches wide.
POINT = 0.72
LEAST = 0.02  # of all tonnes: what is less is not drawn


def map_flows(result: Result, mineral: str, year: int, market: str = "USA") -> pd.DataFrame:
    """What `flow_map` draws: tonnes of each move from stage to stage, the last by its corridor.

    Returns
    -------
    DataFrame: from_stage, origin, to_stage, destination, corridor, tonnes (contained mineral). Moves run mine, refine,
    fabricate, supplier, market, leaving out stages that the chain has not; for each to_stage the tonnes add up to the
    paths table's for this mineral, market and year. A move inside a country has origin and destination alike. The
    corridor is that of the last move, to the market; before it is "".
    """
    paths = chain_paths(result, mineral, year, market)
    steps = [*stages_of(paths), "supplier", "market"]
    moves = [_moves(paths, steps[i], steps[i + 1]) for i in range(len(steps) - 1)]
    columns = ["from_stage", "origin", "to_stage", "destination", "corridor", "tonnes"]
    return pd.concat(moves, ignore_index=True)[columns]


def _moves(paths: pd.DataFrame, here: str, there: str) -> pd.DataFrame:
    corridor = paths["corridor"] if there == "market" else ""
    ends = paths.assign(origin=paths[here], destination=paths[there], corridor=corridor)
    moved = ends.groupby(["origin", "destination", "corridor"], as_index=False)["tonnes"].sum()
    return moved.assign(from_stage=here, to_stage=there)


@style.styled
def flow_map(result: Result, mineral: str, year: int, ax: Axes | None = None, market: str = "USA") -> Axes:
    """Every move of a mineral on its way to a market: width in proportion to tonnes, colour by corridor.

    Moves under two percent of the market's supply, and those of countries that no source names, are not drawn; moves
    inside a country are counted in the circle of their place, with an area in proportion to what passes there.

    Returns
    -------
    Axes; the data are those of `map_flows`.
    """
    ax = style.axes(ax, 7.2, 5.0)
    flows = map_flows(result, mineral, year, market)
    takeaway = map_takeaway(flows, mineral)
    description = f"{style.spoken(mineral)} on its way to the market: {style.country_name(market)}, {year}"
    if flows.empty:
        return style.nothing(ax, takeaway, description, result.title)
    total = float(flows.loc[flows["to_stage"] == "market", "tonnes"].sum())
    _outline(ax)
    named = flows[(flows["origin"] != OTHER) & (flows["destination"] != OTHER)]
    moves = _between(named, LEAST * total)
    for move in moves.itertuples():
        for line in _lines(move.origin, move.destination, move.corridor, market):
            _arrow(ax, line, _tint(move.corridor), max(WIDEST * move.tonnes / total, 0.5))
    _circles(ax, named, total, market)
    _legend(ax, set(moves["corridor"]), total)
    description += f"; width: tonnes of contained mineral, {style.tonnes(total)} in all; moves under 2 % are left out"
    return style.headed(style.bare(ax), takeaway, description, legend_columns=5, scenario=result.title)


def map_takeaway(flows: pd.DataFrame, mineral: str) -> str:
    """Where most of a mineral begins, and by which way most arrives (the table of `map_flows`)."""
    if flows.empty:
        return f"No {in_words(mineral)} reaches this market"
    last = flows[flows["to_stage"] == "market"].groupby("corridor")["tonnes"].sum()
    stage = flows["from_stage"].iloc[0]
    first = flows[(flows["from_stage"] == stage) & (flows["origin"] != OTHER)].groupby("origin")["tonnes"].sum()
    share = 100 * first / last.sum()
    begins = f"{style.country_name(share.idxmax())} {DOES[stage]} {percent(share.max())} of the {in_words(mineral)}"
    return sentence(
        begins if len(first) else "", f"{percent(100 * last.max() / last.sum())} comes {WAYS[last.idxmax()]}"
    )


def _between(flows: pd.DataFrame, least: float) -> pd.DataFrame:
    """The moves from one place to another of `least` tonnes or more, the smallest first."""
    moves = flows.groupby(["origin", "destination", "corridor"], as_index=False)["tonnes"].sum()
    abroad = [_at(a) != _at(b) for a, b in zip(moves["origin"], moves["destination"], strict=True)]
    moves = moves[abroad]
    return moves[moves["tonnes"] >= least].sort_values("tonnes")


def _tint(corridor: str) -> str:
    return style.CORRIDORS.get(corridor, BETWEEN)


@cache
def _at(place: str) -> tuple[float, float]:
    """Longitude and latitude of a country or market; of `other countries` where it is unknown."""
    table = style.places()
    row = table.loc[place if place in table.index else OTHER]
    return float(row["longitude"]), float(row["latitude"])


def miller(latitude: np.ndarray | float) -> np.ndarray:
    """Height of a latitude (degrees) on Miller's cylindrical map, in degrees of longitude (Snyder 1987, p. 88)."""
    return np.degrees(1.25 * np.log(np.tan(np.pi / 4 + 0.4 * np.radians(latitude))))


@cache
def _land() -> Path:
    """The outline of the land as one path in map coordinates."""
    text = (files("supplychain.show.figures") / "world" / "land.geojson").read_text(encoding="utf-8")
    rings = [ring for polygon in json.loads(text)["geometry"]["coordinates"] for ring in polygon]
    return Path.make_compound_path(*[Path(_projected(np.array(ring)), closed=True) for ring in rings])


def _projected(points: np.ndarray) -> np.ndarray:
    return np.column_stack([points[:, 0], miller(points[:, 1])])


def _outline(ax: Axes) -> None:
    ax.add_patch(PathPatch(_land(), facecolor="#E9E7E2", edgecolor="#C9C6BF", linewidth=0.3, zorder=0))
    ax.set(xlim=(WEST, WEST + ROUND), ylim=(float(miller(SOUTH)), float(miller(NORTH))), aspect="equal", anchor="N")


@cache
def _waypoints() -> pd.DataFrame:
    with (files("supplychain.show.figures") / "world" / "waypoints.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file, keep_default_na=False).sort_values("position")


@cache
def _via(corridor: str, market: str) -> np.ndarray:
    """Points through which a corridor is drawn on its way to a market, longitude and latitude."""
    table = _waypoints()
    table = table[(table["corridor"] == corridor) & table["market"].isin(["", market])]
    return table[["longitude", "latitude"]].to_numpy(dtype=float)


def _lines(origin: str, destination: str, corridor: str, market: str) -> list[Path]:
    """A move's line, the shorter way round the world; once more where it comes back in at the other edge."""
    points = np.array([_at(origin), *_via(corridor, market), _at(destination)])
    points[:, 0] = np.unwrap(points[:, 0], period=ROUND)
    shifted = [np.column_stack([points[:, 0] + shift, points[:, 1]]) for shift in (-ROUND, 0.0, ROUND)]
    seen = [line for line in shifted if line[:, 0].max() > WEST and line[:, 0].min() < WEST + ROUND]
    return [_curve(_projected(line)) for line in seen]


def _arrow(ax: Axes, line: Path, tint: str, width: float) -> None:
    """A line of some width in points with a head at its end; the line stops where the head begins."""
    vertices = np.asarray(line.vertices)
    along = (vertices[-1] - vertices[-2]) / np.linalg.norm(vertices[-1] - vertices[-2])
    end = vertices[-1] - 3 * POINT * along
    length = POINT * (3.5 + 1.2 * width)
    base, across = end - length * along, np.array([-along[1], along[0]])
    shaft = Path(np.vstack([vertices[:-1], base]), line.codes)
    how = {"edgecolor": tint, "linewidth": width, "capstyle": "butt", "alpha": 0.8, "zorder": 2}
    ax.add_patch(PathPatch(shaft, facecolor="none", **how))
    head = [end, base + 0.5 * length * across, base - 0.5 * length * across]
    ax.add_patch(Polygon(head, facecolor=tint, linewidth=0, alpha=0.8, zorder=2))


def _curve(points: np.ndarray) -> Path:
    """A bow between two points, or a smooth line through more of them (Catmull and Rom's spline as Bézier curves)."""
    if len(points) == 2:
        (x0, y0), (x1, y1) = points
        bow = 0.16 * np.hypot(x1 - x0, y1 - y0)
        return Path([(x0, y0), ((x0 + x1) / 2, (y0 + y1) / 2 + bow), (x1, y1)], [1, 3, 3])
    ends = np.vstack([points[0], points, points[-1]])
    slopes = (ends[2:] - ends[:-2]) / 6
    inner = np.stack([points[:-1] + slopes[:-1], points[1:] - slopes[1:], points[1:]], axis=1).reshape(-1, 2)
    return Path(np.vstack([points[:1], inner]), [1] + [4] * len(inner))


def _circles(ax: Axes, flows: pd.DataFrame, total: float, market: str) -> None:
    """A circle where tonnes pass, and the names of the places that matter, each where there is room."""
    passing = flows.groupby(["from_stage", "origin"])["tonnes"].sum().groupby("origin").max() / total
    for place, share in passing[passing >= LEAST].items():
        x, y = _at(str(place))
        ax.scatter(
            x, miller(y), s=10 + 160 * share, color=style.colour(str(place)), edgecolors="#666666", lw=0.5, zorder=3
        )
    named = passing[passing >= LEAST].sort_values(ascending=False)
    _names(ax, [str(place) for place in named.index if place != market], market)


def _names(ax: Axes, names: list[str], market: str) -> None:
    """Names beside their places, the market's first; each takes the first free position, and none if all are taken."""
    taken: list[tuple[float, float, float, float]] = []
    for name in [market, *names]:
        x, y = _at(name)
        words = style.country_name(name)
        box = next((b for b in _boxes(x, float(miller(y)), words) if not any(_touch(b, t) for t in taken)), None)
        if box is None:
            continue
        taken.append(box)
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        text = ax.text(*middle, words, fontsize=7.5, zorder=5, **style.INSIDE)
        text.set(weight="bold" if name == market else "normal")
        text.set_bbox({"facecolor": "white", "alpha": 0.6, "linewidth": 0, "pad": 0.6})


def _boxes(x: float, y: float, words: str) -> list[tuple[float, float, float, float]]:
    """Where a name may stand around a place: left, bottom, right, top in map coordinates."""
    wide, high = 3.1 * len(words) + 2, 7.0
    right, left, middle = x + 4, x - 4 - wide, x - wide / 2
    spots = [(right, y - high / 2), (left, y - high / 2), (middle, y - high - 4), (middle, y + 4)]
    spots += [(right, y - high - 3), (left, y - high - 3), (right, y + 3), (left, y + 3)]
    return [(a, b, a + wide, b + high) for a, b in spots if a > WEST and a + wide < WEST + ROUND]


def _touch(one: tuple[float, ...], two: tuple[float, ...]) -> bool:
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]


def _legend(ax: Axes, corridors: set[str], total: float) -> None:
    lines = [(f"way: {name}", style.CORRIDORS[name]) for name in style.CORRIDORS if name in corridors - {"domestic"}]
    for label, tint in [*lines, ("between plants", BETWEEN)]:
        ax.add_line(Line2D([], [], color=tint, linewidth=2.5, label=label))
    size = float(f"{total / 4:.1g}")
    ax.add_line(Line2D([], [], color="#AAAAAA", linewidth=WIDEST * size / total, label=style.tonnes(size)))
