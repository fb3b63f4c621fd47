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
from supplychain.system.pattern import STAGES

# Longitudes and latitudes shown; the map is cut in the Bering Strait.
WEST, SOUTH, NORTH = -168.6, -56.0, 78.0
ROUND = 360.0
BETWEEN = "#666666"
WIDEST = 9.0
Box = tuple[float, float, float, float]  # left, bottom, right, top in map coordinates
WAYS = {name: f"by the {name} corridor" for name in style.CORRIDORS} | {
    "sea": "by sea",
    "air": "by air",
    "land": "overland",
    "domestic": "from its own makers",
}
# A point of the figure in degrees of the map, when the map is seven inches wide.
POINT = 0.72
LEAST = 0.02  # of all tonnes: what is less is not drawn
ATLANTIC = -30.0  # longitude: places west of it are reached across the ocean
NEAR = 0.9  # of a corridor's way: points farther out than this would bend its line back
LEADER = 6.0  # a name farther than this from its place, degrees of the map, has a line to it


def map_flows(result: Result, mineral: str, year: int, market: str = "USA") -> pd.DataFrame:
    """What `flow_map` draws: tonnes of each move from stage to stage, by its corridor.

    Returns
    -------
    DataFrame: from_stage, origin, to_stage, destination, corridor, tonnes (contained mineral). Moves run mine, refine,
    fabricate, supplier, market, leaving out stages that the chain has not; for each to_stage the tonnes add up to the
    paths table's for this mineral, market and year. A move inside a country has origin and destination alike. A path's
    corridor is that of its last move out of or into Central Asia; its move to the market has a way too, and the others
    have "".
    """
    paths = chain_paths(result, mineral, year, market)
    steps = [*stages_of(paths), "supplier", "market"]
    ways = _ways(paths, steps, _ways_home(result.tables["paths"]))
    moves = [_moves(paths, steps[i], steps[i + 1], ways[:, i]) for i in range(len(steps) - 1)]
    columns = ["from_stage", "origin", "to_stage", "destination", "corridor", "tonnes"]
    return pd.concat(moves, ignore_index=True)[columns]


def _moves(paths: pd.DataFrame, here: str, there: str, ways: np.ndarray) -> pd.DataFrame:
    ends = paths.assign(origin=paths[here], destination=paths[there], corridor=ways)
    moved = ends.groupby(["origin", "destination", "corridor"], as_index=False)["tonnes"].sum()
    return moved.assign(from_stage=here, to_stage=there)


def _ways(paths: pd.DataFrame, steps: list[str], home: pd.Series) -> np.ndarray:
    """The corridor of each path (row) on each move between two steps (column); "" where no table tells.

    `home` has the ways to the market of suppliers whose goods have seen no Central Asia (`_ways_home`).
    """
    inside = paths[steps].isin(style.CENTRAL_ASIA).to_numpy()
    crosses = inside[:, 1:] != inside[:, :-1]
    crossings_left = np.cumsum(crosses[:, ::-1], axis=1)[:, ::-1]
    corridor = paths["corridor"].to_numpy(dtype=object)
    ways = np.where(crosses & (crossings_left == 1), corridor[:, None], "")
    usual = home.reindex(pd.MultiIndex.from_frame(paths[["supplier", "market"]])).fillna("sea").to_numpy(dtype=object)
    usual = np.where(paths["supplier"] == paths["market"], "domestic", usual)
    # A path that has crossed before has its corridor there, and goes on to the market as its supplier's others do.
    ways[:, -1] = np.where(crosses.any(axis=1) & ~crosses[:, -1], usual, corridor)
    return ways


def _ways_home(paths: pd.DataFrame) -> pd.Series:
    """The corridor by which a supplier's goods come to a market, by both, as paths far from Central Asia tell it."""
    far = paths[~paths[[*STAGES, "supplier"]].isin(style.CENTRAL_ASIA).any(axis=1)]
    return far.groupby(["supplier", "market"])["corridor"].first()


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
        for line in _lines(move.origin, move.destination, move.corridor):
            _arrow(ax, line, _tint(move.corridor), max(WIDEST * move.tonnes / total, 0.5))
    _circles(ax, named, total, market)
    _legend(ax, set(moves["corridor"]), total)
    description += f"; width: tonnes of contained mineral, {style.tonnes(total)} in all; moves under 2 % are left out"
    return style.headed(style.bare(ax), takeaway, description, legend_columns=5, scenario=result.title)


def map_takeaway(flows: pd.DataFrame, mineral: str) -> str:
    """Where most of a mineral begins, and by which way most arrives (the table of `map_flows`)."""
    if flows.empty:
        return f"No {in_words(mineral)} reaches this market"
    sold = flows[flows["to_stage"] == "market"]
    last, market = sold.groupby("corridor")["tonnes"].sum(), style.market_name(str(sold["destination"].iloc[0]))
    stage = flows["from_stage"].iloc[0]
    first = flows[(flows["from_stage"] == stage) & (flows["origin"] != OTHER)].groupby("origin")["tonnes"].sum()
    share = 100 * first / last.sum()
    comes = f"{percent(100 * last.max() / last.sum())} comes {WAYS[last.idxmax()]}"
    if first.empty:
        return sentence(comes)
    begins = f"{style.country_name(share.idxmax())} {DOES[stage]} {percent(share.max())}"
    return sentence(f"{begins} of {market} {in_words(mineral)} supply", comes)


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
def _via(inside: str, outside: str, corridor: str) -> np.ndarray:
    """Points through which a corridor is drawn out of Central Asia, longitude and latitude; none past the other end."""
    there = np.array(_at(outside))
    table = _waypoints()
    across = "America" if there[0] < ATLANTIC else ""
    points = table[(table["corridor"] == corridor) & table["toward"].isin(["", across])]
    points = points[["longitude", "latitude"]].to_numpy(dtype=float)
    return points[_apart(points, _at(inside)) < NEAR * _apart(there[None], _at(inside))]


def _apart(points: np.ndarray, place: tuple[float, float]) -> np.ndarray:
    """How far points are from a place on the map, degrees, the shorter way round the world."""
    east, north = (points - np.array(place)).T
    return np.hypot((east + ROUND / 2) % ROUND - ROUND / 2, north)


def _lines(origin: str, destination: str, corridor: str) -> list[Path]:
    """A move's line, the shorter way round the world; once more where it comes back in at the other edge."""
    inward = destination in style.CENTRAL_ASIA
    inside, outside = (destination, origin) if inward else (origin, destination)
    points = np.array([_at(inside), *_via(inside, outside, corridor), _at(outside)])[:: -1 if inward else 1]
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
    passing = passing[passing >= LEAST].sort_values(ascending=False)
    for place, share in passing.items():
        x, y = _on_map(str(place))
        ax.scatter(x, y, s=_area(share), color=style.colour(str(place)), edgecolors="#666666", lw=0.5, zorder=3)
    _names(ax, {str(place): _dot(str(place), share) for place, share in passing.items()}, market)


def _area(share: float) -> float:
    return 10 + 160 * share


def _on_map(place: str) -> tuple[float, float]:
    x, y = _at(place)
    return x, float(miller(y))


def _dot(place: str, share: float) -> Box:
    """The box of a place's circle: its radius is half the root of its area in points (matplotlib's `s`)."""
    (x, y), radius = _on_map(place), POINT * np.sqrt(_area(share)) / 2
    return x - radius, y - radius, x + radius, y + radius


def _names(ax: Axes, dots: dict[str, Box], market: str) -> None:
    """Names beside their places, the market's first; each takes the first free position, and none if all are taken."""
    taken: list[Box] = []
    for name in [market, *(place for place in dots if place != market)]:
        words = style.country_name(name)
        others = [dot for place, dot in dots.items() if place != name]
        boxes = [box for box in _boxes(*_on_map(name), words) if not any(_touch(box, t) for t in [*taken, *others])]
        box = next((box for box in boxes if _tells(box, name, dots)), None)
        if box is None:
            continue
        taken.append(box)
        _leader(ax, name, box)
        text = ax.text((box[0] + box[2]) / 2, (box[1] + box[3]) / 2, words, fontsize=7.5, zorder=5, **style.INSIDE)
        text.set(weight="bold" if name == market else "normal")
        text.set_bbox({"facecolor": "white", "alpha": 0.6, "linewidth": 0, "pad": 0.6})


def _tells(box: Box, name: str, dots: dict[str, Box]) -> bool:
    """Whether it is plain whose name stands there: there is a line to its place, or no other place is as near."""
    away = _gap(box, name)
    return away > LEADER or all(away < _gap(box, place) for place in dots if place != name)


def _gap(box: Box, place: str) -> float:
    x, y = _on_map(place)
    return float(np.hypot(np.clip(x, box[0], box[2]) - x, np.clip(y, box[1], box[3]) - y))


def _leader(ax: Axes, name: str, box: Box) -> None:
    """A thin line from a place to its name where that stands away from it."""
    if _gap(box, name) > LEADER:
        x, y = _on_map(name)
        ends = [x, np.clip(x, box[0], box[2])], [y, np.clip(y, box[1], box[3])]
        ax.add_line(Line2D(*ends, color="#222222", linewidth=0.6, zorder=4))


def _boxes(x: float, y: float, words: str) -> list[Box]:
    """Where a name may stand around a place, the nearest first; those far off have a line to it."""
    wide, high = 3.1 * len(words) + 2, 7.0
    right, left, middle = x + 4, x - 4 - wide, x - wide / 2
    spots = [(right, y - high / 2), (left, y - high / 2), (middle, y - high - 4), (middle, y + 4)]
    spots += [(right, y - high - 3), (left, y - high - 3), (right, y + 3), (left, y + 3)]
    spots += [(side, y + up) for up in (9, -9 - high, 17, -17 - high) for side in (middle, left, right)]
    return [(a, b, a + wide, b + high) for a, b in spots if a > WEST and a + wide < WEST + ROUND]


def _touch(one: Box, two: Box) -> bool:
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]


def _legend(ax: Axes, corridors: set[str], total: float) -> None:
    lines = [(f"way: {name}", style.CORRIDORS[name]) for name in style.CORRIDORS if name in corridors - {"domestic"}]
    for label, tint in [*lines, ("between plants", BETWEEN)]:
        ax.add_line(Line2D([], [], color=tint, linewidth=2.5, label=label))
    size = float(f"{total / 4:.1g}")
    ax.add_line(Line2D([], [], color="#AAAAAA", linewidth=WIDEST * size / total, label=style.tonnes(size)))
